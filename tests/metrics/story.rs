//! A gate over a recorded cluster and a real source of metrics: what its pods count, what it asked, and how it ended.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::response::Response;
use crashgate::cluster::api::{Connection, Target};
use crashgate::cluster::drive::{AskMetrics, judge_measured};
use crashgate::cluster::never;
use crashgate::gate::model::{Arm, Measurement, MetricQuestion, Number};
use crashgate::gate::result::{Measured, Outcome, ShareReport};
use crashgate::gate::spec::{
    Check, Count, Measure, Metrics, MetricsSource, Plan, PodLabels, StableArm, Undecided, Versus,
};
use crashgate::metrics::MetricsClient;
use crashgate::sandbox::{Begin, Options, Running, Sandbox};
use futures::future::BoxFuture;
use tokio::net::TcpListener;

use super::metric_servers::{LIMIT, LOOK};
use super::source::{client, response};
use crate::cluster::stub::Counting;

/// The gated pod of the recording `canary-healthy`, and the three that are stable.
pub(super) const CANARY: &str = "checkout-v2-7c95899798-hxdb8";
pub(super) const STABLE: [&str; 3] =
    ["checkout-v1-75f8757c77-bprjm", "checkout-v1-75f8757c77-lg6xj", "checkout-v1-75f8757c77-ngwtc"];
pub(super) const HEALTHY: &str = "tests/recordings/canary-healthy.ndjson";
/// All of its pods are ready.
pub(super) const ALL_READY: Duration = Duration::from_secs(20);

