//! What a caller asks for: names alone. What is done with them, the plan says.

use crate::gate::spec::Pin;

/// A gate as a caller asks for it. Calls that are equal join the same gate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    /// The name of the plan: that of its file, without the ending.
    pub plan: String,
    /// The namespace of the workload.
    pub namespace: String,
    /// The workload; `None` for the one that the plan names.
    pub workload: Option<Pin>,
    /// The revision that is meant, as its controller names it: the value of `pod-template-hash`, `rollouts-pod-template-hash`
    /// or `controller-revision-hash`. `None` for the one that the workload has: where that changes, another gate begins.
    pub revision: Option<String>,
    /// Tells runs of the same revision apart, as the UID of an `AnalysisRun` does.
    pub run: Option<String>,
    /// For how long it is judged.
    pub mode: Mode,
}

/// For how long a gate is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// While calls come: a crash after the pass is told at the next call.
    #[default]
    Standing,
    /// Until its first verdict, as `crashgate check` does.
    Once,
}
