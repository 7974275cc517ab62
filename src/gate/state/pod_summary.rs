//! What a pod is doing.

use super::pod_history::PodHistory;
use crate::gate::diagnose::exit_code;
use crate::gate::model::{Container, ContainerState, Phase, Pod, Role};
use crate::gate::result::{Code, PodGlance, PodState, PodSummary};

/// What the pod is doing.
#[must_use]
pub fn state(history: &PodHistory) -> PodState {
    let pod = &history.pod;
    if let Some(why) = history.disturbed() {
        return PodState::Disturbed(why);
    }
    if history.failure().is_some_and(|cause| cause.code == Code::DiskLimitExceeded) {
        return PodState::OverDiskLimit;
    }
    if pod.deleting {
        return PodState::Terminating;
    }
    match pod.phase {
        Some(Phase::Succeeded) => return PodState::Succeeded,
        Some(Phase::Failed) => return PodState::Failed { reason: pod.reason.clone() },
        _ => {}
    }
    if pod.is_ready() {
        return PodState::Ready;
    }
    if pod.node.is_none() {
        let reason =
            pod.scheduled.as_ref().filter(|condition| !condition.status).and_then(|condition| condition.reason.clone());
        return PodState::Unscheduled { reason };
    }
    if let Some(trouble) = pod.containers.iter().find_map(trouble) {
        return trouble;
    }
    let statuses = || pod.containers.iter().filter_map(|container| Some((container, container.status.as_ref()?)));
    if let Some((container, _)) = statuses()
        .find(|(container, status)| container.role == Role::Init && matches!(status.state, ContainerState::Running))
    {
        return PodState::Initializing { container: container.name.clone() };
    }
    let app = |container: &Container| container.role == Role::App;
    if statuses().any(|(container, status)| app(container) && matches!(status.state, ContainerState::Running)) {
        return PodState::NotReady;
    }
    PodState::Starting
}

/// A container in trouble: it waits for more than its turn, or has ended.
fn trouble(container: &Container) -> Option<PodState> {
    let status = container.status.as_ref()?;
    match &status.state {
        ContainerState::Waiting { reason: Some(reason), .. }
            if !matches!(reason.as_str(), "ContainerCreating" | "PodInitializing") =>
        {
            Some(PodState::ContainerWaits { container: container.name.clone(), reason: reason.clone() })
        }
        ContainerState::Terminated(ended) if container.role != Role::Init || ended.exit_code != 0 => {
            Some(PodState::ContainerEnded { container: container.name.clone(), how: exit_code::in_words(ended) })
        }
        _ => None,
    }
}

/// What the pod waits for, where its state does not say so itself.
#[must_use]
pub fn waits_for(history: &PodHistory) -> Option<String> {
    let pod = &history.pod;
    if pod.is_ready() || pod.deleting || matches!(pod.phase, Some(Phase::Succeeded | Phase::Failed)) {
        return None;
    }
    if let Some(cause) = history.causes().first() {
        return Some(cause.message.clone());
    }
    if pod.node.is_none() {
        return Some("a node".to_owned());
    }
    let statuses = || pod.containers.iter().filter_map(|container| Some((container, container.status.as_ref()?)));
    if statuses()
        .any(|(container, status)| container.role == Role::Init && matches!(status.state, ContainerState::Running))
    {
        return Some("its end".to_owned());
    }
    let (container, _) = statuses().find(|(container, status)| {
        !status.ready && container.role != Role::Init && status.state == ContainerState::Running
    })?;
    let probes = &container.probes;
    let started = container.status.as_ref().and_then(|status| status.started);
    match (&probes.startup, &probes.readiness) {
        (Some(probe), _) if started == Some(false) => Some(format!("startup probe: {}", probe.asks)),
        (_, Some(probe)) => Some(format!("readiness probe: {}", probe.asks)),
        _ => None,
    }
}

/// The pod at one glance.
#[must_use]
pub fn glance(history: &PodHistory) -> PodGlance {
    let PodSummary { name, state, ready, restarts, .. } = summary(history);
    let counted = || history.pod.containers.iter().filter(|container| container.role != Role::Init);
    let is_ready = |container: &&Container| container.status.as_ref().is_some_and(|status| status.ready);
    PodGlance {
        pod: name,
        state,
        ready,
        troubled: !history.causes().is_empty(),
        containers_ready: u32::try_from(counted().filter(is_ready).count()).unwrap_or(u32::MAX),
        containers: u32::try_from(counted().count()).unwrap_or(u32::MAX),
        restarts,
        created: history.pod.created.clone(),
        waits_for: waits_for(history),
    }
}

/// The pod as the report shows it.
#[must_use]
pub fn summary(history: &PodHistory) -> PodSummary {
    let pod: &Pod = &history.pod;
    PodSummary {
        name: pod.name.clone(),
        phase: pod.phase.map_or_else(String::new, |phase| phase.to_string()),
        state: state(history),
        ready: pod.is_ready(),
        restarts: pod.restarts(),
        node: pod.node.clone(),
    }
}
