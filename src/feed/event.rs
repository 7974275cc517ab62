//! The events of a feed.

use std::fmt;

use super::owner::Owner;
use crate::gate::model::{Phase, Pod, Role};
use crate::gate::result::Code;

/// Something happened to a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// To which one, as it was known then.
    pub pod: PodRef,
    /// What.
    pub change: Change,
}

/// A pod, as far as an event names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodRef {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// Who made it; `None` where nobody controls it.
    pub owner: Option<Owner>,
    /// `spec.nodeName`.
    pub node: Option<String>,
    /// `status.phase`.
    pub phase: Option<Phase>,
}

impl PodRef {
    /// A pod as it is now.
    #[must_use]
    pub fn of(pod: &Pod) -> Self {
        Self {
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            uid: pod.uid.clone(),
            owner: Owner::of(pod),
            node: pod.node.clone(),
            phase: pod.phase,
        }
    }
}

/// A container of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerRef {
    /// Its name.
    pub name: String,
    /// Its part in the pod.
    pub role: Role,
}

/// What happened to a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It came.
    Created,
    /// Its phase changed. A pod is created Pending, so a pod that is first seen in another phase has left that one.
    Phase {
        /// The phase before.
        from: Option<Phase>,
        /// The phase now.
        to: Option<Phase>,
        /// `status.reason`: why it failed as a whole (`Evicted`, …).
        reason: Option<String>,
        /// `status.message`.
        message: Option<String>,
    },
    /// Its condition `Ready` became True.
    Ready,
    /// Its condition `Ready` is not True any more. Not told of a pod that has ended: that is no loss.
    NotReady {
        /// Why, as the condition says it.
        reason: Option<String>,
    },
    /// It waits for something that does not come by itself: an image, a ConfigMap, a node. Told once for each cause.
    Waiting {
        /// The container that waits; `None` where it is the pod.
        container: Option<ContainerRef>,
        /// `ErrImagePull`, `CreateContainerConfigError`, `Unschedulable`, …
        reason: String,
        /// The message beside it.
        message: Option<String>,
    },
    /// An attempt of a container ended.
    Ended {
        /// Which container.
        container: ContainerRef,
        /// How.
        end: End,
    },
    /// A container was started anew.
    Restarted {
        /// Which container.
        container: ContainerRef,
        /// `restartCount`.
        restarts: u32,
    },
    /// A container was started anew because its image was changed in place, as `OpenKruise` does it: the end before it and this
    /// restart are the update's own, and not told as such.
    Updated {
        /// Which container.
        container: ContainerRef,
        /// The revision that the update led to.
        revision: String,
        /// `restartCount`.
        restarts: u32,
    },
    /// A container ends again and again. Told once, until it has run for so long that the kubelet forgets its crashes.
    CrashLoop {
        /// Which container.
        container: ContainerRef,
        /// The gate's name for it.
        code: Code,
        /// What it was known by.
        sign: Sign,
        /// How its newest attempt ended, where that is known.
        end: Option<End>,
        /// Crashes so far.
        crashes: u32,
        /// `restartCount`.
        restarts: u32,
    },
    /// It was asked to go: `metadata.deletionTimestamp` is set.
    Terminating {
        /// Why, where a disruption is behind it.
        why: Option<String>,
    },
    /// It is gone.
    Deleted,
}

/// How an attempt of a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// `exitCode`.
    pub exit_code: i32,
    /// `reason`: `Error`, `Completed`, `OOMKilled`, …
    pub reason: Option<String>,
    /// The end in a few words: `exit code 1`, `OOMKilled (exit code 137)`. It may quote the cluster: hostile text.
    pub words: String,
    /// How long it ran, in whole seconds.
    pub ran_seconds: Option<u64>,
}

/// What a crash loop is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// The kubelet says `CrashLoopBackOff`. From Kubernetes 1.35 on that can come more than a minute late.
    BackOff,
    /// The container is down after its second crash or a later one.
    Terminated,
    /// It was started anew after its second crash or a later one, which was not seen itself.
    Restarted,
}

impl Sign {
    /// The spelling in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BackOff => "CrashLoopBackOff",
            Self::Terminated => "terminated",
            Self::Restarted => "restarted",
        }
    }
}

impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which events are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Only {
    /// Crash loops.
    CrashLoops,
    /// Created, phases, terminating, deleted.
    Lifecycle,
    /// All of them.
    #[default]
    All,
}

impl Only {
    /// True where the change is wanted.
    #[must_use]
    pub const fn takes(self, change: &Change) -> bool {
        match self {
            Self::All => true,
            Self::CrashLoops => matches!(change, Change::CrashLoop { .. }),
            Self::Lifecycle => {
                matches!(change, Change::Created | Change::Phase { .. } | Change::Terminating { .. } | Change::Deleted)
            }
        }
    }
}

impl Change {
    /// The spelling in JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Phase { .. } => "phase",
            Self::Ready => "ready",
            Self::NotReady { .. } => "not-ready",
            Self::Waiting { .. } => "waiting",
            Self::Ended { .. } => "ended",
            Self::Restarted { .. } => "restarted",
            Self::Updated { .. } => "updated",
            Self::CrashLoop { .. } => "crash-loop",
            Self::Terminating { .. } => "terminating",
            Self::Deleted => "deleted",
        }
    }

    /// The container that it is about, if it is about one.
    #[must_use]
    pub const fn container(&self) -> Option<&ContainerRef> {
        match self {
            Self::Ended { container, .. }
            | Self::Restarted { container, .. }
            | Self::Updated { container, .. }
            | Self::CrashLoop { container, .. } => Some(container),
            Self::Waiting { container, .. } => container.as_ref(),
            _ => None,
        }
    }
}
