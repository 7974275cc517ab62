//! Findings: coded causes with their place and their proof.

use super::catalogue::Code;
use crate::gate::model::{Pod, Role};

/// One cause, where it was found, and what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which cause.
    pub code: Code,
    /// Where it was seen. With several pods the place is that of the first.
    pub place: Place,
    /// What happened there, in one sentence or two, with the names and numbers in it.
    pub message: String,
    /// The exit status of the container's newest end, where it ended.
    pub exit_status: Option<i32>,
    /// The container's `restartCount`, where it has one.
    pub restarts: Option<u32>,
    /// What to do next: a command to run, a field to change.
    pub next_step: String,
    /// Other pods with the same cause, by name.
    pub also: Vec<String>,
    /// The log that would show the cause, where one can.
    pub log: Option<LogWanted>,
    /// The proof, as far as it was collected.
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// True where the state of its node may be behind it.
    #[must_use]
    pub fn concerns_its_node(&self) -> bool {
        let codes = [Code::NodeNotReady, Code::SandboxFailed, Code::PodDisrupted, Code::VolumeUnavailable];
        self.place.node.is_some() && codes.contains(&self.code)
    }
}

/// Where a cause was seen. All parts are absent where the cause is about the gate as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The pod's name.
    pub pod: Option<String>,
    /// The pod's UID.
    pub pod_uid: Option<String>,
    /// The container's name.
    pub container: Option<String>,
    /// The container's role.
    pub role: Option<Role>,
    /// The pod's node.
    pub node: Option<String>,
    /// The workload, as `deployment/checkout`.
    pub workload: Option<String>,
    /// The check of the metrics.
    pub check: Option<String>,
}

impl Place {
    /// Returns the place of a pod as a whole.
    #[must_use]
    pub fn of_pod(pod: &Pod) -> Self {
        Self { pod: Some(pod.name.clone()), pod_uid: Some(pod.uid.clone()), node: pod.node.clone(), ..Self::default() }
    }
}

/// The log of one attempt of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogWanted {
    /// The pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// Which attempt, as `restartCount` numbers them: 0 is the first start.
    pub attempt: u32,
    /// True where a newer attempt was already running when the cause was found: the log is then the `previous` one.
    pub previous: bool,
}

/// A piece of proof, verbatim: hostile text until a sink has made it inert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// Its text; may have several lines.
    pub text: String,
}

/// The kinds of proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvidenceKind {
    /// The last log lines of the container.
    Log,
    /// The termination message that the container left.
    TerminationMessage,
    /// An event of the pod or of its owner.
    Event,
    /// The probe as the spec has it.
    Probe,
    /// The state of the node.
    Node,
    /// Another condition of the object, word for word.
    Status,
    /// What could not be collected, and why.
    Missing,
}

impl EvidenceKind {
    /// The spelling in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::TerminationMessage => "termination-message",
            Self::Event => "event",
            Self::Probe => "probe",
            Self::Node => "node",
            Self::Status => "status",
            Self::Missing => "missing",
        }
    }
}
