//! A recording as it is served: its collections, and what its containers wrote.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::collection::Collection;
use super::kind::Resource;
use super::log_history::LogHistory;
use super::path::Target;
use super::pods::Written;
use super::prometheus::Metrics;
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
    /// The reads of subresources (`scale`, …) that were recorded, each with its moment.
    pub subresources: BTreeMap<Target, Vec<(u64, Arc<Value>)>>,
    /// The answers of the log endpoint.
    pub logs: Arc<LogHistory>,
    /// What the source of metrics answered.
    pub metrics: Arc<Metrics>,
    /// What the containers of created pods write, by the pod's UID and the container's name.
    pub written: BTreeMap<(String, String), Arc<Written>>,
}

impl Timeline {
    /// The collection of a resource.
    pub fn collection(&self, resource: &Resource) -> Option<&Collection> {
        self.collections.get(resource)
    }

    /// A subresource of an object, as it was read last before this moment, or else first after it.
    pub fn subresource(&self, target: &Target, now_ms: u64) -> Option<&Arc<Value>> {
        let reads = self.subresources.get(target)?;
        let before = reads.iter().rev().find(|(at_ms, _)| *at_ms <= now_ms);
        before.or_else(|| reads.first()).map(|(_, value)| value)
    }

    /// The subresources that objects of a resource were read by, each with the kind of its answer.
    pub fn subresources_of(&self, resource: &Resource) -> BTreeMap<&str, &Arc<Value>> {
        let of = self.subresources.iter().filter(|(target, _)| target.resource == *resource);
        of.filter_map(|(target, reads)| Some((target.subresource.as_deref()?, &reads.first()?.1))).collect()
    }

    /// The pods.
    pub fn pods(&self) -> Option<&Collection> {
        self.collections.iter().find(|(resource, _)| resource.is_core("pods")).map(|(_, collection)| collection)
    }
}
