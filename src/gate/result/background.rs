//! What stands behind a version that did not come up: who still serves, and what was changed.

/// What stands behind a version that did not come up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Background {
    /// Who serves, workload by workload, as far as it was seen.
    pub serving: Vec<Serving>,
    /// What was changed in the pod templates, workload by workload.
    pub changes: Vec<TemplateChanges>,
}

/// The pods of a workload that are Ready and not of the gated version's template. Where there are none, no pod of any of
/// its revisions is Ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// The workload, as `deployment/checkout`.
    pub workload: String,
    /// Its older revisions that have Ready pods, the one with most of them first.
    pub older: Vec<OlderRevision>,
}

/// An older revision of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OlderRevision {
    /// What its version is called: the value of the version label, or the tag of the app's image. `None` where nothing
    /// tells, or where it is the gated version too, with another template.
    pub version: Option<String>,
    /// What its pods come from: the name of the `ReplicaSet`, or of the workload that is its copy.
    pub name: String,
    /// Its pods that are Ready.
    pub ready: u32,
}

/// What differs between two pod templates of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateChanges {
    /// The workload, as `deployment/checkout`.
    pub workload: String,
    /// The older revision.
    pub from: OlderRevision,
    /// Every change, the more telling first.
    pub changes: Vec<TemplateChange>,
}

/// One part of a pod template that is not what it was. Names and values are the cluster's: hostile text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateChange {
    /// The container; `None` for a part of the pod.
    pub container: Option<String>,
    /// What it is: `image`, `env LOG_LEVEL`, `limits.memory`.
    pub part: String,
    /// How it changed.
    pub how: Changed,
    /// What it was, where that may be shown.
    pub before: Option<String>,
    /// What it is, where that may be shown.
    pub after: Option<String>,
}

/// How a part of a template changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// It has another value.
    Changed,
}
