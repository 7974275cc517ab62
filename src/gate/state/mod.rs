//! The known cluster: every pod with its history, every workload and node, as the facts told them.
//!
//! What may live here: how a fact changes what is known. What may not: what that means for the gate.

pub mod cluster;
pub mod delta;
pub mod index;
pub mod metrics;
pub mod pod_history;
pub mod pod_summary;
pub mod references;

pub use cluster::ClusterState;
pub use delta::Delta;
pub use metrics::MetricsState;
pub use pod_history::{PodHistory, RuleContext};
