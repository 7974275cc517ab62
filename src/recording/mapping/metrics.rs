//! From an answer of Prometheus' HTTP API to what a gate is told of its metrics. Thanos, Mimir and VictoriaMetrics answer
//! in the same shape.
//!
//! Samples are kept as they are told: out of order, repeated, NaN. What they mean is for the gate to say.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::gate::model::{
    Measurement, MetricAnswer, MetricData, MetricTrouble, MetricTroubleKind, Number, Sample, Series,
};
use crate::recording::line::{AnsweredAt, MetricsEntry};

/// More series than this are not judged: a selector that takes so many is a mistake.
pub const MOST_SERIES: usize = 5_000;

/// So many warnings are told: one is as bad as all.
const MOST_WARNINGS: usize = 10;

/// As much of the source's own words is kept.
const LONGEST_WORDS: usize = 400;

/// What came of a question, as live traffic and recordings alike tell it. `recorded_at_ms` is when the line was recorded,
/// in milliseconds since 1970.
#[must_use]
pub fn measurement(entry: &MetricsEntry, recorded_at_ms: i64) -> Measurement {
    let answered_at_ms = match entry.answered_at {
        AnsweredAt::Told(at_ms) => Some(at_ms),
        AnsweredAt::Untold => None,
        AnsweredAt::Recorded => Some(recorded_at_ms),
    };
    let answered = match &entry.body {
        Some(body) => answer(entry.status, body, answered_at_ms),
        None => Err(MetricTrouble { kind: kind_of_status(entry.status), message: words_of_status(entry.status) }),
    };
    let answer = match (answered, &entry.error) {
        (Err(trouble), Some(words)) => Err(MetricTrouble { message: words.clone(), ..trouble }),
        // What was not to be used when it came is not to be used later.
        (Ok(_), Some(words)) => Err(MetricTrouble { kind: MetricTroubleKind::Unreachable, message: words.clone() }),
        (answered, None) => answered,
    };
    Measurement { check: entry.check.clone(), arm: entry.arm, answer }
}

/// Reads the body of an answer. `status` is the HTTP status, where it is known.
///
/// # Errors
///
/// Where the source tells of an error, where the answer does not have the API's shape, and where it has more than
/// [`MOST_SERIES`].
pub fn answer(
    status: Option<u16>,
    body: &RawValue,
    answered_at_ms: Option<i64>,
) -> Result<MetricAnswer, MetricTrouble> {
    let envelope: Envelope<'_> = serde_json::from_str(body.get())
        .map_err(|error| unreadable(&format!("it is not one of Prometheus' API ({error})")))?;
    if envelope.status != "success" {
        return Err(envelope.trouble(status));
    }
    if status.is_some_and(|status| !(200..300).contains(&status)) {
        return Err(MetricTrouble { kind: kind_of_status(status), message: words_of_status(status) });
    }
    let data = envelope.data.ok_or_else(|| unreadable("it has no `data`"))?;
    let data = serde_json::from_str::<Data<'_>>(data.get()).map_err(|error| unreadable(&error.to_string()))?;
    let mut warnings: Vec<String> =
        envelope.warnings.unwrap_or_default().iter().take(MOST_WARNINGS).map(|said| shortened(said)).collect();
    if envelope.is_partial == Some(true) {
        warnings.push("the answer is partial: not every storage node has answered".to_owned());
    }
    Ok(MetricAnswer { answered_at_ms, data: data.read()?, warnings })
}

/// What every answer of the API has around it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    status: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    error_type: Option<String>,
    error: Option<String>,
    /// What may make the result wrong. (`infos` speak of the query alone, and change nothing.)
    warnings: Option<Vec<String>>,
    /// `VictoriaMetrics` in a cluster: some of its storage nodes did not answer.
    is_partial: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    result_type: String,
    #[serde(borrow)]
    result: &'a RawValue,
}

/// A series of a matrix or of a vector.
#[derive(Deserialize)]
struct RawSeries {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, Value)>,
    value: Option<(f64, Value)>,
    #[serde(default)]
    histograms: Vec<serde::de::IgnoredAny>,
    histogram: Option<serde::de::IgnoredAny>,
}

