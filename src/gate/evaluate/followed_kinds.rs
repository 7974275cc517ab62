//! Which kinds of workloads must be followed for a verdict.
//!
//! A kind matters while an owner of it is in play, or can be: as long as nothing of the gated version is known, every
//! kind may bring it. Once the owners are known the others need not be followed: whatever comes of them shows itself by
//! its pods, whose controllerRef names the kind that is then followed again, and what has no pods is found by the
//! confirming read, which lists every kind that was not proven a moment before. So a break of all watches, or an API
//! server that was away, costs the requests of two kinds and not of five.

use std::collections::BTreeSet;

use super::attribution::{Attribution, Owner};
use crate::gate::memory::Needs;
use crate::gate::model::WorkloadKind;
use crate::gate::spec::Plan;

/// What follows from who belongs to the gate.
#[must_use]
pub fn needs_of(attribution: &Attribution<'_>, plan: &Plan) -> Needs {
    // A Job under the same labels (a migration, a hook) says nothing about where the app itself will come from.
    let speaks = |owner: Owner<'_>| !matches!(owner, Owner::Workload(job) if job.kind == WorkloadKind::Job);
    let unseen = attribution.unattributed.iter().filter_map(|history| {
        let controller = history.pod.controller.as_ref()?;
        WorkloadKind::from_kind(&controller.kind)
    });
    let unseen: BTreeSet<WorkloadKind> = unseen.collect();
    let is_known = plan.workload.is_some()
        || attribution.groups.iter().any(|group| speaks(group.owner))
        || unseen.iter().any(|kind| *kind != WorkloadKind::Job);
    if !is_known {
        return Needs::All;
    }
    let owners = attribution.groups.iter().filter_map(|group| match group.owner {
        Owner::Workload(workload) => Some(workload.kind),
        Owner::Nobody | Owner::Unreadable { .. } => None,
    });
    let pinned = plan.workload.as_ref().map(|pin| pin.kind);
    let mut kinds: BTreeSet<WorkloadKind> = owners.chain(unseen).chain(pinned).collect();
    // A Deployment's pods are those of a ReplicaSet, and above a ReplicaSet there may be a Deployment.
    if kinds.contains(&WorkloadKind::Deployment) || kinds.contains(&WorkloadKind::ReplicaSet) {
        kinds.extend([WorkloadKind::Deployment, WorkloadKind::ReplicaSet]);
    }
    Needs::These(kinds)
}
