//! What follows from all that is known at one moment, worked out from nothing: who belongs to the gate, how each group
//! stands, which causes stand.
//!
//! This is what a report is made of, once, at the end. While the gate waits the [live assessment](super::live) says the
//! same fact by fact, and this is what it must agree with.

use std::collections::BTreeMap;
use std::time::Duration;

use super::attribution::{Attribution, GroupHead, Owner, OwnerGroup};
use super::followed_kinds::InPlay;
use super::rollout::RolloutStatus;
use super::totals::GroupTotals;
use super::{custom_owner, owner_causes, rollout};
use crate::gate::memory::Needs;
use crate::gate::result::{Cause, FirstSeen};
use crate::gate::spec::Plan;
use crate::gate::state::{ClusterState, PodHistory};

/// The assessment of one moment.
#[derive(Debug)]
pub struct Assessment<'a> {
    /// Who belongs to the gate.
    pub attribution: Attribution<'a>,
    /// How each group of the attribution stands, in the same order.
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
    /// Assesses what is known now, whatever was assessed before. `first_seen` is what is remembered of the causes of
    /// owners.
    #[must_use]
    pub fn from_scratch(state: &'a ClusterState, plan: &Plan, now: Duration, first_seen: &OwnersFirstSeen) -> Self {
        let attribution = Attribution::of(state, plan);
        let mut statuses = Vec::new();
        let mut causes: Vec<Cause> = attribution.pods().flat_map(|history| history.causes().iter().cloned()).collect();
        let mut wanted = Some(0_u32);
        for group in &attribution.groups {
            let (head, totals) = (group.head(), GroupTotals::from_scratch(group, plan, state));
            statuses.push(rollout::status(head, &totals, plan, state));
            let group_wanted = wanted_of(head, &totals, plan, state);
            wanted = wanted.zip(group_wanted).map(|(sum, more)| sum.saturating_add(more));
            let mut first_seen = match group.owner {
                Owner::Workload(workload) => first_seen.get(&workload.uid).cloned().unwrap_or_default(),
                Owner::Nobody(_) | Owner::Unreadable { .. } => FirstSeen::default(),
            };
            let pods = group.pods.iter().copied();
            causes.extend(group_causes((head, &totals), pods, &group.failed, plan, state, now, &mut first_seen));
        }
        let ready = attribution.groups.iter().map(OwnerGroup::ready).sum();
        let all_done = !statuses.is_empty() && statuses.iter().all(|status| *status == RolloutStatus::Done);
        let floor_shortfall = floor_shortfall(ready, all_done, plan);
        let floor = plan.replicas.unwrap_or(0);
        let wanted = wanted.map(|wanted| wanted.max(floor)).filter(|_| !attribution.groups.is_empty());
        let is_whole =
            plan.workload.is_some() || attribution.groups.iter().all(|group| is_all_there_can_be(group.head(), plan));
        let hooks_alone = hooks_alone(&attribution, plan);
        let needs = InPlay::of(&attribution, state).needs(plan);
        Self { attribution, statuses, causes, ready, wanted, floor_shortfall, hooks_alone, is_whole, needs }
    }

    /// True where all that belongs to the gate is as it should be, proven by at least one pod or finished Job.
    #[must_use]
    pub fn all_well(&self) -> bool {
        !self.statuses.is_empty()
            && self.attribution.unattributed.is_empty()
            && self.floor_shortfall.is_none()
            && self.hooks_alone.is_none()
            && self.statuses.iter().all(|status| matches!(status, RolloutStatus::Well | RolloutStatus::Done))
    }

    /// The pods that count and are ready, by name.
    #[must_use]
    pub fn ready_pods(&self) -> Vec<&'a str> {
        let pods = self.attribution.groups.iter().flat_map(|group| &group.pods);
        pods.filter(|history| history.pod.is_ready()).map(|history| history.pod.name.as_str()).collect()
    }

    /// True where nothing is left that must stay as it is, and nothing more can come: a pinned Job that is complete, bare
    /// pods that have succeeded.
    #[must_use]
    pub fn all_done(&self) -> bool {
        self.is_whole && self.all_well() && self.statuses.iter().all(|status| *status == RolloutStatus::Done)
    }

    /// What is lacking first, in words, for why a window broke and for a heartbeat.
    #[must_use]
    pub fn lacking(&self) -> Option<String> {
        let short = self.statuses.iter().find_map(|status| match status {
            RolloutStatus::Short(shortfall) => Some(shortfall.why.clone()),
            RolloutStatus::Well | RolloutStatus::Done => None,
        });
        let unattributed = self.attribution.unattributed.first();
        short
            .or_else(|| self.floor_shortfall.clone())
            .or_else(|| self.hooks_alone.as_deref().map(only_hooks))
            .or_else(|| unattributed.map(|(history, _)| unseen_owner(history)))
            .or_else(|| self.statuses.is_empty().then(no_pod))
    }
}