/// The counters of requests, by metric, pod and code.
pub(super) type Counters = BTreeMap<(String, String, &'static str), u64>;

/// What happens between two scrapes.
type Growth = Box<dyn FnMut(&mut Counters) + Send>;

/// What is scraped: it serves requests between one scrape and the next, whenever those are.
pub(super) struct App {
    pub(super) addr: SocketAddr,
    state: Arc<Mutex<AppState>>,
}

struct AppState {
    counters: Counters,
    growth: Growth,
    is_up: bool,
}

impl App {
    /// An app of the pods in this namespace.
    pub(super) async fn serve(namespace: &'static str, growth: impl FnMut(&mut Counters) + Send + 'static) -> Self {
        let state = AppState { counters: Counters::new(), growth: Box::new(growth), is_up: true };
        let state = Arc::new(Mutex::new(state));
        let shown = Arc::clone(&state);
        let router = Router::new().fallback(move || {
            let page = shown.lock().unwrap().scrape(namespace);
            async move { page }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { addr, state }
    }

    /// Lets other things happen from now on, beginning with this.
    pub(super) fn then(&self, now: impl FnOnce(&mut Counters), growth: impl FnMut(&mut Counters) + Send + 'static) {
        let mut state = self.state.lock().unwrap();
        now(&mut state.counters);
        state.growth = Box::new(growth);
    }

    /// Every scrape fails from now on.
    pub(super) fn close(&self) {
        self.state.lock().unwrap().is_up = false;
    }
}

impl AppState {
    fn scrape(&mut self, namespace: &str) -> Response {
        if !self.is_up {
            return response(503, "text/plain", "closed");
        }
        (self.growth)(&mut self.counters);
        let mut page = String::new();
        for ((metric, pod, code), value) in &self.counters {
            writeln!(page, "{metric}{{namespace=\"{namespace}\",pod=\"{pod}\",code=\"{code}\"}} {value}").unwrap();
        }
        response(200, "text/plain; version=0.0.4", page)
    }
}

/// Adds requests of one pod.
pub(super) fn served(counters: &mut Counters, metric: &str, pod: &str, (good, bad): (u64, u64)) {
    for (code, number) in [("200", good), ("500", bad)] {
        *counters.entry((metric.to_owned(), pod.to_owned(), code)).or_default() += number;
    }
}

/// The share of `metric`'s requests that are bad.
pub(super) fn errors(metric: &str, max: Option<f64>, versus: bool) -> Check {
    let selector = |text: String| text.parse().unwrap();
    let measure = Measure::Share {
        count: Count::Counters {
            bad: selector(format!("{metric}{{$pods,code=~\"5..\"}}")),
            total: selector(format!("{metric}{{$pods}}")),
        },
        max: max.map(Number),
        versus: versus.then_some(Versus { tolerate: Metrics::DEFAULT_TOLERATE, harm: Metrics::DEFAULT_HARM }),
        alpha: Metrics::DEFAULT_ALPHA,
    };
    Check { name: "errors".to_owned(), measure, undecided: Undecided::Inconclusive }
}

/// A plan that watches this check for so many seconds.
pub(super) fn plan(check: Check, watch_for: u64) -> Plan {
    let mut plan = Plan::new("checkout", "v2", "rec-canary-healthy");
    (plan.delay, plan.stable_for) = (Duration::from_secs(1), Duration::from_secs(3));
    plan.metrics = Some(Metrics {
        source: MetricsSource::default(),
        pod_labels: PodLabels::default(),
        checks: vec![check],
        watch_for: Duration::from_secs(watch_for),
        stable: StableArm::Version("v1".to_owned()),
        dry: false,
    });
    plan
}

/// What a gate asked, and what it was answered.
pub(super) struct Asked {
    client: MetricsClient,
    heard: Mutex<Vec<(MetricQuestion, Measurement)>>,
    begun: Mutex<Option<Instant>>,
}

impl AskMetrics for Asked {
    fn ask<'a>(
        &'a self,
        check: &'a Check,
        labels: &'a PodLabels,
        namespace: &'a str,
        question: &'a MetricQuestion,
    ) -> BoxFuture<'a, Measurement> {
        self.begun.lock().unwrap().get_or_insert_with(Instant::now);
        Box::pin(async move {
            let measured = self.client.measure(check, labels, namespace, question).await;
            self.heard.lock().unwrap().push((question.clone(), measured.clone()));
            measured
        })
    }
}

/// A recorded cluster and a source of metrics.
pub(super) struct Story {
    running: Running,
    source: Arc<Asked>,
}

impl Story {
    /// The healthy recording, with all pods ready.
    pub(super) fn healthy(source: &MetricsSource) -> Self {
        let story = Self::still(Path::new(HEALTHY), ALL_READY, source);
        story.go_on();
        story
    }

    /// A recording that stands still at this moment. Its times go on, which looks as if a ready pod had been unready: it is
    /// for gates that are not ready to pass.
    pub(super) fn still(recording: &Path, at: Duration, source: &MetricsSource) -> Self {
        let client = client(source).unwrap().with_patience(Duration::from_secs(3));
        let sandbox = Sandbox::load(recording).unwrap();
        let running = sandbox.in_memory(Options { begin: Begin::WhenTold, offset: at, ..Options::default() });
        let source = Arc::new(Asked { client, heard: Mutex::default(), begun: Mutex::default() });
        Self { running, source }
    }

    /// Lets the recording go on.
    pub(super) fn go_on(&self) {
        self.running.start();
    }

    /// Judges plans side by side.
    pub(super) async fn judge(&self, plans: Vec<Plan>) -> Vec<Outcome> {
        let target = Target { server: "memory".to_owned(), ..Target::default() };
        let patience = Duration::from_secs(10);
        let connection = Arc::new(Connection::with_client(self.running.client(), target, patience, "default"));
        let source = Arc::clone(&self.source) as Arc<dyn AskMetrics>;
        let gates = plans.into_iter().map(|plan| (plan, Some(Arc::clone(&source)))).collect();
        let run = judge_measured(connection, gates, None, &mut Counting::default(), never()).await;
        run.gates.into_iter().map(|gate| gate.outcome).collect()
    }

    /// Judges one plan.
    pub(super) async fn judge_one(&self, plan: Plan) -> Outcome {
        self.judge(vec![plan]).await.remove(0)
    }

    /// Waits until the gate has heard this.
    pub(super) async fn until_heard(&self, is_it: impl Fn(&[(MetricQuestion, Measurement)]) -> bool) {
        let begun = Instant::now();
        while !is_it(&self.source.heard.lock().unwrap()) {
            assert!(begun.elapsed() < LIMIT, "heard: {:?}", self.source.heard.lock().unwrap().last());
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until the gate has heard so many answers about the canary that hold samples of it.
    pub(super) async fn until_answers(&self, number: usize) {
        let of_canary =
            |told: &&(MetricQuestion, Measurement)| told.0.arm == Arm::Canary && newest_ms(&told.1).is_some();
        self.until_heard(|heard| heard.iter().filter(of_canary).count() >= number).await;
    }

    /// The requests so far, and the time since the first one.
    pub(super) fn requests(&self) -> (u64, Duration) {
        let begun = self.source.begun.lock().unwrap();
        (self.source.client.requests(), begun.map(|begun| begun.elapsed()).unwrap_or_default())
    }
}

/// When the newest sample of an answer was scraped.
fn newest_ms(measured: &Measurement) -> Option<i64> {
    samples(measured).map(|(at_ms, _)| at_ms).max()
}

/// All samples of an answer.
pub(super) fn samples(measured: &Measurement) -> impl Iterator<Item = (i64, f64)> {
    use crashgate::gate::model::MetricData::Matrix;
    let answer = measured.answer.as_ref().ok();
    let series =
        answer.into_iter().flat_map(|answer| if let Matrix(series) = &answer.data { &series[..] } else { &[] });
    series.flat_map(|series| &series.samples).map(|sample| (sample.at_ms, sample.value.0))
}

/// What the only check of an outcome counted.
pub(super) fn share(outcome: &Outcome) -> &ShareReport {
    let Measured::Share(share) = &outcome.checks[0].measured else { panic!("a share") };
    share
}
