//! A query that gives one number, and histograms.

use std::time::Duration;

use crashgate::gate::Fact;
use crashgate::gate::model::{
    Arm, Measurement, MetricAnswer, MetricData, MetricTrouble, MetricTroubleKind, Number, Sample, Series,
};
use crashgate::gate::result::{Code, Outcome, Verdict};
use crashgate::gate::spec::{Check, Count, Measure, Metrics, Plan, Undecided};

use crate::gate::{assert_says, web};
use crate::scenario::objects::pod;
use crate::scenario::prometheus::{BEGIN_MS, metrics};
use crate::scenario::{Scenario, plan};

fn files(hold: u64) -> Check {
    Check {
        name: "files".to_owned(),
        measure: Measure::Query {
            query: "max(open_files{$pods})".to_owned(),
            max: Some(Number(0.8)),
            min: None,
            hold: Duration::from_secs(hold),
        },
        undecided: Undecided::Inconclusive,
    }
}

fn vector(values: &[f64]) -> MetricData {
    let series = |value: &f64| Series {
        labels: [("pod".to_owned(), "a".to_owned())].into(),
        samples: vec![Sample { at_ms: BEGIN_MS, value: Number(*value) }],
        native_histogram: false,
    };
    MetricData::Vector(values.iter().map(series).collect())
}

/// One pod, and an answer in every fifth second.
fn run(check: Check, watch_for: u64, mut answer: impl FnMut(u64) -> Result<MetricData, MetricTrouble>) -> Outcome {
    let name = check.name.clone();
    let mut story = Scenario::new(Plan { metrics: Some(metrics(vec![check], watch_for)), ..plan() });
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a"));
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    for second in (5..=watch_for).step_by(5) {
        if story.ended().is_some() {
            break;
        }
        story.at(second as f64);
        let answer = answer(second).map(|data| MetricAnswer {
            answered_at_ms: Some(BEGIN_MS + i64::try_from(second).unwrap() * 1000),
            data,
            warnings: Vec::new(),
        });
        story.tell(Fact::Measured(Box::new(Measurement { check: name.clone(), arm: Arm::Canary, answer })));
    }
    story.ends().clone()
}

#[test]
fn a_value_within_its_limits_passes_and_one_over_them_fails_at_once() {
    assert_eq!(run(files(0), 60, |_| Ok(vector(&[0.5]))).verdict, Verdict::Healthy);
    let failed = run(files(0), 60, |second| Ok(vector(&[if second < 10 { 0.5 } else { 0.9 }])));
    assert_says(&failed, Verdict::Failed, Code::MetricOverLimit, &["files: the value is 0.9, above the limit of 0.8"]);
    assert_eq!(failed.decided_after, Duration::from_secs(10));
}

#[test]
fn a_value_must_break_its_limit_for_the_whole_of_the_time_that_is_asked_for() {
    // Two bad values, a good one, and so on: never bad for 15 s.
    let flapping = run(files(15), 60, |second| Ok(vector(&[if second % 15 == 0 { 0.5 } else { 0.9 }])));
    assert_says(&flapping, Verdict::Inconclusive, Code::MetricUndecided, &["files: ", "not for long enough"]);
    let bad = run(files(15), 60, |_| Ok(vector(&[0.9])));
    assert_eq!((bad.verdict, bad.decided_after), (Verdict::Failed, Duration::from_secs(20)));
}

#[test]
fn what_is_no_single_number_decides_nothing() {
    let scalar = MetricData::Scalar(Sample { at_ms: BEGIN_MS, value: Number(0.5) });
    assert_eq!(run(files(0), 60, |_| Ok(scalar.clone())).verdict, Verdict::Healthy, "a scalar is a number");
    for (data, code, words) in [
        (vector(&[]), Code::NoMetricData, "no series"),
        (vector(&[0.1, 0.9]), Code::MetricAmbiguous, "2 series"),
        (vector(&[f64::NAN]), Code::MetricAmbiguous, "NaN"),
        (vector(&[f64::INFINITY]), Code::MetricAmbiguous, "infinity"),
        (vector(&[f64::NEG_INFINITY]), Code::MetricAmbiguous, "infinity"),
        (MetricData::Text("0.1".to_owned()), Code::MetricAmbiguous, "string"),
        (MetricData::Matrix(Vec::new()), Code::MetricAmbiguous, "raw samples"),
    ] {
        assert_says(&run(files(0), 40, |_| Ok(data.clone())), Verdict::Inconclusive, code, &[words]);
    }
}

#[test]
fn a_query_that_the_source_does_not_understand_ends_the_gate_at_once() {
    let outcome = run(files(0), 60, |_| {
        let message = "prom.example does not understand the query: parse error: unexpected identifier".to_owned();
        Err(MetricTrouble { kind: MetricTroubleKind::Rejected, message })
    });
    assert_says(&outcome, Verdict::Inconclusive, Code::MetricQueryInvalid, &["parse error: unexpected identifier"]);
    assert_eq!(outcome.decided_after, Duration::from_secs(5));
}

