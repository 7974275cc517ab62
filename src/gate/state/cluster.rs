//! All that is known of the cluster now, as the observations told it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::delta::Delta;
use super::index::{Index, PodIndex};
use super::pod_history::{PodHistory, RuleContext};
use super::references::References;
use crate::gate::memory::{CLAIM, EventIndex, EventLog, Sources, event_index};
use crate::gate::model::{
    ClusterEvent, CustomOwner, Node, Object, Pod, Scale, Source, Unread, Workload, WorkloadKind, WorkloadRef,
};
use crate::gate::spec::Plan;

/// How many pods that are gone are remembered. More of the same make no difference.
const MOST_FALLEN: usize = 1_000;

/// The known cluster.
#[derive(Debug, Clone, Default)]
pub struct ClusterState {
    /// Every pod of the watched selection, by UID.
    pub pods: BTreeMap<String, PodHistory>,
    /// Pods that ended as a whole by their own fault and are gone, by UID: their controllers delete some at once, and what
    /// they died of is true all the same.
    pub fallen: BTreeMap<String, PodHistory>,
    /// Every workload of the namespace, by UID. Gates of one namespace know the same ones, and hold them in common.
    workloads: BTreeMap<String, Arc<Workload>>,
    /// What is known of owners of kinds that the gate does not know, by UID.
    pub custom_owners: BTreeMap<String, Result<CustomOwner, Unread>>,
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
    index: PodIndex,
    /// The fallen pods by the UID of their controller.
    fallen_index: Index,
    /// The `ReplicaSet`s by the UID of what controls them.
    replica_sets: Index,
    references: References,
    /// The kinds of custom resources of which something was seen, if only that another object names one.
    custom_kinds: BTreeSet<WorkloadKind>,
    delta: Delta,
}

impl ClusterState {
    /// Takes in an object. True where that changed anything.
    pub fn apply(&mut self, object: Object, plan: &Plan, now: Duration) -> bool {
        // What is in another namespace is another app, whatever its labels.
        let is_elsewhere = |namespace: &str| !namespace.is_empty() && namespace != plan.namespace;
        match object {
            Object::Pod(pod) if is_elsewhere(&pod.namespace) => false,
            Object::Workload(workload) if is_elsewhere(&workload.namespace) => false,
            Object::Pod(pod) => self.apply_pod(pod, plan, now),
            Object::Workload(workload) => self.apply_workload(workload),
            Object::Node(node) => self.apply_node(Arc::unwrap_or_clone(node), plan, now),
            Object::Event(event) => self.apply_event(&event, plan, now),
        }
    }

    /// Takes in what was read of an owner of an unknown kind. True where that changed anything.
    pub fn apply_custom_owner(&mut self, uid: String, mut read: Result<CustomOwner, Unread>) -> bool {
        let known = self.custom_owners.get(&uid);
        if let (Ok(owner), Some(Ok(known))) = (&mut read, known)
            && owner.scale == Scale::Unread
        {
            owner.scale = known.scale;
        }
        // What was read a moment ago stands until it can be read again; a pass is confirmed by a read of its own.
        let is_passing = matches!((&read, known), (Err(Unread::Failed(_)), Some(Ok(_))));
        if known == Some(&read) || is_passing {
            return false;
        }
        self.delta.custom_owners.insert(uid.clone());
        self.custom_owners.insert(uid, read);
        true
    }

    /// The workload of this UID.
    #[must_use]
    pub fn workload(&self, uid: &str) -> Option<&Workload> {
        self.workloads.get(uid).map(Arc::as_ref)
    }

    /// Every workload of the namespace, by UID.
    pub fn workloads(&self) -> impl Iterator<Item = &Workload> + Clone {
        self.workloads.values().map(Arc::as_ref)
    }

    fn apply_workload(&mut self, mut workload: Arc<Workload>) -> bool {
        if self.is_outdated_workload(&workload) {
            return false;
        }
        let known = self.workloads.get(&workload.uid);
        self.references.resolve(&mut workload, known.map(Arc::as_ref), &self.workloads);
        let named = workload.controller.as_ref().map(|controller| controller.kind.clone());
        if known == Some(&workload) {
            // One that says no more than what is known already does not take the place of one that is shared.
            let is_newer = |known: &Workload| {
                !known.resource_version.is_number() || known.resource_version.is_older_than(workload.resource_version)
            };
            if known.is_some_and(|known| is_newer(known)) {
                self.workloads.insert(workload.uid.clone(), workload);
            }
            return false;
        }
        let mut concerned = self.drop_workload(&workload.uid).unwrap_or_default();
        concerned.extend(self.references.add(&workload, &self.workloads));
        self.note_kind(workload.kind.kind());
        self.note_kind(&named.unwrap_or_default());
        self.put_workload(workload);
        self.resolve_again(concerned);
        true
    }

