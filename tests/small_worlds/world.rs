//! A cluster with one Deployment and two pods, known whole, and the gate that watches it.

use std::time::Duration;

use crashgate::gate::model::{Object, Pod, ResourceVersion, Source, Trouble, TroubleKind, Workload, WorkloadKind};
use crashgate::gate::spec::Plan;
use crashgate::gate::{Fact, Gate, Want};

use crate::scenario::objects::{Bend, deployment, pod, replica_set};

const NAMES: [&str; 2] = ["a", "b"];
const STEP: Duration = Duration::from_secs(1);

/// How long all must be well.
pub const STABLE: Duration = Duration::from_secs(2);
/// How long the gate waits.
pub const WAIT: Duration = Duration::from_secs(5);

/// What happens: in the cluster, between it and the gate, or in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A second passes.
    Step,
    /// A pod is Ready, anew where it was not there.
    Ready(usize),
    /// A pod that is there is not Ready any more.
    Unready(usize),
    /// The container of a pod ends and is started again.
    Crash(usize),
    /// A pod is deleted.
    PodDeleted(usize),
    /// The Deployment is deleted.
    OwnerDeleted,
    /// Another version is applied.
    Rollout,
    /// The gated version is applied again.
    Rollback,
    /// The pods cannot be watched any more.
    PodsLost,
    /// The Deployments cannot be watched any more.
    OwnersLost,
    /// All is listed as it is.
    Listed,
    /// The confirming read is answered as all is now.
    Answer,
    /// The confirming read is answered as all was when it was asked for.
    LateAnswer,
}

/// One pod, as it truly is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TruePod {
    /// Counts the pods of this name: each has its own UID.
    incarnation: u8,
    ready: bool,
    crashes: u8,
    version: u64,
    /// Since when it has been so.
    since: Duration,
}

/// The cluster as it truly is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cluster {
    pods: [Option<TruePod>; 2],
    /// The version that the Deployment asks for; `None` where it is deleted.
    owner: Option<(&'static str, u64)>,
    /// Counts every change.
    version: u64,
}

/// What has happened so far, as far as the oracle asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    pub now: Duration,
    /// Since when the cluster has been as the plan wants it, without a break.
    pub well_since: Option<Duration>,
    pub crashes: u8,
    pub losses: u8,
    pub rollouts: u8,
    pub owner_deletions: u8,
    pub late_answers: u8,
    pub pods_seen: bool,
    pub owners_seen: bool,
    /// A confirming read was asked for, and time passed before its answer.
    pub kept_waiting: bool,
    /// A pod went from Ready to not Ready so often.
    pub lost_ready: u8,
    /// When the data of the last answer was read.
    pub answered_as_of: Option<Duration>,
}

/// The cluster, the gate, and what stands between them.
#[derive(Debug, Clone)]
pub struct World {
    pub gate: Gate,
    cluster: Cluster,
    truth: Truth,
    /// Since when the Deployment asks for what it asks for.
    owner_since: Duration,
    facts: u8,
    steps: u8,
    incarnations: [u8; 2],
    /// The cluster as it was when the confirming read was asked for, with the question's number and the time.
    asked: Option<(u64, Cluster, Duration)>,
}

impl World {
    /// The Deployment is there and none of its pods.
    pub fn empty() -> Self {
        let mut plan = Plan::new("web", "v2", "shop");
        plan.delay = STEP;
        plan.stable_for = STABLE;
        plan.wait_period = WAIT;
        plan.max_restarts = 0;
        let mut world = Self {
            gate: Gate::new(plan),
            cluster: Cluster { pods: [None, None], owner: Some(("v2", 1)), version: 1 },
            truth: Truth {
                now: Duration::ZERO,
                well_since: None,
                crashes: 0,
                losses: 0,
                rollouts: 0,
                owner_deletions: 0,
                late_answers: 0,
                pods_seen: true,
                owners_seen: true,
                kept_waiting: false,
                lost_ready: 0,
                answered_as_of: None,
            },
            owner_since: Duration::ZERO,
            facts: 0,
            steps: 0,
            incarnations: [0; 2],
            asked: None,
        };
        world.list();
        world.settle();
        world
    }

    /// The Deployment is there, and both of its pods are Ready.
    pub fn ready() -> Self {
        let mut world = Self::empty();
        world.go(Action::Ready(0));
        world.go(Action::Ready(1));
        world.facts = 0;
        world
    }

    pub fn truth(&self) -> Truth {
        self.truth.clone()
    }

