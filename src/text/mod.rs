//! The ground floor: untrusted text → text that is fit to be shown.
//!
//! What may live here: functions from text to text, and the types that keep the two apart. What may not: anything that
//! knows what the text is about. Imports nothing of the other folders, and every folder may import it.
//!
//! What a pod, a node, the API server or a manifest says is taken in by a [`Redaction`], which masks its secrets unless
//! it was told otherwise. The [`Untrusted`] text that this gives can only be escaped, and the [`SafeText`] that *this*
//! gives is all that a printer or a report takes. `redact` and `escape` are how; nobody but recordings and fuzzers needs them.

pub mod escape;
pub mod redact;

mod safe;
mod untrusted;
mod yaml;

pub use safe::{SafePart, SafeText, checked, names_nothing};
pub use untrusted::{Redaction, Untrusted};
