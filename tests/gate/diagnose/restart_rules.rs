//! Containers with a restart policy and rules of their own.

use crashgate::gate::model::{Phase, Pod, RestartPolicy, RestartRule, Role};
use crashgate::gate::result::{Code, Verdict};

use crate::gate::{assert_says, one_pod, web};
use crate::scenario::objects::{Bend, container, pod};
use crate::scenario::{Scenario, plan};

/// The app container is of policy Never, and restarted after exit code 42 by a rule of its own.
fn ruled(mut pod: Pod) -> Pod {
    pod.containers[0].restart_policy = Some(RestartPolicy::Never);
    let rule = RestartRule { restarts: true, all_but: false, exit_codes: vec![42] };
    pod.containers[0].restart_rules = vec![rule];
    pod
}

#[test]
fn a_container_of_policy_never_that_a_rule_restarts_again_and_again_crashes() {
    let outcome = one_pod(|pod| ruled(pod).restarted("app", 5, 42, "Error"));
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["container app", "exit code 42", "5 times so far"]);
    let outcome = one_pod(|pod| ruled(pod).terminated("app", 42, "Error"));
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["exit code 42"]);
    let outcome = one_pod(|pod| ruled(pod).restarted("app", 5, 137, "OOMKilled"));
    assert_says(&outcome, Verdict::Failed, Code::OomKilled, &["container app"]);
}

#[test]
fn max_restarts_holds_for_rules_too() {
    let mut plan = plan();
    plan.max_restarts = 2;
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    story.at(1.0).pod(ruled(pod(&set, "a")).restarted("app", 2, 42, "Error")).still_open();
    story.at(4.0).pod(ruled(pod(&set, "a")).restarted("app", 3, 42, "Error"));
    assert_says(story.ended().unwrap(), Verdict::Failed, Code::CrashLoop, &["3 times so far"]);
}

#[test]
fn an_end_that_no_rule_restarts_leaves_the_decision_to_the_pod() {
    // Two containers: the pod lives on without the first, and is never ready.
    let outcome = one_pod(|mut pod| {
        pod.containers.push(container("second", Role::App));
        ruled(pod).terminated("app", 1, "Error")
    });
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["container app", "exit code 1"]);
    // The only one: the pod ends with it, and is replaced.
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(ruled(pod(&set, "a"))).at(3.0).pod(ruled(pod(&set, "a")).over(Phase::Failed, 1));
    assert_says(story.ended().unwrap(), Verdict::Failed, Code::PodFailed, &["container app ended with exit code 1"]);
}

#[test]
fn an_init_container_that_its_own_policy_lets_fail_fails_all_the_same() {
    let outcome = one_pod(|mut pod| {
        let mut init = container("migrate", Role::Init);
        init.restart_policy = Some(RestartPolicy::Never);
        pod.containers.insert(0, init);
        pod.terminated("migrate", 3, "Error")
    });
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["init container migrate", "exit code 3"]);
}
