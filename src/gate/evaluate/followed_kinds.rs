//! Which kinds of workloads must be followed for a verdict.
//!
//! A kind matters while an owner of it is in play, or can be: as long as nothing of the gated version is known, every
//! kind may bring it. Once the owners are known the others need not be followed: whatever comes of them shows itself by
//! its pods, whose controllerRef names the kind that is then followed again, and what has no pods is found by the
//! confirming read, which lists every kind that was not proven a moment before. So a break of all watches, or an API
//! server that was away, costs the requests of two kinds and not of five.

use super::attribution::{Attribution, Owner};
use crate::gate::memory::Needs;
use crate::gate::model::WorkloadKind;
use crate::gate::spec::Plan;

/// Of each kind of workload, in the order of [`WorkloadKind::ALL`]: true or false.
pub type Kinds = [bool; WorkloadKind::ALL.len()];

/// Who belongs to the gate, as far as it matters for what must be followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InPlay {
    /// A group is there that speaks for the app. A Job under the same labels (a migration, a hook) says nothing about
    /// where the app itself will come from.
    pub speaks: bool,
    /// Kinds of the workloads that have a group.
    pub owners: Kinds,
    /// Kinds that the pods refer to whose owner has not been seen yet.
    pub unseen: Kinds,
}

impl InPlay {
    /// Who of all that belongs to the gate.
    #[must_use]
    pub fn of(attribution: &Attribution<'_>) -> Self {
        let mut in_play = Self::default();
        for group in &attribution.groups {
            let kind = if let Owner::Workload(workload) = group.owner { Some(workload.kind) } else { None };
            in_play.speaks |= kind != Some(WorkloadKind::Job);
            if let Some(kind) = kind {
                in_play.owners[kind as usize] = true;
            }
        }
        for history in &attribution.unattributed {
            let kind = history.pod.controller.as_ref().and_then(|owner| WorkloadKind::from_kind(&owner.kind));
            if let Some(kind) = kind {
                in_play.unseen[kind as usize] = true;
            }
        }
        in_play
    }

    /// The kinds of workloads that must be followed.
    #[must_use]
    pub fn needs(self, plan: &Plan) -> Needs {
        let is_unseen = |kind: WorkloadKind| self.unseen[kind as usize];
        let is_known = plan.workload.is_some()
            || self.speaks
            || WorkloadKind::ALL.into_iter().any(|kind| kind != WorkloadKind::Job && is_unseen(kind));
        if !is_known {
            return Needs::All;
        }
        let is_pinned = |kind: WorkloadKind| plan.workload.as_ref().is_some_and(|pin| pin.kind == kind);
        let is_needed = |kind: WorkloadKind| self.owners[kind as usize] || is_unseen(kind) || is_pinned(kind);
        // A Deployment's pods are those of a ReplicaSet, and above a ReplicaSet there may be a Deployment.
        let pair = [WorkloadKind::Deployment, WorkloadKind::ReplicaSet];
        let has_pair = pair.into_iter().any(is_needed);
        let kinds = WorkloadKind::ALL.into_iter();
        Needs::These(kinds.filter(|kind| is_needed(*kind) || (has_pair && pair.contains(kind))).collect())
    }
}
