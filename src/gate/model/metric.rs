//! What a source of metrics (Prometheus' HTTP API) says, in our types.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use super::number::Number;

/// Whose pods a series belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arm {
    /// The pods of the gated version.
    Canary,
    /// The pods that they are compared with.
    Stable,
}

impl Arm {
    /// Both arms.
    pub const ALL: [Self; 2] = [Self::Canary, Self::Stable];

    /// The arm as a recording spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Canary => "canary",
            Self::Stable => "stable",
        }
    }
}

impl fmt::Display for Arm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One sample of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When it was scraped, in milliseconds since 1970 by the source's clock.
    pub at_ms: i64,
    /// Its value; NaN and the infinities among them.
    pub value: Number,
}

/// A series and its samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Its labels, `__name__` among them.
    pub labels: BTreeMap<String, String>,
    /// Its samples as they were answered, oldest first.
    pub samples: Vec<Sample>,
    /// True where it holds native histograms, which have no single value.
    pub native_histogram: bool,
}

/// The result of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricData {
    /// `resultType: matrix`: raw samples of each series, as they were scraped.
    Matrix(Vec<Series>),
    /// `resultType: vector`: one value of each series, at the time of evaluation.
    Vector(Vec<Series>),
    /// `resultType: scalar`.
    Scalar(Sample),
    /// `resultType: string`.
    Text(String),
}

/// A whole answer of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricAnswer {
    /// When it was answered, in milliseconds since 1970 by the source's clock (the `Date` of the response): how old a
    /// sample is, is told by one clock alone. `None` where the source does not say.
    pub answered_at_ms: Option<i64>,
    /// The result.
    pub data: MetricData,
    /// `warnings`, and that the answer is partial: such an answer may convict and never acquits.
    pub warnings: Vec<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricTrouble {
    /// Which kind of trouble.
    pub kind: MetricTroubleKind,
    /// What happened, in words that name the operation; parts are the source's: hostile text, no credentials.
    pub message: String,
}

/// The kinds of trouble with a source of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricTroubleKind {
    /// No answer, 5xx, 401, 403, no JSON, too many bytes or series: it is asked again.
    Unreachable,
    /// 400 or 422: the source does not understand the query, and will not.
    Rejected,
}

/// What a gate asks the source: one check, about the pods of one arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricQuestion {
    /// The name of the check.
    pub check: String,
    /// Whose pods.
    pub arm: Arm,
    /// Their names; never empty.
    pub pods: BTreeSet<String>,
    /// How far back raw samples are wanted.
    pub window: Duration,
    /// All buckets of the histogram are wanted, to tell which bounds there are.
    pub every_bucket: bool,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measurement {
    /// The name of the check.
    pub check: String,
    /// Whose pods.
    pub arm: Arm,
    /// The answer, or why there is none.
    pub answer: Result<MetricAnswer, MetricTrouble>,
}
