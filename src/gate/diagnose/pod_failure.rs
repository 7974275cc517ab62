//! Pods that ended as a whole by their own fault: evicted for a disk limit of their own, or ended in failure. A controller
//! that replaces such a pod mends nothing, and the next one may be Ready for a while.

use std::time::Duration;

use super::{disk_limit, disruption, exit_code};
use crate::gate::model::{Container, ContainerState, Ended, Phase, Pod, Role};
use crate::gate::result::{Cause, Code, Evidence, EvidenceKind, LogWanted, Place};
use crate::gate::spec::Plan;

/// How the pod ended by its own fault; `None` where it did not, where it was ended by the platform, or where nothing is
/// known but its phase. A pod on its way out is no evidence.
#[must_use]
pub fn own(pod: &Pod, plan: &Plan, now: Duration) -> Option<Cause> {
    if pod.deleting {
        return None;
    }
    if pod.phase == Some(Phase::Succeeded) {
        return completed(pod, now);
    }
    if pod.phase != Some(Phase::Failed) {
        return None;
    }
    if let Some(said) = disk_limit::exceeded(pod) {
        return Some(over_its_disk_limit(pod, said, plan, now));
    }
    if disruption::disturbed(pod).is_some() {
        return None;
    }
    let ended = failed_container(pod, plan);
    let late = pod.reason.as_deref() == Some("DeadlineExceeded");
    (ended.is_some() || late).then(|| in_failure(pod, ended, plan, now))
}

/// The pod ended well although its controller wants it to run: all its containers may end for good where each has a
/// `restartPolicy` of its own. The kinds are those that make another pod in its place.
fn completed(pod: &Pod, now: Duration) -> Option<Cause> {
    let wants_it_to_run = pod
        .controller
        .as_ref()
        .is_some_and(|owner| matches!(owner.kind.as_str(), "ReplicaSet" | "StatefulSet" | "DaemonSet"));
    if !wants_it_to_run || disruption::disturbed(pod).is_some() {
        return None;
    }
    let apps = || pod.containers.iter().filter(|container| container.role == Role::App);
    let ended = |container: &Container| match &container.status.as_ref()?.state {
        ContainerState::Terminated(ended) if !exit_code::is_the_nodes(ended) => Some(ended.exit_code),
        _ => None,
    };
    let container = apps().next().filter(|_| apps().all(|container| ended(container) == Some(0)))?;
    let message = format!(
        "the pod ended with exit code 0 of {} {}, although it should keep running",
        container.role.words(),
        container.name
    );
    let mut cause = Cause::new(Code::CrashLoop, Place::of_pod(pod), message, now);
    cause.place.container = Some(container.name.clone());
    cause.place.role = Some(container.role);
    cause.exit_status = Some(0);
    cause.next_step = format!(
        "Make the process of {} stay in the foreground, give it `restartPolicy: Always`, or run what ends as a Job.",
        container.name
    );
    Some(cause)
}

/// The pod passed a limit of its own.
fn over_its_disk_limit(pod: &Pod, said: &str, plan: &Plan, now: Duration) -> Cause {
    let message = format!("the pod was evicted because it exceeded its own limit: {said}");
    let mut cause = Cause::new(Code::DiskLimitExceeded, Place::of_pod(pod), message, now);
    cause.next_step = disk_limit::advice(said, &plan.namespace, &pod.name);
    cause.evidence.push(Evidence { kind: EvidenceKind::Status, text: format!("Evicted: {said}") });
    cause
}

/// The pod ended in failure; `ended` is the container that did.
pub fn in_failure(pod: &Pod, ended: Option<(&Container, &Ended)>, plan: &Plan, now: Duration) -> Cause {
    let why = match (pod.reason.as_deref(), pod.message.as_deref(), ended) {
        (Some(reason), Some(message), _) => format!("{reason}: {message}"),
        (Some(reason), None, _) => reason.to_owned(),
        (None, _, Some((container, ended))) => {
            format!("{} {} ended with {}", container.role.words(), container.name, exit_code::in_words(ended))
        }
        (None, Some(message), None) => message.to_owned(),
        (None, None, None) => "its phase is Failed".to_owned(),
    };
    let message = format!("the pod failed: {why}");
    let mut cause = Cause::new(Code::PodFailed, Place::of_pod(pod), message, now);
    if let Some((container, ended)) = ended {
        cause.place.container = Some(container.name.clone());
        cause.place.role = Some(container.role);
        cause.exit_status = Some(ended.exit_code);
        let restarts = container.status.as_ref().map_or(0, |status| status.restart_count);
        cause.restarts = Some(restarts);
        cause.log = Some(LogWanted {
            pod: pod.name.clone(),
            container: container.name.clone(),
            attempt: restarts,
            previous: false,
        });
        cause.next_step = format!(
            "Fix the error in the last log lines. The whole log: `kubectl logs -n {} {} -c {}`",
            plan.namespace, pod.name, container.name
        );
    }
    cause
}

/// The container that ended in failure, by its own doing.
pub fn failed_container<'a>(pod: &'a Pod, plan: &Plan) -> Option<(&'a Container, &'a Ended)> {
    let counted = pod.containers.iter().filter(|container| !plan.ignore_containers.contains(&container.name));
    counted.into_iter().find_map(|container| match &container.status.as_ref()?.state {
        ContainerState::Terminated(ended) if ended.exit_code != 0 && !exit_code::is_the_nodes(ended) => {
            Some((container, ended))
        }
        _ => None,
    })
}
