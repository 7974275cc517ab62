//! Rollouts of Argo, `CloneSet`s of `OpenKruise`, Canaries of Flagger: which pods count, how many are wanted, what their
//! controllers say.

use crashgate::gate::model::{
    AnalysisStatus, CanaryPhase, Detail, InPlaceUpdate, ObservedGeneration, RolloutPhase, Source, Step, Workload,
    WorkloadKind, WorkloadRef,
};
use crashgate::gate::result::{Code, Outcome, Verdict};
use crashgate::gate::spec::{Pin, Until};

use crate::scenario::objects::{
    canary, clone_set, deployment, ended, pod, replica_set, rollout, rollout_set, state_of,
};
use crate::scenario::{Scenario, lead, plan};

/// A Rollout with one ready pod of its newest template, bent by this.
fn story_of(bend: impl FnOnce(&mut Workload, &mut Workload)) -> Outcome {
    story_until(Until::Step, bend)
}

fn story_until(until: Until, bend: impl FnOnce(&mut Workload, &mut Workload)) -> Outcome {
    let mut plan = plan();
    plan.until = until;
    let mut story = Scenario::new(plan);
    let mut owner = rollout("web", "v2", 3);
    let mut set = rollout_set(&owner, 1);
    bend(&mut owner, &mut set);
    story.workload(owner).workload(set.clone()).pod(pod(&set, "a"));
    story.ends().clone()
}

fn warned(outcome: &Outcome, code: &str) -> String {
    let found = outcome.warnings.iter().find(|warning| warning.code.name() == code);
    found.unwrap_or_else(|| panic!("{:?}", outcome.warnings)).message.clone()
}

#[test]
fn the_pods_of_the_present_step_are_enough_and_where_it_stands_is_told() {
    let outcome = story_of(|_, _| {});
    assert_eq!((outcome.verdict, outcome.ready, outcome.wanted), (Verdict::Healthy, 1, Some(1)));
    assert_eq!(
        warned(&outcome, "NotPromoted"),
        "rollout/web is not promoted yet: it is at step 2 of 3, weight 50 %, paused for a person"
    );
    let timed = story_of(|owner, _| state_of(owner).steps[1] = Step::Pause(Some("5m".to_owned())));
    assert!(warned(&timed, "NotPromoted").ends_with("weight 50 %, paused for 5m"));
}

#[test]
fn the_step_s_pods_must_all_be_there() {
    let outcome = story_of(|_, set| set.desired = Some(2));
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::TimedOut, Code::NotReady));
    assert_eq!(lead(&outcome).message, "1 of the 2 pods that rollout/web needs are there");
}

#[test]
fn without_steps_and_after_the_last_one_all_pods_are_wanted() {
    for bend in [
        |owner: &mut Workload| state_of(owner).steps.clear(),
        |owner: &mut Workload| state_of(owner).step = Some(3),
        |owner: &mut Workload| state_of(owner).step = None,
    ] {
        let outcome = story_of(|owner, _| {
            bend(owner);
            state_of(owner).pauses.clear();
        });
        assert_eq!((outcome.verdict, outcome.wanted), (Verdict::TimedOut, Some(3)));
    }
}

#[test]
fn a_status_of_an_older_spec_proves_nothing() {
    let behind = "the controller has not observed the newest spec of rollout/web yet";
    for observed in [ObservedGeneration::Never, ObservedGeneration::Is(0)] {
        let outcome = story_of(|owner, _| state_of(owner).observed = observed);
        assert_eq!((outcome.verdict, lead(&outcome).message.as_str()), (Verdict::TimedOut, behind), "{observed:?}");
    }
    let no_generation = story_of(|owner, _| owner.generation = None);
    assert_eq!(no_generation.verdict, Verdict::TimedOut);
}

#[test]
fn a_generation_that_is_no_number_needs_the_very_template() {
    let hash = |owner: &mut Workload| state_of(owner).observed = ObservedGeneration::NotANumber;
    assert_eq!(story_of(|owner, _| hash(owner)).verdict, Verdict::Healthy);
    let outcome = story_of(|owner, set| {
        hash(owner);
        set.template.fingerprint += 1;
    });
    assert_eq!(outcome.verdict, Verdict::TimedOut, "the ReplicaSet may be that of the template before");
}

