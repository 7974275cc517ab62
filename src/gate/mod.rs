//! The decision. Pure: no Kubernetes client, no runtime, no clock, no I/O; the time is passed in.
//!
//! What may live here: what a fact means, when it counts, what follows from it. What may not: how a fact is got, where a
//! result is written. The other folders import this one, and this one imports none of them.
//!
//! Facts ([`observation`]) about [`pod`]s and [`workload`]s come in, the [`machine`] judges them by its [`plan`], and an
//! [`outcome`] with [`finding`]s comes out. Each cause has a row in the table of [`code`].

pub mod code;
pub mod finding;
pub mod machine;
pub mod observation;
pub mod outcome;
pub mod plan;
pub mod pod;
pub mod selector;
pub mod verdict;
pub mod workload;
