//! Corners.

use crashgate::gate::model::{
    Detail, JobEnd, Object, Phase, Resize, RestartPolicy, Role, Source, Trouble, TroubleKind,
};
use crashgate::gate::result::{Code, GateEvent, PodState, Verdict};
use crashgate::gate::{Fact, Want};

use super::{assert_says, one_pod, seconds, web};
use crate::scenario::objects::{
    Bend, bare_pod, container, daemon_set, deployment, job, pod, readiness_probe, replica_set, stateful_set,
};
use crate::scenario::{Scenario, lead, plan};

#[test]
fn different_causes_of_a_kind_are_told_apart_and_symptoms_once() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 3);
    for (name, secret) in [("a", "s"), ("b", "t"), ("c", "s")] {
        let said = format!("secret \"{secret}\" not found");
        story.at(1.0).pod(pod(&set, name).waiting("app", "CreateContainerConfigError", &said));
    }
    let found: Vec<_> =
        story.ends().findings.iter().map(|finding| (finding.message.clone(), finding.also.clone())).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].0.contains("Secret s") && found[0].1 == ["c"], "{found:?}");
    assert!(found[1].0.contains("Secret t") && found[1].1.is_empty(), "{found:?}");

    let mut story = Scenario::new(plan());
    let set = web(&mut story, 2);
    let probed = |name| {
        let mut pod = pod(&set, name).unready();
        pod.containers[0].probes.readiness = Some(readiness_probe());
        pod
    };
    story.pods([probed("a"), probed("b")]).event("b", Some("app"), "Unhealthy", "Readiness probe failed: 500");
    let outcome = story.ends();
    assert_eq!(
        (outcome.findings.len(), outcome.findings[0].also.as_slice()),
        (1, &["b".to_owned()][..]),
        "{:?}",
        outcome.findings
    );
}

#[test]
fn of_a_custom_resources_replica_sets_those_at_rest_are_old() {
    let of_rollout = |version: &str, replicas: u32, controller: &str| {
        let mut set = replica_set(&deployment("web", "v2", replicas));
        set.uid = format!("set-{version}-{controller}");
        let owner = set.controller.as_mut().unwrap();
        "Fleet".clone_into(&mut owner.kind);
        controller.clone_into(&mut owner.uid);
        set
    };
    let mut story = Scenario::new(plan());
    let new = of_rollout("new", 1, "r");
    story.workload(of_rollout("old", 0, "r")).workload(new.clone()).pod(pod(&new, "a"));
    assert_eq!(story.ends().verdict, Verdict::Healthy);

    let mut story = Scenario::new(plan());
    story
        .workload(of_rollout("old", 0, "r"))
        .workload(new.clone())
        .pod(pod(&new, "a"))
        .workload(of_rollout("x", 0, "another"));
    assert_eq!(lead(story.ends()).code, Code::ScaledToZero, "that of another resource rests for itself");

    let mut story = Scenario::new(plan());
    story.workload(of_rollout("old", 0, "r")).workload(of_rollout("new", 0, "r"));
    assert_eq!(lead(story.ends()).code, Code::ScaledToZero, "all at rest");
}

#[test]
fn a_daemon_set_that_its_controller_has_not_seen_wants_nothing_yet() {
    let mut story = Scenario::new(plan());
    let mut agent = daemon_set("agent", "v2", 0);
    agent.observed_generation = None;
    story.workload(agent);
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["has not seen daemonset/agent yet"]);
}

#[test]
fn an_update_is_blocked_only_where_old_pods_are_in_the_way() {
    // OnDelete, all updated, one pod missing: the strategy is not why.
    let mut story = Scenario::new(plan());
    let mut agent = daemon_set("agent", "v2", 2);
    agent.detail = Detail::DaemonSet { on_delete: true, template_generation: Some("1".to_owned()) };
    story.workload(agent.clone()).pod(pod(&agent, "a"));
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["1 of the 2 pods"]);

    // The first rollout of an ordered StatefulSet: nothing is old.
    let mut story = Scenario::new(plan());
    let db = stateful_set("db", "v2", 2);
    story.workload(db.clone()).pod(pod(&db, "db-0").unready());
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["container app runs, but is not ready"]);

    // An old pod that is Ready blocks nothing.
    let mut wide = plan();
    wide.selector = "app=web".parse().unwrap();
    let mut story = Scenario::new(wide);
    let old = pod(&stateful_set("db", "v1", 2), "db-1");
    let mut db = stateful_set("db", "v2", 2);
    let Detail::StatefulSet { current_revision, .. } = &mut db.detail else { panic!() };
    *current_revision = Some("db-v1".to_owned());
    story.workload(db).pod(old);
    assert_eq!(lead(story.ends()).code, Code::NotReady);
}

