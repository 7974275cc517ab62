//! Probes.

use crashgate::gate::code::Code;
use crashgate::gate::finding::EvidenceKind;
use crashgate::gate::verdict::Verdict;

use super::{assert_says, killed_by, seconds, web};
use crate::story::objects::{Bend, pod};
use crate::story::{Story, lead, plan};

#[test]
fn a_probe_that_kills_is_named_with_its_last_answer() {
    let outcome = killed_by("Liveness", "Container app failed liveness probe, will be restarted");
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::LivenessProbeFailed,
        &["liveness probe failed (GET /alive on port 80)", "statuscode: 500", "137"],
    );
    assert!(
        lead(&outcome)
            .evidence
            .iter()
            .any(|evidence| evidence.kind == EvidenceKind::Probe && evidence.text.starts_with("liveness probe: "))
    );
    let outcome = killed_by("Startup", "Container app failed startup probe, will be restarted");
    assert_says(&outcome, Verdict::Failed, Code::StartupProbeFailed, &["startup probe failed (GET /alive on port 80)"]);
    let outcome = killed_by("Liveness", "Stopping container app");
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &[]);
}

#[test]
fn an_event_that_comes_after_the_decision_names_the_probe_and_changes_no_verdict() {
    let mut story = Story::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(4.0).pod(pod(&set, "a").restarted("app", 1, 137, "Error"));
    assert_eq!(lead(story.ended().unwrap()).code, Code::CrashLoop);
    story.event("other", Some("app"), "Killing", "Container app failed liveness probe, will be restarted");
    assert_eq!(lead(story.ended().unwrap()).code, Code::CrashLoop, "that is about another pod");
    story.event("a", Some("app"), "Killing", "Container app failed liveness probe, will be restarted");
    let outcome = story.ended().unwrap();
    assert_says(outcome, Verdict::Failed, Code::LivenessProbeFailed, &["liveness probe"]);
    assert_eq!(outcome.decided_after, seconds(4));
}
