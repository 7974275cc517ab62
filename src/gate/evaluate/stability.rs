//! The stability window: how long everything has been well without a break.
//!
//! The clock is the gate's own and starts at its own observation. What is compared between observations (pod UIDs,
//! container IDs, restart counts, the moment of the last readiness transition) is only equal or not, so that no clock of
//! the cluster matters.

use std::collections::BTreeMap;
use std::time::Duration;

use super::fingerprint::PodFingerprint;
use super::live::{Changes, Generation, LiveAssessment};

/// An open window. It remembers of the pods no more than what those were that changed since the last look at which all
/// was well: all others are as they were then.
#[derive(Debug, Clone)]
pub struct Window {
    /// Since when all has been well, as the time since the gate began.
    pub since: Duration,
    /// The fingerprints then of the pods that changed since, by UID; `None` for one that did not count.
    pods: BTreeMap<String, Option<PodFingerprint>>,
    /// The generations then of the workloads that changed since, by UID; `None` for one that was not there.
    generations: BTreeMap<String, Option<Generation>>,
    /// The view was lost since then: only an unchanged world bridges that.
    gap: bool,
}

impl Window {
    /// A window that opens now.
    #[must_use]
    pub const fn new(now: Duration) -> Self {
        Self { since: now, pods: BTreeMap::new(), generations: BTreeMap::new(), gap: false }
    }

    /// Remembers what changed. To be told of every change while the window is open.
    pub fn note(&mut self, changes: &Changes) {
        for (uid, before) in &changes.fingerprints {
            self.pods.entry(uid.clone()).or_insert_with(|| before.clone());
        }
        for (uid, before) in &changes.generations {
            self.generations.entry(uid.clone()).or_insert(*before);
        }
    }

    /// The view of the cluster was lost: nothing is known until the next look.
    pub const fn lose_sight(&mut self) {
        self.gap = true;
    }

    /// All is well now: lets the window go on, unless a pod is not the one that it was. Then it says why.
    pub fn go_on(&mut self, live: &LiveAssessment) -> Result<(), String> {
        if let Some(why) = self.difference(live) {
            return Err(why);
        }
        *self = Self::new(self.since);
        Ok(())
    }

    /// The first difference that breaks the window. What may change while it is watched (a pod that leaves while the rest
    /// is still enough, a new target) breaks it over a gap in the view, where what happened in between is not known.
    fn difference(&self, live: &LiveAssessment) -> Option<String> {
        for (uid, before) in &self.pods {
            match (before, live.fingerprint(uid)) {
                (_, None) => {}
                (None, Some(now)) => return Some(format!("pod {} appeared", now.name)),
                (Some(before), Some(now)) if before == now => {}
                (Some(before), Some(now)) if before.ready_since != now.ready_since => {
                    return Some(format!("pod {} lost its readiness and got it back", now.name));
                }
                (Some(_), Some(now)) => return Some(format!("a container of pod {} was restarted", now.name)),
            }
        }
        if !self.gap {
            return None;
        }
        if self.generations.iter().any(|(uid, before)| *before != live.generation(uid)) {
            return Some("the workload was changed while the cluster could not be observed".to_owned());
        }
        let left = self.pods.iter().find(|(uid, before)| before.is_some() && live.fingerprint(uid).is_none());
        left.and_then(|(_, before)| before.as_ref())
            .map(|before| format!("pod {} disappeared while the cluster could not be observed", before.name))
    }
}
