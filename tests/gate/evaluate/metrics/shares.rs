//! A share of bad requests: against a limit, and against the stable pods.

use crashgate::gate::Fact;
use crashgate::gate::model::Arm;
use crashgate::gate::result::{CheckStanding, Code, Measured, Outcome, Verdict};
use crashgate::gate::spec::{Count, Measure, Plan, Undecided};

use crate::gate::{assert_says, web};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::prometheus::{Prometheus, errors, measured, metrics, unreachable};
use crate::scenario::{Scenario, plan};

/// A gate that watches these checks for so long.
fn watching(max: Option<f64>, versus: bool, watch_for: u64) -> Plan {
    Plan { metrics: Some(metrics(vec![errors(max, versus)], watch_for)), ..plan() }
}

/// Two pods of the version are ready from the first second on.
fn deployed(plan: Plan) -> Scenario {
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 2);
    story.at(1.0).pod(pod(&set, "a")).pod(pod(&set, "b"));
    story
}

fn counts(outcome: &Outcome) -> (u64, u64) {
    let Measured::Share(share) = &outcome.checks[0].measured else { panic!("a share") };
    (share.canary.total, share.canary.bad)
}

#[test]
fn clean_pods_pass_once_enough_requests_prove_it() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 20.0, 0.0).serves("b", 20.0, 0.0);
    let mut story = deployed(watching(Some(0.01), false, 120));
    story.watches(&mut prometheus, 10).still_open();
    story.watches(&mut prometheus, 200);
    let outcome = story.ended().expect("it ends");
    assert_eq!(outcome.verdict, Verdict::Healthy);
    assert_eq!(outcome.checks[0].standing, CheckStanding::Good);
    let (total, bad) = counts(outcome);
    assert!(total >= 382 && bad == 0, "{total} clean requests prove a limit of 1%");
    assert!(outcome.decided_after.as_secs() < 30, "as soon as it is proven: {:?}", outcome.decided_after);
}

#[test]
fn errors_over_the_limit_fail_at_once_and_both_counts_are_named() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 19.0, 1.0).serves("b", 19.0, 1.0);
    let mut story = deployed(watching(Some(0.01), false, 120));
    story.watches(&mut prometheus, 200);
    let outcome = story.ended().expect("it ends");
    assert_says(
        outcome,
        Verdict::Failed,
        Code::MetricOverLimit,
        &["errors: 5% of ", " canary requests were bad", "The limit is 1%", "E = "],
    );
    assert!(outcome.decided_after.as_secs() <= 15, "{:?}", outcome.decided_after);
}

#[test]
fn a_counter_that_is_born_at_37_is_37() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 1.0, 0.0).serves("b", 1.0, 0.0);
    let mut story = deployed(watching(Some(0.01), false, 120));
    story.watches(&mut prometheus, 12);
    prometheus.had("a", 12, 37);
    story.watches(&mut prometheus, 20);
    let outcome = story.ended().expect("37 errors of 60 requests are over 1%");
    assert_eq!(outcome.verdict, Verdict::Failed);
    assert_eq!(counts(outcome).1, 37);
}

#[test]
fn a_counter_that_begins_anew_loses_nothing_and_counts_nothing_twice() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 4.0, 0.0).serves("b", 4.0, 0.0);
    let mut story = deployed(watching(Some(0.001), false, 60));
    story.watches(&mut prometheus, 32);
    prometheus.restarts("a");
    story.watches(&mut prometheus, 60);
    story.at(75.0);
    let outcome = story.ended().expect("the time is over");
    assert_says(
        outcome,
        Verdict::Inconclusive,
        Code::MetricUndecided,
        &["none of ", "more canary requests like these would prove it good"],
    );
    // 40 in each scrape from 10 s to 55 s, 8 of them after the restart: the first one is where the count begins, for nobody
    // knows how old these pods are.
    assert_eq!(counts(outcome), (400, 0));
}

