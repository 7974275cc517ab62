//! The playback's clock: which moment of the recording is now, and when a moment of it will be.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Maps real time to the recording's, one to one. Until playback starts, the recording stands still at its offset.
#[derive(Debug)]
pub(super) struct Clock {
    recorded_start: Timestamp,
    offset: Duration,
    end_ms: u64,
    origin: OnceLock<Origin>,
    started: CancellationToken,
}

/// Both clocks at the moment playback started: the monotonic one drives it, the wall's dates the objects.
#[derive(Debug, Clone, Copy)]
struct Origin {
    instant: Instant,
    wall: Timestamp,
}

impl Clock {
    pub fn new(recorded_start: Timestamp, end_ms: u64, offset: Duration) -> Self {
        Self { recorded_start, offset, end_ms, origin: OnceLock::new(), started: CancellationToken::new() }
    }

    /// Starts playback; a second call changes nothing.
    pub fn start(&self) {
        self.origin.get_or_init(|| Origin { instant: Instant::now(), wall: Timestamp::now() });
        self.started.cancel();
    }

    /// Ends when playback starts; at once where it has.
    pub async fn wait_for_start(&self) {
        self.started.cancelled().await;
    }

    /// Now, in milliseconds of the recording. Goes on past its end.
    pub fn now_ms(&self) -> u64 {
        let elapsed = self.origin.get().map_or(Duration::ZERO, |origin| origin.instant.elapsed());
        u64::try_from((self.offset + elapsed).as_millis()).unwrap_or(u64::MAX)
    }

    /// When the given millisecond of the recording is or was; `None` where playback has not started, or where it lies
    /// beyond what the system's clock can tell.
    pub fn instant_of(&self, at_ms: u64) -> Option<Instant> {
        let origin = self.origin.get()?;
        let ahead = Duration::from_millis(at_ms).saturating_sub(self.offset);
        origin.instant.checked_add(ahead)
    }

    /// The recording's last millisecond.
    pub fn end_ms(&self) -> u64 {
        self.end_ms
    }

    /// True once the recording is over.
    pub fn has_ended(&self) -> bool {
        self.now_ms() > self.end_ms
    }

    /// What is added to a recorded time so that the recording's start is the moment playback began.
    pub fn shift(&self) -> SignedDuration {
        let wall = self.origin.get().map_or_else(Timestamp::now, |origin| origin.wall);
        let offset = SignedDuration::try_from(self.offset).unwrap_or(SignedDuration::ZERO);
        wall.duration_since(self.recorded_start).saturating_sub(offset)
    }
}
