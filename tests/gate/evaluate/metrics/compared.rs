//! The canary against the stable pods.

use std::time::Duration;

use crashgate::gate::result::{CheckStanding, Code, Measured, Verdict};
use crashgate::gate::spec::Plan;

use crate::gate::{assert_says, web};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::prometheus::{Prometheus, errors, metrics};
use crate::scenario::{Scenario, plan};

fn comparing(max: Option<f64>, watch_for: u64) -> Plan {
    Plan { metrics: Some(metrics(vec![errors(max, true)], watch_for)), ..plan() }
}

fn deployed(plan: Plan) -> Scenario {
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 2);
    story.at(1.0).pod(pod(&set, "a")).pod(pod(&set, "b"));
    story
}

#[test]
fn a_canary_that_is_worse_fails_and_both_counts_are_named() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 9.5, 0.5).serves("b", 9.5, 0.5);
    prometheus.stable("s", 49.5, 0.5).stable("t", 49.5, 0.5);
    let mut story = deployed(comparing(None, 300));
    story.watches(&mut prometheus, 300);
    let outcome = story.ended().expect("it ends");
    let words = ["errors: 5.3% of ", " canary requests were bad, and 1.1% of the ", "worse since 02:00:", "E = "];
    assert_says(outcome, Verdict::Failed, Code::CanaryWorse, &words);
    assert!(outcome.decided_after.as_secs() < 60, "{:?}", outcome.decided_after);
}

#[test]
fn an_outage_that_hits_everybody_is_not_the_canarys() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 10.0, 0.0).serves("b", 10.0, 0.0).stable("s", 90.0, 0.0).stable("t", 90.0, 0.0);
    let mut story = deployed(comparing(None, 200));
    story.watches(&mut prometheus, 20);
    // A database that both need fails one request in five.
    prometheus.serves("a", 8.0, 2.0).serves("b", 8.0, 2.0).stable("s", 72.0, 18.0).stable("t", 72.0, 18.0);
    story.watches(&mut prometheus, 300);
    let outcome = story.ended().expect("it ends");
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
    assert_eq!(outcome.checks[0].standing, CheckStanding::Good);
}

#[test]
fn two_versions_without_any_error_cannot_be_compared_and_that_is_said() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 20.0, 0.0).serves("b", 20.0, 0.0).stable("s", 90.0, 0.0).stable("t", 90.0, 0.0);
    let mut story = deployed(comparing(Some(0.01), 60));
    story.watches(&mut prometheus, 90);
    let words = ["nothing was bad in either version", "`undecided: pass`"];
    assert_says(story.ends(), Verdict::Inconclusive, Code::MetricUndecided, &words);
}

#[test]
fn a_comparison_with_nobody_proves_nothing() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 20.0, 0.0).serves("b", 20.0, 0.0);
    let mut story = deployed(comparing(Some(0.01), 60));
    story.watches(&mut prometheus, 90);
    assert_says(story.ends(), Verdict::Inconclusive, Code::NoMetricData, &["no stable pods to compare with"]);
}

#[test]
fn stable_pods_that_differ_among_themselves_are_no_measure() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 19.0, 1.0).serves("b", 19.0, 1.0);
    prometheus.stable("s", 50.0, 0.0).stable("t", 45.0, 5.0);
    let mut story = deployed(comparing(None, 60));
    story.watches(&mut prometheus, 90);
    let words = ["the stable pods differ too much among themselves to be compared with"];
    assert_says(story.ends(), Verdict::Inconclusive, Code::MetricUndecided, &words);
}

#[test]
fn an_error_that_a_stable_pod_counts_for_the_first_time_is_counted() {
    // Its series is born with it: without it the canary would look worse than it is.
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 10.0, 0.0).serves("b", 10.0, 0.0).stable("s", 10.0, 0.0).stable("t", 10.0, 0.0);
    let mut story = deployed(comparing(None, 60));
    story.watches(&mut prometheus, 12);
    prometheus.had("s", 120, 9).had("a", 120, 9);
    story.watches(&mut prometheus, 30);
    let Some(outcome) = story.ended() else {
        story.watches(&mut prometheus, 90);
        let outcome = story.ends();
        let Measured::Share(share) = &outcome.checks[0].measured else { panic!("a share") };
        assert_eq!((share.canary.bad, share.stable.expect("it is compared").bad), (9, 9));
        assert_ne!(outcome.verdict, Verdict::Failed);
        return;
    };
    panic!("neither arm is worse: {:?}", outcome.findings);
}

#[test]
fn a_crash_explains_the_errors_that_it_made() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 10.0, 0.0).serves("b", 10.0, 0.0).stable("s", 100.0, 0.0);
    let mut story = Scenario::new(comparing(Some(0.01), 100));
    let set = web(&mut story, 2);
    story.at(1.0).pod(pod(&set, "a")).pod(pod(&set, "b"));
    story.watches(&mut prometheus, 12);
    prometheus.serves("b", 0.0, 10.0);
    story.watches(&mut prometheus, 13);
    story.pod(pod(&set, "b").restarted("app", 1, 1, "Error"));
    assert_says(story.ended().expect("it ends"), Verdict::Failed, Code::CrashLoop, &[]);
}

