//! Finding out that the machine was asleep, so that what was believed before is not believed after.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// How often to ask; a session also tells its sink at this schedule that nothing changed.
pub(in crate::cluster) const TICK: Duration = Duration::from_secs(1);

/// Finds out that the machine was asleep: the wall clock went on and the monotonic one did not, or a tick came far too
/// late.
pub(in crate::cluster) struct Clock {
    wall: SystemTime,
    monotonic: Instant,
}

impl Clock {
    pub(in crate::cluster) fn new() -> Self {
        Self { wall: SystemTime::now(), monotonic: Instant::now() }
    }

    /// How long it was asleep since this was last asked, where that was for longer than this.
    pub(in crate::cluster) fn was_asleep(&mut self, tolerance: Duration) -> Option<Duration> {
        let (wall, monotonic) = (SystemTime::now(), Instant::now());
        // A wall clock that was set back says nothing.
        let by_wall = wall.duration_since(self.wall).unwrap_or_default();
        let by_monotonic = monotonic.duration_since(self.monotonic);
        (self.wall, self.monotonic) = (wall, monotonic);
        asleep(by_wall, by_monotonic, tolerance)
    }
}

fn asleep(by_wall: Duration, by_monotonic: Duration, tolerance: Duration) -> Option<Duration> {
    let unseen = by_wall.saturating_sub(by_monotonic);
    let late = by_monotonic.saturating_sub(TICK);
    let gap = unseen.max(late);
    (gap > tolerance).then_some(unseen)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::asleep;

    #[test]
    fn a_sleep_shows_in_the_difference_of_the_clocks() {
        let seconds = Duration::from_secs;
        let tolerance = seconds(10);
        assert_eq!(asleep(seconds(1), seconds(1), tolerance), None);
        assert_eq!(asleep(seconds(3601), seconds(1), tolerance), Some(seconds(3600)));
        assert_eq!(asleep(seconds(9), seconds(1), tolerance), None);
        assert_eq!(asleep(seconds(0), seconds(1), tolerance), None, "the wall clock was set back");
        assert_eq!(asleep(seconds(60), seconds(60), tolerance), Some(Duration::ZERO), "a tick came far too late");
    }
}
