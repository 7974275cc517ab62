//! What follows for the gate: which pods belong to it, how far the rollout is, whether it is stable, what is decided.
//!
//! What may live here: rules about the rollout as a whole. What may not: reading single messages (`diagnose/`).

pub mod argo_rollout;
pub mod assessment;
pub mod attribution;
pub mod custom_owner;
pub mod daemon_set_revision;
pub mod decision;
pub mod displaced;
pub mod events;
pub mod evidence;
pub mod fingerprint;
pub mod flagger_canary;
pub mod followed_kinds;
pub mod hints;
pub mod live;
pub mod lost_nodes;
pub mod metrics;
pub mod outcome;
pub mod owner_causes;
pub mod phase;
pub mod ranking;
pub mod release;
pub mod revision;
pub mod revision_name;
pub mod rollout;
pub mod serving;
pub mod shortfall;
pub mod stability;
pub mod template_changes;
pub mod timeout;
pub mod tolerated_nodes;
pub mod totals;
pub mod version;
pub mod warnings;
pub mod witnesses;

pub use assessment::Assessment;
pub use attribution::Attribution;
pub use decision::{CONFIRM_LIMIT, DecisionInput, DecisionState, NEVER_REACHED_LIMIT, Ruling};
pub use events::EventEmitter;
pub use live::LiveAssessment;
pub use version::Speaker;
pub use warnings::{PODS, Remark, Remarks};
