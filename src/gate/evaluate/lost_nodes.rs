//! The nodes of a `DaemonSet`, which may die.

use crate::gate::diagnose::disruption;
use crate::gate::state::{ClusterState, PodHistory};

/// True where the pod's node does not answer.
#[must_use]
pub fn is_lost(history: &PodHistory, state: &ClusterState) -> bool {
    let node = history.pod.node.as_ref().and_then(|name| state.nodes.get(name));
    node.is_some_and(|node| node.ready == Some(false)) || disruption::looks_lost(&history.pod)
}

/// True where the pod's node does not answer any more, and did at some time since the gate began.
#[must_use]
pub fn has_died(history: &PodHistory, state: &ClusterState) -> bool {
    is_lost(history, state) && history.pod.node.as_ref().is_some_and(|node| state.answered.contains(node))
}
