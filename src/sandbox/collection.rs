//! Objects, and collections of them with their history: what there was at each moment of the recording.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::Value;

use super::kind::Kind;
use super::shift::shift;

/// Namespace (empty where there is none) and name: what an object is called in its collection.
pub(super) type Key = (String, String);

/// One version of one object, with its `kind` and `apiVersion`.
#[derive(Debug)]
pub(super) struct Object {
    /// Its namespace, empty where there is none.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// All of it.
    pub value: Value,
}

impl Object {
    /// What it is called in its collection.
    pub fn key(&self) -> Key {
        (self.namespace.clone(), self.name.clone())
    }

    /// Its resource version, where it is a number.
    pub fn version(&self) -> Option<u64> {
        self.value.pointer("/metadata/resourceVersion")?.as_str()?.parse().ok()
    }

    /// The object as it is told, its times moved to the playback's.
    pub fn told(&self, by: SignedDuration) -> Value {
        let mut value = self.value.clone();
        shift(&mut value, by);
        value
    }

    /// The object under another resource version.
    pub fn with_version(&self, version: u64) -> Self {
        let mut value = self.value.clone();
        if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("resourceVersion".to_owned(), version.to_string().into());
        }
        Self { namespace: self.namespace.clone(), name: self.name.clone(), value }
    }

    /// Its UID, or the empty text.
    pub fn uid(&self) -> &str {
        self.value.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default()
    }
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// It came.
    Added,
    /// It changed.
    Modified,
    /// It went.
    Deleted,
}

/// One change of a collection.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// When, in milliseconds since the recording began.
    pub at_ms: u64,
    /// The collection's resource version from here on; greater than that of every change before.
    pub version: u64,
    /// What happened.
    pub what: What,
    /// The object after the change (of a deletion: its last state).
    pub object: Arc<Object>,
    /// The object before the change.
    pub before: Option<Arc<Object>>,
}

/// A collection: what was there at the start, and every change since, in order.
#[derive(Debug, Clone)]
pub(super) struct Collection {
    /// What it is a collection of.
    pub kind: Kind,
    /// The resource version of its start; nothing older can be watched from.
    pub first_version: u64,
    /// What was there at the start.
    pub initial: BTreeMap<Key, Arc<Object>>,
    /// The changes since. Neither `at_ms` nor `version` ever goes back.
    pub changes: Vec<Change>,
}

/// A collection at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// What is there, by namespace and name.
    pub objects: BTreeMap<Key, Arc<Object>>,
    /// The collection's resource version.
    pub version: u64,
    /// The place of the next change.
    pub next: usize,
}

impl Collection {
    /// The collection at a moment of the recording.
    pub fn at(&self, at_ms: u64) -> Snapshot {
        self.after(self.changes.partition_point(|change| change.at_ms <= at_ms))
    }

    /// The collection as it was at one of its resource versions.
    pub fn at_version(&self, version: u64) -> Snapshot {
        self.after(self.next_after(version))
    }

    /// The place of the first change that is newer than a resource version.
    pub fn next_after(&self, version: u64) -> usize {
        self.changes.partition_point(|change| change.version <= version)
    }

    /// The resource version once `next` changes have happened.
    pub fn version_at(&self, next: usize) -> u64 {
        next.checked_sub(1).and_then(|last| self.changes.get(last)).map_or(self.first_version, |change| change.version)
    }

    /// Puts in changes that come at `now_ms` or later. Those of the same moment come behind what is there.
    pub fn put(&mut self, now_ms: u64, changes: Vec<Change>) {
        let seen = self.changes.partition_point(|change| change.at_ms <= now_ms);
        for change in changes {
            let place = self.changes.partition_point(|known| known.at_ms <= change.at_ms);
            self.changes.insert(place.max(seen), change);
        }
        self.number_from(seen);
    }

    /// Takes out what is still to come of an object.
    pub fn call_off(&mut self, now_ms: u64, uid: &str) {
        let seen = self.changes.partition_point(|change| change.at_ms <= now_ms);
        let mut place = 0;
        self.changes.retain(|change| {
            place += 1;
            place <= seen || change.object.uid() != uid
        });
        self.number_from(seen);
    }

    /// Gives every change from this place on its resource version: the recorded one, as long as it grows. Where it does
    /// not, the object is told under the next number, for clients watch on from what they last saw.
    pub fn number_from(&mut self, place: usize) {
        let mut version = self.version_at(place);
        for change in &mut self.changes[place..] {
            match change.object.version() {
                Some(own) if own > version => version = own,
                _ => {
                    version += 1;
                    change.object = Arc::new(change.object.with_version(version));
                }
            }
            change.version = version;
        }
    }

    fn after(&self, next: usize) -> Snapshot {
        let mut objects = self.initial.clone();
        for change in &self.changes[..next] {
            match change.what {
                What::Deleted => objects.remove(&change.object.key()),
                What::Added | What::Modified => objects.insert(change.object.key(), Arc::clone(&change.object)),
            };
        }
        Snapshot { objects, version: self.version_at(next), next }
    }
}
