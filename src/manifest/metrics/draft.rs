//! What was said of metrics so far.

use std::time::Duration;

use crate::gate::model::{Number, SeriesSelector};
use crate::gate::spec::{MetricsSource, PodLabels, StableArm, Undecided};

/// What the flags and a document say of metrics so far. A draft without checks becomes no metrics.
#[derive(Debug, Clone, Default)]
pub(in crate::manifest) struct MetricsDraft {
    /// Where they are asked.
    pub source: MetricsSource,
    /// How pods are named in the series.
    pub pod_labels: PodLabels,
    /// The checks, the one that is being read last.
    pub checks: Vec<CheckDraft>,
    /// How long they are watched at most.
    pub watch_for: Option<Duration>,
    /// What a canary is compared with.
    pub stable: Option<StableArm>,
    /// They are told and decide nothing.
    pub dry: bool,
    /// There are to be none, whatever a document says of them.
    pub left_out: bool,
}

/// What was said of one check so far.
#[derive(Debug, Clone, Default)]
pub(in crate::manifest) struct CheckDraft {
    /// Its name.
    pub name: Option<String>,
    /// The counters of what is bad.
    pub bad: Option<SeriesSelector>,
    /// The counters of everything.
    pub total: Option<SeriesSelector>,
    /// The series of a histogram.
    pub histogram: Option<SeriesSelector>,
    /// What of the histogram is bad.
    pub slower_than: Option<Bound>,
    /// A query of one number.
    pub query: Option<String>,
    /// The largest value that is fine.
    pub max: Option<Limit>,
    /// The smallest value that is fine.
    pub min: Option<Limit>,
    /// How long a limit of a query must be breached.
    pub hold: Option<Duration>,
    /// It is compared with the stable pods.
    pub versus: bool,
    /// The odds ratio that is still fine.
    pub tolerate: Option<Number>,
    /// The odds ratio that must never pass.
    pub harm: Option<Number>,
    /// The bound on false alarms.
    pub alpha: Option<Number>,
    /// What it means at the end if neither side is proven.
    pub undecided: Option<Undecided>,
}

/// A limit as it is written: what it means depends on what is measured.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::manifest) struct Limit {
    /// The number, hundredths where it is written with a `%`.
    pub number: f64,
    /// It is written with a `%`.
    pub is_percent: bool,
    /// The text of the manifest.
    pub text: String,
}

/// The bound of a histogram as it is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::manifest) enum Bound {
    /// A time, which the unit of the series translates.
    Time(Duration),
    /// A number in the unit of the series.
    Number(f64),
}
