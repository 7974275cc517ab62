//! kstatus, which Flux and Helm 4 ask of what they applied.

use serde_json::Value;

use super::objects::{Target, World, condition, int, is_true, optional, text};
use super::story::Step;

pub fn step(world: &World, target: &Target) -> Step {
    let Some(workload) = world.workload(target) else { return Step::No { names_cause: true } };
    // Not set is not looked at, but for a DaemonSet.
    let observed = optional(workload, "status.observedGeneration");
    if observed.is_some_and(|observed| observed != int(workload, "metadata.generation")) {
        return Step::Wait;
    }
    if condition(workload, "Progressing").is_some_and(|one| one["reason"] == "ProgressDeadlineExceeded") {
        return Step::No { names_cause: false };
    }
    let is_current = match target.plural.as_str() {
        "deployments" => deployment(workload),
        "statefulsets" => stateful_set(workload),
        _ => observed.is_some() && daemon_set(workload),
    };
    if is_current { Step::Pass } else { Step::Wait }
}

/// Helm 4 takes a paused Deployment for a ready one before it asks.
pub fn helm_4(world: &World, target: &Target) -> Step {
    let is_paused = world.workload(target).is_some_and(|workload| workload["spec"]["paused"] == true);
    if is_paused { Step::Pass } else { step(world, target) }
}

fn deployment(workload: &Value) -> bool {
    let status = |field: &str| int(workload, &format!("status.{field}"));
    let replicas = optional(workload, "spec.replicas").unwrap_or(1);
    let progressing = optional(workload, "spec.progressDeadlineSeconds").is_none()
        || condition(workload, "Progressing")
            .is_some_and(|one| one["status"] == "True" && one["reason"] == "NewReplicaSetAvailable");
    status("replicas") == replicas
        && status("updatedReplicas") >= replicas
        && status("availableReplicas") >= status("updatedReplicas")
        && status("readyReplicas") >= replicas
        && progressing
        && is_true(workload, "Available")
}

fn stateful_set(workload: &Value) -> bool {
    if text(workload, "spec.updateStrategy.type") == "OnDelete" {
        return true;
    }
    let status = |field: &str| int(workload, &format!("status.{field}"));
    let replicas = optional(workload, "spec.replicas").unwrap_or(1);
    if status("replicas") != replicas || status("readyReplicas") < replicas {
        return false;
    }
    match optional(workload, "spec.updateStrategy.rollingUpdate.partition") {
        Some(partition) => status("updatedReplicas") >= replicas - partition,
        None => {
            status("currentReplicas") >= replicas
                && text(workload, "status.currentRevision") == text(workload, "status.updateRevision")
        }
    }
}

fn daemon_set(workload: &Value) -> bool {
    let desired = optional(workload, "status.desiredNumberScheduled");
    let counts = ["currentNumberScheduled", "updatedNumberScheduled", "numberAvailable", "numberReady"];
    desired.is_some_and(|desired| counts.iter().all(|count| int(workload, &format!("status.{count}")) >= desired))
}