#[test]
fn without_a_hash_no_replica_set_is_the_newest() {
    let cases: [fn(&mut Workload, &mut Workload); 3] = [
        |owner, _| state_of(owner).pod_hash = None,
        |_, set| _ = set.template.labels.remove("rollouts-pod-template-hash"),
        |owner, _| state_of(owner).pod_hash = Some("other".to_owned()),
    ];
    for bend in cases {
        let outcome = story_of(bend);
        assert_eq!(outcome.verdict, Verdict::TimedOut);
        assert!(lead(&outcome).message.starts_with("rollout/web has no ReplicaSet for its newest template yet"));
    }
}

#[test]
fn an_abort_fails_at_once_with_what_the_controller_says() {
    let mut story = Scenario::new(plan());
    let mut owner = rollout("web", "v2", 3);
    let set = rollout_set(&owner, 1);
    story.workload(owner.clone()).workload(set.clone()).pod(pod(&set, "a")).at(4.0).still_open();
    let state = state_of(&mut owner);
    state.aborted = true;
    state.phase = Some(RolloutPhase::Degraded);
    state.message = Some("RolloutAborted: Rollout aborted update to revision 2: metric failed".to_owned());
    let failed = ("Failed".to_owned(), Some("error-rate: failed (2) > failureLimit (1)".to_owned()));
    state.analyses = vec![AnalysisStatus { name: "web-2-1".to_owned(), phase: failed.0, message: failed.1 }];
    story.workload(owner);
    let outcome = story.ended().expect("it is over");
    let finding = lead(outcome);
    assert_eq!((outcome.verdict, finding.code), (Verdict::Failed, Code::RolloutAborted));
    assert_eq!(finding.message, "rollout/web aborted the update: Rollout aborted update to revision 2: metric failed");
    let proof: Vec<&str> = finding.evidence.iter().map(|evidence| evidence.text.as_str()).collect();
    assert!(proof.contains(&"analysis run web-2-1 Failed: error-rate: failed (2) > failureLimit (1)"), "{proof:?}");
}

#[test]
fn an_abort_of_the_update_before_is_none_of_this_one() {
    let outcome = story_of(|owner, _| {
        owner.generation = Some(2);
        state_of(owner).aborted = true;
    });
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::TimedOut, Code::NotReady));
}

#[test]
fn a_spec_that_is_not_valid_fails() {
    let outcome = story_of(|owner, _| state_of(owner).invalid_spec = Some("steps: setWeight over 100".to_owned()));
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::Failed, Code::RolloutAborted));
    assert_eq!(lead(&outcome).message, "the spec of rollout/web is not valid: steps: setWeight over 100");
}

#[test]
fn degraded_counts_at_the_end_and_not_where_the_platform_is_to_blame() {
    let degraded = |owner: &mut Workload| {
        let state = state_of(owner);
        (state.phase, state.pauses) = (Some(RolloutPhase::Degraded), Vec::new());
        state.stopped = Some(("ProgressDeadlineExceeded".to_owned(), "timed out progressing".to_owned()));
    };
    let outcome = story_of(|owner, _| degraded(owner));
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::Failed, Code::RolloutAborted));
    assert_eq!(lead(&outcome).message, "rollout/web is Degraded: timed out progressing");
    assert!(outcome.decided_after.as_secs() >= 60, "it may get on until then");

    let mut story = Scenario::new(plan());
    let mut owner = rollout("web", "v2", 3);
    degraded(&mut owner);
    let set = rollout_set(&owner, 1);
    let mut pending = pod(&set, "a");
    pending.ready = None;
    pending.node = None;
    pending.scheduled = Some(crashgate::gate::model::Condition {
        status: false,
        since: None,
        reason: Some("Unschedulable".to_owned()),
        message: Some("0/3 nodes are available: 3 Insufficient cpu.".to_owned()),
    });
    pending.containers.iter_mut().for_each(|container| container.status = None);
    pending.phase = Some(crashgate::gate::model::Phase::Pending);
    story.workload(owner).workload(set).pod(pending);
    let outcome = story.ends();
    assert_eq!((outcome.verdict, lead(outcome).code), (Verdict::Platform, Code::Unschedulable));
}

