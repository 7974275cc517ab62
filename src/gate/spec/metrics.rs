//! The metrics of a plan: which checks a gate makes on what Prometheus tells, and with which limits.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::gate::model::{Number, Selector, SeriesSelector, WorkloadKind};

/// The metrics of a plan (`metrics`, `watchFor`, `stable`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// Where they are asked.
    pub source: MetricsSource,
    /// How pods are named in the series.
    pub pod_labels: PodLabels,
    /// What is checked; never empty.
    pub checks: Vec<Check>,
    /// How long they are watched at most, from the first ready pod on; never less than `stableFor`.
    pub watch_for: Duration,
    /// What a canary is compared with.
    pub stable: StableArm,
    /// They are told and decide nothing (`check --metrics dry`).
    pub dry: bool,
}

/// Where metrics are asked (`metrics.source`). The secrets themselves stay in their files until a request needs them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MetricsSource {
    /// The base URL, with a path prefix where there is one.
    pub url: String,
    /// A file with a bearer token, read again for each request: tokens are rotated.
    pub token_file: Option<String>,
    /// The user of basic authentication.
    pub user: Option<String>,
    /// A file with that user's password.
    pub password_file: Option<String>,
    /// Headers of every request; the values may be secrets.
    pub headers: BTreeMap<String, String>,
    /// A file with certificates to trust, in PEM; these alone are trusted.
    pub ca: Option<String>,
    /// A file with a client certificate, in PEM.
    pub cert: Option<String>,
    /// A file with its key.
    pub key: Option<String>,
    /// The source's certificate is not verified.
    pub insecure: bool,
}

impl fmt::Debug for MetricsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, token_file, user, password_file, headers, ca, cert, key, insecure } = self;
        f.debug_struct("MetricsSource")
            .field("url", url)
            .field("token_file", token_file)
            .field("user", user)
            .field("password_file", password_file)
            // Their values may be secrets.
            .field("headers", &headers.keys())
            .field("ca", ca)
            .field("cert", cert)
            .field("key", key)
            .field("insecure", insecure)
            .finish()
    }
}

/// The labels by which series name their pod (`metrics.podLabels`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodLabels {
    /// The label that holds the namespace; `None` where there is none.
    pub namespace: Option<String>,
    /// The label that holds the pod's name.
    pub pod: String,
}

impl Default for PodLabels {
    fn default() -> Self {
        Self { namespace: Some("namespace".to_owned()), pod: "pod".to_owned() }
    }
}

/// One check (`metrics.checks`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name, by which reports and recordings know it; unique in its gate.
    pub name: String,
    /// What is measured.
    pub measure: Measure,
    /// What is asked of it when the time is over and neither side is proven.
    pub undecided: Undecided,
}

/// What a check measures, and its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// A share of whole numbers: requests that were bad, of all requests.
    Share {
        /// What is counted.
        count: Count,
        /// The largest share that is fine (0 to 1).
        max: Option<Number>,
        /// How it must compare with the stable pods.
        versus: Option<Versus>,
        /// The bound on false alarms that the manifest asks for (0 to 1), before it is shared out over all checks.
        alpha: Number,
    },
    /// Any query that gives one number.
    Query {
        /// The PromQL text, with `$pods`.
        query: String,
        /// The largest value that is fine.
        max: Option<Number>,
        /// The smallest value that is fine.
        min: Option<Number>,
        /// Every value of this time must breach a limit before the check fails.
        hold: Duration,
    },
}

impl Measure {
    /// True where it needs the stable pods.
    #[must_use]
    pub const fn compares(&self) -> bool {
        matches!(self, Self::Share { versus: Some(_), .. })
    }
}

/// What is counted of a share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Count {
    /// Two counters (`bad`, `total`).
    Counters {
        /// The counters of what is bad.
        bad: SeriesSelector,
        /// The counters of everything.
        total: SeriesSelector,
    },
    /// The buckets of a histogram (`histogram`, `slowerThan`): bad is what took longer than the bound.
    Slower {
        /// The `_bucket` series of a classic histogram, or the series of a native one.
        histogram: SeriesSelector,
        /// The bound, in the unit of the series' label `le`.
        bound: Number,
    },
}

/// How a canary must compare with the stable pods, as odds ratios.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versus {
    /// Only what is proven beyond this fails (`tolerate`).
    pub tolerate: Number,
    /// A pass is proof against this (`harm`).
    pub harm: Number,
}

/// What a check that is proven neither way means at the end (`undecided`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecided {
    /// The gate is inconclusive.
    Inconclusive,
    /// The gate passes, with a warning.
    Pass,
    /// The gate fails.
    Fail,
}

impl Undecided {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::Inconclusive, Self::Pass, Self::Fail];

    /// The value as a manifest spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inconclusive => "inconclusive",
            Self::Pass => "pass",
            Self::Fail => "fail",
        }
    }
}

/// What a canary is compared with (`stable`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StableArm {
    /// The other pods of the same owner: older `ReplicaSet`s, `stableRS`, `<target>-primary`.
    Previous,
    /// The pods of this workload.
    Workload(WorkloadKind, String),
    /// The pods of the app at this version: those with the gate's own labels, but for the version.
    Version(String),
    /// The pods with these labels.
    Selector(Selector),
}

impl Metrics {
    /// `tolerate` where the manifest is silent.
    pub const DEFAULT_TOLERATE: Number = Number(1.5);
    /// `harm` where the manifest is silent.
    pub const DEFAULT_HARM: Number = Number(3.0);
    /// `alpha` where the manifest is silent.
    pub const DEFAULT_ALPHA: Number = Number(0.05);

    /// True where a check needs the stable pods.
    #[must_use]
    pub fn compares(&self) -> bool {
        self.checks.iter().any(|check| check.measure.compares())
    }
}
