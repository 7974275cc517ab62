//! Tables: rows as kubectl prints them, which the API server makes.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::kind::Kind;
use super::partial_object::metadata_only;

mod age;
mod cells;
mod cluster;
mod custom;
mod layout;
mod pods;
mod workloads;

use layout::Layout;

const GENERIC: Layout = Layout {
    columns: &[("Name", "string", false), ("Age", "string", false)],
    row: |object, now| vec![cells::name(object), age::since(object.pointer("/metadata/creationTimestamp"), now)],
};

fn layout(kind: &Kind) -> &'static Layout {
    match (kind.resource.group.as_str(), kind.resource.plural.as_str()) {
        ("", "pods") => &pods::LAYOUT,
        ("", "events") => &cluster::EVENTS,
        ("", "nodes") => &cluster::NODES,
        ("", "namespaces") => &cluster::NAMESPACES,
        ("apps", "deployments") => &workloads::DEPLOYMENTS,
        ("apps", "replicasets") => &workloads::REPLICA_SETS,
        ("apps", "statefulsets") => &workloads::STATEFUL_SETS,
        ("apps", "daemonsets") => &workloads::DAEMON_SETS,
        ("batch", "jobs") => &workloads::JOBS,
        ("apps.kruise.io", "clonesets") => &custom::CLONE_SETS,
        ("argoproj.io", "analysisruns") => &custom::ANALYSIS_RUNS,
        ("argoproj.io", "rollouts") => &custom::ROLLOUTS,
        ("flagger.app", "canaries") => &custom::CANARIES,
        _ => &GENERIC,
    }
}

/// The table of some objects, whose times are already those of the playback.
///
/// `include` is the request's `includeObject`: `None`, `Metadata` (the default) or `Object`.
pub(super) fn table(
    kind: &Kind,
    version: &str,
    objects: &[Value],
    include: Option<&str>,
    metadata: &Value,
    with_columns: bool,
) -> Value {
    let layout = layout(kind);
    let now = Timestamp::now();
    let columns: Vec<Value> = layout
        .columns
        .iter()
        .map(|(name, kind, wide)| {
            let format = if *name == "Name" { "name" } else { "" };
            json!({"name": name, "type": kind, "format": format, "description": "", "priority": i32::from(*wide)})
        })
        .collect();
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let mut row = json!({"cells": (layout.row)(object, now)});
            match include {
                Some("None") => {}
                Some("Object") => row["object"] = object.clone(),
                _ => row["object"] = metadata_only(object),
            }
            row
        })
        .collect();
    json!({
        "kind": "Table", "apiVersion": format!("meta.k8s.io/{version}"), "metadata": metadata,
        "columnDefinitions": if with_columns { columns.into() } else { Value::Null }, "rows": rows,
    })
}
