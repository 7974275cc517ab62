//! What became of a check of the metrics: its counts, its evidence, and how it stands.

use std::fmt;

use super::catalogue::Code;
use super::figures;
use crate::gate::model::Number;

/// A check of the metrics at one moment, and at the end of its gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// Its name.
    pub name: String,
    /// How it stands.
    pub standing: CheckStanding,
    /// What it measures, its limits and its evidence.
    pub measured: Measured,
    /// What keeps it from a decision, in a sentence; `None` where it is decided or all is as it should be. Parts may be the
    /// source's: hostile text.
    pub lacking: Option<String>,
    /// How many answers of the source it rests on.
    pub answers: u64,
}

/// How a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckStanding {
    /// Its limits are proven to be kept, by fresh data.
    Good,
    /// A limit is proven to be broken.
    OverLimit,
    /// The canary is proven to be worse than the stable pods.
    Worse,
    /// Neither is proven yet.
    Undecided,
    /// There is no data: no series, or an arm without traffic.
    NoData,
    /// The answers are no single number.
    Ambiguous,
    /// The source does not answer.
    Unreachable,
    /// The source does not understand the query, or the histogram has no such bucket.
    Invalid,
}

impl CheckStanding {
    /// Every value.
    pub const ALL: [Self; 8] = [
        Self::Good,
        Self::OverLimit,
        Self::Worse,
        Self::Undecided,
        Self::NoData,
        Self::Ambiguous,
        Self::Unreachable,
        Self::Invalid,
    ];

    /// The value as the JSON result spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::OverLimit => "over-limit",
            Self::Worse => "worse",
            Self::Undecided => "undecided",
            Self::NoData => "no-data",
            Self::Ambiguous => "ambiguous",
            Self::Unreachable => "unreachable",
            Self::Invalid => "invalid",
        }
    }

    /// The code of the cause that such a check is; `None` for one that is good.
    #[must_use]
    pub const fn code(self) -> Option<Code> {
        match self {
            Self::Good => None,
            Self::OverLimit => Some(Code::MetricOverLimit),
            Self::Worse => Some(Code::CanaryWorse),
            Self::Undecided => Some(Code::MetricUndecided),
            Self::NoData => Some(Code::NoMetricData),
            Self::Ambiguous => Some(Code::MetricAmbiguous),
            Self::Unreachable => Some(Code::MetricsUnreachable),
            Self::Invalid => Some(Code::MetricQueryInvalid),
        }
    }

    /// True where something is proven against the version.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::OverLimit | Self::Worse)
    }
}

/// What was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measured {
    /// A share of whole numbers.
    Share(Box<ShareReport>),
    /// A single number.
    Value(Box<ValueReport>),
}

/// The counts and the evidence of a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareReport {
    /// Bad is what took longer than this; `None` where the manifest's `bad` counts what is bad.
    pub slower_than: Option<Latency>,
    /// All requests of the canary, and the bad ones.
    pub canary: ShareCounts,
    /// Those of the stable pods, where it is compared.
    pub stable: Option<ShareCounts>,
    /// The absolute limit, 0 to 1, with the evidence about it.
    pub limit: Option<Proof>,
    /// The comparison: the odds ratio that is tolerated, with the evidence that the canary is worse.
    pub worse: Option<Proof>,
    /// The comparison: the odds ratio that would be harm, with the evidence that the canary is better than that.
    pub unharmed: Option<Proof>,
    /// The stable pods differ among themselves: they cannot be compared with.
    pub stable_differs: bool,
    /// Since when the canary is over what is fine, in milliseconds since 1970 by the source's clock.
    pub over_since_ms: Option<i64>,
    /// How many more requests of the canary it would take until it is proven good, as things stand; `None` where that cannot
    /// be said.
    pub more_needed: Option<u64>,
    /// The counts over time, oldest first.
    pub points: Vec<SharePoint>,
}

impl ShareReport {
    /// The counts over time in at most so many points: neighbours are put together.
    #[must_use]
    pub fn thinned(&self, most: usize) -> Vec<SharePoint> {
        self.points.chunks(self.points.len().div_ceil(most.max(1)).max(1)).map(SharePoint::merged).collect()
    }
}

/// A bound of a histogram's buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// The bound, as the label `le` has it.
    pub bound: Number,
    /// Its unit.
    pub unit: LatencyUnit,
}

/// The unit of a histogram, which the end of its metric's name tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatencyUnit {
    /// `…_seconds`
    Seconds,
    /// `…_milliseconds`, `…_ms`
    Milliseconds,
    /// The name does not say it.
    Unknown,
}