#[test]
fn a_job_under_way_says_how_far_it_is() {
    let told = |failed, succeeded| {
        let mut story = Scenario::new(plan());
        let mut running = job("web", "v2", None);
        running.detail = Detail::Job { end: None, suspended: false, failed, succeeded };
        story.workload(running);
        lead(story.ends()).message.clone()
    };
    assert_eq!(told(0, 0), "job/web is not complete: 0 of 1 succeeded");
    assert_eq!(told(2, 0), "job/web is not complete: 0 of 1 succeeded, 2 failed so far");
}

#[test]
fn readiness_that_was_lost_unseen_counts_as_lost() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    // Ready at every look, and each time anew.
    for turn in 0..8 {
        story.at(f64::from(turn) * 9.0 + 1.0).pod(pod(&set, "a").ready_since(&turn.to_string()));
    }
    let outcome = story.ends();
    assert_says(outcome, Verdict::TimedOut, Code::ReadinessFlapping, &["lost its readiness 7 times"]);
    assert_eq!(outcome.decided_after, seconds(64));
}

#[test]
fn sidecars_of_what_is_finished_may_end() {
    let mut finished = bare_pod("task");
    finished.restart_policy = RestartPolicy::Never;
    finished.containers.insert(0, container("proxy", Role::Sidecar));
    // The app is done, and the kubelet ends the sidecar.
    let finished = finished.terminated("app", 0, "Completed").terminated("proxy", 137, "Error");
    let mut story = Scenario::new(plan());
    let mut ended = finished.clone();
    story.at(1.0).pod(finished);
    ended.phase = Some(Phase::Succeeded);
    story.at(2.0).pod(ended);
    assert_eq!(story.ends().verdict, Verdict::Healthy);

    // The app still runs: the sidecar's end is a crash.
    let mut running = bare_pod("task");
    running.restart_policy = RestartPolicy::Never;
    running.containers.insert(0, container("proxy", Role::Sidecar));
    let mut story = Scenario::new(plan());
    story.at(1.0).pod(running.terminated("proxy", 137, "Error"));
    assert_says(story.ends(), Verdict::Failed, Code::CrashLoop, &["sidecar proxy"]);
}

#[test]
fn a_missing_claim_is_a_matter_of_volumes_and_a_missing_node_is_not() {
    let code = |message: &'static str| lead(&one_pod(move |pod| pod.unschedulable(message))).code;
    assert_eq!(code("0/1 nodes are available: persistentvolumeclaim \"data\" not found."), Code::VolumeUnavailable);
    assert_eq!(
        code("0/1 nodes are available: persistentvolumeclaim \"data\" is being deleted."),
        Code::VolumeUnavailable
    );
    assert_eq!(
        code("0/1 nodes are available: 1 node(s) had no matching topology, label not found."),
        Code::Unschedulable
    );
    assert_eq!(
        code("0/1 nodes are available: persistentvolumeclaim \"data\" bound to another node."),
        Code::Unschedulable
    );
}

#[test]
fn once_the_sandbox_is_there_old_events_about_it_say_nothing() {
    let outcome = {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        story.event("a", None, "FailedMount", "MountVolume.SetUp failed for volume \"t\" : secret \"t\" not found");
        story.at(1.0).pod(pod(&set, "a").waiting("app", "ContainerCreating", ""));
        story.ends().clone()
    };
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["ContainerCreating"]);
}

#[test]
fn a_resize_excuses_only_the_container_that_is_resized() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let mut two = pod(&set, "a");
    two.containers.push(container("other", Role::App));
    two.containers[0].resize = Some(Resize { asked: "128Mi".to_owned(), applied: false });
    story.at(1.0).pod(two.clone()).at(2.0).pod(two.restarted("other", 1, 1, "Error"));
    assert_says(story.ends(), Verdict::Failed, Code::CrashLoop, &["container other"]);
}

