//! The counts of a group by which its rollout is judged.

use std::collections::BTreeSet;

use super::attribution::{self, Owner, OwnerGroup};
use super::lost_nodes;
use crate::gate::model::{Detail, Workload, WorkloadKind};
use crate::gate::spec::Plan;
use crate::gate::state::{ClusterState, PodHistory};

/// How many pods a group has, and its owner beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GroupTotals {
    /// Pods that count.
    pub live: u32,
    /// Those that are Ready.
    pub ready: u32,
    /// Those on nodes that do not answer. Counted for a `DaemonSet` alone, as are the next two.
    pub lost: u32,
    /// Those of them that are Ready.
    pub ready_on_lost: u32,
    /// Those of them whose node answered at some time since the gate began.
    pub died: u32,
    /// Pods under the owner, at any depth and not left out, that do not count: of an older template, or changed in place.
    pub others: u32,
    /// Pods that the owner itself controls, not left out, that do not count.
    pub old: u32,
    /// Those that are Ready.
    pub old_ready: u32,
    /// The name of the first that is not, by UID.
    pub broken_old: Option<String>,
    /// Pods that the owner itself controls and that do not count, on nodes that do not answer.
    pub older_on_lost: u32,
}

impl GroupTotals {
    /// The pods that must be there: for a `DaemonSet`, those on nodes that answer.
    #[must_use]
    pub const fn counted(&self) -> u32 {
        self.live.saturating_sub(self.lost)
    }

    /// Those of them that are Ready.
    #[must_use]
    pub const fn counted_ready(&self) -> u32 {
        self.ready.saturating_sub(self.ready_on_lost)
    }

    /// Counts the pods of a group, one by one.
    #[must_use]
    pub fn from_scratch(group: &OwnerGroup<'_>, plan: &Plan, state: &ClusterState) -> Self {
        let count = |pods: usize| u32::try_from(pods).unwrap_or(u32::MAX);
        let of_group =
            |is: &dyn Fn(&PodHistory) -> bool| count(group.pods.iter().filter(|history| is(history)).count());
        let mut totals = Self {
            live: count(group.pods.len()),
            ready: of_group(&|history| history.pod.is_ready()),
            ..Self::default()
        };
        let Owner::Workload(workload) = group.owner else { return totals };
        if workload.kind == WorkloadKind::Job {
            return totals;
        }
        let is_daemon_set = matches!(workload.detail, Detail::DaemonSet { .. });
        if is_daemon_set {
            totals.lost = of_group(&|history| lost_nodes::is_lost(history, state));
            totals.ready_on_lost = of_group(&|history| history.pod.is_ready() && lost_nodes::is_lost(history, state));
            totals.died = of_group(&|history| lost_nodes::has_died(history, state));
        }
        let counting: BTreeSet<&str> = group.pods.iter().map(|history| history.pod.uid.as_str()).collect();
        for history in state.pods.values().filter(|history| !counting.contains(history.pod.uid.as_str())) {
            let is_there = !history.is_left_out();
            totals.others += u32::from(is_there && attribution::is_under(history, workload, plan, state));
            if controls(workload, history) {
                totals.older_on_lost += u32::from(is_daemon_set && lost_nodes::is_lost(history, state));
                totals.old += u32::from(is_there);
                totals.old_ready += u32::from(is_there && history.pod.is_ready());
                if is_there && !history.pod.is_ready() && totals.broken_old.is_none() {
                    totals.broken_old = Some(history.pod.name.clone());
                }
            }
        }
        totals
    }
}

fn controls(workload: &Workload, history: &PodHistory) -> bool {
    history.pod.controller.as_ref().is_some_and(|owner| owner.uid == workload.uid)
}
