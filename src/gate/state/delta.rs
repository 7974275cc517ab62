//! What changed since the last judgement: what must be evaluated again.

use std::collections::BTreeSet;

/// The changes of the known cluster that nobody has evaluated yet. Each is there once, however often it changed.
#[derive(Debug, Clone, Default)]
pub struct Delta {
    /// The UIDs of the pods that came, changed or went, that something was said about, or whose node changed.
    pub pods: BTreeSet<String>,
    /// The UIDs of the workloads that came, changed or went, or that something was said about; and of those above a
    /// `ReplicaSet` that did.
    pub workloads: BTreeSet<String>,
    /// The UIDs of the owners of unknown kinds of which something was read.
    pub custom_owners: BTreeSet<String>,
}

impl Delta {
    /// True where nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.workloads.is_empty() && self.custom_owners.is_empty()
    }
}
