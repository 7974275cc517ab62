//! What the session needs of a gate. The gate itself is the only real one; tests bring others.

use std::time::Duration;

use crate::gate::memory::Needs;
use crate::gate::model::{Arm, ControllerRef, MetricQuestion};
use crate::gate::result::{Evidence, GateEvent, Outcome, Verdict};
use crate::gate::spec::Plan;
use crate::gate::{Fact, Gate, StableQuestion, Want};

/// A state machine over facts, with time passed in. Each method means what it means for [`Gate`].
pub trait Decider: Send + 'static {
    /// See [`Gate::plan`].
    fn plan(&self) -> &Plan;
    /// False as long as another plan may take the place of the present one. Nobody is told of the gate before.
    fn is_planned(&self) -> bool {
        true
    }
    /// See [`Gate::observe`].
    fn observe(&mut self, at: Duration, fact: Fact);
    /// See [`Gate::advance`].
    fn advance(&mut self, now: Duration);
    /// See [`Gate::wake_at`].
    fn wake_at(&self) -> Option<Duration>;
    /// See [`Gate::want`].
    fn want(&self) -> Want;
    /// See [`Gate::needs`]. One that does not say so needs all.
    fn needs(&self) -> &Needs {
        static EVERYTHING: Needs = Needs::EVERYTHING;
        &EVERYTHING
    }
    /// See [`Gate::custom_owners`].
    fn custom_owners(&self) -> Vec<ControllerRef> {
        Vec::new()
    }
    /// See [`Gate::confirms_at`].
    fn confirms_at(&self) -> Option<Duration> {
        None
    }
    /// See [`Gate::metrics_due`].
    fn metrics_due(&self, _asked: &dyn Fn(&str, Arm) -> bool) -> Option<Duration> {
        None
    }
    /// See [`Gate::metric_questions`].
    fn metric_questions(&mut self, _asked: &dyn Fn(&str, Arm) -> bool) -> Vec<MetricQuestion> {
        Vec::new()
    }
    /// See [`Gate::stable_question`].
    fn stable_question(&self) -> Option<StableQuestion> {
        None
    }
    /// See [`Gate::outcome`].
    fn outcome(&self) -> Option<&Outcome>;
    /// See [`Gate::end`].
    fn end(&mut self, now: Duration, verdict: Verdict);
    /// See [`Gate::attach`].
    fn attach(&mut self, place: usize, evidence: Vec<Evidence>);
    /// See [`Gate::conclude`].
    fn conclude(&mut self) {}
    /// See [`Gate::take_events`].
    fn take_events(&mut self) -> Vec<(Duration, GateEvent)>;
}

impl Decider for Gate {
    fn plan(&self) -> &Plan {
        Self::plan(self)
    }

    fn observe(&mut self, at: Duration, fact: Fact) {
        Self::observe(self, at, fact);
    }

    fn advance(&mut self, now: Duration) {
        Self::advance(self, now);
    }

    fn wake_at(&self) -> Option<Duration> {
        Self::wake_at(self)
    }

    fn want(&self) -> Want {
        Self::want(self)
    }

    fn needs(&self) -> &Needs {
        Self::needs(self)
    }

    fn custom_owners(&self) -> Vec<ControllerRef> {
        Self::custom_owners(self)
    }

    fn confirms_at(&self) -> Option<Duration> {
        Self::confirms_at(self)
    }

    fn metrics_due(&self, asked: &dyn Fn(&str, Arm) -> bool) -> Option<Duration> {
        Self::metrics_due(self, asked)
    }

    fn metric_questions(&mut self, asked: &dyn Fn(&str, Arm) -> bool) -> Vec<MetricQuestion> {
        Self::metric_questions(self, asked)
    }

    fn stable_question(&self) -> Option<StableQuestion> {
        Self::stable_question(self)
    }

    fn outcome(&self) -> Option<&Outcome> {
        Self::outcome(self)
    }

    fn end(&mut self, now: Duration, verdict: Verdict) {
        Self::end(self, now, verdict);
    }

    fn attach(&mut self, place: usize, evidence: Vec<Evidence>) {
        Self::attach(self, place, evidence);
    }

    fn conclude(&mut self) {
        Self::conclude(self);
    }

    fn take_events(&mut self) -> Vec<(Duration, GateEvent)> {
        Self::take_events(self)
    }
}
