//! The assessment of a gate, kept up fact by fact: what an [assessment from scratch](super::assessment) says, at the cost
//! of what changed.
//!
//! An update goes through what changed since the last one, in this order: workloads that may have a group, or none any
//! more; the pods of the controllers above which anything changed that decides on their place; each of those pods, whose
//! share in every count is taken off and put on again; the groups of which a count or the owner changed. So a fact costs
//! as much among ten thousand pods as among ten.
//!
//! More than what changed is looked at in four rare cases: a workload's new template, or a new newest revision, places
//! its own pods anew; a source that may not be read any more, or may again, places all; a Job that failed looks at its
//! pods for the last to fail; and where `ReplicaSet`s may not be read, a group that is left out for that, or is not any
//! more, places its own pods anew.

mod check;
mod due;
mod group;
mod placed;
mod placement;
mod sums;
mod update;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

use self::due::DueCauses;
pub use self::group::Generation;
use self::group::{Groups, Order, Standing};
pub use self::placed::GroupId;
use self::placed::Placed;
use self::placement::Lineage;
use self::sums::Sums;
use super::assessment::{self, OwnersFirstSeen};
use super::attribution::{GroupHead, Owner};
use super::fingerprint::PodFingerprint;
use super::followed_kinds::InPlay;
use super::rollout::RolloutStatus;
use super::witnesses;
use crate::gate::memory::Needs;
use crate::gate::model::{ControllerRef, Workload, WorkloadKind};
use crate::gate::result::{Cause, Verdict};
use crate::gate::spec::Plan;
use crate::gate::state::ClusterState;

/// The assessment of what is known, as of its last update.
#[derive(Clone)]
pub struct LiveAssessment {
    /// By UID. Every fact asks for its pod here; nobody for their order.
    placed: HashMap<String, Placed>,
    groups: Groups,
    /// What is above the pods of each controller that is known and has any.
    lineages: BTreeMap<String, Lineage>,
    /// Pods whose owner has not been seen yet.
    unattributed: BTreeSet<String>,
    sums: Sums,
    due: DueCauses,
    in_play: InPlay,
    needs: Needs,
    /// Which kinds of workloads may not be read.
    denied: [bool; WorkloadKind::ALL.len()],
    first_seen: OwnersFirstSeen,
    /// How often a pod was placed so far.
    placements: u64,
}

/// Only what does not follow from the state: two gates that look alike then go on alike.
impl fmt::Debug for LiveAssessment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveAssessment").field("first_seen", &self.first_seen).finish_non_exhaustive()
    }
}

/// What an update changed.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Pods that were looked at and are not among those told of: UIDs.
    pub hidden: Vec<String>,
    /// Pods that were looked at and are told of, in the order of their groups, first those that count.
    pub shown: Vec<String>,
    /// Causes that did not stand before: of pods, by UID and place among the pod's causes, and of groups.
    pub new_causes: Vec<NewCause>,
    /// The fingerprints that pods had before, with the pod's name, where they changed, came or went.
    pub fingerprints: Vec<(String, Option<PodFingerprint>)>,
    /// The generations that the groups' workloads had before, where they changed, came or went.
    pub generations: Vec<(String, Option<Generation>)>,
    /// The workloads that changed, by UID.
    pub workloads: BTreeSet<String>,
    /// The groups that were assessed anew.
    pub groups: BTreeSet<GroupId>,
}

/// Where a cause is found that did not stand before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum NewCause {
    /// The place of the pod's group, the pod's UID, and the cause's place among its causes.
    OfPod(Order, String, usize),
    /// The place of the group, the group, and the cause's place among its causes.
    OfGroup(Order, GroupId, usize),
}

impl Default for LiveAssessment {
    fn default() -> Self {
        Self {
            placed: HashMap::new(),
            groups: Groups::default(),
            lineages: BTreeMap::new(),
            unattributed: BTreeSet::new(),
            sums: Sums::default(),
            due: DueCauses::default(),
            in_play: InPlay::default(),
            needs: Needs::EVERYTHING,
            denied: [false; WorkloadKind::ALL.len()],
            first_seen: OwnersFirstSeen::new(),
            placements: 0,
        }
    }
}

/// What is asked of it.
impl LiveAssessment {
    /// True where all that belongs to the gate is as it should be, proven by at least one pod or finished Job.
    #[must_use]
    pub fn all_well(&self, plan: &Plan) -> bool {
        self.sums.groups > 0
            && self.sums.short.is_empty()
            && self.unattributed.is_empty()
            && !self.are_hooks_alone()
            && self.floor_shortfall(plan).is_none()
    }

    /// True where nothing is left that must stay as it is, and nothing more can come: a pinned Job that is complete, bare
    /// pods that have succeeded.
    #[must_use]
    pub fn all_done(&self, plan: &Plan) -> bool {
        let is_whole = plan.workload.is_some() || self.sums.all_there_can_be == self.sums.groups;
        is_whole && self.sums.done == self.sums.groups && self.all_well(plan)
    }

