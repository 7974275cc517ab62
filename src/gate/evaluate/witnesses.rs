//! Whose word a pass rests on, beside that of the pods: what the confirming read asks for by name.

use super::attribution::{GroupHead, Owner};
use super::flagger_canary;
use crate::gate::model::{Workload, WorkloadKind};
use crate::gate::state::ClusterState;

/// The workloads that speak for a group: its owner; of a Rollout the `ReplicaSet` that says how many pods are wanted and the
/// workload whose template it uses; of a Canary's target that Canary and the primary.
#[must_use]
pub fn of<'a>(head: GroupHead<'a>, state: &'a ClusterState) -> Vec<&'a Workload> {
    let Owner::Workload(owner) = head.owner else { return Vec::new() };
    let mut witnesses = vec![owner];
    if owner.kind == WorkloadKind::Rollout {
        witnesses.extend(head.replica_set);
        witnesses.extend(owner.refers_to().and_then(|reference| state.workload_named(reference)));
    }
    if let Some((canary, _)) = flagger_canary::of(owner, state) {
        witnesses.push(canary);
        witnesses.extend(flagger_canary::primary_of(owner, state));
    }
    witnesses
}
