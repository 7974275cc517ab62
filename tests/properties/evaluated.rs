//! Random namespaces with owners of every kind, in which everything changes: what a gate evaluates fact by fact is what it
//! would evaluate from scratch, after every single fact.

use std::collections::BTreeMap;
use std::time::Duration;

use crashgate::gate::model::{
    ClusterEvent, ControllerRef, Detail, JobEnd, Node, Object, Phase, Pod, Source, Trouble, TroubleKind, Workload,
    WorkloadKind,
};
use crashgate::gate::spec::{Grace, MinReady, Pin, Plan};
use crashgate::gate::{Fact, Gate, Want};
use proptest::prelude::*;

use super::cases;
use crate::scenario::objects::{Bend, bare_pod, daemon_set, deployment, job, pod, replica_set, stateful_set};
use crate::scenario::plan;

const PODS: usize = 7;
const NODES: [&str; 3] = ["node0", "node1", "node2"];

/// A workload of the namespace; several of them share an owner.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Which {
    Deployment,
    /// Its `ReplicaSet` of this version.
    Set(&'static str),
    StatefulSet,
    /// A `DaemonSet` whose pods carry a generation, or none.
    DaemonSet {
        numbered: bool,
    },
    /// One of two `ReplicaSet`s of a custom resource.
    OfRollout(usize),
    Job {
        hook: bool,
    },
}

const ALL: [Which; 10] = [
    Which::Deployment,
    Which::Set("v2"),
    Which::Set("v3"),
    Which::StatefulSet,
    Which::DaemonSet { numbered: true },
    Which::DaemonSet { numbered: false },
    Which::OfRollout(0),
    Which::OfRollout(1),
    Which::Job { hook: false },
    Which::Job { hook: true },
];

/// What a pod is like.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Ready,
    Unready,
    Creating,
    NoImage,
    Crashed,
    Deleting,
    Evicted,
    Failed,
    Succeeded,
    /// Its node was lost, by its own status.
    Lost,
    Unschedulable,
}

const SHAPES: [Shape; 11] = [
    Shape::Ready,
    Shape::Unready,
    Shape::Creating,
    Shape::NoImage,
    Shape::Crashed,
    Shape::Deleting,
    Shape::Evicted,
    Shape::Failed,
    Shape::Succeeded,
    Shape::Lost,
    Shape::Unschedulable,
];

#[derive(Debug, Clone, Copy)]
enum Step {
    /// A workload comes or changes; the numbers bend what it says.
    Put {
        which: Which,
        gated: bool,
        replicas: u32,
        number: u32,
    },
    /// A workload is gone.
    Remove(Which),
    /// A pod comes or changes: of this workload, or of nobody.
    Pod {
        number: usize,
        of: Option<Which>,
        shape: Shape,
        node: usize,
        bend: u8,
    },
    PodGone(usize),
    Node {
        number: usize,
        ready: Option<bool>,
    },
    /// Something is said about a workload or a pod.
    Say {
        of: Which,
        pod: usize,
        reason: usize,
    },
    Denied(WorkloadKind),
    Lost(Source),
    Listed(Source),
    /// Time passes, in tenths of a second.
    Wait(u16),
}

fn step() -> impl Strategy<Value = Step> {
    let which = || prop::sample::select(ALL.to_vec());
    let kind = || prop::sample::select(WorkloadKind::ALL.to_vec());
    let source = || {
        let kinds = WorkloadKind::ALL.into_iter().map(Source::Workloads);
        prop::sample::select(kinds.chain([Source::Pods, Source::Pods]).collect::<Vec<_>>())
    };
    let of = prop_oneof![8 => which().prop_map(Some), 1 => Just(None)];
    prop_oneof![
        6 => (which(), prop::bool::weighted(0.8), 0_u32..4, 0_u32..3)
            .prop_map(|(which, gated, replicas, number)| Step::Put { which, gated, replicas, number }),
        1 => which().prop_map(Step::Remove),
        12 => (0..PODS, of, prop::sample::select(SHAPES.to_vec()), 0..NODES.len(), any::<u8>())
            .prop_map(|(number, of, shape, node, bend)| Step::Pod { number, of, shape, node, bend }),
        3 => (0..PODS).prop_map(Step::PodGone),
        2 => (0..NODES.len(), prop::sample::select(vec![Some(true), Some(false), None]))
            .prop_map(|(number, ready)| Step::Node { number, ready }),
        2 => (which(), 0..PODS, 0_usize..5).prop_map(|(of, pod, reason)| Step::Say { of, pod, reason }),
        1 => kind().prop_map(Step::Denied),
        1 => source().prop_map(Step::Lost),
        2 => source().prop_map(Step::Listed),
        2 => (1_u16..100).prop_map(Step::Wait),
    ]
}

