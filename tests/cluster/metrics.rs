//! Metrics through the real driver, in virtual time: who is asked about, how often, and what it costs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashgate::cluster::api::{Connection, Target};
use crashgate::cluster::drive::{AskMetrics, GateRun, judge_measured};
use crashgate::cluster::never;
use crashgate::gate::model::{
    Arm, Measurement, MetricAnswer, MetricData, MetricQuestion, MetricTrouble, MetricTroubleKind, Number, Sample,
    Series, WorkloadKind,
};
use crashgate::gate::result::{Code, Measured, Verdict};
use crashgate::gate::spec::{Check, Plan, PodLabels, StableArm};
use crashgate::sandbox::{Begin, Options, Sandbox};
use futures::future::BoxFuture;
use tokio::time::Instant;

use super::stub::Counting;
use crate::scenario::prometheus::{BEGIN_MS, errors, metrics};

const SCRAPE: Duration = Duration::from_secs(5);

/// A source in memory: every pod that is asked about serves so many requests a second, good and bad, by its name.
struct Source {
    began: Instant,
    rate: fn(&str) -> (u64, u64),
    is_down: bool,
    asked: Mutex<Vec<(Duration, MetricQuestion)>>,
}

impl AskMetrics for Source {
    fn ask<'a>(
        &'a self,
        _: &'a Check,
        _: &'a PodLabels,
        namespace: &'a str,
        question: &'a MetricQuestion,
    ) -> BoxFuture<'a, Measurement> {
        let at = self.began.elapsed();
        assert_eq!(namespace, "rec-canary-healthy");
        self.asked.lock().unwrap().push((at, question.clone()));
        let answer = if self.is_down {
            let message = "prom.example: connection refused".to_owned();
            Err(MetricTrouble { kind: MetricTroubleKind::Unreachable, message })
        } else {
            Ok(self.answer(at, question))
        };
        let measured = Measurement { check: question.check.clone(), arm: question.arm, answer };
        // A source takes its time.
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(40)).await;
            measured
        })
    }
}

impl Source {
    fn answer(&self, at: Duration, question: &MetricQuestion) -> MetricAnswer {
        let newest = at.as_secs() / SCRAPE.as_secs();
        let oldest = (at.saturating_sub(question.window)).as_secs() / SCRAPE.as_secs();
        let mut all = Vec::new();
        for pod in &question.pods {
            let (good, bad) = (self.rate)(pod);
            for (code, rate) in [("200", good), ("500", bad)] {
                let labels = [("__name__", "requests_total"), ("code", code), ("namespace", "shop"), ("pod", pod)];
                let sample = |scrape: u64| Sample {
                    at_ms: BEGIN_MS + i64::try_from(scrape * 5_000).unwrap(),
                    value: Number(f64::from(u32::try_from(scrape * 5 * rate).unwrap())),
                };
                all.push(Series {
                    labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
                    samples: (oldest + 1..=newest).map(sample).collect(),
                    native_histogram: false,
                });
            }
        }
        MetricAnswer {
            answered_at_ms: Some(BEGIN_MS + i64::try_from(at.as_millis()).unwrap()),
            data: MetricData::Matrix(all.into_iter().filter(|series| !series.samples.is_empty()).collect()),
            warnings: Vec::new(),
        }
    }
}

struct Told {
    run: GateRun,
    asked: Vec<(Duration, MetricQuestion)>,
}

/// The recorded canary beside three stable pods, with these requests.
async fn judge(stable: StableArm, rate: fn(&str) -> (u64, u64), is_down: bool) -> Told {
    let sandbox = Sandbox::load(Path::new("tests/recordings/canary-healthy.ndjson")).unwrap();
    // The recording ends, and the cluster stays as it is then.
    let length = Duration::from_mins(10);
    let running = sandbox.in_memory(Options { begin: Begin::WhenTold, ..Options::default() });
    let target = Target { server: "memory".to_owned(), ..Target::default() };
    let connection = Arc::new(Connection::with_client(running.client(), target, Duration::from_secs(10), "default"));
    running.start();
    let mut plan = Plan::new("checkout", "v2", "rec-canary-healthy");
    (plan.delay, plan.stable_for) = (Duration::from_secs(5), Duration::from_secs(10));
    let mut asked_for = metrics(vec![errors(Some(0.1), true)], 120);
    asked_for.stable = stable;
    plan.metrics = Some(asked_for);
    let source = Arc::new(Source { began: Instant::now(), rate, is_down, asked: Mutex::default() });
    let asking: Arc<dyn AskMetrics> = Arc::clone(&source) as Arc<dyn AskMetrics>;
    let mut run =
        judge_measured(connection, vec![(plan, Some(asking))], Some(length), &mut Counting::default(), never()).await;
    let asked = source.asked.lock().unwrap().clone();
    Told { run: run.gates.remove(0), asked }
}