    /// What can happen now, within the limits of the search.
    pub fn actions(&self, facts: u8, steps: u8) -> Vec<Action> {
        let mut all = Vec::new();
        if self.steps < steps {
            all.push(Action::Step);
        }
        if self.asked.is_some() && self.is_seen() {
            all.push(Action::Answer);
        }
        if self.facts == facts {
            return all;
        }
        if self.asked.as_ref().is_some_and(|(_, then, _)| *then != self.cluster) && self.truth.late_answers == 0 {
            all.push(Action::LateAnswer);
        }
        for place in 0..NAMES.len() {
            match &self.cluster.pods[place] {
                Some(known) => {
                    all.push(if known.ready { Action::Unready(place) } else { Action::Ready(place) });
                    if self.truth.crashes == 0 {
                        all.push(Action::Crash(place));
                    }
                    if self.truth.owner_deletions + self.incarnations[place] < 2 {
                        all.push(Action::PodDeleted(place));
                    }
                }
                None if self.cluster.owner.is_some() => all.push(Action::Ready(place)),
                None => {}
            }
        }
        if self.cluster.owner.is_some_and(|(version, _)| version == "v2") {
            all.extend([Action::OwnerDeleted, Action::Rollout]);
        }
        if self.cluster.owner.is_some_and(|(version, _)| version == "v3") {
            all.push(Action::Rollback);
        }
        if self.truth.losses == 0 {
            all.extend([Action::PodsLost, Action::OwnersLost]);
        }
        if !self.is_seen() || self.truth.late_answers > 0 {
            all.push(Action::Listed);
        }
        all
    }

    fn is_seen(&self) -> bool {
        self.truth.pods_seen && self.truth.owners_seen
    }

    pub fn go(&mut self, action: Action) {
        self.facts += u8::from(!matches!(action, Action::Step | Action::Answer));
        match action {
            Action::Step => {
                self.steps += 1;
                self.truth.kept_waiting |= self.asked.is_some();
                self.truth.now += STEP;
                self.gate.advance(self.truth.now);
            }
            Action::Ready(place) => self.ready_pod(place),
            Action::Unready(place) => {
                self.truth.lost_ready += 1;
                self.change(place, |pod| pod.ready = false);
            }
            Action::Crash(place) => {
                self.truth.crashes += 1;
                self.change(place, |pod| pod.crashes += 1);
            }
            Action::PodDeleted(place) => {
                let uid = self.uid(place);
                self.cluster.version += 1;
                self.cluster.pods[place] = None;
                self.judge_truth();
                if self.truth.pods_seen {
                    self.tell(Fact::Gone { source: Source::Pods, uid });
                }
            }
            Action::OwnerDeleted => {
                self.truth.owner_deletions += 1;
                let uid = owner_of(&self.cluster).unwrap().uid;
                self.cluster.version += 1;
                self.cluster.owner = None;
                self.judge_truth();
                if self.truth.owners_seen {
                    self.tell(Fact::Gone { source: Source::Workloads(WorkloadKind::Deployment), uid });
                }
            }
            Action::Rollout => {
                self.truth.rollouts += 1;
                self.apply("v3");
            }
            Action::Rollback => self.apply("v2"),
            Action::PodsLost => {
                (self.truth.losses, self.truth.pods_seen) = (1, false);
                self.lose(Source::Pods);
            }
            Action::OwnersLost => {
                (self.truth.losses, self.truth.owners_seen) = (1, false);
                self.lose(Source::Workloads(WorkloadKind::Deployment));
            }
            Action::Listed => self.list(),
            Action::Answer => {
                self.truth.answered_as_of = Some(self.truth.now);
                let answer = answer(&self.cluster);
                self.tell(answer);
            }
            Action::LateAnswer => {
                self.truth.late_answers += 1;
                let (_, then, at) = self.asked.clone().unwrap();
                self.truth.answered_as_of = Some(at);
                let answer = answer(&then);
                self.tell(answer);
            }
        }
        self.settle();
    }

    /// Nothing more happens but time: what was lost is listed again, and every question is answered at once.
    pub fn run_out(&mut self) {
        self.list();
        self.settle();
        while self.gate.outcome().is_none() {
            if self.asked.is_some() {
                self.go(Action::Answer);
                continue;
            }
            let Some(at) = self.gate.wake_at() else { return };
            assert!(at > self.truth.now, "a deadline lies ahead");
            self.truth.now = at;
            self.gate.advance(at);
            self.settle();
        }
    }

    /// Nothing is told or answered any more, and time passes.
    pub fn run_out_in_the_dark(&mut self) {
        (self.truth.pods_seen, self.truth.owners_seen) = (false, false);
        self.truth.losses = 1;
        self.lose(Source::Pods);
        self.lose(Source::Workloads(WorkloadKind::Deployment));
        while let Some(at) = self.gate.wake_at() {
            assert!(at > self.truth.now, "a deadline lies ahead");
            self.truth.now = at;
            self.gate.advance(at);
        }
    }

    fn apply(&mut self, version: &'static str) {
        self.cluster.version += 1;
        self.cluster.owner = Some((version, self.cluster.version));
        self.owner_since = self.truth.now;
        self.judge_truth();
        if self.truth.owners_seen {
            let owner = owner_of(&self.cluster).unwrap();
            self.tell(Fact::Seen(Box::new(Object::Workload(owner.into()))));
        }
    }

