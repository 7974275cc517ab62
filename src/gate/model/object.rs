//! An object of any of the collections that a gate reads.

use std::sync::Arc;

use super::event::ClusterEvent;
use super::node::Node;
use super::pod::Pod;
use super::resource_version::ResourceVersion;
use super::workload::Workload;

/// An object of one of the collections. Cheap to clone: all who hear of it hold the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Object {
    /// A pod.
    Pod(Arc<Pod>),
    /// A workload.
    Workload(Arc<Workload>),
    /// An event.
    Event(Arc<ClusterEvent>),
    /// A node.
    Node(Arc<Node>),
}

impl Object {
    /// `metadata.uid`.
    #[must_use]
    pub fn uid(&self) -> &str {
        match self {
            Self::Pod(pod) => &pod.uid,
            Self::Workload(workload) => &workload.uid,
            Self::Event(event) => &event.uid,
            Self::Node(node) => &node.uid,
        }
    }

    /// `metadata.resourceVersion`, of what is compared by it.
    #[must_use]
    pub fn resource_version(&self) -> ResourceVersion {
        match self {
            Self::Pod(pod) => pod.resource_version,
            Self::Workload(workload) => workload.resource_version,
            Self::Event(_) | Self::Node(_) => ResourceVersion::default(),
        }
    }
}
