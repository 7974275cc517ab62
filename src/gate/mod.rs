//! The decision. Pure: no Kubernetes client, no runtime, no clock, no I/O; the time is passed in.
//!
//! What may live here: what a fact means, when it counts, what follows from it. What may not: how a fact is got, where a
//! result is written. The other folders import this one; it imports none of them.
//!
//! [`Fact`]s about the cluster ([`model`]) come in, a [`Gate`] judges them by its [`Plan`](spec::Plan), and an
//! [`Outcome`](result::Outcome) with findings comes out. One folder a question, and imports run downward only:
//!
//! 1. [`model`]: what does Kubernetes say?
//! 2. [`spec`]: what is asked for?
//! 3. `memory`: what was said, and how fresh is it?
//! 4. [`result`]: what can the answer be?
//! 5. `diagnose`: what does one pod, container or message mean?
//! 6. `state`: what is known of the cluster?
//! 7. `evaluate`: what follows for the gate?
//! 8. [`run`]: what does the life of one pod mean that is run to its end?
//!
//! Beside them, and used by whom it may concern, [`statistics`]: what do counts prove?

pub(crate) mod diagnose;
pub(crate) mod evaluate;
mod inspect;
mod lookout;
pub(crate) mod memory;
pub mod model;
mod observation;
pub mod result;
pub mod run;
pub mod spec;
pub(crate) mod state;
mod state_machine;
pub mod statistics;

pub use diagnose::{REASONS, Reason};
pub use evaluate::metrics::StableQuestion;
pub use evaluate::metrics::preview::{Preview, preview};
pub use evaluate::release::{Release, release};
pub use evaluate::{CONFIRM_LIMIT, NEVER_REACHED_LIMIT};
pub use inspect::{Eyes, Sight, Standing};
pub use lookout::{Lookout, SeenWorkload, WorkloadSight};
pub use observation::Fact;
pub use state_machine::{Gate, Want};
