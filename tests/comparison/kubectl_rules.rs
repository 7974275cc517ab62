//! `kubectl rollout status` and `kubectl wait`. Neither looks at a container.

use serde_json::Value;

use super::objects::{Target, World, condition, int, is_observed, is_true, optional, text};
use super::story::Step;

/// `kubectl rollout status`: the counts of the workload's own status, and its progress deadline.
pub fn rollout_status(world: &World, target: &Target) -> Step {
    let Some(workload) = world.workload(target) else { return Step::No { names_cause: true } };
    match target.plural.as_str() {
        "deployments" => deployment(workload),
        "statefulsets" => stateful_set(workload),
        _ => daemon_set(workload),
    }
}

fn deployment(object: &Value) -> Step {
    if !is_observed(object) {
        return Step::Wait;
    }
    if condition(object, "Progressing").is_some_and(|one| one["reason"] == "ProgressDeadlineExceeded") {
        return Step::No { names_cause: false };
    }
    let updated = int(object, "status.updatedReplicas");
    let is_done = updated >= int(object, "spec.replicas")
        && int(object, "status.replicas") <= updated
        && int(object, "status.availableReplicas") >= updated;
    if is_done { Step::Pass } else { Step::Wait }
}

/// It follows only rolling updates, and says so of any other.
fn stateful_set(object: &Value) -> Step {
    if text(object, "spec.updateStrategy.type") != "RollingUpdate" {
        return Step::No { names_cause: true };
    }
    let (observed, replicas) = (int(object, "status.observedGeneration"), int(object, "spec.replicas"));
    if observed == 0 || !is_observed(object) || int(object, "status.readyReplicas") < replicas {
        return Step::Wait;
    }
    let partition = optional(object, "spec.updateStrategy.rollingUpdate.partition");
    let is_done = match partition {
        Some(partition) => int(object, "status.updatedReplicas") >= replicas - partition,
        None if object["spec"]["updateStrategy"]["rollingUpdate"].is_object() => true,
        None => text(object, "status.updateRevision") == text(object, "status.currentRevision"),
    };
    if is_done { Step::Pass } else { Step::Wait }
}

fn daemon_set(object: &Value) -> Step {
    if text(object, "spec.updateStrategy.type") != "RollingUpdate" {
        return Step::No { names_cause: true };
    }
    let desired = int(object, "status.desiredNumberScheduled");
    let is_done = is_observed(object)
        && int(object, "status.updatedNumberScheduled") >= desired
        && int(object, "status.numberAvailable") >= desired;
    if is_done { Step::Pass } else { Step::Wait }
}

/// `kubectl wait --for=condition=Available`: a `StatefulSet` or `DaemonSet` never has that condition.
pub fn wait_available(world: &World, target: &Target) -> Step {
    let Some(workload) = world.workload(target) else { return Step::No { names_cause: true } };
    if is_observed(workload) && is_true(workload, "Available") { Step::Pass } else { Step::Wait }
}

/// `kubectl wait --for=condition=Ready pod -l …`: the pods that are there when it begins.
///
/// It waits for them one after the other, so what was ready once is not looked at again. This asks that all be ready at
/// once, which is stricter.
pub fn wait_ready_pods(world: &World, target: &Target) -> Step {
    let mut pods = world.labelled_pods(target).peekable();
    if pods.peek().is_some() && pods.all(|pod| is_true(pod, "Ready")) { Step::Pass } else { Step::Wait }
}

/// Their words at the end of their time are "timed out waiting for the condition".
pub fn nothing(_: &World, _: &Target) -> bool {
    false
}
