//! Where one pod belongs, and what of it is counted there.

use super::super::attribution::{self, Top};
use super::super::daemon_set_revision::{self, NewestRevision};
use super::super::fingerprint::PodFingerprint;
use super::super::lost_nodes;
use super::super::revision;
use super::super::version::{self, Said};
use super::due::CauseMark;
use super::group::Groups;
use super::placed::{CountedFor, GroupId, Part, Place, Placed};
use crate::gate::model::{ControllerRef, Detail, Pod, Template, Workload, WorkloadKind};
use crate::gate::spec::Plan;
use crate::gate::state::{ClusterState, PodHistory};

impl Placed {
    /// Places a pod that is there. `groups` are as its owners demand.
    #[must_use]
    pub fn of(history: &PodHistory, groups: &Groups, state: &ClusterState, plan: &Plan) -> Self {
        let pod = &history.pod;
        let top = attribution::top_of(pod.controller.as_ref(), state, plan);
        let place = place(history, &top, false, groups, state, plan);
        let daemon_set = daemon_set_of(history, state);
        let is_shown = matches!(&place, Place::Group(id, Part::Counts) if !groups.is_hidden(id));
        Self {
            controller: pod.controller.as_ref().map(|controller| controller.uid.clone()),
            top: if let Top::Workload(workload) = top { Some(workload.uid.clone()) } else { None },
            is_there: !history.is_left_out(),
            ready: pod.is_ready(),
            failed: history.failure().is_some(),
            lost: daemon_set.is_some() && lost_nodes::is_lost(history, state),
            died: daemon_set.is_some() && lost_nodes::has_died(history, state),
            revision: revision(history, state),
            fingerprint: is_shown.then(|| PodFingerprint::of(pod, plan)),
            causes: if is_shown {
                history.causes().iter().map(|cause| CauseMark::of(cause, plan)).collect()
            } else {
                Vec::new()
            },
            place,
        }
    }

    /// Places a pod that is gone.
    #[must_use]
    pub fn of_fallen(history: &PodHistory, groups: &Groups, state: &ClusterState, plan: &Plan) -> Self {
        let top = attribution::top_of(history.pod.controller.as_ref(), state, plan);
        Self { place: place(history, &top, true, groups, state, plan), failed: true, ..Self::default() }
    }
}

fn place(
    history: &PodHistory,
    top: &Top<'_>,
    is_fallen: bool,
    groups: &Groups,
    state: &ClusterState,
    plan: &Plan,
) -> Place {
    let pod = &history.pod;
    if !attribution::is_selected(pod, plan) {
        return Place::Nowhere;
    }
    let part = match (is_fallen, history.is_left_out()) {
        (true, _) => Part::Fallen,
        (false, true) => Part::LeftOut,
        (false, false) => Part::Counts,
    };
    match top {
        Top::Workload(workload) => {
            let id = GroupId::Workload(workload.uid.clone());
            let is_newest = groups.of_workload(&id).is_some_and(|(replica_set, revision)| {
                revision::has_newest_revision(pod, workload, replica_set, revision)
                    && (is_fallen || !version::runs_another_image(pod, &workload.template))
            });
            if is_newest { Place::Group(id, part) } else { Place::Nowhere }
        }
        // A pin names a workload: whatever is not attributed to it is none of the gate's.
        _ if plan.workload.is_some() => Place::Nowhere,
        Top::Unreadable { .. } if is_fallen && is_older(pod, state) => Place::Nowhere,
        Top::Unreadable { reference, .. } if is_fallen => {
            Place::Group(GroupId::Unreadable(reference.uid.clone()), part)
        }
        _ if is_fallen => Place::Nowhere,
        // No template speaks for these, so each pod does for itself.
        Top::Nobody | Top::Unreadable { .. } if version::of_pod(pod, plan) != Said::Gated => Place::Nowhere,
        Top::Nobody => Place::Group(GroupId::Nobody(pod.uid.clone()), part),
        Top::Unreadable { reference, .. } => {
            let part = if is_older(pod, state) { Part::Older } else { part };
            Place::Group(GroupId::Unreadable(reference.uid.clone()), part)
        }
        Top::Unseen(_) if history.is_left_out() || matches!(version::of_pod(pod, plan), Said::Other(_)) => {
            Place::Nowhere
        }
        Top::Unseen(kind) => Place::Unattributed(*kind),
        Top::Schedule => Place::Nowhere,
    }
}

