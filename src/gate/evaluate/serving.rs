//! Who still serves where the gated version did not come up: pods of older revisions of the same workload that are Ready.
//!
//! Only what was seen fresh is told. The pods of another version are often none that the gate watches, and then the
//! `ReplicaSet`s say how many of theirs are Ready; the kinds that have none are told of only by pods that were seen.

use std::collections::BTreeMap;

use super::attribution::OwnerGroup;
use super::{flagger_canary, version};
use crate::gate::model::{Detail, Source, Workload, WorkloadKind};
use crate::gate::result::{OlderRevision, Serving};
use crate::gate::spec::Plan;
use crate::gate::state::ClusterState;

/// Who serves beside the gated version's own pods; `None` where that is not known, or where its own pods alone do.
#[must_use]
pub fn serving(group: &OwnerGroup<'_>, owner: &Workload, state: &ClusterState, plan: &Plan) -> Option<Serving> {
    let is_fresh = |source| state.sources.is_fresh(source);
    if !is_fresh(Source::Pods) || !is_fresh(Source::Workloads(owner.kind)) || group.head().is_hook(plan) {
        return None;
    }
    let mut older = match owner.kind {
        WorkloadKind::Job | WorkloadKind::Canary => return None,
        WorkloadKind::Deployment | WorkloadKind::Rollout if !is_fresh(Source::Workloads(WorkloadKind::ReplicaSet)) => {
            return None;
        }
        WorkloadKind::Deployment | WorkloadKind::Rollout => by_sets(group, owner, state, plan)?,
        WorkloadKind::ReplicaSet | WorkloadKind::StatefulSet | WorkloadKind::DaemonSet | WorkloadKind::CloneSet => {
            by_pods(group, owner, state, plan)
        }
    };
    older.sort_by(|one, other| other.ready.cmp(&one.ready).then_with(|| one.name.cmp(&other.name)));
    // With a pin all pods of the workload are watched, and where its sets were read all of them are known.
    let is_whole = plan.workload.is_some() || matches!(owner.kind, WorkloadKind::Deployment | WorkloadKind::Rollout);
    let none_is_ready = group.ready() == 0 && owner.available.unwrap_or(0) == 0 && owner.desired != Some(0);
    let is_told = !older.is_empty() || (is_whole && none_is_ready);
    is_told.then(|| Serving { workload: group.name(), older })
}

/// The older revisions by what their `ReplicaSet`s, or the copy that Flagger makes, count. `None` where a set does not say.
fn by_sets(group: &OwnerGroup<'_>, owner: &Workload, state: &ClusterState, plan: &Plan) -> Option<Vec<OlderRevision>> {
    let mut older = Vec::new();
    for set in older_sets(group, owner, state) {
        let Detail::ReplicaSet { ready, .. } = set.detail else { continue };
        let ready = ready?;
        if ready > 0 {
            older.push(OlderRevision { ready, ..revision(set, plan) });
        }
    }
    let copy = state.workload_named(&owner.reference().primary());
    if flagger_canary::of(owner, state).is_some() || copy.is_some() {
        // The pods of the version before are those of the copy. One that is not there, or does not say, is not guessed at.
        let copy = copy?;
        if let Some(ready) = copy.available.filter(|ready| *ready > 0) {
            older.push(OlderRevision { ready, ..revision(copy, plan) });
        }
    }
    Some(older)
}

/// The older revisions by the pods that were seen.
fn by_pods(group: &OwnerGroup<'_>, owner: &Workload, state: &ClusterState, plan: &Plan) -> Vec<OlderRevision> {
    let own = |uid: &str| group.pods.iter().chain(&group.left_out).any(|history| history.pod.uid == uid);
    let mut older: BTreeMap<(Option<String>, String), u32> = BTreeMap::new();
    for history in state.pods_of(&owner.uid).filter_map(|uid| state.pods.get(uid)) {
        let pod = &history.pod;
        if pod.is_ready() && !pod.deleting && !own(&pod.uid) {
            let name = pod.labels.get("controller-revision-hash").unwrap_or(&owner.name);
            *older.entry((named(version::name_of_pod(pod, plan), plan), name.clone())).or_default() += 1;
        }
    }
    older.into_iter().map(|((version, name), ready)| OlderRevision { version, name, ready }).collect()
}

/// The `ReplicaSet`s of an owner that do not have its newest template.
pub fn older_sets<'a>(
    group: &OwnerGroup<'a>,
    owner: &Workload,
    state: &'a ClusterState,
) -> impl Iterator<Item = &'a Workload> {
    let newest = group.head().replica_set.map(|set| set.uid.clone());
    state.replica_sets_of(&owner.uid).filter(move |set| newest.as_ref() != Some(&set.uid) && !set.deleting)
}

/// The revision that has this template, with no pods yet.
#[must_use]
pub fn revision(workload: &Workload, plan: &Plan) -> OlderRevision {
    let version = named(version::name_of(workload, plan), plan);
    OlderRevision { version, name: workload.name.clone(), ready: 0 }
}

/// The name of a version, where it is another than the gated one.
fn named(version: Option<String>, plan: &Plan) -> Option<String> {
    version.filter(|version| *version != plan.version)
}
