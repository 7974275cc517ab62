//! Stories: a small cluster in memory that a gate watches, for observation sequences made by hand.
//!
//! The cluster answers confirming reads from its own state, as a real one would, and time is a number.

use std::collections::BTreeMap;
use std::time::Duration;

use crashgate::gate::model::{ClusterEvent, Object, Pod, Source, Trouble, TroubleKind, Workload, WorkloadKind};
use crashgate::gate::result::{Finding, Outcome};
use crashgate::gate::spec::Plan;
use crashgate::gate::{Fact, Gate, Want};

pub mod objects;
pub mod prometheus;

/// A gate and the cluster that it watches.
pub struct Scenario {
    pub gate: Gate,
    now: Duration,
    pub pods: BTreeMap<String, Pod>,
    pub workloads: BTreeMap<String, Workload>,
    events: u32,
    /// Confirming reads that were answered.
    pub confirmations: u32,
    /// True while the cluster answers nothing: confirming reads fail too.
    pub dark: bool,
    /// The kinds that a confirming read lists whole.
    pub lists_when_confirming: Vec<WorkloadKind>,
}

/// The plan of most stories: app `web` at version `v2` in namespace `shop`, 60 s to wait, 10 s to stay stable.
pub fn plan() -> Plan {
    let mut plan = Plan::new("web", "v2", "shop");
    plan.delay = Duration::from_secs(2);
    plan.stable_for = Duration::from_secs(10);
    plan
}

impl Scenario {
    /// A gate over an empty namespace that was just listed.
    pub fn new(plan: Plan) -> Self {
        let mut story = Self::unlisted(plan);
        story.list_all();
        story
    }

    /// A gate that has not heard of anything yet.
    pub fn unlisted(plan: Plan) -> Self {
        Self {
            gate: Gate::new(plan),
            now: Duration::ZERO,
            pods: BTreeMap::new(),
            workloads: BTreeMap::new(),
            events: 0,
            confirmations: 0,
            dark: false,
            lists_when_confirming: Vec::new(),
        }
    }

    /// Goes on to this moment, in seconds since the gate began.
    pub fn at(&mut self, seconds: f64) -> &mut Self {
        let then = Duration::from_secs_f64(seconds);
        assert!(then >= self.now, "stories go forward");
        while let Some(due) = self.gate.wake_at().filter(|due| *due <= then) {
            self.gate.advance(due);
            self.now = due;
            self.answer();
        }
        self.now = then;
        self.gate.advance(then);
        self
    }

    /// Tells the gate a fact as it is.
    pub fn tell(&mut self, fact: Fact) -> &mut Self {
        self.gate.observe(self.now, fact);
        self.answer();
        self
    }

    /// A workload is created or changed, and the watch tells it.
    pub fn workload(&mut self, workload: Workload) -> &mut Self {
        self.workloads.insert(workload.uid.clone(), workload.clone());
        self.tell(Fact::Seen(Box::new(Object::Workload(workload.into()))))
    }

    /// A pod is created or changed, and the watch tells it.
    pub fn pod(&mut self, pod: Pod) -> &mut Self {
        self.pods.insert(pod.uid.clone(), pod.clone());
        self.tell(Fact::Seen(Box::new(Object::Pod(pod.into()))))
    }

    /// Several pods.
    pub fn pods(&mut self, pods: impl IntoIterator<Item = Pod>) -> &mut Self {
        for pod in pods {
            self.pod(pod);
        }
        self
    }

    /// A pod is gone.
    pub fn pod_gone(&mut self, uid: &str) -> &mut Self {
        self.pods.remove(uid);
        self.tell(Fact::Gone { source: Source::Pods, uid: uid.to_owned() })
    }

    /// A workload is gone.
    pub fn workload_gone(&mut self, kind: WorkloadKind, uid: &str) -> &mut Self {
        self.workloads.remove(uid);
        self.tell(Fact::Gone { source: Source::Workloads(kind), uid: uid.to_owned() })
    }

