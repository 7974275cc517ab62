//! What belongs to the gate: the workloads that carry its labels, and their pods of the newest revision.
//!
//! Pods are attributed by their controllerRef, upward (pod → `ReplicaSet` → Deployment), never by labels alone: pods of
//! an older template carry the same labels and prove nothing.

use super::daemon_set_revision::NewestRevision;
use super::revision::{has_newest_revision, is_of_older_revision, is_rolled_out, newest_replica_set};
use super::version::Said;
use super::{daemon_set_revision, version};
use crate::gate::model::{ControllerRef, Pod, Source, Workload, WorkloadKind, WorkloadRef};
use crate::gate::spec::{Pin, Plan};
use crate::gate::state::{ClusterState, PodHistory};

/// The workloads and pods under judgement.
#[derive(Debug)]
pub struct Attribution<'a> {
    /// One group for each owner.
    pub groups: Vec<OwnerGroup<'a>>,
    /// Pods with the gate's labels whose owner has not been seen yet, so that nothing can be said of them.
    /// Each with the kind of the owner that is missing.
    pub unattributed: Vec<(&'a PodHistory, WorkloadKind)>,
}

/// An owner and its pods of the newest revision.
#[derive(Debug)]
pub struct OwnerGroup<'a> {
    /// The owner.
    pub owner: Owner<'a>,
    /// The `ReplicaSet` of the newest template of a Deployment or Rollout, once it is there.
    pub replica_set: Option<&'a Workload>,
    /// The newest revision of a `DaemonSet` that has no generation to tell its pods by.
    daemon_revision: NewestRevision,
    /// Its pods of the newest revision that count.
    pub pods: Vec<&'a PodHistory>,
    /// Its pods of the newest revision that do not: on their way out, disturbed, ended and replaced.
    pub left_out: Vec<&'a PodHistory>,
    /// Its pods of the newest revision that ended as a whole by their own fault, also those that are gone since.
    pub failed: Vec<&'a PodHistory>,
}

/// Who owns a group of pods.
#[derive(Debug, Clone, Copy)]
pub enum Owner<'a> {
    /// A workload whose fields are known.
    Workload(&'a Workload),
    /// Nobody: this is a bare pod.
    Nobody(&'a PodHistory),
    /// An owner that cannot be read: the identity may not, or its kind is unknown.
    Unreadable {
        /// Its reference, as the pod (or its `ReplicaSet`) has it.
        reference: &'a ControllerRef,
        /// True where the rights are missing; false where the kind is unknown.
        denied: bool,
    },
}

/// A group without its pods: who owns it.
#[derive(Debug, Clone, Copy)]
pub struct GroupHead<'a> {
    /// The owner.
    pub owner: Owner<'a>,
    /// The `ReplicaSet` of the newest template of a Deployment or Rollout, once it is there.
    pub replica_set: Option<&'a Workload>,
}

impl GroupHead<'_> {
    /// The owner as people write it: `deployment/checkout`; the pod's name for a bare pod.
    #[must_use]
    pub fn name(self) -> String {
        match self.owner {
            Owner::Workload(workload) => name_of(workload),
            Owner::Nobody(history) => format!("pod/{}", history.pod.name),
            Owner::Unreadable { reference, .. } => format!("{}/{}", reference.kind.to_lowercase(), reference.name),
        }
    }

    /// True where a deploy tool runs it before or after the app, so that it does not speak for the app.
    #[must_use]
    pub fn is_hook(self, plan: &Plan) -> bool {
        match self.owner {
            Owner::Workload(workload) => workload.hook && plan.workload.is_none(),
            Owner::Nobody(history) => history.pod.hook,
            Owner::Unreadable { .. } => false,
        }
    }

    /// True where another pod takes the place of one that failed: a Job counts its failed pods itself, and a bare pod
    /// has no other in its place.
    #[must_use]
    pub fn replaces_failed_pods(self) -> bool {
        match self.owner {
            Owner::Workload(workload) => workload.kind != WorkloadKind::Job,
            Owner::Unreadable { .. } => true,
            Owner::Nobody(_) => false,
        }
    }
}

