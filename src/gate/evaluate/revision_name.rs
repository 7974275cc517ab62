//! What a controller calls the newest template of a workload: the value of the label by which it tells its pods apart.

use super::daemon_set_revision::{self, NewestRevision, newest_revision};
use super::{argo_rollout, revision};
use crate::gate::model::{Detail, Workload};
use crate::gate::state::ClusterState;

/// The name of the revision that a workload has: the value of `pod-template-hash` on the pods of a Deployment or a
/// `ReplicaSet`, of `rollouts-pod-template-hash` on those of a Rollout, of `controller-revision-hash` on those of a
/// `StatefulSet`, a `DaemonSet` or a `CloneSet`. `None` while the controller has not named the newest template yet, and for
/// kinds that name none: what a status still says of the template before it is never taken for the name of this one.
#[must_use]
pub fn revision_name(workload: &Workload, state: &ClusterState) -> Option<String> {
    let is_observed = workload.generation.is_some() && workload.observed_generation >= workload.generation;
    let newest_set = || revision::newest_replica_set(workload, state.replica_sets_of(&workload.uid));
    match &workload.detail {
        Detail::Deployment { .. } => newest_set()?.template.labels.get("pod-template-hash").cloned(),
        Detail::ReplicaSet { .. } => workload.template.labels.get("pod-template-hash").cloned(),
        Detail::Rollout(rollout) => {
            let hash = rollout.pod_hash.clone();
            hash.filter(|_| argo_rollout::has_caught_up(rollout, workload, newest_set()))
        }
        Detail::StatefulSet { update_revision, .. } => update_revision.clone().filter(|_| is_observed),
        Detail::CloneSet(status) => status.update_revision.clone().filter(|_| is_observed),
        Detail::DaemonSet { template_generation: Some(generation), .. } => {
            let pods = state.pods_of(&workload.uid).filter_map(|uid| Some(&state.pods.get(uid)?.pod));
            let mut newest = pods.filter(|pod| pod.labels.get("pod-template-generation") == Some(generation));
            newest.find_map(|pod| daemon_set_revision::revision_of(pod)).map(str::to_owned)
        }
        Detail::DaemonSet { template_generation: None, .. } if is_observed => {
            match newest_revision(workload, &daemon_set_revision::counts(workload, state)) {
                NewestRevision::Is(revision) => revision,
                NewestRevision::Unknown => None,
            }
        }
        Detail::DaemonSet { .. } | Detail::Job { .. } | Detail::Canary(_) => None,
    }
}
