//! The view of the cluster.

use std::time::Duration;

use crashgate::gate::Fact;
use crashgate::gate::model::{Source, Trouble, TroubleKind};
use crashgate::gate::result::{Code, Notice, Verdict, Warning};

use crate::gate::{assert_says, seconds, web};
use crate::scenario::objects::pod;
use crate::scenario::{Scenario, plan};

#[test]
fn what_no_waiting_can_mend_ends_the_gate_at_once() {
    let mut story = Scenario::unlisted(plan());
    let trouble =
        Trouble { kind: TroubleKind::Unauthorized, message: "the token has expired".to_owned(), hopeless: true };
    story.at(0.5).tell(Fact::Lost { source: Source::Pods, trouble });
    let outcome = story.ends();
    assert_says(outcome, Verdict::Inconclusive, Code::Unauthorized, &["the token has expired"]);
    assert_eq!(outcome.decided_after, Duration::from_millis(500));
}

#[test]
fn a_cluster_that_never_answers_is_given_up_soon_and_one_that_did_is_waited_for() {
    let mut story = Scenario::unlisted(plan());
    story.at(0.5).lose(Source::Pods, TroubleKind::Unreachable);
    let outcome = story.ends();
    assert_says(outcome, Verdict::Inconclusive, Code::ClusterUnreachable, &[]);
    assert_eq!(outcome.decided_after, seconds(12));

    let mut story = Scenario::new(plan());
    story.at(0.5).lose(Source::Pods, TroubleKind::Stale);
    let outcome = story.ends();
    assert_says(outcome, Verdict::Inconclusive, Code::StaleData, &[]);
    assert_eq!(outcome.decided_after, seconds(70), "it waits a little for its sight");
}

#[test]
fn a_gate_that_hears_nothing_at_all_is_inconclusive() {
    assert_says(Scenario::unlisted(plan()).ends(), Verdict::Inconclusive, Code::StaleData, &["could not be listed"]);
}

#[test]
fn missing_rights_are_told_once() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.denied(Source::Events).denied(Source::Events).pod(pod(&set, "a"));
    let warning = Warning { code: Notice::WatchForbidden.into(), message: "polling".to_owned() };
    story.tell(Fact::Noticed(warning.clone())).tell(Fact::Noticed(warning));
    let codes: Vec<_> = story.ends().warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(codes, ["EventsForbidden", "WatchForbidden"]);
}

#[test]
fn pods_that_may_not_be_listed_end_the_gate_and_are_no_mere_warning() {
    let mut story = Scenario::new(plan());
    story.denied(Source::Pods).denied(Source::Pods);
    assert_says(&story.ends().clone(), Verdict::Inconclusive, Code::Forbidden, &["pods may not be listed"]);
    assert!(story.ended().unwrap().warnings.is_empty(), "{:?}", story.ended().unwrap().warnings);
}