/// What stands at the top of a pod's controllerRefs.
pub enum Top<'a> {
    /// A workload whose fields are known.
    Workload(&'a Workload),
    /// Nobody controls it.
    Nobody,
    /// An owner that cannot be read.
    Unreadable {
        /// Its reference, as the pod (or its `ReplicaSet`) has it.
        reference: &'a ControllerRef,
        /// True where the rights are missing; false where the kind is unknown.
        denied: bool,
    },
    /// The owner, or one above it, is of this readable kind and has not been seen yet.
    Unseen(WorkloadKind),
    /// A `CronJob`: its Jobs come and go by the clock, and are no deploy.
    Schedule,
}

impl<'a> Attribution<'a> {
    /// Finds what belongs to the gate in what is known.
    #[must_use]
    pub fn of(state: &'a ClusterState, plan: &Plan) -> Self {
        let mut groups: Vec<OwnerGroup<'a>> = state
            .workloads()
            .filter(|workload| is_gated(workload, plan, state.workloads()))
            .map(|workload| OwnerGroup {
                replica_set: newest_replica_set(workload, state.workloads()),
                daemon_revision: daemon_set_revision::newest_revision(
                    workload,
                    &daemon_set_revision::counts(workload, state),
                ),
                ..OwnerGroup::new(Owner::Workload(workload))
            })
            .collect();
        let mut unattributed = Vec::new();
        for history in state.pods.values() {
            let pod = &history.pod;
            if !is_selected(pod, plan) {
                continue;
            }
            match top_of(pod.controller.as_ref(), state, plan) {
                Top::Workload(workload) => {
                    if let Some(group) = groups.iter_mut().find(|group| group.is_of(workload))
                        && group.has_newest_revision(pod, workload)
                        && !version::runs_another_image(pod, &workload.template)
                    {
                        group.take(history);
                    }
                }
                // A pin names a workload: whatever is not attributed to it is none of the gate's.
                _ if plan.workload.is_some() => {}
                // No template speaks for these, so each pod does for itself.
                Top::Nobody | Top::Unreadable { .. } if version::of_pod(pod, plan) != Said::Gated => {}
                Top::Nobody => {
                    let mut group = OwnerGroup::new(Owner::Nobody(history));
                    group.take(history);
                    groups.push(group);
                }
                Top::Unreadable { reference, denied } => {
                    let known = groups.iter().position(|group| group.is_of_reference(reference));
                    let place = known.unwrap_or_else(|| {
                        groups.push(OwnerGroup::new(Owner::Unreadable { reference, denied }));
                        groups.len() - 1
                    });
                    if !is_of_older_revision(pod, state, state.workloads()) {
                        groups[place].take(history);
                    }
                }
                Top::Unseen(_) if matches!(version::of_pod(pod, plan), Said::Other(_)) => {}
                Top::Unseen(kind) => unattributed.push((history, kind)),
                Top::Schedule => {}
            }
        }
        unattributed.retain(|(history, _)| !history.is_left_out());
        for history in state.fallen.values().filter(|history| is_selected(&history.pod, plan)) {
            let top = top_of(history.pod.controller.as_ref(), state, plan);
            remember_failure(&mut groups, &top, history, state);
        }
        // Where ReplicaSets may not be read, a Deployment's pods stand by themselves, and it would wait for them for ever.
        // That they are not those of an older template is then for the Deployment to say.
        let is_unreadable = |group: &OwnerGroup<'_>| matches!(group.owner, Owner::Unreadable { denied: true, .. });
        if state.sources.is_denied(Source::Workloads(WorkloadKind::ReplicaSet)) && groups.iter().any(is_unreadable) {
            groups.retain(|group| !matches!(group.owner, Owner::Workload(workload) if is_rolled_out(workload)));
        }
        Self { groups, unattributed }
    }

    /// Every pod that counts.
    pub fn pods(&self) -> impl Iterator<Item = &'a PodHistory> {
        self.groups.iter().flat_map(|group| group.pods.iter().copied())
    }
}

impl<'a> OwnerGroup<'a> {
    fn new(owner: Owner<'a>) -> Self {
        let daemon_revision = NewestRevision::Unknown;
        Self { owner, replica_set: None, daemon_revision, pods: Vec::new(), left_out: Vec::new(), failed: Vec::new() }
    }