    fn ready_pod(&mut self, place: usize) {
        if self.cluster.pods[place].is_none() {
            self.incarnations[place] += 1;
            let incarnation = self.incarnations[place];
            self.cluster.pods[place] =
                Some(TruePod { incarnation, ready: true, crashes: 0, version: 0, since: Duration::ZERO });
        }
        self.change(place, |pod| pod.ready = true);
    }

    fn change(&mut self, place: usize, how: impl FnOnce(&mut TruePod)) {
        self.cluster.version += 1;
        let (version, now) = (self.cluster.version, self.truth.now);
        if let Some(pod) = &mut self.cluster.pods[place] {
            how(pod);
            (pod.version, pod.since) = (version, now);
        }
        self.judge_truth();
        if self.truth.pods_seen {
            let told = pod_of(place, &self.cluster).unwrap();
            self.tell(Fact::Seen(Box::new(Object::Pod(told.into()))));
        }
    }

    /// Keeps up since when all is well. A crash, a new pod, and readiness that came back begin it anew.
    fn judge_truth(&mut self) {
        let is_well = self.cluster.owner.is_some_and(|(version, _)| version == "v2")
            && self.cluster.pods.iter().all(|pod| pod.as_ref().is_some_and(|pod| pod.ready));
        let newest = self.cluster.pods.iter().flatten().map(|pod| pod.since.max(self.owner_since)).max();
        self.truth.well_since = newest.filter(|_| is_well);
    }

    fn tell(&mut self, fact: Fact) {
        self.gate.observe(self.truth.now, fact);
    }

    fn lose(&mut self, source: Source) {
        let trouble = Trouble { kind: TroubleKind::Unreachable, message: "no answer".to_owned(), hopeless: false };
        self.tell(Fact::Lost { source, trouble });
    }

    fn list(&mut self) {
        (self.truth.pods_seen, self.truth.owners_seen) = (true, true);
        let owner = owner_of(&self.cluster);
        for kind in WorkloadKind::ALL {
            let objects = match kind {
                WorkloadKind::Deployment => {
                    owner.iter().cloned().map(|object| Object::Workload(object.into())).collect()
                }
                WorkloadKind::ReplicaSet => sets().into_iter().map(|object| Object::Workload(object.into())).collect(),
                _ => Vec::new(),
            };
            self.tell(Fact::Listed { source: Source::Workloads(kind), objects });
        }
        self.tell(Fact::Listed { source: Source::Events, objects: Vec::new() });
        let pods = pods_of(&self.cluster).into_iter().map(|object| Object::Pod(object.into())).collect();
        self.tell(Fact::Listed { source: Source::Pods, objects: pods });
    }

    /// Notes what the gate asks for, and takes what it tells, which the search does not look at.
    fn settle(&mut self) {
        self.gate.take_events();
        self.asked = match self.gate.want() {
            Want::Confirmation { ticket, .. } => match self.asked.take() {
                Some(known) if known.0 == ticket => Some(known),
                _ => Some((ticket, self.cluster.clone(), self.truth.now)),
            },
            _ => None,
        };
    }

    fn uid(&self, place: usize) -> String {
        pod_of(place, &self.cluster).unwrap().uid
    }
}

fn answer(cluster: &Cluster) -> Fact {
    let owners = owner_of(cluster).into_iter().collect();
    Fact::Confirmed { pods: pods_of(cluster), owners, kinds: Vec::new() }
}

fn owner_of(cluster: &Cluster) -> Option<Workload> {
    let (version, changed) = cluster.owner?;
    let mut owner = deployment("web", version, 2);
    owner.generation = Some(i64::try_from(changed).unwrap());
    owner.observed_generation = owner.generation;
    owner.resource_version = ResourceVersion::parse(&changed.to_string());
    Some(owner)
}

fn pods_of(cluster: &Cluster) -> Vec<Pod> {
    (0..NAMES.len()).filter_map(|place| pod_of(place, cluster)).collect()
}

fn pod_of(place: usize, cluster: &Cluster) -> Option<Pod> {
    let known = cluster.pods[place].as_ref()?;
    let mut made = pod(&sets()[0], NAMES[place]);
    made.uid = format!("{}-{}", NAMES[place], known.incarnation);
    if known.crashes > 0 {
        made = made.restarted("app", u32::from(known.crashes), 1, "Error");
    }
    made = if known.ready { made.ready_since(&format!("{}", known.version)) } else { made.unready() };
    made.resource_version = ResourceVersion::parse(&known.version.to_string());
    Some(made)
}

/// The `ReplicaSet` of the gated version, and that of the other.
fn sets() -> [Workload; 2] {
    ["v2", "v3"].map(|version| {
        let mut set = replica_set(&deployment("web", version, 2));
        set.resource_version = ResourceVersion::parse("1");
        set
    })
}