/// Plans that differ in what a group is asked for.
fn plans() -> impl Strategy<Value = Plan> {
    let pin = prop::sample::select(vec![
        None,
        None,
        None,
        Some((WorkloadKind::Deployment, "web")),
        Some((WorkloadKind::DaemonSet, "agent")),
        Some((WorkloadKind::StatefulSet, "db")),
        Some((WorkloadKind::ReplicaSet, "rollout-0")),
        Some((WorkloadKind::Job, "migrate")),
    ]);
    let min_ready = prop::sample::select(vec![None, None, Some(MinReady::Percent(50)), Some(MinReady::Count(1))]);
    let replicas = prop::sample::select(vec![None, None, Some(2)]);
    (pin, min_ready, replicas, 0_u32..4).prop_map(|(pin, min_ready, replicas, max_restarts)| {
        let mut plan = plan();
        plan.workload = pin.map(|(kind, name)| Pin { kind, name: name.to_owned() });
        (plan.min_ready, plan.replicas, plan.max_restarts) = (min_ready, replicas, max_restarts * 3);
        plan.wait_period = Duration::from_mins(30);
        plan.stable_for = Duration::from_mins(2);
        plan.grace = Grace::ALL.into_iter().map(|grace| (grace, Duration::from_mins(25))).collect();
        plan
    })
}

struct World {
    gate: Gate,
    plan: Plan,
    now: Duration,
    workloads: BTreeMap<String, Workload>,
    pods: BTreeMap<String, Pod>,
    stamps: u32,
}

impl World {
    fn new(plan: Plan) -> Self {
        let mut world = Self {
            gate: Gate::new(plan.clone()),
            plan,
            now: Duration::ZERO,
            workloads: BTreeMap::new(),
            pods: BTreeMap::new(),
            stamps: 0,
        };
        world.list_all();
        world
    }

    fn list_all(&mut self) {
        for source in WorkloadKind::ALL.into_iter().map(Source::Workloads).chain([Source::Events, Source::Pods]) {
            self.list(source);
        }
    }

    fn list(&mut self, source: Source) {
        let workloads = self.workloads.values().filter(|workload| source == Source::Workloads(workload.kind));
        let mut objects: Vec<Object> = workloads.cloned().map(|object| Object::Workload(object.into())).collect();
        if source == Source::Pods {
            objects = self.pods.values().cloned().map(|object| Object::Pod(object.into())).collect();
        }
        self.tell(Fact::Listed { source, objects });
    }

    /// Tells a fact, holds the evaluation against one from scratch, and answers what is asked. A gate that has decided is
    /// followed by another, in an empty namespace.
    fn tell(&mut self, fact: Fact) {
        self.gate.observe(self.now, fact);
        self.check();
        while let Want::Confirmation { .. } = self.gate.want() {
            let owners = self.workloads.values().cloned().collect();
            let pods = self.pods.values().cloned().collect();
            self.gate.observe(self.now, Fact::Confirmed { pods, owners, kinds: WorkloadKind::ALL.to_vec() });
            self.check();
        }
        if self.gate.outcome().is_some() {
            self.gate = Gate::new(self.plan.clone());
            self.now = Duration::ZERO;
            self.workloads.clear();
            self.pods.clear();
            self.list_all();
        }
    }

    fn check(&self) {
        let checked = self.gate.check();
        assert!(checked.is_ok(), "{checked:?}");
    }

    fn make(&mut self, which: Which, gated: bool, replicas: u32, number: u32) -> Workload {
        let version = if gated { "v2" } else { "v3" };
        self.stamps += 1;
        let mut made = match which {
            Which::Deployment => deployment("web", version, replicas),
            Which::Set(version) => replica_set(&deployment("web", version, replicas)),
            Which::StatefulSet => stateful_set("db", version, replicas),
            Which::DaemonSet { numbered: true } => daemon_set("agent", version, replicas),
            Which::DaemonSet { numbered: false } => daemon_set("other", version, replicas),
            Which::OfRollout(number) => {
                let mut set = replica_set(&deployment(&format!("rollout-{number}"), version, replicas));
                set.uid = format!("rollout-set-{number}");
                set.name = format!("rollout-{number}");
                set.controller = Some(ControllerRef {
                    api_version: "v1".to_owned(),
                    kind: "Fleet".to_owned(),
                    name: "roll".to_owned(),
                    uid: "roll".to_owned(),
                });
                set
            }
            Which::Job { hook } => {
                let end = (number == 1).then_some(JobEnd::Complete);
                let mut made = job(if hook { "hook" } else { "migrate" }, version, end);
                made.hook = hook;
                made
            }
        };
        made.revision = Some(u64::from(number));
        made.updated = Some(replicas.saturating_sub(number % 2));
        made.generation = Some(i64::from(self.stamps));
        made.observed_generation = if number == 2 { Some(0) } else { made.generation };
        match &mut made.detail {
            Detail::StatefulSet { current_revision, partition, .. } if number == 1 => {
                *current_revision = Some("db-v1".to_owned());
                *partition = replicas / 2;
            }
            Detail::DaemonSet { template_generation, .. } => {
                *template_generation = (which == Which::DaemonSet { numbered: true }).then(|| number.to_string());
            }
            _ => {}
        }
        made
    }