#[test]
fn an_init_container_that_is_done_is_no_trouble_to_tell_of() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let mut pod = pod(&set, "a");
    pod.containers.insert(0, container("m", Role::Init));
    story.pod(pod.terminated("m", 0, "Completed").unready());
    let state = story.gate.take_events().into_iter().find_map(|(_, event)| match event {
        GateEvent::PodState { state, .. } => Some(state),
        _ => None,
    });
    assert_eq!(state, Some(PodState::NotReady));
}

#[test]
fn what_an_old_replica_set_has_available_does_not_count() {
    let mut story = Scenario::new(plan());
    let deployed = deployment("web", "v2", 1);
    let mut set = replica_set(&deployed);
    set.available = None;
    story.workload(deployed).workload(set.clone()).pod(pod(&set, "a"));
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["0 of 1 pods as available"]);
}

#[test]
fn a_pod_that_has_ended_and_is_replaced_is_no_evidence() {
    for phase in [Phase::Succeeded, Phase::Failed] {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        let mut ended = pod(&set, "old").unready();
        ended.phase = Some(phase);
        story.pod(ended).pod(pod(&set, "a"));
        assert_eq!(story.ends().verdict, Verdict::Healthy, "{phase}");
    }
}

#[test]
fn crashes_alike_are_one_finding_whatever_their_words() {
    let mut plan = plan();
    plan.max_restarts = 1;
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 2);
    // Both cross the limit in one list, with another number of crashes each.
    story.pods.insert("a".to_owned(), pod(&set, "a").restarted("app", 2, 1, "Error"));
    story.pods.insert("b".to_owned(), pod(&set, "b").restarted("app", 5, 1, "Error"));
    story.at(2.0).list(Source::Pods);
    let findings: Vec<_> = story.ends().findings.iter().map(|finding| (finding.code, finding.also.clone())).collect();
    assert_eq!(findings, [(Code::CrashLoop, vec!["b".to_owned()])]);
}

#[test]
fn a_bare_pod_that_should_run_for_ever_is_not_done_when_it_succeeds() {
    let mut story = Scenario::new(plan());
    let mut done = bare_pod("lonely").unready();
    done.phase = Some(Phase::Succeeded);
    story.at(1.0).pod(done);
    assert_eq!(story.ends().verdict, Verdict::TimedOut);
}

#[test]
fn a_finding_says_on_which_node_and_a_pod_in_which_phase() {
    let outcome = one_pod(|pod| pod.terminated("app", 1, "Error"));
    assert_eq!(lead(&outcome).place.node.as_deref(), Some("node1"));
    let phases: Vec<_> = outcome.pods.iter().map(|pod| pod.phase.as_str()).collect();
    assert_eq!(phases, ["Running"]);
    let words = [Phase::Pending, Phase::Running, Phase::Succeeded, Phase::Failed, Phase::Unknown]
        .map(|phase| phase.to_string());
    assert_eq!(words, ["Pending", "Running", "Succeeded", "Failed", "Unknown"]);
}

#[test]
fn a_list_of_events_is_read_in_the_order_in_which_they_were_said() {
    use crashgate::gate::model::ClusterEvent;
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let said = |uid: &str, reason: &str, message: &str, last_seen: &str| {
        Object::Event(
            ClusterEvent {
                uid: uid.to_owned(),
                object_kind: "ReplicaSet".to_owned(),
                object_name: set.name.clone(),
                object_uid: set.uid.clone(),
                container: None,
                reason: reason.to_owned(),
                message: message.to_owned(),
                warning: true,
                count: 1,
                last_seen: Some(last_seen.to_owned()),
            }
            .into(),
        )
    };
    let objects = vec![
        said("1", "SuccessfulCreate", "Created pod: a", "2026-11-21T03:00:09Z"),
        said("2", "FailedCreate", "pods \"x\" is forbidden: exceeded quota: q", "2026-11-21T03:00:01Z"),
    ];
    story.tell(Fact::Listed { source: Source::Events, objects });
    assert_eq!(lead(story.ends()).code, Code::NotReady, "the success came after the refusal");
}

