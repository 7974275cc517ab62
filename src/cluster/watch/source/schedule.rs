//! When a source proves itself next, and until when it is believed.

use std::time::Duration;

use tokio::time::Instant;

use super::{FAR, SourceTask};
use crate::cluster::watch::probe::ProbeWindow;

/// A feed is proven so often, however much its watch tells; a gate's source once in three times of silence.
const UNPROVEN: Duration = Duration::from_mins(5);

/// A source whose watch broke is lost where it was not listed again so long after.
const BRIDGED: Duration = Duration::from_secs(2);

impl SourceTask {
    /// When what is known is too old to be believed, while nothing tells what changes.
    pub(super) fn believed_until(&self) -> Instant {
        let unwatched = self.unwatched_since.filter(|_| self.was_listed).map(|since| since + BRIDGED);
        let look = self.look.map(|look| look.until);
        // Lists alone are believed for as long as they are to be apart, and half as long again; those that
        // do not lead wait for the budget, and the confirming read lists them anew.
        let polled = (self.is_polled && self.was_listed).then(|| {
            let looks = self.looks.iter().map(|look| look.until);
            looks
                .chain([self.proven
                    + self
                        .schedule
                        .poll
                        .mul_f64(if self.leads { 1.5 } else { 8.0 })
                        .max(self.schedule.poll + BRIDGED * 2)])
                .min()
        });
        let look = look.into_iter().chain(polled.flatten()).min();
        unwatched.into_iter().chain(look).min().unwrap_or_else(|| Instant::now() + FAR)
    }

    pub(super) fn proof_due(&mut self) -> Instant {
        let now = Instant::now();
        // A look that is due is the next one; it is taken off once it was asked for.
        let mut due = self.next_proof.unwrap_or(now + self.schedule.quiet);
        // A watch that speaks all the time may still have lost a line.
        due = due.min(self.proven + if self.gives_up_watches() { self.schedule.quiet * 3 } else { UNPROVEN });
        self.looks.iter().map(|look| look.from).fold(due, Instant::min)
    }

    /// A LIST is asked for now: the looks that were due are taken.
    pub(super) fn take_due_windows(&mut self) {
        let now = Instant::now();
        if let Some(until) = self.audience.take_due_looks(now) {
            self.looks = self.audience.looks();
            self.look = Some(ProbeWindow { from: now, until });
        }
    }
}
