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
    /// A Rollout is there whose template is that of another workload: it may be one of the owners.
    pub has_workload_refs: bool,
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
        let mut in_play = Self {
            canary_may_speak: state.has_canaries(),
            has_workload_refs: state.has_workload_refs(),
            signs: signs_in(state),
            ..Self::default()
        };
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
            return Needs::All(WorkloadKind::ALL.into_iter().filter(|kind| self.signs[*kind as usize]).collect());
        }
        let is_pinned = |kind: WorkloadKind| plan.workload.as_ref().is_some_and(|pin| pin.kind == kind);
        let is_owner = |kind: WorkloadKind| self.owners[kind as usize];
        let is_asked_for = |kind: WorkloadKind| is_owner(kind) || is_unseen(kind) || is_pinned(kind);
        // A Canary has no pods of its own: those of its target are gated.
        let targets = [WorkloadKind::Deployment, WorkloadKind::DaemonSet];
        let awaits_target = is_pinned(WorkloadKind::Canary) && !targets.into_iter().any(is_owner);
        // A Deployment's pods are those of a ReplicaSet, and above a ReplicaSet there may be a Deployment. A Rollout has its
        // pods from a ReplicaSet too, and only where it says so is its template that of a Deployment.
        let pair = [WorkloadKind::Deployment, WorkloadKind::ReplicaSet];
        let has_rollout = is_asked_for(WorkloadKind::Rollout);
        let has_template = has_rollout && self.has_workload_refs;
        let has_pair = pair.into_iter().any(is_asked_for) || has_template || awaits_target;
        let is_asked_to_end = plan.until == Until::Promoted;
        let speaks_of_target = (self.canary_may_speak || is_asked_to_end) && targets.into_iter().any(is_asked_for);
        let is_needed = |kind: &WorkloadKind| {
            is_asked_for(*kind)
                || (has_pair && pair.contains(kind))
                || (has_rollout && *kind == WorkloadKind::ReplicaSet)
                || (awaits_target && targets.contains(kind))
                || (speaks_of_target && *kind == WorkloadKind::Canary)
                || self.signs[*kind as usize]
        };
        Needs::These(WorkloadKind::ALL.into_iter().filter(is_needed).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::InPlay;
    use crate::gate::memory::Needs;
    use crate::gate::model::WorkloadKind::{self, CloneSet, Deployment, ReplicaSet, Rollout, StatefulSet};
    use crate::gate::spec::Plan;

    fn needed(in_play: InPlay) -> Needs {
        in_play.needs(&Plan::new("checkout", "v2", "shop"))
    }

    fn of(kinds: &[WorkloadKind]) -> super::Kinds {
        WorkloadKind::ALL.map(|kind| kinds.contains(&kind))
    }

    #[test]
    fn a_deployment_is_followed_beside_a_rollout_only_where_one_has_its_template() {
        let rollout = InPlay { speaks: true, owners: of(&[Rollout]), ..InPlay::default() };
        assert_eq!(needed(rollout), Needs::These([ReplicaSet, Rollout].into()));
        let refers = InPlay { has_workload_refs: true, ..rollout };
        assert_eq!(needed(refers), Needs::These([Deployment, ReplicaSet, Rollout].into()));
        let of_another = InPlay { owners: of(&[StatefulSet]), ..refers };
        assert_eq!(needed(of_another), Needs::These([StatefulSet].into()), "the Rollout is none of the owners");
        let unseen_set = InPlay { unseen: of(&[ReplicaSet]), ..InPlay::default() };
        assert_eq!(needed(unseen_set), Needs::These([Deployment, ReplicaSet].into()));
    }

    #[test]
    fn while_nothing_is_known_custom_resources_are_needed_by_their_signs() {
        assert_eq!(needed(InPlay::default()), Needs::EVERYTHING);
        let signs = InPlay { signs: of(&[Rollout, CloneSet]), ..InPlay::default() };
        assert_eq!(needed(signs), Needs::All([Rollout, CloneSet].into()));
    }
}
