//! What keeps a pod as a whole from running: no node, no volume, no sandbox, a node that does not answer, an end in
//! failure.

use std::time::Duration;

use super::{container_create, disruption, pod_failure, scheduling, volume_claims};
use crate::gate::memory::EventIndex;
use crate::gate::model::{Container, ContainerState, Phase, Pod};
use crate::gate::result::{Cause, Code, Evidence, EvidenceKind, FirstSeen, Place};
use crate::gate::spec::Plan;

/// True while no container of the pod has ever been started: sandbox and volumes come first.
pub fn waits_for_its_sandbox(pod: &Pod) -> bool {
    let sandbox = pod.sandbox_ready.as_ref().is_some_and(|condition| condition.status);
    !sandbox && pod.node.is_some() && pod.containers.iter().all(never_started)
}

fn never_started(container: &Container) -> bool {
    container.status.as_ref().is_none_or(|status| {
        status.last.is_none() && matches!(status.state, ContainerState::Waiting { .. } | ContainerState::Unknown)
    })
}

/// The scheduler's refusal.
pub fn scheduling(
    pod: &Pod,
    event_index: &EventIndex,
    namespace: &str,
    now: Duration,
    first_seen: &mut FirstSeen,
) -> Option<Cause> {
    let scheduled = pod.scheduled.as_ref().filter(|condition| !condition.status)?;
    let reason = scheduled.reason.as_deref().unwrap_or("Unschedulable");
    let said = scheduled.message.as_deref().unwrap_or_default();
    let claim = is_about_a_claim(said).then(|| volume_claims::of(pod, event_index, said, namespace));
    let (code, message) = if let Some(claim) = &claim {
        (Code::VolumeUnavailable, claim.message.clone())
    } else if reason == "SchedulingGated" {
        (Code::Unschedulable, "the pod is held back by its scheduling gates".to_owned())
    } else {
        (Code::Unschedulable, scheduling::in_words(said, pod))
    };
    let mut cause = Cause::new(code, Place::of_pod(pod), message, first_seen.of(None, code, now));
    if code == Code::Unschedulable {
        if let Some(advice) = scheduling::advice(said, pod) {
            cause.next_step = advice;
        } else if reason == "SchedulingGated" {
            cause.next_step = format!(
                "Find the controller that should remove `spec.schedulingGates`: `kubectl get pod -n {namespace} {} -o yaml`",
                pod.name
            );
        }
        cause.help_is_coming = event_index.newest(&pod.uid, "TriggeredScaleUp").is_some();
        for reason in ["TriggeredScaleUp", "NotTriggerScaleUp"] {
            if let Some(said) = event_index.newest(&pod.uid, reason) {
                let text = format!("{reason}: {}", said.message);
                cause.evidence.push(Evidence { kind: EvidenceKind::Event, text });
            }
        }
    }
    if let Some(claim) = claim {
        cause.next_step = claim.next_step;
        cause.evidence.extend(claim.said.map(|text| Evidence { kind: EvidenceKind::Event, text }));
    }
    if !said.is_empty() {
        cause
            .evidence
            .push(Evidence { kind: EvidenceKind::Status, text: format!("PodScheduled=False {reason}: {said}") });
    }
    Some(cause)
}

/// True where the scheduler waits for a `PersistentVolumeClaim`, not for a node.
fn is_about_a_claim(said: &str) -> bool {
    let text = said.to_lowercase();
    text.contains("unbound immediate persistentvolumeclaim")
        || text.contains("persistent volumes to bind")
        || text.contains("binding volumes: ")
        || (text.contains("persistentvolumeclaim \"") && text.contains("not found"))
        || text.contains("persistentvolumeclaim \"") && text.contains("is being deleted")
}

