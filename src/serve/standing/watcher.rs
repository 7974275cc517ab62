//! What the hub drives for a standing gate: a round, a vigil, or a look at the workload alone. Beside what it decides it tells
//! at every moment how things are.

use std::time::Duration;

use tokio::sync::watch;

use super::rules::Told;
use crate::cluster::drive::{Decider, LateGate};
use crate::gate::memory::Needs;
use crate::gate::model::{Arm, ControllerRef, MetricQuestion};
use crate::gate::result::{Evidence, GateEvent, Outcome, Verdict};
use crate::gate::spec::{Pin, Plan};
use crate::gate::{Fact, Gate, Lookout, StableQuestion, Want};

/// What has no end of its own goes on for so long: no server runs for that time.
const ENDLESS: Duration = Duration::from_hours(24 * 3650);

/// What is driven.
enum Inner {
    /// A round whose plan is made from the workload as it is first seen.
    Late(Box<LateGate>),
    /// A round with a plan.
    Whole(Box<Gate>),
    /// A vigil.
    Vigil(Box<Gate>),
    /// Nothing is judged; the plan says where to look.
    Look(Box<Plan>),
}

/// What the hub drives for a standing gate.
pub(super) struct Watcher {
    inner: Inner,
    lookout: Lookout,
    breaks: u64,
    /// The metrics of a vigil prove less than a pass needs.
    is_unmeasured: bool,
    told: watch::Sender<Told>,
}

/// Whoever hears of it.
pub(super) type Hearing = watch::Receiver<Told>;

impl Watcher {
    fn new(inner: Inner, pin: &Pin, namespace: &str) -> (Self, Hearing) {
        let (told, hearing) = watch::channel(Told::default());
        let mut watcher = Self { inner, lookout: Lookout::new(namespace, pin), breaks: 0, is_unmeasured: false, told };
        watcher.measure();
        (watcher, hearing)
    }

    /// Judges what the metrics of a vigil are worth now.
    fn measure(&mut self) {
        if let Inner::Vigil(gate) = &self.inner {
            self.is_unmeasured = gate.is_unmeasured();
        }
    }

    /// A round whose plan is made late.
    pub(super) fn late(gate: LateGate, pin: &Pin) -> (Self, Hearing) {
        let namespace = gate.plan().namespace.clone();
        Self::new(Inner::Late(Box::new(gate)), pin, &namespace)
    }

    /// A round.
    pub(super) fn round(plan: Plan, pin: &Pin) -> (Self, Hearing) {
        let namespace = plan.namespace.clone();
        Self::new(Inner::Whole(Box::new(Gate::new(plan))), pin, &namespace)
    }

    /// A vigil over what this plan has passed. Nothing is proven in it but that all goes on as it was: it has no end but a
    /// bad one, runs no pod and asks for no confirming read.
    pub(super) fn vigil(mut plan: Plan, pin: &Pin) -> (Self, Hearing) {
        (plan.wait_period, plan.stable_for, plan.smoke) = (ENDLESS, ENDLESS, None);
        if let Some(metrics) = &mut plan.metrics {
            metrics.watch_for = ENDLESS;
        }
        let namespace = plan.namespace.clone();
        Self::new(Inner::Vigil(Box::new(Gate::new(plan))), pin, &namespace)
    }

    /// A look at the workload alone.
    pub(super) fn look(plan: Plan, pin: &Pin) -> (Self, Hearing) {
        let namespace = plan.namespace.clone();
        let plan = Plan { wait_period: ENDLESS, stable_for: ENDLESS, smoke: None, metrics: None, ..plan };
        Self::new(Inner::Look(Box::new(plan)), pin, &namespace)
    }

    fn gate(&self) -> Option<&Gate> {
        match &self.inner {
            Inner::Late(late) => Some(late.gate()),
            Inner::Whole(gate) | Inner::Vigil(gate) => Some(gate),
            Inner::Look(_) => None,
        }
    }

    /// What is driven, where it decides.
    fn decider(&self) -> Option<&dyn Decider> {
        match &self.inner {
            Inner::Late(late) => Some(&**late),
            Inner::Whole(gate) | Inner::Vigil(gate) => Some(&**gate),
            Inner::Look(_) => None,
        }
    }