/// How many pods a group wants, also where only the plan says it.
pub(super) fn wanted_of(head: GroupHead<'_>, totals: &GroupTotals, plan: &Plan, state: &ClusterState) -> Option<u32> {
    let floor = plan.replicas.filter(|_| matches!(head.owner, Owner::Unreadable { .. }));
    rollout::wanted(head, totals, plan).or_else(|| custom_owner::wanted(head, state)).or(floor)
}

/// The causes of a group beside those of its pods. `pods` are those that count, `failed` those that ended by their own
/// fault. What is first seen now is remembered.
pub(super) fn group_causes<'a>(
    (head, totals): (GroupHead<'_>, &GroupTotals),
    pods: impl Iterator<Item = &'a PodHistory>,
    failed: &[&PodHistory],
    plan: &Plan,
    state: &ClusterState,
    now: Duration,
    first_seen: &mut FirstSeen,
) -> Vec<Cause> {
    let mut causes = Vec::new();
    // Each replacement may be Ready for a while: what ended stays a cause.
    if failed.len() > plan.max_restarts as usize {
        causes.extend(failed.iter().filter_map(|history| history.failure().cloned()));
    }
    causes.extend(custom_owner::stalled(head, state, now));
    if matches!(head.owner, Owner::Workload(_)) {
        let missing = wanted_of(head, totals, plan, state).is_some_and(|wanted| totals.live < wanted);
        causes.extend(owner_causes::creation(head, missing, &plan.namespace, &state.event_index, now, first_seen));
        causes.extend(owner_causes::job_failure(head, pods, &plan.namespace, now, first_seen));
        causes.extend(owner_causes::abort(head, &plan.namespace, now, first_seen));
    }
    causes
}

/// Where fewer pods are ready than the plan's floor: that, in words.
pub(super) fn floor_shortfall(ready: u32, all_done: bool, plan: &Plan) -> Option<String> {
    let floor = plan.replicas.unwrap_or(0);
    let needed = plan.min_ready.map_or(floor, |min_ready| min_ready.of(floor));
    // Only a Job that is asked for by its name is as good as so many pods.
    let needs_no_pod = all_done && plan.workload.is_some();
    (!needs_no_pod && ready < needed)
        .then(|| format!("{ready} pods are ready, and the gate wants at least {needed} (replicas: {floor})"))
}

/// True for a group after which nothing else can come.
pub(super) fn is_all_there_can_be(head: GroupHead<'_>, plan: &Plan) -> bool {
    matches!(head.owner, Owner::Nobody(_)) && !head.is_hook(plan)
}

/// What is lacking where only these hooks are there.
pub(super) fn only_hooks(hooks: &str) -> String {
    format!("only {hooks} exists so far, which is a hook")
}

/// What is lacking where nothing is known of this pod's owner.
pub(super) fn unseen_owner(history: &PodHistory) -> String {
    format!("the owner of pod {} has not been seen yet", history.pod.name)
}

/// What is lacking where there is nothing at all.
pub(super) fn no_pod() -> String {
    "no pod of this version exists yet".to_owned()
}

/// The names of the hooks, where there is nothing else.
fn hooks_alone(attribution: &Attribution<'_>, plan: &Plan) -> Option<String> {
    if attribution.groups.is_empty() || !attribution.groups.iter().all(|group| group.head().is_hook(plan)) {
        return None;
    }
    let names: Vec<_> = attribution.groups.iter().map(OwnerGroup::name).collect();
    Some(names.join(", "))
}
