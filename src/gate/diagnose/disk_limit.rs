//! Pods that used more disk than they may: evicted for a limit of their own, and not for want of room on their node.

use crate::gate::model::{Phase, Pod};

/// What the kubelet says where a pod passed a limit that its own spec sets: the ephemeral storage of a container or of
/// all of them, or the `sizeLimit` of an emptyDir. The words are the kubelet's eviction manager's, in every version.
const PASSED: [&str; 3] = [
    "ephemeral local storage usage exceeds the total limit of containers",
    "exceeded its local ephemeral storage limit",
    "Usage of EmptyDir volume",
];

/// The kubelet's words for the limit of its own that the pod was evicted for; `None` where it was not.
///
/// Such a pod ends with phase `Failed` and reason `Evicted` as one does that its node had no room for; only
/// `status.message` tells them apart.
#[must_use]
pub fn exceeded(pod: &Pod) -> Option<&str> {
    let said = pod.message.as_deref()?.trim();
    let is_evicted = pod.phase == Some(Phase::Failed) && pod.reason.as_deref() == Some("Evicted");
    (is_evicted && PASSED.iter().any(|words| said.contains(words))).then_some(said)
}

/// What to do about it: which setting the kubelet's words are about.
#[must_use]
pub fn advice(said: &str, namespace: &str, pod: &str) -> String {
    let quoted = said.split('"').nth(1).filter(|name| !name.is_empty() && !name.contains('`'));
    let container = said.strip_prefix("Container ").and_then(|rest| rest.split_whitespace().next());
    let look = format!("What was written: `kubectl describe pod -n {namespace} {pod}`");
    if said.contains("EmptyDir") {
        let volume = quoted.map_or_else(String::new, |volume| format!(" of volume {volume}"));
        format!("Raise `emptyDir.sizeLimit`{volume}, or make the app write less. {look}")
    } else {
        let container = container.map_or_else(String::new, |container| format!(" of container {container}"));
        format!(
            "Raise `resources.limits.ephemeral-storage`{container}, or make the app write less (its log counts too). {look}"
        )
    }
}
