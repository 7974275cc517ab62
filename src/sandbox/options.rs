//! How a recording is served: what callers choose.

use std::time::Duration;

use super::faults::Faults;
use super::pods::PodScript;

/// When playback begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Begin {
    /// With the server.
    #[default]
    Now,
    /// With the first request.
    AtFirstRequest,
    /// When [`Running::start`] is called; until then the recording stands still.
    WhenTold,
}

/// What is served once the recording is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtEnd {
    /// Its final state.
    #[default]
    Keep,
    /// 503 to every request; watches and followed logs end.
    Refuse,
}

/// How to serve a recording.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The port on 127.0.0.1; a free one where none is given.
    pub port: Option<u16>,
    /// When playback begins.
    pub begin: Begin,
    /// The moment of the recording that playback begins with.
    pub offset: Duration,
    /// What comes after the end.
    pub at_end: AtEnd,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// What becomes of pods that clients create. Without it the sandbox is read-only.
    pub pods: Option<PodScript>,
}
