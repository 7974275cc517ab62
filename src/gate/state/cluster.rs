//! All that is known of the cluster now, as the observations told it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::pod_history::{PodHistory, RuleContext};
use crate::gate::memory::{CLAIM, EventIndex, EventLog, Sources, event_index};
use crate::gate::model::{Node, Object, Pod, Source, Workload};
use crate::gate::spec::Plan;

/// How many pods that are gone are remembered. More of the same make no difference.
const MOST_FALLEN: usize = 1_000;

/// The known cluster.
#[derive(Debug, Default)]
pub struct ClusterState {
    /// Every pod of the watched selection, by UID.
    pub pods: BTreeMap<String, PodHistory>,
    /// Pods that ended as a whole by their own fault and are gone, by UID: their controllers delete some at once, and what
    /// they died of is true all the same.
    pub fallen: BTreeMap<String, PodHistory>,
    /// Every workload of the namespace, by UID.
    pub workloads: BTreeMap<String, Workload>,
    /// The nodes that are known, by name.
    pub nodes: BTreeMap<String, Node>,
    /// The names of the nodes that answered at some time since the gate began: those that said so, and those on which a
    /// pod was Ready.
    pub answered: BTreeSet<String>,
    /// What was said about them.
    pub event_index: EventIndex,
    /// What was said, kept as proof.
    pub event_log: EventLog,
    /// How far each source can be trusted.
    pub sources: Sources,
}

impl ClusterState {
    /// Takes in an object. True where that changed anything.
    pub fn apply(&mut self, object: Object, plan: &Plan, now: Duration) -> bool {
        match object {
            // What is in another namespace is another app, whatever its labels.
            Object::Pod(Pod { ref namespace, .. }) | Object::Workload(Workload { ref namespace, .. })
                if !namespace.is_empty() && *namespace != plan.namespace =>
            {
                false
            }
            Object::Pod(pod) => self.apply_pod(pod, plan, now),
            Object::Workload(workload) => {
                let known = self.workloads.get(&workload.uid);
                if known.is_some_and(|known| workload.resource_version.is_older_than(known.resource_version)) {
                    return false;
                }
                let news = known != Some(&workload);
                self.workloads.insert(workload.uid.clone(), workload);
                news
            }
            Object::Node(node) => {
                let news = self.nodes.get(&node.name).and_then(|known| known.ready) != node.ready;
                let name = node.name.clone();
                if node.ready == Some(true) {
                    self.answered.insert(name.clone());
                }
                self.nodes.insert(name.clone(), node);
                if news {
                    self.rederive_causes_of(plan, now, |pod| pod.node.as_deref() == Some(name.as_str()));
                }
                news
            }
            Object::Event(event) => {
                self.event_log.observe(&event);
                // That the kubelet is getting on with a pod matters only where something stands against it.
                let troubled = |uid: &String| self.pods.get(uid).is_some_and(|history| !history.causes().is_empty());
                let news = self.event_index.observe(&event)
                    && (!event_index::is_progress(&event.reason) || troubled(&event.object_uid));
                self.forget_events_of_unknown();
                if news {
                    let of_claim = event.object_kind == CLAIM;
                    self.rederive_causes_of(plan, now, |pod| {
                        pod.uid == event.object_uid || (of_claim && pod.claims.contains(&event.object_name))
                    });
                }
                news
            }
        }
    }

    /// Bounds what is remembered of objects that are not there. An event may come before its pod, and so nothing is given
    /// up while the pods are not known.
    fn forget_events_of_unknown(&mut self) {
        if !self.sources.is_fresh(Source::Pods) {
            return;
        }
        let (pods, workloads) = (&self.pods, &self.workloads);
        let is_known = |uid: &str| pods.contains_key(uid) || workloads.contains_key(uid);
        let claims = || pods.values().flat_map(|history| &history.pod.claims).map(String::as_str).collect();
        self.event_index.forget_unknown(is_known, claims);
    }

    fn apply_pod(&mut self, pod: Pod, plan: &Plan, now: Duration) -> bool {
        let node_ready = node_ready(&self.nodes, &pod);
        let around = RuleContext { event_index: &self.event_index, plan, node_ready, now };
        if let Some(node) = pod.node.as_ref().filter(|node| pod.is_ready() && !self.answered.contains(*node)) {
            self.answered.insert(node.clone());
        }
        match self.pods.get_mut(&pod.uid) {
            Some(history) if pod.resource_version.is_older_than(history.pod.resource_version) => false,
            Some(history) if history.pod == pod => {
                history.pod.resource_version = history.pod.resource_version.newest(pod.resource_version);
                false
            }
            Some(history) => {
                history.observe(pod, around);
                true
            }
            None => {
                self.fallen.remove(&pod.uid);
                self.pods.insert(pod.uid.clone(), PodHistory::new(pod, around));
                true
            }
        }
    }

