//! When a source must prove itself, and until when it is believed.

use std::time::Duration;

use tokio::time::Instant;

use super::{FAR, SourceTask};

/// When a source must prove itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeSchedule {
    /// After so long a silence; where watching is forbidden, how often it is listed.
    pub quiet: Duration,
    /// How long after its begin for the first time, so that sources take turns.
    pub first: Duration,
    /// A moment at which it must have proven itself once more, because a gate may decide by it soon after.
    pub last_window: Option<ProbeWindow>,
    /// Where lists alone tell what happens, they are so far apart.
    pub poll: Duration,
    /// A watch that lived so long before it broke is worth opening again.
    pub settled: Duration,
    /// After so many in a row that did not live so long, lists alone tell what happens.
    pub most_breaks: u32,
    /// It is not asked for before somebody needs it. Most API servers do not have the kinds of custom resources, and what
    /// there is of them shows by other objects that name them.
    pub waits_for_need: bool,
}

impl ProbeSchedule {
    /// A schedule for who wants to miss no step and may ask often for it: watches are opened again however soon they break.
    #[must_use]
    pub const fn of_feed(quiet: Duration) -> Self {
        Self {
            quiet,
            first: quiet,
            last_window: None,
            poll: quiet,
            settled: Duration::from_secs(1),
            most_breaks: u32::MAX,
            waits_for_need: false,
        }
    }
}

/// A look at a source that is due by some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeWindow {
    /// It is taken from this moment on…
    pub from: Instant,
    /// …and the source is lost where it has not shown anything by this one.
    pub until: Instant,
}

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
        let due = self.looks.iter().filter(|look| look.from <= now).map(|look| look.until).min();
        self.looks.retain(|look| look.from > now);
        if let Some(until) = due {
            self.look = Some(ProbeWindow { from: now, until });
        }
    }
}
