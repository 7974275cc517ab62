//! Restarts of the server: every connection is closed, and for a while none is taken.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::sandbox::clock::Clock;

/// The restarts of a playback.
#[derive(Debug)]
pub(in crate::sandbox) struct Outage {
    /// Of the clock: from this millisecond on, for so long.
    planned: Vec<(u64, Duration)>,
    /// Of a request.
    until: Mutex<Option<Instant>>,
    /// How many have begun.
    begun: watch::Sender<u64>,
}

impl Outage {
    pub fn new(planned: impl Iterator<Item = (u64, Duration)>) -> Self {
        let mut planned: Vec<_> = planned.collect();
        planned.sort_unstable();
        Self { planned, until: Mutex::new(None), begun: watch::Sender::new(0) }
    }

    /// None is planned. A request may start one all the same.
    pub fn is_never(&self) -> bool {
        self.planned.is_empty()
    }

    /// The server is down.
    pub fn is_on(&self, now_ms: u64) -> bool {
        let by_clock = self.planned.iter().any(|(at_ms, lasts)| {
            let lasts = u64::try_from(lasts.as_millis()).unwrap_or(u64::MAX);
            (*at_ms..at_ms.saturating_add(lasts)).contains(&now_ms)
        });
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        by_clock || until.is_some_and(|until| Instant::now() < until)
    }

    /// Goes down now.
    pub fn begin(&self, lasts: Duration) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now().checked_add(lasts);
        self.begun.send_modify(|count| *count += 1);
    }

    /// Hears of every restart from now on.
    pub fn listen(&self) -> Restarts {
        Restarts(self.begun.subscribe())
    }

    /// Begins the planned restarts at their times.
    pub async fn conduct(&self, clock: &Clock, stop: &CancellationToken) {
        for (at_ms, _) in &self.planned {
            clock.wait_for_start().await;
            let Some(at) = clock.instant_of(*at_ms) else { return };
            tokio::select! {
                () = tokio::time::sleep_until(at) => self.begun.send_modify(|count| *count += 1),
                () = stop.cancelled() => return,
            }
        }
    }
}

/// Hears of restarts.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Restarts(watch::Receiver<u64>);

impl Restarts {
    /// Ends when the next restart begins.
    pub async fn begins(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
