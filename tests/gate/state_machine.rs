//! The machine's own promises.

use crashgate::gate::model::{ClusterEvent, Object, Phase, Pod, Role, Source, WorkloadKind};
use crashgate::gate::result::{Code, Evidence, EvidenceKind, Fault, GateEvent, PodState, Verdict};
use crashgate::gate::{Fact, Want};

use super::{assert_says, seconds, web};
use crate::scenario::objects::{Bend, container, deployment, pod, replica_set};
use crate::scenario::{Scenario, lead, plan};

#[test]
fn a_pass_asks_for_its_owners_once() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).at(10.9);
    assert_eq!(story.gate.want(), Want::Nothing);
    let mut gate = std::mem::replace(&mut story.gate, crashgate::gate::Gate::new(plan()));
    gate.advance(seconds(11));
    let Want::Confirmation { owners, ticket } = gate.want() else { panic!("a question") };
    assert_eq!(owners, [(WorkloadKind::Deployment, "web".to_owned())]);
    gate.advance(seconds(12));
    assert_eq!(gate.want(), Want::Confirmation { owners, ticket }, "the same question");
    assert!(gate.wake_at().is_some());
    gate.observe(
        seconds(12),
        Fact::Confirmed {
            pods: vec![pod(&set, "a").unready()],
            owners: vec![deployment("web", "v2", 1)],
            kinds: vec![],
        },
    );
    assert_eq!((gate.outcome(), gate.want()), (None, Want::Nothing), "the fresh read disagrees");
}

#[test]
fn what_is_not_asked_is_no_answer() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a"));
    story.tell(Fact::Confirmed { pods: vec![pod(&set, "a")], owners: vec![deployment("web", "v2", 1)], kinds: vec![] });
    story.at(2.0).still_open();
}

#[test]
fn an_interruption_keeps_what_is_known() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").waiting("app", "CreateContainerConfigError", "secret \"s\" not found")).at(5.0);
    story.gate.end(seconds(5), Verdict::Interrupted);
    let outcome = story.ended().unwrap();
    assert_eq!(
        (outcome.verdict, outcome.decided_after, outcome.findings[0].code),
        (Verdict::Interrupted, seconds(5), Code::ConfigMissing)
    );
    story.gate.end(seconds(6), Verdict::Terminated);
    assert_eq!(story.ended().unwrap().verdict, Verdict::Interrupted, "decided once");
    assert_eq!(story.gate.wake_at(), None);
    let evidence = Evidence { kind: EvidenceKind::Log, text: "x".to_owned() };
    story.gate.attach(0, vec![evidence.clone()]);
    assert_eq!(story.ended().unwrap().findings[0].evidence.last(), Some(&evidence));
}

#[test]
fn the_events_tell_the_story() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").unready()).at(2.0).pod(pod(&set, "a")).at(3.0).goes_dark().at(4.0).list_all();
    story.at(5.0).pod(pod(&set, "a").terminated("app", 1, "Error"));
    let told: Vec<_> = story.gate.take_events().into_iter().map(|(at, event)| (at.as_secs(), event)).collect();
    let pod = || "a".to_owned();
    for expected in [
        (1, GateEvent::PodAppeared { pod: pod() }),
        (1, GateEvent::PodState { pod: pod(), state: PodState::NotReady }),
        (2, GateEvent::PodState { pod: pod(), state: PodState::Ready }),
        (2, GateEvent::Progress { ready: 1, wanted: Some(1) }),
        (2, GateEvent::WindowOpened { until: seconds(12) }),
        (3, GateEvent::Trouble { source: Source::Pods, message: "the pods cannot be read".to_owned() }),
        (4, GateEvent::Recovered { source: Source::Pods }),
        (
            5,
            GateEvent::Crash {
                pod: pod(),
                container: "app".to_owned(),
                role: Role::App,
                how: "exit code 1".to_owned(),
                crashes: 1,
                allowed: 0,
            },
        ),
        (
            5,
            GateEvent::PodState {
                pod: pod(),
                state: PodState::ContainerEnded { container: "app".to_owned(), how: "exit code 1".to_owned() },
            },
        ),
        (5, GateEvent::Decided { verdict: Verdict::Failed }),
    ] {
        assert!(told.contains(&expected), "{expected:?} in {told:#?}");
    }
    assert!(story.gate.take_events().is_empty());
    let states: Vec<_> =
        story.ended().unwrap().pods.iter().map(|pod| (pod.name.as_str(), pod.state.to_string(), pod.ready)).collect();
    assert_eq!(states, [("a", "app ended: exit code 1".to_owned(), false)]);
}

