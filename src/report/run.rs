//! What a run was and how it ended: all that a report is made from.

use std::time::Duration;

use crate::gate::result::{GateEvent, Outcome, PodEnd, Verdict};
use crate::gate::spec::Plan;

/// Which cluster was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// The API server's URL, without credentials.
    pub server: String,
    /// The API server's version (`v1.35.6`); empty where it is not known.
    pub version: String,
    /// The kubeconfig context; empty in-cluster and in replays.
    pub context: String,
    /// Where the configuration came from: a kubeconfig's path, `in-cluster`, or a recording's.
    pub config: String,
    /// The recording's name, where the cluster is one that is played back.
    pub rehearsal: Option<String>,
}

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

/// Where the events of gates go while a run lasts.
pub trait Sink {
    /// The run begins.
    fn begin(&mut self, target: &Target, plans: &[Plan]);
    /// Something changed in the gate at this place of the manifest.
    fn event(&mut self, gate: usize, at: Duration, event: &GateEvent);
    /// Time passed and nothing changed; `at` is the time since the run began.
    fn idle(&mut self, at: Duration);
    /// The run is over.
    fn end(&mut self, run: &Run);
}

/// How the run of one pod ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodReport {
    /// The pod's name.
    pub pod: String,
    /// Its end.
    pub end: PodEnd,
    /// The container was seen to run.
    pub started: bool,
    /// Why some of the output may be missing; `None` where all of it was read.
    pub torn: Option<String>,
    /// What should be known beside that: a pod that could not be deleted.
    pub warnings: Vec<String>,
    /// How long it took.
    pub duration: Duration,
    /// Requests made for it.
    pub requests: u64,
}

/// Where the output of one pod goes while it runs.
pub trait PodOutput: Send {
    /// What the container wrote, byte for byte.
    fn wrote(&mut self, bytes: &[u8]);
    /// Something about the run itself, in words that may hold hostile text.
    fn said(&mut self, words: &str);
}