#[test]
fn an_analysis_that_cannot_tell_is_inconclusive() {
    let outcome = story_of(|owner, _| state_of(owner).pauses = vec!["InconclusiveAnalysisRun".to_owned()]);
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::Inconclusive, Code::AnalysisInconclusive));
    assert_eq!(lead(&outcome).message, "rollout/web is paused for InconclusiveAnalysisRun");
}

#[test]
fn until_promoted_waits_for_the_newest_template_to_be_the_stable_one() {
    let waiting = story_until(Until::Promoted, |owner, set| {
        owner.desired = Some(1);
        set.desired = Some(1);
    });
    assert_eq!((waiting.verdict, lead(&waiting).code), (Verdict::NothingMatched, Code::Paused));
    assert_eq!(
        lead(&waiting).message,
        "rollout/web has not promoted its newest template yet: it is at step 2 of 3, weight 50 %, paused for a person"
    );
    let promoted = |owner: &mut Workload| {
        owner.desired = Some(1);
        let state = state_of(owner);
        state.stable_hash.clone_from(&state.pod_hash);
        (state.phase, state.step, state.controller_pause) = (Some(RolloutPhase::Healthy), Some(3), false);
        state.pauses.clear();
    };
    assert_eq!(story_until(Until::Promoted, |owner, _| promoted(owner)).verdict, Verdict::Healthy);
    let going_on = story_until(Until::Promoted, |owner, _| {
        promoted(owner);
        state_of(owner).controller_pause = true;
    });
    assert_eq!(going_on.verdict, Verdict::TimedOut, "while it goes on after a pause the phase is that of before");
    let unknown = story_until(Until::Promoted, |owner, _| {
        promoted(owner);
        state_of(owner).phase = Some(RolloutPhase::Other("Marvellous".to_owned()));
    });
    assert_eq!(unknown.verdict, Verdict::TimedOut);
}

#[test]
fn a_rollout_that_a_person_paused_before_its_pods_came_has_nothing_to_judge() {
    let outcome = story_of(|owner, set| {
        state_of(owner).paused = true;
        set.desired = Some(0);
    });
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::NothingMatched, Code::Paused));
    assert!(lead(&outcome).next_step.contains("kubectl argo rollouts promote -n shop web"));
    let zero = story_of(|owner, _| owner.desired = Some(0));
    assert_eq!((zero.verdict, lead(&zero).code), (Verdict::NothingMatched, Code::ScaledToZero));
}

#[test]
fn the_template_of_another_workload_is_the_rollout_s_own() {
    let story = |generation: i64| {
        let mut story = Scenario::new(plan());
        let mut lender = deployment("web", "v2", 0);
        lender.generation = Some(generation);
        let mut owner = rollout("web", "v2", 1);
        owner.template = crashgate::gate::model::Template::default();
        let state = state_of(&mut owner);
        state.workload_ref = Some(WorkloadRef { kind: WorkloadKind::Deployment, name: "web".to_owned() });
        (state.has_workload_ref, state.workload_observed) = (true, ObservedGeneration::Is(1));
        let mut set = rollout_set(&rollout("web", "v2", 1), 1);
        set.uid = "set-of-rollout".to_owned();
        story.workload(owner).workload(set.clone()).pod(pod(&set, "a")).workload(lender);
        story.ends().clone()
    };
    let outcome = story(1);
    assert_eq!((outcome.verdict, outcome.wanted), (Verdict::Healthy, Some(1)), "the Deployment's 0 is not the app's");
    let stale = story(2);
    assert_eq!(stale.verdict, Verdict::TimedOut);
    assert_eq!(lead(&stale).message, "the controller has not observed the newest spec or template of rollout/web yet");
}

#[test]
fn a_rollout_that_takes_the_place_of_a_deployment_begins_anew_and_back_again() {
    let mut story = Scenario::new(plan());
    let before = deployment("web", "v2", 1);
    let set = replica_set(&before);
    story.workload(before.clone()).workload(set.clone()).pod(pod(&set, "a")).at(5.0);
    let owner = rollout("web", "v2", 1);
    let mut its = rollout_set(&owner, 1);
    its.uid = "set-of-rollout".to_owned();
    story.workload(owner).workload(its.clone()).at(6.0).still_open();
    story.workload_gone(WorkloadKind::Deployment, &before.uid);
    let outcome = story.ended().expect("the workload that had the version is gone");
    assert_eq!((outcome.verdict, lead(outcome).code), (Verdict::Superseded, Code::WorkloadDeleted));
}

