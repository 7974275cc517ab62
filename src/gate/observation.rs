//! Observations: facts about the cluster, one at a time, in our own small types.
//!
//! `recording/mapping` makes them, from live traffic and from recordings alike. When a fact was observed is said beside
//! it, as the time since the gate began, on our own clock.

use std::fmt;

use super::code::Code;
use super::pod::Pod;
use super::smoke::SmokeRun;
use super::warning::WarningCode;
use super::workload::{Workload, WorkloadKind};

/// One fact about the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A whole collection, as a LIST answered it: what is not in it is not there. The source is trusted from now on.
    Listed {
        /// Which collection.
        source: Source,
        /// Every object of it.
        objects: Vec<Object>,
    },
    /// An object was added or changed (a watch line ADDED or MODIFIED, or the answer of a single GET).
    Seen(Box<Object>),
    /// An object was deleted, or left the watched selection (a watch line DELETED).
    Gone {
        /// Which collection.
        source: Source,
        /// Its UID.
        uid: String,
    },
    /// The source cannot be trusted from now on, until it is listed again.
    Lost {
        /// Which collection.
        source: Source,
        /// What happened.
        trouble: Trouble,
    },
    /// The watch of a source goes on from the very version up to which it had told everything, after it broke or after
    /// nobody had needed it. The API server tells all that happened in between (or answers 410, and then the source is
    /// listed), so the source is trusted from now on as if it had never been away.
    Resumed {
        /// Which collection.
        source: Source,
    },
    /// The source is not followed any more, for no owner of its kind is in play. What is known of it stays known and
    /// grows old: a verdict may not rest on it before the confirming read has listed it anew.
    Rested {
        /// Which collection.
        source: Source,
    },
    /// This identity may not read the source. Nothing more will come of it, but for rights that are granted a moment
    /// later: then it is listed after all.
    Denied {
        /// Which collection.
        source: Source,
        /// The API server's words.
        message: String,
    },
    /// Something that the reader of the report should know, and that decides nothing.
    Noticed(Warning),
    /// The answer to [`Want::Confirmation`](super::machine::Want): a fresh LIST of the pods and a fresh read of each
    /// owner that was asked for. An owner that is missing here was not found.
    Confirmed {
        /// Every pod of the selection.
        pods: Vec<Pod>,
        /// The owners that were asked for, and every other workload of the kinds that were listed.
        owners: Vec<Workload>,
        /// The kinds that were listed whole: a workload of theirs that is missing here is not there, and one that no
        /// watch has told of is.
        kinds: Vec<WorkloadKind>,
    },
    /// The answer to [`Want::Smoke`](super::machine::Want): the smoke run is over.
    Smoked(Box<SmokeRun>),
    /// The recording that this run is fed from has ended: nothing more will ever come.
    RecordingEnded,
}

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
            Self::Workloads(WorkloadKind::Deployment) => "deployments",
            Self::Workloads(WorkloadKind::ReplicaSet) => "replicasets",
            Self::Workloads(WorkloadKind::StatefulSet) => "statefulsets",
            Self::Workloads(WorkloadKind::DaemonSet) => "daemonsets",
            Self::Workloads(WorkloadKind::Job) => "jobs",
        }
    }

    /// The API group, empty for the core group.
    #[must_use]
    pub const fn group(self) -> &'static str {
        match self {
            Self::Pods | Self::Events | Self::Nodes => "",
            Self::Workloads(WorkloadKind::Job) => "batch",
            Self::Workloads(_) => "apps",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.resource())
    }
}

/// An object of one of the collections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A pod.
    Pod(Pod),
    /// A workload.
    Workload(Workload),
    /// An event.
    Event(ClusterEvent),
    /// A node.
    Node(Node),
}

/// A Kubernetes Event: what a component said about an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterEvent {
    /// `metadata.uid`.
    pub uid: String,
    /// `involvedObject.kind`.
    pub object_kind: String,
    /// `involvedObject.name`.
    pub object_name: String,
    /// `involvedObject.uid`: an event about an earlier object of the same name has another.
    pub object_uid: String,
    /// The container that `involvedObject.fieldPath` names (`spec.containers{app}`).
    pub container: Option<String>,
    /// `reason`.
    pub reason: String,
    /// `message`.
    pub message: String,
    /// `type` is `Warning`.
    pub warning: bool,
    /// `count`, or `series.count`; 1 where neither is there.
    pub count: u32,
    /// `lastTimestamp`, or else `series.lastObservedTime`, `eventTime` or `creationTimestamp`, as the server wrote it.
    pub last_seen: Option<String>,
}

/// A node, as far as it can be to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`.
    pub uid: String,
    /// The condition `Ready` is True. Absent where there is no such condition.
    pub ready: Option<bool>,
    /// The reason and message of the condition `Ready`.
    pub message: Option<String>,
    /// The conditions that speak against it, in words: `Ready is Unknown (NodeStatusUnknown: …)`, `MemoryPressure`.
    pub troubles: Vec<String>,
    /// `status.nodeInfo.architecture`: `amd64`, `arm64`.
    pub architecture: Option<String>,
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

impl TroubleKind {
    /// The cause that it is.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Unreachable => Code::ClusterUnreachable,
            Self::Unauthorized => Code::Unauthorized,
            Self::Forbidden => Code::Forbidden,
            Self::Stale => Code::StaleData,
        }
    }
}

/// Something that was tolerated, or left out, and that the reader should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// A stable name (`RestartTolerated`, `EventsForbidden`, …).
    pub code: WarningCode,
    /// The words.
    pub message: String,
}
