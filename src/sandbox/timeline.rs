//! A recording as it is served: its collections, and what its containers wrote.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::collection::Collection;
use super::kind::Resource;
use super::log_history::LogHistory;
use super::pods::Written;
use crate::recording::line::Header;

/// A recording, read whole.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    /// Its first line.
    pub header: Header,
    /// Its last millisecond.
    pub end_ms: u64,
    /// True where its last line was torn.
    pub torn: bool,
    /// The newest resource version of any collection.
    pub newest_version: u64,
    /// Every collection that is served, recorded or not.
    pub collections: BTreeMap<Resource, Collection>,
    /// The answers of the log endpoint.
    pub logs: Arc<LogHistory>,
    /// What the containers of created pods write, by the pod's UID and the container's name.
    pub written: BTreeMap<(String, String), Arc<Written>>,
}

impl Timeline {
    /// The collection of a resource.
    pub fn collection(&self, resource: &Resource) -> Option<&Collection> {
        self.collections.get(resource)
    }

    /// The pods.
    pub fn pods(&self) -> Option<&Collection> {
        self.collections.iter().find(|(resource, _)| resource.is_core("pods")).map(|(_, collection)| collection)
    }
}
