//! The budget of requests: at most 16 to start, then at most 2 per `delay` and gate.
//!
//! One bucket for a whole session. It begins with 16 tokens a gate and is filled again with two a `delay` and gate, so
//! that at no time more than `16 + 2 × elapsed / delay` requests were made for a gate. What was not needed is kept, up to
//! the 16. Every page of a LIST is a request, and the confirming read is paid like any other; it is known when it will
//! come, so what only proves what is trusted already leaves it its tokens ([`Budget::book`]). Evidence after a failure is
//! outside of it and bounded where it is collected.
//!
//! A break of all sources at once (an API server that restarts, a load balancer that drops its connections) fills the
//! bucket again ([`Budget::burst`]), once a minute at most: everything must be asked anew just then, and without it a
//! healthy app would wait for more than a minute until everything could be.
//!
//! Where gates come and go ([`Budget::shared`]), each brings its sixteen with it and takes what it would have earned away,
//! and what is watched once for all of them is bounded as a whole. Behind the buckets of many namespaces there can be one
//! for all: a token of a namespace is worth a request only together with one of that.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tracing::debug;

/// Requests that a gate may make to start.
pub const TO_START: u32 = 16;
/// Requests that a gate may make in each `delay` after that.
pub const PER_DELAY: u32 = 2;
/// The opening burst is earned again at most once in this time.
pub const BETWEEN_BURSTS: Duration = Duration::from_mins(1);

/// How urgent a request is: the less it is, the more tokens it leaves to others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// The read that confirms a pass.
    Confirmation,
    /// The pods of a gate, and whatever its first sight of the cluster hangs on.
    Pods,
    /// What restores trust in a kind of workloads.
    Owners,
    /// What restores trust in the events: no verdict waits for them.
    Events,
    /// A LIST that only proves of the pods what is trusted already.
    ProofOfPods,
    /// The same of another source.
    Proof,
}

impl Urgency {
    const ALL: usize = 6;

    const fn left_to_others(self) -> f64 {
        match self {
            Self::Confirmation | Self::Pods | Self::ProofOfPods => 0.0,
            Self::Owners => 1.0,
            Self::Events | Self::Proof => 2.0,
        }
    }

    /// True where it can wait for what is booked.
    const fn can_wait(self) -> bool {
        matches!(self, Self::ProofOfPods | Self::Proof)
    }
}

/// The bucket.
#[derive(Debug)]
pub struct Budget {
    state: Mutex<State>,
    /// How much all gates together may have and earn, however many they are.
    cap: Option<Pace>,
    /// What each request is paid from as well.
    behind: Option<Arc<Budget>>,
    /// Those who wait, in line: without it who sleeps a little longer could be passed by for ever.
    lines: [tokio::sync::Mutex<()>; Urgency::ALL],
}

/// How many tokens a bucket holds, and how many it earns in a second.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pace {
    most: f64,
    per_second: f64,
}

#[derive(Debug)]
struct State {
    pace: Pace,
    /// The `delay` of each gate that joined and did not leave, where gates come and go.
    gates: HashMap<usize, Duration>,
    tokens: f64,
    at: Instant,
    last_burst: Option<Instant>,
    /// What will be needed, by the gate that will need it: when, and how many tokens.
    booked: HashMap<usize, (Instant, f64)>,
}

impl State {
    /// How many tokens are missing now, so that after these are taken every booking will find its own. More than the bucket
    /// holds is kept for nobody: they share what they read of a kind, and what is proven meanwhile they need not read.
    fn missing_for_bookings(&self, now: Instant, wanted: f64) -> f64 {
        let Pace { most, per_second } = self.pace;
        let mut booked: Vec<(Instant, f64)> = self.booked.values().copied().collect();
        booked.sort_unstable_by_key(|(at, _)| *at);
        let mut due = 0.0;
        let short = booked.into_iter().map(|(at, tokens)| {
            due += tokens;
            due.min((most - wanted).max(0.0)) + wanted
                - self.tokens
                - at.saturating_duration_since(now).as_secs_f64() * per_second
        });
        short.fold(0.0, f64::max)
    }

    /// Adds what was earned since this was last asked.
    fn earn(&mut self, now: Instant) {
        let earned = now.duration_since(self.at).as_secs_f64() * self.pace.per_second;
        self.tokens = self.pace.most.min(self.tokens + earned);
        self.at = now;
    }
}

/// Sums of fractions may fall short of the whole by this much.
const ROUNDING: f64 = 1e-6;

/// A bucket that earns nothing is asked again after a while all the same.
const SLOWEST: f64 = 1e-3;