fn pods(told: &Told, arm: Arm) -> BTreeSet<String> {
    let of_arm = told.asked.iter().filter(|(_, question)| question.arm == arm);
    of_arm.flat_map(|(_, question)| question.pods.clone()).collect()
}

const ALIKE: fn(&str) -> (u64, u64) = |_| (49, 1);

#[tokio::test(start_paused = true)]
async fn each_arm_is_asked_about_its_own_pods_once_in_a_scrape_interval() {
    let version = StableArm::Version("v1".to_owned());
    let workload = StableArm::Workload(WorkloadKind::Deployment, "checkout-v1".to_owned());
    for stable in [version, workload] {
        let told = judge(stable.clone(), ALIKE, false).await;
        let outcome = &told.run.outcome;
        assert_eq!(outcome.verdict, Verdict::Healthy, "{stable:?}: {:?}", outcome.findings);
        assert_eq!(pods(&told, Arm::Canary), BTreeSet::from(["checkout-v2-7c95899798-hxdb8".to_owned()]));
        let names = ["bprjm", "lg6xj", "ngwtc"].map(|end| format!("checkout-v1-75f8757c77-{end}"));
        assert_eq!(pods(&told, Arm::Stable), names.into(), "{stable:?}");
        // One question a check, arm and scrape interval, and a few more before the interval is known.
        let begin = told.asked[0].0;
        let intervals = outcome.decided_after.saturating_sub(begin).as_secs() / SCRAPE.as_secs() + 1;
        let mut each: BTreeMap<Arm, u64> = BTreeMap::new();
        for (_, question) in &told.asked {
            *each.entry(question.arm).or_default() += 1;
        }
        assert!(each.values().all(|asked| *asked <= intervals + 3), "{each:?} in {intervals} intervals");
        // The stable pods are listed once in every `delay`, beside what every gate costs.
        let delays = outcome.decided_after.as_secs() / 5 + 1;
        assert!(told.run.requests <= 16 + 3 * delays, "{} requests in {delays} delays", told.run.requests);
    }
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_is_worse_than_the_stable_pods_fails() {
    let told =
        judge(StableArm::Version("v1".to_owned()), |pod| if pod.contains("-v2-") { (45, 5) } else { (49, 1) }, false)
            .await;
    let outcome = &told.run.outcome;
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert_eq!(outcome.findings[0].code, Code::CanaryWorse, "{:?}", outcome.findings);
    let Measured::Share(share) = &outcome.checks[0].measured else { panic!("a share") };
    assert!(share.stable.unwrap().total > share.canary.total, "three pods against one");
}

#[tokio::test(start_paused = true)]
async fn no_stable_pod_is_no_comparison() {
    let told = judge(StableArm::Version("v0".to_owned()), ALIKE, false).await;
    let outcome = &told.run.outcome;
    assert_eq!((outcome.verdict, outcome.findings[0].code), (Verdict::Inconclusive, Code::NoMetricData));
    assert!(pods(&told, Arm::Stable).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_down_is_asked_ever_more_seldom_and_the_gate_ends() {
    let told = judge(StableArm::Version("v1".to_owned()), ALIKE, true).await;
    let outcome = &told.run.outcome;
    assert_eq!((outcome.verdict, outcome.findings[0].code), (Verdict::Inconclusive, Code::MetricsUnreachable));
    // 120 s of back-off that doubles from 1 s to 30 s: eight questions an arm.
    assert!((10..=20).contains(&told.asked.len()), "{}", told.asked.len());
}
