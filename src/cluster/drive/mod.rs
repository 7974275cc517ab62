//! Gates driven by sources and time: sessions, confirming reads, evidence, smoke runs, signals.
//!
//! What may live here: bringing facts and time to gates, and doing what gates want. What may not: deciding.

mod broken;
pub mod confirm;
pub mod custom_owners;
mod decider;
mod demand;
mod evidence;
mod gate_driver;
pub mod hub;
pub mod late_gate;
mod metrics;
pub mod metrics_sources;
pub mod metrics_watch;
pub mod namespace;
mod pinned;
pub mod present_revision;
mod rooms;
pub mod run_report;
pub mod run_sink;
mod services;
pub mod session;
pub mod smoke;
mod subscribe;
pub mod unconnected;
pub mod whole_namespace;
mod withheld;

pub use confirm::{Paid, Question, confirm};
pub use decider::Decider;
pub use gate_driver::Emitted;
pub use hub::{Hub, HubLimits, Joined, Joining};
pub use late_gate::{Expecting, LateGate};
pub use metrics_watch::AskMetrics;
pub use run_report::{GateRun, Run};
pub use run_sink::Sink;
pub use session::{judge, judge_deciders, judge_measured, rehearse, rehearse_deciders};
pub use whole_namespace::Planning;
