//! Bodies of requests: read within bounds of size and time, and understood strictly.

use std::collections::BTreeMap;
use std::fmt;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::time::timeout;

use super::limits::Limits;
use super::refusal::Refusal;
use crate::manifest::asked;
use crate::serve::Mode;

/// Of a body that is too large so much is read and thrown away, for a client that is still sending hears no answer.
const MOST_DISCARDED: usize = 16 * 1024 * 1024;

/// The longest name of anything.
pub(super) const LONGEST_NAME: usize = 253;

// What the document says of names, so that a client can know a mistake before it is sent. White space around the names of
// objects is passed over as well.
/// A name that is compared with others, and nothing else.
pub(super) const NAME: &str = r"^[^\s\u0000-\u001F\u007F-\u009F]+$";
/// The name of a namespace.
const LABEL: &str = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
/// The name of an object.
const OBJECT: &str = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$";

/// A call of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A call of a gate")]
pub struct GateCall {
    /// The name of the plan: that of its file, without the ending.
    #[schemars(length(min = 1, max = LONGEST_NAME), regex(pattern = NAME))]
    pub plan: String,
    /// The namespace of the workload.
    #[schemars(regex(pattern = LABEL))]
    pub namespace: String,
    /// The workload, as `deployment/checkout`, with kubectl's short names; the plan's own where it is left out.
    #[schemars(extend("pattern" = asked::workload_pattern()))]
    pub workload: Option<String>,
    /// The revision that is meant, as its controller names it, such as the value of `pod-template-hash`; the one that the
    /// workload has where it is left out.
    #[schemars(length(min = 1, max = LONGEST_NAME), regex(pattern = NAME))]
    pub revision: Option<String>,
    /// Tells runs of the same revision apart, as the UID of an `AnalysisRun` does.
    #[schemars(length(min = 1, max = LONGEST_NAME), regex(pattern = NAME))]
    pub run: Option<String>,
    /// For how long it is judged.
    pub mode: Option<ModeWord>,
}

/// For how long a gate is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModeWord {
    /// While calls come: a crash after the pass is told at the next call.
    Standing,
    /// Until its first verdict.
    Once,
}

impl From<ModeWord> for Mode {
    fn from(word: ModeWord) -> Self {
        match word {
            ModeWord::Standing => Self::Standing,
            ModeWord::Once => Self::Once,
        }
    }
}

/// A pod to be run to its end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "A pod to be run")]
pub struct RunCall {
    /// The image, exactly as the server's list has it.
    pub image: String,
    /// The container's command, in place of the image's entry point.
    #[serde(default)]
    pub command: Vec<String>,
    /// The container's arguments.
    #[serde(default)]
    pub args: Vec<String>,
    /// The pod's namespace; that of the server's context where it is left out.
    #[schemars(regex(pattern = LABEL))]
    pub namespace: Option<String>,
}

/// What Flagger sends. Fields that it may add are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[schemars(title = "What Flagger sends")]
pub struct Hook {
    /// The canary's name.
    #[schemars(length(min = 1, max = LONGEST_NAME), regex(pattern = OBJECT))]
    pub name: String,
    /// Its namespace.
    #[schemars(regex(pattern = LABEL))]
    pub namespace: String,
    /// The canary's phase.
    #[serde(default)]
    pub phase: Option<String>,
    /// Tells revisions apart. Opaque.
    #[serde(default)]
    pub checksum: Option<String>,
    /// What the hook's `metadata` says. `workload` names another workload than the plan's own or the Deployment of the
    /// canary's name.
    #[serde(default)]
    pub metadata: Option<Metadata>,
}

/// The `metadata` of a hook.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(
    transparent,
    extend("properties" = {"workload": {"type": ["string", "null"], "pattern": asked::workload_pattern()}})
)]
pub struct Metadata(pub BTreeMap<String, Value>);

impl Metadata {
    /// The text of this name.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn text(&self, name: &'static str) -> Result<Option<&str>, String> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("`metadata.{name}` is not a text; write it in quotes")),
        }
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(deserializer.deserialize_map(Once::<Value>(std::marker::PhantomData))?))
    }
}

/// A map in which no name stands twice.
struct Once<V>(std::marker::PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for Once<V> {
    type Value = BTreeMap<String, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all = BTreeMap::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value()?;
            if all.contains_key(&name) {
                return Err(serde::de::Error::custom(format!("`{name}` is given twice; give it once")));
            }
            all.insert(name, value);
        }
        Ok(all)
    }
}

/// A body in which only these fields may stand.
pub trait Known: DeserializeOwned {
    /// Its fields. Empty where others are passed over.
    const FIELDS: &'static [&'static str];
}

impl Known for GateCall {
    const FIELDS: &'static [&'static str] = &["plan", "namespace", "workload", "revision", "run", "mode"];
}

impl Known for RunCall {
    const FIELDS: &'static [&'static str] = &["image", "command", "args", "namespace"];
}

impl Known for Hook {
    const FIELDS: &'static [&'static str] = &[];
}

/// Understands a body.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn parse<T: Known>(body: &[u8]) -> Result<T, String> {
    if body.is_empty() {
        return Err("the body is empty; send a JSON object".to_owned());
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let names = deserializer.deserialize_map(Once::<Value>(std::marker::PhantomData));
    let names = names.and_then(|names| deserializer.end().map(|()| names)).map_err(|error| no_object(&error))?;
    if !T::FIELDS.is_empty()
        && let Some(unknown) = names.keys().find(|name| !T::FIELDS.contains(&name.as_str()))
    {
        return Err(asked::unknown("field", unknown, T::FIELDS));
    }
    serde_json::from_slice(body).map_err(|error| format!("the body is not as it should be: {error}; see /openapi.json"))
}

