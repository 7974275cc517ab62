//! The groups of a gate with their counts, which are kept up pod by pod.

use std::collections::{BTreeMap, BTreeSet};

use super::super::attribution::{GroupHead, Owner, Top};
use super::super::daemon_set_revision::{NewestRevision, RevisionCounts};
use super::super::rollout::RolloutStatus;
use super::super::totals::GroupTotals;
use super::super::{attribution, daemon_set_revision, revision};
use super::due::CauseMark;
use super::placed::{CountedFor, GroupId, Part, Place, Placed};
use crate::gate::model::{Workload, WorkloadKind};
use crate::gate::result::Cause;
use crate::gate::spec::Plan;
use crate::gate::state::ClusterState;

/// The order of groups: workloads by UID, then the others by the UID of the first pod that shows them.
pub type Order = (bool, String);

/// `metadata.generation` of a workload, where it says one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation(pub Option<i64>);

/// A group as it is told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its place among the groups.
    pub order: Order,
    /// How far its rollout is.
    pub status: RolloutStatus,
    /// Its causes beside those of its pods.
    pub causes: Vec<Cause>,
    /// The same, as far as they matter for the decision.
    pub marks: Vec<CauseMark>,
    /// How many pods it wants.
    pub wanted: Option<u32>,
    /// How many of its pods are Ready.
    pub ready: u32,
    /// It does not speak for the app.
    pub is_hook: bool,
    /// After it nothing else can come.
    pub is_all_there_can_be: bool,
    /// The kind of its workload, where it has one.
    pub kind: Option<WorkloadKind>,
    /// Its workload may be the target of a Canary, and asks for no pods.
    pub is_at_zero: bool,
    /// The generation of its workload.
    pub generation: Option<Generation>,
}

/// One group.
#[derive(Debug, Clone, Default)]
pub struct LiveGroup {
    /// Its workload has one.
    exists: bool,
    /// It is left out, for other groups hold its pods.
    hidden: bool,
    /// The UIDs of the pods that show that it is there, where its owner is not known.
    claimants: BTreeSet<String>,
    /// The UID of a Deployment's newest `ReplicaSet`.
    replica_set: Option<String>,
    daemon_revision: NewestRevision,
    live: u32,
    ready: u32,
    lost: u32,
    ready_on_lost: u32,
    died: u32,
    /// Those that ended by their own fault: first those that are there, then those that are gone.
    pub failed: BTreeSet<(bool, String)>,
    /// As it was last told.
    pub standing: Option<Standing>,
}

impl LiveGroup {
    /// True where it is one of the gate's groups.
    #[must_use]
    pub fn is_present(&self) -> bool {
        (self.exists || !self.claimants.is_empty()) && !self.hidden
    }

    fn is_empty(&self) -> bool {
        !self.exists && self.claimants.is_empty() && self.live == 0 && self.failed.is_empty()
    }
}

/// What is counted of the pods under a workload, whether or not it has a group.
#[derive(Debug, Clone, Default)]
struct Below {
    /// At any depth: pods that are there, and not left out.
    there: u32,
    /// That it controls itself and that do not count: those that are there.
    old: u32,
    old_ready: u32,
    /// The UIDs of those that are not Ready.
    old_broken: BTreeSet<String>,
    /// Those on nodes that do not answer, left out or not.
    older_on_lost: u32,
    /// Of a `DaemonSet`: the revisions of the pods that may be of its newest template.
    revisions: RevisionCounts,
}

/// All groups.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    by_id: BTreeMap<GroupId, LiveGroup>,
    below: BTreeMap<String, Below>,
    hidden: BTreeSet<GroupId>,
}

impl Groups {
    /// Every group, present or not, those of workloads first.
    pub fn iter(&self) -> impl Iterator<Item = (&GroupId, &LiveGroup)> {
        self.by_id.iter()
    }

    /// One group.
    #[must_use]
    pub fn get(&self, id: &GroupId) -> Option<&LiveGroup> {
        self.by_id.get(id)
    }

    /// One group, to be told of anew.
    pub fn get_mut(&mut self, id: &GroupId) -> Option<&mut LiveGroup> {
        self.by_id.get_mut(id)
    }

