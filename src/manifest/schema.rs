//! The JSON Schema of a gate, for editors and for people, made from the definitions of the keys.

use serde_json::{Map, Value, json};

use super::definitions::Key;
use super::keys::{Form, Group, KeyDefinition, Need};
use super::value_type::ValueType;

/// Returns the schema of one gate document.
#[must_use]
pub fn schema() -> Value {
    let mut shared = Map::new();
    let mut gate = object(
        "One gate of crashgate: one app at one version under judgement. Several YAML documents in a file are several \
         gates. In every value, ${VAR} and ${VAR:-default} read the environment.",
        Key::ALL.into_iter().map(Key::definition),
        &mut shared,
    );
    gate.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    gate.insert("title".to_owned(), json!("crashgate gate"));
    gate.insert("$defs".to_owned(), Value::Object(shared));
    Value::Object(gate)
}

/// Returns the schema as the text that `crashgate schema` prints and `manifests/gate.schema.json` holds.
#[must_use]
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

/// A map with these keys and no others. What its values share goes into `shared`.
fn object(
    description: &str,
    keys: impl Iterator<Item = &'static KeyDefinition>,
    shared: &mut Map<String, Value>,
) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for key in keys {
        let value = match &key.form {
            Form::Scalar(value, _) | Form::List { value, .. } | Form::Entries { value, .. } => by_value(value, shared),
            Form::Map(group) => by_group(group, shared),
            Form::Maps { group, .. } => {
                let item = by_group(group, shared);
                json!({ "type": "array", "minItems": 1, "items": item })
            }
            Form::Either { value, group, .. } => {
                json!({ "anyOf": [by_value(value, shared), by_group(group, shared)] })
            }
        };
        let mut property = value;
        property["description"] = json!(key.description);
        if let Some(default) = key.default {
            // A number is one in JSON too; everything else is a text.
            property["default"] = default.parse::<u64>().map_or_else(|_| json!(default), |number| json!(number));
        }
        properties.insert(key.name.to_owned(), property);
        if key.need == Need::ByKey {
            required.push(key.name);
        }
    }
    let mut object = Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("description".to_owned(), json!(description)),
        ("properties".to_owned(), Value::Object(properties)),
        ("additionalProperties".to_owned(), json!(false)),
    ]);
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    object
}

/// A reference to a value that several keys may share.
fn by_value(value: &'static ValueType, shared: &mut Map<String, Value>) -> Value {
    shared.entry(value.name).or_insert_with(value.schema);
    json!({ "$ref": format!("#/$defs/{}", value.name) })
}

/// A reference to a map with keys of its own.
fn by_group(group: &'static Group, shared: &mut Map<String, Value>) -> Value {
    let Group { name, description, keys, .. } = group;
    let mut group = object(description, keys.iter(), shared);
    if !group.contains_key("required") {
        group.insert("minProperties".to_owned(), json!(1));
    }
    shared.insert((*name).to_owned(), Value::Object(group));
    json!({ "$ref": format!("#/$defs/{name}") })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::schema_text;

    #[test]
    fn the_committed_schema_is_the_generated_one() {
        let committed = fs::read_to_string("manifests/gate.schema.json").unwrap();
        assert_eq!(committed, schema_text(), "write it anew: crashgate schema > manifests/gate.schema.json");
    }
}
