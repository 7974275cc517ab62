//! When a source must prove itself, as those ask who hear of it.

use std::time::Duration;

use tokio::time::Instant;

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
    /// The quicker one of two in all that it says, without the look at the end.
    #[must_use]
    pub fn quicker(self, other: Self) -> Self {
        Self {
            quiet: self.quiet.min(other.quiet),
            first: self.first.min(other.first),
            last_window: None,
            poll: self.poll.min(other.poll),
            settled: self.settled.min(other.settled),
            most_breaks: self.most_breaks.max(other.most_breaks),
            waits_for_need: self.waits_for_need && other.waits_for_need,
        }
    }

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
