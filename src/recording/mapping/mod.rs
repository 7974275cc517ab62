//! From the API's JSON to observations: the one mapping, for live traffic and for recordings.
//!
//! An object that lacks what every object of its kind has (a UID, a restart count) is refused, not filled up with
//! defaults: a default could be taken for a fact.

use serde_json::value::RawValue;

use self::fields::{condition, parse, required, version};
use self::pod::pod;
use self::workload::workload;
use super::wire;
use crate::gate::Fact;
use crate::gate::model::{ClusterEvent, Node, Object, ResourceVersion, Source, WorkloadKind};

mod custom;
mod fields;
pub mod metrics;
mod pod;
mod progressive;
mod template_parts;
#[cfg(test)]
mod tests;
mod value_hash;
mod workload;

pub use self::custom::{custom_owner, scale};
pub use self::fields::MapError;
pub(super) use self::value_hash::POD_SPEC_DIGEST;
pub(super) use self::workload::{hash_pod_spec, hash_template};

/// The collection that a request path reads and its namespace (`None`: all of them, or cluster-scoped); `None` for
/// paths that the gate does not read.
#[must_use]
pub fn source_of(path: &str) -> Option<(Source, Option<&str>)> {
    let (group, rest) = if let Some(rest) = path.strip_prefix("/api/v1/") {
        ("", rest)
    } else {
        let (group, rest) = path.strip_prefix("/apis/")?.split_once('/')?;
        // Whatever the version of a custom resource, its fields are the same.
        let (_, rest) = rest.split_once('/')?;
        (group, rest)
    };
    let (namespace, resource) = match rest.strip_prefix("namespaces/") {
        Some(scoped) => {
            let (namespace, resource) = scoped.split_once('/')?;
            (Some(namespace), resource)
        }
        None => (None, rest),
    };
    let all = WorkloadKind::ALL.into_iter().map(Source::Workloads).chain([Source::Pods, Source::Events, Source::Nodes]);
    let is_it = |source: &Source| source.resource() == resource && source.group() == group;
    all.into_iter().find(is_it).map(|source| (source, namespace))
}

/// The answer of a LIST as one fact.
///
/// # Errors
///
/// Where the answer, or one of its items, does not have the API's shape.
pub fn list(source: Source, body: &RawValue) -> Result<Fact, MapError> {
    let objects = items(body)?.into_iter().map(|item| object(source, item)).collect::<Result<_, _>>()?;
    Ok(Fact::Listed { source, objects })
}

/// The items of a LIST's answer.
///
/// # Errors
///
/// Where there are none. A list without `items` is no empty list: a Status or a proxy's answer has none either.
pub fn items(body: &RawValue) -> Result<Vec<&RawValue>, MapError> {
    let list: wire::List<'_> = parse(body.get(), "the list")?;
    if list.metadata.next.is_some_and(|token| !token.is_empty()) {
        let reason = "it is one page of several, and the others are not there".to_owned();
        return Err(MapError::Shape { what: "the list", reason });
    }
    list.items.ok_or(MapError::Shape { what: "the list", reason: "it has no `items`".to_owned() })
}

/// One line of a watch as a fact; `None` for a bookmark, which says only that the watch is alive.
///
/// # Errors
///
/// Where the object does not have the API's shape, or the line is an ERROR.
pub fn event(source: Source, kind: &str, body: &RawValue) -> Result<Option<Fact>, MapError> {
    match kind {
        "ADDED" | "MODIFIED" => Ok(Some(Fact::Seen(Box::new(object(source, body)?)))),
        "DELETED" => {
            #[derive(serde::Deserialize)]
            struct Deleted {
                metadata: wire::Meta,
            }
            let deleted: Deleted = parse(body.get(), "a deleted object")?;
            Ok(Some(Fact::Gone { source, uid: required(deleted.metadata.uid, "a deleted object", "metadata.uid")? }))
        }
        "BOOKMARK" => Ok(None),
        "ERROR" => {
            let status: wire::Status = parse(body.get(), "the error of a watch")?;
            let words = status.message.or(status.reason).unwrap_or_else(|| "it gave no reason".to_owned());
            Err(MapError::WatchError { code: status.code.unwrap_or(0), message: words })
        }
        other => Err(MapError::LineKind(other.to_owned())),
    }
}

