//! The keys of one check of metrics.

use super::draft::CheckDraft;
use super::values;
use crate::manifest::diagnostics::Message;
use crate::manifest::draft::Draft;
use crate::manifest::keys::{FlagTakes, Form, Group, KeyDefinition, Need};
use crate::manifest::value_type as of;

/// The keys of one check.
pub(super) static CHECK: Group = Group {
    name: "Check",
    description: "One check: what is measured (`bad` and `total`, `histogram` and `slowerThan`, or `query`) and its \
                  limits (`max`, `min`, `versus`). In `bad`, `total`, `histogram` and `query`, $pods becomes the matchers \
                  of the pods that are judged.",
    keys: &[
        KeyDefinition {
            name: "name",
            description: "Its name, by which reports and recordings know it.",
            example: "errors",
            form: Form::Scalar(&of::WORD, |draft, name, text| {
                let text = values::check_name(name, text)?;
                check(draft, |check| check.name = Some(text))
            }),
            need: Need::ByKey,
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "bad",
            description: "The counters of what is bad, as a plain selector of series.",
            example: "'http_requests_total{$pods,code=~\"5..\"}'",
            other_names: &["errors"],
            form: Form::Scalar(&of::SERIES, |draft, name, text| {
                let selector = values::selector(name, text)?;
                check(draft, |check| check.bad = Some(selector))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "total",
            description: "The counters of everything, as a plain selector of series.",
            example: "'http_requests_total{$pods}'",
            form: Form::Scalar(&of::SERIES, |draft, name, text| {
                let selector = values::selector(name, text)?;
                check(draft, |check| check.total = Some(selector))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "histogram",
            description: "The buckets of a histogram, as a plain selector of series: what took longer than `slowerThan` \
                          is bad.",
            example: "'http_request_duration_seconds_bucket{$pods}'",
            form: Form::Scalar(&of::SERIES, |draft, name, text| {
                let selector = values::selector(name, text)?;
                check(draft, |check| check.histogram = Some(selector))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "slowerThan",
            description: "The bucket bound over which a request is bad: a time, or a number as in the label le.",
            example: "500ms",
            other_names: &["threshold"],
            form: Form::Scalar(&of::BOUND, |draft, name, text| {
                let bound = values::bound(name, text)?;
                check(draft, |check| check.slower_than = Some(bound))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "query",
            description: "Any PromQL that gives one number.",
            example: "'max(process_open_fds{$pods} / process_max_fds{$pods})'",
            form: Form::Scalar(&of::SERIES, |draft, name, text| {
                let query = values::query(name, text)?;
                check(draft, |check| check.query = Some(query))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "max",
            description: "The largest share, or the largest value of a query, that is fine.",
            example: "1%",
            form: Form::Scalar(&of::LIMIT, |draft, name, text| {
                let limit = values::limit(name, text)?;
                check(draft, |check| check.max = Some(limit))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "min",
            description: "The smallest value of a query that is fine.",
            example: "0.5",
            form: Form::Scalar(&of::LIMIT, |draft, name, text| {
                let limit = values::limit(name, text)?;
                check(draft, |check| check.min = Some(limit))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "for",
            description: "Every value of a query in this time must breach a limit before the check fails.",
            default: Some("0s"),
            example: "30s",
            form: Form::Scalar(&of::TIME_OR_ZERO, |draft, name, text| {
                let hold = values::hold(name, text)?;
                check(draft, |check| check.hold = Some(hold))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "versus",
            description: "A share is also compared with that of the stable pods.",
            example: "stable",
            form: Form::Scalar(&of::VERSUS, |draft, name, text| {
                let versus = values::versus(name, text)?;
                check(draft, |check| check.versus = versus)
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "tolerate",
            description: "How many times the odds of the stable pods are still fine: only what is proven beyond it fails.",
            default: Some("1.5x"),
            example: "1.5x",
            form: Form::Scalar(&of::ODDS, |draft, name, text| {
                let odds = values::odds(name, text)?;
                check(draft, |check| check.tolerate = Some(odds))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "harm",
            description: "How many times the odds of the stable pods must never pass: a pass is proof against it.",
            default: Some("3x"),
            example: "3x",
            form: Form::Scalar(&of::ODDS, |draft, name, text| {
                let odds = values::odds(name, text)?;
                check(draft, |check| check.harm = Some(odds))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "alpha",
            description: "The bound on false alarms over the whole gate, shared out over all checks.",
            default: Some("5%"),
            example: "5%",
            form: Form::Scalar(&of::SHARE, |draft, name, text| {
                let alpha = values::alpha(name, text)?;
                check(draft, |check| check.alpha = Some(alpha))
            }),
            ..KeyDefinition::NEW
        },
        KeyDefinition {
            name: "undecided",
            description: "What the gate says if neither side is proven when `watchFor` is over: inconclusive, pass (with \
                          a warning) or fail.",
            default: Some("inconclusive"),
            example: "fail",
            form: Form::Scalar(&of::UNDECIDED, |draft, name, text| {
                let undecided = values::undecided(name, text)?;
                check(draft, |check| check.undecided = Some(undecided))
            }),
            ..KeyDefinition::NEW
        },
    ],
    noun: "key",
    flag: FlagTakes::Entries,
};

/// Changes the check that is being read.
#[expect(clippy::unnecessary_wraps, reason = "it ends the functions of the keys, which can fail")]
fn check(draft: &mut Draft, change: impl FnOnce(&mut CheckDraft)) -> Result<(), Message> {
    if let Some(check) = draft.metrics.checks.last_mut() {
        change(check);
    }
    Ok(())
}
