//! Which template a pod was made from: the newest one of its owner, or an older one. Each kind tells it in its own way, by a
//! `ReplicaSet`, a hash or a generation on the pod.

use super::daemon_set_revision::{self, NewestRevision};
use super::version;
use crate::gate::model::{CloneSetStatus, Detail, Pod, Workload, WorkloadKind};
use crate::gate::state::ClusterState;

/// True for a pod that was made from the newest template of its workload, by what the controller writes on it.
/// `replica_set` is the UID of a Deployment's newest one, `daemon_revision` that of a `DaemonSet` whose pods carry no
/// generation.
#[must_use]
pub fn has_newest_revision(
    pod: &Pod,
    workload: &Workload,
    replica_set: Option<&str>,
    daemon_revision: &NewestRevision,
) -> bool {
    let label = |key: &str| pod.labels.get(key);
    match &workload.detail {
        Detail::Deployment { .. } => {
            let owner = pod.controller.as_ref().map(|owner| owner.uid.as_str());
            replica_set.is_some() && owner == replica_set
        }
        Detail::StatefulSet { update_revision, .. } => {
            update_revision.is_some() && label("controller-revision-hash") == update_revision.as_ref()
        }
        Detail::DaemonSet { template_generation: generation @ Some(_), .. } => {
            label("pod-template-generation") == generation.as_ref()
        }
        Detail::DaemonSet { template_generation: None, .. } => match daemon_revision {
            NewestRevision::Is(revision) => revision.as_deref() == daemon_set_revision::revision_of(pod),
            NewestRevision::Unknown => false,
        },
        Detail::Rollout(_) => {
            let owner = pod.controller.as_ref().map(|owner| owner.uid.as_str());
            replica_set.is_some() && owner == replica_set
        }
        Detail::CloneSet(CloneSetStatus { update_revision: Some(revision), .. }) => {
            label("controller-revision-hash").is_some_and(|label| is_revision(label, revision))
        }
        Detail::CloneSet(_) | Detail::Canary(_) => false,
        // A ReplicaSet never replaces the pods of a template that it had before.
        Detail::ReplicaSet { .. } => !version::contradicts(pod, &workload.template),
        Detail::Job { .. } => true,
    }
}

/// True where the label names this revision of a `CloneSet`: the whole of it, or the hash at its end (feature
/// `CloneSetShortHash`).
fn is_revision(label: &str, revision: &str) -> bool {
    let hash = revision.strip_suffix(label).and_then(|rest| rest.strip_suffix('-'));
    label == revision || (!label.is_empty() && hash.is_some())
}

/// True for a pod of a `ReplicaSet` that has a younger sibling. Where their owner may not be read, its newest template is
/// known by no more than the revision that the Deployment controller writes on each. `others` are all workloads, or at
/// least the `ReplicaSet`s of the same controller.
#[must_use]
pub fn is_of_older_revision<'a>(
    pod: &Pod,
    state: &'a ClusterState,
    others: impl Iterator<Item = &'a Workload>,
) -> bool {
    let own = pod.controller.as_ref().and_then(|owner| state.workload(&owner.uid));
    own.is_some_and(|own| is_older_replica_set(own, others))
}

/// True for a `ReplicaSet` that has a younger sibling among `others`.
#[must_use]
pub fn is_older_replica_set<'a>(own: &Workload, mut others: impl Iterator<Item = &'a Workload>) -> bool {
    let is_sibling = |other: &Workload| {
        let owners = (&own.controller, &other.controller);
        other.kind == own.kind && matches!(owners, (Some(one), Some(other)) if one.uid == other.uid)
    };
    own.kind == WorkloadKind::ReplicaSet
        && own.revision.is_some()
        && others.any(|other| is_sibling(other) && other.revision > own.revision)
}

/// True for a Deployment all of whose pods are of its newest template, by its own count.
#[must_use]
pub fn is_rolled_out(workload: &Workload) -> bool {
    let is_seen = workload.generation.is_some() && workload.observed_generation >= workload.generation;
    let is_updated = workload.desired.is_some_and(|desired| desired > 0) && workload.updated >= workload.desired;
    workload.kind == WorkloadKind::Deployment && is_seen && is_updated
}

/// The `ReplicaSet` that has the newest template of a Deployment or a Rollout. A Deployment's controller tells it by
/// comparing the templates; where several have it, the one of the highest revision is in use. That of a Rollout names it by
/// its hash. `candidates` are all workloads, or at least the `ReplicaSet`s that the owner controls.
#[must_use]
pub fn newest_replica_set<'a>(
    owner: &Workload,
    candidates: impl Iterator<Item = &'a Workload>,
) -> Option<&'a Workload> {
    let has_newest_template = |candidate: &Workload| match &owner.detail {
        Detail::Rollout(rollout) => {
            rollout.pod_hash.is_some() && candidate.template.labels.get(POD_HASH) == rollout.pod_hash.as_ref()
        }
        _ => candidate.template.fingerprint == owner.template.fingerprint,
    };
    candidates
        .filter(|candidate| {
            candidate.kind == WorkloadKind::ReplicaSet
                && candidate.controller.as_ref().is_some_and(|above| above.uid == owner.uid)
                && has_newest_template(candidate)
        })
        .max_by_key(|candidate| candidate.revision)
}

/// The label by which Argo Rollouts tells the templates of a Rollout apart, on its `ReplicaSet`s and their pods.
const POD_HASH: &str = "rollouts-pod-template-hash";
