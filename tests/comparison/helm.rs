//! Helm 3 with `--wait`: the new ReplicaSet has as many ready pods as the update may not do without.

use serde_json::Value;

use super::objects::{Target, World, int, optional, text};
use super::story::Step;

pub fn step(world: &World, target: &Target) -> Step {
    let Some(workload) = world.workload(target) else { return Step::No { names_cause: true } };
    let observed = int(workload, "metadata.generation") == int(workload, "status.observedGeneration");
    let is_done = match target.plural.as_str() {
        // Helm takes a paused Deployment for a ready one.
        "deployments" if workload["spec"]["paused"] == true => true,
        "deployments" => observed && world.new_replica_set(target).is_some_and(|set| deployment(workload, set)),
        "statefulsets" => observed && stateful_set(workload),
        _ => observed && daemon_set(workload),
    };
    if is_done { Step::Pass } else { Step::Wait }
}

fn deployment(workload: &Value, set: &Value) -> bool {
    let set_observed = int(set, "metadata.generation") == int(set, "status.observedGeneration");
    let replicas = int(workload, "spec.replicas");
    set_observed && int(set, "status.readyReplicas") >= replicas - max_unavailable(workload, replicas)
}

/// What `maxUnavailable` comes to: a share is rounded down; where nothing may be unavailable and nothing may be added,
/// one may be unavailable all the same.
fn max_unavailable(workload: &Value, replicas: i64) -> i64 {
    let strategy = &workload["spec"]["strategy"];
    if strategy["type"] != "RollingUpdate" || replicas == 0 {
        return 0;
    }
    let share = |value: &Value, up: bool| {
        if let Some(count) = value.as_i64() {
            return count;
        }
        let percent: i64 = value.as_str().and_then(|text| text.trim_end_matches('%').parse().ok()).unwrap_or(0);
        if up { (replicas * percent + 99) / 100 } else { replicas * percent / 100 }
    };
    let unavailable = share(&strategy["rollingUpdate"]["maxUnavailable"], false);
    let surge = share(&strategy["rollingUpdate"]["maxSurge"], true);
    if unavailable == 0 && surge == 0 { 1 } else { unavailable.min(replicas) }
}

fn stateful_set(workload: &Value) -> bool {
    if text(workload, "spec.updateStrategy.type") != "RollingUpdate" {
        return true;
    }
    let replicas = int(workload, "spec.replicas");
    let partition = optional(workload, "spec.updateStrategy.rollingUpdate.partition").unwrap_or(0);
    int(workload, "status.updatedReplicas") >= replicas - partition
        && int(workload, "status.readyReplicas") == replicas
        && (partition != 0 || text(workload, "status.currentRevision") == text(workload, "status.updateRevision"))
}

fn daemon_set(workload: &Value) -> bool {
    if text(workload, "spec.updateStrategy.type") != "RollingUpdate" {
        return true;
    }
    let desired = int(workload, "status.desiredNumberScheduled");
    let unavailable = &workload["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"];
    int(workload, "status.updatedNumberScheduled") == desired
        && int(workload, "status.numberReady") >= desired - unavailable.as_i64().unwrap_or(0)
}
