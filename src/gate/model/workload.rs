//! What the gate knows of the workloads that own pods.

use std::collections::BTreeMap;

use super::pod::{Condition, ControllerRef, Role};
use super::progressive::{CanaryStatus, CloneSetStatus, RolloutState, WorkloadRef};
use super::resource_version::ResourceVersion;
use super::template_parts::TemplateParts;
use super::workload_kind::WorkloadKind;

/// A workload at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    /// Its kind.
    pub kind: WorkloadKind,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.uid`.
    pub uid: String,
    /// `metadata.resourceVersion`: which of two tellings is the older one.
    pub resource_version: ResourceVersion,
    /// The controller among `metadata.ownerReferences`.
    pub controller: Option<ControllerRef>,
    /// `metadata.creationTimestamp` as the server wrote it. For telling old events apart, never for decisions.
    pub created: Option<String>,
    /// `metadata.deletionTimestamp` is set.
    pub deleting: bool,
    /// It carries `helm.sh/hook` or `argocd.argoproj.io/hook`: it comes before or after a deploy, and is not the app.
    pub hook: bool,
    /// `metadata.generation`: the number of the newest spec.
    pub generation: Option<i64>,
    /// `status.observedGeneration`: the spec that the status speaks of.
    pub observed_generation: Option<i64>,
    /// The pod template. Of a Rollout with a `workloadRef` it is that of the workload that it refers to, once that is
    /// known; a Canary has none.
    pub template: Template,
    /// `spec.selector.matchLabels`, from which a pinned gate learns which pods to watch.
    pub match_labels: BTreeMap<String, String>,
    /// How many pods are wanted: `spec.replicas`; `status.desiredNumberScheduled` of a `DaemonSet`.
    pub desired: Option<u32>,
    /// Pods of the newest template: `status.updatedReplicas`, `status.updatedNumberScheduled`.
    pub updated: Option<u32>,
    /// Pods that are available: `status.availableReplicas`, `status.numberAvailable`.
    pub available: Option<u32>,
    /// `spec.minReadySeconds`: so long a pod must be Ready to be available; 0 where the kind has none.
    pub min_ready_seconds: u32,
    /// `metadata.annotations["deployment.kubernetes.io/revision"]`.
    pub revision: Option<u64>,
    /// The Rollout whose `workloadRef`, or the Canary whose target this is, where one is known.
    pub referrer: Option<WorkloadRef>,
    /// What only this kind has.
    pub detail: Detail,
}

impl Workload {
    /// Its kind and name.
    #[must_use]
    pub fn reference(&self) -> WorkloadRef {
        WorkloadRef { kind: self.kind, name: self.name.clone() }
    }

    /// The workload that this one stands above without owning it: the `workloadRef` of a Rollout, the target of a Canary.
    #[must_use]
    pub fn refers_to(&self) -> Option<&WorkloadRef> {
        match &self.detail {
            Detail::Rollout(rollout) => rollout.workload_ref.as_ref(),
            Detail::Canary(canary) => canary.target.as_ref(),
            _ => None,
        }
    }

    /// True for a Job whose condition `Complete` is True.
    #[must_use]
    pub fn is_complete_job(&self) -> bool {
        matches!(self.detail, Detail::Job { end: Some(JobEnd::Complete), .. })
    }
}

/// The pod template of a workload, as far as the gate reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// `spec.template.metadata.labels`, with a `ReplicaSet`'s `pod-template-hash`.
    pub labels: BTreeMap<String, String>,
    /// All containers, init containers first.
    pub containers: Vec<TemplateContainer>,
    /// The annotation `kubectl.kubernetes.io/default-container`: which container is the app's own.
    pub main_container: Option<String>,
    /// A fingerprint of the whole template but for `pod-template-hash`, by which a Deployment and its newest
    /// `ReplicaSet` are told to have the same one. Fingerprints are only equal or not.
    pub fingerprint: u64,
    /// A fingerprint of the pod spec alone, in which a name that ends with `-primary` is as good as that without it: by it the
    /// copy that Flagger makes of a workload is told to run the same.
    pub promoted_fingerprint: u64,
    /// The template in short, of a `ReplicaSet` alone: for telling what changed between two of them.
    pub parts: TemplateParts,
}

/// A container of a pod template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateContainer {
    /// Its name.
    pub name: String,
    /// Its part in the pod.
    pub role: Role,
    /// Its `image`.
    pub image: String,
}

/// What only one kind of workload has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// Of a Deployment.
    Deployment {
        /// `spec.paused`.
        paused: bool,
        /// The condition `Progressing`.
        progressing: Option<Condition>,
        /// The condition `ReplicaFailure`.
        replica_failure: Option<Condition>,
    },
    /// Of a `ReplicaSet`.
    ReplicaSet {
        /// `status.readyReplicas`: how many of its pods are Ready. Those on their way out are not counted.
        ready: Option<u32>,
        /// The condition `ReplicaFailure`.
        replica_failure: Option<Condition>,
    },
    /// Of a `StatefulSet`.
    StatefulSet {
        /// `status.updateRevision`: the value of `controller-revision-hash` on pods of the newest template.
        update_revision: Option<String>,
        /// `status.currentRevision`: that of the pods which are not updated yet; the same as `update_revision` once all
        /// are.
        current_revision: Option<String>,
        /// `spec.updateStrategy.rollingUpdate.partition`: pods of a lower ordinal keep the old template.
        partition: u32,
        /// `spec.ordinals.start`.
        first_ordinal: u32,
        /// `spec.updateStrategy.type` is `OnDelete`.
        on_delete: bool,
        /// `spec.podManagementPolicy` is `OrderedReady` (the default).
        ordered_ready: bool,
    },
    /// Of a `DaemonSet`.
    DaemonSet {
        /// `spec.updateStrategy.type` is `OnDelete`.
        on_delete: bool,
        /// The annotation `deprecated.daemonset.template.generation`, the value of the label
        /// `pod-template-generation` on pods of the newest template.
        template_generation: Option<String>,
    },
    /// Of a Job.
    Job {
        /// The condition `Complete` or `Failed`, whichever is True.
        end: Option<JobEnd>,
        /// `spec.suspend`.
        suspended: bool,
        /// `status.failed`: how many pods failed so far.
        failed: u32,
        /// `status.succeeded`.
        succeeded: u32,
    },
    /// Of a Rollout.
    Rollout(Box<RolloutState>),
    /// Of a `CloneSet`.
    CloneSet(CloneSetStatus),
    /// Of a Canary.
    Canary(CanaryStatus),
}

/// How a Job ended, by its own conditions. Nothing else ends a Job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// Condition `Complete`.
    Complete,
    /// Condition `Failed`.
    Failed {
        /// `BackoffLimitExceeded`, `DeadlineExceeded`, `PodFailurePolicy`, …
        reason: Option<String>,
        /// The condition's message.
        message: Option<String>,
    },
}
