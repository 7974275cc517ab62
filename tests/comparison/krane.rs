//! krane: the new ReplicaSet is available in full; all of its pods in a state that is unlikely to end are a no.

use serde_json::Value;

use super::objects::{Target, World, condition, containers, int, is_observed, is_true, text};
use super::story::Step;

pub fn step(world: &World, target: &Target) -> Step {
    let Some(workload) = world.workload(target) else { return Step::Wait };
    let pods = world.new_pods(target);
    let doomed = |pod: &&Value| containers(pod).any(is_doomed) || text(pod, "status.phase") == "Failed";
    if !is_observed(workload) {
        return Step::Wait;
    }
    match target.plural.as_str() {
        "deployments" => {
            let Some(set) = world.new_replica_set(target) else { return Step::Wait };
            let replicas = int(workload, "spec.replicas");
            let updated = int(workload, "status.updatedReplicas");
            let set_done = is_observed(set)
                && int(set, "spec.replicas") == int(set, "status.replicas")
                && int(set, "spec.replicas") == int(set, "status.availableReplicas");
            if set_done
                && int(set, "spec.replicas") == replicas
                && updated == replicas
                && updated == int(workload, "status.availableReplicas")
            {
                return Step::Pass;
            }
            if !pods.is_empty() && pods.iter().all(doomed) {
                return Step::No { names_cause: true };
            }
            // The deadline of the Deployment ends its patience.
            if condition(workload, "Progressing").is_some_and(|one| one["status"] == "False") {
                return Step::No { names_cause: names_cause(world, target) };
            }
            Step::Wait
        }
        "statefulsets" => {
            if text(workload, "spec.updateStrategy.type") == "OnDelete" {
                return Step::Pass;
            }
            let replicas = int(workload, "spec.replicas");
            let is_done = int(workload, "status.readyReplicas") == replicas
                && text(workload, "status.currentRevision") == text(workload, "status.updateRevision");
            if is_done {
                Step::Pass
            } else if pods.iter().any(doomed) {
                Step::No { names_cause: true }
            } else {
                Step::Wait
            }
        }
        _ => {
            let desired = int(workload, "status.desiredNumberScheduled");
            let is_done = int(workload, "status.updatedNumberScheduled") == desired
                && int(workload, "status.numberReady") == desired;
            if is_done { Step::Pass } else { Step::Wait }
        }
    }
}

/// A container in a state from which krane expects no recovery.
fn is_doomed(container: &Value) -> bool {
    let message = text(container, "state.waiting.message");
    match text(container, "state.waiting.reason") {
        "CrashLoopBackOff" => true,
        "ErrImagePull" => message.to_lowercase().contains("not found"),
        "CreateContainerConfigError" => !(message.contains("failed to sync") && message.contains("cache")),
        _ => ["lastState", "state"].iter().any(|state| {
            container[*state]["terminated"]["reason"] == "ContainerCannotRun"
                && container[*state]["terminated"]["exitCode"] != 128
        }),
    }
}

/// The events that its summary shows.
const TOLD: [&str; 5] = ["FailedCreate", "FailedMount", "Failed", "BackOff", "Unhealthy"];

/// When its time is up it names the readiness probe of a running pod, why a pod is not scheduled, and the warnings of
/// events.
pub fn names_cause(world: &World, target: &Target) -> bool {
    let pods = world.new_pods(target);
    let unready = |pod: &&Value| {
        let probed = pod["spec"]["containers"].as_array().into_iter().flatten();
        let mut probed = probed.filter(|container| {
            let probe = &container["readinessProbe"];
            probe["httpGet"].is_object() || probe["exec"].is_object()
        });
        text(pod, "status.phase") == "Running" && !is_true(pod, "Ready") && probed.next().is_some()
    };
    let unscheduled = |pod: &&Value| condition(pod, "PodScheduled").is_some_and(|one| one["status"] == "False");
    let own = world.workload(target).into_iter().chain(world.new_replica_set(target)).chain(pods.iter().copied());
    pods.iter().any(|pod| unready(pod) || unscheduled(pod)) || world.has_warning(&own.collect::<Vec<_>>(), &TOLD)
}
