//! One typed stream of gate events in, many sinks out.
//!
//! What may live here: turning gate events and outcomes into text and files, making hostile text inert on the way. What
//! may not: decisions, requests.

pub mod printer;
pub mod run;