impl Envelope<'_> {
    /// What an error of the source means.
    fn trouble(self, status: Option<u16>) -> MetricTrouble {
        let error = self.error.unwrap_or_default();
        let kind = match self.error_type.as_deref() {
            // Expanding is reading from the storage: a Thanos that may not leave out a store says it so.
            Some("execution") if error.starts_with("expanding series") => MetricTroubleKind::Unreachable,
            // VictoriaMetrics gives the status as the type.
            Some("bad_data" | "execution" | "400" | "422") => MetricTroubleKind::Rejected,
            Some("timeout" | "canceled" | "unavailable" | "internal") => MetricTroubleKind::Unreachable,
            _ => kind_of_status(status),
        };
        let how = match kind {
            MetricTroubleKind::Rejected => "rejected",
            MetricTroubleKind::Unreachable => "could not answer",
        };
        let words = [self.error_type.unwrap_or_default(), shortened(&error)];
        let said: Vec<_> = words.iter().map(String::as_str).filter(|words| !words.is_empty()).collect();
        let said = if said.is_empty() { "it gave no reason".to_owned() } else { said.join(": ") };
        MetricTrouble { kind, message: format!("the source {how} the query: {said}") }
    }
}

impl Data<'_> {
    fn read(&self) -> Result<MetricData, MetricTrouble> {
        match self.result_type.as_str() {
            "matrix" => self.series().map(MetricData::Matrix),
            "vector" => self.series().map(MetricData::Vector),
            "scalar" => sample(&self.result()?).map(MetricData::Scalar),
            "string" => self.result::<(f64, String)>().map(|(_, text)| MetricData::Text(shortened(&text))),
            other => Err(unreadable(&format!("`{}` is no type of result", shortened(other)))),
        }
    }

    fn result<'de, T: Deserialize<'de>>(&'de self) -> Result<T, MetricTrouble> {
        serde_json::from_str(self.result.get()).map_err(|error| unreadable(&error.to_string()))
    }

    fn series(&self) -> Result<Vec<Series>, MetricTrouble> {
        let raw: Vec<RawSeries> = self.result()?;
        if raw.len() > MOST_SERIES {
            let message = format!(
                "too many series: the answer has {}, and at most {MOST_SERIES} are judged; narrow the selector by another label",
                raw.len()
            );
            return Err(MetricTrouble { kind: MetricTroubleKind::Unreachable, message });
        }
        raw.into_iter().map(RawSeries::read).collect()
    }
}

impl RawSeries {
    fn read(self) -> Result<Series, MetricTrouble> {
        let native_histogram = self.histogram.is_some() || !self.histograms.is_empty();
        let samples = self.values.iter().chain(&self.value).map(sample).collect::<Result<Vec<_>, _>>()?;
        if samples.is_empty() && !native_histogram {
            return Err(unreadable("a series has no samples"));
        }
        Ok(Series { labels: self.metric, samples, native_histogram })
    }
}

/// A pair of seconds since 1970 and a number, which is a string in this API.
fn sample((at, value): &(f64, Value)) -> Result<Sample, MetricTrouble> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_f64(),
        _ => None,
    };
    let number =
        number.ok_or_else(|| unreadable(&format!("the value {} is no number", shortened(&value.to_string()))))?;
    #[expect(clippy::cast_possible_truncation, reason = "a cast of floats saturates, and such a time is stale")]
    let at_ms = (at * 1_000.0).round() as i64;
    Ok(Sample { at_ms, value: Number(number) })
}

fn unreadable(why: &str) -> MetricTrouble {
    MetricTrouble { kind: MetricTroubleKind::Unreachable, message: format!("the answer cannot be read: {why}") }
}

/// What a status alone says: a source that does not understand the query will not understand it later either.
const fn kind_of_status(status: Option<u16>) -> MetricTroubleKind {
    match status {
        Some(400 | 422) => MetricTroubleKind::Rejected,
        _ => MetricTroubleKind::Unreachable,
    }
}

fn words_of_status(status: Option<u16>) -> String {
    match status {
        Some(status) => format!("the source answered with status {status}"),
        None => "the source did not answer".to_owned(),
    }
}

/// One line of bounded length.
fn shortened(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(LONGEST_WORDS) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    }
}
