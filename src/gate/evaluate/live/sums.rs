//! The sums over all groups.

use std::collections::BTreeSet;

use super::super::rollout::RolloutStatus;
use super::group::{Order, Standing};
use super::placed::GroupId;
use crate::gate::model::WorkloadKind;

/// The sums over all groups that are told of.
#[derive(Debug, Clone, Default)]
pub struct Sums {
    /// All groups.
    pub groups: usize,
    /// Those that have done all they were made for.
    pub done: usize,
    /// Those that lack something, by their place: two can have the same while a pod goes from one to the other.
    pub short: BTreeSet<(Order, GroupId)>,
    /// Those that do not speak for the app.
    pub hooks: usize,
    /// Those after which nothing else can come.
    pub all_there_can_be: usize,
    /// Pods that are Ready.
    pub ready: u64,
    /// Pods that are wanted, by those that say it.
    pub wanted: u64,
    /// Those that do not.
    pub of_unknown_size: usize,
    /// Those of anything but a Job.
    pub of_no_job: usize,
    /// Those that may be the target of a Canary and ask for no pods.
    pub at_zero: usize,
    /// Those of each kind of workload.
    pub kinds: [usize; WorkloadKind::ALL.len()],
    /// Pods of each kind of owner that has not been seen yet.
    pub unseen_kinds: [usize; WorkloadKind::ALL.len()],
}

/// One more, or one less.
pub fn step(count: &mut usize, adds: bool) {
    *count = if adds { *count + 1 } else { count.saturating_sub(1) };
}

impl Sums {
    /// Counts a group as it stands, or takes it off again.
    pub fn count(&mut self, id: &GroupId, standing: &Standing, adds: bool) {
        step(&mut self.groups, adds);
        match &standing.status {
            RolloutStatus::Done => step(&mut self.done, adds),
            RolloutStatus::Well => {}
            RolloutStatus::Short(_) if adds => _ = self.short.insert((standing.order.clone(), id.clone())),
            RolloutStatus::Short(_) => _ = self.short.remove(&(standing.order.clone(), id.clone())),
        }
        if standing.is_hook {
            step(&mut self.hooks, adds);
        }
        if standing.is_at_zero {
            step(&mut self.at_zero, adds);
        }
        if standing.is_all_there_can_be {
            step(&mut self.all_there_can_be, adds);
        }
        if standing.kind != Some(WorkloadKind::Job) {
            step(&mut self.of_no_job, adds);
        }
        if let Some(kind) = standing.kind {
            step(&mut self.kinds[kind as usize], adds);
        }
        let sum = |sum: u64, more: u32| if adds { sum + u64::from(more) } else { sum.saturating_sub(u64::from(more)) };
        self.ready = sum(self.ready, standing.ready);
        match standing.wanted {
            Some(wanted) => self.wanted = sum(self.wanted, wanted),
            None => step(&mut self.of_unknown_size, adds),
        }
    }
}
