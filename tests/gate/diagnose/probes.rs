//! Probes.

use crashgate::gate::Fact;
use crashgate::gate::model::{ClusterEvent, Object, Probe};
use crashgate::gate::result::{Code, EvidenceKind, Verdict};

use crate::gate::{assert_says, killed_by, readiness_probe, seconds, web};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::{Scenario, lead, plan};

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
    let mut story = Scenario::new(plan());
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

/// How a container ends that was killed (or not) between these moments, with a kill said at that one.
fn killed_between(from: &str, to: &str, said: &str) -> Code {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let stamp = |time: &str| Some(format!("2026-11-21T{time}Z"));
    story.tell(Fact::Seen(Box::new(Object::Event(
        ClusterEvent {
            uid: "kill".to_owned(),
            object_kind: "Pod".to_owned(),
            object_name: "a".to_owned(),
            object_uid: "a".to_owned(),
            container: Some("app".to_owned()),
            reason: "Killing".to_owned(),
            message: "Container app failed liveness probe, will be restarted".to_owned(),
            warning: false,
            count: 1,
            last_seen: stamp(said),
        }
        .into(),
    ))));
    let mut crashed = pod(&set, "a").restarted("app", 2, 1, "Error");
    let last = crashed.containers[0].status.as_mut().unwrap().last.as_mut().unwrap();
    (last.started_at, last.finished_at) = (stamp(from), stamp(to));
    story.at(1.0).pod(crashed);
    lead(story.ends()).code
}

#[test]
fn a_probe_is_blamed_only_for_the_end_that_its_kill_brought() {
    assert_eq!(killed_between("03:00:00", "03:10:05", "03:10:00"), Code::LivenessProbeFailed);
    assert_eq!(killed_between("03:40:00", "03:40:02", "03:00:00"), Code::CrashLoop, "a kill of 40 minutes ago");
    assert_eq!(killed_between("03:00:00", "03:00:02", "03:10:00"), Code::CrashLoop, "a kill of a later attempt");
}

#[test]
fn a_startup_probe_that_never_succeeds_is_what_keeps_the_pod_from_being_ready() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let mut slow = pod(&set, "a").unready();
    slow.containers[0].probes.startup = Some(Probe { asks: "GET /started on port 80".to_owned(), ..readiness_probe() });
    slow.containers[0].probes.readiness = Some(readiness_probe());
    slow.containers[0].status.as_mut().unwrap().started = Some(false);
    story.at(1.0).pod(slow);
    story.event("a", Some("app"), "Unhealthy", "Startup probe errored and resulted in unknown state: no such file");
    let words = ["its startup probe does not succeed (GET /started on port 80): no such file"];
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &words);
}