/// One object of a collection.
///
/// # Errors
///
/// Where it does not have the API's shape.
pub fn object(source: Source, body: &RawValue) -> Result<Object, MapError> {
    let json = body.get();
    match source {
        Source::Pods => pod(parse(json, "a pod")?).map(|object| Object::Pod(object.into())),
        Source::Events => cluster_event(parse(json, "an event")?).map(|object| Object::Event(object.into())),
        Source::Nodes => node(parse(json, "a node")?).map(|object| Object::Node(object.into())),
        Source::Workloads(WorkloadKind::Rollout) => {
            progressive::rollout(json).map(|object| Object::Workload(object.into()))
        }
        Source::Workloads(WorkloadKind::CloneSet) => {
            progressive::clone_set(json).map(|object| Object::Workload(object.into()))
        }
        Source::Workloads(WorkloadKind::Canary) => {
            progressive::canary(json).map(|object| Object::Workload(object.into()))
        }
        Source::Workloads(kind) => {
            workload(kind, parse(json, kind.kind())?).map(|object| Object::Workload(object.into()))
        }
    }
}

/// The `metadata.resourceVersion` of an object or of a LIST's answer.
#[must_use]
pub fn version_of(body: &RawValue) -> ResourceVersion {
    #[derive(serde::Deserialize)]
    struct Versioned {
        metadata: wire::ListMeta,
    }
    let versioned: Option<Versioned> = serde_json::from_str(body.get()).ok();
    version(versioned.and_then(|versioned| versioned.metadata.resource_version).as_deref())
}

/// Returns true if an object names another namespace than the one that was asked for (`None`: any): it is no answer to
/// the question.
#[must_use]
pub fn is_elsewhere(object: &RawValue, asked: Option<&str>) -> bool {
    #[derive(serde::Deserialize)]
    struct Named {
        metadata: wire::Meta,
    }
    let named: Option<Named> = asked.and_then(|_| serde_json::from_str(object.get()).ok());
    let namespace = named.and_then(|named| named.metadata.namespace).filter(|namespace| !namespace.is_empty());
    namespace.is_some_and(|namespace| asked.is_some_and(|asked| asked != namespace))
}

fn cluster_event(raw: wire::Event) -> Result<ClusterEvent, MapError> {
    let series = raw.series.as_ref();
    let last_seen = raw
        .last_timestamp
        .or_else(|| series.and_then(|series| series.last_observed_time.clone()))
        .or(raw.observed_at)
        .or(raw.metadata.creation_timestamp);
    Ok(ClusterEvent {
        uid: required(raw.metadata.uid, "an event", "metadata.uid")?,
        object_kind: raw.involved_object.kind.unwrap_or_default(),
        object_name: raw.involved_object.name.unwrap_or_default(),
        object_uid: raw.involved_object.uid.unwrap_or_default(),
        container: raw.involved_object.field_path.as_deref().and_then(container_of_field_path),
        reason: raw.reason.unwrap_or_default(),
        message: raw.message.unwrap_or_default(),
        warning: raw.kind.as_deref() == Some("Warning"),
        count: raw.count.or_else(|| series.and_then(|series| series.count)).unwrap_or(1),
        last_seen,
    })
}

/// The name in `spec.containers{app}` or `spec.initContainers{migrate}`.
fn container_of_field_path(path: &str) -> Option<String> {
    let (_, rest) = path.split_once('{')?;
    Some(rest.strip_suffix('}')?.to_owned())
}

fn node(raw: wire::Node) -> Result<Node, MapError> {
    let conditions = raw.status.as_ref().and_then(|status| status.conditions.as_deref());
    let ready = condition(conditions, "Ready");
    let info = raw.status.as_ref().and_then(|status| status.node_info.as_ref());
    Ok(Node {
        troubles: conditions.unwrap_or_default().iter().filter_map(trouble).collect(),
        architecture: info.and_then(|info| info.architecture.clone()).filter(|text| !text.is_empty()),
        name: required(raw.metadata.name, "a node", "metadata.name")?,
        uid: required(raw.metadata.uid, "a node", "metadata.uid")?,
        ready: ready.as_ref().map(|condition| condition.status),
        message: ready.and_then(|condition| condition.message.or(condition.reason)),
    })
}

/// A condition of a node in words, where it speaks against the node: `Ready` that is not True, any other that is.
fn trouble(condition: &wire::Condition) -> Option<String> {
    let is_good = if condition.kind == "Ready" { condition.status == "True" } else { condition.status == "False" };
    if is_good {
        return None;
    }
    let why = [&condition.reason, &condition.message].into_iter().flatten().filter(|text| !text.is_empty());
    let why = why.cloned().collect::<Vec<_>>().join(": ");
    let state = format!("{} is {}", condition.kind, condition.status);
    Some(if why.is_empty() { state } else { format!("{state} ({why})") })
}
