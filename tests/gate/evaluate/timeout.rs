//! The end of the wait.

use std::time::Duration;

use crashgate::gate::model::Role;
use crashgate::gate::result::{Code, Verdict};

use crate::gate::{assert_says, one_pod, seconds, web};
use crate::scenario::objects::{Bend, container, pod};
use crate::scenario::{Scenario, lead, plan};

#[test]
fn a_window_that_begins_in_time_may_end_after_the_wait() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(59.9).pod(pod(&set, "a")).at(65.0).still_open();
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, Duration::from_millis(69_900)));

    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(60.1).pod(pod(&set, "a"));
    assert_eq!(story.ends().decided_after, seconds(60), "too late");
}

#[test]
fn a_window_that_breaks_after_the_wait_ends_it() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(55.0).pod(pod(&set, "a")).at(62.0).pod(pod(&set, "a").unready());
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::TimedOut, seconds(62)));

    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(55.0).pod(pod(&set, "a").ready_since("t1")).at(62.0).pod(pod(&set, "a").ready_since("t2"));
    let outcome = story.ends();
    assert_eq!(
        (outcome.verdict, lead(outcome).code, outcome.decided_after),
        (Verdict::TimedOut, Code::ReadinessFlapping, seconds(62))
    );
}

#[test]
fn a_pod_that_was_ready_once_and_lost_it_is_not_ready_and_twice_is_flapping() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(5.0).pod(pod(&set, "a").unready());
    assert_eq!(lead(story.ends()).code, Code::NotReady);

    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    for turn in 0..2 {
        story.at(f64::from(turn) * 10.0 + 1.0).pod(pod(&set, "a").ready_since(&turn.to_string()));
        story.at(f64::from(turn) * 10.0 + 5.0).pod(pod(&set, "a").unready());
    }
    let outcome = story.ends();
    assert_says(outcome, Verdict::TimedOut, Code::ReadinessFlapping, &["2 times"]);
}

#[test]
fn no_stability_asked_passes_on_first_sight() {
    let mut plan = plan();
    plan.stable_for = Duration::ZERO;
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    story.at(3.0).pod(pod(&set, "a"));
    assert_eq!(
        story.ended().map(|outcome| (outcome.verdict, outcome.decided_after)),
        Some((Verdict::Healthy, seconds(3)))
    );
    assert_eq!(story.confirmations, 1);
}

#[test]
fn not_ready_names_the_container_that_is_to_blame() {
    let outcome = one_pod(|mut pod| {
        pod.containers.insert(0, container("migrate", Role::Init));
        pod.unready()
    });
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["init container migrate runs"]);
    let outcome = one_pod(|mut pod| {
        pod.ready.as_mut().unwrap().status = false;
        pod.ready.as_mut().unwrap().reason = Some("ReadinessGatesNotReady".to_owned());
        pod.ready.as_mut().unwrap().message =
            Some("the status of pod readiness gate \"lb\" is not \"True\"".to_owned());
        pod
    });
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["readiness gate \"lb\""]);
    let outcome = one_pod(|pod| pod.waiting("app", "SomethingNew", ""));
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["is not running yet: SomethingNew"]);
}

#[test]
fn that_nothing_came_can_only_be_said_by_who_saw_the_whole_time() {
    let after_a_gap_of = |seconds: f64| {
        let mut story = Scenario::new(plan());
        story.at(5.0).goes_dark().at(5.0 + seconds).list_all();
        story.ends().clone()
    };
    // Twice the delay of 2 s.
    for seen in [1.0, 3.0, 4.0] {
        assert_eq!(after_a_gap_of(seen).verdict, Verdict::NothingMatched, "{seen} s");
    }
    for unseen in [4.001, 30.0] {
        let outcome = after_a_gap_of(unseen);
        assert_says(&outcome, Verdict::Inconclusive, Code::StaleData, &["may have come and gone"]);
    }
    assert!(lead(&after_a_gap_of(30.0)).message.contains("for 30.0 s"));
}
