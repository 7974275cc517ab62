//! Owners of kinds that the gate does not know: what every well-behaved custom resource says, and its `/scale`.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::fields::{MapError, parse, required};
use crate::gate::model::{CustomOwner, OwnerCondition, Scale};
use crate::recording::wire::Meta;

#[derive(Deserialize)]
struct Owner {
    metadata: Meta,
    status: Option<Value>,
}

/// Reads an owner of an unknown kind. What its status does not have says nothing; what it has and cannot be read as it is
/// meant is never taken for good news.
///
/// # Errors
///
/// Where it has no UID, or an `observedGeneration` that is no number.
pub fn custom_owner(body: &RawValue, scale: Scale) -> Result<CustomOwner, MapError> {
    let raw: Owner = parse(body.get(), WHAT)?;
    let status = raw.status.unwrap_or_default();
    Ok(CustomOwner {
        uid: required(raw.metadata.uid, WHAT, "metadata.uid")?,
        generation: raw.metadata.generation,
        observed_generation: observed(&status["observedGeneration"])?,
        condition: condition(&status["conditions"]),
        scale,
    })
}

const WHAT: &str = "a custom resource";

fn observed(raw: &Value) -> Result<Option<i64>, MapError> {
    let number = match raw {
        Value::Null => return Ok(None),
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    let reason = || "its `status.observedGeneration` is no number".to_owned();
    number.map(Some).ok_or_else(|| MapError::Shape { what: WHAT, reason: reason() })
}

/// What the conditions say: `Stalled` and `Reconciling` where they are there, and `Ready` where it is there and not True.
fn condition(raw: &Value) -> OwnerCondition {
    let conditions = match raw {
        Value::Null => &[],
        Value::Array(conditions) => conditions.as_slice(),
        _ => return OwnerCondition::InProgress("its conditions cannot be read".to_owned()),
    };
    let told = |kind: &str| conditions.iter().find(|condition| condition["type"] == kind);
    let words = |condition: &Value| {
        let parts: Vec<&str> = ["reason", "message"].into_iter().filter_map(|part| condition[part].as_str()).collect();
        let kind = condition["type"].as_str().unwrap_or_default();
        if parts.is_empty() { format!("its condition {kind} says no more") } else { parts.join(": ") }
    };
    let speaks = |kind: &str| told(kind).filter(|condition| condition["status"] != "False");
    if let Some(stalled) = speaks("Stalled").filter(|condition| condition["status"] == "True") {
        return OwnerCondition::Stalled(words(stalled));
    }
    let unready = || told("Ready").filter(|condition| condition["status"] != "True");
    speaks("Stalled")
        .or_else(|| speaks("Reconciling"))
        .or_else(unready)
        .map_or(OwnerCondition::Current, |condition| OwnerCondition::InProgress(words(condition)))
}

#[derive(Deserialize)]
struct ScaleObject {
    metadata: Option<Meta>,
    spec: Option<ScaleSpec>,
}

#[derive(Deserialize)]
struct ScaleSpec {
    replicas: Option<u32>,
}

/// Reads the answer of a `/scale` subresource: the UID of the object, where it says that, and how many pods are wanted. The
/// API leaves `replicas` out where it is 0.
///
/// # Errors
///
/// Where it does not have the API's shape.
pub fn scale(body: &RawValue) -> Result<(Option<String>, Scale), MapError> {
    const WHAT: &str = "a Scale";
    let raw: ScaleObject = parse(body.get(), WHAT)?;
    let spec = required(raw.spec, WHAT, "spec")?;
    Ok((raw.metadata.and_then(|metadata| metadata.uid), Scale::Replicas(spec.replicas.unwrap_or(0))))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::RawValue;

    use super::{OwnerCondition, Scale, custom_owner};

    fn read(status: &serde_json::Value) -> Option<(OwnerCondition, Option<i64>)> {
        let object = json!({"metadata": {"name": "web", "uid": "u"}, "status": status}).to_string();
        let owner = custom_owner(&RawValue::from_string(object).unwrap(), Scale::None).ok()?;
        Some((owner.condition, owner.observed_generation))
    }

    #[test]
    fn what_cannot_be_read_is_no_good_news() {
        let current = Some((OwnerCondition::Current, None));
        for status in [json!(null), json!({}), json!({"conditions": []}), json!({"conditions": [{"type": "Odd"}]})] {
            assert_eq!(read(&status), current, "{status}");
        }
        for conditions in [
            json!({"Ready": "True"}),
            json!("Ready"),
            json!([{"type": "Ready"}]),
            json!([{"type": "Ready", "status": true}]),
            json!([{"type": "Other"}, {"type": "Ready", "status": "Unknown"}]),
            json!([{"type": "Reconciling", "status": "True"}, {"type": "Ready", "status": "True"}]),
            json!([{"type": "Stalled"}]),
        ] {
            let told = read(&json!({"conditions": conditions})).unwrap().0;
            assert!(matches!(told, OwnerCondition::InProgress(_)), "{conditions}: {told:?}");
        }
        let stalled =
            read(&json!({"conditions": [{"type": "Stalled", "status": "True", "reason": "No", "message": "way"}]}));
        assert_eq!(stalled.unwrap().0, OwnerCondition::Stalled("No: way".to_owned()));
    }

    #[test]
    fn a_generation_is_a_number_in_whatever_spelling_or_the_object_is_refused() {
        assert_eq!(read(&json!({"observedGeneration": "3"})).unwrap().1, Some(3));
        assert_eq!(read(&json!({"observedGeneration": 3})).unwrap().1, Some(3));
        assert_eq!(read(&json!({"observedGeneration": "abc"})), None);
    }
}