/// Volumes that cannot be attached or mounted, as only events tell.
pub fn volumes(
    pod: &Pod,
    event_index: &EventIndex,
    plan: &Plan,
    now: Duration,
    first_seen: &mut FirstSeen,
) -> Option<Cause> {
    if !waits_for_its_sandbox(pod) {
        return None;
    }
    // The kubelet pulls images once all volumes are there: what was said of them before that is over.
    let moved_on = ["Pulling", "Pulled", "Created", "Started"].into_iter();
    let moved_on = moved_on.filter_map(|reason| event_index.newest(&pod.uid, reason)).map(|said| said.order).max();
    let said = ["FailedMount", "FailedAttachVolume", "FailedMapVolume"].into_iter().flat_map(|reason| {
        event_index
            .about(&pod.uid, reason)
            .map(move |said| (reason, said, container_create::cause_of_failed_mount(&said.message)))
    });
    let said = said.filter(|(_, said, _)| moved_on.is_none_or(|order| said.order > order));
    // What is missing explains the time-out that follows it, whichever was said last.
    let (reason, said, code) = said.max_by_key(|(_, said, code)| (*code == Code::ConfigMissing, said.order))?;
    let object = container_create::missing_object(&said.message);
    let message = match (&object, code) {
        (Some(object), Code::ConfigMissing) => format!("a volume of the pod needs {object}, which does not exist"),
        _ => format!("a volume of the pod does not exist: {}", said.message),
    };
    let mut cause = Cause::new(code, Place::of_pod(pod), message, first_seen.of(None, code, now));
    cause.next_step = match (object, code) {
        (Some(object), Code::ConfigMissing) => {
            container_create::advice(&object, &plan.namespace, "correct the volume that refers to it")
        }
        _ => format!(
            "Look at the claim and at its driver: `kubectl get pvc -n {0}`, `kubectl describe pod -n {0} {1}`",
            plan.namespace, pod.name
        ),
    };
    cause.evidence.push(Evidence { kind: EvidenceKind::Event, text: format!("{reason}: {}", said.message) });
    Some(cause)
}

/// A sandbox that the node cannot build, as only events tell.
pub fn sandbox(pod: &Pod, event_index: &EventIndex, now: Duration, first_seen: &mut FirstSeen) -> Option<Cause> {
    if !waits_for_its_sandbox(pod) {
        return None;
    }
    let said = event_index.newest(&pod.uid, "FailedCreatePodSandBox")?;
    let message = format!("the node cannot create the pod's sandbox: {}", said.message);
    Some(Cause::new(Code::SandboxFailed, Place::of_pod(pod), message, first_seen.of(None, Code::SandboxFailed, now)))
}

/// A node that does not answer. `node_ready` is what the node itself says, where that is known.
pub fn node(pod: &Pod, node_ready: Option<bool>, now: Duration, first_seen: &mut FirstSeen) -> Option<Cause> {
    if node_ready != Some(false) && !disruption::looks_lost(pod) {
        return None;
    }
    let name = pod.node.as_deref().unwrap_or("(unnamed)");
    let message = if node_ready == Some(true) {
        format!("node {name} did not respond for a while, and has not reported on the pod since it came back")
    } else {
        format!("node {name} does not respond, so the state of the pod is unknown")
    };
    Some(Cause::new(Code::NodeNotReady, Place::of_pod(pod), message, first_seen.of(None, Code::NodeNotReady, now)))
}

/// The end in failure of a pod that nobody restarts or replaces.
pub fn failed(pod: &Pod, plan: &Plan, now: Duration, first_seen: &mut FirstSeen) -> Option<Cause> {
    if pod.phase != Some(Phase::Failed) {
        return None;
    }
    let mut cause = pod_failure::own(pod, plan, now).unwrap_or_else(|| {
        let ended = pod.containers.iter().find_map(|container| match &container.status.as_ref()?.state {
            ContainerState::Terminated(ended) if ended.exit_code != 0 => Some((container, ended)),
            _ => None,
        });
        pod_failure::in_failure(pod, ended, plan, now)
    });
    cause.since = first_seen.of(None, cause.code, now);
    Some(cause)
}
