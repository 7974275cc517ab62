//! The catalogue of causes: one table, from which the rules, the ranking, `crashgate explain` and the documentation live.
//!
//! Codes are stable names: add, never rename. A row stands in the order of root causes: of two findings the one whose
//! row comes first leads, for it explains the other.

use std::fmt;

use super::verdict::Verdict;
use crate::gate::model::TroubleKind;
use crate::gate::spec::Grace;

/// A coded cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the meaning of each code stands in its row of the catalogue")]
pub enum Code {
    ImageNameInvalid,
    ImageNotFound,
    ImagePullDenied,
    ImageNeverPull,
    ConfigMissing,
    StartFailed,
    OomKilled,
    DiskLimitExceeded,
    LivenessProbeFailed,
    StartupProbeFailed,
    JobFailed,
    CrashLoop,
    PodFailed,
    SmokeFailed,
    MetricOverLimit,
    CanaryWorse,
    RolloutAborted,
    OwnerStalled,
    NotEnded,
    PodExists,
    QuotaExceeded,
    AdmissionDenied,
    VolumeUnavailable,
    Unschedulable,
    RegistryUnavailable,
    SandboxFailed,
    NodeNotReady,
    PodDisrupted,
    ReadinessFlapping,
    NotReady,
    Superseded,
    WorkloadDeleted,
    ScaledToZero,
    Paused,
    UpdateBlocked,
    NothingMatched,
    Unauthorized,
    Forbidden,
    OwnerUnknown,
    AnalysisInconclusive,
    ClusterUnreachable,
    StaleData,
    SmokeNotRun,
    MetricQueryInvalid,
    MetricsUnreachable,
    MetricAmbiguous,
    NoMetricData,
    MetricUndecided,
    RecordingEnded,
}

/// Whose fault a cause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The app, its image or its configuration.
    App,
    /// The cluster that should run it.
    Platform,
    /// Nobody's: the version is not there, or not wanted any more.
    Outcome,
    /// The view of the cluster was not good enough to say.
    Observation,
}

impl Fault {
    /// The spelling in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Platform => "platform",
            Self::Outcome => "outcome",
            Self::Observation => "observation",
        }
    }
}

/// When a cause counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// As soon as it is seen.
    AtOnce,
    /// When it has stood for this grace, and at the end of the wait period in any case.
    AfterGrace(Grace),
    /// When it still stands at the end of the wait period.
    AtTheEnd,
}

/// One row of the catalogue.
#[derive(Debug)]
pub struct Row {
    /// The code.
    pub code: Code,
    /// Its spelling.
    pub name: &'static str,
    /// Whose fault it is.
    pub fault: Fault,
    /// The verdict where it leads.
    pub verdict: Verdict,
    /// When it counts.
    pub counts: Counts,
    /// What it means, in a sentence.
    pub meaning: &'static str,
    /// What usually causes it.
    pub causes: &'static str,
    /// What to do.
    pub next_step: &'static str,
    /// The API fields that it rests on.
    pub rests_on: &'static str,
}

impl Code {
    /// The row of this code.
    #[must_use]
    pub fn row(self) -> &'static Row {
        &CATALOGUE[self as usize]
    }

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The code of that name, whatever its case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        CATALOGUE.iter().find(|row| row.name.eq_ignore_ascii_case(name)).map(|row| row.code)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! rows {
    ($($code:ident, $fault:ident, $verdict:ident, $counts:expr;
       $meaning:literal; $causes:literal; $next:literal; $rests:literal)+) => {
        &[$(Row {
            code: Code::$code, name: stringify!($code), fault: Fault::$fault, verdict: Verdict::$verdict, counts: $counts,
            meaning: $meaning, causes: $causes, next_step: $next, rests_on: $rests,
        }),+]
    };
}