    /// Takes a workload out. Returns true if it was there.
    fn take_workload(&mut self, uid: &str) -> bool {
        let concerned = self.drop_workload(uid);
        let was_there = concerned.is_some();
        self.resolve_again(concerned.unwrap_or_default());
        was_there
    }

    /// Takes a workload out of everything, and returns those that something of it may be known for; `None` where it was
    /// not there.
    fn drop_workload(&mut self, uid: &str) -> Option<BTreeSet<String>> {
        let known = self.workloads.remove(uid)?;
        self.note_workload(&known);
        if let Some(above) = controller_of_set(&known) {
            self.replica_sets.take(above, uid);
        }
        Some(self.references.take(&known, &self.workloads))
    }

    fn put_workload(&mut self, workload: Arc<Workload>) {
        self.note_workload(&workload);
        if let Some(above) = controller_of_set(&workload) {
            self.replica_sets.add(above, &workload.uid);
        }
        self.workloads.insert(workload.uid.clone(), workload);
    }

    /// Works out anew what these workloads have from those that they refer to, or that refer to them. What stands on
    /// another's status is evaluated again, even where nothing of its own changed.
    fn resolve_again(&mut self, uids: BTreeSet<String>) {
        for uid in uids {
            let Some(mut workload) = self.workloads.get(&uid).cloned() else { continue };
            self.references.resolve(&mut workload, self.workload(&uid), &self.workloads);
            self.note_workload(&workload);
            self.workloads.insert(uid, workload);
        }
    }

    /// Notes that a workload changed, or that something was said about it, and with it what is above a `ReplicaSet`.
    fn note_workload(&mut self, workload: &Workload) {
        self.delta.workloads.insert(workload.uid.clone());
        self.delta.workloads.extend(controller_of_set(workload).map(str::to_owned));
    }

    /// The workload of this kind and name.
    #[must_use]
    pub fn workload_named(&self, reference: &WorkloadRef) -> Option<&Workload> {
        self.references.named(reference, &self.workloads)
    }

    /// True where something of this kind of custom resource was seen: an object of it, a `ReplicaSet` that one controls, an
    /// event about one.
    #[must_use]
    pub fn has_signs_of(&self, kind: WorkloadKind) -> bool {
        self.custom_kinds.contains(&kind)
    }

    /// Notes a sign of a custom resource.
    fn note_kind(&mut self, kind: &str) {
        if let Some(kind) = WorkloadKind::from_kind(kind).filter(|kind| kind.is_custom()) {
            self.custom_kinds.insert(kind);
        }
    }

    /// True where a Canary of Flagger is known.
    #[must_use]
    pub fn has_canaries(&self) -> bool {
        self.references.has_canaries()
    }

    /// True where a Rollout is there whose template is that of another workload.
    #[must_use]
    pub fn has_workload_refs(&self) -> bool {
        self.references.has_workload_refs()
    }

    fn apply_node(&mut self, node: Node, plan: &Plan, now: Duration) -> bool {
        let news = self.nodes.get(&node.name).and_then(|known| known.ready) != node.ready;
        let name = node.name.clone();
        if node.ready == Some(true) {
            self.answered.insert(name.clone());
        }
        self.nodes.insert(name.clone(), node);
        if news {
            let pods = self.index.nodes.get(&name).map(str::to_owned).collect();
            self.rederive_causes_of(pods, plan, now);
        }
        news
    }

    fn apply_event(&mut self, event: &ClusterEvent, plan: &Plan, now: Duration) -> bool {
        self.event_log.observe(event);
        self.note_kind(&event.object_kind);
        // That the kubelet is getting on with a pod matters only where something stands against it.
        let troubled = |uid: &String| self.pods.get(uid).is_some_and(|history| !history.causes().is_empty());
        let news = self.event_index.observe(event)
            && (!event_index::is_progress(&event.reason) || troubled(&event.object_uid));
        self.forget_events_of_unknown();
        if news {
            let mut pods = BTreeSet::from([event.object_uid.clone()]);
            if event.object_kind == CLAIM {
                pods.extend(self.index.claims.get(&event.object_name).map(str::to_owned));
            }
            self.rederive_causes_of(pods, plan, now);
            if let Some(workload) = self.workloads.remove(&event.object_uid) {
                self.note_workload(&workload);
                self.workloads.insert(workload.uid.clone(), workload);
            }
        }
        news
    }

    /// Bounds what is remembered of objects that are not there. An event may come before its pod, and so nothing is given
    /// up while the pods are not known.
    fn forget_events_of_unknown(&mut self) {
        if !self.sources.is_fresh(Source::Pods) {
            return;
        }
        let (pods, workloads) = (&self.pods, &self.workloads);
        let is_known = |uid: &str| pods.contains_key(uid) || workloads.contains_key(uid);
        let claims = || self.index.claims.keys().collect();
        self.event_index.forget_unknown(is_known, claims);
    }

