//! What every request can see of a playback.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::clock::Clock;
use super::faults::Playback;
use super::options::{AtEnd, Begin, Options};
use super::pods::PodScript;
use super::requests::Requests;
use super::state::{Look, State};
use super::timeline::Timeline;

/// What every request can see.
#[derive(Debug)]
pub(super) struct Shared {
    /// The recording, and the pods that were created beside it.
    pub state: State,
    /// What becomes of pods that are created; without a script none are.
    pub script: Option<PodScript>,
    /// Its clock.
    pub clock: Clock,
    /// What comes after its end.
    pub at_end: AtEnd,
    /// Where the server listens.
    pub addr: SocketAddr,
    /// The requests that came.
    pub requests: Requests,
    /// Ends every stream and the server.
    pub stop: CancellationToken,
    /// What goes wrong on purpose.
    pub faults: Playback,
    /// This playback: a continue token of another one means nothing here.
    pub playback: String,
    /// When it begins.
    pub begin: Begin,
}

impl Shared {
    pub fn new(timeline: Arc<Timeline>, options: Options, addr: SocketAddr) -> Self {
        let playback = format!("{:x}", jiff::Timestamp::now().as_nanosecond());
        let clock = Clock::new(timeline.header.started_at, timeline.end_ms, options.offset);
        let (requests, stop) = (Requests::default(), CancellationToken::new());
        let Options { begin, at_end, faults, pods: script, .. } = options;
        let (faults, state) = (Playback::new(faults), State::new(timeline));
        Self { state, script, clock, at_end, addr, requests, stop, faults, playback, begin }
    }

    /// What there is at this moment.
    pub fn look(&self) -> Look {
        self.state.look(&self.clock)
    }

    /// What there is, where the moment does not matter.
    pub fn timeline(&self) -> Arc<Timeline> {
        self.look().timeline
    }

    /// True once the recording is over and nothing is to be served any more.
    pub fn is_over(&self) -> bool {
        self.at_end == AtEnd::Refuse && self.clock.has_ended()
    }
}
