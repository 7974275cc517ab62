//! What a recording knows of its metrics source.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::asked::{Asked, Plain};
use crate::recording::line::MetricsEntry;

/// How old a sample may be that an instant query gives, as Prometheus has it (`--query.lookback-delta`).
const LOOKBACK: Duration = Duration::from_mins(5);

/// What a recording knows of its metrics source. Times are those of the recording, in milliseconds since 1970.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Metrics {
    /// The pods that were recorded.
    pods: BTreeSet<String>,
    /// The series by their labels.
    series: BTreeMap<BTreeMap<String, String>, Points>,
    /// What came of each question, in the order of the recording.
    looks: Vec<Look>,
}

/// The samples of a series by their times, as the API spells their values.
#[derive(Debug, Default)]
struct Points {
    numbers: BTreeMap<i64, Value>,
    histograms: BTreeMap<i64, Value>,
}

/// What came of one question.
#[derive(Debug)]
struct Look {
    /// When, in milliseconds of the recording.
    at_ms: u64,
    asked: Asked,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    /// An answer.
    Answered(Value),
    /// An error that the source told, with its status.
    Refused(u16, Value),
    /// No answer of the API: a status of somebody in between, or none at all.
    Failed(Option<u16>),
}

/// What the API answers: a status and a body.
pub(super) type Told = (u16, Value);

/// A series of an answer, its samples as the API spells them.
#[derive(Deserialize)]
struct RawSeries {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, Value)>,
    value: Option<(f64, Value)>,
    #[serde(default)]
    histograms: Vec<(f64, Value)>,
    histogram: Option<(f64, Value)>,
}

impl Metrics {
    /// Reads the lines of a recording, each with its moment.
    pub fn new(lines: Vec<(u64, MetricsEntry)>, pods: BTreeSet<String>) -> Self {
        let mut metrics = Self { pods, ..Self::default() };
        for (at_ms, entry) in lines {
            let outcome = Outcome::of(entry.status, entry.error.is_some(), entry.body.as_deref());
            let Some(query) = &entry.query else {
                // Others than crashgate record no query: raw samples are what they are all the same.
                if let Outcome::Answered(body) = &outcome
                    && body.pointer("/data/resultType").is_some_and(|kind| kind == "matrix")
                {
                    metrics.keep(body);
                }
                continue;
            };
            let asked = Asked::read(query, &metrics.pods);
            if let (Outcome::Answered(body), Some(_)) = (&outcome, &asked.plain) {
                metrics.keep(body);
            }
            metrics.looks.push(Look { at_ms, asked, outcome });
        }
        metrics
    }

    /// True where the recording has nothing of a metrics source.
    pub fn is_empty(&self) -> bool {
        self.looks.is_empty() && self.series.is_empty()
    }

    /// Keeps the samples of an answer to a plain selector.
    fn keep(&mut self, body: &Value) {
        let result = body.pointer("/data/result").and_then(Value::as_array);
        for series in result.into_iter().flatten() {
            let Ok(series) = RawSeries::deserialize(series) else { continue };
            let points = self.series.entry(series.metric).or_default();
            points.numbers.extend(series.values.into_iter().chain(series.value).map(in_ms));
            points.histograms.extend(series.histograms.into_iter().chain(series.histogram).map(in_ms));
        }
    }

    /// Answers a query as of `at`, where the recording stands at `now_ms`. `at` is a time of the recording, in milliseconds
    /// since 1970, and every time of the answer is `shift` later.
    pub fn answer(&self, query: &str, at: i64, now_ms: u64, shift: i64) -> Told {
        if query.trim().is_empty() {
            return refused(
                400,
                "bad_data",
                "invalid parameter \"query\": 1:1: parse error: no expression found in input",
            );
        }
        if self.is_empty() {
            return refused(422, "execution", "the recording has no answers of a metrics source");
        }
        let asked = Asked::read(query, &self.pods);
        let same: Vec<&Look> = self.looks.iter().filter(|look| look.asked.key == asked.key).collect();
        // The pods of the other arm are asked about with the same words.
        let same_pods = |look: &&&Look| {
            let pods = &look.asked.pods;
            pods.is_empty() || asked.pods.is_empty() || !pods.is_disjoint(&asked.pods)
        };
        let newest = same.iter().filter(same_pods).rfind(|look| look.at_ms <= now_ms);
        match newest.map(|look| &look.outcome) {
            Some(Outcome::Refused(status, body)) => return (*status, body.clone()),
            Some(Outcome::Failed(status)) => {
                return refused(
                    status.unwrap_or(503),
                    "unavailable",
                    "the source did not answer when this was recorded",
                );
            }
            Some(Outcome::Answered(_)) | None => {}
        }
        let body = newest.and_then(|look| if let Outcome::Answered(body) = &look.outcome { Some(body) } else { None });
        if let Some(plain) = &asked.plain {
            let mut answer = json!({"status": "success", "data": self.select(plain, at, shift)});
            for key in ["warnings", "infos", "isPartial"] {
                if let Some(said) = body.and_then(|body| body.get(key)) {
                    answer[key] = said.clone();
                }
            }
            return (200, answer);
        }
        match body {
            Some(body) => (200, moved(body.clone(), shift)),
            None if same.is_empty() => refused(
                422,
                "execution",
                "the recording has no answer to this query: plain selectors are served from its samples, any other query \
                 only as it was recorded",
            ),
            None => (200, json!({"status": "success", "data": {"resultType": "vector", "result": []}})),
        }
    }

