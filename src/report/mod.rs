//! One typed stream of gate events in, many sinks out.
//!
//! What may live here: turning gate events and outcomes into text and files, making hostile text inert on the way. What
//! may not: decisions, requests.
//!
//! A sink is one file behind [`run::Sink`]: [`human`], [`live`] and [`json`]. What the cluster says passes [`mask`] first and
//! [`inert`] second, in [`quote`] both at once, before a sink may show it.

pub mod fold;
pub mod human;
pub mod inert;
pub mod json;
pub mod live;
pub mod mask;
pub mod printer;
pub mod quote;
pub mod run;
pub mod words;

mod block;
mod layout;
mod progress;
