//! Who the stable pods are: those that the gated version is compared with.

use std::collections::BTreeSet;

use crate::gate::evaluate::attribution::{Attribution, Owner};
use crate::gate::evaluate::flagger_canary;
use crate::gate::model::{Detail, Phase, Pod, Selector, Test, Workload, WorkloadKind};
use crate::gate::spec::{Plan, StableArm};
use crate::gate::state::ClusterState;

/// How the stable pods are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StableQuestion {
    /// Among the pods with these labels.
    Pods(Selector),
    /// Among those of this workload, which must be read for its selector.
    Workload(WorkloadKind, String),
}

/// The question whose answer holds the stable pods; `None` where that is not known yet, or nothing is compared.
#[must_use]
pub fn question(state: &ClusterState, plan: &Plan) -> Option<StableQuestion> {
    let metrics = plan.metrics.as_ref().filter(|metrics| metrics.compares())?;
    match &metrics.stable {
        StableArm::Previous => selector_of(previous(state, plan)?),
        StableArm::Workload(kind, name) => Some(StableQuestion::Workload(*kind, name.clone())),
        StableArm::Version(version) => at_version(&plan.selector, &plan.version_label, version),
        StableArm::Selector(selector) => Some(StableQuestion::Pods(selector.clone())),
    }
}

/// The gate's own selector, with another version.
fn at_version(own: &Selector, label: &str, version: &str) -> Option<StableQuestion> {
    let labels = own.requirements().iter().map(|requirement| match &requirement.test {
        Test::Equals(_) if requirement.key == label => Some((label, version)),
        Test::Equals(value) => Some((requirement.key.as_str(), value.as_str())),
        _ => None,
    });
    let labels: Vec<_> = labels.collect::<Option<_>>()?;
    labels.iter().any(|(key, _)| *key == label).then(|| StableQuestion::Pods(Selector::equals(labels)))
}

fn selector_of(workload: &Workload) -> Option<StableQuestion> {
    let labels = workload.match_labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    (!workload.match_labels.is_empty()).then(|| StableQuestion::Pods(Selector::equals(labels)))
}

/// The workload whose pods of another revision are the stable ones.
fn previous<'a>(state: &'a ClusterState, plan: &Plan) -> Option<&'a Workload> {
    let attribution = Attribution::of(state, plan);
    let top = attribution.groups.iter().find_map(|group| match group.owner {
        Owner::Workload(workload) => Some(workload),
        Owner::Nobody(_) | Owner::Unreadable { .. } => None,
    })?;
    Some(flagger_canary::primary_of(top, state).unwrap_or(top))
}

/// The stable ones among these pods, by name: running, not on their way out, and none of the gated version.
#[must_use]
pub fn stable_pods(pods: &[Pod], state: &ClusterState, plan: &Plan) -> BTreeSet<String> {
    let attribution = Attribution::of(state, plan);
    let gated: BTreeSet<&str> =
        attribution.groups.iter().flat_map(|group| &group.pods).map(|history| history.pod.uid.as_str()).collect();
    let is_previous = plan.metrics.as_ref().is_some_and(|metrics| metrics.stable == StableArm::Previous);
    let owner = if is_previous { previous(state, plan) } else { None };
    let is_stable = |pod: &&Pod| {
        let is_up = pod.phase == Some(Phase::Running) && !pod.deleting;
        let is_of_owner = !is_previous || owner.is_some_and(|owner| is_under(pod, owner, state));
        is_up && is_of_owner && !gated.contains(pod.uid.as_str())
    };
    pods.iter().filter(is_stable).map(|pod| pod.name.clone()).collect()
}

/// True for a pod of this workload: of an older revision, or, where a Rollout says which one is stable, of that one.
fn is_under(pod: &Pod, owner: &Workload, state: &ClusterState) -> bool {
    let Some(controller) = &pod.controller else { return false };
    let set = state.workload(&controller.uid);
    let is_of_it = controller.uid == owner.uid
        || set.and_then(|set| set.controller.as_ref()).is_some_and(|above| above.uid == owner.uid);
    let is_of_stable_set = match &owner.detail {
        Detail::Rollout(rollout) => rollout
            .stable_hash
            .as_ref()
            .is_none_or(|hash| pod.labels.get("rollouts-pod-template-hash").is_none_or(|own| own == hash)),
        _ => true,
    };
    is_of_it && is_of_stable_set
}
