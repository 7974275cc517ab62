//! One pod that is run to its end, and the smoke run that a gate asks for.
//!
//! What may live here: what the life of such a pod means. What may not: how it is created and read (`cluster/`).

pub mod pod_run;
pub mod smoke;

pub use pod_run::{PodRun, Stage, refused, taken};
