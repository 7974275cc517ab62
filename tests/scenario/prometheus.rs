//! A source of metrics in memory: pods that count requests, scraped at an interval, and asked as the gate asks.

use std::collections::BTreeMap;
use std::time::Duration;

use crashgate::gate::Fact;
use crashgate::gate::model::{
    Arm, Measurement, MetricAnswer, MetricData, MetricTrouble, MetricTroubleKind, Number, Sample, Series,
};
use crashgate::gate::spec::{Check, Count, Measure, Metrics, MetricsSource, PodLabels, StableArm, Undecided, Versus};

use super::Scenario;

/// The source's clock when the gate begins, in milliseconds since 1970: 02:00:00 UTC.
pub const BEGIN_MS: i64 = 1_795_226_400_000;

/// A source of metrics in memory.
pub struct Prometheus {
    /// How often each pod is scraped, in seconds.
    pub interval: u32,
    pods: BTreeMap<String, Pod>,
    scraped: BTreeMap<Vec<(String, String)>, Vec<Sample>>,
    /// The source warns with each answer.
    pub warning: Option<String>,
    /// It says what time it is.
    pub has_clock: bool,
}

#[derive(Clone)]
struct Pod {
    good: u64,
    bad: u64,
    /// Good and bad requests a second.
    rate: (f64, f64),
    is_stable: bool,
}

