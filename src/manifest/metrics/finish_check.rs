//! From what was said of a check to the check: what its keys mean together.

use std::time::Duration;

use crate::gate::model::Number;
use crate::gate::spec::{Check, Count, Measure, Metrics, Undecided, Versus};

use super::draft::{CheckDraft, Limit};
use crate::manifest::diagnostics::{Message, quoted};

/// What is wrong with a check, and the key whose value shows it; `None` for what no key shows.
pub(super) type Wrong = (Option<&'static str>, Message);

/// Returns the check.
///
/// # Errors
///
/// All that its keys say wrongly together.
pub(super) fn check(draft: &CheckDraft) -> Result<Check, Vec<Wrong>> {
    let mut wrong = Vec::new();
    if draft.name.is_none() {
        wrong.push((
            None,
            Message::new("a check has no `name`", "add one, as in `name: errors`: reports tell it by that"),
        ));
    }
    let measure = match measured(draft) {
        Ok(Measured::Share(count)) => share(draft, count, &mut wrong),
        Ok(Measured::Query(query)) => self::query(draft, query, &mut wrong),
        Err(problem) => {
            wrong.push(problem);
            None
        }
    };
    match (measure, &draft.name) {
        (Some(measure), Some(name)) if wrong.is_empty() => {
            Ok(Check { name: name.clone(), measure, undecided: draft.undecided.unwrap_or(Undecided::Inconclusive) })
        }
        _ => Err(wrong),
    }
}

/// What a check measures.
enum Measured {
    Share(Count),
    Query(String),
}

fn measured(draft: &CheckDraft) -> Result<Measured, Wrong> {
    let said = [
        ("bad", draft.bad.is_some() || draft.total.is_some()),
        ("histogram", draft.histogram.is_some() || draft.slower_than.is_some()),
        ("query", draft.query.is_some()),
    ];
    let families: Vec<&str> = said.iter().filter(|(_, said)| *said).map(|(name, _)| *name).collect();
    match families[..] {
        [] => {
            let message = Message::new(
                format!("{} does not say what is measured", this(draft)),
                "write `bad` and `total` (counters), `histogram` and `slowerThan` (latency), or `query` (any PromQL that \
                 gives one number)",
            );
            return Err((None, message));
        }
        [first, second, ..] => {
            let key = said.iter().rev().find(|(_, said)| *said).map(|(name, _)| present(draft, name));
            let sentence = format!("{} has `{}` and `{}`", this(draft), present(draft, first), present(draft, second));
            return Err((key, Message::new(sentence, "measure one thing in a check, and make two checks of it")));
        }
        [_] => {}
    }
    if let Some(query) = &draft.query {
        return Ok(Measured::Query(query.clone()));
    }
    match (&draft.bad, &draft.total, &draft.histogram, draft.slower_than) {
        (Some(bad), Some(total), ..) => Ok(Measured::Share(Count::Counters { bad: bad.clone(), total: total.clone() })),
        (Some(_), None, ..) => {
            Err(lacks("bad", "total", "the counters of everything: `total: 'http_requests_total{$pods}'`"))
        }
        (None, Some(_), ..) => {
            Err(lacks("total", "bad", "the counters of what is bad: `bad: 'http_requests_total{$pods,code=~\"5..\"}'`"))
        }
        (.., Some(histogram), Some(bound)) => {
            let bound = bound.of_series(histogram);
            Ok(Measured::Share(Count::Slower { histogram: histogram.clone(), bound }))
        }
        (.., Some(_), None) => Err(lacks("histogram", "slowerThan", "a bound of its buckets: `slowerThan: 500ms`")),
        (.., None, _) => Err(lacks(
            "slowerThan",
            "histogram",
            "the buckets: `histogram: 'http_request_duration_seconds_bucket{$pods}'`",
        )),
    }
}

/// The key that stands for what is measured: the one that is there.
fn present(draft: &CheckDraft, family: &str) -> &'static str {
    match family {
        "bad" if draft.bad.is_some() => "bad",
        "bad" => "total",
        "histogram" if draft.histogram.is_some() => "histogram",
        "histogram" => "slowerThan",
        _ => "query",
    }
}

fn lacks(key: &'static str, other: &str, remedy: &str) -> Wrong {
    (Some(key), Message::new(format!("`{key}` needs `{other}` beside it"), format!("add {remedy}")))
}

/// A check as a sentence calls it.
fn this(draft: &CheckDraft) -> String {
    draft.name.as_ref().map_or_else(|| "this check".to_owned(), |name| format!("the check `{name}`"))
}

