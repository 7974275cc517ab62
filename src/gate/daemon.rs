//! What is special about a `DaemonSet`: its nodes may die, and its pods may carry no generation.

use std::collections::BTreeMap;

use super::disruption;
use super::scope::Group;
use super::track::PodTrack;
use super::version;
use super::view::View;
use super::workload::{Detail, Workload};

/// The share of the wanted pods, one in so many, that may be lost with nodes that die while the gate looks. One always may.
const TOLERATED_SHARE: u32 = 10;

/// The nodes of a `DaemonSet` that do not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostNodes {
    /// Those that have not answered since the gate began: they cannot be asked to run their pods.
    before: u32,
    /// Those that did answer since then, and do not any more.
    pub died: u32,
    /// How many of the wanted pods may be lost so.
    tolerated: u32,
}

impl LostNodes {
    /// The lost nodes under the pods of a group that wants so many.
    #[must_use]
    pub fn of(group: &Group<'_>, desired: u32, view: &View) -> Self {
        let lost = || group.pods.iter().filter(|track| is_lost(track, view));
        let answered = |track: &&&PodTrack| track.pod.node.as_ref().is_some_and(|node| view.answered.contains(node));
        let count = |pods: usize| u32::try_from(pods).unwrap_or(u32::MAX);
        let died = count(lost().filter(answered).count());
        Self { before: count(lost().count()) - died, died, tolerated: (desired / TOLERATED_SHARE).max(1) }
    }

    /// True where more nodes died than can be taken for the ordinary course of things.
    #[must_use]
    pub const fn are_too_many(self) -> bool {
        self.died > self.tolerated
    }

    /// How many pods need not be there.
    #[must_use]
    pub const fn excused(self) -> u32 {
        if self.are_too_many() { self.before } else { self.before + self.died }
    }
}

/// True where the pod's node does not answer.
#[must_use]
pub fn is_lost(track: &PodTrack, view: &View) -> bool {
    let node = track.pod.node.as_ref().and_then(|name| view.nodes.get(name));
    node.is_some_and(|node| node.ready == Some(false)) || disruption::looks_lost(&track.pod)
}

/// How many pods of an older template are on nodes that do not answer: nothing ends them, and so nothing takes their place.
#[must_use]
pub fn older_on_lost_nodes(group: &Group<'_>, daemon_set: &Workload, view: &View) -> u32 {
    let is_current = |track: &PodTrack| group.pods.iter().any(|current| current.pod.uid == track.pod.uid);
    let older = view.pods.values().filter(|track| {
        track.pod.controller.as_ref().is_some_and(|owner| owner.uid == daemon_set.uid)
            && is_lost(track, view)
            && !is_current(track)
    });
    u32::try_from(older.count()).unwrap_or(u32::MAX)
}

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
pub fn newest_revision<'a>(daemon_set: &Workload, view: &'a View) -> NewestRevision<'a> {
    if !matches!(daemon_set.detail, Detail::DaemonSet { template_generation: None, .. }) {
        return NewestRevision::Unknown;
    }
    let mut counts = BTreeMap::<Option<&str>, u32>::new();
    for track in view.pods.values() {
        let pod = &track.pod;
        if pod.controller.as_ref().is_some_and(|owner| owner.uid == daemon_set.uid)
            && !track.is_left_out()
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
pub fn revision_of(pod: &super::pod::Pod) -> Option<&str> {
    pod.labels.get("controller-revision-hash").map(String::as_str)
}
