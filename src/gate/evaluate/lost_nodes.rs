//! The nodes of a `DaemonSet`, which may die.

use super::totals::GroupTotals;
use crate::gate::diagnose::disruption;
use crate::gate::state::{ClusterState, PodHistory};

/// The share of the wanted pods, one in so many, that may be lost with nodes that die while the gate looks. One always may.
const TOLERATED_SHARE: u32 = 10;

/// The nodes of a `DaemonSet` that do not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostNodes {
    /// Those that have not answered since the gate began: they cannot be asked to run their pods.
    before: u32,
    /// Those that did answer since then, and do not any more.
    pub died: u32,
    /// How many of the wanted pods may be lost so.
    tolerated: u32,
}

impl LostNodes {
    /// The lost nodes under the pods of a `DaemonSet` that wants so many.
    #[must_use]
    pub fn of(totals: &GroupTotals, desired: u32) -> Self {
        let before = totals.lost.saturating_sub(totals.died);
        Self { before, died: totals.died, tolerated: (desired / TOLERATED_SHARE).max(1) }
    }

    /// True where more nodes died than can be taken for the ordinary course of things.
    #[must_use]
    pub const fn are_too_many(self) -> bool {
        self.died > self.tolerated
    }

    /// How many pods need not be there.
    #[must_use]
    pub const fn excused(self) -> u32 {
        if self.are_too_many() { self.before } else { self.before + self.died }
    }
}

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
