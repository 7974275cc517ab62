//! One pod, created, read to its end and deleted.
//!
//! What may live here: the life of that pod over broken connections. What may not: what its end means (`gate/run/`).

pub mod log_resume;
pub mod output_tail;
pub mod pod_report;
pub mod pod_run;

pub use log_resume::LogResume;
pub use output_tail::OutputTail;
pub use pod_report::{PodOutput, PodReport};