#[test]
fn too_little_traffic_is_neither_good_nor_bad_and_the_manifest_says_what_that_means() {
    let run = |undecided| {
        let mut prometheus = Prometheus::new(5);
        prometheus.serves("a", 0.4, 0.0).serves("b", 0.4, 0.0);
        let mut plan = watching(Some(0.01), false, 40);
        plan.metrics.as_mut().unwrap().checks[0].undecided = undecided;
        let mut story = deployed(plan);
        story.watches(&mut prometheus, 60);
        story.ends().clone()
    };
    assert_says(&run(Undecided::Inconclusive), Verdict::Inconclusive, Code::MetricUndecided, &["errors: none of "]);
    assert_says(&run(Undecided::Fail), Verdict::Failed, Code::MetricUndecided, &["errors: none of "]);
    let passed = run(Undecided::Pass);
    assert_eq!(passed.verdict, Verdict::Healthy);
    assert!(passed.warnings.iter().any(|warning| warning.code == "MetricUndecided"), "{:?}", passed.warnings);
}

#[test]
fn no_series_and_no_traffic_are_no_data_and_never_a_zero() {
    let mut story = deployed(watching(Some(0.01), false, 30));
    story.watches(&mut Prometheus::new(5), 60);
    assert_says(story.ends(), Verdict::Inconclusive, Code::NoMetricData, &["no series of the canary pods"]);

    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 0.0, 0.0).serves("b", 0.0, 0.0).had("a", 5, 0).had("b", 5, 0);
    let mut story = deployed(watching(Some(0.01), false, 30));
    story.watches(&mut prometheus, 60);
    assert_says(story.ends(), Verdict::Inconclusive, Code::NoMetricData, &["no requests"]);
}

#[test]
fn a_pod_that_is_not_scraped_keeps_the_others_from_a_pass() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 40.0, 0.0);
    let mut story = deployed(watching(Some(0.01), false, 40));
    story.watches(&mut prometheus, 60);
    assert_says(
        story.ends(),
        Verdict::Inconclusive,
        Code::MetricUndecided,
        &["pod b is ready, but none of the series is of it"],
    );
}

#[test]
fn scraping_that_stops_is_stale_whatever_was_proven_before() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 40.0, 0.0).serves("b", 40.0, 0.0);
    let mut plan = watching(Some(0.01), false, 50);
    plan.stable_for = std::time::Duration::from_secs(40);
    let mut story = deployed(plan);
    story.watches(&mut prometheus, 20);
    let frozen = prometheus.answer(Arm::Canary, 20.0);
    for second in 21..70 {
        story.at(f64::from(second));
        let mut answer = frozen.clone();
        answer.answered_at_ms = answer.answered_at_ms.map(|at| at + i64::from(second - 20) * 1000);
        story.tell(measured(Arm::Canary, Ok(answer)));
    }
    assert_says(
        story.ends(),
        Verdict::Inconclusive,
        Code::NoMetricData,
        &["the newest sample of the canary pods is ", "old"],
    );
}

#[test]
fn a_source_that_dies_is_inconclusive_and_a_crash_fails_all_the_same() {
    let run = |crashes: bool| {
        let mut prometheus = Prometheus::new(5);
        prometheus.serves("a", 1.0, 0.0).serves("b", 1.0, 0.0);
        let mut story = Scenario::new(watching(Some(0.01), false, 60));
        let set = web(&mut story, 2);
        story.at(1.0).pod(pod(&set, "a")).pod(pod(&set, "b"));
        story.watches(&mut prometheus, 20);
        for second in 21..45 {
            story.at(f64::from(second)).tell(measured(Arm::Canary, Err(unreachable())));
        }
        if crashes {
            story.pod(pod(&set, "b").restarted("app", 1, 1, "Error"));
        }
        story.at(90.0);
        story.ends().clone()
    };
    assert_says(&run(false), Verdict::Inconclusive, Code::MetricsUnreachable, &["connection refused", "24 times"]);
    assert_says(&run(true), Verdict::Failed, Code::CrashLoop, &[]);
}