    /// Gives up a group that nothing speaks for.
    pub fn tidy(&mut self, id: &GroupId) {
        if self.by_id.get(id).is_some_and(LiveGroup::is_empty) {
            self.by_id.remove(id);
            self.hidden.remove(id);
        }
    }

    /// What makes a pod one of the newest revision of a workload that has a group.
    #[must_use]
    pub fn of_workload(&self, id: &GroupId) -> Option<(Option<&str>, &NewestRevision)> {
        let group = self.by_id.get(id).filter(|group| group.exists)?;
        Some((group.replica_set.as_deref(), &group.daemon_revision))
    }

    /// True where the group is left out, for other groups hold its pods.
    #[must_use]
    pub fn is_hidden(&self, id: &GroupId) -> bool {
        self.hidden.contains(id)
    }

    /// Looks at a workload that may have a group, or none any more.
    pub fn look_at(&mut self, uid: &str, state: &ClusterState, plan: &Plan) {
        let id = GroupId::Workload(uid.to_owned());
        let siblings = |workload: &Workload| workload.controller.as_ref().map(|above| above.uid.clone());
        let gated = state.workload(uid).filter(|workload| {
            let above = siblings(workload).unwrap_or_default();
            attribution::is_gated(workload, plan, state.replica_sets_of(&above))
        });
        let Some(workload) = gated else {
            if let Some(group) = self.by_id.get_mut(&id) {
                group.exists = false;
                group.replica_set = None;
                group.daemon_revision = NewestRevision::Unknown;
            }
            return;
        };
        let none = RevisionCounts::new();
        let counts = self.below.get(uid).map_or(&none, |below| &below.revisions);
        let daemon_revision = daemon_set_revision::newest_revision(workload, counts);
        let newest = revision::newest_replica_set(workload, state.replica_sets_of(uid));
        let group = self.by_id.entry(id).or_default();
        group.exists = true;
        group.replica_set = newest.map(|newest| newest.uid.clone());
        group.daemon_revision = daemon_revision;
    }

    /// Counts the revision of a pod for its `DaemonSet`, in place of what was counted before.
    pub fn recount(&mut self, uid: &str, before: Option<&CountedFor>, now: Option<&CountedFor>) {
        let revisions = &mut self.below.entry(uid.to_owned()).or_default().revisions;
        if let Some(count) = before.and_then(|before| revisions.get_mut(&before.0)) {
            *count -= 1;
        }
        if let Some(now) = now {
            *revisions.entry(now.0.clone()).or_default() += 1;
        }
        revisions.retain(|_, count| *count > 0);
    }

    /// Counts a pod where it is placed.
    pub fn add(&mut self, uid: &str, placed: &Placed) {
        self.count(uid, placed, |count| *count += 1, true);
    }

    /// Takes it off again.
    pub fn take(&mut self, uid: &str, placed: &Placed) {
        self.count(uid, placed, |count| *count = count.saturating_sub(1), false);
    }

    fn count(&mut self, uid: &str, placed: &Placed, step: impl Fn(&mut u32), adds: bool) {
        let put = |set: &mut BTreeSet<String>| {
            if adds {
                set.insert(uid.to_owned())
            } else {
                set.remove(uid)
            };
        };
        if let Place::Group(id, part) = &placed.place {
            let group = if let Some(group) = self.by_id.get_mut(id) {
                group
            } else {
                self.by_id.entry(id.clone()).or_default()
            };
            if *part == Part::Counts {
                step(&mut group.live);
                if placed.ready {
                    step(&mut group.ready);
                }
                if placed.lost {
                    step(&mut group.lost);
                }
                if placed.lost && placed.ready {
                    step(&mut group.ready_on_lost);
                }
                if placed.died {
                    step(&mut group.died);
                }
            }
            if !matches!(id, GroupId::Workload(_)) && *part != Part::Fallen {
                put(&mut group.claimants);
            }
            if placed.failed && *part != Part::Older {
                let key = (*part == Part::Fallen, uid.to_owned());
                if adds {
                    group.failed.insert(key)
                } else {
                    group.failed.remove(&key)
                };
            }
        }
        if let Some(top) = placed.top.as_ref().filter(|_| placed.is_there) {
            step(&mut below_of(&mut self.below, top).there);
        }
        if let Some(controller) = placed.controller.as_ref().filter(|controller| !placed.counts_in(controller)) {
            let below = below_of(&mut self.below, controller);
            if placed.lost {
                step(&mut below.older_on_lost);
            }
            if placed.is_there {
                step(&mut below.old);
                if placed.ready {
                    step(&mut below.old_ready);
                } else {
                    put(&mut below.old_broken);
                }
            }
        }
    }

