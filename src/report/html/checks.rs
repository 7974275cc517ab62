//! The checks of the metrics: how each stands, and what was measured over time.

use maud::{Markup, html};

use super::check_chart::{CheckChart, Part};
use super::parts::{heading, rich};
use crate::gate::result::CheckStanding;
use crate::report::check::{Check, WHAT_E_IS};
use crate::report::model::GateRun;

/// The content of the card, whose parts have headings of this level.
pub(super) fn checks(gate: &GateRun, started_at: jiff::Timestamp, level: u8) -> Markup {
    let began_ms = started_at.as_millisecond();
    let decided_ms = began_ms.saturating_add(i64::try_from(gate.outcome.decided_after.as_millis()).unwrap_or(i64::MAX));
    let chart = |check: &Check| CheckChart::of(check, began_ms, decided_ms);
    let drawn: Vec<(&Check, Option<CheckChart>)> =
        gate.outcome.checks.iter().map(|check| (check, chart(check))).collect();
    html! {
        @for (check, chart) in &drawn {
            article.cause.check {
                (heading(level, "code", &check.name.line()))
                p.message { b class=(class(check)) { (check.sign()) " " } (rich(&check.told())) }
                @if let Some(chart) = chart { (chart.draw()) }
            } "\n"
        }
        ul.legend {
            @for part in Part::ALL {
                @if drawn.iter().any(|(_, chart)| chart.as_ref().is_some_and(|chart| chart.has(part))) {
                    li { (part.sample()) (part.name()) }
                }
            }
        }
        @if drawn.iter().any(|(check, _)| check.evidence().is_some()) { p.place { (WHAT_E_IS) } }
    }
}

const fn class(check: &Check) -> &'static str {
    match check.standing {
        CheckStanding::Good => "good",
        CheckStanding::OverLimit | CheckStanding::Worse => "bad",
        _ => "careful",
    }
}
