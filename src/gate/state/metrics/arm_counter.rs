//! The counters of one arm: raw samples in, whole numbers out, by the time at which they were scraped.
//!
//! Functions like `increase` lose what a counter had counted before its first scrape, and guess what they did not see.
//! Here each series is differenced by itself: a value that is lower than the one before began anew at 0, and a series
//! that was not there when its target was scraped before began at 0 as well.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::gate::model::{Sample, Series};
use crate::gate::spec::{Count, PodLabels};
use crate::gate::statistics::Counts;

/// A pod whose series are counted younger than this counts from its start: its whole life belongs to this deploy.
const YOUNG_MS: i64 = 600_000;
/// What a pod younger than this, or than a scrape interval, has counted is compared with what the stable pods counted in
/// that interval.
const COMPARABLE_MS: i64 = 30_000;

/// Prometheus itself takes a sample for lost after five minutes, and asks for at least two in that time.
const LONGEST_INTERVAL_MS: i64 = 120_000;

/// What is known of a pod whose series are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CountedPod {
    /// When it was created, in seconds since 1970, where no other pod ever had or will have its name.
    pub created_under_its_own_name: Option<i64>,
    /// Samples from before this moment, in milliseconds since 1970, are of another pod of its name.
    pub not_before_ms: i64,
    /// Which half of its arm it is in.
    pub half: usize,
}

/// What was counted at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Increase {
    /// Of everything.
    total: u64,
    /// Of what is bad, or, in a histogram, of what is not.
    part: u64,
}

impl Increase {
    const fn plus(self, other: Self) -> Self {
        Self { total: self.total.saturating_add(other.total), part: self.part.saturating_add(other.part) }
    }
}

/// A series that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counter {
    /// When it was scraped last, in milliseconds since 1970.
    at_ms: i64,
    /// Its value then.
    value: u64,
}

/// The parts of a share that a series counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    total: bool,
    part: bool,
}

/// What an answer was good for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Taken {
    /// Series that count.
    pub series: usize,
    /// Series that name no pod of the arm.
    pub of_others: usize,
    /// Series of native histograms: their samples hold buckets, and no number that could be counted.
    pub native_histograms: usize,
    /// Samples that are no whole numbers of anything: NaN, infinite, negative.
    pub unreadable: usize,
    /// The bounds of the histogram's buckets, where the one that is asked for is not among them.
    pub other_bounds: Vec<f64>,
    /// A label that what is bad must have, and that none of the series of the same metric has: nothing could ever be bad.
    pub label_of_none: Option<String>,
}

/// The counters of one arm.
#[derive(Debug, Clone, Default)]
pub struct ArmCounter {
    counters: HashMap<Vec<(String, String)>, Counter>,
    /// When each target was scraped first, as far as whole answers reach back.
    targets: HashMap<[String; 3], i64>,
    /// When each pod was scraped last.
    pods: BTreeMap<String, i64>,
    /// What was counted and not consumed yet, by the time of the scrape and the half of the arm.
    pending: BTreeMap<i64, [Increase; 2]>,
    /// What pods had counted before they were first scraped, where that took longer than an interval: no stable pod counted
    /// in the same time, so that it can be held against a limit and compared with nobody.
    early: BTreeMap<i64, Increase>,
    /// What was left over where a part was more than the whole: two counters of one moment may disagree by a little.
    carried: [u64; 2],
    /// All that was consumed.
    consumed_until_ms: Option<i64>,
    interval_ms: Option<i64>,
}

impl ArmCounter {
    /// Takes an answer in. `pod` tells what is known of a pod; `None` for one that is not of this arm. From an answer that is
    /// not `whole` nothing follows about series that are not in it.
    pub fn take(
        &mut self,
        series: &[Series],
        is_whole: bool,
        count: &Count,
        labels: &PodLabels,
        pod: impl Fn(&str) -> Option<CountedPod>,
    ) -> Taken {
        let mut taken = Taken::default();
        let whole_histograms = whole_histograms(series, count);
        let mut told: Vec<Told<'_>> = Vec::new();
        let mut bounds = Bounds::default();
        for one in series {
            let name = one.labels.get(&labels.pod).map(String::as_str).unwrap_or_default();
            let Some(pod) = pod(name) else {
                taken.of_others += 1;
                continue;
            };
            if one.native_histogram && one.samples.is_empty() {
                taken.native_histograms += 1;
                continue;
            }
            let Some(parts) = parts(count, one, &mut bounds) else { continue };
            // Without the bucket of the bound every request would look slow, and without that of all none.
            if whole_histograms.as_ref().is_some_and(|whole| !whole.contains(&without_le(&one.labels))) {
                continue;
            }
            taken.series += 1;
            let before = one.samples.len();
            let samples = in_order(&one.samples, pod.not_before_ms);
            taken.unreadable += before - one.samples.iter().filter(|sample| whole(sample.value.0).is_some()).count();
            let began_ms = one.samples.iter().map(|sample| sample.at_ms).min().unwrap_or_default();
            told.push(Told { series: one, name, pod, parts, began_ms, samples });
        }
        taken.other_bounds = bounds.missing(count);
        taken.label_of_none = label_of_none(&told, count);
        self.learn_interval(&told);
        // What each target was scraped of: also of a series of it that was not there yet.
        for one in &told {
            let Some((first, last)) = one.samples.first().zip(one.samples.last()) else { continue };
            if is_whole {
                let first_ms = self.targets.entry(one.target(labels)).or_insert(first.0);
                *first_ms = first.0.min(*first_ms);
            }
            let newest = self.pods.entry(one.name.to_owned()).or_insert(last.0);
            *newest = (*newest).max(last.0);
        }
        for one in &told {
            self.count(one, labels);
        }
        taken
    }

