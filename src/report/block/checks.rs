//! The checks of the metrics in a verdict block: what each proved, or what it lacks.

use super::super::check::{Check, WHAT_E_IS};
use super::super::layout::{Line, Tone, wrap};
use super::super::model::Outcome;
use super::super::words;
use crate::gate::result::{CheckStanding, Verdict};
use crate::safe;

/// At most so many checks, those that are not good first, and the number of the others.
pub(super) fn checks(outcome: &Outcome, most: usize, columns: usize) -> Vec<Line> {
    if outcome.checks.is_empty() {
        return Vec::new();
    }
    let mut checks: Vec<&Check> = outcome.checks.iter().collect();
    checks.sort_by_key(|check| rank(check.standing));
    let good = checks.iter().filter(|check| check.standing == CheckStanding::Good).count();
    let mut lines = Vec::new();
    if outcome.verdict != Verdict::Healthy {
        lines.push(Line::empty());
    }
    let number = words::count(checks.len(), "check");
    lines.push(Line::toned(safe!("Metrics: {} of {} good", good, number), "Metrics:".len(), Tone::Code));
    for check in checks.iter().take(most) {
        let text = safe!("{} {}", check.name.line(), check.told());
        let (sign, tone) = match check.standing {
            CheckStanding::Good => ("  ✔ ", Tone::Good),
            CheckStanding::OverLimit | CheckStanding::Worse => ("  ✘ ", Tone::Bad),
            _ => ("  ? ", Tone::Careful),
        };
        let mut wrapped = wrap(&text, sign, "    ", columns).into_iter();
        lines.extend(wrapped.next().map(|line| Line::toned(line, sign.len(), tone)));
        lines.extend(wrapped.map(Line::plain));
    }
    if let Some(rest) = checks.len().checked_sub(most).filter(|rest| *rest > 0 && most > 0) {
        lines.push(Line::plain(safe!("  and {}, in the JSON result", words::count(rest, "more check"))));
    }
    if checks.iter().take(most).any(|check| check.evidence().is_some()) {
        lines.extend(wrap(&WHAT_E_IS.into(), "  ", "  ", columns).into_iter().map(Line::plain));
    }
    lines
}

/// What speaks against the version first, what speaks for it last.
const fn rank(standing: CheckStanding) -> u8 {
    match standing {
        CheckStanding::OverLimit | CheckStanding::Worse => 0,
        CheckStanding::Invalid | CheckStanding::Unreachable => 1,
        CheckStanding::Undecided | CheckStanding::NoData | CheckStanding::Ambiguous => 2,
        CheckStanding::Good => 3,
    }
}