#[test]
fn a_clone_set_owns_its_pods_and_a_partition_keeps_some_old() {
    let of_revision = |owner: &Workload, name: &str, revision: &str| {
        let mut pod = pod(owner, name);
        pod.labels.insert("controller-revision-hash".to_owned(), revision.to_owned());
        pod
    };
    let partitioned = |kept: u32| {
        let mut story = Scenario::new(plan());
        let mut owner = clone_set("web", "v2", 3);
        let Detail::CloneSet(status) = &mut owner.detail else { unreachable!() };
        (status.partition, status.current_revision) = (kept, Some("web-v1".to_owned()));
        // `CloneSetShortHash` leaves the hash alone in the label.
        story.workload(owner.clone()).pod(of_revision(&owner, "a", "web-v2")).pod(of_revision(&owner, "b", "v2"));
        story.pod(of_revision(&owner, "old", "web-v1"));
        story.ends().clone()
    };
    let outcome = partitioned(1);
    assert_eq!((outcome.verdict, outcome.ready, outcome.wanted), (Verdict::Healthy, 2, Some(2)));
    assert_eq!(
        warned(&outcome, "PartitionedRollout"),
        "cloneset/web has a partition: 1 of 3 pods keep the old revision"
    );
    let all = partitioned(3);
    assert_eq!((all.verdict, lead(&all).code), (Verdict::NothingMatched, Code::UpdateBlocked));
    assert_eq!(partitioned(0).verdict, Verdict::TimedOut);
}

#[test]
fn an_update_in_place_is_no_crash_and_a_crash_after_it_is() {
    let in_place = |is_to_come| InPlaceUpdate {
        revision: "web-v2".to_owned(),
        at: Some("2026-11-21T03:00:10Z".to_owned()),
        is_to_come,
    };
    let story = |restarts: u32, started: &str, is_to_come: bool| {
        let mut story = Scenario::new(plan());
        let owner = clone_set("web", "v2", 1);
        let mut updated = pod(&owner, "a");
        updated.labels.insert("controller-revision-hash".to_owned(), "web-v2".to_owned());
        let container = &mut updated.containers[0];
        container.in_place = Some(in_place(is_to_come));
        let status = container.status.as_mut().unwrap();
        status.restart_count = restarts;
        if restarts > 0 {
            let mut end = ended("app", restarts - 1, 0, "Completed");
            end.started_at = Some(started.to_owned());
            status.last = Some(end);
        }
        story.workload(owner).pod(updated);
        story.ends().clone()
    };
    let planned = story(1, "2026-11-21T02:00:00Z", false);
    assert_eq!(planned.verdict, Verdict::Healthy, "{:?}", planned.findings);
    assert!(warned(&planned, "RestartExcused").contains("an update in place"));
    let crashed = story(2, "2026-11-21T03:00:12Z", false);
    assert_eq!((crashed.verdict, lead(&crashed).code), (Verdict::Failed, Code::CrashLoop));
    let others = story(5, "2026-11-21T02:00:00Z", false);
    assert_eq!(others.verdict, Verdict::Healthy, "what ran before was another version: {:?}", others.findings);
    let to_come = story(0, "", true);
    assert_eq!(to_come.verdict, Verdict::TimedOut, "the old process still runs");
}

/// A Deployment with its Canary in this phase, so many pods wanted; and the primary, with the same pod spec or not.
fn flagger(phase: CanaryPhase, replicas: u32, primary_version: &str, until: Until, pin: bool) -> Outcome {
    let mut plan = plan();
    plan.until = until;
    plan.workload = pin.then(|| Pin { kind: WorkloadKind::Canary, name: "web".to_owned() });
    let mut story = Scenario::new(plan);
    let target = deployment("web", "v2", replicas);
    let mut set = replica_set(&target);
    set.created = Some("2026-11-21T03:00:00Z".to_owned());
    let mut primary = deployment("web-primary", primary_version, 2);
    primary.template.labels.insert("app".to_owned(), "web-primary".to_owned());
    let mut canary = canary(&target, phase);
    let Detail::Canary(status) = &mut canary.detail else { unreachable!() };
    status.since = Some("2026-11-21T03:00:30Z".to_owned());
    status.message = Some("Canary analysis failed, Deployment scaled to zero.".to_owned());
    story.workload(target).workload(set.clone()).workload(primary).workload(canary);
    story.pods((0..replicas).map(|place| pod(&set, &format!("pod-{place}"))));
    story.ends().clone()
}

