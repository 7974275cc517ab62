//! The tables of events, nodes and namespaces.

use jiff::Timestamp;
use serde_json::Value;

use super::layout::Layout;
use super::{age, cells};

pub(super) const EVENTS: Layout = Layout {
    columns: &[
        ("Last Seen", "string", false),
        ("Type", "string", false),
        ("Reason", "string", false),
        ("Object", "string", false),
        ("Subobject", "string", true),
        ("Source", "string", true),
        ("Message", "string", false),
        ("First Seen", "string", true),
        ("Count", "string", true),
        ("Name", "string", true),
    ],
    row: |event, now| {
        let text = |pointer: &str| -> Value { cells::text(event, pointer).unwrap_or_default().into() };
        let about = cells::text(event, "/involvedObject/kind").unwrap_or_default().to_lowercase();
        let name = cells::text(event, "/involvedObject/name").unwrap_or_default();
        let source = cells::text(event, "/source/component").or_else(|| cells::text(event, "/reportingComponent"));
        let host = cells::text(event, "/source/host");
        let source = [source, host].into_iter().flatten().collect::<Vec<_>>().join(", ");
        // Events of the scheduler have no first and last time, only that of the event.
        let first = first_of(event, &["/firstTimestamp", "/eventTime"]);
        let last = first_of(event, &["/series/lastObservedTime", "/lastTimestamp", "/eventTime"]);
        let count = event.pointer("/series/count").or_else(|| event.get("count")).and_then(Value::as_i64);
        vec![
            age::since(last, now),
            text("/type"),
            text("/reason"),
            format!("{about}/{name}").into(),
            text("/involvedObject/fieldPath"),
            source.into(),
            cells::text(event, "/message").unwrap_or_default().trim().into(),
            age::since(first, now),
            count.filter(|count| *count > 0).unwrap_or(1).into(),
            cells::name(event),
        ]
    },
};

pub(super) const NODES: Layout = Layout {
    columns: &[
        ("Name", "string", false),
        ("Status", "string", false),
        ("Roles", "string", false),
        ("Age", "string", false),
        ("Version", "string", false),
        ("Internal-IP", "string", true),
        ("External-IP", "string", true),
        ("OS-Image", "string", true),
        ("Kernel-Version", "string", true),
        ("Container-Runtime", "string", true),
    ],
    row: |node, now| {
        let told = |pointer: &str| -> Value { cells::text(node, pointer).unwrap_or("<unknown>").into() };
        vec![
            cells::name(node),
            node_status(node).into(),
            roles(node).into(),
            age::since(node.pointer("/metadata/creationTimestamp"), now),
            cells::text(node, "/status/nodeInfo/kubeletVersion").unwrap_or_default().into(),
            address(node, "InternalIP"),
            address(node, "ExternalIP"),
            told("/status/nodeInfo/osImage"),
            told("/status/nodeInfo/kernelVersion"),
            told("/status/nodeInfo/containerRuntimeVersion"),
        ]
    },
};

pub(super) const NAMESPACES: Layout = Layout {
    columns: &[("Name", "string", false), ("Status", "string", false), ("Age", "string", false)],
    row: |namespace, now: Timestamp| {
        vec![
            cells::name(namespace),
            cells::text(namespace, "/status/phase").unwrap_or_default().into(),
            age::since(namespace.pointer("/metadata/creationTimestamp"), now),
        ]
    },
};

fn first_of<'a>(object: &'a Value, pointers: &[&str]) -> Option<&'a Value> {
    pointers.iter().filter_map(|pointer| object.pointer(pointer)).find(|value| value.is_string())
}

fn node_status(node: &Value) -> String {
    let ready = match cells::condition(node, "Ready") {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    let cordoned = node.pointer("/spec/unschedulable").and_then(Value::as_bool).unwrap_or(false);
    if cordoned { format!("{ready},SchedulingDisabled") } else { ready.to_owned() }
}

fn roles(node: &Value) -> String {
    let labels = node.pointer("/metadata/labels").and_then(Value::as_object);
    let roles: Vec<&str> =
        labels.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).collect();
    if roles.is_empty() { "<none>".to_owned() } else { roles.join(",") }
}

fn address(node: &Value, kind: &str) -> Value {
    let addresses = cells::items(node, "/status/addresses").iter();
    let found =
        addresses.filter(|address| address["type"] == kind).find_map(|address| cells::text(address, "/address"));
    found.unwrap_or("<none>").into()
}
