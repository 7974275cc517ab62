//! The pods of both arms, by the names that series know them by.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::arm_counter::CountedPod;
use crate::gate::model::{Pod, epoch_seconds};

/// The pods of the gated version, those that are gone among them.
#[derive(Debug, Clone, Default)]
pub(super) struct CanaryPods {
    pods: BTreeMap<String, CanaryPod>,
}

#[derive(Debug, Clone)]
struct CanaryPod {
    uid: String,
    /// When it was first known here.
    since: Duration,
    /// When it was last seen alive.
    seen: Duration,
    /// No other pod ever had its name.
    has_its_own_name: bool,
    /// When it was created, in seconds since 1970.
    created: Option<i64>,
}

impl CanaryPods {
    /// Remembers these pods.
    pub(super) fn note<'a>(&mut self, pods: impl IntoIterator<Item = &'a Pod>, now: Duration) {
        for pod in pods {
            if let Some(known) = self.pods.get_mut(&pod.name).filter(|known| known.uid == pod.uid) {
                known.seen = now;
                continue;
            }
            let created = pod.created.as_deref().and_then(epoch_seconds);
            let has_its_own_name = has_its_own_name(pod);
            let noted = CanaryPod { uid: pod.uid.clone(), since: now, seen: now, has_its_own_name, created };
            self.pods.insert(pod.name.clone(), noted);
        }
    }

    /// Those that live, and those that lived until a moment ago: what they did last is scraped, and to be counted.
    pub(super) fn to_ask_about(&self, now: Duration, grace: Duration) -> BTreeSet<String> {
        let recent = self.pods.iter().filter(|(_, pod)| now.saturating_sub(pod.seen) <= grace);
        recent.map(|(name, _)| name.clone()).collect()
    }

    /// What is known of a pod of that name. `answered_at_ms` is the time of the source's clock now.
    pub(super) fn counted(&self, name: &str, answered_at_ms: i64, now: Duration) -> Option<CountedPod> {
        let pod = self.pods.get(name)?;
        let known_for = i64::try_from(now.saturating_sub(pod.since).as_millis()).unwrap_or(i64::MAX);
        Some(CountedPod {
            created_under_its_own_name: pod.created.filter(|_| pod.has_its_own_name),
            not_before_ms: if pod.has_its_own_name { i64::MIN } else { answered_at_ms.saturating_sub(known_for) },
            half: 0,
        })
    }

    /// True for a pod of the gated version.
    pub(super) fn has(&self, name: &str) -> bool {
        self.pods.contains_key(name)
    }
}

/// True where no other pod had this name before: those of a `ReplicaSet`, a `DaemonSet` or a Job get a random end. A pod
/// whose containers are updated in place keeps its name, and its older life is of another version.
fn has_its_own_name(pod: &Pod) -> bool {
    let kind = pod.controller.as_ref().map(|controller| controller.kind.as_str());
    matches!(kind, Some("ReplicaSet" | "DaemonSet" | "Job")) && pod.in_place_ready.is_none()
}

/// The stable pods.
#[derive(Debug, Clone, Default)]
pub(super) struct StablePods {
    live: BTreeSet<String>,
    /// The half of each that was ever counted: every second one, in the order in which they were seen.
    halves: BTreeMap<String, usize>,
}

impl StablePods {
    /// These pods are stable now.
    pub(super) fn listed(&mut self, pods: BTreeSet<String>) {
        self.live = pods;
    }

    /// Those that are stable now.
    pub(super) fn live(&self) -> &BTreeSet<String> {
        &self.live
    }

    /// Gives the pods that are new here their halves.
    pub(super) fn note<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        let new: BTreeSet<&str> = names.into_iter().filter(|name| !self.halves.contains_key(*name)).collect();
        for name in new {
            self.halves.insert(name.to_owned(), self.halves.len() % 2);
        }
    }

    /// What is known of a stable pod of that name. How it began is not: what it had counted before is of no use.
    pub(super) fn counted(&self, name: &str) -> Option<CountedPod> {
        let half = *self.halves.get(name)?;
        Some(CountedPod { created_under_its_own_name: None, not_before_ms: i64::MIN, half })
    }
}
