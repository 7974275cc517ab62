//! The decision. Pure: no Kubernetes client, no runtime, no clock, no I/O; the time is passed in.
//!
//! What may live here: what a fact means, when it counts, what follows from it. What may not: how a fact is got, where a
//! result is written. The other folders import this one, and this one imports none of them.
//!
//! Facts ([`observation`]) about [`pod`]s and [`workload`]s come in, the [`machine`] judges them by its [`plan`], and an
//! [`outcome`] with [`finding`]s comes out. A [`pod_run`] judges one pod that is run to its end by the same causes. Each cause has a row in the table of [`code`], each
//! [`warning`] in its own.

mod admission;
mod cause;
mod chronicle;
mod closing;
pub mod code;
mod container_causes;
mod course;
pub(crate) mod crash;
pub(crate) mod crash_book;
mod creation;
mod daemon;
mod disk_limit;
pub(crate) mod disruption;
mod ending;
mod event_book;
pub(crate) mod exit;
pub mod finding;
pub mod image;
mod journal;
mod judgement;
pub mod machine;
mod nearby;
pub mod needs;
mod node_trouble;
pub mod observation;
pub mod outcome;
mod owner_causes;
pub mod plan;
pub mod pod;
mod pod_causes;
mod pod_failure;
pub mod pod_order;
pub mod pod_run;
mod pod_words;
mod proof;
mod pull;
mod quota;
mod ranking;
pub mod reason;
mod remarks;
pub mod resource_version;
mod restart;
mod rights;
mod scheduling;
mod scope;
pub mod selector;
pub mod sight;
pub mod smoke;
mod sources;
mod stamps;
mod start;
mod target;
mod track;
pub mod verdict;
pub mod version;
mod view;
mod volume_claims;
pub mod warning;
mod window;
pub mod workload;