/// The buckets of a histogram of pod `a` at this second: so many requests in each, cumulative, 20 a second in all.
fn buckets(second: u64, bounds: &[(&str, f64)]) -> MetricData {
    let series = |(le, share): &(&str, f64)| Series {
        labels: [("__name__", "duration_seconds_bucket"), ("le", le), ("pod", "a")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        samples: (1..=second / 5)
            .map(|scrape| Sample {
                at_ms: BEGIN_MS + i64::try_from(scrape).unwrap() * 5000,
                #[expect(clippy::cast_precision_loss, reason = "small numbers")]
                value: Number((scrape as f64 * 100.0 * share).floor()),
            })
            .collect(),
        native_histogram: false,
    };
    MetricData::Matrix(bounds.iter().map(series).collect())
}

/// A native histogram of pod `a`: its samples hold buckets, which are no numbers.
fn native() -> Series {
    let labels =
        [("__name__", "duration_seconds"), ("pod", "a")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    Series { labels: labels.into(), samples: Vec::new(), native_histogram: true }
}

#[test]
fn a_native_histogram_is_told_as_one_and_never_counted() {
    let histogram = "duration_seconds{$pods}";
    let slower = Count::Slower { histogram: histogram.parse().unwrap(), bound: Number(0.5) };
    let counters = Count::Counters { bad: histogram.parse().unwrap(), total: histogram.parse().unwrap() };
    for count in [slower, counters] {
        let measure = Measure::Share { count, max: Some(Number(0.01)), versus: None, alpha: Metrics::DEFAULT_ALPHA };
        let check = Check { name: "latency".to_owned(), measure, undecided: Undecided::Inconclusive };
        let outcome = run(check, 40, |_| Ok(MetricData::Matrix(vec![native()])));
        let words = ["a native histogram of the canary pods, which cannot be counted", "_bucket", "histogram_fraction"];
        assert_says(&outcome, Verdict::Inconclusive, Code::NoMetricData, &words);
    }
    let queried = run(files(0), 40, |_| Ok(MetricData::Vector(vec![native()])));
    assert_says(&queried, Verdict::Inconclusive, Code::MetricAmbiguous, &["native histogram"]);
}

#[test]
fn a_source_that_has_not_answered_is_told_as_that_and_not_as_pods_that_are_not_there() {
    let mut story = Scenario::new(Plan { metrics: Some(metrics(vec![files(0)], 30)), ..plan() });
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a"));
    story.at(60.0);
    let words = ["the source of metrics has not answered yet"];
    assert_says(story.ends(), Verdict::Inconclusive, Code::NoMetricData, &words);
}

fn slower(bound: f64) -> Check {
    Check {
        name: "latency".to_owned(),
        measure: Measure::Share {
            count: Count::Slower { histogram: "duration_seconds_bucket{$pods}".parse().unwrap(), bound: Number(bound) },
            max: Some(Number(0.01)),
            versus: None,
            alpha: Metrics::DEFAULT_ALPHA,
        },
        undecided: Undecided::Inconclusive,
    }
}

#[test]
fn latency_is_the_share_of_requests_that_are_slower_than_a_bucket_bound() {
    let fast = run(slower(0.5), 100, |second| Ok(buckets(second, &[("0.5", 1.0), ("+Inf", 1.0)])));
    assert_eq!(fast.verdict, Verdict::Healthy, "{:?}", fast.findings);
    let slow = run(slower(0.5), 100, |second| Ok(buckets(second, &[("5e-01", 0.9), ("+Inf", 1.0)])));
    assert_says(&slow, Verdict::Failed, Code::MetricOverLimit, &["latency: 10% of ", "took longer than 500 ms"]);
}

#[test]
fn a_bound_that_is_none_is_refused_and_the_nearest_two_are_named() {
    let answer =
        |second: u64| Ok(buckets(second, &[("0.1", 0.5), ("0.25", 0.9), ("1", 1.0), ("2.5", 1.0), ("+Inf", 1.0)]));
    let outcome = run(slower(0.5), 60, answer);
    let words = ["duration_seconds_bucket has no bucket that ends at 0.5", "0.25 and 1"];
    assert_says(&outcome, Verdict::Inconclusive, Code::MetricQueryInvalid, &words);
    // As long as only the bucket of everything is known, nothing looks slow.
    let outcome = run(slower(0.5), 60, |second| Ok(buckets(second, &[("+Inf", 1.0)])));
    assert_says(&outcome, Verdict::Inconclusive, Code::NoMetricData, &[]);
}