    /// Counts what a series has counted since it was told of last.
    fn count(&mut self, told: &Told<'_>, labels: &PodLabels) {
        let key: Vec<_> = told.series.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut known = self.counters.get(&key).copied();
        let first_scrape = self.targets.get(&told.target(labels)).copied();
        for (at_ms, value) in &told.samples {
            let (at_ms, value) = (*at_ms, *value);
            let mut is_early = false;
            let increase = match known {
                Some(before) if at_ms <= before.at_ms => continue,
                Some(before) if value >= before.value => value - before.value,
                // It began anew.
                Some(_) => value,
                // Its target was scraped before, and it was not there: it began at 0.
                None if first_scrape.is_some_and(|first| first < told.began_ms) => value,
                None => {
                    let age = told.pod.age_at(at_ms).filter(|age| *age <= YOUNG_MS);
                    is_early = age.is_some_and(|age| age > self.interval_ms.unwrap_or_default().max(COMPARABLE_MS));
                    age.map_or(0, |_| value)
                }
            };
            known = Some(Counter { at_ms, value });
            if increase > 0 {
                // What comes late is counted with what comes next.
                let at_ms = self.consumed_until_ms.map_or(at_ms, |until| at_ms.max(until));
                let of = if is_early {
                    self.early.entry(at_ms).or_default()
                } else {
                    &mut self.pending.entry(at_ms).or_default()[told.pod.half % 2]
                };
                of.total = of.total.saturating_add(if told.parts.total { increase } else { 0 });
                of.part = of.part.saturating_add(if told.parts.part { increase } else { 0 });
            }
        }
        if let Some(known) = known {
            self.counters.insert(key, known);
        }
    }

    fn learn_interval(&mut self, told: &[Told<'_>]) {
        let pairs = told.iter().flat_map(|one| one.samples.windows(2));
        let mut gaps: Vec<i64> = pairs.map(|pair| pair[1].0 - pair[0].0).filter(|gap| *gap > 0).collect();
        if gaps.is_empty() {
            return;
        }
        gaps.sort_unstable();
        // Whatever a gap in the data makes it look like: nobody scrapes so seldom whose samples are to be trusted.
        self.interval_ms = Some(gaps[gaps.len() / 2].min(LONGEST_INTERVAL_MS));
    }

    /// How long passes between two scrapes, in milliseconds, once that is known.
    #[must_use]
    pub fn interval_ms(&self) -> Option<i64> {
        self.interval_ms
    }

    /// When the arm was scraped last, in milliseconds since 1970.
    #[must_use]
    pub fn newest_ms(&self) -> Option<i64> {
        self.pods.values().copied().max()
    }

    /// When this pod was scraped last.
    #[must_use]
    pub fn pod_newest_ms(&self, pod: &str) -> Option<i64> {
        self.pods.get(pod).copied()
    }

    /// How much more the part is than the whole.
    #[must_use]
    pub fn excess(&self) -> u64 {
        self.carried[0].saturating_add(self.carried[1])
    }

    /// When the oldest increase that was not consumed yet was scraped.
    #[must_use]
    pub fn oldest_pending_ms(&self) -> Option<i64> {
        self.pending.keys().next().copied().into_iter().chain(self.early.keys().next().copied()).min()
    }

    /// Consumes what was counted up to and including this moment: the counts of the two halves of the arm, and those that can
    /// be compared with nobody.
    pub fn consume(&mut self, until_ms: i64, count: &Count) -> ([Counts; 2], Counts) {
        let rest = self.early.split_off(&(until_ms + 1));
        let early = std::mem::replace(&mut self.early, rest).into_values().fold(Increase::default(), Increase::plus);
        let early = match count {
            Count::Counters { .. } => Counts::new(early.total, early.part.min(early.total)),
            Count::Slower { .. } => Counts::new(early.total, early.total.saturating_sub(early.part)),
        };
        let rest = self.pending.split_off(&(until_ms + 1));
        let mut sums = [Increase::default(); 2];
        for increases in std::mem::replace(&mut self.pending, rest).into_values() {
            for (sum, increase) in sums.iter_mut().zip(increases) {
                *sum = sum.plus(increase);
            }
        }
        self.consumed_until_ms = Some(self.consumed_until_ms.map_or(until_ms, |before| before.max(until_ms)));
        let mut half = 0;
        let halves = sums.map(|sum| {
            let carried = &mut self.carried[half];
            half += 1;
            let part = sum.part.saturating_add(std::mem::take(carried));
            *carried = part.saturating_sub(sum.total);
            let bad = match count {
                Count::Counters { .. } => part,
                Count::Slower { .. } => sum.total.saturating_sub(part),
            };
            Counts::new(sum.total, bad.min(sum.total)).unwrap_or_default()
        });
        (halves, early.unwrap_or_default())
    }
}

impl CountedPod {
    /// How old it is at this moment, in milliseconds, where it alone has its name.
    fn age_at(self, at_ms: i64) -> Option<i64> {
        self.created_under_its_own_name.map(|created| at_ms.saturating_sub(created.saturating_mul(1000)))
    }
}

/// A series of the arm, with its samples in order.
struct Told<'a> {
    series: &'a Series,
    name: &'a str,
    pod: CountedPod,
    parts: Parts,
    /// When it was first there, as far as the answer reaches back, readable or not.
    began_ms: i64,
    samples: Vec<(i64, u64)>,
}

