//! Two judgements about a container: that it is in a crash loop, and that it waits for what does not come by itself.

use super::event::Sign;
use crate::gate::diagnose::{CrashLedger, crash};
use crate::gate::model::{ContainerState, ContainerStatus, Pod};

/// The kubelet forgets the crashes of a container that ran for so long: the next one begins a new count.
const FORGOTTEN_AFTER_SECONDS: u64 = 600;

/// By what a crash loop is known, where there is one: the kubelet backs off, or the second crash or a later one came
/// within the time after which the kubelet would have forgotten the one before. `grew` is true where a crash was counted
/// just now.
pub(super) fn crash_loop(status: &ContainerStatus, ledger: &CrashLedger, grew: bool) -> Option<Sign> {
    if crash::is_in_back_off(status) {
        return Some(Sign::BackOff);
    }
    let (_, newest) = ledger.newest()?;
    if ledger.crashes() < 2 || is_a_new_count(ledger) {
        return None;
    }
    match &status.state {
        ContainerState::Terminated(ended) if ended.container_id == newest.container_id => Some(Sign::Terminated),
        _ if grew => Some(Sign::Restarted),
        _ => None,
    }
}

/// True where the newest crash ended an attempt that had run for so long that those before are forgotten.
pub(super) fn is_a_new_count(ledger: &CrashLedger) -> bool {
    let ran = ledger.newest().and_then(|(_, ended)| ended.ran_seconds);
    ran.is_some_and(|seconds| seconds >= FORGOTTEN_AFTER_SECONDS)
}

/// Something that a pod waits for.
pub(super) struct Wait<'a> {
    /// The container; `None` where it is the pod as a whole.
    pub container: Option<&'a str>,
    pub reason: &'a str,
    pub message: Option<&'a str>,
}

impl Wait<'_> {
    /// What is told once: the tries of a pull and the pauses between them are one cause.
    pub fn family(&self) -> &str {
        match self.reason {
            "ErrImagePull" => "ImagePullBackOff",
            reason => reason,
        }
    }
}

/// What the pod and its containers wait for beyond their turn.
pub(super) fn waits(pod: &Pod) -> impl Iterator<Item = Wait<'_>> {
    let unscheduled = pod.scheduled.as_ref().filter(|condition| !condition.status && pod.node.is_none());
    let unscheduled = unscheduled.and_then(|condition| {
        Some(Wait { container: None, reason: condition.reason.as_deref()?, message: condition.message.as_deref() })
    });
    let containers = pod.containers.iter().filter_map(|container| match &container.status.as_ref()?.state {
        // A crash loop is told as what it is.
        ContainerState::Waiting { reason: Some(reason), message }
            if !matches!(reason.as_str(), "ContainerCreating" | "PodInitializing" | "CrashLoopBackOff") =>
        {
            Some(Wait { container: Some(&container.name), reason, message: message.as_deref() })
        }
        _ => None,
    });
    unscheduled.into_iter().chain(containers)
}

/// True where the container runs, so that what it waited for is over.
pub(super) fn runs(pod: &Pod, container: &str) -> bool {
    pod.containers.iter().find(|known| known.name == container).is_some_and(|container| {
        container.status.as_ref().is_some_and(|status| status.state == ContainerState::Running)
    })
}
