//! Which kinds of workloads must be followed for a verdict.

use std::collections::BTreeSet;

use crate::gate::model::{Source, WorkloadKind};

/// The kinds of workloads that a gate must follow now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// All of them: nothing is known yet that speaks for the gated version. Of custom resources it is those of which
    /// something was seen.
    All(BTreeSet<WorkloadKind>),
    /// These alone.
    These(BTreeSet<WorkloadKind>),
}

impl Needs {
    /// Everything, with no sign of any custom resource.
    pub const EVERYTHING: Self = Self::All(BTreeSet::new());

    /// True where a verdict rests on this source. Events and nodes are proof, and no verdict rests on them alone. Nor does one
    /// rest on a kind of a custom resource that nothing refers to: most API servers do not have it.
    #[must_use]
    pub fn include(&self, source: Source) -> bool {
        match (source, self) {
            (Source::Pods, _) => true,
            (Source::Workloads(kind), Self::All(_)) => !kind.is_custom(),
            (Source::Workloads(kind), Self::These(kinds)) => kinds.contains(&kind),
            (Source::Events | Source::Nodes, _) => false,
        }
    }
}
