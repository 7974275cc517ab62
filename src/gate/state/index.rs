//! Where pods are found without looking at all of them: by what they refer to.

use std::collections::{BTreeMap, BTreeSet};

use crate::gate::model::Pod;

/// The UIDs of the objects that refer to something, by its name or UID.
#[derive(Debug, Clone, Default)]
pub struct Index {
    uids: BTreeMap<String, BTreeSet<String>>,
}

impl Index {
    /// Adds that the object with this UID refers to `key`.
    pub fn add(&mut self, key: &str, uid: &str) {
        match self.uids.get_mut(key) {
            Some(uids) => _ = uids.insert(uid.to_owned()),
            None => _ = self.uids.insert(key.to_owned(), BTreeSet::from([uid.to_owned()])),
        }
    }

    /// Takes that back.
    pub fn take(&mut self, key: &str, uid: &str) {
        if let Some(uids) = self.uids.get_mut(key) {
            uids.remove(uid);
            if uids.is_empty() {
                self.uids.remove(key);
            }
        }
    }

    /// The UIDs of the objects that refer to `key`, in their order.
    pub fn get<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.uids.get(key).into_iter().flatten().map(String::as_str)
    }

    /// Everything that is referred to.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.uids.keys().map(String::as_str)
    }
}

/// The pods by all that is known to change beside them.
#[derive(Debug, Clone, Default)]
pub struct PodIndex {
    /// By the UID of their controller.
    pub controllers: Index,
    /// By the name of their node.
    pub nodes: Index,
    /// By the name of each `PersistentVolumeClaim` that they need.
    pub claims: Index,
}

impl PodIndex {
    /// Adds a pod.
    pub fn add(&mut self, pod: &Pod) {
        if let Some(controller) = &pod.controller {
            self.controllers.add(&controller.uid, &pod.uid);
        }
        if let Some(node) = &pod.node {
            self.nodes.add(node, &pod.uid);
        }
        pod.claims.iter().for_each(|claim| self.claims.add(claim, &pod.uid));
    }

    /// Takes a pod out.
    pub fn take(&mut self, pod: &Pod) {
        if let Some(controller) = &pod.controller {
            self.controllers.take(&controller.uid, &pod.uid);
        }
        if let Some(node) = &pod.node {
            self.nodes.take(node, &pod.uid);
        }
        pod.claims.iter().for_each(|claim| self.claims.take(claim, &pod.uid));
    }

    /// True where both refer to the same, so that nothing is to be done when one takes the place of the other.
    #[must_use]
    pub fn is_same(one: &Pod, other: &Pod) -> bool {
        let controllers = (&one.controller, &other.controller);
        let same_controller = match controllers {
            (Some(one), Some(other)) => one.uid == other.uid,
            (None, None) => true,
            _ => false,
        };
        same_controller && one.node == other.node && one.claims == other.claims
    }
}
