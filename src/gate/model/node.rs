//! Nodes.

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
