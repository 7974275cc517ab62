//! The health that Argo CD gives a workload: Healthy passes, Degraded is a no, anything else waits.

use super::kubectl_rules;
use super::objects::{Target, World, int, is_observed, optional, text};
use super::story::Step;

pub fn step(world: &World, target: &Target) -> Step {
    let Some(workload) = world.workload(target) else { return Step::Wait };
    match target.plural.as_str() {
        // Suspended is not Healthy.
        "deployments" if workload["spec"]["paused"] == true => Step::Wait,
        "statefulsets" => {
            let replicas = int(workload, "spec.replicas");
            let observed = int(workload, "status.observedGeneration");
            if observed == 0 || !is_observed(workload) || int(workload, "status.readyReplicas") < replicas {
                return Step::Wait;
            }
            let strategy = text(workload, "spec.updateStrategy.type");
            let partition = optional(workload, "spec.updateStrategy.rollingUpdate.partition");
            let is_healthy = match (strategy, partition) {
                ("RollingUpdate", Some(partition)) => int(workload, "status.updatedReplicas") >= replicas - partition,
                ("OnDelete", _) => true,
                _ => text(workload, "status.updateRevision") == text(workload, "status.currentRevision"),
            };
            if is_healthy { Step::Pass } else { Step::Wait }
        }
        // The same counts as kubectl's.
        _ => kubectl_rules::rollout_status(world, target),
    }
}