/// Every cause, in the order of root causes.
pub static CATALOGUE: &[Row] = rows! {
    ImageNameInvalid, App, Failed, Counts::AfterGrace(Grace::ImagePull);
    "The image reference cannot be parsed, so nothing can be pulled.";
    "An empty variable in a template (`app:`), upper-case letters in the repository, a stray colon or space.";
    "Correct `image:` of the container and deploy again.";
    "status.containerStatuses[].state.waiting.reason InvalidImageName"

    ImageNotFound, App, Failed, Counts::AfterGrace(Grace::ImagePull);
    "The registry answered that this image does not exist, or has no variant for the node's platform.";
    "The tag was never pushed, or is pushed by a job that has not run yet; a typo in the repository; an image built for another architecture.";
    "Push the image or correct `image:`; if tags are pushed after the deploy on purpose, set `grace: {ImagePull: 1m}`.";
    "status.containerStatuses[].state.waiting.reason ErrImagePull or ImagePullBackOff, with its message"

    ImagePullDenied, App, Failed, Counts::AfterGrace(Grace::ImagePull);
    "The registry refuses this pod access to the image.";
    "No or expired `imagePullSecrets`, a private repository, a typo in the repository (many registries answer \"denied\" for what does not exist).";
    "Check `imagePullSecrets` of the pod and its service account, and that the repository exists.";
    "status.containerStatuses[].state.waiting.reason ErrImagePull or ImagePullBackOff, with its message"

    ImageNeverPull, App, Failed, Counts::AfterGrace(Grace::ImagePull);
    "The image is not on the node, and `imagePullPolicy: Never` forbids pulling it.";
    "A manifest made for a local cluster; an image that was not loaded into every node.";
    "Load the image into the nodes, or set `imagePullPolicy: IfNotPresent`.";
    "status.containerStatuses[].state.waiting.reason ErrImageNeverPull"

    ConfigMissing, App, Failed, Counts::AfterGrace(Grace::Config);
    "The pod needs a ConfigMap, a Secret or a key in one of them that does not exist.";
    "It was not deployed, is in another namespace, has another name, or arrives later than the workload.";
    "Create the missing object or correct the reference; if it is created after the deploy on purpose, set `grace: {Config: 1m}`.";
    "status.containerStatuses[].state.waiting.reason CreateContainerConfigError; event FailedMount of the pod"

    StartFailed, App, Failed, Counts::AtOnce;
    "The container could not be created or started: its process never ran.";
    "The command is not in the image or not executable, the image is for another architecture, `runAsNonRoot` with an image that runs as root, a volume mounted over a file.";
    "Correct `command:`, `securityContext:` or the image.";
    "state.terminated.reason StartError or ContainerCannotRun; state.waiting.reason RunContainerError, CreateContainerError or CreateContainerConfigError"

    OomKilled, App, Failed, Counts::AtOnce;
    "The container used more memory than its limit, and the kernel killed it.";
    "A limit below what the app needs to start, a leak, a heap size set without regard to the limit.";
    "Raise `resources.limits.memory`, or make the app use less.";
    "state.terminated.reason or lastState.terminated.reason OOMKilled"

    DiskLimitExceeded, App, Failed, Counts::AtOnce;
    "The pod wrote more to its node's disk than its own limits allow, and the kubelet evicted it. Its controller creates a replacement, which will run into the same limit sooner or later.";
    "A cache or temporary files that grow without bound, logs written to a file, a limit below what the app needs.";
    "Raise `resources.limits.ephemeral-storage` or the `sizeLimit` of the emptyDir, or make the app write less. Evicted pods count for as long as they exist: delete them once the cause is fixed.";
    "status.phase Failed, status.reason Evicted and status.message of the pod (\"ephemeral local storage usage exceeds\", \"Usage of EmptyDir volume\")"

    LivenessProbeFailed, App, Failed, Counts::AtOnce;
    "The liveness probe failed and the kubelet killed the container.";
    "A wrong path or port, a probe that starts before the app can answer, an app that hangs under load.";
    "Correct `livenessProbe`, add a `startupProbe`, or fix the endpoint.";
    "event Killing of the pod (\"failed liveness probe\"), with the restart that follows"

    StartupProbeFailed, App, Failed, Counts::AtOnce;
    "The startup probe did not succeed in time, and the kubelet killed the container.";
    "A wrong path or port, an app that needs longer to start than failureThreshold × periodSeconds.";
    "Correct `startupProbe`, or raise its `failureThreshold`.";
    "event Killing of the pod (\"failed startup probe\"), with the restart that follows"

    JobFailed, App, Failed, Counts::AtOnce;
    "The Job failed for good: it will not be tried again.";
    "Its pods failed more often than `backoffLimit` allows, or it ran longer than `activeDeadlineSeconds`.";
    "Read the log of its last pod, fix the task, and create the Job again.";
    "status.conditions[] of the Job, type Failed"

    CrashLoop, App, Failed, Counts::AtOnce;
    "A container that should keep running ends, or an init container fails, more often than `maxRestarts` allows.";
    "A missing setting, an unreachable dependency at start, an uncaught error, a process that forks into the background.";
    "Fix the error in the last log lines of the container.";
    "status.containerStatuses[].restartCount, state.terminated and lastState.terminated together"

    PodFailed, App, Failed, Counts::AtOnce;
    "A pod failed and is not restarted, or more pods of a workload failed and were replaced than `maxRestarts` allows.";
    "Its container ended with a non-zero exit code under `restartPolicy: Never` (the pod's or its own), or it ran longer than `activeDeadlineSeconds`.";
    "Read the log of its container.";
    "status.phase Failed"

    SmokeFailed, App, Failed, Counts::AtOnce;
    "The smoke run that the manifest asks for failed.";
    "The app is up but does not do what the smoke test expects.";
    "Read the output of the smoke run.";
    "status.phase and state.terminated of the smoke pod"

    MetricOverLimit, App, Failed, Counts::AtOnce;
    "A metric of the new version is proven to be over its limit.";
    "Requests that fail or are slow, a resource that runs out: the pods run, and the app does not do its work well.";
    "Read the app's log for the errors, and roll back while you look.";
    "the samples of the series that the check names, and the limit in the manifest"

    CanaryWorse, App, Failed, Counts::AtOnce;
    "The new version is proven to be worse than the stable pods that serve beside it.";
    "A fault of the new version: both get the same traffic at the same time, so nothing that troubles both can be the cause.";
    "Roll back, and compare the logs of the new pods with those of the stable ones.";
    "the samples of the series that the check names, of both versions, and `tolerate` in the manifest"

    RolloutAborted, App, Failed, Counts::AtOnce;
    "The controller of a progressive delivery gave the update up, and goes back to the stable version.";
    "An analysis that failed, a progress deadline that passed, a person who aborted it, a spec that the controller does not accept.";
    "Read the controller's message, fix what it names, and deploy again.";
    "status.abort, status.phase Degraded and status.message of the Rollout; status.phase Failed of the Canary"

    OwnerStalled, App, Failed, Counts::AtOnce;
    "The custom resource that owns the pods says that its controller cannot get on.";
    "A spec that its operator does not accept, a dependency that the operator gives up on.";
    "Read the message of its condition Stalled: `kubectl describe` the resource; fix its spec.";
    "condition Stalled of the owner, with observedGeneration"

    NotEnded, App, TimedOut, Counts::AtTheEnd;
    "The pod of `crashgate run` did not finish in time.";
    "A process that waits for something, a timeout that is too short for its work, an image that takes long to pull.";
    "Read its output so far; give it more time with `--timeout`.";
    "status.phase and state of the pod; status.reason DeadlineExceeded"

    PodExists, App, Failed, Counts::AtOnce;
    "A pod with the name given to `crashgate run --name` already exists.";
    "An earlier run with `--keep`, or one that was killed and whose pod is still there; another run of the same name at the same time.";
    "Leave out `--name` so that each run gets its own name, or delete the existing pod first.";
    "the API server's answer 409 AlreadyExists"

    QuotaExceeded, Platform, Platform, Counts::AfterGrace(Grace::Quota);
    "A ResourceQuota of the namespace does not allow the pods that the workload asks for.";
    "The quota is used up, by other workloads or by the surge of a rolling update; a pod that does not set the requests that the quota requires.";
    "Raise the quota, free some of it, or lower `replicas`, requests or `maxSurge`.";
    "condition ReplicaFailure of the ReplicaSet; event FailedCreate of the workload (\"exceeded quota\")"

    AdmissionDenied, Platform, Platform, Counts::AfterGrace(Grace::Admission);
    "The API server refuses to create the pods: an admission check rejects them.";
    "Pod security levels, a LimitRange, a policy webhook (or one that does not answer), a missing ServiceAccount or PriorityClass.";
    "Change the pod template so that it passes the check named in the message, or fix the check.";
    "condition ReplicaFailure of the ReplicaSet; event FailedCreate of the workload (\"is forbidden\", \"denied the request\")"

    VolumeUnavailable, Platform, Platform, Counts::AfterGrace(Grace::Volume);
    "A volume of the pod does not exist, or is not bound, attached or mounted.";
    "A PersistentVolumeClaim without a volume, a disk that is still attached to another node, a failing storage driver.";
    "Run `kubectl describe pvc` and check the storage driver.";
    "events FailedMount, FailedAttachVolume of the pod; condition PodScheduled (\"unbound immediate PersistentVolumeClaims\")"

    Unschedulable, Platform, Platform, Counts::AfterGrace(Grace::Unschedulable);
    "No node can run the pod.";
    "Requests larger than what any node has free, taints without tolerations, a node selector or affinity that no node matches, an autoscaler at its limit.";
    "Lower the requests, add nodes, or correct `nodeSelector`, affinity and tolerations.";
    "condition PodScheduled of the pod, reason Unschedulable or SchedulingGated"

    RegistryUnavailable, Platform, Platform, Counts::AfterGrace(Grace::Registry);
    "The image could not be pulled because of a problem with the registry or the network, not with the image.";
    "Rate limits (429), 5xx, timeouts, DNS or TLS problems between the node and the registry.";
    "Check the registry and the network between it and the node, then run the gate again.";
    "status.containerStatuses[].state.waiting.reason ErrImagePull or ImagePullBackOff, with its message"

    SandboxFailed, Platform, Platform, Counts::AfterGrace(Grace::Sandbox);
    "The node cannot create the pod's sandbox, or cannot start containers in it.";
    "The network plugin is not ready or out of addresses, the container runtime is overloaded or gone, the node's disk is full.";
    "Check the node named in the message and its network plugin.";
    "event FailedCreatePodSandBox of the pod; CreateContainerError, RunContainerError or StartError with an error of the node (no space left on device, no running task found, a timeout, a reserved name)"

    NodeNotReady, Platform, Platform, Counts::AtTheEnd;
    "The pod's node does not respond.";
    "The node went down, lost its network or ran out of memory or disk.";
    "Check the node named in the message; its pods are replaced once Kubernetes gives up on it.";
    "condition Ready of the node; condition Ready of the pod turned False while its containers are reported ready"

    PodDisrupted, Platform, Platform, Counts::AtTheEnd;
    "Pods were evicted, preempted or shut down with their node, and no replacement became ready in time.";
    "A drain, a node under memory or disk pressure, a pod of higher priority, a node that is shut down.";
    "Run the gate again once the cluster has settled; set requests and a PodDisruptionBudget.";
    "condition DisruptionTarget of the pod; status.reason Evicted, Preempting, NodeShutdown, OutOfcpu, …"

    ReadinessFlapping, App, TimedOut, Counts::AtTheEnd;
    "Pods become ready and unready again, so no stability window was completed.";
    "A readiness probe with a short timeout, an app that stalls under load, a dependency that comes and goes.";
    "Check what the readiness probe requests, and the app's log at those times.";
    "condition Ready of the pod, its status and lastTransitionTime"

    NotReady, App, TimedOut, Counts::AtTheEnd;
    "Pods run but were not ready in time.";
    "A readiness probe with the wrong path or port, an app that waits for a dependency, a wait period shorter than the app's start.";
    "Check what the readiness probe requests; raise `waitPeriod` if the app is merely slow.";
    "condition Ready of the pod"

    Superseded, Outcome, Superseded, Counts::AtOnce;
    "Another version replaced this one before it could pass.";
    "Another deploy came after this one, or somebody rolled back.";
    "Nothing, if the newer deploy has its own gate.";
    "spec.template.metadata.labels of the workload"

    WorkloadDeleted, Outcome, Superseded, Counts::AtOnce;
    "The workload was deleted while the gate was watching.";
    "Somebody removed or recreated it.";
    "Deploy again.";
    "a DELETED event of the watch; metadata.deletionTimestamp of the workload"

    ScaledToZero, Outcome, NothingMatched, Counts::AtTheEnd;
    "The workload wants no pods, so there is nothing to judge.";
    "`replicas: 0` in the manifest, or somebody (or an autoscaler) scaled it down.";
    "Scale it up, or do not gate a workload that is meant to have no replicas.";
    "spec.replicas of the workload"

    Paused, Outcome, NothingMatched, Counts::AtTheEnd;
    "The rollout is paused, so this version is not rolled out.";
    "`kubectl rollout pause`, or `spec.paused: true`.";
    "Run `kubectl rollout resume`.";
    "spec.paused of the Deployment, spec.suspend of the Job"

    UpdateBlocked, Outcome, NothingMatched, Counts::AtTheEnd;
    "The workload's own update strategy keeps this version from being rolled out.";
    "`updateStrategy: OnDelete`, a `partition` above every ordinal, or a broken pod of the old revision that an ordered update waits for.";
    "Delete the pods of the old revision, or lower the partition.";
    "spec.updateStrategy and status.updateRevision of the workload"

    NothingMatched, Outcome, NothingMatched, Counts::AtTheEnd;
    "No pod of this version appeared within the wait period.";
    "Wrong labels, the wrong namespace or cluster, a deploy that did not happen.";
    "Compare the labels of the gate with those that exist; the message lists similar ones.";
    "the LIST of pods and of workloads"

    Unauthorized, Observation, Inconclusive, Counts::AtTheEnd;
    "The API server does not accept the credentials.";
    "An expired token, the wrong context, a credential plugin that fails.";
    "Log in again, or fix the credentials in the kubeconfig.";
    "HTTP status 401"

    Forbidden, Observation, Inconclusive, Counts::AtTheEnd;
    "The identity that crashgate uses may not read what the gate needs.";
    "A Role without the rule in the message, or one that is not bound to this identity.";
    "Add the rule from the message to the Role.";
    "HTTP status 403"

    OwnerUnknown, Observation, Inconclusive, Counts::AtTheEnd;
    "The pods belong to a kind of workload that the gate cannot read, so it cannot know how many are wanted.";
    "A custom resource that owns pods itself.";
    "Set the number with `replicas:` in the gate; a kind with a `/scale` subresource says it by itself.";
    "metadata.ownerReferences of the pods"

    AnalysisInconclusive, Observation, Inconclusive, Counts::AtTheEnd;
    "An analysis of the Rollout could not tell good from bad, and the Rollout waits for a person to decide.";
    "A metric without data, conditions that neither succeed nor fail, an experiment that could not be judged.";
    "Look at the analysis run; then promote or abort the Rollout: `kubectl argo rollouts promote NAME` or `abort NAME`.";
    "status.pauseConditions[].reason InconclusiveAnalysisRun or InconclusiveExperiment of the Rollout"

    ClusterUnreachable, Observation, Inconclusive, Counts::AtTheEnd;
    "The API server could not be reached.";
    "The wrong server or context, a network or proxy problem, a cluster that is down.";
    "Try `kubectl get --raw /version` with the same kubeconfig and context.";
    "the connection"

    StaleData, Observation, Inconclusive, Counts::AtTheEnd;
    "What was known about the cluster was too old or too uncertain to decide.";
    "A watch that broke and could not be resumed, answers that could not be read.";
    "Run the gate again; if it happens again, check the API server and any proxy in front of it.";
    "the freshness of the last answer of each source"

    SmokeNotRun, Observation, Inconclusive, Counts::AtOnce;
    "The smoke run that the manifest asks for could not be run or could not be followed to its end, so it proves nothing.";
    "No permission to create pods; a replay or rehearsal, which has no cluster to run a pod in; a connection that broke.";
    "Give the gate permission to run pods; replay with `--smoke none`, rehearse with `--pods FILE`.";
    "the requests that create the smoke pod, watch it and read its log"

    MetricQueryInvalid, Observation, Inconclusive, Counts::AtOnce;
    "The source of metrics does not understand a query, or the histogram has no bucket with the bound that is asked for.";
    "A mistake in PromQL, a function that this source does not have, a `slowerThan` that is no bucket bound.";
    "Correct the check as the message says; `crashgate validate --online` tries all of them.";
    "the answer of the source: status 400 or 422, or the labels `le` of its buckets"

    MetricsUnreachable, Observation, Inconclusive, Counts::AtTheEnd;
    "The source of metrics did not answer, or not as Prometheus does.";
    "A wrong URL or path prefix, credentials that are not accepted, a certificate that is not trusted, a source that is down or answers too much.";
    "Try the URL and the credentials as the message says; `crashgate validate --online` asks the source.";
    "the requests to `metrics.source`"

    MetricAmbiguous, Observation, Inconclusive, Counts::AtTheEnd;
    "A query does not give one number, so it cannot be held against a limit.";
    "Several series where one is asked for, NaN after a division by zero, an infinite value, a string.";
    "Aggregate the query to one number, as in `max(…)`, or divide only where there is something to divide by.";
    "the answer of the source"

    NoMetricData, Observation, Inconclusive, Counts::AtTheEnd;
    "There is no metric data of these pods, which is neither good nor bad.";
    "No traffic, pods that are not scraped, labels that name the pods in another way, a metric with another name, samples that are old.";
    "Check that the pods are scraped and get traffic: `crashgate validate --online` says what each selector matches.";
    "the answers of the source: series of the pods, and the time of their newest sample"

    MetricUndecided, Observation, Inconclusive, Counts::AtTheEnd;
    "The metrics prove neither that the version is good nor that it is bad.";
    "Too few requests in the time that `watchFor` gives, or a share so near to its limit that it takes more of them.";
    "Watch for longer (`watchFor`), send more traffic, or allow more (`max`, `harm`); `undecided: pass` passes all the same.";
    "the counts of both versions, and the limits in the manifest"

    RecordingEnded, Observation, Inconclusive, Counts::AtOnce;
    "The recording ended before the gate could decide.";
    "A recording that was cut, or a policy that asks for more time than the recording has.";
    "Record for longer, or replay with a shorter `waitPeriod` and `stableFor`.";
    "the end of the recording"
};