fn share(draft: &CheckDraft, count: Count, wrong: &mut Vec<Wrong>) -> Option<Measure> {
    let before = wrong.len();
    if let Some(min) = &draft.min {
        let other = if min.number > 0.0 && min.number < 1.0 {
            format!("`min: {}` of what is good is `max: {}` of what is bad", min.text, percent(1.0 - min.number))
        } else {
            "at least 99% good is `max: 1%` bad".to_owned()
        };
        let message = Message::new(
            "`min` is for `query`, and this check measures which share is bad",
            format!("write `max` of the other side: {other}"),
        );
        wrong.push((Some("min"), message));
    }
    if draft.hold.is_some() {
        let message = Message::new(
            "`for` is for `query`: a share fails as soon as it is proven to be over its limit",
            "remove it; how many requests that takes depends on `max` and `alpha`",
        );
        wrong.push((Some("for"), message));
    }
    let max = draft
        .max
        .as_ref()
        .and_then(|limit| share_limit(limit).map_err(|message| wrong.push((Some("max"), message))).ok());
    if draft.max.is_none() && draft.min.is_none() && !draft.versus {
        let message = Message::new(
            format!("{} has no limit, so nothing could fail it", this(draft)),
            "add `max: 1%`, or `versus: stable` to compare it with the stable pods",
        );
        wrong.push((None, message));
    }
    let versus = versus(draft, wrong);
    let alpha = draft.alpha.unwrap_or(Metrics::DEFAULT_ALPHA);
    (wrong.len() == before).then_some(Measure::Share { count, max, versus, alpha })
}

/// The limit of a share: over 0 and under 1, or no number of requests could prove anything.
fn share_limit(limit: &Limit) -> Result<Number, Message> {
    let Limit { number, is_percent, text } = limit;
    let shown = quoted(text);
    if !is_percent && *number >= 1.0 {
        return Err(Message::new(
            format!("`max` is {shown}, and a share is at most 1"),
            if *number < 100.0 {
                format!("write `{text}%` or `{}`", number / 100.0)
            } else {
                "write `1%` or `0.01`".to_owned()
            },
        ));
    }
    if *number <= 0.0 {
        return Err(Message::new(
            format!("`max` is {shown}, and that nothing at all is bad can never be proven"),
            "write the smallest share that matters, as in `0.1%`",
        ));
    }
    if *number >= 1.0 {
        return Err(Message::new(
            format!("`max` is {shown}, and no share is larger than that"),
            "write a share that could be exceeded, as in `1%`",
        ));
    }
    Ok(Number(*number))
}

/// A share in percent, as a manifest would write it.
fn percent(share: f64) -> String {
    let digits = format!("{:.4}", share * 100.0);
    format!("{}%", digits.trim_end_matches('0').trim_end_matches('.'))
}

fn versus(draft: &CheckDraft, wrong: &mut Vec<Wrong>) -> Option<Versus> {
    if !draft.versus {
        for (key, said) in [("tolerate", draft.tolerate.is_some()), ("harm", draft.harm.is_some())] {
            if said {
                let message = Message::new(
                    format!("`{key}` says how to compare with the stable pods, and this check does not compare"),
                    format!("add `versus: stable`, or remove `{key}`"),
                );
                wrong.push((Some(key), message));
            }
        }
        return None;
    }
    let tolerate = draft.tolerate.unwrap_or(Metrics::DEFAULT_TOLERATE);
    let harm = draft.harm.unwrap_or(Metrics::DEFAULT_HARM);
    if harm.0 <= tolerate.0 {
        let defaulted = |said: bool| if said { "" } else { " (the default)" };
        let sentence = format!(
            "`harm` is {harm}x{} and `tolerate` is {tolerate}x{}: what must never pass has to be more than what is still \
             fine, or no number of requests could tell them apart",
            defaulted(draft.harm.is_some()),
            defaulted(draft.tolerate.is_some()),
        );
        let key = if draft.harm.is_some() { "harm" } else { "tolerate" };
        let remedy = format!("write a larger `harm`, as in `harm: {}x`", tolerate.0 * 2.0);
        wrong.push((Some(key), Message::new(sentence, remedy)));
        return None;
    }
    Some(Versus { tolerate, harm })
}

fn query(draft: &CheckDraft, query: String, wrong: &mut Vec<Wrong>) -> Option<Measure> {
    let before = wrong.len();
    let of_shares = [
        ("versus", draft.versus),
        ("tolerate", draft.tolerate.is_some()),
        ("harm", draft.harm.is_some()),
        ("alpha", draft.alpha.is_some()),
    ];
    for (key, _) in of_shares.into_iter().filter(|(_, said)| *said) {
        let message = Message::new(
            format!(
                "`{key}` is for shares, which are counted: a number of a `query` has no chance of error that could be known"
            ),
            format!("remove `{key}`, or write the check with `bad` and `total`, or `histogram` and `slowerThan`"),
        );
        wrong.push((Some(key), message));
    }
    match (&draft.max, &draft.min) {
        (None, None) => {
            let message = Message::new(
                format!("{} has no limit, so nothing could fail it", this(draft)),
                "add `max` or `min`, as in `max: 0.8`",
            );
            wrong.push((None, message));
        }
        (Some(max), Some(min)) if min.number > max.number => {
            let sentence =
                format!("`min` is {} and `max` is {}: no number is between them", quoted(&min.text), quoted(&max.text));
            wrong.push((Some("min"), Message::new(sentence, "write a `min` that is not larger than `max`")));
        }
        _ => {}
    }
    let limit = |limit: &Option<Limit>| limit.as_ref().map(|limit| Number(limit.number));
    (wrong.len() == before).then(|| Measure::Query {
        query,
        max: limit(&draft.max),
        min: limit(&draft.min),
        hold: draft.hold.unwrap_or(Duration::ZERO),
    })
}
