//! What the gate knows of a pod: the few fields of the Kubernetes API that its rules rest on.
//!
//! Every field that the API may leave out is an `Option`: an absent field is no proof of anything, and no rule may read
//! a default where it needs evidence.

use std::collections::BTreeMap;
use std::fmt;

use super::resource_version::ResourceVersion;

/// Who controls an object: the entry of `metadata.ownerReferences` with `controller: true`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControllerRef {
    /// Its `apiVersion`: `apps/v1`, `kafka.strimzi.io/v1beta2`, …
    pub api_version: String,
    /// The owner's kind as the API spells it (`ReplicaSet`, `Rollout`, …); with its group where it is a custom resource
    /// of the name of a Kubernetes kind (`StatefulSet.apps.kruise.io`).
    pub kind: String,
    /// The owner's name.
    pub name: String,
    /// The owner's UID; a new object of the same name has another.
    pub uid: String,
}

/// A pod at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`: which of two tellings is the older one.
    pub resource_version: ResourceVersion,
    /// `metadata.labels`.
    pub labels: BTreeMap<String, String>,
    /// The controller among `metadata.ownerReferences`.
    pub controller: Option<ControllerRef>,
    /// `metadata.creationTimestamp` as the server wrote it. For words and for telling old events apart, never for decisions.
    pub created: Option<String>,
    /// `metadata.deletionTimestamp` is set: the pod is on its way out and is no evidence.
    pub deleting: bool,
    /// It carries `helm.sh/hook` or `argocd.argoproj.io/hook` itself: it comes before or after a deploy, and is not the
    /// app.
    pub hook: bool,
    /// The annotation `kubectl.kubernetes.io/default-container`: which container is the app's own.
    pub main_container: Option<String>,
    /// `status.phase`.
    pub phase: Option<Phase>,
    /// `status.reason`: why a pod as a whole failed (`Evicted`, `NodeShutdown`, `OutOfcpu`, …).
    pub reason: Option<String>,
    /// `status.message`.
    pub message: Option<String>,
    /// `spec.nodeName`.
    pub node: Option<String>,
    /// `spec.restartPolicy`; the API server always fills it in.
    pub restart_policy: RestartPolicy,
    /// The condition `Ready`.
    pub ready: Option<Condition>,
    /// The condition `InPlaceUpdateReady`, a readiness gate of `OpenKruise`: False while containers are updated in place.
    pub in_place_ready: Option<Condition>,
    /// The condition `PodScheduled`.
    pub scheduled: Option<Condition>,
    /// The condition `DisruptionTarget`.
    pub disruption: Option<Condition>,
    /// The condition `PodReadyToStartContainers`: sandbox, network and volumes are there.
    pub sandbox_ready: Option<Condition>,
    /// How far an in-place resize of the pod is.
    pub resize: PodResize,
    /// The `PersistentVolumeClaim`s that its volumes need, by name: those of `spec.volumes`, and those that the
    /// ephemeral volume controller makes for it.
    pub claims: Vec<String>,
    /// All containers of the spec, init containers first, each with its status where the kubelet gave one.
    pub containers: Vec<Container>,
}

impl Pod {
    /// True where the condition `Ready` says `True` and nothing else in the status contradicts it. The kubelet writes both
    /// from the same facts, so a status that contradicts itself is proof of neither.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.says_ready()
            && self.in_place_ready.as_ref().is_none_or(|condition| condition.status)
            && self.phase == Some(Phase::Running)
            && self.containers.iter().any(|container| container.role == Role::App)
            && self.containers.iter().filter(|container| container.role != Role::Init).all(Container::is_ready)
    }

    /// True where the condition `Ready` says `True`, whatever the rest of the status says.
    #[must_use]
    pub fn says_ready(&self) -> bool {
        self.ready.as_ref().is_some_and(|condition| condition.status)
    }

    /// The sum of `restartCount` over its containers, at most what the type holds.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        let statuses = self.containers.iter().filter_map(|container| container.status.as_ref());
        statuses.fold(0, |sum, status| sum.saturating_add(status.restart_count))
    }
}

/// How far an in-place resize of a pod is, by its conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PodResize {
    /// Neither condition is True.
    #[default]
    Settled,
    /// `PodResizeInProgress` is True: the kubelet is about to apply it, and may restart containers for it.
    InProgress,
    /// `PodResizePending` is True (reason `Deferred` or `Infeasible`), or `PodResizeInProgress` has reason `Error`: the
    /// kubelet does not apply it, and so restarts nothing for it.
    Stuck,
}

/// `status.phase` of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Accepted, not all containers started yet.
    Pending,
    /// Bound to a node, at least one container started. No proof of health.
    Running,
    /// All containers ended with 0 and will not be restarted.
    Succeeded,
    /// All containers ended, at least one in failure, and will not be restarted.
    Failed,
    /// The node does not answer.
    Unknown,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        })
    }
}

/// `spec.restartPolicy` of a pod or of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestartPolicy {
    /// Restart whatever the exit code: the API's default.
    Always,
    /// Restart after a non-zero exit code only.
    OnFailure,
    /// Never restart.
    Never,
}

/// A condition of a pod, with the parts that rules read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `status` is `True`.
    pub status: bool,
    /// `lastTransitionTime` as the server wrote it. Compared for equality only: server clocks are not ours.
    pub since: Option<String>,
    /// `reason`.
    pub reason: Option<String>,
    /// `message`.
    pub message: Option<String>,
}

/// The part that a container plays in its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Runs before the app and must end with 0.
    Init,
    /// An init container with `restartPolicy: Always`: starts before the app and runs beside it.
    Sidecar,
    /// The app itself.
    App,
}

