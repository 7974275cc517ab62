//! The newest template of a `DaemonSet` whose pods carry no generation.

use std::collections::BTreeMap;

use super::version;
use crate::gate::model::{Detail, Pod, Workload};
use crate::gate::state::{ClusterState, PodHistory};

/// The revisions, by the label `controller-revision-hash`, of a `DaemonSet` that has no generation to tell its pods by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NewestRevision {
    /// The pods of the newest template carry this one; `None` where they carry none.
    Is(Option<String>),
    /// It cannot be told, or need not.
    #[default]
    Unknown,
}

/// How many pods carry each revision, of those that may be of the newest template.
pub type RevisionCounts = BTreeMap<Option<String>, u32>;

/// True for a `DaemonSet` whose newest pods are told by counting.
#[must_use]
pub fn is_told_by_counts(workload: &Workload) -> bool {
    matches!(workload.detail, Detail::DaemonSet { template_generation: None, .. })
}

/// True for a pod of this `DaemonSet` that may be of its newest template.
#[must_use]
pub fn may_be_newest(history: &PodHistory, daemon_set: &Workload) -> bool {
    !history.is_left_out() && !version::contradicts(&history.pod, &daemon_set.template)
}

/// The same of all its pods.
#[must_use]
pub fn counts(daemon_set: &Workload, state: &ClusterState) -> RevisionCounts {
    let mut counts = RevisionCounts::new();
    if is_told_by_counts(daemon_set) {
        for history in state.pods.values() {
            let is_its = history.pod.controller.as_ref().is_some_and(|owner| owner.uid == daemon_set.uid);
            if is_its && may_be_newest(history, daemon_set) {
                *counts.entry(revision_of(&history.pod).map(str::to_owned)).or_default() += 1;
            }
        }
    }
    counts
}

/// The revision of the newest template, for a `DaemonSet` without a generation. Its `ControllerRevision` may not be read,
/// so it is told by what must hold: pods that contradict the template are older, and the controller counts how many pods
/// are of the newest (`updatedNumberScheduled`).
#[must_use]
pub fn newest_revision(daemon_set: &Workload, counts: &RevisionCounts) -> NewestRevision {
    if !is_told_by_counts(daemon_set) {
        return NewestRevision::Unknown;
    }
    let updated = daemon_set.updated.unwrap_or(0);
    let desired = daemon_set.desired.unwrap_or(0);
    let is_complete = updated > 0 && updated >= desired;
    let mut candidates: Vec<&Option<String>> = match counts.len() {
        // The pods that are updated must be among those that do not contradict.
        1 if updated > 0 => counts.keys().collect(),
        // Where all are updated, as many pods carry the newest revision.
        _ if is_complete => {
            counts.iter().filter(|(_, count)| **count >= desired).map(|(revision, _)| revision).collect()
        }
        _ => Vec::new(),
    };
    match (candidates.pop(), candidates.is_empty()) {
        (Some(revision), true) => NewestRevision::Is(revision.clone()),
        _ => NewestRevision::Unknown,
    }
}

/// The revision that a pod was made from, where it says so.
#[must_use]
pub fn revision_of(pod: &Pod) -> Option<&str> {
    pod.labels.get("controller-revision-hash").map(String::as_str)
}
