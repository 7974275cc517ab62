//! A gate whose plan is made from its workload as it is first seen: `check deployment/checkout` gates what runs now.
//!
//! Until then a gate stands in that knows the workload by its name alone. It ends as any pinned gate does: where the
//! workload never comes, where nobody answers, where a right is missing. What was observed meanwhile is told to the gate
//! that takes over, each fact at its own time, so that the read that the plan is made from is the first that it knows of
//! the workload: a rollout that follows supersedes it.

use std::time::Duration;

use super::decider::Decider;
use crate::gate::memory::Needs;
use crate::gate::model::{Arm, ControllerRef, MetricQuestion, Object, Source, Workload, WorkloadRef};
use crate::gate::result::{Evidence, GateEvent, Outcome, Verdict};
use crate::gate::spec::{Pin, Plan};
use crate::gate::{Fact, Gate, StableQuestion, Want};

/// Where the workload is not there, that is said after this time: a deploy may be under way.
const PATIENCE: Duration = Duration::from_secs(2);

/// What becomes of the workload that a gate waits for.
pub trait Expecting: Send + 'static {
    /// It is there: makes the plan of its gate.
    fn plan(&mut self, workload: &Workload) -> Plan;
    /// It is not there yet; these sentences tell what is near.
    fn absent(&mut self, near: &[String]);
}

/// A gate whose plan is made from its workload as it is first seen.
pub struct LateGate {
    gate: Gate,
    /// What is waited for; `None` once it was seen.
    awaited: Option<Awaited>,
}

struct Awaited {
    pin: Pin,
    expecting: Box<dyn Expecting>,
    /// All facts so far that are not taken back by a later one.
    facts: Vec<(Duration, Fact)>,
    /// The LIST of its kind was answered, and it was not in it.
    missing: bool,
    /// That it is not there was said.
    said: bool,
}

impl LateGate {
    /// A gate of the workload `pin`. The plan is the one that stands until it is seen.
    #[must_use]
    pub fn new(unseen: Plan, pin: Pin, expecting: Box<dyn Expecting>) -> Self {
        let awaited = Awaited { pin, expecting, facts: Vec::new(), missing: false, said: false };
        Self { gate: Gate::new(unseen), awaited: Some(awaited) }
    }

    /// The gate that stands now: that of the workload, or the one that waits for it.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Makes the plan, where the fact shows the workload, and lets the gate of it take over.
    fn meet(&mut self, fact: &Fact) {
        let Some(awaited) = &mut self.awaited else { return };
        if let Some(workload) = awaited.workload(fact) {
            let mut gate = Gate::new(awaited.expecting.plan(&workload));
            gate.observe_all(std::mem::take(&mut awaited.facts));
            self.gate = gate;
            self.awaited = None;
        } else if matches!(fact, Fact::Listed { source, .. } if *source == Source::Workloads(awaited.pin.kind)) {
            awaited.missing = awaited.find(fact, &awaited.reference()).is_none();
        }
    }
}

impl Awaited {
    fn reference(&self) -> WorkloadRef {
        WorkloadRef { kind: self.pin.kind, name: self.pin.name.clone() }
    }

    /// The workload, where this fact and those before it show it, and its pod template. That of a Rollout with a
    /// `workloadRef`, and that of a Canary, stand in the workload that they refer to.
    fn workload(&self, fact: &Fact) -> Option<Workload> {
        let own = self.find(fact, &self.reference())?;
        let Some(reference) = own.refers_to() else { return Some(own.clone()) };
        let referred = self.find(fact, reference)?;
        Some(Workload { template: referred.template.clone(), ..own.clone() })
    }

    /// The newest sight of a workload in this fact and those before it.
    fn find<'f>(&'f self, fact: &'f Fact, reference: &WorkloadRef) -> Option<&'f Workload> {
        let facts = std::iter::once(fact).chain(self.facts.iter().rev().map(|(_, fact)| fact));
        facts.into_iter().find_map(|fact| shown(fact, reference))
    }

