//! Figures for a monitoring system, in `OpenMetrics`. None of them carries the name of an app, a pod or a namespace: their number
//! would grow with the cluster, and whoever may read figures may not read those.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::gate::result::Verdict;
use crate::report::model::Run;
use crate::serve::GateView;

/// What the figures are, as the header `Content-Type` says it.
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The bounds of the time that a call takes, in seconds: an answer at once, and one that waits.
const TIMES: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 10.0, 30.0, 60.0];
/// What stands for a verdict where there is none yet.
const PENDING: &str = "pending";
/// The verdicts that a gate of the service can have, which are all there from the beginning.
const VERDICTS: [Verdict; 7] = [
    Verdict::Healthy,
    Verdict::Failed,
    Verdict::TimedOut,
    Verdict::NothingMatched,
    Verdict::Platform,
    Verdict::Superseded,
    Verdict::Inconclusive,
];

/// The labels of one figure: words of crashgate's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Labels<const N: usize>([(&'static str, String); N]);

impl<const N: usize> EncodeLabelSet for Labels<N> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        for (name, value) in &self.0 {
            EncodeLabel::encode(&(*name, value.as_str()), encoder.encode_label())?;
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Times;

impl MetricConstructor<Histogram> for Times {
    fn new_metric(&self) -> Histogram {
        Histogram::new(TIMES)
    }
}

/// What is so at the moment of the question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    /// Requests that were made to the API server since the process began.
    pub requests: u64,
    /// Watches of the API server that are open.
    pub watches: usize,
    /// Files of plans with mistakes.
    pub plan_problems: usize,
    /// Pages that are followed.
    pub followers: usize,
}

/// Figures of the service. Cheap to clone: clones count together.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    /// One question at a time: what is so now is set before it is written.
    asking: Arc<Mutex<()>>,
    gates: Family<Labels<1>, Gauge>,
    watches: Gauge,
    plan_problems: Gauge,
    followers: Gauge,
    waiting: Gauge,
    calls: Family<Labels<2>, Counter>,
    times: Family<Labels<1>, Histogram, Times>,
    rounds: Family<Labels<2>, Counter>,
    requests: Counter,
    notifications: Family<Labels<1>, Counter>,
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// What became of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notified {
    /// It was taken.
    Sent,
    /// It was given up after its last try.
    Failed,
    /// There was no room for it.
    Dropped,
}

impl Notified {
    const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// A caller waits for as long as this lives.
#[derive(Debug)]
pub struct Waiting(Gauge);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Figures that begin with nothing.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("crashgate");
        let gates = Family::<Labels<1>, Gauge>::default();
        let (watches, plan_problems) = (Gauge::default(), Gauge::default());
        let (followers, waiting) = (Gauge::default(), Gauge::default());
        let calls = Family::<Labels<2>, Counter>::default();
        let times = Family::<Labels<1>, Histogram, Times>::new_with_constructor(Times);
        let rounds = Family::<Labels<2>, Counter>::default();
        let requests = Counter::default();
        let notifications = Family::<Labels<1>, Counter>::default();
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The running crashgate", version);
        registry.register("gates", "Gates that stand, by their verdict", gates.clone());
        registry.register("calls", "Calls that were answered, by route and HTTP status", calls.clone());
        registry.register("call_duration_seconds", "How long calls took, waiting included, by route", times.clone());
        registry.register("callers_waiting", "Callers that wait for a verdict", waiting.clone());
        registry.register("rounds", "Rounds of gates that ended, by verdict and the code of the cause", rounds.clone());
        registry.register("api_requests", "Requests to the API server", requests.clone());
        registry.register("watches_open", "Watches of the API server that are open", watches.clone());
        registry.register("notifications", "Notifications, by what became of them", notifications.clone());
        registry.register("plan_problems", "Files of plans with mistakes", plan_problems.clone());
        registry.register("page_followers", "Pages that are followed", followers.clone());
        for what in [Notified::Sent, Notified::Failed, Notified::Dropped] {
            drop(notifications.get_or_create(&Labels([("result", what.name().to_owned())])));
        }
        Self {
            registry: Arc::new(registry),
            asking: Arc::default(),
            gates,
            watches,
            plan_problems,
            followers,
            waiting,
            calls,
            times,
            rounds,
            requests,
            notifications,
        }
    }

    /// A call was answered on this route, which is named as in its table and not as the caller wrote it.
    pub fn answered(&self, route: &'static str, status: http::StatusCode, took: Duration) {
        let labels = Labels([("route", route.to_owned()), ("status", status.as_str().to_owned())]);
        self.calls.get_or_create(&labels).inc();
        self.times.get_or_create(&Labels([("route", route.to_owned())])).observe(took.as_secs_f64());
    }

    /// A caller waits, until what is returned is dropped.
    #[must_use]
    pub fn waits(&self) -> Waiting {
        self.waiting.inc();
        Waiting(self.waiting.clone())
    }

    /// A round of a gate has ended.
    pub fn round_ended(&self, run: &Run) {
        let leading = run.gates.iter().max_by_key(|gate| gate.outcome.verdict.severity());
        let code = leading.and_then(|gate| gate.outcome.findings.first()).map_or("none", |finding| finding.code.name());
        let labels = Labels([("verdict", run.verdict().to_string()), ("code", code.to_owned())]);
        self.rounds.get_or_create(&labels).inc();
    }

    /// A notification was sent, given up after its last try, or not taken for lack of room.
    pub fn notified(&self, what: Notified) {
        self.notifications.get_or_create(&Labels([("result", what.name().to_owned())])).inc();
    }

    /// Returns all figures as `OpenMetrics` text. `gates` are those that stand.
    #[must_use]
    pub fn text(&self, gates: &[GateView], now: Now) -> String {
        let _one_at_a_time = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts: BTreeMap<String, i64> = VERDICTS.iter().map(|verdict| (verdict.to_string(), 0)).collect();
        counts.insert(PENDING.to_owned(), 0);
        for view in gates {
            let verdict = view.verdict.map_or_else(|| PENDING.to_owned(), |verdict| verdict.to_string());
            *counts.entry(verdict).or_default() += 1;
        }
        for (verdict, count) in counts {
            self.gates.get_or_create(&Labels([("verdict", verdict)])).set(count);
        }
        let set = |gauge: &Gauge, count: usize| gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        set(&self.watches, now.watches);
        set(&self.plan_problems, now.plan_problems);
        set(&self.followers, now.followers);
        self.requests.inc_by(now.requests.saturating_sub(self.requests.get()));
        let mut text = String::new();
        // A `String` takes everything.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
