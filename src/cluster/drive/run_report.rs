//! What a run was and how it ended: all that a report is made from.

use std::time::Duration;

use crate::cluster::api::Target;
use crate::gate::result::{Outcome, Verdict};
use crate::gate::spec::Plan;

/// One gate of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateRun {
    /// What was judged.
    pub plan: Plan,
    /// How it ended.
    pub outcome: Outcome,
    /// Requests made to the API server for it.
    pub requests: u64,
}

/// A whole run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// When it began.
    pub started_at: jiff::Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// Which cluster was asked.
    pub target: Target,
    /// Every gate, in the order of the manifest.
    pub gates: Vec<GateRun>,
}

impl Run {
    /// The verdict of the whole run: that of its worst gate. A run without gates proves nothing.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict::worst(self.gates.iter().map(|gate| gate.outcome.verdict)).unwrap_or(Verdict::Usage)
    }
}
