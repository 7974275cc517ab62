//! Which kinds of workloads must be followed for a verdict.
//!
//! A kind matters while an owner of it is in play, or can be: as long as nothing of the gated version is known, every
//! kind may bring it. Once the owners are known the others need not be followed: whatever comes of them shows itself by
//! its pods, whose controllerRef names the kind that is then followed again, and what has no pods is found by the
//! confirming read, which lists every kind that was not proven a moment before. So a break of all watches, or an API
//! server that was away, costs the requests of two kinds and not of five.

use super::attribution::{Attribution, Owner};
use crate::gate::memory::Needs;
use crate::gate::model::{Workload, WorkloadKind};
use crate::gate::spec::{Plan, Until};
use crate::gate::state::ClusterState;

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
    /// Kinds that the pods refer to, or what owns them, whose object has not been seen yet.
    pub unseen: Kinds,
    /// A Canary of Flagger may have to say something of one of the owners: one is known, or an owner asks for no pods, as the
    /// target of a Canary does outside an analysis.
    pub canary_may_speak: bool,
    /// Custom resources that own pods and of which something was seen in the namespace: one of the gated version may be
    /// there that has no pod.
    pub signs: Kinds,
}

/// True for a workload that may be the target of a Canary and asks for no pods.
#[must_use]
pub fn is_at_zero(workload: &Workload) -> bool {
    matches!(workload.kind, WorkloadKind::Deployment | WorkloadKind::DaemonSet) && workload.desired == Some(0)
}

/// The custom resources that own pods and of which something was seen.
#[must_use]
pub fn signs_in(state: &ClusterState) -> Kinds {
    WorkloadKind::ALL.map(|kind| kind != WorkloadKind::Canary && state.has_signs_of(kind))
}

impl InPlay {
    /// Who of all that belongs to the gate.
    #[must_use]
    pub fn of(attribution: &Attribution<'_>, state: &ClusterState) -> Self {
        let mut in_play = Self { canary_may_speak: state.has_canaries(), signs: signs_in(state), ..Self::default() };
        for group in &attribution.groups {
            let kind = if let Owner::Workload(workload) = group.owner { Some(workload.kind) } else { None };
            in_play.speaks |= kind != Some(WorkloadKind::Job);
            if let Some(kind) = kind {
                in_play.owners[kind as usize] = true;
            }
            in_play.canary_may_speak |= matches!(group.owner, Owner::Workload(workload) if is_at_zero(workload));
        }
        for (_, kind) in &attribution.unattributed {
            in_play.unseen[*kind as usize] = true;
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
        let is_owner = |kind: WorkloadKind| self.owners[kind as usize];
        let is_asked_for = |kind: WorkloadKind| is_owner(kind) || is_unseen(kind) || is_pinned(kind);
        // A Canary has no pods of its own: those of its target are gated.
        let targets = [WorkloadKind::Deployment, WorkloadKind::DaemonSet];
        let awaits_target = is_pinned(WorkloadKind::Canary) && !targets.into_iter().any(is_owner);
        // A Deployment's pods are those of a ReplicaSet, and above a ReplicaSet there may be a Deployment. A Rollout has its
        // pods from a ReplicaSet too, and its template may be that of a Deployment.
        let pair = [WorkloadKind::Deployment, WorkloadKind::ReplicaSet];
        let has_pair = pair.into_iter().any(is_asked_for) || is_asked_for(WorkloadKind::Rollout) || awaits_target;
        let is_asked_to_end = plan.until == Until::Promoted;
        let speaks_of_target = (self.canary_may_speak || is_asked_to_end) && targets.into_iter().any(is_asked_for);
        let is_needed = |kind: &WorkloadKind| {
            is_asked_for(*kind)
                || (has_pair && pair.contains(kind))
                || (awaits_target && targets.contains(kind))
                || (speaks_of_target && *kind == WorkloadKind::Canary)
                || self.signs[*kind as usize]
        };
        Needs::These(WorkloadKind::ALL.into_iter().filter(is_needed).collect())
    }
}
