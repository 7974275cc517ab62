//! What of an object goes into a recording: an allow-list of fields, so that nothing gets in because nobody thought of it.
//!
//! Kept is what rules read, what kubectl shows or waits for, and what tells one object from another. Left out are all
//! other strings: environment values, commands and arguments, headers, attributes of volumes, and annotations but for
//! those in [`fields`]. Numbers and truth values stay whatever their field is called. Text meant for people (messages of
//! conditions and events) stays, masked.
//!
//! A template whose content is left out in part gets a digest of the whole as an annotation: two templates that differ
//! only in a variable's value stay different templates. Its key is drawn anew for each recording and written nowhere, so
//! that nobody can look for values with the same digest.

mod fields;
mod metrics;

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher, RandomState};

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use self::fields::{Rule, is_kept_annotation, rule_of, volume_fields};
use super::mapping::{POD_SPEC_DIGEST, hash_pod_spec, hash_template};
use crate::text::redact;

/// What stands in the place of what is left out.
const LEFT_OUT: &str = "(masked)";

/// The annotation with the digest of a template that is not whole.
const DIGEST: &str = "crashgate.recording/template-digest";

/// Cleans the objects of one recording.
#[derive(Debug, Default)]
pub(super) struct Cleaner {
    keys: RandomState,
}

impl Cleaner {
    /// Returns an object, or a list of objects, without what a recording must not hold.
    pub(super) fn object(&self, raw: &RawValue) -> Value {
        match serde_json::from_str(raw.get()) {
            Ok(Value::Object(fields)) => Value::Object(self.fields(fields)),
            // No object of the API is anything else.
            _ => Value::Null,
        }
    }

    fn fields(&self, fields: Map<String, Value>) -> Map<String, Value> {
        fields.into_iter().filter_map(|(key, value)| self.field(&key, value).map(|value| (key, value))).collect()
    }

    /// One field, where something of it is kept.
    fn field(&self, key: &str, value: Value) -> Option<Value> {
        let Some(rule) = rule_of(key) else {
            return matches!(value, Value::Number(_) | Value::Bool(_) | Value::Null).then_some(value);
        };
        Some(match rule {
            Rule::Keep => self.kept(value),
            Rule::Whole => value,
            Rule::Scalar => return (!value.is_object() && !value.is_array()).then_some(value),
            Rule::Text => with_strings(value, &text),
            Rule::Address => with_strings(value, &|text| redact::text(without_query(text)).into_owned()),
            Rule::Hidden => hidden(&value),
            Rule::Environment => self.environment(value),
            Rule::Annotations => annotations(value),
            Rule::Volumes => self.volumes(value),
            Rule::Template => self.template(value),
        })
    }

    /// Strings as they are, and the allowed fields of objects.
    fn kept(&self, value: Value) -> Value {
        match value {
            Value::Object(fields) => Value::Object(self.fields(fields)),
            Value::Array(items) => items.into_iter().map(|item| self.kept(item)).collect(),
            scalar => scalar,
        }
    }

    /// Names and references, but no values.
    fn environment(&self, value: Value) -> Value {
        let mut value = self.kept(value);
        for variable in value.as_array_mut().into_iter().flatten() {
            if let Some(value) = variable.get_mut("value") {
                *value = hidden(value);
            }
        }
        value
    }

    /// Volumes, or the sources of a projected one: their names, kinds, and what they refer to.
    fn volumes(&self, value: Value) -> Value {
        let Value::Array(volumes) = value else { return Value::Null };
        let volume = |volume: Value| {
            let Value::Object(fields) = volume else { return Value::Null };
            let field = |(kind, source): (String, Value)| {
                let source = match source {
                    Value::Object(source) => {
                        let kept = volume_fields(&kind);
                        let kept = source.into_iter().filter(|(key, value)| {
                            kept.contains(&key.as_str()) || matches!(value, Value::Bool(_) | Value::Number(_))
                        });
                        Value::Object(
                            kept.filter_map(|(key, value)| Some((key.clone(), self.field(&key, value)?))).collect(),
                        )
                    }
                    Value::String(name) if kind == "name" => Value::String(name),
                    _ => return None,
                };
                Some((kind, source))
            };
            Value::Object(fields.into_iter().filter_map(field).collect())
        };
        volumes.into_iter().map(volume).collect()
    }