    /// Keeps a fact for the gate that takes over. A whole list replaces all that was said of its source.
    fn keep(&mut self, at: Duration, fact: &Fact) {
        if let Fact::Listed { source, .. } = fact {
            self.facts.retain(|(_, kept)| source_of(kept) != Some(*source));
        }
        self.facts.push((at, fact.clone()));
    }

    fn says_so_at(&self) -> Option<Duration> {
        (self.missing && !self.said).then_some(PATIENCE)
    }
}

/// The workload, where the fact shows it. One that is being deleted is not what was deployed.
fn shown<'f>(fact: &'f Fact, reference: &WorkloadRef) -> Option<&'f Workload> {
    let objects = match fact {
        Fact::Listed { objects, .. } => objects.as_slice(),
        Fact::Seen(object) => std::slice::from_ref(&**object),
        _ => return None,
    };
    objects.iter().find_map(|object| match object {
        Object::Workload(shown) if shown.reference() == *reference && !shown.deleting => Some(shown.as_ref()),
        _ => None,
    })
}

/// The source that a fact speaks of.
fn source_of(fact: &Fact) -> Option<Source> {
    match fact {
        Fact::Listed { source, .. }
        | Fact::Gone { source, .. }
        | Fact::Lost { source, .. }
        | Fact::Resumed { source }
        | Fact::Rested { source }
        | Fact::Denied { source, .. } => Some(*source),
        Fact::Seen(object) => Some(match &**object {
            Object::Pod(_) => Source::Pods,
            Object::Workload(workload) => Source::Workloads(workload.kind),
            Object::Event(_) => Source::Events,
            Object::Node(_) => Source::Nodes,
        }),
        Fact::OwnerRead(_)
        | Fact::OwnerUnread { .. }
        | Fact::Noticed(_)
        | Fact::Confirmed { .. }
        | Fact::Smoked(_)
        | Fact::StableListed(_)
        | Fact::Measured(_)
        | Fact::RecordingEnded => None,
    }
}

impl Decider for LateGate {
    fn plan(&self) -> &Plan {
        self.gate.plan()
    }

    fn is_planned(&self) -> bool {
        self.awaited.is_none()
    }

    fn observe(&mut self, at: Duration, fact: Fact) {
        self.meet(&fact);
        if let Some(awaited) = &mut self.awaited {
            awaited.keep(at, &fact);
        }
        self.gate.observe(at, fact);
    }

    fn advance(&mut self, now: Duration) {
        self.gate.advance(now);
        if self.gate.outcome().is_none()
            && let Some(awaited) = &mut self.awaited
            && awaited.says_so_at().is_some_and(|at| at <= now)
        {
            awaited.said = true;
            awaited.expecting.absent(&self.gate.near());
        }
    }

    fn wake_at(&self) -> Option<Duration> {
        let own = self.awaited.as_ref().and_then(Awaited::says_so_at).filter(|_| self.gate.outcome().is_none());
        self.gate.wake_at().into_iter().chain(own).min()
    }

    fn want(&self) -> Want {
        self.gate.want()
    }

    fn needs(&self) -> &Needs {
        self.gate.needs()
    }

    fn custom_owners(&self) -> Vec<ControllerRef> {
        self.gate.custom_owners()
    }

    fn confirms_at(&self) -> Option<Duration> {
        self.gate.confirms_at()
    }

    fn metrics_due(&self, asked: &dyn Fn(&str, Arm) -> bool) -> Option<Duration> {
        self.gate.metrics_due(asked)
    }

    fn metric_questions(&mut self, asked: &dyn Fn(&str, Arm) -> bool) -> Vec<MetricQuestion> {
        self.gate.metric_questions(asked)
    }

    fn stable_question(&self) -> Option<StableQuestion> {
        self.gate.stable_question()
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.gate.outcome()
    }

    fn end(&mut self, now: Duration, verdict: Verdict) {
        self.gate.end(now, verdict);
    }

    fn attach(&mut self, place: usize, evidence: Vec<Evidence>) {
        self.gate.attach(place, evidence);
    }

    fn conclude(&mut self) {
        self.gate.conclude();
    }

    fn take_events(&mut self) -> Vec<(Duration, GateEvent)> {
        self.gate.take_events()
    }
}