#[test]
fn a_window_says_why_it_broke() {
    let mut plan = plan();
    plan.max_restarts = 3;
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    story
        .at(1.0)
        .pod(pod(&set, "a").ready_since("t1"))
        .at(2.0)
        .pod(pod(&set, "a").ready_since("t1").restarted("app", 1, 1, "Error"));
    story.at(3.0).pod(pod(&set, "a").ready_since("t2").restarted("app", 1, 1, "Error")).at(4.0).pod(pod(&set, "b"));
    story.at(5.0).pod(pod(&set, "b").unready());
    let why: Vec<_> = story
        .gate
        .take_events()
        .into_iter()
        .filter_map(|(_, event)| match event {
            GateEvent::WindowBroken { why } => Some(why),
            _ => None,
        })
        .collect();
    let expected = [
        "a container of pod a was restarted",
        "pod a lost its readiness and got it back",
        "pod b appeared",
        "1 of 2 pods of deployment/web are ready",
    ];
    assert_eq!(why, expected);
}

#[test]
fn a_pull_in_trouble_still_stands_between_two_tries() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(50.0).pod(pod(&set, "a").waiting("app", "ErrImagePull", "429 Too Many Requests"));
    story.at(59.5).pod(pod(&set, "a").waiting("app", "ContainerCreating", ""));
    let outcome = story.ends();
    assert_eq!(lead(outcome).code, Code::RegistryUnavailable);
    assert!(
        lead(outcome).evidence.iter().any(|evidence| evidence.text.contains("429")),
        "{:?}",
        lead(outcome).evidence
    );
}

#[test]
fn a_refusal_that_no_pod_is_missing_for_stands_for_nothing() {
    let mut story = Scenario::new(plan());
    let deployed = deployment("web", "v2", 1);
    let mut set = replica_set(&deployed);
    let mut refused = bare_pod("x").ready.unwrap();
    refused.message = Some("pods \"x\" is forbidden: exceeded quota: q".to_owned());
    set.detail = Detail::ReplicaSet { ready: None, replica_failure: Some(refused) };
    story.workload(deployed).workload(set.clone()).pod(pod(&set, "a"));
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.warnings.len()), (Verdict::Healthy, 0), "{:?}", outcome.warnings);
}

#[test]
fn a_jobs_pod_that_runs_again_is_told_by_its_last_end() {
    let mut story = Scenario::new(plan());
    story.workload(job("web", "v2", None));
    story.pod(pod(&job("web", "v2", None), "web-a").restarted("app", 3, 7, "Error"));
    let end = JobEnd::Failed { reason: Some("BackoffLimitExceeded".to_owned()), message: None };
    story.at(9.0).workload(job("web", "v2", Some(end)));
    assert_eq!((lead(story.ends()).exit_status, lead(story.ends()).restarts), (Some(7), Some(3)));
}

#[test]
fn a_question_is_withdrawn_where_its_source_is_lost_and_asked_anew_later() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a"));
    let mut gate = std::mem::replace(&mut story.gate, crashgate::gate::Gate::new(plan()));
    gate.advance(seconds(11));
    let Want::Confirmation { ticket: first, .. } = gate.want() else { panic!("a question") };
    let trouble = Trouble { kind: TroubleKind::Stale, message: String::new(), hopeless: false };
    gate.observe(seconds(12), Fact::Lost { source: Source::Pods, trouble });
    assert_eq!(gate.want(), Want::Nothing);
    gate.observe(seconds(13), Fact::Listed { source: Source::Pods, objects: vec![Object::Pod(pod(&set, "a").into())] });
    let Want::Confirmation { ticket: second, .. } = gate.want() else { panic!("another question") };
    assert_ne!(first, second);
}

#[test]
fn a_pod_that_lost_its_readiness_once_does_not_lead_over_one_that_never_had_it() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 2);
    story
        .at(1.0)
        .pod(pod(&set, "a").ready_since("1"))
        .at(2.0)
        .pod(pod(&set, "a").unready())
        .at(3.0)
        .pod(pod(&set, "a").ready_since("2"));
    story.pod(pod(&set, "b").unready());
    let findings: Vec<_> =
        story.ends().findings.iter().map(|finding| (finding.code, finding.place.pod.clone())).collect();
    assert_eq!(findings, [(Code::NotReady, Some("b".to_owned()))]);
}