fn no_object(error: &serde_json::Error) -> String {
    format!("the body cannot be read: {error}; send a JSON object")
}

/// Reads a body.
///
/// # Errors
/// A type that is not JSON, too many bytes, or too much time.
pub(super) async fn read(body: Body, headers: &HeaderMap, limits: &Limits) -> Result<Bytes, Refusal> {
    let kinds = headers.get_all(CONTENT_TYPE);
    if kinds.iter().any(|kind| !kind.to_str().is_ok_and(is_json)) {
        let words = "the body's type is not JSON; send `Content-Type: application/json`";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
    }
    if headers.get_all(CONTENT_ENCODING).iter().any(|encoding| encoding != "identity") {
        let words = "the body is compressed; send it as it is";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
    }
    let too_large = || {
        let words = format!("the body is larger than {} bytes; send names alone", limits.body_size);
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, &words)
    };
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let is_long = length.is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > limits.body_size));
    // Who waits for `100 Continue` has sent nothing of it yet, and hears the answer.
    if is_long && headers.contains_key(EXPECT) {
        return Err(too_large());
    }
    match timeout(limits.body_time, collect(body, limits.body_size)).await {
        Ok(Ok(Some(bytes))) => Ok(bytes),
        Ok(Ok(None)) => Err(too_large()),
        Ok(Err(error)) => Err(Refusal::bad_request(&format!("the body did not come whole: {error}; send it again"))),
        Err(_) if is_long => Err(too_large()),
        Err(_) => {
            let words = format!("the body did not come within {} s; send it again", limits.body_time.as_secs());
            Err(Refusal::bad_request(&words))
        }
    }
}

/// `None` where there was more than `most`.
async fn collect(mut body: Body, most: usize) -> Result<Option<Bytes>, axum::Error> {
    let mut bytes = BytesMut::new();
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= most {
            bytes.extend_from_slice(&data);
        } else if seen > MOST_DISCARDED {
            break;
        }
    }
    Ok((seen <= most).then(|| bytes.freeze()))
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::{GateCall, Hook, Known, RunCall, parse};
    use schemars::{JsonSchema, schema_for};

    fn fields<T: JsonSchema>() -> Vec<String> {
        let schema = schema_for!(T);
        schema.as_value()["properties"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn the_fields_that_are_known_are_those_that_there_are() {
        let sorted = |names: &[&str]| {
            let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(fields::<GateCall>(), sorted(GateCall::FIELDS));
        assert_eq!(fields::<RunCall>(), sorted(RunCall::FIELDS));
    }

    #[test]
    fn a_call_is_read_strictly_and_its_mistakes_come_with_a_remedy() {
        let read = |text: &str| parse::<GateCall>(text.as_bytes());
        assert!(read(r#"{"plan":"a","namespace":"n","revision":null}"#).is_ok());
        let deep = format!(r#"{{"plan":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000));
        let deep_unknown = format!(r#"{{"x":{}1{}}}"#, "[".repeat(5000), "]".repeat(5000));
        for (text, said) in [
            ("", "empty"),
            ("null", "send a JSON object"),
            ("[]", "send a JSON object"),
            ("{", "send a JSON object"),
            (r#"{"plan":"a","namespace":"n"} x"#, "trailing"),
            (r#"{"plan":"a","namespace":"n"}{"plan":"b"}"#, "trailing"),
            (r#"{"plan":"a","namespace":"n","plan":"b"}"#, "`plan` is given twice"),
            (r#"{"plan":"a","namespace":"n","pl\u0061n":"b"}"#, "`plan` is given twice"),
            (r#"{"plan":"a","namespce":"n"}"#, "did you mean `namespace`?"),
            (r#"{"plan":"a","namespace":"n","selector":"app=x"}"#, "known: plan, namespace, workload"),
            (r#"{"plan":"a"}"#, "missing field `namespace`"),
            (r#"{"plan":1,"namespace":"n"}"#, "expected a string"),
            (r#"{"plan":["a"],"namespace":"n"}"#, "expected a string"),
            (r#"{"plan":"a","namespace":"n","mode":"onec"}"#, "`standing` or `once`"),
            (r#"{"plan":"\ud800","namespace":"n"}"#, "cannot be read"),
            (&deep, "recursion limit"),
            (&deep_unknown, "recursion limit"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said), "{}: {error}", &text[..text.len().min(60)]);
        }
        assert!(parse::<GateCall>(b"{\"plan\":\"\xff\",\"namespace\":\"n\"}").is_err());
    }

    #[test]
    fn what_flagger_may_add_is_passed_over_and_what_it_says_twice_is_not() {
        let read = |text: &str| parse::<Hook>(text.as_bytes());
        let hook =
            read(r#"{"name":"w","namespace":"n","phase":"Progressing","weight":{"a":[1]},"metadata":{"a":"b"}}"#);
        assert_eq!(hook.unwrap().metadata.unwrap().text("a"), Ok(Some("b")));
        assert!(read(r#"{"name":"w","namespace":"n","metadata":null}"#).unwrap().metadata.is_none());
        for text in [
            r#"{"name":"w","namespace":"n","name":"v"}"#,
            r#"{"name":"w","namespace":"n","metadata":{"workload":"a","workload":"b"}}"#,
            r#"{"name":"w"}"#,
            r#"{"name":"w","namespace":"n","phase":3}"#,
            r#"{"name":"w","namespace":"n","metadata":[]}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let odd = read(r#"{"name":"w","namespace":"n","metadata":{"workload":{}}}"#).unwrap();
        assert!(odd.metadata.unwrap().text("workload").is_err());
    }
}