impl Pace {
    /// What gates with these delays have.
    fn of(delays: impl IntoIterator<Item = Duration>) -> Self {
        let mut pace = Self { most: 0.0, per_second: 0.0 };
        for delay in delays {
            pace.most += f64::from(TO_START);
            pace.per_second += f64::from(PER_DELAY) / delay.max(Duration::from_millis(1)).as_secs_f64();
        }
        pace
    }
}

impl Budget {
    /// The budget of gates with these delays, full.
    #[must_use]
    pub fn new(delays: impl IntoIterator<Item = Duration>) -> Self {
        Self::full(Pace::of(delays), None, None)
    }

    /// The budget of gates that come and go ([`Budget::join`]). Together they never have more than `most` tokens, nor earn more
    /// than `per_second`. Each of their requests takes a token from `behind` too.
    #[must_use]
    pub fn shared(most: u32, per_second: f64, behind: Option<Arc<Self>>) -> Self {
        let cap = Pace { most: f64::from(most.max(1)), per_second };
        Self::full(Pace::of([]), Some(cap), behind)
    }

    /// A bucket of so many tokens, full, that earns so many in a second.
    #[must_use]
    pub fn bucket(most: u32, per_second: f64) -> Self {
        Self::full(Pace { most: f64::from(most.max(1)), per_second }, None, None)
    }

    fn full(pace: Pace, cap: Option<Pace>, behind: Option<Arc<Self>>) -> Self {
        let state = State {
            pace,
            gates: HashMap::new(),
            tokens: pace.most,
            at: Instant::now(),
            last_burst: None,
            booked: HashMap::new(),
        };
        Self { state: Mutex::new(state), cap, behind, lines: Default::default() }
    }

    /// A gate with this delay comes, with what it begins with.
    pub fn join(&self, gate: usize, delay: Duration) {
        let mut state = self.lock();
        state.earn(Instant::now());
        state.gates.insert(gate, delay);
        self.set_pace(&mut state);
        state.tokens = state.pace.most.min(state.tokens + f64::from(TO_START));
    }

    /// A gate goes, with what it had booked. What is left is for the others, as much as they may have.
    pub fn leave(&self, gate: usize) {
        let mut state = self.lock();
        state.booked.remove(&gate);
        state.earn(Instant::now());
        // Who is still on the way out of the last one pays at its pace.
        if state.gates.remove(&gate).is_some() && !state.gates.is_empty() {
            self.set_pace(&mut state);
            state.tokens = state.pace.most.min(state.tokens);
        }
    }

