//! Hashes of JSON values: by them templates and their parts are told to be the same.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use serde_json::Value;

/// The annotation with the digest of a pod spec that is not whole.
pub(in crate::recording) const POD_SPEC_DIGEST: &str = "crashgate.recording/pod-spec-digest";

/// Hashes a value whatever the order of its keys, each text as it is `read`.
pub(super) fn hash_value(value: &Value, read: &dyn Fn(&str) -> &str, hasher: &mut impl Hasher) {
    match value {
        Value::Object(map) => {
            map.len().hash(hasher);
            for (key, value) in map.iter().collect::<BTreeMap<_, _>>() {
                key.hash(hasher);
                hash_value(value, read, hasher);
            }
        }
        Value::Array(items) => {
            items.len().hash(hasher);
            for item in items {
                hash_value(item, read, hasher);
            }
        }
        Value::String(text) => {
            "text".hash(hasher);
            read(text).hash(hasher);
        }
        scalar => scalar.to_string().hash(hasher),
    }
}