    fn template(&self, value: Value) -> Value {
        let mut hasher = self.keys.build_hasher();
        hash_template(&value, &mut hasher);
        let whole = hasher.finish();
        let mut hasher = self.keys.build_hasher();
        hash_pod_spec(&value, &mut hasher);
        let pod_spec = hasher.finish();
        let mut kept = self.kept(value);
        let mut hasher = self.keys.build_hasher();
        hash_template(&kept, &mut hasher);
        if hasher.finish() != whole && kept.is_object() {
            if !kept["metadata"].is_object() {
                kept["metadata"] = json!({});
            }
            if !kept["metadata"]["annotations"].is_object() {
                kept["metadata"]["annotations"] = json!({});
            }
            kept["metadata"]["annotations"][DIGEST] = format!("{whole:016x}").into();
            kept["metadata"]["annotations"][POD_SPEC_DIGEST] = format!("{pod_spec:016x}").into();
        }
        kept
    }
}

/// What somebody said, for people: secrets of known shapes masked, and no URL keeps its query.
pub(super) fn text(text: &str) -> String {
    redact::text(&without_commands(&without_queries(text))).into_owned()
}

/// Every string in a value, as [`text`] tells it.
pub(super) fn texts(value: Value) -> Value {
    with_strings(value, &text)
}

fn with_strings(value: Value, change: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(change(&text)),
        Value::Array(items) => items.into_iter().map(|item| with_strings(item, change)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, with_strings(value, change))).collect())
        }
        scalar => scalar,
    }
}

/// That there is something, and nothing of what it is.
fn hidden(value: &Value) -> Value {
    match value {
        Value::Array(items) if items.is_empty() => Value::Array(Vec::new()),
        Value::Array(_) => json!([LEFT_OUT]),
        Value::Null => Value::Null,
        _ => LEFT_OUT.into(),
    }
}

fn annotations(value: Value) -> Value {
    let Value::Object(annotations) = value else { return Value::Null };
    let kept = annotations.into_iter().filter(|(key, _)| is_kept_annotation(key));
    Value::Object(kept.map(|(key, value)| (key, with_strings(value, &text))).collect())
}

/// A path, or a host, without the query behind it.
fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default()
}

/// A text whose URLs have no queries. The kubelet quotes the URL of a probe that failed.
fn without_queries(text: &str) -> Cow<'_, str> {
    const SCHEME: &str = "://";
    if !text.contains(SCHEME) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(SCHEME) {
        let (head, url) = rest.split_at(start + SCHEME.len());
        out.push_str(head);
        let end = url
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | ')'))
            .unwrap_or(url.len());
        let (url, tail) = url.split_at(end);
        match url.find(['?', '#']) {
            Some(query) => {
                out.push_str(&url[..query]);
                out.push_str("?***");
            }
            None => out.push_str(url),
        }
        rest = tail;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// A text without the commands that the kubelet quotes whole: those of hooks that failed, and of probes that took too
/// long.
fn without_commands(text: &str) -> Cow<'_, str> {
    const QUOTES: [(&str, &str); 3] =
        [("lifecycle hook ([", "])"), ("error: command '", "' exited"), ("command timed out: \"", "\" timed out")];
    let mut text = Cow::Borrowed(text);
    for (begin, end) in QUOTES {
        let Some(start) = text.find(begin).map(|start| start + begin.len()) else { continue };
        let length = text[start..].find(end).unwrap_or(text.len() - start);
        text = Cow::Owned(format!("{}***{}", &text[..start], &text[start + length..]));
    }
    text
}

#[cfg(test)]
mod tests;
