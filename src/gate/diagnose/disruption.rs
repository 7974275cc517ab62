//! Ends of pods that are not the app's fault: evicted, preempted, shut down with their node, refused by their node.

use super::disk_limit;
use crate::gate::model::{Phase, Pod};

/// Why the pod is disturbed, in a few words; `None` where it is not.
///
/// A disturbed pod is left out: it neither passes nor fails, and its replacement counts. The condition
/// `DisruptionTarget` comes a little before the deletion; `status.reason` stays on the pods that the kubelet ended.
#[must_use]
pub fn disturbed(pod: &Pod) -> Option<String> {
    if disk_limit::exceeded(pod).is_some() {
        return None;
    }
    if let Some(target) = pod.disruption.as_ref().filter(|condition| condition.status) {
        return Some(target.reason.as_deref().map_or_else(|| "disrupted".to_owned(), in_words));
    }
    if pod.phase != Some(Phase::Failed) {
        return None;
    }
    pod.reason.as_deref().filter(|reason| is_the_nodes(reason)).map(in_words)
}

/// The reasons by which a kubelet, or the controllers beside it, end pods for causes of their own: as they run, or where the
/// kubelet does not admit what the scheduler gave it.
pub fn is_the_nodes(reason: &str) -> bool {
    reason.starts_with("OutOf")
        || matches!(
            reason,
            "Evicted" | "Preempting" | "Preempted" | "NodeShutdown" | "Shutdown" | "Terminated" | "NodeLost"
        )
        || NOT_ADMITTED.contains(&reason)
}

/// Why a kubelet admits a pod not, beside a lack of resources: its own checks, those of the scheduler that it repeats, and
/// features that it does not have (`status.reason`).
const NOT_ADMITTED: [&str; 19] = [
    "AppArmor",
    "InitContainerRestartPolicyForbidden",
    "InvalidNodeInfo",
    "NodeAffinity",
    "NodeName",
    "NodePorts",
    "PodFeatureUnsupported",
    "PodLevelResourcesNotSupported",
    "PodOSNotSupported",
    "PodOSSelectorNodeLabelDoesNotMatch",
    "SMTAlignmentError",
    "SupplementalGroupsPolicyNotSupported",
    "SysctlForbidden",
    "TaintToleration",
    "TopologyAffinityError",
    "UnexpectedAdmissionError",
    "UnexpectedPredicateFailureType",
    "UnknownReason",
    "VolumeAttachmentLimitExceeded",
];

fn in_words(reason: &str) -> String {
    match reason {
        "EvictionByEvictionAPI" => "evicted through the eviction API (a drain, for example)".to_owned(),
        "PreemptionByScheduler" | "PreemptionByKubeScheduler" | "Preempting" | "Preempted" => {
            "preempted by a pod of higher priority".to_owned()
        }
        "DeletionByTaintManager" => "evicted by a taint of its node".to_owned(),
        "DeletionByPodGC" => "removed because its node is gone".to_owned(),
        "TerminationByKubelet" | "Evicted" => "evicted by its node (pressure or shutdown)".to_owned(),
        "NodeShutdown" | "Shutdown" | "Terminated" => "ended with the shutdown of its node".to_owned(),
        "NodeLost" => "lost with its node".to_owned(),
        other => format!("refused or ended by its node ({other})"),
    }
}

/// True where the pod's node does not answer: its condition `Ready` turned False without a reason while its containers
/// still say ready, which only the node lifecycle controller does.
#[must_use]
pub fn looks_lost(pod: &Pod) -> bool {
    let ready_taken_away = pod.ready.as_ref().is_some_and(|ready| !ready.status && ready.reason.is_none());
    let statuses = || pod.containers.iter().filter_map(|container| container.status.as_ref());
    pod.phase == Some(Phase::Running)
        && ready_taken_away
        && statuses().all(|status| status.ready || !matches!(status.state, crate::gate::model::ContainerState::Running))
        && statuses().any(|status| status.ready)
}

#[cfg(test)]
mod tests {
    use super::looks_lost;
    use crate::gate::model::{
        Condition, Container, ContainerState, ContainerStatus, Phase, Pod, Probes, ResourceVersion, RestartPolicy, Role,
    };

    fn pod(container_ready: bool, reason: Option<&str>) -> Pod {
        let status = ContainerStatus {
            ready: container_ready,
            started: None,
            restart_count: 0,
            container_id: None,
            state: ContainerState::Running,
            last: None,
        };
        let container = Container {
            name: "app".to_owned(),
            role: Role::App,
            image: String::new(),
            restart_policy: None,
            memory_limit: None,
            requests: std::collections::BTreeMap::new(),
            restart_rules: Vec::new(),
            resize: None,
            in_place: None,
            probes: Probes::default(),
            status: Some(status),
        };
        Pod {
            name: "a".to_owned(),
            namespace: "shop".to_owned(),
            uid: "a".to_owned(),
            resource_version: ResourceVersion::default(),
            labels: std::collections::BTreeMap::new(),
            controller: None,
            deleting: false,
            hook: false,
            main_container: None,
            created: None,
            phase: Some(Phase::Running),
            reason: None,
            message: None,
            node: Some("n".to_owned()),
            restart_policy: RestartPolicy::Always,
            ready: Some(Condition { status: false, since: None, reason: reason.map(str::to_owned), message: None }),
            in_place_ready: None,
            scheduled: None,
            disruption: None,
            sandbox_ready: None,
            resize: crate::gate::model::PodResize::Settled,
            claims: Vec::new(),
            containers: vec![container],
        }
    }

    #[test]
    fn only_the_node_lifecycle_controller_takes_readiness_without_a_reason() {
        assert!(looks_lost(&pod(true, None)));
        assert!(!looks_lost(&pod(true, Some("ContainersNotReady"))), "the kubelet gives a reason");
        assert!(!looks_lost(&pod(false, None)), "a container is not ready by its own word");
        let mut without_statuses = pod(true, None);
        without_statuses.containers[0].status = None;
        assert!(!looks_lost(&without_statuses), "nothing is known");
        let mut pending = pod(true, None);
        pending.phase = Some(Phase::Pending);
        assert!(!looks_lost(&pending));
        let mut finished_beside = pod(true, None);
        finished_beside.containers.push(pod(false, None).containers.remove(0));
        finished_beside.containers[1].status.as_mut().unwrap().state = ContainerState::Unknown;
        assert!(looks_lost(&finished_beside), "a container that does not run need not be ready");
    }
}
