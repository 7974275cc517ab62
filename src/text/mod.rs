//! The ground floor: untrusted text → text that is fit to be shown.
//!
//! What may live here: functions from text to text. What may not: anything that knows what the text is about. Imports
//! nothing of the other folders, and every folder may import it.

pub mod inert;
pub mod mask;
