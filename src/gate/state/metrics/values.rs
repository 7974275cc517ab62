//! The values of a query over time, and since when they keep or break their limits.

use std::time::Duration;

use crate::gate::model::{MetricData, Number};
use crate::gate::spec::Measure;

/// Of a long time, only every second value is kept.
const MOST_POINTS: usize = 720;

/// The values of a query.
#[derive(Debug, Clone, Default)]
pub struct ValueState {
    /// The newest look that gave a value, and the value.
    pub newest: Option<(Duration, f64)>,
    /// Why the newest look gave none.
    pub ambiguous: Option<Ambiguity>,
    /// Since when each value broke a limit.
    pub breach_since: Option<Duration>,
    /// Since when each value kept the limits.
    pub kept_since: Option<Duration>,
    /// The values over time.
    pub points: Vec<(Duration, f64)>,
}

/// Why a look gave no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Ambiguity {
    /// There is nothing.
    Empty,
    /// There are several series.
    Series(usize),
    /// It is no number, or an infinite one.
    NotFinite(f64),
    /// It is a text, or raw samples.
    NotANumber,
}

impl ValueState {
    /// Takes an answer in.
    pub fn take(&mut self, now: Duration, data: &MetricData, measure: &Measure) {
        let value = match single(data) {
            Ok(value) => value,
            Err(why) => {
                // Such a look does not count, neither for the one side nor for the other.
                self.ambiguous = Some(why);
                return;
            }
        };
        self.ambiguous = None;
        self.newest = Some((now, value));
        if breaks(value, measure) {
            self.kept_since = None;
            self.breach_since.get_or_insert(now);
        } else {
            self.breach_since = None;
            self.kept_since.get_or_insert(now);
        }
        self.points.push((now, value));
        if self.points.len() > MOST_POINTS {
            self.points = self.points.iter().copied().step_by(2).collect();
        }
    }

    /// True where every value of the time that is asked for broke a limit.
    #[must_use]
    pub fn is_over(&self, hold: Duration) -> bool {
        held(self.breach_since, self.newest, hold)
    }

    /// True where every value of that time kept the limits.
    #[must_use]
    pub fn is_kept(&self, hold: Duration) -> bool {
        held(self.kept_since, self.newest, hold)
    }

    /// The values over time, as a report has them.
    #[must_use]
    pub fn told(&self) -> Vec<(u64, Number)> {
        let told = |(at, value): &(Duration, f64)| (u64::try_from(at.as_millis()).unwrap_or(u64::MAX), Number(*value));
        self.points.iter().map(told).collect()
    }
}

fn held(since: Option<Duration>, newest: Option<(Duration, f64)>, hold: Duration) -> bool {
    since.zip(newest).is_some_and(|(since, (newest, _))| newest.saturating_sub(since) >= hold)
}

fn breaks(value: f64, measure: &Measure) -> bool {
    let Measure::Query { max, min, .. } = measure else { return false };
    max.is_some_and(|max| value > max.0) || min.is_some_and(|min| value < min.0)
}

/// The one number of an answer.
fn single(data: &MetricData) -> Result<f64, Ambiguity> {
    let value = match data {
        MetricData::Scalar(sample) => sample.value.0,
        MetricData::Vector(series) => match series.as_slice() {
            [] => return Err(Ambiguity::Empty),
            [one] => one.samples.last().ok_or(Ambiguity::NotANumber)?.value.0,
            several => return Err(Ambiguity::Series(several.len())),
        },
        MetricData::Matrix(_) | MetricData::Text(_) => return Err(Ambiguity::NotANumber),
    };
    if value.is_finite() { Ok(value) } else { Err(Ambiguity::NotFinite(value)) }
}
