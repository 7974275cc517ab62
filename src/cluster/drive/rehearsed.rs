//! A gate whose cluster is a recording that is played back: when the recording is over, nothing more will come.

use std::time::Duration;

use super::decider::Machine;
use crate::gate::result::{Evidence, GateEvent, Outcome, Verdict};
use crate::gate::spec::Plan;
use crate::gate::{Fact, Gate, Want};

/// A gate that learns of the recording's end as of any other fact.
#[derive(Debug)]
pub struct Rehearsed {
    gate: Gate,
    length: Duration,
    over: bool,
}

impl Rehearsed {
    /// The gate, over a recording of this length that begins with it.
    #[must_use]
    pub const fn new(gate: Gate, length: Duration) -> Self {
        Self { gate, length, over: false }
    }
}

impl Machine for Rehearsed {
    fn plan(&self) -> &Plan {
        self.gate.plan()
    }

    fn observe(&mut self, at: Duration, fact: Fact) {
        self.advance(at);
        self.gate.observe(at, fact);
    }

    fn advance(&mut self, now: Duration) {
        if now >= self.length && !self.over {
            self.over = true;
            self.gate.observe(self.length, Fact::RecordingEnded);
        }
        self.gate.advance(now);
    }

    fn wake_at(&self) -> Option<Duration> {
        let end = (!self.over && self.gate.outcome().is_none()).then_some(self.length);
        self.gate.wake_at().into_iter().chain(end).min()
    }

    fn want(&self) -> Want {
        self.gate.want()
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