#[test]
fn the_pods_of_a_canary_s_target_are_gated_by_its_name_or_its_labels() {
    for pin in [false, true] {
        let outcome = flagger(CanaryPhase::Progressing, 2, "v1", Until::Step, pin);
        assert_eq!((outcome.verdict, outcome.ready, outcome.wanted), (Verdict::Healthy, 2, Some(2)), "{pin}");
        assert_eq!(warned(&outcome, "NotPromoted"), "canary/web is not promoted yet: it is Progressing, weight 10 %");
        let early = flagger(CanaryPhase::Progressing, 2, "v1", Until::Promoted, pin);
        assert_eq!((early.verdict, lead(&early).code), (Verdict::TimedOut, Code::NotReady));
        let held = flagger(CanaryPhase::WaitingPromotion, 2, "v1", Until::Promoted, pin);
        assert_eq!((held.verdict, lead(&held).code), (Verdict::NothingMatched, Code::Paused));
    }
}

#[test]
fn a_promoted_version_is_that_of_the_primary_and_no_other_proves_it() {
    for until in [Until::Step, Until::Promoted] {
        let outcome = flagger(CanaryPhase::Succeeded, 0, "v2", until, true);
        assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
        assert!(warned(&outcome, "PromotedByCounts").contains("it runs in deployment/web-primary"));
        let before = flagger(CanaryPhase::Succeeded, 0, "v1", until, true);
        assert_eq!((before.verdict, lead(&before).code), (Verdict::NothingMatched, Code::ScaledToZero));
        assert_eq!(
            lead(&before).message,
            "deployment/web is scaled to 0 while no analysis is running; canary/web is Succeeded"
        );
    }
    let promoting = flagger(CanaryPhase::Promoting, 0, "v2", Until::Step, true);
    assert_eq!(promoting.verdict, Verdict::NothingMatched, "the primary may not have taken it yet");
    let unknown = flagger(CanaryPhase::Other("Splendid".to_owned()), 0, "v2", Until::Step, true);
    assert_eq!(unknown.verdict, Verdict::NothingMatched);
}

#[test]
fn an_analysis_that_failed_fails_the_gate_of_that_version() {
    let outcome = flagger(CanaryPhase::Failed, 0, "v1", Until::Step, false);
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::Failed, Code::RolloutAborted));
    assert_eq!(
        lead(&outcome).message,
        "canary/web failed its analysis: Canary analysis failed, Deployment scaled to zero."
    );
}

#[test]
fn a_rollout_that_cannot_be_read_says_which_rule_is_missing() {
    let mut story = Scenario::new(plan());
    story.denied(Source::Workloads(WorkloadKind::Rollout));
    assert!(story.gate.outcome().is_none());
    let set = rollout_set(&rollout("web", "v2", 1), 1);
    story.workload(set.clone()).pod(pod(&set, "a"));
    let outcome = story.ends();
    assert_eq!((outcome.verdict, lead(outcome).code), (Verdict::Inconclusive, Code::Forbidden));
    assert!(lead(outcome).message.contains("this identity may not read rollout/web"), "{:?}", outcome.findings);
    let rule = outcome.warnings.iter().find(|warning| warning.message.contains("argoproj.io"));
    assert!(rule.is_some(), "{:?}", outcome.warnings);

    let mut other = Scenario::new(plan());
    other.denied(Source::Workloads(WorkloadKind::Rollout));
    let web = deployment("web", "v2", 1);
    other.workload(web.clone()).workload(replica_set(&web)).pod(pod(&replica_set(&web), "a"));
    let outcome = other.ends();
    assert_eq!(outcome.verdict, Verdict::Healthy);
    assert!(outcome.warnings.is_empty(), "who has none need not be told: {:?}", outcome.warnings);
}

