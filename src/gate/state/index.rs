//! Where pods are found without looking at all of them: by what they refer to.

use std::collections::{BTreeMap, BTreeSet};

use crate::gate::model::Pod;

/// The UIDs of the objects that refer to something, by its name or UID.
#[derive(Debug, Clone, Default)]
pub struct Index {
    uids: BTreeMap<String, Uids>,
}

/// Some UIDs, in their order. Most things are referred to by one, which takes no room for more.
#[derive(Debug, Clone)]
enum Uids {
    One(String),
    Many(BTreeSet<String>),
}

impl Uids {
    fn add(&mut self, uid: &str) {
        match self {
            Self::One(known) if known == uid => {}
            Self::One(known) => *self = Self::Many(BTreeSet::from([std::mem::take(known), uid.to_owned()])),
            Self::Many(known) => _ = known.insert(uid.to_owned()),
        }
    }

    /// Takes one out. Returns true if none is left.
    fn take(&mut self, uid: &str) -> bool {
        match self {
            Self::One(known) => known == uid,
            Self::Many(known) => known.remove(uid) && known.is_empty(),
        }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let (one, many) = match self {
            Self::One(uid) => (Some(uid), None),
            Self::Many(uids) => (None, Some(uids)),
        };
        one.into_iter().chain(many.into_iter().flatten()).map(String::as_str)
    }
}

impl Index {
    /// Adds that the object with this UID refers to `key`.
    pub fn add(&mut self, key: &str, uid: &str) {
        match self.uids.get_mut(key) {
            Some(uids) => uids.add(uid),
            None => _ = self.uids.insert(key.to_owned(), Uids::One(uid.to_owned())),
        }
    }

    /// Takes that back.
    pub fn take(&mut self, key: &str, uid: &str) {
        if self.uids.get_mut(key).is_some_and(|uids| uids.take(uid)) {
            self.uids.remove(key);
        }
    }

    /// The UIDs of the objects that refer to `key`, in their order.
    pub fn get<'a>(&'a self, key: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        self.uids.get(key).into_iter().flat_map(Uids::iter)
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
