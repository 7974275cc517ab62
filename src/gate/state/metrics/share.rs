//! A share of bad requests over time: the counts of both arms, scrape interval by scrape interval, and the evidence that
//! they give.

use super::arm_counter::{ArmCounter, CountedPod, Taken};
use crate::gate::model::{Arm, Series};
use crate::gate::result::SharePoint;
use crate::gate::spec::{Count, Measure, PodLabels};
use crate::gate::statistics::{Counts, Direction, Guard, Interval, LimitTest, OddsTest, Test, WithLateStarts};

/// Of a long time, pairs of neighbouring points are put together.
const MOST_POINTS: usize = 720;
/// A test is begun anew after so much data.
const LATE_START_MS: i64 = 60_000;
/// How long passes between two scrapes, as long as no series says it.
const UNKNOWN_INTERVAL_MS: i64 = 15_000;

/// The evidence of a share.
#[derive(Debug, Clone)]
pub struct ShareState {
    count: Count,
    compares: bool,
    canary: ArmCounter,
    stable: ArmCounter,
    /// Is the share over its limit?
    pub over: Option<WithLateStarts<LimitTest>>,
    /// Is it under it?
    pub under: Option<LimitTest>,
    /// Is the canary worse than what is tolerated?
    pub worse: Option<WithLateStarts<OddsTest>>,
    /// Is it better than what would be harm?
    pub unharmed: Option<OddsTest>,
    /// Do the stable pods differ among themselves?
    pub guard: Guard,
    /// All counts of both arms.
    pub totals: Interval,
    /// The counts over time.
    pub points: Vec<SharePoint>,
    /// Up to which moment the counts were judged, in milliseconds since 1970.
    judged_until_ms: Option<i64>,
    late_start_ms: Option<i64>,
}

impl ShareState {
    /// A share of which nothing is known yet; `None` for a measure that is none.
    #[must_use]
    pub fn new(measure: &Measure) -> Option<Self> {
        let Measure::Share { count, max, versus, .. } = measure else { return None };
        Some(Self {
            count: count.clone(),
            compares: versus.is_some(),
            canary: ArmCounter::default(),
            stable: ArmCounter::default(),
            over: max.map(|max| WithLateStarts::new(LimitTest::new(max.0, Direction::Over))),
            under: max.map(|max| LimitTest::new(max.0, Direction::Under)),
            worse: versus.map(|versus| WithLateStarts::new(OddsTest::new(versus.tolerate.0, Direction::Over))),
            unharmed: versus.map(|versus| OddsTest::new(versus.harm.0, Direction::Under)),
            guard: Guard::new(),
            totals: Interval::default(),
            points: Vec::new(),
            judged_until_ms: None,
            late_start_ms: None,
        })
    }

    /// Takes the series of one arm in, and judges what is complete.
    pub fn take(
        &mut self,
        arm: Arm,
        (series, is_whole): (&[Series], bool),
        labels: &PodLabels,
        pod: impl Fn(&str) -> Option<CountedPod>,
    ) -> Taken {
        let count = &self.count;
        let taken = match arm {
            Arm::Canary => self.canary.take(series, is_whole, count, labels, pod),
            Arm::Stable => self.stable.take(series, is_whole, count, labels, pod),
        };
        self.judge();
        taken
    }

    /// Takes the series of one arm in and judges all of them, without any other to compare with.
    pub fn take_all(
        &mut self,
        series: &[Series],
        labels: &PodLabels,
        pod: impl Fn(&str) -> Option<CountedPod>,
    ) -> Taken {
        let taken = self.canary.take(series, true, &self.count, labels, pod);
        if let Some(newest) = self.canary.newest_ms() {
            self.judge_until(newest);
        }
        taken
    }

    /// The counter of an arm.
    #[must_use]
    pub fn arm(&self, arm: Arm) -> &ArmCounter {
        match arm {
            Arm::Canary => &self.canary,
            Arm::Stable => &self.stable,
        }
    }