/// True for a pod of a `ReplicaSet` that has a younger sibling.
fn is_older(pod: &Pod, state: &ClusterState) -> bool {
    let own = pod.controller.as_ref().and_then(|owner| state.workload(&owner.uid));
    own.is_some_and(|own| revision::is_older_replica_set(own, siblings(own, state)))
}

/// The `ReplicaSet`s that have the same controller.
fn siblings<'a>(workload: &'a Workload, state: &'a ClusterState) -> impl Iterator<Item = &'a Workload> {
    workload.controller.iter().flat_map(|above| state.replica_sets_of(&above.uid))
}

fn daemon_set_of<'a>(history: &PodHistory, state: &'a ClusterState) -> Option<&'a Workload> {
    let controller = history.pod.controller.as_ref()?;
    state.workload(&controller.uid).filter(|workload| workload.kind == WorkloadKind::DaemonSet)
}

/// The revision for which a pod counts, where the newest of its `DaemonSet` is told by counting.
#[must_use]
pub fn revision(history: &PodHistory, state: &ClusterState) -> Option<CountedFor> {
    let daemon_set =
        daemon_set_of(history, state).filter(|workload| daemon_set_revision::is_told_by_counts(workload))?;
    daemon_set_revision::may_be_newest(history, daemon_set)
        .then(|| CountedFor(daemon_set_revision::revision_of(&history.pod).map(str::to_owned)))
}

/// All that the place of a pod takes from the workloads above it, but for what only the pod itself refers to. As long as
/// it is the same for the pod's controller, no pod of that changes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    top: LineageTop,
    /// The pods are of a revision that has a younger one beside it.
    is_older: bool,
    /// What the pods of a `DaemonSet` are counted by, where the newest revision is told by counting.
    counted_by: Option<Template>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum LineageTop {
    /// A workload, and where it has a group, what makes a pod one of that.
    Workload(String, Option<Box<Newest>>),
    Unreadable(ControllerRef, bool),
    Unseen(WorkloadKind),
    Schedule,
    Nobody,
}

/// What makes a pod one of the newest revision.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Newest {
    template: Template,
    is_newest_replica_set: bool,
    /// `updateRevision` of a `StatefulSet` or `CloneSet`, the generation of a `DaemonSet`.
    revision: Option<String>,
    daemon_revision: NewestRevision,
}

impl Lineage {
    /// What is above the pods that this workload controls.
    #[must_use]
    pub fn of(workload: &Workload, groups: &Groups, state: &ClusterState, plan: &Plan) -> Self {
        let top = match attribution::top_over(workload, state, plan) {
            Top::Workload(top) => {
                let group = groups.of_workload(&GroupId::Workload(top.uid.clone()));
                let newest = group.map(|(replica_set, daemon_revision)| {
                    Box::new(Newest {
                        template: top.template.clone(),
                        is_newest_replica_set: replica_set == Some(workload.uid.as_str()),
                        revision: match &top.detail {
                            Detail::StatefulSet { update_revision, .. } => update_revision.clone(),
                            Detail::DaemonSet { template_generation, .. } => template_generation.clone(),
                            Detail::CloneSet(status) => status.update_revision.clone(),
                            _ => None,
                        },
                        daemon_revision: daemon_revision.clone(),
                    })
                });
                LineageTop::Workload(top.uid.clone(), newest)
            }
            Top::Unreadable { reference, denied } => LineageTop::Unreadable(reference.clone(), denied),
            Top::Unseen(kind) => LineageTop::Unseen(kind),
            Top::Schedule => LineageTop::Schedule,
            Top::Nobody => LineageTop::Nobody,
        };
        let is_older = revision::is_older_replica_set(workload, siblings(workload, state));
        let counted_by = daemon_set_revision::is_told_by_counts(workload).then(|| workload.template.clone());
        Self { top, is_older, counted_by }
    }
}
