//! Containers that their node could not start, or ended itself.

use crashgate::gate::Fact;
use crashgate::gate::model::{ClusterEvent, ContainerState, Ended, Node, Object, Pod, Role};
use crashgate::gate::result::{Code, Verdict};

use crate::gate::{assert_says, one_pod, web};
use crate::scenario::objects::{Bend, container, ended, pod};
use crate::scenario::{Scenario, lead, plan};

const NO_SPACE: &str =
    "failed to create containerd task: failed to create shim task: mkdir /run/containerd/io: no space left on device";

/// The container's start failed with these words, and the kubelet says so in its end.
fn start_failed(pod: Pod, count: u32, said: &str) -> Pod {
    let mut pod = pod.unready();
    let end = |attempt| Ended { message: Some(said.to_owned()), ..ended("app", attempt, 128, "StartError") };
    let status = pod.containers[0].status.as_mut().unwrap();
    status.restart_count = count;
    status.container_id = Some(format!("containerd://app-{count}"));
    status.state = ContainerState::Terminated(end(count));
    status.last = count.checked_sub(1).map(end);
    pod
}

#[test]
fn a_start_that_the_node_could_not_make_is_the_platforms_fault() {
    let words = [
        NO_SPACE,
        "failed to start container: error reading from server: EOF",
        "failed to get sandbox container task: no running task found: task 12ab not found: not found",
        "runc create failed: unable to apply cgroup configuration: mkdir /sys/fs/cgroup/x: cannot allocate memory",
    ];
    for said in words {
        let outcome = one_pod(|pod| start_failed(pod, 0, said));
        assert_says(&outcome, Verdict::Platform, Code::SandboxFailed, &["container app", "by its node"]);
        let waiting = one_pod(|pod| pod.waiting("app", "RunContainerError", said));
        assert_says(&waiting, Verdict::Platform, Code::SandboxFailed, &["container app"]);
    }
    let outcome = one_pod(|pod| {
        let not_read = "services have not yet been read at least once, cannot construct envvars";
        pod.waiting("app", "CreateContainerConfigError", not_read)
    });
    assert_says(&outcome, Verdict::Platform, Code::SandboxFailed, &["services have not yet been read"]);
    let own = one_pod(|pod| start_failed(pod, 0, "exec: \"/app/x\": stat /app/x: no such file or directory"));
    assert_says(&own, Verdict::Failed, Code::StartFailed, &["`/app/x`"]);
}

#[test]
fn once_the_node_is_well_again_its_failed_starts_are_no_crashes() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    for count in 0..4 {
        story.at(1.0 + f64::from(count)).pod(start_failed(pod(&set, "a"), count, NO_SPACE)).still_open();
    }
    let mut back_off = start_failed(pod(&set, "a"), 3, NO_SPACE);
    let status = back_off.containers[0].status.as_mut().unwrap();
    let ContainerState::Terminated(end) = status.state.clone() else { panic!() };
    status.last = Some(end.clone());
    status.state = ContainerState::Waiting { reason: Some("CrashLoopBackOff".to_owned()), message: None };
    story.at(6.0).pod(back_off).still_open();
    let mut runs = pod(&set, "a").restarted("app", 4, 128, "StartError");
    runs.containers[0].status.as_mut().unwrap().last = Some(end);
    story.at(9.0).pod(runs);
    let outcome = story.ends();
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
    let told: Vec<_> = outcome.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert!(told.len() == 1 && told[0].contains("restarted 4 times by its node"), "{told:?}");
}

/// A container that ended with 137 between these moments, and runs again.
fn killed(pod: Pod, from: &str, to: &str) -> Pod {
    let mut pod = pod.restarted("app", 1, 137, "Error");
    let last = pod.containers[0].status.as_mut().unwrap().last.as_mut().unwrap();
    last.started_at = Some(format!("2026-11-21T03:{from}Z"));
    last.finished_at = Some(format!("2026-11-21T03:{to}Z"));
    pod
}