    /// How long passes between two scrapes, in milliseconds: of the arm that is scraped less often.
    #[must_use]
    pub fn interval_ms(&self) -> Option<i64> {
        self.canary.interval_ms().max(self.stable.interval_ms())
    }

    /// Judges all intervals that are complete. Where nothing is compared the order of requests does not matter, and
    /// whatever was counted is judged at once.
    fn judge(&mut self) {
        let Some(newest) = self.canary.newest_ms() else { return };
        if !self.compares {
            self.judge_until(newest);
            return;
        }
        let Some(stable) = self.stable.newest_ms() else { return };
        let horizon = newest.min(stable);
        let width = self.interval_ms().unwrap_or(UNKNOWN_INTERVAL_MS).max(1);
        loop {
            let pending = [&self.canary, &self.stable].into_iter().filter_map(ArmCounter::oldest_pending_ms).min();
            let Some(oldest) = pending else { break };
            // Each scrape tells of the time before it: the interval ends with it, or later.
            let begin = self.judged_until_ms.unwrap_or(oldest - 1);
            // Nothing was counted in those that are skipped.
            let skipped = (oldest - begin - 1).max(0) / width;
            let end = begin.saturating_add(skipped.saturating_add(1).saturating_mul(width));
            if end > horizon {
                break;
            }
            self.judge_until(end);
        }
    }

    fn judge_until(&mut self, until_ms: i64) {
        let ([first, second], _) = self.stable.consume(until_ms, &self.count);
        let ([one, other], early) = self.canary.consume(until_ms, &self.count);
        let compared = Interval { canary: one.plus(other), stable: first.plus(second) };
        let interval = Interval { canary: compared.canary.plus(early), ..compared };
        self.judged_until_ms = Some(until_ms);
        let late_start = *self.late_start_ms.get_or_insert(until_ms.saturating_add(LATE_START_MS));
        if until_ms >= late_start {
            self.late_start_ms = Some(until_ms.saturating_add(LATE_START_MS));
            self.over.iter_mut().for_each(WithLateStarts::begin_another);
            self.worse.iter_mut().for_each(WithLateStarts::begin_another);
        }
        if interval == Interval::default() {
            return;
        }
        self.over.iter_mut().for_each(|test| test.take(&interval.canary));
        self.under.iter_mut().for_each(|test| test.take(&interval.canary));
        self.worse.iter_mut().for_each(|test| test.take(&compared));
        self.unharmed.iter_mut().for_each(|test| test.take(&compared));
        if self.compares {
            self.guard.take(first, second);
        }
        self.totals.canary = self.totals.canary.plus(interval.canary);
        self.totals.stable = self.totals.stable.plus(interval.stable);
        self.points.push(SharePoint { at_ms: until_ms, canary: told(interval.canary), stable: told(interval.stable) });
        if self.points.len() > MOST_POINTS {
            self.points = self.points.chunks(2).map(merged).collect();
        }
    }

    /// Since when the canary's share has been over this limit without a break, in milliseconds since 1970: the first scrape of
    /// the longest run up to now whose share is over it.
    #[must_use]
    pub fn over_since_ms(&self, limit: f64) -> Option<i64> {
        let mut sum = Counts::default();
        let mut since = None;
        for point in self.points.iter().rev() {
            let one = Counts::new(point.canary.total, point.canary.bad).unwrap_or_default();
            if one.total() > 0 && one.share().is_none_or(|share| share <= limit) {
                break;
            }
            sum = sum.plus(one);
            if one.total() > 0 {
                since = Some(point.at_ms);
            }
        }
        since.filter(|_| sum.bad() > 0)
    }
}

fn told(counts: Counts) -> crate::gate::result::ShareCounts {
    crate::gate::result::ShareCounts { total: counts.total(), bad: counts.bad() }
}

fn merged(points: &[SharePoint]) -> SharePoint {
    let mut points = points.iter().copied();
    let first = points.next().unwrap_or_default();
    points.fold(first, |sum, point| SharePoint {
        at_ms: point.at_ms,
        canary: sum.canary.plus(point.canary),
        stable: sum.stable.plus(point.stable),
    })
}