    /// Returns true if one of the objects is older than what is known of it: an answer that holds it (of a cache, or of
    /// an API server that lags behind the others) is no proof of anything.
    #[must_use]
    pub fn is_outdated<'a>(&self, objects: impl IntoIterator<Item = &'a Object>) -> bool {
        objects.into_iter().any(|object| match object {
            Object::Pod(pod) => self
                .pods
                .get(&pod.uid)
                .is_some_and(|known| pod.resource_version.is_older_than(known.pod.resource_version)),
            Object::Workload(workload) => self
                .workloads
                .get(&workload.uid)
                .is_some_and(|known| workload.resource_version.is_older_than(known.resource_version)),
            Object::Event(_) | Object::Node(_) => false,
        })
    }

    fn rederive_causes_of(&mut self, plan: &Plan, now: Duration, which: impl Fn(&Pod) -> bool) {
        for history in self.pods.values_mut().filter(|history| which(&history.pod)) {
            let node_ready = node_ready(&self.nodes, &history.pod);
            history.rederive_causes(RuleContext { event_index: &self.event_index, plan, node_ready, now });
        }
    }

    /// Takes in a whole collection: what is not in it is gone.
    pub fn replace_all(&mut self, source: Source, objects: Vec<Object>, plan: &Plan, now: Duration) {
        let uids: BTreeSet<&str> = objects.iter().map(uid_of).collect();
        let gone: Vec<String> = match source {
            Source::Pods => self.pods.keys().filter(|uid| !uids.contains(uid.as_str())).cloned().collect(),
            Source::Workloads(kind) => {
                let of_kind = self.workloads.values().filter(|workload| workload.kind == kind);
                of_kind.filter(|workload| !uids.contains(workload.uid.as_str())).map(|gone| gone.uid.clone()).collect()
            }
            // Events and nodes are remembered: an event that has expired was said all the same.
            Source::Events | Source::Nodes => Vec::new(),
        };
        for uid in gone {
            self.remove(source, &uid);
        }
        let mut objects = objects;
        // The order of a list says nothing: events in the order in which they were said, all else by UID.
        objects.sort_by(|one, other| sort_key(one).cmp(&sort_key(other)));
        for object in objects {
            self.apply(object, plan, now);
        }
    }

    /// Forgets a deleted object. True where it was known.
    pub fn remove(&mut self, source: Source, uid: &str) -> bool {
        match source {
            Source::Pods => self.pods.remove(uid).is_some_and(|history| {
                if history.failure().is_some() && self.fallen.len() < MOST_FALLEN {
                    self.fallen.insert(uid.to_owned(), history);
                }
                true
            }),
            // A Job that is complete has done what it was made for: that it is cleaned up then changes nothing.
            Source::Workloads(_) if self.workloads.get(uid).is_some_and(Workload::is_complete_job) => false,
            Source::Workloads(_) => self.workloads.remove(uid).is_some(),
            Source::Events | Source::Nodes => false,
        }
    }

    /// What rules about this pod look at beside the pod itself.
    #[must_use]
    pub fn around<'a>(&'a self, history: &PodHistory, plan: &'a Plan, now: Duration) -> RuleContext<'a> {
        RuleContext { event_index: &self.event_index, plan, node_ready: node_ready(&self.nodes, &history.pod), now }
    }
}

fn node_ready(nodes: &BTreeMap<String, Node>, pod: &Pod) -> Option<bool> {
    nodes.get(pod.node.as_ref()?)?.ready
}

fn uid_of(object: &Object) -> &str {
    match object {
        Object::Pod(pod) => &pod.uid,
        Object::Workload(workload) => &workload.uid,
        Object::Event(event) => &event.uid,
        Object::Node(node) => &node.uid,
    }
}

fn sort_key(object: &Object) -> (Option<&str>, &str) {
    match object {
        Object::Event(event) => (event.last_seen.as_deref(), &event.uid),
        other => (None, uid_of(other)),
    }
}