    /// What is lacking first, in words, for why a window broke and for a heartbeat.
    #[must_use]
    pub fn lacking(&self, state: &ClusterState, plan: &Plan) -> Option<String> {
        let first = self.sums.short.first().and_then(|(_, id)| self.groups.get(id)?.standing.as_ref());
        if let Some(Standing { status: RolloutStatus::Short(shortfall), .. }) = first {
            return Some(shortfall.why.clone());
        }
        if let Some(shortfall) = self.floor_shortfall(plan) {
            return Some(shortfall);
        }
        if self.are_hooks_alone() {
            return Some(assessment::only_hooks(&self.names(state, plan).join(", ")));
        }
        let unattributed = self.unattributed.first().and_then(|uid| state.pods.get(uid));
        unattributed.map(assessment::unseen_owner).or_else(|| (self.sums.groups == 0).then(assessment::no_pod))
    }

    /// The verdict that the causes which count by `now` demand, if they demand one.
    #[must_use]
    pub fn decisive(&self, now: Duration) -> Option<Verdict> {
        self.due.decisive(now)
    }

    /// The next moment after this one at which a cause begins to count.
    #[must_use]
    pub fn next_due(&self, now: Duration) -> Option<Duration> {
        self.due.next_after(now)
    }

    /// Pods that are ready, and pods that are wanted, where every owner says it; `None` where there is no group.
    #[must_use]
    pub fn progress(&self, plan: &Plan) -> Option<(u32, Option<u32>)> {
        let count = |sum: u64| u32::try_from(sum).unwrap_or(u32::MAX);
        let floor = plan.replicas.unwrap_or(0);
        let wanted = (self.sums.of_unknown_size == 0).then(|| count(self.sums.wanted).max(floor));
        (self.sums.groups > 0).then(|| (count(self.sums.ready), wanted))
    }

    /// The kinds of workloads that must be followed.
    #[must_use]
    pub fn needs(&self) -> &Needs {
        &self.needs
    }

    /// The workloads that speak for the groups.
    pub fn witnesses<'a>(&'a self, state: &'a ClusterState, plan: &'a Plan) -> impl Iterator<Item = &'a Workload> {
        let told = self.groups.iter().filter(|(_, group)| group.standing.is_some());
        let heads = told.filter_map(|(id, _)| self.groups.head(id, state, plan));
        heads.flat_map(|head| witnesses::of(head, state))
    }

    /// The owners of unknown kinds that have a group.
    #[must_use]
    pub fn custom_owners(&self, state: &ClusterState, plan: &Plan) -> Vec<ControllerRef> {
        let unreadable = self.groups.iter().filter(|(id, _)| matches!(id, GroupId::Unreadable(_)));
        let heads = unreadable.filter_map(|(id, _)| self.groups.head(id, state, plan));
        let unknown = heads.filter_map(|head| match head.owner {
            Owner::Unreadable { reference, denied: false } => Some(reference.clone()),
            _ => None,
        });
        unknown.collect()
    }

    /// True for a group that is told of.
    #[must_use]
    pub fn has_group(&self, id: &GroupId) -> bool {
        self.groups.get(id).is_some_and(|group| group.standing.is_some())
    }

    /// What must stay as it is in a pod that counts.
    #[must_use]
    pub fn fingerprint(&self, uid: &str) -> Option<&PodFingerprint> {
        self.placed.get(uid)?.fingerprint.as_ref()
    }

    /// The generation of a group's workload.
    #[must_use]
    pub fn generation(&self, uid: &str) -> Option<Generation> {
        self.groups.get(&GroupId::Workload(uid.to_owned()))?.standing.as_ref()?.generation
    }

    /// A cause that did not stand before.
    #[must_use]
    pub fn cause<'a>(&'a self, place: &NewCause, state: &'a ClusterState) -> Option<&'a Cause> {
        match place {
            NewCause::OfPod(_, uid, at) => state.pods.get(uid)?.causes().get(*at),
            NewCause::OfGroup(_, id, at) => self.groups.get(id)?.standing.as_ref()?.causes.get(*at),
        }
    }

    /// What is remembered of the causes of owners.
    #[must_use]
    pub fn first_seen(&self) -> &OwnersFirstSeen {
        &self.first_seen
    }

    /// How often a pod was placed so far: the work that was done.
    #[must_use]
    pub fn placements(&self) -> u64 {
        self.placements
    }

    fn are_hooks_alone(&self) -> bool {
        self.sums.groups > 0 && self.sums.hooks == self.sums.groups
    }

    fn floor_shortfall(&self, plan: &Plan) -> Option<String> {
        let all_done = self.sums.groups > 0 && self.sums.done == self.sums.groups;
        assessment::floor_shortfall(u32::try_from(self.sums.ready).unwrap_or(u32::MAX), all_done, plan)
    }

    /// The names of all groups, in their order.
    fn names(&self, state: &ClusterState, plan: &Plan) -> Vec<String> {
        let mut groups: Vec<(&Order, &GroupId)> =
            self.groups.iter().filter_map(|(id, group)| Some((&group.standing.as_ref()?.order, id))).collect();
        groups.sort();
        groups.iter().filter_map(|(_, id)| self.groups.head(id, state, plan)).map(GroupHead::name).collect()
    }
}
