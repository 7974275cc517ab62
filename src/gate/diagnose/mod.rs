//! From Kubernetes' words to coded causes: one file a question (why did it crash, why is its image not pulled, …).
//!
//! What may live here: rules about one pod, one container or one message. What may not: rules that need the state of a
//! whole rollout, or time beyond that of the cause.

pub mod admission;
pub mod container_causes;
pub mod container_create;
pub mod container_start;
pub mod crash;
pub mod crash_counters;
pub mod disk_limit;
pub mod disruption;
pub mod exit_code;
pub mod image_pull;
pub mod image_pull_words;
pub mod node_trouble;
pub mod pod_causes;
pub mod pod_failure;
pub mod quota;
pub mod rbac;
pub mod reason;
pub mod restart_policy;
pub mod scheduling;
pub mod volume_claims;
pub mod wording;

pub use container_causes::Seen;
pub use crash::CrashLedger;
pub use crash_counters::CrashBook;
pub use reason::{REASONS, Reason};
pub use wording::times;
