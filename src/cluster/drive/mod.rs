//! Gates driven by sources and time: sessions, confirming reads, evidence, smoke runs, signals.
//!
//! What may live here: bringing facts and time to gates, and doing what gates want. What may not: deciding.

pub mod confirm;
pub mod decider;
pub mod gate_driver;
pub mod rehearsed;
pub mod run_report;
pub mod run_sink;
pub mod session;
pub mod smoke;
pub mod unconnected;

pub use confirm::{Paid, Question, confirm};
pub use decider::Machine;
pub use rehearsed::Rehearsed;
pub use run_report::{GateRun, Run};
pub use run_sink::Sink;
pub use session::judge_machines;