    /// Leaves out the Deployments that are rolled out by their own count, where their pods stand by themselves: those
    /// of `ReplicaSet`s that may not be read. Returns the groups of which that changed.
    pub fn hide(&mut self, may_read_replica_sets: bool, state: &ClusterState, plan: &Plan) -> Vec<GroupId> {
        if may_read_replica_sets && self.hidden.is_empty() {
            return Vec::new();
        }
        let is_unreadable = |(id, group): (&GroupId, &LiveGroup)| {
            group.is_present()
                && matches!(id, GroupId::Unreadable(_))
                && matches!(
                    self.head(id, state, plan),
                    Some(GroupHead { owner: Owner::Unreadable { denied: true, .. }, .. })
                )
        };
        let hides = !may_read_replica_sets && self.by_id.iter().any(is_unreadable);
        let mut changed = Vec::new();
        for (id, group) in &mut self.by_id {
            let GroupId::Workload(uid) = id else { continue };
            let is_rolled_out = || state.workload(uid).is_some_and(revision::is_rolled_out);
            let hidden = hides && is_rolled_out();
            if group.hidden != hidden {
                group.hidden = hidden;
                changed.push(id.clone());
            }
        }
        for id in &changed {
            if !self.hidden.remove(id) {
                self.hidden.insert(id.clone());
            }
        }
        changed
    }

    /// The group without its pods; `None` where it is not present.
    #[must_use]
    pub fn head<'a>(&self, id: &GroupId, state: &'a ClusterState, plan: &Plan) -> Option<GroupHead<'a>> {
        let group = self.by_id.get(id).filter(|group| group.is_present())?;
        let owner = match id {
            GroupId::Workload(uid) => Owner::Workload(state.workload(uid)?),
            GroupId::Nobody(uid) => Owner::Nobody(state.pods.get(uid)?),
            GroupId::Unreadable(_) => {
                let first = state.pods.get(group.claimants.first()?)?;
                match attribution::top_of(first.pod.controller.as_ref(), state, plan) {
                    Top::Unreadable { reference, denied } => Owner::Unreadable { reference, denied },
                    _ => return None,
                }
            }
        };
        let replica_set = group.replica_set.as_ref().and_then(|uid| state.workload(uid));
        Some(GroupHead { owner, replica_set })
    }

    /// Its place among the groups.
    #[must_use]
    pub fn order(&self, id: &GroupId) -> Order {
        match id {
            GroupId::Workload(uid) => (false, uid.clone()),
            GroupId::Nobody(uid) => (true, uid.clone()),
            GroupId::Unreadable(uid) => {
                let first = self.by_id.get(id).and_then(|group| group.claimants.first());
                (true, first.unwrap_or(uid).clone())
            }
        }
    }

    /// The counts by which the rollout of a group is judged.
    #[must_use]
    pub fn totals(&self, id: &GroupId, state: &ClusterState) -> GroupTotals {
        let Some(group) = self.by_id.get(id) else { return GroupTotals::default() };
        let totals = GroupTotals { live: group.live, ready: group.ready, ..GroupTotals::default() };
        let GroupId::Workload(uid) = id else { return totals };
        let none = Below::default();
        let below = self.below.get(uid).unwrap_or(&none);
        let broken = below.old_broken.first().and_then(|uid| state.pods.get(uid));
        GroupTotals {
            lost: group.lost,
            ready_on_lost: group.ready_on_lost,
            died: group.died,
            others: below.there.saturating_sub(group.live),
            old: below.old,
            old_ready: below.old_ready,
            broken_old: broken.map(|history| history.pod.name.clone()),
            older_on_lost: below.older_on_lost,
            ..totals
        }
    }
}

fn below_of<'a>(all: &'a mut BTreeMap<String, Below>, uid: &str) -> &'a mut Below {
    if !all.contains_key(uid) {
        all.insert(uid.to_owned(), Below::default());
    }
    all.entry(uid.to_owned()).or_default()
}
