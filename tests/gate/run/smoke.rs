//! What the end of a smoke run means for its gate.

use crashgate::gate::model::Workload;
use crashgate::gate::result::{Code, EvidenceKind, Finding, PodEnd, SmokeRun, Verdict};
use crashgate::gate::spec::PodOrder;
use crashgate::gate::{Fact, Want};

use crate::gate::{one_pod, seconds, web};
use crate::scenario::objects::{Bend, ended, pod};
use crate::scenario::{Scenario, lead, plan};

fn run(end: PodEnd) -> SmokeRun {
    SmokeRun { pod: "smoke-1".to_owned(), end, started: true, torn: None, output: "expected 200\n".to_owned() }
}

fn exited(exit_code: i32) -> PodEnd {
    PodEnd::Exited(ended("run", 0, exit_code, "Error"))
}

fn unrun(verdict: Verdict, code: Option<Code>) -> PodEnd {
    let some = lead(&one_pod(|pod| pod.terminated("app", 1, "Error"))).clone();
    let findings = code.map(|code| Finding { code, message: "this happened".to_owned(), ..some });
    PodEnd::Unrun { verdict, findings: findings.into_iter().collect() }
}

/// Verdict, code and words of the objection.
fn objection(run: &SmokeRun) -> Option<(Verdict, Code, String)> {
    let (verdict, causes) = run.objection(seconds(9))?;
    Some((verdict, causes[0].code, causes[0].message.clone()))
}

#[test]
fn an_end_with_zero_is_a_pass_and_any_other_the_apps_fault() {
    assert_eq!(objection(&run(exited(0))), None);
    let (verdict, causes) = run(exited(3)).objection(seconds(9)).unwrap();
    let cause = &causes[0];
    assert_eq!((verdict, cause.code, cause.exit_status), (Verdict::Failed, Code::SmokeFailed, Some(3)));
    assert_eq!(cause.message, "the smoke run ended with exit code 3");
    assert_eq!((cause.place.pod.as_deref(), cause.place.container.as_deref()), (Some("smoke-1"), Some("run")));
    assert_eq!((cause.evidence[0].kind, cause.evidence[0].text.as_str()), (EvidenceKind::Log, "expected 200\n"));
}

#[test]
fn output_that_is_missing_is_said_to_be() {
    let mut silent = run(exited(3));
    silent.output = " \n".to_owned();
    silent.torn = Some("the log was rotated".to_owned());
    let (_, causes) = silent.objection(seconds(9)).unwrap();
    let told: Vec<_> = causes[0].evidence.iter().map(|piece| (piece.kind, piece.text.as_str())).collect();
    assert_eq!(
        told,
        [
            (EvidenceKind::Missing, "the smoke run wrote nothing"),
            (EvidenceKind::Missing, "some of its output may be missing: the log was rotated"),
        ]
    );
}

#[test]
fn what_does_not_end_in_time_fails_only_where_it_had_begun() {
    let late = || unrun(Verdict::TimedOut, Some(Code::NotEnded));
    let (verdict, code, words) = objection(&run(late())).unwrap();
    assert_eq!((verdict, code), (Verdict::Failed, Code::SmokeFailed));
    assert_eq!(words, "the smoke run did not end in time: this happened");
    let (verdict, code, _) = objection(&SmokeRun { started: false, ..run(late()) }).unwrap();
    assert_eq!((verdict, code), (Verdict::Inconclusive, Code::SmokeNotRun));
}

#[test]
fn what_could_not_be_run_keeps_its_own_cause() {
    let (verdict, code, words) = objection(&run(unrun(Verdict::Platform, Some(Code::QuotaExceeded)))).unwrap();
    assert_eq!((verdict, code, words.as_str()), (Verdict::Platform, Code::QuotaExceeded, "smoke run: this happened"));
    let (verdict, code, words) = objection(&run(unrun(Verdict::Interrupted, None))).unwrap();
    assert_eq!((verdict, code), (Verdict::Inconclusive, Code::SmokeNotRun));
    assert_eq!(words, "the smoke run proves nothing: it was interrupted");
    let (verdict, code, words) = objection(&SmokeRun::impossible("nothing to run it in")).unwrap();
    assert_eq!((verdict, code), (Verdict::Inconclusive, Code::SmokeNotRun));
    assert!(words.contains("nothing to run it in"), "{words}");
}

fn smoked(exit_code: i32) -> Fact {
    Fact::Smoked(Box::new(run(exited(exit_code))))
}

/// A gate with a smoke run over one ready pod, at the moment at which it wants the run.
fn wants_smoke() -> (Scenario, Workload) {
    let mut plan = plan();
    plan.smoke = Some(PodOrder { timeout: seconds(20), ..PodOrder::new("smoke") });
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(10.9);
    assert_eq!(story.gate.want(), Want::Nothing);
    story.at(11.5);
    assert!(matches!(story.gate.want(), Want::Smoke { .. }));
    (story, set)
}

#[test]
fn a_pass_needs_the_smoke_run_of_its_own_window_and_a_look_after_it() {
    let (mut story, set) = wants_smoke();
    let Want::Smoke { ticket: first } = story.gate.want() else { panic!("a smoke run") };
    story.at(12.0).pod(pod(&set, "a").unready());
    assert_eq!(story.gate.want(), Want::Nothing, "it is called off");
    story.tell(smoked(0)).at(13.0).pod(pod(&set, "a")).at(22.9).still_open();
    assert_eq!(story.gate.want(), Want::Nothing);
    story.at(23.5);
    let Want::Smoke { ticket: second } = story.gate.want() else { panic!("another smoke run") };
    assert_ne!(first, second);
    assert_eq!(story.confirmations, 0);
    story.at(25.0).tell(smoked(0));
    assert_eq!(story.confirmations, 1);
    assert_eq!(story.ended().unwrap().verdict, Verdict::Healthy);
    let smoke = story.ended().unwrap().proved.smoke.as_ref().unwrap();
    let image = &story.gate.plan().smoke.as_ref().unwrap().image;
    assert_eq!((&smoke.image, smoke.ran_seconds), (image, Some(2)), "a pass tells of it");
}

#[test]
fn an_app_that_breaks_while_it_is_tested_does_not_pass() {
    let (mut story, set) = wants_smoke();
    // The watch tells nothing; the look after the smoke run does.
    story.pods.insert("a".to_owned(), pod(&set, "a").unready());
    story.at(14.0).tell(smoked(0)).still_open();
    assert_eq!(story.confirmations, 1);
    assert_eq!(story.ends().verdict, Verdict::TimedOut);
}

#[test]
fn a_smoke_run_decides_only_where_it_was_asked_for() {
    let (mut story, _) = wants_smoke();
    story.tell(smoked(1));
    assert_eq!(lead(story.ended().unwrap()).code, Code::SmokeFailed);
    let mut story = Scenario::new(plan());
    story.tell(smoked(1)).still_open();
}

#[test]
fn a_gate_does_not_wait_for_a_smoke_run_for_ever() {
    let (mut story, _) = wants_smoke();
    story.at(400.0);
    let outcome = story.ended().unwrap();
    assert_eq!((outcome.verdict, lead(outcome).code), (Verdict::Inconclusive, Code::SmokeNotRun));
}