/// The labels of the series of a pod and code.
fn labels(pod: &str, code: &str) -> Vec<(String, String)> {
    [("__name__", "requests_total"), ("code", code), ("instance", pod), ("namespace", "shop"), ("pod", pod)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// A check of the errors of those pods: at most `max`, or compared with the stable pods.
pub fn errors(max: Option<f64>, versus: bool) -> Check {
    Check {
        name: "errors".to_owned(),
        measure: Measure::Share {
            count: Count::Counters {
                bad: r#"requests_total{$pods,code=~"5.."}"#.parse().unwrap(),
                total: "requests_total{$pods}".parse().unwrap(),
            },
            max: max.map(Number),
            versus: versus.then_some(Versus { tolerate: Metrics::DEFAULT_TOLERATE, harm: Metrics::DEFAULT_HARM }),
            alpha: Metrics::DEFAULT_ALPHA,
        },
        undecided: Undecided::Inconclusive,
    }
}

/// Metrics of these checks, watched for so many seconds.
pub fn metrics(checks: Vec<Check>, watch_for: u64) -> Metrics {
    Metrics {
        source: MetricsSource::default(),
        pod_labels: PodLabels::default(),
        checks,
        watch_for: Duration::from_secs(watch_for),
        stable: StableArm::Previous,
        dry: false,
    }
}

impl Prometheus {
    /// Nobody is scraped yet.
    pub fn new(interval: u32) -> Self {
        Self { interval, pods: BTreeMap::new(), scraped: BTreeMap::new(), warning: None, has_clock: true }
    }

    /// This pod serves so many good and bad requests a second from now on.
    pub fn serves(&mut self, pod: &str, good: f64, bad: f64) -> &mut Self {
        let pod =
            self.pods.entry(pod.to_owned()).or_insert(Pod { good: 0, bad: 0, rate: (0.0, 0.0), is_stable: false });
        pod.rate = (good, bad);
        self
    }

    /// So does this one, which is stable.
    pub fn stable(&mut self, pod: &str, good: f64, bad: f64) -> &mut Self {
        self.serves(pod, good, bad);
        self.pods.get_mut(pod).unwrap().is_stable = true;
        self
    }

    /// It had served so many before.
    pub fn had(&mut self, pod: &str, good: u64, bad: u64) -> &mut Self {
        let pod = self.pods.get_mut(pod).unwrap();
        (pod.good, pod.bad) = (good, bad);
        self
    }

    /// The process of the pod is started again: its counters begin at 0.
    pub fn restarts(&mut self, pod: &str) -> &mut Self {
        self.had(pod, 0, 0)
    }

    /// All pods are scraped at this moment, an interval after the one before.
    pub fn scrape(&mut self, second: u32) {
        for (name, pod) in &mut self.pods {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small numbers")]
            let served = |rate: f64| {
                let (before, now) = (second - self.interval.min(second), second);
                (rate * f64::from(now)).floor() as u64 - (rate * f64::from(before)).floor() as u64
            };
            pod.good += served(pod.rate.0);
            pod.bad += served(pod.rate.1);
            for (code, value) in [("200", pod.good), ("500", pod.bad)] {
                let series = self.scraped.entry(labels(name, code)).or_default();
                // A counter is born with the first thing that it counts.
                if value > 0 || !series.is_empty() {
                    let at_ms = BEGIN_MS + i64::from(second) * 1000;
                    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                    series.push(Sample { at_ms, value: Number(value as f64) });
                }
            }
        }
    }

    /// The answer about an arm at this moment, about the last two minutes.
    pub fn answer(&self, arm: Arm, second: f64) -> MetricAnswer {
        #[expect(clippy::cast_possible_truncation, reason = "a small number")]
        let now_ms = BEGIN_MS + (second * 1000.0) as i64;
        let is_of_arm = |labels: &Vec<(String, String)>| {
            let pod = &labels.iter().find(|(key, _)| key == "pod").unwrap().1;
            self.pods.get(pod).is_some_and(|pod| pod.is_stable == (arm == Arm::Stable))
        };
        let series = self.scraped.iter().filter(|(labels, _)| is_of_arm(labels)).map(|(labels, samples)| Series {
            labels: labels.iter().cloned().collect(),
            samples: samples.iter().copied().filter(|sample| sample.at_ms > now_ms - 120_000).collect(),
            native_histogram: false,
        });
        MetricAnswer {
            answered_at_ms: self.has_clock.then_some(now_ms),
            data: MetricData::Matrix(series.filter(|series| !series.samples.is_empty()).collect()),
            warnings: self.warning.iter().cloned().collect(),
        }
    }
}

/// What came of a question about the errors.
pub fn measured(arm: Arm, answer: Result<MetricAnswer, MetricTrouble>) -> Fact {
    Fact::Measured(Box::new(Measurement { check: "errors".to_owned(), arm, answer }))
}

/// The source does not answer.
pub fn unreachable() -> MetricTrouble {
    MetricTrouble { kind: MetricTroubleKind::Unreachable, message: "prom.example: connection refused".to_owned() }
}

impl Scenario {
    /// Goes on to this second, scraping and asking on the way as a driver does.
    pub fn watches(&mut self, prometheus: &mut Prometheus, until: u32) -> &mut Self {
        let begin = u32::try_from(self.now.as_millis().div_ceil(1000)).unwrap();
        for second in begin + 1..=until {
            if self.gate.outcome().is_some() {
                break;
            }
            self.at(f64::from(second));
            if second % prometheus.interval == 0 {
                prometheus.scrape(second);
            }
            self.asks(prometheus, second);
        }
        self
    }

    /// Asks what is due at this second.
    fn asks(&mut self, prometheus: &Prometheus, second: u32) {
        if self.gate.metrics_due(&|_, _| false).is_some_and(|due| due <= self.now) {
            let mut questions = self.gate.metric_questions(&|_, _| false);
            if prometheus.pods.values().any(|pod| pod.is_stable)
                && let Some(mut question) = questions.first().cloned()
                && self.gate.plan().metrics.as_ref().is_some_and(Metrics::compares)
                && questions.iter().all(|question| question.arm == Arm::Canary)
            {
                question.arm = Arm::Stable;
                questions.push(question);
            }
            for question in questions {
                let answer = prometheus.answer(question.arm, f64::from(second));
                self.tell(measured(question.arm, Ok(answer)));
            }
        }
    }
}
