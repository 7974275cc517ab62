//! Kubernetes Events.

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
