//! The only rooms that talk to Kubernetes: connect, watch, confirm, collect evidence, run a pod.
//!
//! What may live here: requests and what is known of their trustworthiness. What may not: what a fact means for a
//! verdict.
//!
//! One folder a question, and imports run downward only:
//!
//! 1. [`signals`]: was this process asked to stop?
//! 2. [`api`]: how is one request made, and what does its failure mean? Every request passes [`api::request`], is counted,
//!    bounded in time, and paid for from the [`api::budget`].
//! 3. [`watch`]: how is a collection kept fresh, and can a silent watch be believed?
//! 4. [`run`]: how is one pod created, read to its end and deleted?
//! 5. [`drive`]: what does a gate get told and when, and who does what it wants?
//!
//! [`follow`] drives a feed with one source, [`inspect`] reads pods once, and [`live_workload`] one workload.

pub mod api;
pub mod drive;
pub mod follow;
pub mod inspect;
pub mod live_workload;
pub mod run;
pub mod signals;
pub mod watch;

pub use follow::{End, Followed, Listener, follow};
pub use inspect::look;
pub use live_workload::{LiveWorkload, NoWorkload, live_workload};
pub use signals::{Stop, never, stopped};