    /// The group without its pods.
    #[must_use]
    pub const fn head(&self) -> GroupHead<'a> {
        GroupHead { owner: self.owner, replica_set: self.replica_set }
    }

    fn take_failure(&mut self, history: &'a PodHistory) {
        if self.head().replaces_failed_pods() && history.failure().is_some() {
            self.failed.push(history);
        }
    }

    /// How many of its pods ended as a whole by their own fault.
    #[must_use]
    pub fn failures(&self) -> u32 {
        u32::try_from(self.failed.len()).unwrap_or(u32::MAX)
    }

    fn take(&mut self, history: &'a PodHistory) {
        self.take_failure(history);
        if history.is_left_out() { self.left_out.push(history) } else { self.pods.push(history) }
    }

    fn is_of(&self, workload: &Workload) -> bool {
        matches!(self.owner, Owner::Workload(own) if own.uid == workload.uid)
    }

    fn is_of_reference(&self, reference: &ControllerRef) -> bool {
        matches!(self.owner, Owner::Unreadable { reference: own, .. } if own.uid == reference.uid)
    }

    fn has_newest_revision(&self, pod: &Pod, workload: &Workload) -> bool {
        let replica_set = self.replica_set.map(|newest| newest.uid.as_str());
        has_newest_revision(pod, workload, replica_set, &self.daemon_revision)
    }

    /// The owner as people write it: `deployment/checkout`; the pod's name for a bare pod.
    #[must_use]
    pub fn name(&self) -> String {
        self.head().name()
    }

    /// How many of its pods are Ready.
    #[must_use]
    pub fn ready(&self) -> u32 {
        let ready = self.pods.iter().filter(|history| history.pod.is_ready()).count();
        u32::try_from(ready).unwrap_or(u32::MAX)
    }
}

/// Counts a pod that failed and is gone for its group, where that is there.
fn remember_failure<'a>(
    groups: &mut [OwnerGroup<'a>],
    top: &Top<'a>,
    history: &'a PodHistory,
    state: &'a ClusterState,
) {
    let group = match top {
        Top::Workload(workload) => {
            groups.iter_mut().find(|group| group.is_of(workload) && group.has_newest_revision(&history.pod, workload))
        }
        Top::Unreadable { .. } if is_of_older_revision(&history.pod, state, state.workloads()) => None,
        Top::Unreadable { reference, .. } => groups.iter_mut().find(|group| group.is_of_reference(reference)),
        _ => None,
    };
    if let Some(group) = group {
        group.take_failure(history);
    }
}

/// True for a pod that the plan asks for by its labels. A pin asks for none: its pods are told by their owner.
#[must_use]
pub fn is_selected(pod: &Pod, plan: &Plan) -> bool {
    plan.workload.is_some() || plan.selector.matches(&pod.labels)
}

/// True for a workload that has a group of its own: it stands for itself, and has the gated version. `others` are all
/// workloads, or at least the `ReplicaSet`s of the same controller.
#[must_use]
pub fn is_gated<'a>(workload: &Workload, plan: &Plan, others: impl Iterator<Item = &'a Workload>) -> bool {
    is_top(workload, plan)
        && carries(workload, plan)
        && !rests_beside_others(workload, others)
        && !lends_its_template(workload, plan)
}

/// A workload as people write it: `deployment/checkout`.
#[must_use]
pub fn name_of(workload: &Workload) -> String {
    format!("{}/{}", workload.kind, workload.name)
}

/// True where the workload's template is that of the gated version.
#[must_use]
pub fn carries(workload: &Workload, plan: &Plan) -> bool {
    match &plan.workload {
        Some(pin) if !is_pinned(workload, pin) => return false,
        None if !plan.selector.matches(&workload.template.labels) => return false,
        _ => {}
    }
    version::of_workload(workload, plan) == Said::Gated
}

/// True where the plan pins this workload, by its own name or by that of the Canary whose target it is.
#[must_use]
pub fn is_pinned(workload: &Workload, pin: &Pin) -> bool {
    let is_target_of = |referrer: &WorkloadRef| {
        pin.kind == WorkloadKind::Canary && referrer.kind == pin.kind && referrer.name == pin.name
    };
    (workload.kind == pin.kind && workload.name == pin.name && pin.kind != WorkloadKind::Canary)
        || workload.referrer.as_ref().is_some_and(is_target_of)
}