#[test]
fn who_gates_the_deployment_that_lends_its_template_is_told_to_gate_the_rollout() {
    let mut plan = plan();
    plan.workload = Some(Pin { kind: WorkloadKind::Deployment, name: "web".to_owned() });
    let mut story = Scenario::new(plan);
    let mut owner = rollout("web", "v2", 1);
    state_of(&mut owner).workload_ref = Some(WorkloadRef { kind: WorkloadKind::Deployment, name: "web".to_owned() });
    story.workload(deployment("web", "v2", 0)).workload(owner);
    let outcome = story.ends();
    assert_eq!((outcome.verdict, lead(outcome).code), (Verdict::NothingMatched, Code::ScaledToZero));
    assert_eq!(lead(outcome).message, "deployment/web is scaled to 0: rollout/web uses its template and has the pods");
    assert_eq!(lead(outcome).next_step, "Gate the Rollout in its place: `--workload rollout/web`");
}

#[test]
fn a_preview_of_blue_green_is_as_large_as_its_replica_set() {
    let preview = |owner: &mut Workload| {
        let state = state_of(owner);
        (state.blue_green, state.step) = (true, None);
        state.steps.clear();
        state.pauses = vec!["BlueGreenPause".to_owned()];
    };
    let outcome = story_of(|owner, _| preview(owner));
    assert_eq!((outcome.verdict, outcome.ready, outcome.wanted), (Verdict::Healthy, 1, Some(1)));
    let promoted = story_of(|owner, _| {
        preview(owner);
        let state = state_of(owner);
        state.stable_hash.clone_from(&state.pod_hash);
        state.phase = Some(RolloutPhase::Healthy);
    });
    assert_eq!((promoted.verdict, promoted.wanted), (Verdict::TimedOut, Some(3)), "all of them serve");
}

/// The target of a Canary at 0, with its primary, bent by this.
fn at_rest(bend: impl FnOnce(&mut Workload, &mut Workload, &mut Workload)) -> Outcome {
    let mut story = Scenario::new(plan());
    let target = deployment("web", "v2", 0);
    let mut set = replica_set(&target);
    set.created = Some("2026-11-21T03:00:00Z".to_owned());
    let mut primary = deployment("web-primary", "v2", 2);
    primary.template.labels.insert("app".to_owned(), "web-primary".to_owned());
    let mut canary = canary(&target, CanaryPhase::Succeeded);
    bend(&mut set, &mut primary, &mut canary);
    story.workload(target).workload(set).workload(primary).workload(canary);
    story.ends().clone()
}

#[test]
fn a_primary_that_is_not_rolled_out_is_waited_for() {
    let waiting = "deployment/web-primary has the version, and is not rolled out yet";
    let cases: [fn(&mut Workload); 4] = [
        |primary| primary.available = Some(1),
        |primary| primary.updated = None,
        |primary| primary.generation = Some(2),
        |primary| primary.desired = Some(0),
    ];
    for bend in cases {
        let outcome = at_rest(|_, primary, _| bend(primary));
        assert_eq!((outcome.verdict, lead(&outcome).message.as_str()), (Verdict::TimedOut, waiting));
    }
    assert_eq!(at_rest(|_, _, _| {}).verdict, Verdict::Healthy);
}

#[test]
fn an_analysis_that_failed_before_this_template_was_there_says_nothing_of_it() {
    let failed_at = |time: Option<&str>| {
        at_rest(|_, primary, canary| {
            primary.template.promoted_fingerprint += 1;
            let Detail::Canary(status) = &mut canary.detail else { unreachable!() };
            (status.phase, status.since) = (Some(CanaryPhase::Failed), time.map(str::to_owned));
        })
    };
    assert_eq!(lead(&failed_at(Some("2026-11-21T03:00:01Z"))).code, Code::RolloutAborted);
    for time in [Some("2026-11-21T02:59:00Z"), Some("2026-11-21T03:00:00Z"), None] {
        assert_eq!(lead(&failed_at(time)).code, Code::ScaledToZero, "{time:?}");
    }
}

#[test]
fn a_replica_set_that_does_not_say_how_many_it_wants_is_no_proof() {
    let outcome = story_of(|_, set| set.desired = None);
    assert_eq!((outcome.verdict, outcome.wanted), (Verdict::TimedOut, None));
    assert_eq!(lead(&outcome).message, "rollout/web does not report yet how many pods it wants");
}
