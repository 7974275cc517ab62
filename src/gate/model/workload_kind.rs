//! The kinds of workload that the gate knows, with what the API calls each of them.

use std::fmt;

/// The kinds of workload whose fields the gate can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkloadKind {
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` `ReplicaSet`, by itself or under a Deployment or a custom resource.
    ReplicaSet,
    /// `apps/v1` `StatefulSet`.
    StatefulSet,
    /// `apps/v1` `DaemonSet`.
    DaemonSet,
    /// `batch/v1` Job.
    Job,
    /// `argoproj.io/v1alpha1` Rollout, of Argo Rollouts.
    Rollout,
    /// `apps.kruise.io/v1alpha1` `CloneSet`, of `OpenKruise`.
    CloneSet,
    /// `flagger.app/v1beta1` Canary, of Flagger. It owns no pods: those of its target are gated.
    Canary,
}

impl WorkloadKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Deployment,
        Self::ReplicaSet,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::Job,
        Self::Rollout,
        Self::CloneSet,
        Self::Canary,
    ];

    /// The kinds that every API server has.
    pub const BUILT_IN: [Self; 5] = [Self::Deployment, Self::ReplicaSet, Self::StatefulSet, Self::DaemonSet, Self::Job];

    /// The API group.
    #[must_use]
    pub const fn group(self) -> &'static str {
        match self {
            Self::Deployment | Self::ReplicaSet | Self::StatefulSet | Self::DaemonSet => "apps",
            Self::Job => "batch",
            Self::Rollout => "argoproj.io",
            Self::CloneSet => "apps.kruise.io",
            Self::Canary => "flagger.app",
        }
    }

    /// The version of the API group that is read.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::Rollout | Self::CloneSet => "v1alpha1",
            Self::Canary => "v1beta1",
            _ => "v1",
        }
    }

    /// The resource as RBAC rules and URLs spell it.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::ReplicaSet => "replicasets",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
            Self::Job => "jobs",
            Self::Rollout => "rollouts",
            Self::CloneSet => "clonesets",
            Self::Canary => "canaries",
        }
    }

    /// Returns true for a kind of a `CustomResourceDefinition`, which an API server may well not have.
    #[must_use]
    pub const fn is_custom(self) -> bool {
        matches!(self, Self::Rollout | Self::CloneSet | Self::Canary)
    }

    /// The kind as the API spells it.
    #[must_use]
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
            Self::Rollout => "Rollout",
            Self::CloneSet => "CloneSet",
            Self::Canary => "Canary",
        }
    }

    /// The kind as kubectl and `workload:` spell it, in lower case.
    #[must_use]
    pub const fn lower(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::ReplicaSet => "replicaset",
            Self::StatefulSet => "statefulset",
            Self::DaemonSet => "daemonset",
            Self::Job => "job",
            Self::Rollout => "rollout",
            Self::CloneSet => "cloneset",
            Self::Canary => "canary",
        }
    }

    /// True for a kind that is delivered in steps, at the end of which its new revision becomes the stable one.
    #[must_use]
    pub const fn can_be_promoted(self) -> bool {
        matches!(self, Self::Rollout | Self::Canary)
    }

    /// The kind of that name in the API's spelling.
    #[must_use]
    pub fn from_kind(kind: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|candidate| candidate.kind() == kind)
    }
}

impl fmt::Display for WorkloadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.lower())
    }
}
