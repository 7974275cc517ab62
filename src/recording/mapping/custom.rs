//! Owners of kinds that the gate does not know: what every well-behaved custom resource says, and its `/scale`.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::fields::{MapError, condition, parse, required};
use crate::gate::model::{CustomOwner, OwnerCondition, Scale};
use crate::recording::wire::{Condition, Meta};

#[derive(Deserialize)]
struct Owner {
    metadata: Meta,
    status: Option<Value>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    observed_generation: Option<i64>,
    conditions: Option<Vec<Condition>>,
}

/// Reads an owner of an unknown kind. What of its status does not have the usual shape says nothing.
///
/// # Errors
///
/// Where it has no UID.
pub fn custom_owner(body: &RawValue, scale: Scale) -> Result<CustomOwner, MapError> {
    const WHAT: &str = "a custom resource";
    let raw: Owner = parse(body.get(), WHAT)?;
    let field = |name: &str| raw.status.as_ref().and_then(|status| status.get(name)).cloned();
    let status = Status {
        observed_generation: field("observedGeneration").and_then(|value| value.as_i64()),
        conditions: field("conditions").and_then(|value| serde_json::from_value(value).ok()),
    };
    let conditions = status.conditions.as_deref();
    let words = |kind: &str| {
        let told = condition(conditions, kind);
        let parts = told.map(|told| [told.reason, told.message]).into_iter().flatten().flatten();
        let parts: Vec<String> = parts.collect();
        if parts.is_empty() { format!("its condition {kind} says no more") } else { parts.join(": ") }
    };
    let is = |kind: &str| condition(conditions, kind).map(|condition| condition.status);
    let condition = if is("Stalled") == Some(true) {
        OwnerCondition::Stalled(words("Stalled"))
    } else if is("Reconciling") == Some(true) {
        OwnerCondition::InProgress(words("Reconciling"))
    } else if is("Ready") == Some(false) {
        OwnerCondition::InProgress(words("Ready"))
    } else {
        OwnerCondition::Current
    };
    Ok(CustomOwner {
        uid: required(raw.metadata.uid, WHAT, "metadata.uid")?,
        generation: raw.metadata.generation,
        observed_generation: status.observed_generation,
        condition,
        scale,
    })
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
