//! LIST: the objects of a collection at one moment, whole or in pages.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::accept::Shape;
use super::collection::{Collection, Key, Object, Snapshot};
use super::partial_object::metadata_only;
use super::path::Target;
use super::query::Parameters;
use super::shared::Shared;
use super::state::Look;
use super::status::{Refusal, json_response};
use super::table;

/// How long a continue token is good, in milliseconds: as long as an API server keeps old states by default.
const TOKEN_LIFE_MS: u64 = 5 * 60 * 1000;

/// What a continue token carries.
#[derive(Debug, Serialize, Deserialize)]
struct Token {
    /// The playback that it belongs to.
    playback: String,
    /// When its first page was served, in milliseconds of the recording.
    at_ms: u64,
    /// The resource version that every page shows.
    version: u64,
    /// The last object of the page before.
    after: Key,
}

/// Answers a LIST.
pub(super) fn answer(
    shared: &Shared,
    look: &Look,
    target: &Target,
    parameters: &Parameters,
    shape: Shape,
) -> Result<Response, Refusal> {
    let collection = look.timeline.collection(&target.resource).ok_or_else(Refusal::no_resource)?;
    let filter = parameters.filter(target.namespace.as_deref())?;
    let limit = parameters.number("limit")?.filter(|limit| *limit > 0);
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let now_ms = look.now_ms;
    let token = parameters.text("continue").map(|text| read_token(shared, text, now_ms)).transpose()?;
    let snapshot = match &token {
        Some(token) => collection.at_version(token.version),
        None => snapshot(look, collection, parameters)?,
    };
    let version = snapshot.version;
    let rest = after(snapshot.objects, token.as_ref().map(|token| &token.after));
    let mut matching = rest.into_iter().filter(|object| filter.takes(object));
    let page: Vec<Arc<Object>> = matching.by_ref().take(limit).collect();
    let remaining = matching.count();

    let mut metadata = json!({"resourceVersion": version.to_string()});
    if let (Some(last), true) = (page.last(), remaining > 0) {
        let at_ms = token.map_or(now_ms, |token| token.at_ms);
        let next = Token { playback: shared.playback.clone(), at_ms, version, after: last.key() };
        metadata["continue"] = write_token(&next).into();
        // With a selector a real server does not know how many will match.
        if !filter.selects() {
            metadata["remainingItemCount"] = remaining.into();
        }
    }
    let by = shared.clock.shift();
    let values: Vec<Value> = page.iter().map(|object| object.told(by)).collect();
    let list = match shape {
        Shape::Table(table_version) => {
            table::table(&collection.kind, table_version, &values, parameters.text("includeObject"), &metadata, true)
        }
        Shape::Metadata => json!({
            "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "items": values.iter().map(metadata_only).collect::<Vec<_>>(),
        }),
        Shape::Whole => json!({
            "kind": format!("{}List", collection.kind.name), "apiVersion": collection.kind.resource.api_version(),
            "metadata": metadata, "items": values.into_iter().map(undressed).collect::<Vec<_>>(),
        }),
    };
    Ok(json_response(StatusCode::OK, &list))
}

/// The state that a LIST without a token shows: now, or what its resource version asks for.
fn snapshot(look: &Look, collection: &Collection, parameters: &Parameters) -> Result<Snapshot, Refusal> {
    let now = collection.at(look.now_ms);
    let Some(version) = parameters.number("resourceVersion")?.filter(|version| *version > 0) else {
        return Ok(now);
    };
    if version > look.timeline.newest_version {
        return Err(Refusal::too_large_version(version, now.version));
    }
    if parameters.text("resourceVersionMatch") != Some("Exact") {
        return Ok(now);
    }
    if version < collection.first_version {
        return Err(Refusal::expired(format!("The resourceVersion for the provided list is too old: {version}")));
    }
    Ok(if version < now.version { collection.at_version(version) } else { now })
}

fn after(objects: BTreeMap<Key, Arc<Object>>, last: Option<&Key>) -> Vec<Arc<Object>> {
    match last {
        None => objects.into_values().collect(),
        Some(last) => {
            objects.range((Bound::Excluded(last), Bound::Unbounded)).map(|(_, object)| Arc::clone(object)).collect()
        }
    }
}

/// An item of a list carries no kind, as the API server tells it.
fn undressed(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    object
}

/// Hex, for a token travels in a query.
fn write_token(token: &Token) -> String {
    let text = serde_json::to_string(token).unwrap_or_default();
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    text.bytes().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn read_token(shared: &Shared, text: &str, now_ms: u64) -> Result<Token, Refusal> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let bytes: Option<Vec<u8>> = digits
        .filter(|digits| digits.len() % 2 == 0)
        .map(|digits| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect());
    let token: Token = bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| Refusal::bad_request("continue key is not valid: it is none that this server gave"))?;
    if token.playback != shared.playback || now_ms.saturating_sub(token.at_ms) > TOKEN_LIFE_MS {
        return Err(Refusal::expired("The provided continue parameter is too old: start the list again without it"));
    }
    Ok(token)
}
