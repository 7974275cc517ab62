//! A pod followed over time: what is remembered of it, and what is not.

use crashgate::gate::model::{Pod, PodResize, Resize, RestartPolicy, Role};
use crashgate::gate::result::{Code, GateEvent, Outcome, Verdict};
use crashgate::gate::spec::Grace;

use crate::gate::{assert_says, seconds, web};
use crate::scenario::objects::{Bend, bare_pod, container, pod};
use crate::scenario::{Scenario, plan};

/// What the pod `a` of one is told to be after these states, a second each. Images may be missing for the whole time.
fn after(states: impl IntoIterator<Item = fn(Pod) -> Pod>) -> Outcome {
    let mut plan = plan();
    plan.grace.insert(Grace::ImagePull, seconds(60));
    plan.grace.insert(Grace::Config, seconds(60));
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    for (second, bend) in (1_u32..).zip(states) {
        let mut one = pod(&set, "a");
        one.containers.push(container("proxy", Role::App));
        story.at(f64::from(second)).pod(bend(one));
    }
    story.ends().clone()
}

fn of_container(outcome: &Outcome, name: &str) -> Vec<Code> {
    let found = outcome.findings.iter().filter(|finding| finding.place.container.as_deref() == Some(name));
    found.map(|finding| finding.code).collect()
}

#[test]
fn a_pull_that_failed_is_remembered_of_its_own_container() {
    let outcome = after([
        |pod: Pod| pod.waiting("proxy", "ContainerCreating", "").waiting("app", "ErrImagePull", "not found"),
        |pod: Pod| pod.waiting("proxy", "ImagePullBackOff", "").waiting("app", "ImagePullBackOff", ""),
    ]);
    assert_eq!(of_container(&outcome, "app"), [Code::ImageNotFound]);
    assert_eq!(of_container(&outcome, "proxy"), [Code::RegistryUnavailable], "nothing proves its image guilty");
}

#[test]
fn only_a_pull_is_remembered_as_one() {
    let outcome = after([
        |pod: Pod| pod.waiting("app", "CreateContainerConfigError", "secret \"s\" not found"),
        |pod: Pod| pod.waiting("app", "ImagePullBackOff", ""),
    ]);
    assert_eq!(of_container(&outcome, "app"), [Code::RegistryUnavailable]);
}

#[test]
fn a_start_that_failed_is_told_once() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let said = "exec: \"serve\": executable file not found in $PATH";
    let failed = pod(&set, "a").restarted("app", 1, 128, "StartError").waiting("app", "RunContainerError", said);
    story.at(1.0).pod(failed);
    let codes: Vec<Code> = story.ends().findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::StartFailed]);
}

#[test]
fn an_init_container_must_succeed_though_its_pod_is_never_restarted() {
    let mut story = Scenario::new(plan());
    let mut bare = bare_pod("a");
    bare.restart_policy = RestartPolicy::Never;
    bare.containers.insert(0, container("migrate", Role::Init));
    story.at(1.0).pod(bare.terminated("migrate", 3, "Error"));
    let outcome = story.ended().expect("it is decided at once").clone();
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["init container migrate", "exit code 3"]);
}

#[test]
fn the_end_of_a_pod_on_its_way_out_is_no_crash() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(2.0).pod(pod(&set, "a").deleting());
    story.at(3.0).pod(pod(&set, "a").deleting().terminated("app", 137, "Error"));
    let told = story.gate.take_events();
    assert!(!told.iter().any(|(_, event)| matches!(event, GateEvent::Crash { .. })), "{told:?}");
    assert_eq!(story.ended(), None);
}

#[test]
fn a_resize_excuses_one_restart_of_a_container_whose_policy_asks_for_it() {
    let ends = |resize: PodResize, policy: bool, restarts: u32, reason: &str| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        let mut one = pod(&set, "a");
        one.resize = resize;
        one.containers[0].resize = policy.then(|| Resize { asked: "128Mi".to_owned(), applied: false });
        story.at(1.0).pod(one.clone());
        for count in 1..=restarts {
            story.at(1.0 + f64::from(count)).pod(one.clone().restarted("app", count, 143, reason));
        }
        let outcome = story.ends();
        (outcome.verdict, outcome.warnings.iter().map(|warning| warning.code.to_string()).collect::<Vec<_>>())
    };
    let excused = (Verdict::Healthy, vec!["RestartExcused".to_owned()]);
    assert_eq!(ends(PodResize::InProgress, true, 1, "Error"), excused);
    assert_eq!(ends(PodResize::Settled, true, 1, "Error"), excused, "the condition may not be there yet");
    let crashed = (Verdict::Failed, vec![]);
    assert_eq!(ends(PodResize::InProgress, true, 2, "Error"), crashed, "one resize, one restart");
    assert_eq!(ends(PodResize::InProgress, false, 1, "Error"), crashed, "resizePolicy NotRequired");
    assert_eq!(ends(PodResize::Stuck, true, 4, "Error"), crashed, "Deferred, Infeasible or Error");
    assert_eq!(ends(PodResize::InProgress, true, 1, "OOMKilled"), crashed);
}

#[test]
fn a_ready_pod_that_changes_otherwise_does_not_flap() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 2);
    story.at(1.0).pod(pod(&set, "b").unready());
    for second in 2_u32..6 {
        let mut one = pod(&set, "a");
        one.labels.insert("seen".to_owned(), second.to_string());
        story.at(f64::from(second)).pod(one);
    }
    let told: Vec<_> =
        story.ends().findings.iter().map(|found| (found.code, found.place.pod.clone().unwrap_or_default())).collect();
    assert_eq!(told, [(Code::NotReady, "b".to_owned())]);
}

#[test]
fn an_event_that_comes_after_a_bare_back_off_says_why() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").waiting("app", "ImagePullBackOff", "")).still_open();
    story.at(2.0).event(
        "a",
        Some("app"),
        "Failed",
        "Failed to pull image \"registry.example:5000/shop/web:v2\": not found",
    );
    let outcome = story.ended().expect("it is decided at once").clone();
    assert_says(&outcome, Verdict::Failed, Code::ImageNotFound, &["no tag v2"]);
}
