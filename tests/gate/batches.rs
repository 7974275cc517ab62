//! Many facts at once: taken in together, decided as if they had been told one by one.

use std::time::Duration;

use crashgate::gate::model::{ClusterEvent, Object, Pod, Source, Trouble, TroubleKind, Workload, WorkloadKind};
use crashgate::gate::result::{GateEvent, Verdict};
use crashgate::gate::{Fact, Gate, Want};

use super::seconds;
use crate::scenario::objects::{Bend, deployment, pod, replica_set};
use crate::scenario::plan;

fn seen(pod: Pod) -> Fact {
    Fact::Seen(Box::new(Object::Pod(pod.into())))
}

fn listed(source: Source, objects: Vec<Object>) -> Fact {
    Fact::Listed { source, objects }
}

/// A gate that has listed a Deployment of so many pods, which are still to come, and the Deployment's `ReplicaSet`.
fn gate_of(replicas: u32) -> (Gate, Workload) {
    let web = deployment("web", "v2", replicas);
    let set = replica_set(&web);
    let mut gate = Gate::new(plan());
    for kind in WorkloadKind::ALL {
        let of_kind = [&web, &set].into_iter().filter(|workload| workload.kind == kind).cloned();
        gate.observe(
            Duration::ZERO,
            listed(Source::Workloads(kind), of_kind.map(|object| Object::Workload(object.into())).collect()),
        );
    }
    gate.observe(Duration::ZERO, listed(Source::Events, vec![]));
    gate.observe(Duration::ZERO, listed(Source::Pods, vec![]));
    gate.take_events();
    (gate, set)
}

#[test]
fn objects_of_one_moment_are_judged_once() {
    let facts = |set: &Workload| ["a", "b", "c"].map(|name| (seconds(1), seen(pod(set, name))));
    let progress = |gate: &mut Gate| {
        let events = gate.take_events().into_iter();
        events.filter(|(_, event)| matches!(event, GateEvent::Progress { .. })).collect::<Vec<_>>()
    };
    let (mut gate, set) = gate_of(3);
    gate.observe_all(facts(&set));
    assert_eq!(progress(&mut gate), [(seconds(1), GateEvent::Progress { ready: 3, wanted: Some(3) })]);
    let (mut gate, set) = gate_of(3);
    for (at, fact) in facts(&set) {
        gate.observe(at, fact);
    }
    assert_eq!(progress(&mut gate).len(), 3);
}

#[test]
fn what_was_told_before_the_end_of_the_wait_counts_although_it_is_taken_in_after_it() {
    let (mut gate, set) = gate_of(2);
    gate.observe_all([
        (seconds(15), seen(pod(&set, "a"))),
        (seconds(16), seen(pod(&set, "b"))),
        (seconds(90), seen(pod(&set, "b"))),
    ]);
    // The window of 10 s was full at 26 s, and what is asked then nobody answered.
    let outcome = gate.outcome().expect("its time is over");
    assert_eq!((outcome.verdict, outcome.ready), (Verdict::Inconclusive, 2), "{:?}", outcome.findings);
    assert!(outcome.findings[0].message.contains("confirming read"), "{:?}", outcome.findings);
}

#[test]
fn what_comes_due_between_two_facts_is_decided_by_what_was_known_then() {
    let (mut gate, set) = gate_of(1);
    let blocked = pod(&set, "a").waiting("app", "CreateContainerConfigError", "secret \"s\" not found");
    // The grace for configuration is 15 s.
    gate.observe_all([(seconds(1), seen(blocked)), (seconds(30), seen(pod(&set, "a")))]);
    let outcome = gate.outcome().expect("decided in between");
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Failed, seconds(16)));
}

#[test]
fn a_view_that_was_lost_and_is_back_at_the_same_moment_was_lost() {
    let (mut gate, set) = gate_of(1);
    gate.observe_all([(seconds(1), seen(pod(&set, "a"))), (seconds(1), seen(pod(&set, "b")))]);
    gate.take_events();
    let trouble = Trouble { kind: TroubleKind::Stale, message: "gone".to_owned(), hopeless: false };
    gate.observe_all([
        (seconds(5), Fact::Lost { source: Source::Pods, trouble }),
        (seconds(5), listed(Source::Pods, vec![Object::Pod(pod(&set, "b").into())])),
    ]);
    let broken = |(_, event): &(Duration, GateEvent)| matches!(event, GateEvent::WindowBroken { .. });
    assert!(gate.take_events().iter().any(broken), "a pod disappeared unseen");
    assert_eq!(gate.confirms_at(), Some(seconds(15)));
}

#[test]
fn a_pod_that_crashed_and_runs_again_at_the_same_moment_crashed() {
    let (mut gate, set) = gate_of(1);
    gate.observe(seconds(1), seen(pod(&set, "a")));
    gate.observe_all([
        (seconds(3), seen(pod(&set, "a").terminated("app", 1, "Error"))),
        (seconds(3), seen(pod(&set, "a").restarted("app", 1, 1, "Error"))),
    ]);
    assert_eq!(gate.outcome().map(|outcome| outcome.verdict), Some(Verdict::Failed));
}

#[test]
fn an_answer_among_other_facts_answers_what_was_asked_before_them() {
    let (mut gate, set) = gate_of(1);
    gate.observe(seconds(1), seen(pod(&set, "a")));
    gate.advance(seconds(11));
    assert!(matches!(gate.want(), Want::Confirmation { .. }));
    let answer =
        Fact::Confirmed { pods: vec![pod(&set, "a")], owners: vec![deployment("web", "v2", 1)], kinds: vec![] };
    gate.observe_all([(seconds(11), seen(pod(&set, "a").unready())), (seconds(11), answer)]);
    assert_eq!(gate.outcome(), None, "the question was withdrawn by what came before the answer");
}

#[test]
fn what_was_said_of_a_pod_that_is_there_outlives_a_flood_of_words_about_others() {
    let (mut gate, set) = gate_of(1);
    let say = |about: &str, number: usize| {
        let event = ClusterEvent {
            uid: format!("{about}-{number}"),
            object_kind: "Pod".to_owned(),
            object_name: about.to_owned(),
            object_uid: about.to_owned(),
            container: None,
            reason: "FailedMount".to_owned(),
            message: "MountVolume.SetUp failed for volume \"config\" : configmap \"web\" not found".to_owned(),
            warning: true,
            count: 1,
            last_seen: None,
        };
        (seconds(1), Fact::Seen(Box::new(Object::Event(event.into()))))
    };
    gate.observe(seconds(1), seen(pod(&set, "a").creating()));
    gate.observe_all([say("a", 0)]);
    gate.observe_all((0..20_000).map(|number| say(&format!("another-{number}"), number)));
    let mut again = pod(&set, "a").creating();
    again.labels.insert("changed".to_owned(), "yes".to_owned());
    gate.observe_all([(seconds(2), seen(again))]);
    gate.advance(seconds(20));
    let outcome = gate.outcome().expect("the grace for configuration is over");
    assert_eq!(outcome.verdict, Verdict::Failed, "{:?}", outcome.findings);
    assert!(
        outcome.findings[0].message.contains("config map web") || outcome.findings[0].message.contains("ConfigMap web"),
        "{:?}",
        outcome.findings
    );
}
