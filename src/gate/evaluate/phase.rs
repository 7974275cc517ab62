//! The stages of a decision. Each value is legal by itself: what is asked is always about the window that is open.

use std::time::Duration;

use super::live::{Changes, LiveAssessment};
use super::stability::Window;

/// The stage that a gate is in.
#[derive(Debug, Clone, Default)]
pub enum Phase {
    /// Something is lacking, or nothing is there. Goes on to [`Phase::Stable`] once all is well.
    #[default]
    Waiting,
    /// All has been well since the window opened. Goes on to [`Phase::Smoking`] or [`Phase::Confirming`] once that is long
    /// enough, and back to [`Phase::Waiting`] where something is lacking.
    Stable {
        /// Since when.
        window: Window,
        /// The smoke run of this window passed.
        smoked: bool,
    },
    /// The smoke run is asked for. Goes back to [`Phase::Stable`] with its answer, or without one where the window starts
    /// again.
    Smoking {
        /// Since when all has been well.
        window: Window,
        /// Counts the questions.
        ticket: u64,
    },
    /// The confirming read is asked for. Goes back to [`Phase::Stable`] with its answer, where that does not decide; where
    /// the window starts again; and where the view is lost.
    Confirming {
        /// Since when all has been well.
        window: Window,
        /// Counts the questions.
        ticket: u64,
    },
}

/// What became of the window at a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It goes on.
    None,
    /// It was opened.
    Opened,
    /// It broke, and was opened anew at once.
    Restarted {
        /// Why it broke.
        why: String,
    },
}

impl Phase {
    /// The window that is open.
    #[must_use]
    pub const fn window(&self) -> Option<&Window> {
        match self {
            Self::Waiting => None,
            Self::Stable { window, .. } | Self::Smoking { window, .. } | Self::Confirming { window, .. } => {
                Some(window)
            }
        }
    }

    const fn window_mut(&mut self) -> Option<&mut Window> {
        match self {
            Self::Waiting => None,
            Self::Stable { window, .. } | Self::Smoking { window, .. } | Self::Confirming { window, .. } => {
                Some(window)
            }
        }
    }

    /// Remembers what changed, for as long as a window is open.
    pub fn note(&mut self, changes: &Changes) {
        if let Some(window) = self.window_mut() {
            window.note(changes);
        }
    }

    /// All is well: opens the window, or lets it go on, or starts it again where a pod is not the one it was.
    pub fn well(&mut self, now: Duration, live: &LiveAssessment) -> Change {
        let change = match self.window_mut() {
            None => Change::Opened,
            Some(window) => match window.go_on(live) {
                Ok(()) => return Change::None,
                Err(why) => Change::Restarted { why },
            },
        };
        *self = Self::Stable { window: Window::new(now), smoked: false };
        change
    }

    /// Something is lacking: shuts the window. Returns true if it was open.
    pub fn unwell(&mut self) -> bool {
        !matches!(std::mem::take(self), Self::Waiting)
    }

    /// All was well, and the view is lost: what was to be confirmed is not asked any more.
    pub fn lose_sight(&mut self) {
        self.take_question();
        if let Some(window) = self.window_mut() {
            window.lose_sight();
        }
    }

    /// The ticket of the confirming read that is asked for.
    #[must_use]
    pub const fn ticket(&self) -> Option<u64> {
        if let Self::Confirming { ticket, .. } = self { Some(*ticket) } else { None }
    }

    /// The ticket of the smoke run that is asked for.
    #[must_use]
    pub const fn smoke_ticket(&self) -> Option<u64> {
        if let Self::Smoking { ticket, .. } = self { Some(*ticket) } else { None }
    }

    /// True where the smoke run of the open window passed, or none was asked for before its confirming read.
    #[must_use]
    pub const fn is_smoked(&self) -> bool {
        matches!(self, Self::Stable { smoked: true, .. } | Self::Confirming { .. })
    }

    /// Asks for the smoke run, or for the confirming read. Returns true if that is not asked for already.
    pub fn ask(&mut self, ticket: u64, for_smoke: bool) -> bool {
        match std::mem::take(self) {
            Self::Stable { window, .. } if for_smoke => *self = Self::Smoking { window, ticket },
            Self::Stable { window, .. } => *self = Self::Confirming { window, ticket },
            other => {
                *self = other;
                return false;
            }
        }
        true
    }

    /// Takes the question of the confirming read off. Returns true if there was one.
    pub fn take_question(&mut self) -> bool {
        match std::mem::take(self) {
            // It is asked for after the smoke run alone.
            Self::Confirming { window, .. } => *self = Self::Stable { window, smoked: true },
            other => {
                *self = other;
                return false;
            }
        }
        true
    }

    /// Takes the smoke run off that was asked for, and remembers whether it passed. Returns true if there was one.
    pub fn take_smoke(&mut self, passed: bool) -> bool {
        match std::mem::take(self) {
            Self::Smoking { window, .. } => *self = Self::Stable { window, smoked: passed },
            other => {
                *self = other;
                return false;
            }
        }
        true
    }
}