#[test]
fn the_last_requests_of_a_pod_that_is_gone_are_asked_for() {
    let mut story = deployed(watching(Some(0.01), false, 120));
    let asked = |story: &mut Scenario| {
        let questions = story.gate.metric_questions(&|_, _| false);
        questions.into_iter().flat_map(|question| question.pods).collect::<Vec<_>>()
    };
    story.at(2.0);
    assert_eq!(asked(&mut story), ["a", "b"]);
    story.pod_gone("a").at(10.0);
    assert_eq!(asked(&mut story), ["a", "b"], "what it did last is still to be scraped");
    story.at(40.0);
    assert_eq!(asked(&mut story), ["b"]);
}

#[test]
fn a_clock_that_is_behind_makes_no_old_sample_young() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 40.0, 0.0).serves("b", 40.0, 0.0);
    let mut plan = watching(Some(0.01), false, 50);
    plan.stable_for = std::time::Duration::from_secs(40);
    let mut story = deployed(plan);
    story.watches(&mut prometheus, 20);
    for second in 21..70 {
        story.at(f64::from(second));
        // It tells the same samples again and again, and always that this is now.
        story.tell(measured(Arm::Canary, Ok(prometheus.answer(Arm::Canary, 20.0))));
    }
    assert_says(story.ends(), Verdict::Inconclusive, Code::NoMetricData, &["the newest sample of the canary pods is "]);
}

#[test]
fn from_an_answer_that_is_not_whole_it_does_not_follow_that_a_series_was_not_there() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 10.0, 0.0).serves("b", 10.0, 0.0).had("a", 5_000, 900).had("b", 5_000, 900);
    let mut story = deployed(watching(Some(0.01), false, 120));
    for second in [5, 10] {
        prometheus.scrape(second);
    }
    // A store is missing, and with it the errors of a bad day long ago.
    let mut partial = prometheus.answer(Arm::Canary, 10.0);
    let crashgate::gate::model::MetricData::Matrix(series) = &mut partial.data else { panic!("raw samples") };
    series.retain(|series| series.labels["code"] == "200");
    partial.warnings.push("a store is missing".to_owned());
    story.at(10.0).tell(measured(Arm::Canary, Ok(partial)));
    prometheus.scrape(15);
    story.at(15.0);
    let mut whole = prometheus.answer(Arm::Canary, 15.0);
    let crashgate::gate::model::MetricData::Matrix(series) = &mut whole.data else { panic!("raw samples") };
    // The window has moved on.
    for series in series {
        series.samples.remove(0);
    }
    story.tell(measured(Arm::Canary, Ok(whole)));
    story.still_open();
}

#[test]
fn a_recording_that_ends_too_early_says_what_the_metrics_still_lack() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 1.0, 0.0).serves("b", 1.0, 0.0);
    let mut story = deployed(watching(Some(0.01), false, 120));
    story.watches(&mut prometheus, 30).tell(Fact::RecordingEnded);
    let words = [
        "still waiting: errors: none of 40 canary requests were bad",
        "more canary requests like these would prove it good",
    ];
    assert_says(story.ends(), Verdict::Inconclusive, Code::RecordingEnded, &words);
}

#[test]
fn a_label_that_no_series_has_makes_nothing_good() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 40.0, 0.0).serves("b", 40.0, 0.0);
    let mut plan = watching(Some(0.01), false, 40);
    let Measure::Share { count: Count::Counters { bad, .. }, .. } =
        &mut plan.metrics.as_mut().unwrap().checks[0].measure
    else {
        panic!("a share of counters")
    };
    *bad = r#"requests_total{$pods,status=~"5.."}"#.parse().unwrap();
    let mut story = deployed(plan);
    story.watches(&mut prometheus, 60);
    let words = ["has the label `status` that `bad` asks for"];
    assert_says(story.ends(), Verdict::Inconclusive, Code::NoMetricData, &words);
}
