//! What comes out of a gate: the stream of its events while it runs, and the outcome at its end.

use std::time::Duration;

use super::background::Background;
use super::check_report::CheckReport;
use super::finding::Finding;
use super::pod_state::PodState;
use super::proved::Proved;
use super::verdict::Verdict;
use super::warning::Warning;
use crate::gate::model::{Role, Source};

/// Something that changed in the gate's eyes. Every sink that shows progress lives on these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateEvent {
    /// A pod of the gated version was seen for the first time.
    PodAppeared {
        /// Its name.
        pod: String,
    },
    /// What a pod is doing changed.
    PodState {
        /// Its name.
        pod: String,
        /// The new state.
        state: PodState,
    },
    /// What can be seen of a pod at one glance changed. Said beside [`GateEvent::PodState`], and more often: for views,
    /// not for logs.
    PodGlance(Box<PodGlance>),
    /// A pod left: deleted, evicted, or of another revision now.
    PodGone {
        /// Its name.
        pod: String,
        /// Why, in a few words.
        why: String,
    },
    /// A container ended although it should keep running (or, an init container, succeed).
    Crash {
        /// The pod's name.
        pod: String,
        /// The container's name.
        container: String,
        /// The container's role.
        role: Role,
        /// How it ended, in a few words: `exit code 1`, `OOMKilled (exit code 137)`.
        how: String,
        /// Crashes of this container so far.
        crashes: u32,
        /// Crashes that the plan allows.
        allowed: u32,
    },
    /// A cause stands that is not decisive yet.
    Cause {
        /// The cause.
        finding: Box<Finding>,
        /// When it will count, as the time since the gate began. `None`: at the end of the wait.
        counts_at: Option<Duration>,
    },
    /// The count of ready pods, or of those wanted, changed.
    Progress {
        /// Pods that are ready.
        ready: u32,
        /// Pods that are wanted; `None` while that is not known.
        wanted: Option<u32>,
    },
    /// Everything is ready: the stability window began.
    WindowOpened {
        /// When it will be over.
        until: Duration,
    },
    /// The stability window broke.
    WindowBroken {
        /// Why.
        why: String,
    },
    /// A source of observations cannot be trusted for now.
    Trouble {
        /// Which.
        source: Source,
        /// What happened.
        message: String,
    },
    /// A source can be trusted again.
    Recovered {
        /// Which.
        source: Source,
    },
    /// Something to know that decides nothing.
    Warned(Warning),
    /// The source of metrics told something, or could not be asked: how the check stands now.
    Measured(Box<CheckReport>),
    /// The gate asks for its smoke run.
    Smoking,
    /// The gate asks for the read that confirms a pass.
    Confirming,
    /// The gate has decided.
    Decided {
        /// Its verdict.
        verdict: Verdict,
    },
}

/// A pod at one glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodGlance {
    /// Its name.
    pub pod: String,
    /// What it is doing.
    pub state: PodState,
    /// Its condition `Ready`.
    pub ready: bool,
    /// True where something is wrong with it: a crash, a cause that stands.
    pub troubled: bool,
    /// Containers that are ready; init containers are left out, sidecars are not.
    pub containers_ready: u32,
    /// Containers that have to be ready.
    pub containers: u32,
    /// The sum of `restartCount` over its containers.
    pub restarts: u32,
    /// `metadata.creationTimestamp` as the server wrote it.
    pub created: Option<String>,
    /// What it waits for, in a few words; `None` where it waits for nothing. Parts are the cluster's: hostile text.
    pub waits_for: Option<String>,
}

/// How a gate ended and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// How long after its begin the gate decided.
    pub decided_after: Duration,
    /// The causes, the root cause first. Never empty but for a pass.
    pub findings: Vec<Finding>,
    /// Every live pod of the gated version, by name, and the disturbed ones that decided nothing.
    pub pods: Vec<PodSummary>,
    /// What was tolerated or could not be read.
    pub warnings: Vec<Warning>,
    /// Pods that were ready at the end.
    pub ready: u32,
    /// Pods that were wanted at the end; `None` where that could not be known.
    pub wanted: Option<u32>,
    /// The checks of the metrics, in the order of the plan.
    pub checks: Vec<CheckReport>,
    /// Who still serves and what was changed, where the version did not come up.
    pub background: Background,
    /// What a pass rests on beside its pods.
    pub proved: Proved,
}

/// A pod as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodSummary {
    /// Its name.
    pub name: String,
    /// Its phase, as the API spells it; empty where the API says none.
    pub phase: String,
    /// What it is doing.
    pub state: PodState,
    /// Its condition `Ready`.
    pub ready: bool,
    /// The sum of `restartCount` over its containers.
    pub restarts: u32,
    /// Its node, once it has one.
    pub node: Option<String>,
}
