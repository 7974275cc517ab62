//! A gap in the view is bridged by what is equal before and after it.

use std::time::Duration;

use crashgate::gate::Fact;
use crashgate::gate::model::{Source, TroubleKind, WorkloadKind};
use crashgate::gate::result::Verdict;

use crate::gate::{seconds, web};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::{Scenario, plan};

/// When a gate passes that saw two Ready pods of one wanted at 1 s, and nothing from 5 s to 6 s, while this happened.
fn passes(unseen: impl FnOnce(&mut Scenario)) -> Duration {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pods([pod(&set, "a"), pod(&set, "b")]).at(5.0).goes_dark();
    unseen(&mut story);
    story.at(6.0).list_all();
    story.ends().decided_after
}

#[test]
fn what_is_equal_before_and_after_a_gap_goes_on() {
    assert_eq!(passes(|_| ()), seconds(11));
}

#[test]
fn what_changed_in_a_gap_begins_anew() {
    let left = passes(|story| {
        story.pods.remove("b");
    });
    assert_eq!(left, seconds(16), "a pod left");
    let changed = passes(|story| {
        let web = story.workloads.get_mut("deployment-web").unwrap();
        (web.generation, web.observed_generation) = (Some(2), Some(2));
    });
    assert_eq!(changed, seconds(16), "the spec changed");
    let lost = passes(|story| {
        let again = story.pods["a"].clone().ready_since("2026-11-21T03:00:05Z");
        story.pods.insert("a".to_owned(), again);
    });
    assert_eq!(lost, seconds(16), "readiness was lost and came back");
}

#[test]
fn the_same_in_full_view_breaks_nothing() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pods([pod(&set, "a"), pod(&set, "b")]).at(5.0).pod_gone("b");
    assert_eq!(story.ends().decided_after, seconds(11), "enough are left");
}

#[test]
fn what_is_seen_while_something_else_is_not_breaks_the_window() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a"));
    let owners = Source::Workloads(WorkloadKind::Deployment);
    story.at(5.0).lose(owners, TroubleKind::Stale).pod(pod(&set, "b").unready());
    story.at(6.0).pod_gone("b").list_all();
    assert_eq!(story.ends().decided_after, seconds(16), "pod b was there and not ready");
}

#[test]
fn a_workload_that_came_unseen_is_found_by_the_confirming_read() {
    // The gate follows Deployments only; a StatefulSet of its labels comes, and no pod of it tells of it.
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).tell(Fact::Rested { source: Source::Workloads(WorkloadKind::StatefulSet) });
    story.workloads.insert("db".to_owned(), crate::scenario::objects::stateful_set("db", "v2", 1));
    story.lists_when_confirming = WorkloadKind::ALL.to_vec();
    story.at(11.0).still_open();
    assert!(story.gate.needs().include(Source::Workloads(WorkloadKind::StatefulSet)), "it is in play now");
    assert_ne!(story.ends().verdict, Verdict::Healthy);
}

#[test]
fn a_gate_that_is_blind_at_the_end_of_its_wait_waits_for_its_sight() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").unready()).at(58.0).goes_dark();
    story.pods.insert("a".to_owned(), pod(&set, "a"));
    story.at(63.0).list_all();
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, seconds(73)), "a whole window, seen");

    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").unready()).at(58.0).goes_dark().at(63.0).list_all();
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::TimedOut, seconds(63)), "it is still not ready");
}

#[test]
fn a_watch_that_goes_on_where_it_broke_bridges_a_gap_as_a_list_does() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(5.0).goes_dark();
    story.dark = false;
    story.at(8.0).tell(Fact::Resumed { source: Source::Pods });
    assert_eq!(story.ends().decided_after, seconds(11));

    // What happened meanwhile is told after it.
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(5.0).goes_dark();
    story.dark = false;
    story.at(8.0).tell(Fact::Resumed { source: Source::Pods });
    story.at(8.1).pod(pod(&set, "a").ready_since("2026-11-21T03:00:05Z"));
    assert_eq!(story.ends().decided_after, Duration::from_millis(18_100), "readiness was lost and came back");
}
