//! Recordings with answers of a source of metrics decide checks offline.

use std::path::Path;
use std::time::Duration;

use crashgate::gate::model::Number;
use crashgate::gate::result::{Code, Outcome, Verdict};
use crashgate::gate::spec::{Check, Measure, Metrics, MetricsSource, Plan, PodLabels, StableArm, Undecided};
use crashgate::recording::reader::Reader;
use crashgate::recording::replay::replay;
use serde_json::{Value, json};

/// The metrics of a gate of the recording `healthy`.
fn plan(max: f64) -> Plan {
    let measure = Measure::Query {
        query: "max(open_files{$pods})".to_owned(),
        max: Some(Number(max)),
        min: None,
        hold: Duration::ZERO,
    };
    let mut plan = Plan::new("checkout", "v1", "rec-healthy");
    plan.delay = Duration::from_secs(2);
    plan.stable_for = Duration::from_secs(10);
    plan.wait_period = Duration::from_secs(20);
    plan.metrics = Some(Metrics {
        source: MetricsSource::default(),
        pod_labels: PodLabels::default(),
        checks: vec![Check { name: "files".to_owned(), measure, undecided: Undecided::Inconclusive }],
        watch_for: Duration::from_secs(10),
        stable: StableArm::Previous,
        dry: false,
    });
    plan
}

/// Judges the recording `healthy` with a line of metrics in every second; `line` makes it from the time of the source.
fn judge(plans: Vec<Plan>, line: impl Fn(f64) -> Value) -> Vec<Outcome> {
    let text = std::fs::read_to_string("tests/recordings/healthy.ndjson").unwrap();
    let mut reader = Reader::new(Path::new("healthy"), text.as_bytes()).unwrap();
    let began = reader.header().started_at.as_millisecond();
    let mut lines: Vec<(u64, String)> = Vec::new();
    while let Some(read) = reader.next_line().unwrap() {
        lines.push((read.at_ms, text.lines().nth(lines.len() + 1).unwrap().to_owned()));
    }
    let end = lines.last().unwrap().0;
    for at_ms in (1_000..end).step_by(1_000) {
        #[expect(clippy::cast_precision_loss, reason = "a time of this century")]
        let at = (began + i64::try_from(at_ms).unwrap()) as f64 / 1_000.0;
        lines.push((at_ms, json!({"t": at_ms, "metrics": line(at)}).to_string()));
    }
    lines.sort_by_key(|(at_ms, _)| *at_ms);
    let header = text.lines().next().unwrap();
    let text = lines.iter().fold(header.to_owned(), |text, (_, line)| text + "\n" + line) + "\n";
    let mut reader = Reader::new(Path::new("with metrics"), text.as_bytes()).unwrap();
    replay(&mut reader, plans, &mut |_, _, _| {}).unwrap()
}

fn answered(value: &str) -> impl Fn(f64) -> Value {
    let value = value.to_owned();
    move |at| {
        let body = json!({"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [at, value]}]}});
        json!({"arm": "canary", "check": "files", "body": body})
    }
}

/// A line with more keys.
fn and(line: impl Fn(f64) -> Value, keys: &Value) -> impl Fn(f64) -> Value {
    move |at| {
        let mut line = line(at);
        for (key, value) in keys.as_object().unwrap() {
            line[key] = value.clone();
        }
        line
    }
}

fn led_by(outcome: &Outcome) -> Option<Code> {
    outcome.findings.first().map(|finding| finding.code)
}

#[test]
fn an_incident_of_yesterday_is_judged_by_the_threshold_of_today() {
    let outcomes = judge(vec![plan(0.8), plan(0.4)], answered("0.5"));
    assert_eq!(outcomes[0].verdict, Verdict::Healthy, "{:?}", outcomes[0]);
    assert_eq!((outcomes[1].verdict, led_by(&outcomes[1])), (Verdict::Failed, Some(Code::MetricOverLimit)));
    let nan = judge(vec![plan(0.8)], answered("NaN"));
    assert_eq!(nan[0].verdict, Verdict::Inconclusive, "{:?}", nan[0]);
}

#[test]
fn a_line_that_names_a_gate_speaks_to_no_other() {
    let worker = Plan { app: "worker".to_owned(), ..plan(0.8) };
    for (keys, own) in [
        (json!({"app": "checkout", "namespace": "rec-healthy"}), true),
        (json!({"app": "checkout"}), true),
        (json!({"namespace": "rec-healthy"}), true),
        (json!({"app": null, "namespace": null}), true),
        (json!({"app": "worker", "namespace": "rec-healthy"}), false),
        (json!({"app": "checkout", "namespace": "other"}), false),
        (json!({"check": "errors"}), false),
        (json!({"arm": "stable"}), false),
    ] {
        let outcomes = judge(vec![plan(0.8)], and(answered("0.5"), &keys));
        let expected = if own { (Verdict::Healthy, None) } else { (Verdict::Inconclusive, Some(Code::NoMetricData)) };
        assert_eq!((outcomes[0].verdict, led_by(&outcomes[0])), expected, "{keys}");
    }
    let outcomes = judge(vec![plan(0.8), worker], and(answered("0.9"), &json!({"app": "checkout"})));
    assert_eq!(led_by(&outcomes[0]), Some(Code::MetricOverLimit));
    assert_eq!((outcomes[1].verdict, led_by(&outcomes[1])), (Verdict::Inconclusive, Some(Code::NoMetricData)));
}

#[test]
fn questions_without_an_answer_never_pass() {
    for (keys, code) in [
        (json!({"status": 503, "error": "no healthy upstream"}), Code::MetricsUnreachable),
        (json!({"error": "connection refused"}), Code::MetricsUnreachable),
        (json!({"status": 502}), Code::MetricsUnreachable),
    ] {
        let failed = |_| json!({"arm": "canary", "check": "files"});
        let outcomes = judge(vec![plan(0.8)], and(failed, &keys));
        assert_eq!((outcomes[0].verdict, led_by(&outcomes[0])), (Verdict::Inconclusive, Some(code)), "{keys}");
    }
    let rejected = judge(vec![plan(0.8)], |_| {
        json!({"arm": "canary", "check": "files", "status": 400,
            "body": {"status": "error", "errorType": "bad_data", "error": "1:5: parse error"}})
    });
    assert_eq!(rejected[0].verdict, Verdict::Inconclusive);
    assert!(format!("{:?}", rejected[0].findings).contains("1:5: parse error"), "{:?}", rejected[0].findings);
}
