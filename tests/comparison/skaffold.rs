//! skaffold's status check: `kubectl rollout status` for a pass; a container that crashed or cannot pull is a no.

use serde_json::Value;

use super::kubectl_rules::rollout_status;
use super::objects::{Target, World, condition, containers, int, text};
use super::story::Step;

pub fn step(world: &World, target: &Target) -> Step {
    if world.new_pods(target).iter().any(|pod| has_failed(pod)) {
        return Step::No { names_cause: true };
    }
    rollout_status(world, target)
}

fn has_failed(pod: &Value) -> bool {
    let is_placed = condition(pod, "PodScheduled").is_some_and(|one| one["status"] == "True");
    // The first container that waits or has ended speaks for the pod.
    let first =
        containers(pod).find(|one| one["state"]["waiting"].is_object() || int(one, "state.terminated.exitCode") != 0);
    is_placed
        && first.is_some_and(|container| {
            let waits = text(container, "state.waiting.reason");
            container["state"]["terminated"].is_object()
                || ["CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff", "RunContainerError"].contains(&waits)
        })
}

/// When its time is up it shows what the scheduler and the events of a pod say.
pub fn names_cause(world: &World, target: &Target) -> bool {
    let pods = world.new_pods(target);
    let unscheduled = |pod: &&Value| condition(pod, "PodScheduled").is_some_and(|one| one["status"] == "False");
    pods.iter().any(unscheduled) || world.has_warning(&pods, &["FailedMount", "Unhealthy", "Failed"])
}
