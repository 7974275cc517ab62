//! The tables of custom resources, by the `additionalPrinterColumns` of their definitions. A field that is not there leaves
//! its cell empty, as the API server does it for them.

use serde_json::Value;

use super::layout::Layout;
use super::{age, cells};

pub(super) const ROLLOUTS: Layout = Layout {
    columns: &[
        ("Name", "string", false),
        ("Desired", "integer", false),
        ("Current", "integer", false),
        ("Up-to-date", "integer", false),
        ("Available", "integer", false),
        ("Age", "date", false),
    ],
    row: |object, now| {
        vec![
            cells::name(object),
            integer(object, "/spec/replicas"),
            integer(object, "/status/replicas"),
            integer(object, "/status/updatedReplicas"),
            integer(object, "/status/availableReplicas"),
            age::since(object.pointer("/metadata/creationTimestamp"), now),
        ]
    },
};

pub(super) const ANALYSIS_RUNS: Layout = Layout {
    columns: &[("Name", "string", false), ("Status", "string", false), ("Age", "date", false)],
    row: |object, now| {
        vec![
            cells::name(object),
            printed(object, "/status/phase"),
            age::since(object.pointer("/metadata/creationTimestamp"), now),
        ]
    },
};

pub(super) const CLONE_SETS: Layout = Layout {
    columns: &[
        ("Name", "string", false),
        ("DESIRED", "integer", false),
        ("UPDATED", "integer", false),
        ("UPDATED_READY", "integer", false),
        ("UPDATED_AVAILABLE", "integer", false),
        ("READY", "integer", false),
        ("TOTAL", "integer", false),
        ("AGE", "date", false),
        ("CONTAINERS", "string", true),
        ("IMAGES", "string", true),
        ("SELECTOR", "string", true),
    ],
    row: |object, now| {
        vec![
            cells::name(object),
            integer(object, "/spec/replicas"),
            integer(object, "/status/updatedReplicas"),
            integer(object, "/status/updatedReadyReplicas"),
            integer(object, "/status/updatedAvailableReplicas"),
            integer(object, "/status/readyReplicas"),
            integer(object, "/status/replicas"),
            age::since(object.pointer("/metadata/creationTimestamp"), now),
            // Of several containers such a column shows the first.
            printed(object, "/spec/template/spec/containers/0/name"),
            printed(object, "/spec/template/spec/containers/0/image"),
            printed(object, "/status/labelSelector"),
        ]
    },
};

pub(super) const CANARIES: Layout = Layout {
    columns: &[
        ("Name", "string", false),
        ("Status", "string", false),
        ("Weight", "string", false),
        ("Suspended", "boolean", true),
        ("FailedChecks", "string", true),
        ("Interval", "string", true),
        ("Mirror", "boolean", true),
        ("StepWeight", "string", true),
        ("StepWeights", "string", true),
        ("MaxWeight", "string", true),
        ("LastTransitionTime", "string", false),
    ],
    row: |object, _| {
        vec![
            cells::name(object),
            printed(object, "/status/phase"),
            printed(object, "/status/canaryWeight"),
            boolean(object, "/spec/suspend"),
            printed(object, "/status/failedChecks"),
            printed(object, "/spec/analysis/interval"),
            boolean(object, "/spec/analysis/mirror"),
            printed(object, "/spec/analysis/stepWeight"),
            printed(object, "/spec/analysis/stepWeights"),
            printed(object, "/spec/analysis/maxWeight"),
            printed(object, "/status/lastTransitionTime"),
        ]
    },
};

/// A column of type `integer`.
fn integer(object: &Value, pointer: &str) -> Value {
    object.pointer(pointer).and_then(Value::as_i64).map_or(Value::Null, Value::from)
}

/// A column of type `boolean`.
fn boolean(object: &Value, pointer: &str) -> Value {
    object.pointer(pointer).and_then(Value::as_bool).map_or(Value::Null, Value::from)
}

/// A column of type `string`: whatever the field is, it is printed.
fn printed(object: &Value, pointer: &str) -> Value {
    match object.pointer(pointer) {
        None | Some(Value::Null) => Value::Null,
        Some(Value::String(text)) => text.as_str().into(),
        Some(other) => other.to_string().into(),
    }
}
