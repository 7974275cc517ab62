//! What there is now: the recording, and the pods that were created beside it.
//!
//! Whoever looks gets the state and the moment together. A change is put behind every moment that anybody has looked at,
//! so that places and resource versions that a client knows stay what they are.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::clock::Clock;
use super::timeline::Timeline;

/// The state, which changes behind every moment that anybody has seen.
#[derive(Debug)]
pub(super) struct State {
    timeline: Mutex<Arc<Timeline>>,
    /// Counts the changes.
    changed: watch::Sender<u64>,
}

/// What somebody sees who looks.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// The state.
    pub timeline: Arc<Timeline>,
    /// The moment, in milliseconds of the recording.
    pub now_ms: u64,
}

impl State {
    pub fn new(timeline: Arc<Timeline>) -> Self {
        Self { timeline: Mutex::new(timeline), changed: watch::Sender::new(0) }
    }

    /// The state at this moment.
    pub fn look(&self, clock: &Clock) -> Look {
        let timeline = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
        // Under the lock: what is put in later is put in at a later moment, or at this one behind all that is there.
        Look { timeline: Arc::clone(&timeline), now_ms: clock.now_ms() }
    }

    /// Changes what comes after this moment, which the change is told.
    pub fn change<T>(&self, clock: &Clock, change: impl FnOnce(&mut Timeline, u64) -> T) -> T {
        let mut timeline = self.timeline.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = change(Arc::make_mut(&mut timeline), clock.now_ms());
        drop(timeline);
        self.changed.send_modify(|count| *count += 1);
        answer
    }

    /// Hears of changes from now on.
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }
}