    /// The samples that a selector takes.
    fn select(&self, plain: &Plain, at: i64, shift: i64) -> Value {
        let back = plain.window.unwrap_or(LOOKBACK).as_millis();
        let from = at.saturating_sub(i64::try_from(back).unwrap_or(i64::MAX));
        // Open on the left: a window of 5 m over scrapes of 1 m takes five samples, as from Prometheus 3 on.
        let span = (std::ops::Bound::Excluded(from), std::ops::Bound::Included(at.max(from)));
        let mut result = Vec::new();
        for (labels, points) in self.series.iter().filter(|(labels, _)| plain.selector.selects(labels)) {
            let told = |points: &BTreeMap<i64, Value>| -> Vec<Value> {
                if at <= from {
                    return Vec::new();
                }
                points.range(span).map(|(at, value)| json!([seconds(at.saturating_add(shift)), value])).collect()
            };
            let (numbers, histograms) = (told(&points.numbers), told(&points.histograms));
            if numbers.is_empty() && histograms.is_empty() {
                continue;
            }
            let mut series = json!({"metric": labels});
            if plain.window.is_some() {
                for (key, points) in [("values", numbers), ("histograms", histograms)] {
                    if !points.is_empty() {
                        series[key] = points.into();
                    }
                }
            } else {
                // Of an instant query, each value is told at the time of the query.
                let (key, newest) = match (numbers.last(), histograms.last()) {
                    (Some(number), _) => ("value", number),
                    (None, Some(histogram)) => ("histogram", histogram),
                    (None, None) => continue,
                };
                series[key] = json!([seconds(at.saturating_add(shift)), newest[1]]);
            }
            result.push(series);
        }
        let kind = if plain.window.is_some() { "matrix" } else { "vector" };
        json!({"resultType": kind, "result": result})
    }
}

impl Outcome {
    fn of(status: Option<u16>, is_error: bool, body: Option<&RawValue>) -> Self {
        let body: Option<Value> = body.and_then(|body| serde_json::from_str(body.get()).ok());
        match body {
            Some(body) if body["status"] == "success" && !is_error && status.is_none_or(|status| status < 300) => {
                Self::Answered(body)
            }
            Some(body) if body["status"] == "error" => {
                let by_type = match body["errorType"].as_str() {
                    Some("bad_data") => 400,
                    Some("execution") => 422,
                    _ => 503,
                };
                Self::Refused(status.unwrap_or(by_type), body)
            }
            _ => Self::Failed(status.filter(|status| *status >= 400)),
        }
    }
}

/// An error in the words of the API.
pub(super) fn refused(status: u16, kind: &str, error: &str) -> Told {
    (status, json!({"status": "error", "errorType": kind, "error": error}))
}

/// A recorded answer at the times of the playback.
fn moved(mut body: Value, shift: i64) -> Value {
    let move_pair = |pair: &mut Value| {
        if let Some(at) = pair.get_mut(0)
            && let Some(time) = at.as_f64()
        {
            *at = json!(seconds(milliseconds(time).saturating_add(shift)));
        }
    };
    let is_series = matches!(body.pointer("/data/resultType").and_then(Value::as_str), Some("vector" | "matrix"));
    let Some(result) = body.pointer_mut("/data/result") else { return body };
    if !is_series {
        move_pair(result);
        return body;
    }
    for series in result.as_array_mut().into_iter().flatten() {
        for key in ["value", "histogram"] {
            series.get_mut(key).into_iter().for_each(move_pair);
        }
        for key in ["values", "histograms"] {
            series.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten().for_each(move_pair);
        }
    }
    body
}

fn in_ms((at, value): (f64, Value)) -> (i64, Value) {
    (milliseconds(at), value)
}

/// Seconds since 1970 in milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "a cast of floats saturates, and no time is near the ends")]
pub(super) fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1_000.0).round() as i64
}

/// Milliseconds since 1970 in seconds, as the API spells times.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit in 53 bits for 285,000 years")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1_000.0
}
