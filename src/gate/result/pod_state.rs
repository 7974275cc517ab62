//! What a pod is doing.

use std::fmt;

/// What a pod is doing, as far as a few words can say. Names, reasons and the words of [`PodState::Disturbed`] are the
/// cluster's: hostile text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PodState {
    /// Something other than the app took it: evicted, preempted, its node shut down. The words say what.
    Disturbed(String),
    /// The kubelet evicted it because it used more disk than its own limit.
    OverDiskLimit,
    /// It has a `metadata.deletionTimestamp`.
    Terminating,
    /// Its phase is `Succeeded`.
    Succeeded,
    /// Its phase is `Failed`; `status.reason` says why, where the API does.
    Failed {
        /// `status.reason`.
        reason: Option<String>,
    },
    /// Its condition `Ready` is true.
    Ready,
    /// It has no node yet; the condition `PodScheduled` says why, where the API does.
    Unscheduled {
        /// The reason of the condition.
        reason: Option<String>,
    },
    /// A container waits for more than its turn.
    ContainerWaits {
        /// Its name.
        container: String,
        /// Its `state.waiting.reason`.
        reason: String,
    },
    /// A container has ended that should run, or failed in its turn.
    ContainerEnded {
        /// Its name.
        container: String,
        /// How, in a few words.
        how: String,
    },
    /// An init container is at work.
    Initializing {
        /// Its name.
        container: String,
    },
    /// Its containers run, and it is not ready.
    NotReady,
    /// It is on a node, and nothing of it runs yet.
    Starting,
}

impl fmt::Display for PodState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disturbed(words) => f.write_str(words),
            Self::OverDiskLimit => f.write_str("evicted for its own disk limit"),
            Self::Terminating => f.write_str("terminating"),
            Self::Succeeded => f.write_str("succeeded"),
            Self::Failed { reason: None } => f.write_str("failed"),
            Self::Failed { reason: Some(reason) } => write!(f, "failed: {reason}"),
            Self::Ready => f.write_str("ready"),
            Self::Unscheduled { reason } => f.write_str(reason.as_deref().unwrap_or("waiting for a node")),
            Self::ContainerWaits { container, reason } => write!(f, "{container}: {reason}"),
            Self::ContainerEnded { container, how } => write!(f, "{container} ended: {how}"),
            Self::Initializing { container } => write!(f, "init container {container} runs"),
            Self::NotReady => f.write_str("running, not ready"),
            Self::Starting => f.write_str("starting"),
        }
    }
}
