//! What is asked for: the plan of a gate, the graces of its causes, the order to run one pod.
//!
//! What may live here: values that a manifest or flags set, and their defaults. What may not: what was observed.

pub mod grace;
pub mod metrics;
pub mod plan;
pub mod pod_order;

pub use grace::Grace;
pub use metrics::{Check, Count, Measure, Metrics, MetricsSource, PodLabels, StableArm, Undecided, Versus};
pub use plan::{ManifestTemplate, MinReady, Pin, Plan, Revision, Until};
pub use pod_order::{PodOrder, Security};
