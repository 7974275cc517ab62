//! Waiting for a verdict.

use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::limits::Limits;
use super::told::{About, told};
use crate::serve::GateView;

/// Who may wait, and for how long.
#[derive(Debug)]
pub struct Waits {
    longest: Duration,
    seats: Semaphore,
    stopping: CancellationToken,
}

impl Waits {
    pub(super) fn new(limits: &Limits, stopping: CancellationToken) -> Self {
        Self { longest: limits.longest_wait, seats: Semaphore::new(limits.waits), stopping }
    }

    /// Returns how the gate stands as soon as there is a verdict to tell, and else after `wait`, or after the longest wait
    /// that is allowed, or at once where too many wait already, or the server is about to end.
    pub(super) async fn until_told(
        &self,
        gate: &mut watch::Receiver<GateView>,
        about: Option<About>,
        wait: Duration,
    ) -> GateView {
        let is_told = |view: &GateView| told(view, about.unwrap_or_else(|| About::of(view))).verdict.is_some();
        let wait = wait.min(self.longest);
        if !wait.is_zero()
            && !is_told(&gate.borrow_and_update())
            && let Ok(_seat) = self.seats.try_acquire()
        {
            tokio::select! {
                // A gate that was forgotten changes no more: it is told as it was seen last.
                _ = timeout(wait, gate.wait_for(is_told)) => {}
                () = self.stopping.cancelled() => {}
            }
        }
        gate.borrow().clone()
    }
}
