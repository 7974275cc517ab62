//! What the cluster of a gate is known by.

/// What a cluster is known by. Nothing is expected of what is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The URL of its API server, as a kubeconfig names it.
    pub server: Option<String>,
    /// The UID of its namespace `kube-system`, which lives and dies with the cluster.
    pub cluster_uid: Option<String>,
}