    fn go(&mut self, step: Step) {
        match step {
            Step::Put { which, gated, replicas, number } => {
                let made = self.make(which, gated, replicas, number);
                self.workloads.insert(made.uid.clone(), made.clone());
                self.tell(Fact::Seen(Box::new(Object::Workload(made.into()))));
            }
            Step::Remove(which) => {
                let made = self.make(which, true, 1, 0);
                self.workloads.remove(&made.uid);
                self.tell(Fact::Gone { source: Source::Workloads(made.kind), uid: made.uid });
            }
            Step::Pod { number, of, shape, node, bend } => {
                let made = self.pod(number, of, shape, node, bend);
                self.pods.insert(made.uid.clone(), made.clone());
                self.tell(Fact::Seen(Box::new(Object::Pod(made.into()))));
            }
            Step::PodGone(number) => {
                let uid = format!("p{number}");
                self.pods.remove(&uid);
                self.tell(Fact::Gone { source: Source::Pods, uid });
            }
            Step::Node { number, ready } => {
                let name = NODES[number].to_owned();
                let node =
                    Node { uid: name.clone(), name, ready, message: None, troubles: Vec::new(), architecture: None };
                self.tell(Fact::Seen(Box::new(Object::Node(node.into()))));
            }
            Step::Say { of, pod, reason } => {
                let reasons = ["FailedCreate", "SuccessfulCreate", "FailedMount", "SandboxChanged", "Unhealthy"];
                self.stamps += 1;
                let about = if reason < 2 { self.make(of, true, 1, 0).uid } else { format!("p{pod}") };
                let event = ClusterEvent {
                    uid: format!("event-{}", self.stamps),
                    object_kind: String::new(),
                    object_name: String::new(),
                    object_uid: about,
                    container: None,
                    reason: reasons[reason].to_owned(),
                    message: "pods \"web-1\" is forbidden: exceeded quota: x, MountVolume.SetUp failed".to_owned(),
                    warning: true,
                    count: self.stamps,
                    last_seen: None,
                };
                self.tell(Fact::Seen(Box::new(Object::Event(event.into()))));
            }
            Step::Denied(kind) => {
                self.tell(Fact::Denied { source: Source::Workloads(kind), message: "forbidden".to_owned() });
            }
            Step::Lost(source) => {
                let trouble = Trouble { kind: TroubleKind::Stale, message: "lost".to_owned(), hopeless: false };
                self.tell(Fact::Lost { source, trouble });
            }
            Step::Listed(source) => self.list(source),
            Step::Wait(tenths) => {
                self.now += Duration::from_millis(u64::from(tenths) * 100);
                self.gate.advance(self.now);
                self.check();
            }
        }
    }

    fn pod(&mut self, number: usize, of: Option<Which>, shape: Shape, node: usize, bend: u8) -> Pod {
        let name = format!("p{number}");
        let mut made = match of {
            None => bare_pod(&name),
            Some(which) => {
                let owner = self.make(which, !bend.is_multiple_of(4), 1, u32::from(bend / 4 % 2));
                pod(&owner, &name)
            }
        };
        if of == Some(Which::DaemonSet { numbered: false }) {
            made.labels.remove("pod-template-generation");
            made.labels.insert("controller-revision-hash".to_owned(), format!("r{}", bend % 3));
        }
        made.node = Some(NODES[node].to_owned());
        made.hook = bend % 16 == 15;
        if bend % 16 == 14 {
            made.labels.insert("app".to_owned(), "other".to_owned());
        }
        if bend % 16 == 13 {
            "registry.example:5000/shop/web:v9".clone_into(&mut made.containers[0].image);
        }
        self.stamps += 1;
        let stamp = format!("t{}", if bend.is_multiple_of(2) { self.stamps } else { 0 });
        match shape {
            Shape::Ready => made.ready_since(&stamp),
            Shape::Unready => made.unready(),
            Shape::Creating => made.creating(),
            Shape::NoImage => made.waiting("app", "ErrImagePull", "not found"),
            Shape::Crashed => made.restarted("app", 1 + u32::from(bend % 2), 1, "Error"),
            Shape::Deleting => made.deleting(),
            Shape::Evicted => made.failed_by_node("Evicted"),
            Shape::Failed => made.over(Phase::Failed, 3),
            Shape::Succeeded => made.over(Phase::Succeeded, 0),
            Shape::Lost => {
                made.ready = made.ready.map(|ready| crashgate::gate::model::Condition {
                    status: false,
                    reason: None,
                    message: None,
                    ..ready
                });
                made
            }
            Shape::Unschedulable => made.unschedulable("0/3 nodes are available"),
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    /// What is kept up fact by fact is what an evaluation from scratch says: groups and their pods, how each stands, causes
    /// and when they count, what is lacking, what must be followed, what the stability window compares.
    #[test]
    fn what_is_evaluated_fact_by_fact_is_what_would_be_from_scratch(
        plan in plans(),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let mut world = World::new(plan);
        for step in steps {
            world.go(step);
        }
    }
}