impl Told<'_> {
    /// What is scraped as one: all its series have the same scrape times.
    fn target(&self, labels: &PodLabels) -> [String; 3] {
        [labels.pod.as_str(), "instance", "job"].map(|label| self.series.labels.get(label).cloned().unwrap_or_default())
    }
}

/// The whole number that a counter shows; `None` where it is none.
fn whole(value: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be finite and not negative"
    )]
    (value.is_finite() && value >= 0.0).then_some(value as u64)
}

/// The samples that can be read, oldest first, each moment once.
fn in_order(samples: &[Sample], not_before_ms: i64) -> Vec<(i64, u64)> {
    let in_time = samples.iter().filter(|sample| sample.at_ms >= not_before_ms);
    let by_time: BTreeMap<i64, u64> =
        in_time.filter_map(|sample| Some((sample.at_ms, whole(sample.value.0)?))).collect();
    by_time.into_iter().collect()
}

/// Which parts of the share a series counts for; `None` for neither.
fn parts(count: &Count, series: &Series, bounds: &mut Bounds) -> Option<Parts> {
    let parts = match count {
        Count::Counters { bad, total } => {
            Parts { total: total.selects(&series.labels), part: bad.selects(&series.labels) }
        }
        Count::Slower { histogram, bound } => {
            let le = series.labels.get("le").and_then(|le| le.parse::<f64>().ok())?;
            if !histogram.selects(&series.labels) {
                return None;
            }
            bounds.0.push(le);
            Parts { total: le == f64::INFINITY, part: is_bound(le, bound.0) }
        }
    };
    (parts.total || parts.part).then_some(parts)
}

/// The first label that `bad` asks for and no series of the same metric has. A series of errors is born with the first error;
/// the label that tells it from the others is there before.
fn label_of_none(told: &[Told<'_>], count: &Count) -> Option<String> {
    let Count::Counters { bad, total } = count else { return None };
    if told.is_empty() || bad.metric().is_none() || bad.metric() != total.metric() {
        return None;
    }
    let nothing = BTreeMap::new();
    let must_be_there = bad.matchers.iter().filter(|matcher| !matcher.holds(&nothing));
    let label = must_be_there
        .map(|matcher| &matcher.label)
        .find(|label| !told.iter().any(|one| one.series.labels.contains_key(*label)))?;
    Some(label.clone())
}

/// The bound as people write it and as a client library prints it may differ in the last digit.
fn is_bound(le: f64, bound: f64) -> bool {
    (le - bound).abs() <= bound.abs() * 1e-9
}

type Labels<'a> = Vec<(&'a str, &'a str)>;

fn without_le(labels: &BTreeMap<String, String>) -> Labels<'_> {
    labels.iter().filter(|(name, _)| *name != "le").map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The histograms that have both buckets that are needed, by their labels; `None` where none is asked for.
fn whole_histograms<'a>(series: &'a [Series], count: &Count) -> Option<HashSet<Labels<'a>>> {
    let Count::Slower { bound, .. } = count else { return None };
    let with = |test: &dyn Fn(f64) -> bool| -> HashSet<Labels<'a>> {
        let le = |one: &Series| one.labels.get("le").and_then(|le| le.parse::<f64>().ok());
        series.iter().filter(|one| le(one).is_some_and(test)).map(|one| without_le(&one.labels)).collect()
    };
    let (bounded, all) = (with(&|le| is_bound(le, bound.0)), with(&|le| le == f64::INFINITY));
    Some(bounded.intersection(&all).cloned().collect())
}

/// The bounds of the buckets that were seen.
#[derive(Default)]
struct Bounds(Vec<f64>);

impl Bounds {
    /// The finite bounds, where buckets were seen and the one that is asked for was not.
    fn missing(mut self, count: &Count) -> Vec<f64> {
        let Count::Slower { bound, .. } = count else { return Vec::new() };
        if self.0.is_empty() || self.0.iter().any(|le| is_bound(*le, bound.0)) {
            return Vec::new();
        }
        self.0.sort_by(f64::total_cmp);
        self.0.dedup();
        self.0
    }
}