    /// A component says something about an object.
    pub fn event(&mut self, object_uid: &str, container: Option<&str>, reason: &str, message: &str) -> &mut Self {
        self.events += 1;
        let event = ClusterEvent {
            uid: format!("event-{}", self.events),
            object_kind: String::new(),
            object_name: String::new(),
            object_uid: object_uid.to_owned(),
            container: container.map(str::to_owned),
            reason: reason.to_owned(),
            message: message.to_owned(),
            warning: true,
            count: 1,
            last_seen: None,
        };
        self.tell(Fact::Seen(Box::new(Object::Event(event.into()))))
    }

    /// Every source is listed anew, as it is now.
    pub fn list_all(&mut self) -> &mut Self {
        self.dark = false;
        let kinds = WorkloadKind::ALL.into_iter().map(Source::Workloads);
        for source in kinds.chain([Source::Events, Source::Pods]) {
            self.list(source);
        }
        self
    }

    /// One source is listed anew.
    pub fn list(&mut self, source: Source) -> &mut Self {
        let objects = match source {
            Source::Pods => self.pods.values().cloned().map(|object| Object::Pod(object.into())).collect(),
            Source::Workloads(kind) => {
                let of_kind = self.workloads.values().filter(|workload| workload.kind == kind);
                of_kind.cloned().map(|object| Object::Workload(object.into())).collect()
            }
            Source::Events | Source::Nodes => Vec::new(),
        };
        self.tell(Fact::Listed { source, objects })
    }

    /// The API server cannot be reached from now on, until it is listed again.
    pub fn goes_dark(&mut self) -> &mut Self {
        self.dark = true;
        self.lose(Source::Pods, TroubleKind::Unreachable)
    }

    /// A source is lost.
    pub fn lose(&mut self, source: Source, kind: TroubleKind) -> &mut Self {
        let trouble = Trouble { kind, message: format!("the {source} cannot be read"), hopeless: false };
        self.tell(Fact::Lost { source, trouble })
    }

    /// This identity may not read a source.
    pub fn denied(&mut self, source: Source) -> &mut Self {
        self.tell(Fact::Denied { source, message: format!("{source} is forbidden: User \"ci\" cannot list it") })
    }

    fn answer(&mut self) {
        while let Want::Confirmation { owners, .. } = self.gate.want() {
            if self.dark {
                let trouble =
                    Trouble { kind: TroubleKind::Unreachable, message: "no answer".to_owned(), hopeless: false };
                self.gate.observe(self.now, Fact::Lost { source: Source::Pods, trouble });
                return;
            }
            self.confirmations += 1;
            let found = |(kind, name): &(WorkloadKind, String)| {
                self.workloads.values().find(|workload| workload.kind == *kind && workload.name == *name).cloned()
            };
            let owners: Vec<Workload> = owners.iter().filter_map(found).collect();
            let pods = self.pods.values().cloned().collect();
            let kinds = self.lists_when_confirming.clone();
            let owners = if kinds.is_empty() { owners } else { self.workloads.values().cloned().collect() };
            self.gate.observe(self.now, Fact::Confirmed { pods, owners, kinds });
        }
    }

    /// Lets the time run out and returns how it ended.
    pub fn ends(&mut self) -> &Outcome {
        let plan = self.gate.plan();
        let watch_for = plan.metrics.as_ref().map_or(Duration::ZERO, |metrics| metrics.watch_for);
        let limit = plan.wait_period + plan.stable_for.max(watch_for) + Duration::from_secs(15);
        if self.gate.outcome().is_none() {
            let limit = limit.max(self.now);
            self.at(limit.as_secs_f64());
        }
        self.gate.outcome().expect("every gate ends within its bound")
    }

    /// How it has ended already.
    pub fn ended(&self) -> Option<&Outcome> {
        self.gate.outcome()
    }

    /// Fails the test unless the gate is still undecided.
    pub fn still_open(&mut self) -> &mut Self {
        assert_eq!(self.gate.outcome(), None);
        self
    }
}

/// The leading finding.
pub fn lead(outcome: &Outcome) -> &Finding {
    outcome.findings.first().expect("whatever is no pass has a cause")
}
