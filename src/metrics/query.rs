//! The `PromQL` of a question. Pure.
//!
//! Counters are asked for as raw samples (`selector[window]` in an instant query), as they were scraped: `increase` loses
//! what a series was born with, and extrapolates the rest.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::gate::model::series_selector::{PODS, quoted};
use crate::gate::model::{MatchOp, Matcher, MetricQuestion, Number, SeriesSelector};
use crate::gate::spec::{Check, Count, Measure, PodLabels};

/// The label of a histogram's bucket that holds its bound.
const BOUND: &str = "le";

/// Returns the query that answers the question.
#[must_use]
pub fn text(check: &Check, labels: &PodLabels, namespace: &str, question: &MetricQuestion) -> String {
    about(check, &pods(labels, namespace, &question.pods), question.window, question.every_bucket)
}

/// Returns the query that asks about every pod of the namespace, all buckets of a histogram among what is asked for.
#[must_use]
pub fn of_every_pod(check: &Check, labels: &PodLabels, namespace: &str, window: Duration) -> String {
    let PodLabels { namespace: namespace_label, pod } = labels;
    let namespace = namespace_label.as_ref().map(|label| format!("{label}={},", quoted(namespace)));
    about(check, &format!("{}{pod}!=\"\"", namespace.unwrap_or_default()), window, true)
}

/// The query about the pods that these matchers take.
fn about(check: &Check, pods: &str, window: Duration, every_bucket: bool) -> String {
    match &check.measure {
        Measure::Query { query, .. } => query.replace(PODS, pods),
        Measure::Share { count: Count::Counters { bad, total }, .. } => samples(&[bad, total], pods, None, window),
        Measure::Share { count: Count::Slower { histogram, bound }, .. } => {
            let has_le = is_classic(histogram) && !every_bucket;
            samples(&[histogram], pods, has_le.then(|| spelled(*bound)), window)
        }
    }
}

/// What stands in the place of `$pods`: matchers of exactly these pods.
fn pods(labels: &PodLabels, namespace: &str, pods: &BTreeSet<String>) -> String {
    let PodLabels { namespace: namespace_label, pod } = labels;
    let mut matchers = String::new();
    if let Some(label) = namespace_label {
        matchers = format!("{label}={},", quoted(namespace));
    }
    let names: Vec<&str> = pods.iter().map(String::as_str).collect();
    matchers
        + &match names[..] {
            // An empty matcher would take every series without the label; these two take none.
            [] => format!("{pod}=\"\",{pod}!=\"\""),
            [name] => format!("{pod}={}", quoted(name)),
            _ => format!("{pod}=~{}", quoted(&names.iter().map(|name| literal(name)).collect::<Vec<_>>().join("|"))),
        }
}

/// The raw samples of every series that one of the selectors takes, in one query, so that they are of one moment. It may
/// take more: the gate asks each selector again.
fn samples(selectors: &[&SeriesSelector], pods: &str, bound: Option<String>, window: Duration) -> String {
    let Some((first, rest)) = selectors.split_first() else { return String::new() };
    let is_common = |matcher: &&Matcher| rest.iter().all(|selector| selector.matchers.contains(matcher));
    let common: Vec<&Matcher> = first.matchers.iter().filter(is_common).collect();
    let is_name = |matcher: &&&Matcher| matcher.label == "__name__";
    let plain = common.iter().find(|matcher| is_name(matcher) && matcher.op == MatchOp::Equal);
    let has_name = common.iter().any(|matcher| is_name(&matcher) && matcher.op != MatchOp::NotEqual);
    let mut parts = Vec::new();
    if !has_name && let Some(names) = names(selectors) {
        parts.push(format!("__name__=~{}", quoted(&names)));
    }
    parts.push(pods.to_owned());
    parts.extend(common.iter().filter(|matcher| plain != Some(matcher)).map(ToString::to_string));
    if let Some(bound) = bound {
        parts.push(format!("{BOUND}=~{}", quoted(&bound)));
    }
    let name = plain.map_or("", |name| &name.value);
    // A range of nothing is refused.
    let window = window.as_millis().max(1);
    format!("{name}{{{}}}[{window}ms]", parts.join(","))
}

/// The names of the metrics that the selectors ask for, as one regular expression.
fn names(selectors: &[&SeriesSelector]) -> Option<String> {
    let name = |selector: &&SeriesSelector| {
        let name = positive_name(selector)?;
        Some(if name.op == MatchOp::Equal { literal(&name.value) } else { format!("(?:{})", name.value) })
    };
    let names: BTreeSet<String> = selectors.iter().map(name).collect::<Option<_>>()?;
    Some(names.into_iter().collect::<Vec<_>>().join("|"))
}

fn positive_name(selector: &SeriesSelector) -> Option<&Matcher> {
    let is_it =
        |matcher: &&Matcher| matcher.label == "__name__" && matches!(matcher.op, MatchOp::Equal | MatchOp::Matches);
    selector.matchers.iter().find(is_it)
}

/// A classic histogram has a series for each of its buckets; a native one has its buckets in its samples.
fn is_classic(histogram: &SeriesSelector) -> bool {
    positive_name(histogram).is_some_and(|name| name.value.ends_with("_bucket"))
}

/// A text as a regular expression (RE2) that matches it alone.
fn literal(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars() {
        if r"\.+*?()|[]{}^$".contains(char) {
            escaped.push('\\');
        }
        escaped.push(char);
    }
    escaped
}

/// A regular expression for a bucket's bound in the spellings that exporters use (Go writes 0.5 and 1e+06, Python 1.0,
/// Java 1.0E7, others 0.50), and for the bucket that counts everything.
fn spelled(Number(bound): Number) -> String {
    let sign = if bound.is_sign_negative() && bound != 0.0 { "-" } else { r"\+?" };
    // The shortest digits that are this number, such as 5e-1.
    let shortest = format!("{:e}", bound.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent_sign = if exponent.starts_with('-') { "-" } else { r"\+?" };
    let scientific = format!("{}[eE]{exponent_sign}0*{}", decimal(mantissa), exponent.trim_start_matches('-'));
    format!(r"{sign}(?:{}|{scientific})|\+?[Ii]nf", decimal(&bound.abs().to_string()))
}

/// A number without an exponent, with or without zeros that mean nothing.
fn decimal(digits: &str) -> String {
    match digits.split_once('.') {
        Some(("0", fraction)) => format!(r"0*\.{fraction}0*"),
        Some((whole, fraction)) => format!(r"0*{whole}\.{fraction}0*"),
        None => format!(r"0*{digits}(?:\.0*)?"),
    }
}
