//! STAND-IN, to be replaced at merge by the real mapping: the same signatures, and only the fields that `cluster/` itself
//! reads.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::gate::observation::{ClusterEvent, Fact, Object, Source};
use crate::gate::pod::{Pod, RestartPolicy};
use crate::gate::workload::{Detail, Template, Workload};

/// Why an object cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the API server's answer: {0}")]
pub struct MapError(String);

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Any {
    metadata: Meta,
    #[serde(default)]
    spec: Spec,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct Meta {
    name: String,
    uid: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
struct Spec {
    #[serde(default)]
    selector: LabelSelector,
}

#[derive(Deserialize, Default)]
struct LabelSelector {
    #[serde(default, rename = "matchLabels")]
    match_labels: BTreeMap<String, String>,
}

/// The answer of a LIST.
///
/// # Errors
///
/// Where it, or one object of it, does not have its shape.
pub fn list(source: Source, body: &RawValue) -> Result<Fact, MapError> {
    let list: List<'_> = serde_json::from_str(body.get()).map_err(|error| MapError(error.to_string()))?;
    let objects = list.items.into_iter().map(|item| object(source, item)).collect::<Result<_, _>>()?;
    Ok(Fact::Listed { source, objects })
}

/// A line of a watch; `None` for a bookmark.
///
/// # Errors
///
/// Where the object does not have its shape.
pub fn event(source: Source, kind: &str, body: &RawValue) -> Result<Option<Fact>, MapError> {
    match kind {
        "ADDED" | "MODIFIED" => Ok(Some(Fact::Seen(Box::new(object(source, body)?)))),
        "DELETED" => {
            let any: Any = serde_json::from_str(body.get()).map_err(|error| MapError(error.to_string()))?;
            Ok(Some(Fact::Gone { source, uid: any.metadata.uid }))
        }
        "BOOKMARK" => Ok(None),
        other => Err(MapError(format!("unknown event type {other}"))),
    }
}

/// One object.
///
/// # Errors
///
/// Where the object does not have its shape.
pub fn object(source: Source, body: &RawValue) -> Result<Object, MapError> {
    let any: Any = serde_json::from_str(body.get()).map_err(|error| MapError(error.to_string()))?;
    let Meta { name, uid, labels } = any.metadata;
    match source {
        Source::Pods => Ok(Object::Pod(Pod {
            name,
            uid,
            labels,
            controller: None,
            deleting: false,
            phase: None,
            reason: None,
            message: None,
            node: None,
            restart_policy: RestartPolicy::Always,
            ready: None,
            scheduled: None,
            disruption: None,
            sandbox_ready: None,
            resizing: false,
            containers: Vec::new(),
        })),
        Source::Events => Ok(Object::Event(ClusterEvent {
            uid,
            object_kind: String::new(),
            object_name: name,
            object_uid: String::new(),
            container: None,
            reason: any.reason,
            message: String::new(),
            warning: false,
            count: 1,
            last_seen: None,
        })),
        Source::Workloads(kind) => Ok(Object::Workload(Workload {
            kind,
            name,
            uid,
            controller: None,
            deleting: false,
            generation: None,
            observed_generation: None,
            template: Template::default(),
            match_labels: any.spec.selector.match_labels,
            desired: None,
            updated: None,
            available: None,
            revision: None,
            detail: Detail::ReplicaSet { replica_failure: None },
        })),
        Source::Nodes => Err(MapError("nodes are not mapped here".to_owned())),
    }
}