impl TroubleKind {
    /// The cause that it is.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Unreachable => Code::ClusterUnreachable,
            Self::Unauthorized => Code::Unauthorized,
            Self::Forbidden => Code::Forbidden,
            Self::Stale => Code::StaleData,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CATALOGUE, Code, Fault};
    use crate::gate::result::Verdict;

    #[test]
    fn each_row_stands_at_its_codes_place() {
        for (place, row) in CATALOGUE.iter().enumerate() {
            assert_eq!(row.code as usize, place, "{}", row.name);
            assert_eq!(Code::from_name(row.name), Some(row.code));
            assert_eq!(Code::from_name(&row.name.to_lowercase()), Some(row.code));
        }
        assert_eq!(Code::RecordingEnded as usize + 1, CATALOGUE.len(), "the last code has the last row");
        assert_eq!(Code::from_name("Nonsense"), None);
    }

    #[test]
    fn no_cause_ever_means_healthy_and_faults_fit_their_verdicts() {
        for row in CATALOGUE {
            let fits = match row.fault {
                Fault::App => matches!(row.verdict, Verdict::Failed | Verdict::TimedOut),
                Fault::Platform => row.verdict == Verdict::Platform,
                Fault::Outcome => matches!(row.verdict, Verdict::Superseded | Verdict::NothingMatched),
                Fault::Observation => row.verdict == Verdict::Inconclusive,
            };
            assert!(fits, "{}", row.name);
        }
    }
}
