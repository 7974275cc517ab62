//! Pods whose status contradicts itself.

use crashgate::gate::model::{ContainerState, Phase, Pod, Role};
use crashgate::gate::result::{Code, Verdict};

use crate::gate::{assert_says, one_pod};
use crate::scenario::objects::{Bend, container};

/// How a pod ends of which one container's status is bent, while its condition Ready says True.
fn with(bend: impl Fn(&mut Pod)) -> (Verdict, Code, String) {
    let outcome = one_pod(|mut pod| {
        bend(&mut pod);
        pod
    });
    let lead = outcome.findings.first();
    let code = lead.map_or(Code::NothingMatched, |lead| lead.code);
    (outcome.verdict, code, lead.map_or_else(String::new, |lead| lead.message.clone()))
}

type Bent<'a> = &'a dyn Fn(&mut Pod);

#[test]
fn a_ready_condition_that_the_rest_of_the_status_contradicts_proves_nothing() {
    let status = |pod: &mut Pod, bend: fn(&mut crashgate::gate::model::ContainerStatus)| {
        bend(pod.containers[0].status.as_mut().unwrap());
    };
    let bends: [(&str, Bent<'_>); 8] = [
        ("phase Pending", &|pod| pod.phase = Some(Phase::Pending)),
        ("phase Unknown", &|pod| pod.phase = Some(Phase::Unknown)),
        ("no phase", &|pod| pod.phase = None),
        ("a container that is not ready", &|pod| status(pod, |status| status.ready = false)),
        ("a container that waits", &|pod| {
            status(pod, |status| status.state = ContainerState::Waiting { reason: None, message: None });
        }),
        ("a container without a state", &|pod| status(pod, |status| status.state = ContainerState::Unknown)),
        ("a container without a status", &|pod| pod.containers[0].status = None),
        ("one of two containers without a status", &|pod| {
            let mut second = container("second", Role::App);
            second.status = None;
            pod.containers.push(second);
        }),
    ];
    for (what, bend) in bends {
        let (verdict, code, message) = with(bend);
        assert_eq!((verdict, code), (Verdict::TimedOut, Code::NotReady), "{what}: {message}");
    }
    let (verdict, ..) = with(|pod| {
        let mut sidecar = container("proxy", Role::Sidecar);
        sidecar.status.as_mut().unwrap().ready = false;
        pod.containers.insert(0, sidecar);
    });
    assert_eq!(verdict, Verdict::TimedOut, "a sidecar that is not ready");
    let (verdict, ..) = with(|pod| {
        let init = container("migrate", Role::Init);
        pod.containers.insert(0, init);
        let ready = pod.ready.clone();
        *pod = pod.clone().terminated("migrate", 0, "Completed");
        pod.ready = ready;
    });
    assert_eq!(verdict, Verdict::Healthy, "an init container that is done is not ready, and need not be");
}

#[test]
fn the_contradiction_is_told() {
    let outcome = one_pod(|mut pod| {
        pod.containers[0].status.as_mut().unwrap().ready = false;
        pod
    });
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["container app", "although", "Ready is True"]);
    let outcome = one_pod(|mut pod| {
        pod.phase = Some(Phase::Pending);
        pod
    });
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["phase is Pending", "Ready is True"]);
}

#[test]
fn restart_counts_at_the_end_of_their_type_fail_and_do_not_overflow() {
    let outcome = one_pod(|mut pod| {
        pod.containers.push(container("second", Role::App));
        pod.restarted("app", u32::MAX, 1, "Error").restarted("second", u32::MAX, 1, "Error")
    });
    assert_says(&outcome, Verdict::Failed, Code::CrashLoop, &["container app", "4294967295 times"]);
    assert_eq!(outcome.pods[0].restarts, u32::MAX);
    let down = one_pod(|pod| pod.restarted("app", u32::MAX, 1, "Error").terminated("app", 1, "Error"));
    assert_says(&down, Verdict::Failed, Code::CrashLoop, &["4294967295 times"]);
}
