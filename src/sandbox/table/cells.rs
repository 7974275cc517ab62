//! Cells that several tables have.

use serde_json::Value;

/// The name.
pub(super) fn name(object: &Value) -> Value {
    text(object, "/metadata/name").unwrap_or_default().into()
}

/// A text of the object.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> Option<&'a str> {
    object.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

/// A text, or `<none>`.
pub(super) fn or_none(object: &Value, pointer: &str) -> Value {
    text(object, pointer).unwrap_or("<none>").into()
}

/// A number, which is 0 where it is left out.
pub(super) fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

/// A list, which is empty where it is left out.
pub(super) fn items<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// One field of every container of a template, with commas.
pub(super) fn of_containers(object: &Value, field: &str) -> Value {
    let containers = items(object, "/spec/template/spec/containers").iter();
    let values: Vec<&str> = containers.filter_map(|container| container.get(field)?.as_str()).collect();
    values.join(",").into()
}

/// The workload's own selector.
pub(super) fn selector(object: &Value) -> Value {
    let labels = object.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let terms: Vec<String> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    if terms.is_empty() { "<none>".into() } else { terms.join(",").into() }
}

/// The status of a condition: `True`, `False`, `Unknown`.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a str> {
    let conditions = items(object, "/status/conditions").iter();
    conditions.filter(|condition| condition["type"] == kind).find_map(|condition| condition.get("status")?.as_str())
}
