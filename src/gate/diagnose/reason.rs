//! The reasons that Kubernetes itself gives in statuses, conditions and events, and what the gate makes of each.
//!
//! For `crashgate explain`: people see `CreateContainerConfigError` in kubectl first. The rules do not read this table;
//! tests hold it to what the rules say.

use crate::gate::result::Code;

/// One reason.
#[derive(Debug)]
pub struct Reason {
    /// As Kubernetes spells it.
    pub name: &'static str,
    /// Where it is found.
    pub told_in: &'static str,
    /// What it means, in a sentence or two.
    pub says: &'static str,
    /// The causes that the gate may make of it, the most usual first. Empty where it is no cause.
    pub codes: &'static [Code],
}

const WAITING: &str = "state.waiting.reason of a container";
const TERMINATED: &str = "state.terminated.reason of a container";
const POD: &str = "status.reason of a pod";
const DISRUPTED: &str = "condition DisruptionTarget of a pod";
const SCHEDULED: &str = "condition PodScheduled of a pod";
const READY: &str = "condition Ready of a pod";
const POD_EVENT: &str = "event of a pod";
const WORKLOAD: &str = "condition of a workload";

macro_rules! reasons {
    ($($name:literal in $told_in:ident: $says:literal => [$($code:ident),*])+) => {
        &[$(Reason { name: $name, told_in: $told_in, says: $says, codes: &[$(Code::$code),*] }),+]
    };
}