    fn set_pace(&self, state: &mut State) {
        let Pace { most, per_second } = Pace::of(state.gates.values().copied());
        state.pace = match self.cap {
            Some(cap) => Pace { most: most.min(cap.most), per_second: per_second.min(cap.per_second) },
            None => Pace { most, per_second },
        };
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
            debug!(?urgency, tokens, ?wait, "request waits for the budget");
            tokio::time::sleep(wait).await;
        }
        // Others of this urgency wait behind this one, so that no namespace has more than its turn.
        if let Some(behind) = &self.behind {
            Box::pin(behind.take_several(urgency, tokens)).await;
        }
    }

    /// Counts requests that were made before the budget was asked.
    pub fn spend(&self, requests: u32) {
        let mut state = self.lock();
        state.tokens = (state.tokens - f64::from(requests)).max(0.0);
    }

    /// Says that this gate will need so many tokens at that time (`None`: none any more), so that proofs leave them.
    pub fn book(&self, gate: usize, needed: Option<(Instant, u32)>) {
        let mut state = self.lock();
        match needed {
            Some((at, tokens)) => state.booked.insert(gate, (at, f64::from(tokens))),
            None => state.booked.remove(&gate),
        };
    }

    /// True where a gate will need tokens soon: its window is open.
    #[must_use]
    pub fn is_booked(&self) -> bool {
        !self.lock().booked.is_empty()
    }

    /// Everything broke at once: fills the bucket, where that was not done within the last minute.
    pub fn burst(&self) {
        let mut state = self.lock();
        let now = Instant::now();
        if state.last_burst.is_none_or(|last| now.duration_since(last) >= BETWEEN_BURSTS) {
            state.last_burst = Some(now);
            (state.tokens, state.at) = (state.pace.most, now);
        }
    }

    /// Adds what a time has earned that the monotonic clock did not see: the machine was asleep.
    pub fn slept(&self, asleep: Duration) {
        let mut state = self.lock();
        let Pace { most, per_second } = state.pace;
        state.tokens = most.min(state.tokens + asleep.as_secs_f64() * per_second);
    }

    /// Takes the tokens, or says how long to wait before asking again.
    fn try_take(&self, urgency: Urgency, wanted: f64) -> Option<Duration> {
        let mut state = self.lock();
        let now = Instant::now();
        state.earn(now);
        let mut missing = wanted + urgency.left_to_others() - state.tokens;
        if urgency.can_wait() {
            missing = missing.max(state.missing_for_bookings(now, wanted));
        }
        if missing <= ROUNDING {
            state.tokens -= wanted;
            return None;
        }
        // Never zero, or a rounded-down wait would spin.
        let wait = missing / state.pace.per_second.max(SLOWEST);
        Some(Duration::from_secs_f64(wait).max(Duration::from_millis(1)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Two numbers are whole even where a holder panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
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
            budget.take(Urgency::Owners).await;
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
    async fn a_burst_is_earned_once_a_minute() {
        let budget = Budget::new([Duration::from_secs(10)]);
        let start = Instant::now();
        budget.take_several(Urgency::Pods, 16).await;
        budget.burst();
        budget.take_several(Urgency::Pods, 16).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        budget.burst();
        budget.take(Urgency::Pods).await;
        assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
        tokio::time::sleep(Duration::from_mins(1)).await;
        budget.burst();
        let again = Instant::now();
        budget.take_several(Urgency::Pods, 16).await;
        assert_eq!(again.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn proofs_leave_what_is_booked_and_nothing_else_does() {
        let budget = Budget::new([Duration::from_secs(10)]);
        let start = Instant::now();
        budget.spend(11);
        budget.book(0, Some((start + Duration::from_secs(5), 6)));
        // Five are there, and one more will be by then: a proof would take it from the six.
        budget.take(Urgency::ProofOfPods).await;
        let waited = start.elapsed();
        assert_eq!(waited.as_secs(), 10, "the seventh");
        budget.take_several(Urgency::Confirmation, 5).await;
        assert_eq!(start.elapsed(), waited, "what is not a proof does not wait");
        budget.book(0, None);
        budget.spend(16);
        let again = Instant::now();
        budget.take(Urgency::ProofOfPods).await;
        assert_eq!(again.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn gates_that_come_bring_their_tokens_and_all_together_keep_to_a_bound() {
        let delay = Duration::from_secs(10);
        let budget = Budget::shared(40, 0.5, None);
        budget.join(0, delay);
        budget.join(1, delay);
        let start = Instant::now();
        budget.take_several(Urgency::Pods, 32).await;
        budget.join(2, delay);
        budget.take_several(Urgency::Pods, 16).await;
        assert_eq!(start.elapsed(), Duration::ZERO, "sixteen each");
        budget.take(Urgency::Pods).await;
        assert_eq!(start.elapsed().as_millis(), 2000, "three would earn one in 1.7 s, and together they may not");
        tokio::time::sleep(Duration::from_hours(1)).await;
        let full = Instant::now();
        budget.take_several(Urgency::Pods, 40).await;
        assert_eq!(full.elapsed(), Duration::ZERO);
        budget.take(Urgency::Pods).await;
        assert_eq!(full.elapsed().as_millis(), 2000, "and no more than forty are kept");
        budget.leave(0);
        budget.leave(1);
        let alone = Instant::now();
        budget.take(Urgency::Pods).await;
        assert_eq!(alone.elapsed().as_secs(), 5, "one that is left earns what one does");
        tokio::time::sleep(Duration::from_hours(1)).await;
        let full = Instant::now();
        budget.take_several(Urgency::Pods, 16).await;
        budget.take(Urgency::Pods).await;
        assert_eq!(full.elapsed().as_secs(), 5, "and keeps what one does");
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_namespace_asks_is_paid_by_the_bucket_of_all_too_each_in_its_turn() {
        let all = Arc::new(Budget::bucket(10, 2.0));
        let namespaces = [0, 1].map(|_| {
            let budget = Budget::shared(100, 100.0, Some(Arc::clone(&all)));
            budget.join(0, Duration::from_secs(10));
            budget
        });
        all.spend(10);
        let start = Instant::now();
        let ten = async |budget: &Budget| {
            for _ in 0..10 {
                budget.take(Urgency::Pods).await;
            }
            start.elapsed().as_millis()
        };
        let both = tokio::join!(ten(&namespaces[0]), ten(&namespaces[1]));
        // Twenty, two a second: neither is done long before the other.
        for done in [both.0, both.1] {
            assert!((9400..=10_100).contains(&done), "{both:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn bookings_of_more_than_the_bucket_holds_keep_no_proof_waiting_for_ever() {
        let budget = Budget::new([Duration::from_secs(10)]);
        let start = Instant::now();
        for gate in 0..5 {
            budget.book(gate, Some((start, 8)));
        }
        budget.take(Urgency::ProofOfPods).await;
        assert_eq!(start.elapsed(), Duration::ZERO, "the bucket was full");
        budget.take(Urgency::ProofOfPods).await;
        assert_eq!(start.elapsed().as_secs(), 5, "and is again");
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