    fn apply_pod(&mut self, pod: Arc<Pod>, plan: &Plan, now: Duration) -> bool {
        let node_ready = node_ready(&self.nodes, &pod);
        let context = RuleContext { event_index: &self.event_index, plan, node_ready, now };
        if let Some(node) = pod.node.as_ref().filter(|node| pod.is_ready() && !self.answered.contains(*node)) {
            self.answered.insert(node.clone());
            // Of another pod on it, it is now known that its node did answer.
            self.delta.pods.extend(self.index.nodes.get(node).map(str::to_owned));
        }
        match self.pods.get_mut(&pod.uid) {
            Some(history) if pod.resource_version.is_older_than(history.pod.resource_version) => return false,
            Some(history) if history.pod == pod => {
                if pod.resource_version.is_number() {
                    history.pod = pod;
                }
                return false;
            }
            Some(history) => {
                self.delta.pods.insert(pod.uid.clone());
                if !PodIndex::is_same(&history.pod, &pod) {
                    self.index.take(&history.pod);
                    self.index.add(&pod);
                }
                history.observe(pod, context);
            }
            None => {
                self.delta.pods.insert(pod.uid.clone());
                self.index.add(&pod);
                if let Some(fallen) = self.fallen.remove(&pod.uid) {
                    fallen.pod.controller.iter().for_each(|owner| self.fallen_index.take(&owner.uid, &pod.uid));
                }
                self.pods.insert(pod.uid.clone(), PodHistory::new(pod, context));
            }
        }
        true
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
            Object::Workload(workload) => self.is_outdated_workload(workload),
            Object::Event(_) | Object::Node(_) => false,
        })
    }

    /// Returns true if a workload is older than what is known of it.
    #[must_use]
    pub fn is_outdated_workload(&self, workload: &Workload) -> bool {
        let known = self.workloads.get(&workload.uid);
        known.is_some_and(|known| workload.resource_version.is_older_than(known.resource_version))
    }

    fn rederive_causes_of(&mut self, pods: BTreeSet<String>, plan: &Plan, now: Duration) {
        for uid in pods {
            let Some(history) = self.pods.get_mut(&uid) else { continue };
            let node_ready = node_ready(&self.nodes, &history.pod);
            history.rederive_causes(RuleContext { event_index: &self.event_index, plan, node_ready, now });
            self.delta.pods.insert(uid);
        }
    }

    /// What changed since this was last asked.
    pub fn take_delta(&mut self) -> Delta {
        std::mem::take(&mut self.delta)
    }

    /// True where nothing changed since [`ClusterState::take_delta`] was last asked.
    #[must_use]
    pub fn is_evaluated(&self) -> bool {
        self.delta.is_empty()
    }

    /// The UIDs of the pods that this controller controls: those that are there, then those that ended by their own fault
    /// and are gone.
    pub fn pods_of(&self, controller: &str) -> impl Iterator<Item = &str> {
        self.index.controllers.get(controller).chain(self.fallen_index.get(controller))
    }

    /// The `ReplicaSet`s that this workload, or whatever has this UID, controls.
    pub fn replica_sets_of(&self, controller: &str) -> impl Iterator<Item = &Workload> {
        self.replica_sets.get(controller).filter_map(|uid| self.workload(uid))
    }

    /// Takes in a whole collection: what is not in it is gone.
    pub fn replace_all(&mut self, source: Source, objects: Vec<Object>, plan: &Plan, now: Duration) {
        let uids: BTreeSet<&str> = objects.iter().map(Object::uid).collect();
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
            Source::Pods => self.remove_pod(uid),
            // A Job that is complete has done what it was made for: that it is cleaned up then changes nothing.
            Source::Workloads(_) if self.workload(uid).is_some_and(Workload::is_complete_job) => false,
            Source::Workloads(_) => self.take_workload(uid),
            Source::Events | Source::Nodes => false,
        }
    }

    fn remove_pod(&mut self, uid: &str) -> bool {
        let Some(history) = self.pods.remove(uid) else { return false };
        self.delta.pods.insert(uid.to_owned());
        self.index.take(&history.pod);
        if history.failure().is_some() && self.fallen.len() < MOST_FALLEN {
            history.pod.controller.iter().for_each(|owner| self.fallen_index.add(&owner.uid, uid));
            self.fallen.insert(uid.to_owned(), history);
        }
        true
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

fn sort_key(object: &Object) -> (Option<&str>, &str) {
    match object {
        Object::Event(event) => (event.last_seen.as_deref(), &event.uid),
        other => (None, other.uid()),
    }
}

/// The UID of what controls a `ReplicaSet`.
fn controller_of_set(workload: &Workload) -> Option<&str> {
    let controller = workload.controller.as_ref().filter(|_| workload.kind == WorkloadKind::ReplicaSet);
    controller.map(|controller| controller.uid.as_str())
}