    fn decider_mut(&mut self) -> Option<&mut dyn Decider> {
        match &mut self.inner {
            Inner::Late(late) => Some(&mut **late),
            Inner::Whole(gate) | Inner::Vigil(gate) => Some(&mut **gate),
            Inner::Look(_) => None,
        }
    }

    /// Tells how things are now, where that is news.
    fn tell(&self) {
        let gate = self.gate();
        let is_well = gate.is_some_and(Gate::is_well);
        let now = Told {
            sight: self.lookout.sight().clone(),
            is_well,
            is_sighted: gate.is_some_and(Gate::is_sighted),
            is_unmeasured: self.is_unmeasured,
            breaks: self.breaks,
            is_decided: gate.is_some_and(|gate| gate.outcome().is_some()),
            lacking: gate.filter(|_| !is_well).and_then(Gate::lacking),
        };
        self.told.send_if_modified(|told| {
            let is_news = *told != now;
            *told = now;
            is_news
        });
    }
}

impl Decider for Watcher {
    fn plan(&self) -> &Plan {
        match &self.inner {
            Inner::Late(late) => late.plan(),
            Inner::Whole(gate) | Inner::Vigil(gate) => gate.plan(),
            Inner::Look(plan) => plan,
        }
    }

    fn is_planned(&self) -> bool {
        self.decider().is_none_or(Decider::is_planned)
    }

    fn observe(&mut self, at: Duration, fact: Fact) {
        self.lookout.observe(at, &fact);
        let is_measured = matches!(fact, Fact::Measured(_));
        if let Some(decider) = self.decider_mut() {
            decider.observe(at, fact);
        }
        if is_measured {
            self.measure();
        }
        self.tell();
    }

    fn advance(&mut self, now: Duration) {
        if let Some(decider) = self.decider_mut() {
            decider.advance(now);
        }
        self.tell();
    }

    fn wake_at(&self) -> Option<Duration> {
        self.decider()?.wake_at()
    }

    fn want(&self) -> Want {
        match &self.inner {
            Inner::Late(late) => late.want(),
            Inner::Whole(gate) => gate.want(),
            Inner::Vigil(_) | Inner::Look(_) => Want::Nothing,
        }
    }

    fn needs(&self) -> &Needs {
        self.decider().map_or(self.lookout.needs(), Decider::needs)
    }

    fn custom_owners(&self) -> Vec<ControllerRef> {
        self.decider().map(Decider::custom_owners).unwrap_or_default()
    }

    fn confirms_at(&self) -> Option<Duration> {
        match &self.inner {
            Inner::Late(late) => late.confirms_at(),
            Inner::Whole(gate) => gate.confirms_at(),
            Inner::Vigil(_) | Inner::Look(_) => None,
        }
    }

    fn metrics_due(&self, asked: &dyn Fn(&str, Arm) -> bool) -> Option<Duration> {
        self.decider()?.metrics_due(asked)
    }

    fn metric_questions(&mut self, asked: &dyn Fn(&str, Arm) -> bool) -> Vec<MetricQuestion> {
        self.decider_mut().map(|decider| decider.metric_questions(asked)).unwrap_or_default()
    }

    fn stable_question(&self) -> Option<StableQuestion> {
        self.decider()?.stable_question()
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.decider()?.outcome()
    }

    fn end(&mut self, now: Duration, verdict: Verdict) {
        if let Some(decider) = self.decider_mut() {
            decider.end(now, verdict);
        }
        self.tell();
    }

    fn attach(&mut self, place: usize, evidence: Vec<Evidence>) {
        if let Some(decider) = self.decider_mut() {
            decider.attach(place, evidence);
        }
    }

    fn conclude(&mut self) {
        if let Some(decider) = self.decider_mut() {
            decider.conclude();
        }
    }

    fn take_events(&mut self) -> Vec<(Duration, GateEvent)> {
        let events = self.decider_mut().map(Decider::take_events).unwrap_or_default();
        let breaks = events.iter().filter(|(_, event)| matches!(event, GateEvent::WindowBroken { .. })).count();
        if breaks > 0 {
            self.breaks += breaks as u64;
            self.tell();
        }
        events
    }
}