#[test]
fn a_warning_of_the_source_keeps_a_canary_from_a_pass_and_not_from_a_failure() {
    let run = |bad: f64| {
        let mut prometheus = Prometheus::new(5);
        prometheus.serves("a", 99.0, bad).serves("b", 99.0, bad).stable("s", 99.0, 1.0).stable("t", 99.0, 1.0);
        prometheus.warning = Some("store gateway-2 is missing".to_owned());
        let mut story = deployed(comparing(Some(0.05), 60));
        story.watches(&mut prometheus, 90);
        story.ends().clone()
    };
    assert_says(&run(1.0), Verdict::Inconclusive, Code::MetricUndecided, &["store gateway-2 is missing"]);
    assert_eq!(run(9.0).verdict, Verdict::Failed);
}

#[test]
fn a_source_without_a_clock_is_believed_while_it_tells_news() {
    let mut prometheus = Prometheus::new(5);
    prometheus.has_clock = false;
    prometheus.serves("a", 99.0, 1.0).serves("b", 99.0, 1.0).stable("s", 99.0, 1.0).stable("t", 99.0, 1.0);
    let mut story = deployed(comparing(Some(0.05), 100));
    story.watches(&mut prometheus, 120);
    assert_eq!(story.ended().expect("it ends").verdict, Verdict::Healthy);
}

#[test]
fn metrics_that_are_told_only_decide_nothing_and_are_told() {
    let mut prometheus = Prometheus::new(5);
    prometheus.serves("a", 10.0, 10.0).serves("b", 10.0, 10.0).stable("s", 100.0, 0.0);
    let mut plan = comparing(Some(0.01), 100);
    plan.metrics.as_mut().unwrap().dry = true;
    plan.stable_for = Duration::from_secs(40);
    let mut story = deployed(plan);
    story.watches(&mut prometheus, 60);
    let outcome = story.ended().expect("it ends");
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, Duration::from_secs(41)));
    let told = outcome.warnings.iter().find(|warning| warning.code == "MetricOverLimit").expect("it is told");
    assert!(told.message.contains("decide nothing"), "{}", told.message);
}

#[test]
fn what_a_pod_counted_long_before_its_first_scrape_is_compared_with_nobody() {
    let run = |created: &str, max| {
        let mut prometheus = Prometheus::new(5);
        prometheus.serves("a", 9.0, 1.0).serves("b", 9.0, 1.0).had("a", 900, 300).had("b", 900, 300);
        prometheus.stable("s", 45.0, 5.0).stable("t", 45.0, 5.0);
        let mut story = Scenario::new(comparing(max, 60));
        let set = web(&mut story, 2);
        story.at(1.0);
        for name in ["a", "b"] {
            let mut pod = pod(&set, name);
            pod.created = Some(created.to_owned());
            story.pod(pod);
        }
        story.watches(&mut prometheus, 90);
        story.ends().clone()
    };
    let of = |outcome: &crashgate::gate::result::Outcome| {
        let Measured::Share(share) = &outcome.checks[0].measured else { panic!("a share") };
        share.canary.bad
    };
    // A bad time that both went through, minutes before the gate began: the stable pods' part in it is not known.
    let long_ago = run("2026-11-21T01:57:00Z", None);
    assert_ne!(long_ago.verdict, Verdict::Failed, "{:?}", long_ago.findings);
    assert!(of(&long_ago) > 600, "and it is counted: {}", of(&long_ago));
    // Against a limit it counts.
    assert_eq!(run("2026-11-21T01:57:00Z", Some(0.15)).findings[0].code, Code::MetricOverLimit);
    // What is older than ten minutes belongs to no deploy of now.
    assert!(of(&run("2026-11-21T01:30:00Z", None)) < 600);
}

#[test]
fn what_a_pod_counted_in_its_first_seconds_is_compared() {
    let mut prometheus = Prometheus::new(5);
    prometheus.stable("s", 45.0, 5.0).stable("t", 45.0, 5.0);
    let mut story = Scenario::new(comparing(None, 60));
    let set = web(&mut story, 1);
    story.watches(&mut prometheus, 20);
    // 300 of 1,200 before its first scrape, and then no more than the others.
    prometheus.serves("a", 9.0, 1.0).had("a", 900, 300);
    let mut pod = pod(&set, "a");
    pod.created = Some("2026-11-21T02:00:18Z".to_owned());
    story.at(21.0).pod(pod);
    story.watches(&mut prometheus, 60);
    assert_says(story.ended().expect("it ends"), Verdict::Failed, Code::CanaryWorse, &[]);
}