impl Role {
    /// The spelling in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Sidecar => "sidecar",
            Self::App => "app",
        }
    }

    /// How the role is said in front of a container's name: "init container migrate".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Init => "init container",
            Self::Sidecar => "sidecar",
            Self::App => "container",
        }
    }
}

/// A container of a pod: what its spec asks for and what its status says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Its part in the pod.
    pub role: Role,
    /// `image` of the spec.
    pub image: String,
    /// The container's own `restartPolicy`, where it has one, over that of the pod.
    pub restart_policy: Option<RestartPolicy>,
    /// `restartPolicyRules`, in their order: the first that fits an exit code goes before the container's policy.
    pub restart_rules: Vec<RestartRule>,
    /// `resources.limits.memory` as the spec has it.
    pub memory_limit: Option<String>,
    /// `resources.requests` as the spec has them: `cpu`, `memory`, ….
    pub requests: BTreeMap<String, String>,
    /// The resources whose change restarts it; `None` where its `resizePolicy` asks for a restart for none of them.
    pub resize: Option<Resize>,
    /// The update of its image in place that was made last, where there was one.
    pub in_place: Option<InPlaceUpdate>,
    /// Its probes.
    pub probes: Probes,
    /// Its status; absent until the pod is on a node.
    pub status: Option<ContainerStatus>,
}

impl Container {
    /// True where its own status says that it runs and is ready, and what runs is what the spec asks for.
    fn is_ready(&self) -> bool {
        let is_outdated = self.in_place.as_ref().is_some_and(|update| update.is_to_come);
        !is_outdated
            && self.status.as_ref().is_some_and(|status| status.ready && status.state == ContainerState::Running)
    }
}

/// An update of a container in place, by `OpenKruise`: the pod stays, its spec gets another image, and the kubelet restarts
/// the container for it (annotation `apps.kruise.io/inplace-update-state` of the pod).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InPlaceUpdate {
    /// `revision`: the one that it leads to.
    pub revision: String,
    /// `updateTimestamp` as the controller wrote it.
    pub at: Option<String>,
    /// The container still runs the image that it had before (`lastContainerStatuses[].imageID`).
    pub is_to_come: bool,
}

impl InPlaceUpdate {
    /// Returns true if both are the same update, come or to come.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.revision == other.revision && self.at == other.at
    }
}

/// One of `restartPolicyRules` of a container (Kubernetes 1.34 and later).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartRule {
    /// `action` restarts the container. Any other action leaves it to the policy.
    pub restarts: bool,
    /// `exitCodes.operator` is `NotIn`: the rule fits all codes but these.
    pub all_but: bool,
    /// `exitCodes.values`.
    pub exit_codes: Vec<i32>,
}

/// The resources of a container whose `resizePolicy` says `RestartContainer`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resize {
    /// Their requests and limits in the spec, as one text. Compared for equality only.
    pub asked: String,
    /// The status has the same amounts: nothing is left to apply.
    pub applied: bool,
}

/// The probes of a container, where it has them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Probes {
    /// Decides whether the pod is Ready.
    pub readiness: Option<Probe>,
    /// Kills the container when it fails.
    pub liveness: Option<Probe>,
    /// Holds back the other two, and kills the container when it never succeeds.
    pub startup: Option<Probe>,
}

/// One probe as the spec has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What is asked: `GET /ready on port 8080`, `TCP port 5432`, `gRPC port 9000`, `command pg_isready -q`.
    pub asks: String,
    /// `initialDelaySeconds`.
    pub initial_delay_seconds: u32,
    /// `periodSeconds`.
    pub period_seconds: u32,
    /// `timeoutSeconds`.
    pub timeout_seconds: u32,
    /// `failureThreshold`: so many failures in a row count.
    pub failure_threshold: u32,
}

/// The status of a container as the kubelet reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerStatus {
    /// `ready`.
    pub ready: bool,
    /// `started`: the startup probe, if any, has succeeded.
    pub started: Option<bool>,
    /// `restartCount`: the number of the newest attempt, counted from 0.
    pub restart_count: u32,
    /// `containerID` of the newest attempt.
    pub container_id: Option<String>,
    /// `state`.
    pub state: ContainerState,
    /// `lastState.terminated`: how the attempt before ended (or, while `state` is waiting, the newest one).
    pub last: Option<Ended>,
}

/// `state` of a container: exactly one of the three, or nothing that we know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerState {
    /// Not running yet, or not again yet.
    Waiting {
        /// `reason`: `ContainerCreating`, `ErrImagePull`, `CrashLoopBackOff`, …
        reason: Option<String>,
        /// `message`.
        message: Option<String>,
    },
    /// Running.
    Running,
    /// Ended.
    Terminated(Ended),
    /// No state at all: nothing is known.
    Unknown,
}

/// How one attempt of a container ended (`state.terminated`, `lastState.terminated`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// `exitCode`.
    pub exit_code: i32,
    /// `signal`, where the runtime says it.
    pub signal: Option<i32>,
    /// `reason`: `Error`, `Completed`, `OOMKilled`, `StartError`, `ContainerStatusUnknown`, …
    pub reason: Option<String>,
    /// `message`: the termination message, or the runtime's words where it could not start.
    pub message: Option<String>,
    /// `containerID`: the identity of the attempt, and so of the crash.
    pub container_id: Option<String>,
    /// `startedAt` as the server wrote it.
    pub started_at: Option<String>,
    /// `finishedAt` as the server wrote it.
    pub finished_at: Option<String>,
    /// How long it ran, in whole seconds, both ends by the node's clock. For words only.
    pub ran_seconds: Option<u64>,
}
