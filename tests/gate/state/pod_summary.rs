//! A pod at one glance: what the live view shows of it.

use crashgate::gate::model::{Phase, Pod, Probe, Role};
use crashgate::gate::result::{GateEvent, PodGlance};

use crate::gate::web;
use crate::scenario::objects::{Bend, container, pod, readiness_probe};
use crate::scenario::{Scenario, plan};

fn glance(bend: impl FnOnce(Pod) -> Pod) -> PodGlance {
    let mut plan = plan();
    plan.max_restarts = 9;
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    story.pod(bend(pod(&set, "a")));
    let told = story.gate.take_events().into_iter().find_map(|(_, event)| match event {
        GateEvent::PodGlance(glance) => Some(*glance),
        _ => None,
    });
    told.unwrap()
}

fn waits_for(bend: impl FnOnce(Pod) -> Pod) -> Option<String> {
    glance(bend).waits_for
}

fn asking(asks: &str) -> Probe {
    Probe { asks: asks.to_owned(), ..readiness_probe() }
}

/// Running, not ready, with both probes.
fn probed(mut pod: Pod, started: bool) -> Pod {
    pod.containers[0].probes.startup = Some(asking("GET /started"));
    pod.containers[0].probes.readiness = Some(asking("GET /ready"));
    pod.containers[0].status.as_mut().unwrap().started = Some(started);
    pod.unready()
}

#[test]
fn a_pod_waits_for_the_probe_whose_turn_it_is() {
    assert_eq!(waits_for(|pod| probed(pod, false)).as_deref(), Some("startup probe: GET /started"));
    assert_eq!(waits_for(|pod| probed(pod, true)).as_deref(), Some("readiness probe: GET /ready"));
    assert_eq!(waits_for(Bend::unready), None, "no probe says what");
    assert_eq!(waits_for(|pod| pod), None, "it is ready");
}

#[test]
fn of_several_containers_it_waits_for_the_one_that_is_not_ready() {
    let words = waits_for(|mut pod| {
        pod.containers[0].probes.readiness = Some(asking("GET /one"));
        pod.containers.push(container("two", Role::App));
        pod.containers[1].probes.readiness = Some(asking("GET /two"));
        pod = pod.unready();
        pod.containers[0].status.as_mut().unwrap().ready = true;
        pod
    });
    assert_eq!(words.as_deref(), Some("readiness probe: GET /two"));
}

#[test]
fn what_has_ended_or_is_ending_waits_for_nothing() {
    assert_eq!(waits_for(|pod| probed(pod, true).deleting()), None);
    for phase in [Phase::Succeeded, Phase::Failed] {
        let words = waits_for(|pod| {
            let mut pod = probed(pod, true);
            pod.phase = Some(phase);
            pod
        });
        assert_eq!(words, None, "{phase}");
    }
}

#[test]
fn a_pod_waits_for_a_node_for_its_init_container_or_for_what_is_wrong() {
    let no_node = waits_for(|pod| {
        let mut pod = pod.creating();
        (pod.node, pod.scheduled) = (None, None);
        pod
    });
    assert_eq!(no_node.as_deref(), Some("a node"));
    let init = waits_for(|mut pod| {
        pod.containers.insert(0, container("migrate", Role::Init));
        probed_last(pod)
    });
    assert_eq!(init.as_deref(), Some("its end"));
    let wrong = waits_for(|pod| pod.waiting("app", "CreateContainerConfigError", "secret \"db\" not found"));
    assert_eq!(wrong.as_deref(), Some("container app needs Secret db, which does not exist"));
    assert_eq!(waits_for(Bend::creating), None, "its state says so itself");
}

/// The last container has a readiness probe that does not succeed.
fn probed_last(mut pod: Pod) -> Pod {
    pod.containers.last_mut().unwrap().probes.readiness = Some(asking("GET /ready"));
    pod.unready()
}

#[test]
fn an_init_container_that_is_not_at_work_is_not_waited_for() {
    let words = waits_for(|mut pod| {
        pod.containers.insert(0, container("migrate", Role::Init));
        let mut pod = pod.terminated("migrate", 0, "Completed");
        pod.containers[0].status.as_mut().unwrap().ready = true;
        probed_last(pod)
    });
    assert_eq!(words.as_deref(), Some("readiness probe: GET /ready"));
}

#[test]
fn containers_are_counted_without_those_that_only_begin() {
    let seen = glance(|mut pod| {
        pod.containers.insert(0, container("migrate", Role::Init));
        pod.containers.push(container("proxy", Role::Sidecar));
        pod.containers[2].status.as_mut().unwrap().ready = false;
        pod.restarted("app", 2, 1, "Error")
    });
    assert_eq!((seen.containers_ready, seen.containers, seen.restarts), (1, 2, 2));
    assert!(!seen.troubled, "two crashes are allowed here");
    assert!(glance(|pod| pod.waiting("app", "ErrImagePull", "not found")).troubled);
}

#[test]
fn an_end_is_told_unless_it_is_that_of_an_init_container_that_succeeded() {
    assert_eq!(glance(|pod| pod.terminated("app", 0, "Completed")).state.to_string(), "app ended: exit code 0");
    let failed = glance(|mut pod| {
        pod.containers.insert(0, container("migrate", Role::Init));
        pod.terminated("migrate", 3, "Error")
    });
    assert_eq!(failed.state.to_string(), "migrate ended: exit code 3");
}
