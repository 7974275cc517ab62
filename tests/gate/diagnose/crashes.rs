//! Crashes.

use crashgate::gate::model::{ContainerState, Role};
use crashgate::gate::result::{Code, Evidence, EvidenceKind, Verdict};

use crate::gate::{assert_says, one_pod, seconds, web};
use crate::scenario::objects::{Bend, container, pod};
use crate::scenario::{Scenario, lead, plan};

#[test]
fn an_oom_kill_names_the_limit_and_without_one_says_so() {
    let outcome = one_pod(|mut pod| {
        pod.containers[0].memory_limit = Some("64Mi".to_owned());
        pod.terminated("app", 137, "OOMKilled")
    });
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::OomKilled,
        &["container app", "137", "memory limit of 64Mi", "above 64Mi"],
    );
    assert_eq!((lead(&outcome).exit_status, lead(&outcome).restarts), (Some(137), Some(0)));
    let outcome = one_pod(|pod| pod.terminated("app", 137, "OOMKilled"));
    assert_says(&outcome, Verdict::Failed, Code::OomKilled, &["no memory limit of its own"]);
}

#[test]
fn a_crash_says_how_it_ended_after_how_long_and_how_often() {
    let outcome = one_pod(|pod| pod.terminated("app", 127, "Error"));
    assert_says(
        &outcome,
        Verdict::Failed,
        Code::CrashLoop,
        &["exit code 127 (command not found)", "2 s after its start"],
    );
    assert!(!lead(&outcome).message.contains("so far"), "{}", lead(&outcome).message);
    let outcome = one_pod(|pod| pod.restarted("app", 3, 1, "Error"));
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["exit code 1", "3 times so far"]);
    assert!(!lead(&outcome).message.contains("although"), "{}", lead(&outcome).message);
    let outcome = one_pod(|pod| pod.terminated("app", 0, "Completed"));
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["exit code 0", "although it should keep running"]);
}

#[test]
fn the_log_that_is_wanted_is_that_of_the_crashed_attempt() {
    let ended = one_pod(|pod| pod.terminated("app", 1, "Error"));
    let log = lead(&ended).log.clone().unwrap();
    assert_eq!((log.pod.as_str(), log.container.as_str(), log.attempt, log.previous), ("a", "app", 0, false));
    let running_again = one_pod(|pod| pod.restarted("app", 2, 1, "Error"));
    let log = lead(&running_again).log.clone().unwrap();
    assert_eq!((log.attempt, log.previous), (1, true));
}

#[test]
fn a_termination_message_is_evidence() {
    let outcome = one_pod(|pod| {
        let mut pod = pod.terminated("app", 1, "Error");
        let ContainerState::Terminated(ended) = &mut pod.containers[0].status.as_mut().unwrap().state else { panic!() };
        ended.message = Some("no such table: users".to_owned());
        pod
    });
    let expected = Evidence { kind: EvidenceKind::TerminationMessage, text: "no such table: users".to_owned() };
    assert!(lead(&outcome).evidence.contains(&expected), "{:?}", lead(&outcome).evidence);
}

#[test]
fn max_restarts_is_a_limit_per_container() {
    let mut plan = plan();
    plan.max_restarts = 2;
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    story
        .at(1.0)
        .pod(pod(&set, "a").restarted("app", 1, 1, "Error"))
        .at(3.0)
        .pod(pod(&set, "a").restarted("app", 2, 1, "Error"));
    story.at(5.0).still_open().pod(pod(&set, "a").restarted("app", 3, 1, "Error"));
    assert_eq!(story.ended().unwrap().decided_after, seconds(5));
}

#[test]
fn init_containers_must_succeed_and_sidecars_must_keep_running() {
    let with = |name: &'static str, role, exit_code| {
        one_pod(move |mut pod| {
            pod.containers.insert(0, container(name, role));
            let is_ready = pod.ready.clone();
            let mut pod = pod.terminated(name, exit_code, "Error");
            if exit_code == 0 {
                pod.ready = is_ready;
            }
            pod
        })
    };
    let outcome = with("migrate", Role::Init, 1);
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["init container migrate"]);
    assert_eq!(lead(&outcome).place.role, Some(Role::Init));
    assert_eq!(with("migrate", Role::Init, 0).verdict, Verdict::Healthy);
    assert_says(&with("proxy", Role::Sidecar, 0), Verdict::Failed, Code::CrashLoop, &["sidecar proxy"]);
}

#[test]
fn an_ignored_container_decides_nothing_and_is_told() {
    let mut plan = plan();
    plan.ignore_containers.insert("istio-proxy".to_owned());
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    let mut meshed = pod(&set, "a");
    meshed.containers.push(container("istio-proxy", Role::App));
    story.at(1.0).pod(meshed.clone()).at(4.0).pod(meshed.restarted("istio-proxy", 1, 1, "Error"));
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, seconds(11)), "the window went on");
    let told: Vec<_> =
        outcome.warnings.iter().map(|warning| (warning.code.name(), warning.message.contains("istio-proxy"))).collect();
    assert_eq!(told, [("RestartTolerated", true)]);
}

#[test]
fn a_start_that_fails_counts_at_once_whatever_max_restarts_says() {
    let mut plan = plan();
    plan.max_restarts = 5;
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    let mut broken = pod(&set, "a").terminated("app", 128, "StartError");
    let ContainerState::Terminated(ended) = &mut broken.containers[0].status.as_mut().unwrap().state else { panic!() };
    ended.message =
        Some("runc create failed: unable to start container process: exec: \"/x\": no such file".to_owned());
    story.at(2.0).pod(broken);
    assert_eq!(story.ended().unwrap().decided_after, seconds(2));
    assert_says(story.ended().unwrap(), Verdict::Failed, Code::StartFailed, &["could not be started: exec: \"/x\""]);
}

#[test]
fn a_start_that_failed_and_then_succeeded_is_a_restart_like_any_other() {
    for (allowed, verdict) in [(0, Verdict::Failed), (1, Verdict::Healthy)] {
        let mut plan = plan();
        plan.max_restarts = allowed;
        let mut story = Scenario::new(plan);
        let set = web(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a").restarted("app", 1, 128, "StartError"));
        let outcome = story.ends();
        assert_eq!(outcome.verdict, verdict, "{:?}", outcome.findings);
    }
}

#[test]
fn crashes_add_up_where_the_kubelet_begins_to_count_anew() {
    let mut plan = plan();
    plan.max_restarts = 3;
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    let of = |name: &str, count: u32| {
        let mut pod = pod(&set, "a").restarted("app", count, 1, "Error");
        let status = pod.containers[0].status.as_mut().unwrap();
        status.container_id = Some(format!("containerd://{name}-{count}"));
        status.last.as_mut().unwrap().container_id = Some(format!("containerd://{name}-{}", count - 1));
        pod
    };
    story.at(1.0).pod(of("old", 3)).at(2.0).still_open();
    story.pod(of("new", 1));
    assert_says(story.ended().unwrap(), Verdict::Failed, Code::CrashLoop, &["4 times so far"]);
}
