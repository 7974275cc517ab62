//! The budget of requests: at most 16 to start, then at most 2 per `delay` and gate.
//!
//! One bucket for a whole session. It begins with 16 tokens a gate and is filled again with two a `delay` and gate, so
//! that at no time more than `16 + 2 × elapsed / delay` requests were made for a gate. What was not needed is kept, up to
//! the 16, for the moment when watches break and everything must be listed at once. Confirming reads and evidence are
//! outside of it; each is bounded where it is made.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Requests that a gate may make to start.
pub const TO_START: u32 = 16;
/// Requests that a gate may make in each `delay` after that.
pub const PER_DELAY: u32 = 2;

/// How urgent a request is: the less it is, the more tokens it leaves to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// The pods of a gate, and whatever its first sight of the cluster hangs on.
    Pods,
    /// A LIST that restores trust in another source, and the watch after it.
    Trust,
    /// A LIST that only proves what is trusted already.
    Proof,
}

impl Urgency {
    const ALL: usize = 3;

    const fn left_to_others(self) -> f64 {
        match self {
            Self::Pods => 0.0,
            Self::Trust => 1.0,
            Self::Proof => 2.0,
        }
    }
}

/// The bucket.
#[derive(Debug)]
pub struct Budget {
    most: f64,
    per_second: f64,
    state: Mutex<State>,
    /// Those who wait, in line: without it who sleeps a little longer could be passed by for ever.
    lines: [tokio::sync::Mutex<()>; Urgency::ALL],
}

#[derive(Debug)]
struct State {
    tokens: f64,
    at: Instant,
}

/// Sums of fractions may fall short of the whole by this much.
const ROUNDING: f64 = 1e-6;

impl Budget {
    /// The budget of gates with these delays, full.
    #[must_use]
    pub fn new(delays: impl IntoIterator<Item = Duration>) -> Self {
        let (mut most, mut per_second) = (0.0, 0.0);
        for delay in delays {
            most += f64::from(TO_START);
            per_second += f64::from(PER_DELAY) / delay.max(Duration::from_millis(1)).as_secs_f64();
        }
        Self {
            most,
            per_second,
            state: Mutex::new(State { tokens: most, at: Instant::now() }),
            lines: Default::default(),
        }
    }

    /// Takes a token, and waits for it where there is none.
    pub async fn take(&self, urgency: Urgency) {
        self.take_several(urgency, 1).await;
    }

    /// Takes several tokens at once, and none before all of them are there: many that each held one would wait for
    /// each other.
    pub async fn take_several(&self, urgency: Urgency, tokens: u32) {
        let _turn = self.lines[urgency as usize].lock().await;
        while let Some(wait) = self.try_take(urgency, f64::from(tokens)) {
            tokio::time::sleep(wait).await;
        }
    }

    /// Counts requests that were made before the budget was asked.
    pub fn spend(&self, requests: u32) {
        let mut state = self.lock();
        state.tokens = (state.tokens - f64::from(requests)).max(0.0);
    }

    /// Adds what a time has earned that the monotonic clock did not see: the machine was asleep.
    pub fn slept(&self, asleep: Duration) {
        let mut state = self.lock();
        state.tokens = self.most.min(state.tokens + asleep.as_secs_f64() * self.per_second);
    }

    /// Takes the tokens, or says how long to wait before asking again.
    fn try_take(&self, urgency: Urgency, wanted: f64) -> Option<Duration> {
        let mut state = self.lock();
        let now = Instant::now();
        let earned = now.duration_since(state.at).as_secs_f64() * self.per_second;
        state.tokens = self.most.min(state.tokens + earned);
        state.at = now;
        let missing = wanted + urgency.left_to_others() - state.tokens;
        if missing <= ROUNDING {
            state.tokens -= wanted;
            return None;
        }
        // Never zero, or a rounded-down wait would spin.
        Some(Duration::from_secs_f64(missing / self.per_second).max(Duration::from_millis(1)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Two numbers are whole even where a holder panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Budget, Urgency};

    #[tokio::test(start_paused = true)]
    async fn sixteen_to_start_then_two_per_delay() {
        let delay = Duration::from_secs(10);
        let budget = Budget::new([delay]);
        let start = Instant::now();
        for _ in 0..16 {
            budget.take(Urgency::Pods).await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for taken in 1..=20_u32 {
            budget.take(Urgency::Pods).await;
            let earliest = delay / 2 * taken;
            assert!(start.elapsed() + Duration::from_millis(1) >= earliest, "{taken}: {:?}", start.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_less_urgent_leaves_tokens_to_what_is_more() {
        let budget = Budget::new([Duration::from_secs(10)]);
        for _ in 0..15 {
            budget.take(Urgency::Pods).await;
        }
        let start = Instant::now();
        let trust = async {
            budget.take(Urgency::Trust).await;
            start.elapsed()
        };
        let pods = async {
            budget.take(Urgency::Pods).await;
            start.elapsed()
        };
        let (trust, pods) = tokio::join!(trust, pods);
        assert_eq!(pods, Duration::ZERO);
        assert!(trust >= Duration::from_secs(9), "{trust:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_of_the_machine_earns_tokens_too() {
        let budget = Budget::new([Duration::from_secs(10)]);
        budget.spend(16);
        budget.slept(Duration::from_hours(1));
        let start = Instant::now();
        for _ in 0..16 {
            budget.take(Urgency::Pods).await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
