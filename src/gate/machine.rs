//! The gate itself (skeleton).
use std::time::Duration;

use super::observation::Fact;
use super::outcome::{GateEvent, Outcome};
use super::plan::Plan;
use super::workload::WorkloadKind;

/// What the gate wants from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// Nothing but observations and time.
    Nothing,
    /// A quorum LIST of the pods and a fresh GET of each of these owners, answered with [`Fact::Confirmed`]; where that
    /// fails, with [`Fact::Lost`] of the source that failed, and the gate asks again once it is restored.
    Confirmation {
        /// Kind and name of each.
        owners: Vec<(WorkloadKind, String)>,
        /// Counts the questions: an answer to an older one is useless.
        ticket: u64,
    },
}

/// One gate: a state machine over observations, with time passed in.
#[derive(Debug)]
pub struct Gate {
    plan: Plan,
}

impl Gate {
    /// A gate that begins now: all times are since this moment.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self { plan }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes in one fact, observed `at` that time since the gate began. After the decision, facts can make the findings
    /// more telling (an event that names the probe), but never change the verdict.
    pub fn observe(&mut self, _at: Duration, _fact: Fact) {}

    /// Lets time pass: decides what is due by `now`.
    pub fn advance(&mut self, _now: Duration) {}

    /// When [`Gate::advance`] will matter next, if nothing is observed before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        None
    }

    /// What the gate wants from outside now.
    #[must_use]
    pub fn want(&self) -> Want {
        Want::Nothing
    }

    /// How it ended, once it did.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        None
    }

    /// Ends the gate from outside with what it knows so far: a signal, or a panic elsewhere.
    pub fn end(&mut self, _now: Duration, _verdict: super::verdict::Verdict) {}

    /// Adds proof to the finding at `place` of the outcome, once there is one.
    pub fn attach(&mut self, _place: usize, _evidence: Vec<super::finding::Evidence>) {}

    /// What changed since this was last asked, oldest first, each with its time since the gate began.
    pub fn take_events(&mut self) -> Vec<(Duration, GateEvent)> {
        Vec::new()
    }
}
