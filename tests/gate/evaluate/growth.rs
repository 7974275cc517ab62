//! One fact costs the same however many pods there are.

use std::time::Duration;

use crashgate::gate::model::{ClusterEvent, Node, Object, Pod, Source, Workload, WorkloadKind};
use crashgate::gate::spec::{Grace, Plan};
use crashgate::gate::{Fact, Gate};

use crate::scenario::objects::{Bend, deployment, pod, replica_set};
use crate::scenario::plan;

/// A gate that has listed a Deployment with so many pods, of which each node holds two.
fn gate_of(pods: usize, bend: fn(Pod) -> Pod) -> (Gate, Workload, Workload) {
    let patient = Plan { grace: [(Grace::ImagePull, Duration::from_hours(1))].into(), ..plan() };
    let mut gate = Gate::new(patient);
    let web = deployment("web", "v2", u32::try_from(pods).unwrap());
    let set = replica_set(&web);
    for kind in WorkloadKind::ALL {
        let of_kind = [&web, &set].into_iter().filter(|workload| workload.kind == kind).cloned();
        let objects = of_kind.map(|object| Object::Workload(object.into())).collect();
        gate.observe(Duration::ZERO, Fact::Listed { source: Source::Workloads(kind), objects });
    }
    let objects = (0..pods).map(|number| Object::Pod(bend(numbered(&set, number)).into())).collect();
    gate.observe(Duration::ZERO, Fact::Listed { source: Source::Pods, objects });
    (gate, web, set)
}

fn numbered(set: &Workload, number: usize) -> Pod {
    let mut made = pod(set, &format!("pod-{number}"));
    made.node = Some(format!("node-{}", number / 2));
    made
}

fn seen(object: Object) -> Fact {
    Fact::Seen(Box::new(object))
}

fn said(about: &str, reason: &str) -> Fact {
    seen(Object::Event(
        ClusterEvent {
            uid: format!("{about}-{reason}"),
            object_kind: String::new(),
            object_name: String::new(),
            object_uid: about.to_owned(),
            container: None,
            reason: reason.to_owned(),
            message: "no".to_owned(),
            warning: true,
            count: 1,
            last_seen: None,
        }
        .into(),
    ))
}

/// How many pods are evaluated for each of many facts, one after the other.
fn evaluations(pods: usize, bend: fn(Pod) -> Pod) -> Vec<(&'static str, u64)> {
    let (mut gate, web, set) = gate_of(pods, bend);
    let mut changed = bend(numbered(&set, 3));
    changed.message = Some("changed".to_owned());
    let node = Node {
        name: "node-6".to_owned(),
        uid: "n".to_owned(),
        ready: Some(false),
        message: None,
        troubles: Vec::new(),
        architecture: None,
    };
    let facts = [
        ("a pod changes", seen(Object::Pod(changed.into()))),
        ("a pod is not ready", seen(Object::Pod(numbered(&set, 4).unready().into()))),
        ("a pod is on its way out", seen(Object::Pod(numbered(&set, 4).deleting().into()))),
        ("a pod is gone", Fact::Gone { source: Source::Pods, uid: "pod-4".to_owned() }),
        ("a pod comes", seen(Object::Pod(numbered(&set, pods + 10).into()))),
        ("a pod is told again", seen(Object::Pod(numbered(&set, pods + 10).into()))),
        ("a probe fails", said("pod-5", "Unhealthy")),
        ("pods are refused", said(&set.uid, "FailedCreate")),
        ("something is said about another app", said("stranger", "FailedMount")),
        ("the Deployment counts", seen(Object::Workload(Workload { updated: Some(1), ..web.clone() }.into()))),
        ("the ReplicaSet counts", seen(Object::Workload(Workload { available: Some(1), ..set.clone() }.into()))),
        ("another app's workload changes", seen(Object::Workload(deployment("other", "v1", 3).into()))),
        ("a node does not answer", seen(Object::Node(node.into()))),
    ];
    facts
        .into_iter()
        .map(|(name, fact)| {
            let before = gate.evaluations();
            gate.observe(Duration::from_secs(1), fact);
            assert_eq!(gate.outcome(), None, "{name}");
            (name, gate.evaluations() - before)
        })
        .collect()
}

#[test]
fn a_fact_is_about_as_many_pods_among_two_thousand_as_among_twenty() {
    for bend in [|pod: Pod| pod, |pod: Pod| pod.waiting("app", "ErrImagePull", "not found")] {
        let (few, many) = (evaluations(20, bend), evaluations(2_000, bend));
        assert_eq!(few, many);
        for (name, count) in few {
            // The first Ready pod of a node tells of the node's other pod that its node did answer.
            let expected = match name {
                "a node does not answer" => 2..=2,
                "a pod is told again" => 0..=0,
                "a pod is on its way out" => 1..=2,
                _ if name.starts_with("a p") => 1..=1,
                _ => 0..=0,
            };
            assert!(expected.contains(&count), "{name}: {count}");
        }
    }
}

#[test]
fn a_list_of_many_pods_evaluates_each_once() {
    let (gate, ..) = gate_of(500, |pod| pod);
    assert_eq!(gate.evaluations(), 500);
}

#[test]
fn a_new_newest_replica_set_is_about_the_pods_of_both_and_of_no_other() {
    let (mut gate, web, set) = gate_of(20, |pod| pod);
    let other = deployment("web-2", "v2", 1);
    let other_set = replica_set(&other);
    for workload in [&other, &other_set] {
        gate.observe(Duration::ZERO, seen(Object::Workload(workload.clone().into())));
    }
    for number in 0..10 {
        gate.observe(Duration::ZERO, seen(Object::Pod(pod(&other_set, &format!("other-{number}")).into())));
    }
    let before = gate.evaluations();
    let mut newer = Workload { revision: Some(7), ..set.clone() };
    newer.uid = "newer".to_owned();
    gate.observe(Duration::ZERO, seen(Object::Workload(newer.into())));
    assert_eq!(gate.evaluations() - before, 20, "those of the set that is not the newest any more");
    let before = gate.evaluations();
    gate.observe(Duration::ZERO, seen(Object::Workload(Workload { available: Some(0), ..web }.into())));
    assert_eq!(gate.evaluations() - before, 0, "nothing that their place rests on");
}
