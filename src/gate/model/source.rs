//! The collections that a gate reads, and why one cannot be trusted.

use std::fmt;

use super::workload_kind::WorkloadKind;

/// The collections that a gate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// `/api/v1/…/pods`, narrowed by the gate's selector.
    Pods,
    /// `/api/v1/…/events`.
    Events,
    /// One kind of workload.
    Workloads(WorkloadKind),
    /// `/api/v1/nodes`.
    Nodes,
}

impl Source {
    /// The resource as RBAC rules and URLs spell it.
    #[must_use]
    pub const fn resource(self) -> &'static str {
        match self {
            Self::Pods => "pods",
            Self::Events => "events",
            Self::Nodes => "nodes",
            Self::Workloads(kind) => kind.plural(),
        }
    }

    /// The API group, empty for the core group.
    #[must_use]
    pub const fn group(self) -> &'static str {
        match self {
            Self::Pods | Self::Events | Self::Nodes => "",
            Self::Workloads(kind) => kind.group(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.resource())
    }
}

/// Why a source cannot be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which kind of trouble.
    pub kind: TroubleKind,
    /// What happened, in words that name the operation.
    pub message: String,
    /// True where waiting cannot help (bad credentials, certificate, no rights): the gate ends at once.
    pub hopeless: bool,
}

/// The kinds of trouble with the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TroubleKind {
    /// No answer, or not from a Kubernetes API server.
    Unreachable,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// An answer that cannot be relied on: gaps, undecodable objects, expired versions.
    Stale,
}