/// Every reason that can be explained.
pub static REASONS: &[Reason] = reasons! {
    "ContainerCreating" in WAITING:
        "The node is preparing the container: volumes, network, image. Normal for a while; if it lasts, the events of the pod say why."
        => []
    "PodInitializing" in WAITING:
        "The container waits for the pod's init containers." => []
    "CrashLoopBackOff" in WAITING:
        "The container crashed again and again, and the kubelet waits before it starts it once more. It can show up more than a minute late, so crashgate counts the crashes themselves and names what ended the container."
        => [CrashLoop, OomKilled, LivenessProbeFailed, StartupProbeFailed]
    "ErrImagePull" in WAITING:
        "The image could not be pulled. The message says why, and that decides: a missing image or missing rights are the app's fault, a registry in trouble is the platform's."
        => [ImageNotFound, ImagePullDenied, RegistryUnavailable]
    "ImagePullBackOff" in WAITING:
        "The image could not be pulled, and the kubelet waits before it tries again. Older kubelets do not repeat the error here; crashgate remembers it from ErrImagePull or the event."
        => [ImageNotFound, ImagePullDenied, RegistryUnavailable]
    "ImageInspectError" in WAITING:
        "The container runtime could not inspect the image on the node." => [RegistryUnavailable]
    "ErrImageNeverPull" in WAITING:
        "The image is not on the node, and `imagePullPolicy: Never` forbids pulling it." => [ImageNeverPull]
    "InvalidImageName" in WAITING:
        "The image reference cannot be parsed." => [ImageNameInvalid]
    "RegistryUnavailable" in WAITING:
        "The node could not reach the image registry." => [RegistryUnavailable]
    "SignatureValidationFailed" in WAITING:
        "The signature of the image was not accepted by the node." => [ImagePullDenied]
    "CreateContainerConfigError" in WAITING:
        "The container's configuration could not be put together: usually a ConfigMap, a Secret or a key in one is missing, or `runAsNonRoot` is set for an image that runs as root."
        => [ConfigMissing, StartFailed, SandboxFailed]
    "CreateContainerError" in WAITING:
        "The container runtime could not create the container: no command, a mount that does not fit, or a runtime in trouble."
        => [StartFailed, ConfigMissing, SandboxFailed]
    "RunContainerError" in WAITING:
        "The container was created but could not be started." => [StartFailed, SandboxFailed]
    "PreCreateHookError" in WAITING:
        "A hook of the container runtime failed before the container was created." => [StartFailed, SandboxFailed]
    "PreStartHookError" in WAITING:
        "A hook of the container runtime failed before the container was started." => [StartFailed, SandboxFailed]
    "PostStartHookError" in WAITING:
        "The container's `lifecycle.postStart` hook failed, so the kubelet killed the container."
        => [StartFailed, SandboxFailed]

    "OOMKilled" in TERMINATED:
        "The kernel killed the process because the container used more memory than its limit, or because the node ran out of memory."
        => [OomKilled]
    "Error" in TERMINATED:
        "The container ended with an exit code other than 0." => [CrashLoop, LivenessProbeFailed, StartupProbeFailed, PodFailed, JobFailed]
    "Completed" in TERMINATED:
        "The container ended with exit code 0. Normal in a Job; in a container that should keep running, it counts as a crash."
        => [CrashLoop]
    "StartError" in TERMINATED:
        "The process could not be started: the command does not exist or cannot be executed." => [StartFailed]
    "ContainerCannotRun" in TERMINATED:
        "The process could not be started: the command does not exist or cannot be executed." => [StartFailed]
    "ContainerStatusUnknown" in TERMINATED:
        "The kubelet lost sight of the container, for example because its node was restarted or the pod was evicted. Not counted as a crash."
        => []

    "Evicted" in POD:
        "The node ended the pod. If the node ran short of memory, disk or process IDs, the pod is ignored and its replacement counts; if the pod used more disk than its own limits allow, as `status.message` says, that is the app's fault."
        => [PodDisrupted, DiskLimitExceeded]
    "Preempting" in POD:
        "The pod made way for one of higher priority." => [PodDisrupted]
    "Preempted" in POD:
        "The pod made way for one of higher priority." => [PodDisrupted]
    "NodeShutdown" in POD:
        "The pod ended with the shutdown of its node." => [PodDisrupted]
    "Shutdown" in POD:
        "The pod ended with the shutdown of its node." => [PodDisrupted]
    "Terminated" in POD:
        "The pod ended with the shutdown of its node." => [PodDisrupted]
    "NodeLost" in POD:
        "The node of the pod went away." => [PodDisrupted]
    "NodeAffinity" in POD:
        "The node refused the pod because its labels no longer fit the pod's node selector or affinity." => [PodDisrupted]
    "NodePorts" in POD:
        "The node refused the pod because a host port that it asks for is taken." => [PodDisrupted]
    "UnexpectedAdmissionError" in POD:
        "The node refused the pod, often because a device plugin could not give it what it asks for." => [PodDisrupted]
    "TopologyAffinityError" in POD:
        "The node refused the pod because it could not place its CPUs and devices as asked for." => [PodDisrupted]
    "PodOSNotSupported" in POD:
        "The node refused the pod because it runs another operating system." => [PodDisrupted]
    "OutOfcpu" in POD:
        "The node refused the pod because its CPUs were already taken." => [PodDisrupted]
    "OutOfmemory" in POD:
        "The node refused the pod because its memory was already taken." => [PodDisrupted]
    "OutOfpods" in POD:
        "The node refused the pod because it already runs as many as it may." => [PodDisrupted]
    "OutOfephemeral-storage" in POD:
        "The node refused the pod because its disk was already taken." => [PodDisrupted]

    "EvictionByEvictionAPI" in DISRUPTED:
        "The pod was evicted through the API, by `kubectl drain` for example." => [PodDisrupted]
    "PreemptionByScheduler" in DISRUPTED:
        "The scheduler removed the pod to make room for one of higher priority." => [PodDisrupted]
    "DeletionByTaintManager" in DISRUPTED:
        "The pod was removed because its node has a taint that it does not tolerate." => [PodDisrupted]
    "DeletionByPodGC" in DISRUPTED:
        "The pod was removed because its node is gone." => [PodDisrupted]
    "TerminationByKubelet" in DISRUPTED:
        "The node ended the pod, under pressure or in a shutdown." => [PodDisrupted]

    "Unschedulable" in SCHEDULED:
        "No node can run the pod. The message counts the nodes and says what rules each of them out." => [Unschedulable, VolumeUnavailable]
    "SchedulingGated" in SCHEDULED:
        "The pod has `schedulingGates`, and is not scheduled until somebody removes them." => [Unschedulable]

    "ContainersNotReady" in READY:
        "At least one container is not ready: not started, crashed, or its readiness probe fails."
        => [NotReady, ReadinessFlapping, CrashLoop]
    "ReadinessGatesNotReady" in READY:
        "The containers are ready, but a condition from `readinessGates` of the pod is not true." => [NotReady]

    "FailedScheduling" in POD_EVENT:
        "The scheduler found no node for the pod." => [Unschedulable, VolumeUnavailable]
    "NotTriggerScaleUp" in POD_EVENT:
        "The cluster autoscaler will not add a node for the pod: none would help, or its limit is reached." => [Unschedulable]
    "TriggeredScaleUp" in POD_EVENT:
        "The cluster autoscaler is adding a node, so the gate goes on waiting." => []
    "FailedMount" in POD_EVENT:
        "A volume could not be mounted. If its ConfigMap or Secret is missing, that is the app's fault."
        => [VolumeUnavailable, ConfigMissing]
    "FailedAttachVolume" in POD_EVENT:
        "A disk could not be attached to the node, often because another node still holds it." => [VolumeUnavailable]
    "FailedMapVolume" in POD_EVENT:
        "A block device could not be made available to the pod." => [VolumeUnavailable]
    "FailedCreatePodSandBox" in POD_EVENT:
        "The node could not set up the pod's sandbox: usually the network plugin." => [SandboxFailed]
    "BackOff" in POD_EVENT:
        "The kubelet waits before it pulls the image or starts the container again." => [CrashLoop, ImageNotFound, ImagePullDenied, RegistryUnavailable]
    "Failed" in POD_EVENT:
        "The image could not be pulled, or the container could not be created or started." => [ImageNotFound, ImagePullDenied, RegistryUnavailable, StartFailed, ConfigMissing]
    "Unhealthy" in POD_EVENT:
        "A probe failed. The message says which, and what it got for an answer." => [NotReady, LivenessProbeFailed, StartupProbeFailed]
    "Killing" in POD_EVENT:
        "The kubelet ends a container. It counts as a cause only if a liveness or startup probe failed." => [LivenessProbeFailed, StartupProbeFailed]

    "FailedCreate" in WORKLOAD:
        "The controller may not create the pods: a quota or an admission check refuses them. Also an event of the workload."
        => [QuotaExceeded, AdmissionDenied]
    "ProgressDeadlineExceeded" in WORKLOAD:
        "The Deployment made no progress within `progressDeadlineSeconds`. It says that something is wrong and not what, so crashgate looks for the cause in the pods."
        => []
    "MinimumReplicasUnavailable" in WORKLOAD:
        "The Deployment has fewer available pods than it needs. crashgate looks for the cause in the pods." => []
    "NewReplicaSetAvailable" in WORKLOAD:
        "The Deployment finished rolling out. A crash after that does not change it back, so it does not prove health."
        => []
    "BackoffLimitExceeded" in WORKLOAD:
        "The pods of the Job failed more often than `backoffLimit` allows." => [JobFailed]
    "DeadlineExceeded" in WORKLOAD:
        "The Job (or the pod) ran longer than `activeDeadlineSeconds` allows." => [JobFailed, PodFailed]
    "PodFailurePolicy" in WORKLOAD:
        "A rule in the Job's `podFailurePolicy` ended it." => [JobFailed]
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{DISRUPTED, POD, REASONS, WAITING};
    use crate::gate::diagnose::{container_create, disruption, image_pull};
    use crate::gate::result::Code;

    const MESSAGES: &[&str] = &[
        "",
        "not found",
        "pull access denied",
        "i/o timeout",
        "secret \"a\" not found",
        "no command specified",
        "context deadline exceeded",
    ];

    #[test]
    fn no_reason_has_two_rows() {
        let names: BTreeSet<_> = REASONS.iter().map(|reason| reason.name).collect();
        assert_eq!(names.len(), REASONS.len());
    }

    #[test]
    fn what_is_said_of_a_waiting_reason_is_what_the_rules_make_of_it() {
        for reason in REASONS.iter().filter(|reason| reason.told_in == WAITING && reason.name != "CrashLoopBackOff") {
            let made: BTreeSet<Code> = MESSAGES
                .iter()
                .filter_map(|message| {
                    image_pull::cause_of(reason.name, message, "shop/web:v1", None)
                        .or_else(|| container_create::cause_of(reason.name, message))
                })
                .collect();
            if reason.codes.is_empty() {
                assert!(made.is_empty(), "{}: {made:?}", reason.name);
            } else {
                assert!(made.contains(&reason.codes[0]), "{}: {made:?}", reason.name);
            }
        }
    }

    #[test]
    fn what_is_said_of_a_disruption_is_what_the_rules_make_of_it() {
        for reason in REASONS.iter().filter(|reason| reason.told_in == POD) {
            assert!(disruption::is_the_nodes(reason.name), "{}", reason.name);
        }
        for reason in REASONS.iter().filter(|reason| reason.told_in == DISRUPTED || reason.told_in == POD) {
            assert!(reason.codes.contains(&Code::PodDisrupted), "{}", reason.name);
        }
    }
}