fn sandbox_changed(at: &str) -> Fact {
    Fact::Seen(Box::new(Object::Event(
        ClusterEvent {
            uid: "changed".to_owned(),
            object_kind: "Pod".to_owned(),
            object_name: "a".to_owned(),
            object_uid: "a".to_owned(),
            container: None,
            reason: "SandboxChanged".to_owned(),
            message: "Pod sandbox changed, it will be killed and re-created.".to_owned(),
            warning: false,
            count: 1,
            last_seen: Some(format!("2026-11-21T03:{at}Z")),
        }
        .into(),
    )))
}

#[test]
fn a_container_that_is_killed_with_its_sandbox_has_not_crashed() {
    let ends = |at: Option<&str>| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a"));
        if let Some(at) = at {
            story.at(3.0).tell(sandbox_changed(at));
        }
        story.at(4.0).pod(killed(pod(&set, "a"), "01:00", "02:01"));
        story.ends().clone()
    };
    assert_eq!(ends(Some("02:00")).verdict, Verdict::Healthy);
    assert_says(&ends(None), Verdict::Failed, Code::CrashLoop, &["137"]);
    assert_says(&ends(Some("00:30")), Verdict::Failed, Code::CrashLoop, &["137"]);
}

#[test]
fn a_new_sandbox_excuses_no_crash_loop() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).tell(sandbox_changed("00:01")).pod(pod(&set, "a"));
    let mut crashed = pod(&set, "a").restarted("app", 3, 137, "Error");
    let last = crashed.containers[0].status.as_mut().unwrap().last.as_mut().unwrap();
    (last.started_at, last.finished_at) =
        (Some("2026-11-21T03:05:00Z".to_owned()), Some("2026-11-21T03:05:02Z".to_owned()));
    story.at(2.0).pod(crashed);
    assert_says(story.ends(), Verdict::Failed, Code::CrashLoop, &["3 times so far"]);
}

#[test]
fn a_node_that_rebooted_twice_and_an_init_container_run_again_are_no_crashes() {
    let outcome = one_pod(|mut pod| {
        pod.containers.insert(0, container("migrate", Role::Init));
        let mut pod = pod.restarted("app", 2, 255, "Unknown").restarted("migrate", 2, 0, "Completed");
        let status = pod.containers[0].status.as_mut().unwrap();
        status.state = ContainerState::Terminated(ended("migrate", 2, 0, "Completed"));
        pod
    });
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
    let told: Vec<_> = outcome.warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert!(told.len() == 2 && told.iter().all(|told| told.contains("restarted 2 times by its node")), "{told:?}");
}

#[test]
fn a_node_that_answers_again_is_not_said_to_be_silent() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let mut lost = pod(&set, "a");
    lost.ready.as_mut().unwrap().status = false;
    story.at(1.0).pod(lost);
    let outcome = story.ends();
    assert_says(outcome, Verdict::Platform, Code::NodeNotReady, &["node node1 does not respond"]);
    let node = Node {
        name: "node1".to_owned(),
        uid: "n".to_owned(),
        ready: Some(true),
        message: None,
        troubles: Vec::new(),
        architecture: None,
    };
    story.tell(Fact::Seen(Box::new(Object::Node(node.into()))));
    story.gate.conclude();
    let outcome = story.gate.outcome().unwrap();
    let evidence = format!("{:?}", lead(outcome).evidence);
    assert!(evidence.contains("node1 is Ready again by now") && !evidence.contains("is well"), "{evidence}");
}

#[test]
fn a_node_that_was_away_and_has_not_spoken_of_the_pod_since_is_told_so() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let node = Node {
        name: "node1".to_owned(),
        uid: "n".to_owned(),
        ready: Some(true),
        message: None,
        troubles: Vec::new(),
        architecture: None,
    };
    story.tell(Fact::Seen(Box::new(Object::Node(node.into()))));
    let mut lost = pod(&set, "a");
    lost.ready.as_mut().unwrap().status = false;
    story.at(1.0).pod(lost);
    assert_says(story.ends(), Verdict::Platform, Code::NodeNotReady, &["node node1 did not respond for a while"]);
}