impl Latency {
    /// The bound of a histogram of this name.
    #[must_use]
    pub fn of(metric: &str, bound: Number) -> Self {
        let metric = metric.strip_suffix("_bucket").unwrap_or(metric);
        let unit = if metric.ends_with("_milliseconds") || metric.ends_with("_ms") {
            LatencyUnit::Milliseconds
        } else if metric.ends_with("_seconds") {
            LatencyUnit::Seconds
        } else {
            LatencyUnit::Unknown
        };
        Self { bound, unit }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.bound.0;
        let (value, unit) = match self.unit {
            LatencyUnit::Seconds if value < 1.0 => (value * 1000.0, " ms"),
            LatencyUnit::Seconds => (value, " s"),
            LatencyUnit::Milliseconds if value >= 1000.0 => (value / 1000.0, " s"),
            LatencyUnit::Milliseconds => (value, " ms"),
            LatencyUnit::Unknown => (value, ""),
        };
        write!(f, "{}{unit}", figures::value(Number(value)))
    }
}

/// A hypothesis and the evidence against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    /// What is compared with: a share, or an odds ratio.
    pub limit: Number,
    /// ln E that it is broken. `None` where that is not asked.
    pub ln_e_broken: Option<Number>,
    /// The ln E from which on it is proven to be broken.
    pub ln_threshold_broken: Number,
    /// ln E that it is kept. `None` where that is not asked.
    pub ln_e_kept: Option<Number>,
    /// The ln E from which on it is proven to be kept.
    pub ln_threshold_kept: Number,
}

/// Requests, and how many of them were bad.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShareCounts {
    /// All of them.
    pub total: u64,
    /// The bad ones.
    pub bad: u64,
}

impl ShareCounts {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { total: self.total.saturating_add(other.total), bad: self.bad.saturating_add(other.bad) }
    }

    /// The bad ones as a share of all, 0 to 1; `None` where there are none.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
    pub fn share(self) -> Option<f64> {
        (self.total > 0).then(|| self.bad as f64 / self.total as f64)
    }
}

/// What both arms counted in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SharePoint {
    /// Its end, in milliseconds since 1970 by the source's clock.
    pub at_ms: i64,
    /// The canary's counts.
    pub canary: ShareCounts,
    /// Those of the stable pods.
    pub stable: ShareCounts,
}

impl SharePoint {
    /// What neighbouring points counted together, at the end of the last.
    #[must_use]
    pub fn merged(points: &[Self]) -> Self {
        points.iter().fold(Self::default(), |sum, point| Self {
            at_ms: point.at_ms,
            canary: sum.canary.plus(point.canary),
            stable: sum.stable.plus(point.stable),
        })
    }
}

/// The values of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueReport {
    /// The largest value that is fine.
    pub max: Option<Number>,
    /// The smallest one.
    pub min: Option<Number>,
    /// The newest value.
    pub newest: Option<Number>,
    /// The values over time, oldest first: milliseconds since the gate began, and the value.
    pub points: Vec<(u64, Number)>,
}

impl ValueReport {
    /// The values over time, at most so many: of neighbours the one that is nearest to a limit or farthest beyond it, and
    /// the newest in any case.
    #[must_use]
    pub fn thinned(&self, most: usize) -> Vec<(u64, Number)> {
        let Some((newest, earlier)) = self.points.split_last() else { return Vec::new() };
        // How far a value is inside of the limits; without any, the largest is told.
        let room = |value: f64| {
            let below = self.max.map_or(f64::INFINITY, |max| max.0 - value);
            let above = self.min.map_or(f64::INFINITY, |min| value - min.0);
            if self.max.is_none() && self.min.is_none() { -value } else { below.min(above) }
        };
        let size = earlier.len().div_ceil(most.saturating_sub(1).max(1)).max(1);
        let worst = |chunk: &[(u64, Number)]| {
            chunk.iter().copied().min_by(|one, other| room(one.1.0).total_cmp(&room(other.1.0)))
        };
        earlier.chunks(size).filter_map(worst).chain([*newest]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Latency;
    use crate::gate::model::Number;

    #[test]
    fn a_latency_is_told_in_the_unit_that_its_metric_names() {
        let table = [
            ("http_request_duration_seconds_bucket", 0.5, "500 ms"),
            ("http_request_duration_seconds", 2.5, "2.5 s"),
            ("response_latency_ms_bucket", 500.0, "500 ms"),
            ("istio_request_duration_milliseconds_bucket", 1500.0, "1.5 s"),
            ("queue_time_bucket", 0.5, "0.5"),
        ];
        for (metric, bound, said) in table {
            assert_eq!(Latency::of(metric, Number(bound)).to_string(), said, "{metric}");
        }
    }
}
