//! The state machine of a feed: facts in, events out.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Change, FeedEvent, PodRef};
use super::known::{Known, stands_now};
use super::owner;
use crate::gate::Fact;
use crate::gate::model::{Object, Pod, Probes, Source};

/// All pods of a selection, and what happens to them.
#[derive(Debug, Default)]
pub struct Feed {
    /// By UID: a pod that was deleted and made anew under its name is another.
    pods: BTreeMap<String, Known>,
    began: bool,
}

/// A pod that exists, as a register of pods holds it.
#[derive(Debug, Clone, Copy)]
pub struct Registered<'a> {
    /// Which one.
    pub pod: &'a PodRef,
    /// Its condition `Ready`.
    pub ready: bool,
    /// The sum of `restartCount` over its containers.
    pub restarts: u32,
}

impl Feed {
    /// Takes in a fact and says what happened, in order. Facts that are no news, or not about pods, say nothing.
    ///
    /// The first list is where the feed begins: what is in it was there before, so only the crash loops that stand are
    /// told. Each later list is compared with what is known, and what happened unseen is told.
    pub fn observe(&mut self, fact: Fact) -> Vec<FeedEvent> {
        match fact {
            Fact::Listed { source: Source::Pods, objects } => self.listed(objects),
            Fact::Seen(object) => match *object {
                Object::Pod(pod) => self.seen(&pod),
                _ => Vec::new(),
            },
            Fact::Gone { source: Source::Pods, uid } => self.gone(&uid).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// True once the pods were listed.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.began
    }

    /// The pods that exist, by namespace and name.
    #[must_use]
    pub fn register(&self) -> Vec<Registered<'_>> {
        let pods = self.pods.values();
        let pods = pods.map(|known| Registered { pod: &known.pod, ready: known.ready, restarts: known.restarts });
        let mut pods: Vec<Registered<'_>> = pods.collect();
        pods.sort_by(|one, other| (&one.pod.namespace, &one.pod.name).cmp(&(&other.pod.namespace, &other.pod.name)));
        pods
    }

    fn listed(&mut self, objects: Vec<Object>) -> Vec<FeedEvent> {
        let begins = !std::mem::replace(&mut self.began, true);
        let mut events = Vec::new();
        // A pod that was replaced under its name went before the new one came.
        for uid in self.missing(&objects) {
            events.extend(self.gone(&uid));
        }
        // One by one: of a large list each pod is let go as soon as it is known.
        for object in objects {
            let Object::Pod(pod) = object else { continue };
            if begins && !self.pods.contains_key(&pod.uid) {
                events.extend(self.found(&pod));
            } else {
                events.extend(self.seen(&pod));
            }
        }
        events
    }

    /// The known pods that are not in a list, by namespace and name.
    fn missing(&self, objects: &[Object]) -> Vec<String> {
        if self.pods.is_empty() {
            return Vec::new();
        }
        let uid = |object: &'_ Object| match object {
            Object::Pod(pod) => Some(pod.uid.clone()),
            _ => None,
        };
        let listed: BTreeSet<String> = objects.iter().filter_map(uid).collect();
        let mut missing: Vec<&Known> = self.pods.values().filter(|known| !listed.contains(&known.pod.uid)).collect();
        missing.sort_by_key(|known| (&known.pod.namespace, &known.pod.name));
        missing.into_iter().map(|known| known.pod.uid.clone()).collect()
    }

    /// A pod that was there before the feed began.
    fn found(&mut self, pod: &Pod) -> Vec<FeedEvent> {
        let mut known = Known::new(pod);
        let changes = known.observe(pod).into_iter().filter(stands_now).collect();
        let events = told(&known, changes);
        self.pods.insert(pod.uid.clone(), known);
        events
    }

    fn seen(&mut self, pod: &Pod) -> Vec<FeedEvent> {
        if let Some(known) = self.pods.get_mut(&pod.uid) {
            let changes = known.observe(pod);
            return told(known, changes);
        }
        let mut known = Known::new(pod);
        let mut events =
            vec![FeedEvent { pod: PodRef { phase: pod.phase, ..known.pod.clone() }, change: Change::Created }];
        let changes = known.observe(pod);
        events[0].pod.node.clone_from(&known.pod.node);
        events.extend(told(&known, changes));
        self.pods.insert(pod.uid.clone(), known);
        events
    }

    fn gone(&mut self, uid: &str) -> Option<FeedEvent> {
        self.pods.remove(uid).map(|known| FeedEvent { pod: known.pod, change: Change::Deleted })
    }
}

fn told(known: &Known, changes: Vec<Change>) -> Vec<FeedEvent> {
    changes.into_iter().map(|change| FeedEvent { pod: known.pod.clone(), change }).collect()
}

/// Drops from a pod what a feed never reads, so that a list of twenty thousand takes half the room.
pub fn trim(pod: &mut Pod) {
    pod.labels.retain(|key, _| owner::is_told_by(key));
    for container in &mut pod.containers {
        container.image = String::new();
        container.memory_limit = None;
        container.requests = BTreeMap::new();
        container.probes = Probes::default();
    }
    pod.containers.shrink_to_fit();
}
