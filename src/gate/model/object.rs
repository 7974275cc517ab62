//! An object of any of the collections that a gate reads.

use super::event::ClusterEvent;
use super::node::Node;
use super::pod::Pod;
use super::workload::Workload;

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
