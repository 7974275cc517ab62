//! What follows from all that is known at one moment: who belongs to the gate, how each group stands, which causes stand.

use std::collections::BTreeMap;
use std::time::Duration;

use super::attribution::{Attribution, Owner, OwnerGroup};
use super::followed_kinds::needs_of;
use super::rollout::RolloutStatus;
use super::{owner_causes, rollout};
use crate::gate::memory::Needs;
use crate::gate::result::{Cause, FirstSeen};
use crate::gate::spec::Plan;
use crate::gate::state::ClusterState;

/// The judgement of one moment.
#[derive(Debug)]
pub struct Assessment<'a> {
    /// Who belongs to the gate.
    pub attribution: Attribution<'a>,
    /// How each group of the scope stands, in the same order.
    pub statuses: Vec<RolloutStatus>,
    /// The causes that stand, of pods and of owners.
    pub causes: Vec<Cause>,
    /// Pods that are ready.
    pub ready: u32,
    /// Pods that are wanted, where every owner says it.
    pub wanted: Option<u32>,
    /// Where fewer pods are asked for by the owners than the plan's floor: that, in words.
    pub floor_shortfall: Option<String>,
    /// Where nothing but hooks of a deploy tool is there: their names.
    pub hooks_alone: Option<String>,
    /// True where what is there is all that there can be: a pinned workload, or pods without an owner. After a Job the
    /// app itself may still come.
    is_whole: bool,
    /// The kinds of workloads that must be followed.
    pub needs: Needs,
}

/// When the causes of each owner were first seen, by its UID.
pub type OwnersFirstSeen = BTreeMap<String, FirstSeen>;

impl<'a> Assessment<'a> {
    /// Judges what is known now.
    #[must_use]
    pub fn of(state: &'a ClusterState, plan: &Plan, now: Duration, first_seen: &mut OwnersFirstSeen) -> Self {
        let attribution = Attribution::of(state, plan);
        let statuses: Vec<_> = attribution.groups.iter().map(|group| rollout::standing(group, plan, state)).collect();
        let mut causes: Vec<Cause> = attribution.pods().flat_map(|history| history.causes().iter().cloned()).collect();
        let mut wanted = Some(0_u32);
        for group in &attribution.groups {
            let group_wanted = rollout::wanted(group, state).or(if matches!(group.owner, Owner::Unreadable { .. }) {
                plan.replicas
            } else {
                None
            });
            wanted = wanted.zip(group_wanted).map(|(sum, more)| sum.saturating_add(more));
            // Each replacement may be Ready for a while: what ended stays a cause.
            if group.failures() > plan.max_restarts {
                causes.extend(group.failed.iter().filter_map(|history| history.failure().cloned()));
            }
            if let Owner::Workload(workload) = group.owner {
                let first_seen = first_seen.entry(workload.uid.clone()).or_default();
                causes.extend(owner_causes::creation(
                    group,
                    group_wanted,
                    &plan.namespace,
                    &state.event_index,
                    now,
                    first_seen,
                ));
                causes.extend(owner_causes::job_failure(group, &plan.namespace, now, first_seen));
            }
        }
        let ready = attribution.groups.iter().map(OwnerGroup::ready).sum();
        let floor = plan.replicas.unwrap_or(0);
        let needed = plan.min_ready.map_or(floor, |min_ready| min_ready.of(floor));
        let all_done = !statuses.is_empty() && statuses.iter().all(|standing| *standing == RolloutStatus::Done);
        // Only a Job that is asked for by its name is as good as so many pods.
        let needs_no_pod = all_done && plan.workload.is_some();
        let floor_shortfall = (!needs_no_pod && ready < needed)
            .then(|| format!("{ready} pods are ready, and the gate wants at least {needed} (replicas: {floor})"));
        let wanted = wanted.map(|wanted| wanted.max(floor)).filter(|_| !attribution.groups.is_empty());
        let is_whole = plan.workload.is_some()
            || attribution.groups.iter().all(|group| matches!(group.owner, Owner::Nobody) && !group.is_hook(plan));
        let hooks_alone = hooks_alone(&attribution, plan);
        let needs = needs_of(&attribution, plan);
        Self { attribution, statuses, causes, ready, wanted, floor_shortfall, hooks_alone, is_whole, needs }
    }

    /// True where all that belongs to the gate is as it should be, proven by at least one pod or finished Job.
    #[must_use]
    pub fn all_well(&self) -> bool {
        !self.statuses.is_empty()
            && self.attribution.unattributed.is_empty()
            && self.floor_shortfall.is_none()
            && self.hooks_alone.is_none()
            && self.statuses.iter().all(|standing| matches!(standing, RolloutStatus::Well | RolloutStatus::Done))
    }

    /// True where nothing is left that must stay as it is, and nothing more can come: a pinned Job that is complete, bare
    /// pods that have succeeded.
    #[must_use]
    pub fn all_done(&self) -> bool {
        self.is_whole && self.all_well() && self.statuses.iter().all(|standing| *standing == RolloutStatus::Done)
    }

    /// What is lacking first, in words, for why a window broke and for a heartbeat.
    #[must_use]
    pub fn lacking(&self) -> Option<String> {
        let short = self.statuses.iter().find_map(|standing| match standing {
            RolloutStatus::Short(shortfall) => Some(shortfall.why.clone()),
            RolloutStatus::Well | RolloutStatus::Done => None,
        });
        let unattributed = self.attribution.unattributed.first();
        short
            .or_else(|| self.floor_shortfall.clone())
            .or_else(|| self.hooks_alone.as_ref().map(|hooks| format!("only {hooks} exists so far, which is a hook")))
            .or_else(|| {
                unattributed.map(|history| format!("the owner of pod {} has not been seen yet", history.pod.name))
            })
            .or_else(|| self.statuses.is_empty().then(|| "no pod of this version exists yet".to_owned()))
    }
}

/// The names of the hooks, where there is nothing else.
fn hooks_alone(attribution: &Attribution<'_>, plan: &Plan) -> Option<String> {
    if attribution.groups.is_empty() || !attribution.groups.iter().all(|group| group.is_hook(plan)) {
        return None;
    }
    let names: Vec<_> = attribution.groups.iter().map(OwnerGroup::name).collect();
    Some(names.join(", "))
}