/// True for a Deployment that lends its template to a Rollout and was scaled to nothing for that: the Rollout has the pods.
fn lends_its_template(workload: &Workload, plan: &Plan) -> bool {
    workload.desired == Some(0)
        && workload.referrer.as_ref().is_some_and(|referrer| referrer.kind == WorkloadKind::Rollout)
        && !plan.workload.as_ref().is_some_and(|pin| is_pinned(workload, pin))
}

/// True where the workload stands for itself: nothing that the gate can read controls it.
#[must_use]
pub fn is_top(workload: &Workload, plan: &Plan) -> bool {
    if plan.workload.as_ref().is_some_and(|pin| is_pinned(workload, pin)) {
        return true;
    }
    let controller = workload.controller.as_ref().map(|controller| controller.kind.as_str());
    match workload.kind {
        WorkloadKind::ReplicaSet => !matches!(controller, Some("Deployment" | "Rollout")),
        WorkloadKind::Job => controller != Some("CronJob"),
        WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::DaemonSet
        | WorkloadKind::Rollout
        | WorkloadKind::CloneSet => true,
        // It owns no pods.
        WorkloadKind::Canary => false,
    }
}

/// True for a `ReplicaSet` that a custom resource scaled to nothing in favour of another one: an old revision.
fn rests_beside_others<'a>(workload: &Workload, mut others: impl Iterator<Item = &'a Workload>) -> bool {
    let Some(controller) = workload.controller.as_ref().filter(|_| workload.kind == WorkloadKind::ReplicaSet) else {
        return false;
    };
    let is_sibling = |other: &Workload| {
        other.kind == WorkloadKind::ReplicaSet
            && other.uid != workload.uid
            && other.controller.as_ref().is_some_and(|its| its.uid == controller.uid)
    };
    workload.desired == Some(0)
        && others.any(|other| is_sibling(other) && other.desired.is_some_and(|desired| desired > 0))
}

/// What stands at the top of the controllerRefs that begin with this one.
#[must_use]
pub fn top_of<'a>(controller: Option<&'a ControllerRef>, state: &'a ClusterState, plan: &Plan) -> Top<'a> {
    let Some(reference) = controller else { return Top::Nobody };
    let Some(kind) = WorkloadKind::from_kind(&reference.kind) else {
        return if reference.kind == "CronJob" { Top::Schedule } else { Top::Unreadable { reference, denied: false } };
    };
    // A UID that leads to another kind leads nowhere: each step up must come nearer to an end.
    let Some(workload) = state.workload(&reference.uid).filter(|workload| workload.kind == kind) else {
        return if state.sources.is_denied(Source::Workloads(kind)) {
            Top::Unreadable { reference, denied: true }
        } else {
            Top::Unseen(kind)
        };
    };
    top_over(workload, state, plan)
}

/// What stands at the top of a pod that this workload controls.
#[must_use]
pub fn top_over<'a>(workload: &'a Workload, state: &'a ClusterState, plan: &Plan) -> Top<'a> {
    if is_top(workload, plan) {
        return Top::Workload(workload);
    }
    top_of(workload.controller.as_ref(), state, plan)
}

/// What stands at the top of a pod's controllerRefs, by its name; `None` for nobody, for what has not been seen, and for
/// a `CronJob`.
#[must_use]
pub fn top_name(pod: &Pod, state: &ClusterState, plan: &Plan) -> Option<String> {
    match top_of(pod.controller.as_ref(), state, plan) {
        Top::Workload(workload) => Some(name_of(workload)),
        Top::Unreadable { reference, .. } => Some(format!("{}/{}", reference.kind.to_lowercase(), reference.name)),
        Top::Nobody | Top::Unseen(_) | Top::Schedule => None,
    }
}

/// True for a pod under this workload, at any depth and of whatever template.
#[must_use]
pub fn is_under(history: &PodHistory, workload: &Workload, plan: &Plan, state: &ClusterState) -> bool {
    let top = top_of(history.pod.controller.as_ref(), state, plan);
    matches!(top, Top::Workload(owner) if owner.uid == workload.uid)
}

/// True for a pod of a Job that a `CronJob` made.
#[must_use]
pub fn is_of_schedule(pod: &Pod, state: &ClusterState, plan: &Plan) -> bool {
    matches!(top_of(pod.controller.as_ref(), state, plan), Top::Schedule)
}
