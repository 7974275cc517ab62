//! The newest template of a `DaemonSet` whose pods carry no generation.

use std::collections::BTreeMap;

use super::version;
use crate::gate::model::{Detail, Pod, Workload};
use crate::gate::state::ClusterState;

/// The revisions, by the label `controller-revision-hash`, of a `DaemonSet` that has no generation to tell its pods by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewestRevision<'a> {
    /// The pods of the newest template carry this one; `None` where they carry none.
    Is(Option<&'a str>),
    /// It cannot be told.
    Unknown,
}

/// The revision of the newest template, for a `DaemonSet` without a generation. Its `ControllerRevision` may not be read, so it is told by what must hold: pods
/// that contradict the template are older, and the controller counts how many pods are of the newest
/// (`updatedNumberScheduled`).
#[must_use]
pub fn newest_revision<'a>(daemon_set: &Workload, state: &'a ClusterState) -> NewestRevision<'a> {
    if !matches!(daemon_set.detail, Detail::DaemonSet { template_generation: None, .. }) {
        return NewestRevision::Unknown;
    }
    let mut counts = BTreeMap::<Option<&str>, u32>::new();
    for history in state.pods.values() {
        let pod = &history.pod;
        if pod.controller.as_ref().is_some_and(|owner| owner.uid == daemon_set.uid)
            && !history.is_left_out()
            && !version::contradicts(pod, &daemon_set.template)
        {
            *counts.entry(revision_of(pod)).or_default() += 1;
        }
    }
    let updated = daemon_set.updated.unwrap_or(0);
    let desired = daemon_set.desired.unwrap_or(0);
    let is_complete = updated > 0 && updated >= desired;
    let mut candidates: Vec<Option<&str>> = match counts.len() {
        // The pods that are updated must be among those that do not contradict.
        1 if updated > 0 => counts.keys().copied().collect(),
        // Where all are updated, as many pods carry the newest revision.
        _ if is_complete => {
            counts.iter().filter(|(_, count)| **count >= desired).map(|(revision, _)| *revision).collect()
        }
        _ => Vec::new(),
    };
    match (candidates.pop(), candidates.is_empty()) {
        (Some(revision), true) => NewestRevision::Is(revision),
        _ => NewestRevision::Unknown,
    }
}

/// The revision that a pod was made from, where it says so.
#[must_use]
pub fn revision_of(pod: &Pod) -> Option<&str> {
    pod.labels.get("controller-revision-hash").map(String::as_str)
}
