//! The causes that stand, by when they count: what is due is found without looking at all of them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use crate::gate::result::{Cause, Code, Verdict};
use crate::gate::spec::Plan;

/// What makes two causes the same to a reader: pod or owner, container, code.
pub type CauseKey = (String, Option<String>, Code);

/// A cause that stands, as far as it matters for the decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CauseMark {
    /// Which one.
    pub key: CauseKey,
    /// When it counts; `None`: at the end of the wait.
    pub counts_at: Option<Duration>,
}

impl CauseMark {
    /// The mark of a cause.
    #[must_use]
    pub fn of(cause: &Cause, plan: &Plan) -> Self {
        let place = &cause.place;
        let object = place.pod_uid.clone().or_else(|| place.workload.clone()).unwrap_or_default();
        Self { key: (object, place.container.clone(), cause.code), counts_at: cause.counts_at(plan) }
    }

    fn verdict(&self) -> Verdict {
        self.key.2.row().verdict
    }
}

/// The causes that stand: how many of each, and how many count at each moment.
#[derive(Debug, Clone, Default)]
pub struct DueCauses {
    keys: BTreeMap<CauseKey, u32>,
    failed: BTreeMap<Duration, u32>,
    platform: BTreeMap<Duration, u32>,
    others: BTreeMap<Duration, u32>,
}

impl DueCauses {
    /// True where such a cause stands.
    #[must_use]
    pub fn has(&self, key: &CauseKey) -> bool {
        self.keys.contains_key(key)
    }

    /// Adds a cause.
    pub fn add(&mut self, mark: &CauseMark) {
        if let Some(at) = mark.counts_at {
            *self.moments(mark.verdict()).entry(at).or_default() += 1;
        }
        *self.keys.entry(mark.key.clone()).or_default() += 1;
    }

    /// Takes a cause off.
    pub fn take(&mut self, mark: &CauseMark) {
        if let Some(at) = mark.counts_at {
            take_one(self.moments(mark.verdict()), &at);
        }
        take_one(&mut self.keys, &mark.key);
    }

    fn moments(&mut self, verdict: Verdict) -> &mut BTreeMap<Duration, u32> {
        match verdict {
            Verdict::Failed => &mut self.failed,
            Verdict::Platform => &mut self.platform,
            _ => &mut self.others,
        }
    }

    /// The verdict that the causes which count by `now` demand, if they demand one: the app's fault before the platform's.
    #[must_use]
    pub fn decisive(&self, now: Duration) -> Option<Verdict> {
        let is_due = |moments: &BTreeMap<Duration, u32>| moments.first_key_value().is_some_and(|(at, _)| *at <= now);
        if is_due(&self.failed) { Some(Verdict::Failed) } else { is_due(&self.platform).then_some(Verdict::Platform) }
    }

    /// The next moment after this one at which a cause begins to count.
    #[must_use]
    pub fn next_after(&self, now: Duration) -> Option<Duration> {
        let after = (Bound::Excluded(now), Bound::Unbounded);
        let all = [&self.failed, &self.platform, &self.others];
        all.into_iter().filter_map(|moments| moments.range(after).next()).map(|(at, _)| *at).min()
    }

    /// How many causes of each key stand.
    #[must_use]
    pub fn keys(&self) -> &BTreeMap<CauseKey, u32> {
        &self.keys
    }

    /// Each moment at which causes count, and how many.
    #[must_use]
    pub fn all_moments(&self) -> BTreeMap<Duration, u32> {
        let mut sum = BTreeMap::new();
        for (at, count) in [&self.failed, &self.platform, &self.others].into_iter().flatten() {
            *sum.entry(*at).or_default() += count;
        }
        sum
    }
}

fn take_one<K: Ord>(counts: &mut BTreeMap<K, u32>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}