#[test]
fn what_a_pod_is_doing_is_said_in_a_few_words() {
    let state = |bend: fn(Pod) -> Pod| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        story.pod(bend(pod(&set, "a")));
        let told = story.gate.take_events().into_iter().find_map(|(_, event)| match event {
            GateEvent::PodState { state, .. } => Some(state.to_string()),
            _ => None,
        });
        told.unwrap()
    };
    assert_eq!(state(|pod| pod), "ready");
    assert_eq!(state(Bend::unready), "running, not ready");
    assert_eq!(state(Bend::creating), "starting");
    assert_eq!(state(|pod| pod.unschedulable("x")), "Unschedulable");
    assert_eq!(state(Bend::deleting), "terminating");
    assert_eq!(state(|pod| pod.waiting("app", "ErrImagePull", "")), "app: ErrImagePull");
    assert_eq!(state(|pod| pod.failed_by_node("Evicted")), "evicted by its node (pressure or shutdown)");
    assert_eq!(
        state(|mut pod| {
            pod.phase = Some(Phase::Succeeded);
            pod
        }),
        "succeeded"
    );
    assert_eq!(
        state(|mut pod| {
            pod.phase = Some(Phase::Failed);
            pod.reason = Some("DeadlineExceeded".to_owned());
            pod
        }),
        "failed: DeadlineExceeded"
    );
    assert_eq!(
        state(|mut pod| {
            pod = pod.creating();
            pod.node = None;
            pod.scheduled = None;
            pod
        }),
        "waiting for a node"
    );
    assert_eq!(
        state(|mut pod| {
            pod.containers.insert(0, container("m", Role::Init));
            pod.unready()
        }),
        "init container m runs"
    );
}

#[test]
fn faults_and_evidence_have_their_names_in_json() {
    use EvidenceKind::{Event, Log, Missing, Node, Probe, Status, TerminationMessage};
    let faults = [Fault::App, Fault::Platform, Fault::Outcome, Fault::Observation].map(Fault::name);
    assert_eq!(faults, ["app", "platform", "outcome", "observation"]);
    let kinds = [Log, TerminationMessage, Event, Probe, Node, Status, Missing].map(EvidenceKind::name);
    assert_eq!(kinds, ["log", "termination-message", "event", "probe", "node", "status", "missing"]);
}

#[test]
fn an_owner_that_the_fresh_read_does_not_find_is_gone_though_another_is_there() {
    let mut story = Scenario::new(plan());
    let (one, two) = (deployment("one", "v2", 1), deployment("two", "v2", 1));
    let sets = [replica_set(&one), replica_set(&two)];
    story.workload(one).workload(two).workload(sets[0].clone()).workload(sets[1].clone());
    story.at(1.0).pods([pod(&sets[0], "a"), pod(&sets[1], "b")]);
    // Deleted, and no watch has told it.
    story.workloads.remove("deployment-two");
    assert_says(&story.ends().clone(), Verdict::Superseded, Code::WorkloadDeleted, &["deployment/two"]);
}

#[test]
fn events_that_are_listed_after_the_decision_sharpen_it_as_those_of_a_watch_do() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").terminated("app", 137, "Error"));
    assert_eq!(lead(story.ended().unwrap()).code, Code::CrashLoop);
    let event = ClusterEvent {
        uid: "e".to_owned(),
        object_kind: "Pod".to_owned(),
        object_name: "a".to_owned(),
        object_uid: "a".to_owned(),
        container: Some("app".to_owned()),
        reason: "Killing".to_owned(),
        message: "Container app failed liveness probe, will be restarted".to_owned(),
        warning: false,
        count: 1,
        last_seen: None,
    };
    story.tell(Fact::Listed { source: Source::Events, objects: vec![Object::Event(event.into())] });
    assert_eq!(lead(story.ended().unwrap()).code, Code::LivenessProbeFailed);
}

#[test]
fn the_proof_is_complete_once_the_gate_is_concluded() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").unready()).event("a", Some("app"), "Odd", "the moon is full");
    story.at(2.0).pod(pod(&set, "a").terminated("app", 1, "Error"));
    let said = |story: &Scenario| {
        let evidence = &lead(story.ended().unwrap()).evidence;
        evidence.iter().any(|piece| piece.kind == EvidenceKind::Event && piece.text == "Odd: the moon is full")
    };
    assert!(!said(&story));
    story.gate.conclude();
    assert!(said(&story));
}

#[test]
fn only_a_log_is_read_as_one() {
    let says_wrong_format = |kind| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a").terminated("app", 1, "Error"));
        story.ends();
        story.gate.attach(0, vec![Evidence { kind, text: "exec /app: exec format error".to_owned() }]);
        lead(story.ended().unwrap()).message.contains("architecture")
    };
    assert!(says_wrong_format(EvidenceKind::Log));
    assert!(!says_wrong_format(EvidenceKind::Missing));
}
