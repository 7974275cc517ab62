//! How long to wait before asking again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// The wait after the first failure, before jitter.
const FIRST: Duration = Duration::from_millis(200);
/// No wait is longer, but for a server that asks for it: who was away is missed for no longer than that.
pub const LONGEST: Duration = Duration::from_secs(4);
/// A server may ask for this much with `Retry-After`, and no more: a gate has little time.
pub const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(10);

/// Counts failures in a row, and says how long to wait after each. Nothing but [`Backoff::reset`] makes it forget, and
/// only an answer that could be used may call that.
#[derive(Debug, Default, Clone)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// Counts one more failure and says how long to wait: 0.2 s doubled with each, at most [`LONGEST`], between half and
    /// all of it so that many clients do not come back at once; at least what the server asked for, up to
    /// [`LONGEST_RETRY_AFTER`].
    pub fn after_failure(&mut self, retry_after: Option<Duration>) -> Duration {
        let wait = LONGEST.min(FIRST * 2_u32.saturating_pow(self.failures.min(16)));
        self.failures = self.failures.saturating_add(1);
        let jittered = wait.mul_f64(0.5 + 0.5 * random_fraction());
        jittered.max(retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER))
    }

    /// Failures in a row so far.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Something succeeded.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }
}

/// A number from 0 to 1, good enough to spread requests. The standard library seeds each hasher anew.
#[must_use]
pub fn random_fraction() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 32;
    f64::from(u32::try_from(bits).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Backoff, LONGEST, LONGEST_RETRY_AFTER};

    #[test]
    fn waits_grow_to_a_limit_and_keep_their_jitter() {
        let mut backoff = Backoff::default();
        for doubled in [200, 400, 800, 1600, 3200, 4000, 4000] {
            let wait = backoff.after_failure(None);
            let longest = Duration::from_millis(doubled);
            assert!(wait <= longest && wait >= longest / 2, "{wait:?} after {doubled} ms");
        }
        for _ in 0..100 {
            assert!(backoff.after_failure(None) <= LONGEST);
        }
        backoff.reset();
        assert!(backoff.after_failure(None) <= Duration::from_millis(200));
    }

    #[test]
    fn a_server_may_ask_for_more_time_but_not_for_ever() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.after_failure(Some(Duration::from_secs(3))), Duration::from_secs(3));
        assert_eq!(backoff.after_failure(Some(Duration::from_hours(24))), LONGEST_RETRY_AFTER);
    }
}
