//! Objects as clients get them who ask for metadata alone.

use serde_json::{Value, json};

/// The object without all but its metadata.
pub(super) fn metadata_only(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.get("metadata")})
}
