//! The kinds of states of a pod that pictures tell apart.

use crate::gate::result::PodState;

/// The kinds of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not on a node yet.
    Waiting,
    /// On its way.
    Starting,
    /// Ready.
    Ready,
    /// Something is wrong.
    Trouble,
    /// Done, or on its way out.
    Leaving,
}

impl State {
    /// Every state, in the order of a pod's life.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Starting, Self::Ready, Self::Trouble, Self::Leaving];

    /// The name of the state, for a legend.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting for a node",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Trouble => "in trouble",
            Self::Leaving => "done or leaving",
        }
    }

    pub(super) const fn of(state: &PodState) -> Self {
        match state {
            PodState::Ready => Self::Ready,
            PodState::Succeeded | PodState::Terminating => Self::Leaving,
            PodState::Unscheduled { .. } => Self::Waiting,
            PodState::Starting | PodState::NotReady | PodState::Initializing { .. } => Self::Starting,
            PodState::Disturbed(_)
            | PodState::OverDiskLimit
            | PodState::Failed { .. }
            | PodState::ContainerWaits { .. }
            | PodState::ContainerEnded { .. } => Self::Trouble,
        }
    }
}
