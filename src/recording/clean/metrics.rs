//! What of an answer of a source of metrics goes into a recording: the fields that the API has, with every text masked.

use std::hash::BuildHasher;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{Cleaner, text, texts};
use crate::text::redact;

impl Cleaner {
    /// Returns an answer without what a recording must not hold. Numbers stay, and so do the values of labels, which are
    /// evidence; those that are secrets by their name or shape are masked, and two that differ still differ.
    pub(in crate::recording) fn metrics(&self, raw: &RawValue) -> Value {
        let Ok(Value::Object(answer)) = serde_json::from_str(raw.get()) else { return Value::Null };
        let kept = answer.into_iter().filter_map(|(key, value)| {
            let value = match key.as_str() {
                "status" | "errorType" | "error" | "warnings" | "infos" => texts(value),
                "isPartial" => value,
                "data" => self.data(value),
                _ => return None,
            };
            Some((key, value))
        });
        Value::Object(kept.collect())
    }

    fn data(&self, data: Value) -> Value {
        let Value::Object(data) = data else { return Value::Null };
        let kept = data.into_iter().filter_map(|(key, value)| match (key.as_str(), value) {
            ("resultType", value) => Some((key, texts(value))),
            ("result", Value::Array(series)) => Some((key, series.into_iter().map(|one| self.series(one)).collect())),
            _ => None,
        });
        Value::Object(kept.collect())
    }

    fn series(&self, series: Value) -> Value {
        match series {
            Value::Object(series) => {
                let kept = series.into_iter().filter_map(|(key, value)| match (key.as_str(), value) {
                    ("metric", Value::Object(labels)) => Some((key, self.labels(labels))),
                    ("value" | "values" | "histogram" | "histograms", value) => Some((key, numbers(value))),
                    _ => None,
                });
                Value::Object(kept.collect())
            }
            // The parts of a scalar or of a string.
            part => numbers(part),
        }
    }

    fn labels(&self, labels: Map<String, Value>) -> Value {
        let label = |(name, value): (String, Value)| {
            let value = match value {
                Value::String(value) => self.label(&name, value).into(),
                other => texts(other),
            };
            (name, value)
        };
        Value::Object(labels.into_iter().map(label).collect())
    }

    fn label(&self, name: &str, value: String) -> String {
        let named = format!("{name}={value}");
        if redact::text(&named) == named && redact::text(&value) == value {
            return value;
        }
        // Series are told apart by their labels: two that become one would count wrongly.
        format!("(masked {:016x})", self.keys.hash_one(&value))
    }
}

/// Numbers, which are strings in this API, as they are; everything else as text.
fn numbers(value: Value) -> Value {
    match value {
        Value::String(number) if number.parse::<f64>().is_ok() => Value::String(number),
        Value::String(said) => text(&said).into(),
        Value::Array(items) => items.into_iter().map(numbers).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, numbers(value))).collect(),
        Value::Null => json!(null),
        scalar => scalar,
    }
}
