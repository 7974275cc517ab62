//! What the checks decide together.

use std::time::Duration;

use super::words;
use crate::gate::result::{Cause, CheckReport, CheckStanding, Code, Counts, Place, Verdict, Warning};
use crate::gate::spec::{Check, Measure, Metrics, Undecided};

/// What the checks decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Something is proven against the version, or can never be proven.
    Ended(Verdict, Vec<Cause>),
    /// Every check is good.
    Good,
    /// Some are not, and nothing is proven against the version.
    Open(Vec<Open>),
}

/// A check that is proven neither way, and what that means at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// What is told of it.
    pub cause: Cause,
    /// The verdict that it demands at the end; `None` where the manifest lets it pass.
    pub verdict: Option<Verdict>,
}

/// What the checks decide at this moment.
#[must_use]
pub fn judge(metrics: &Metrics, reports: &[CheckReport], now: Duration) -> Judgement {
    let both = || metrics.checks.iter().zip(reports);
    let bad: Vec<Cause> = both()
        .filter(|(_, report)| report.standing.is_bad())
        .map(|(check, report)| cause(check, report, now))
        .collect();
    if !bad.is_empty() {
        return Judgement::Ended(Verdict::Failed, bad);
    }
    let is_invalid = |report: &CheckReport| report.standing == CheckStanding::Invalid;
    let invalid: Vec<Cause> =
        both().filter(|(_, report)| is_invalid(report)).map(|(check, report)| cause(check, report, now)).collect();
    if !invalid.is_empty() {
        return Judgement::Ended(Verdict::Inconclusive, invalid);
    }
    let open: Vec<Open> = both()
        .filter(|(_, report)| report.standing != CheckStanding::Good)
        .map(|(check, report)| {
            let verdict = match (report.standing, check.undecided) {
                // Nobody looked: that is not what `undecided` speaks of.
                (CheckStanding::Unreachable, _) | (_, Undecided::Inconclusive) => Some(Verdict::Inconclusive),
                (_, Undecided::Fail) => Some(Verdict::Failed),
                (_, Undecided::Pass) => None,
            };
            Open { cause: cause(check, report, now), verdict }
        })
        .collect();
    if open.is_empty() { Judgement::Good } else { Judgement::Open(open) }
}

/// What the checks that are open demand at the end; `None` where all of them may pass.
#[must_use]
pub fn at_the_end(open: &[Open]) -> Option<Verdict> {
    let demanded = |verdict: Verdict| open.iter().any(|open| open.verdict == Some(verdict));
    [Verdict::Failed, Verdict::Inconclusive].into_iter().find(|verdict| demanded(*verdict))
}

/// What is told beside a pass: of checks that are open and may pass, and of all that is not good where the metrics decide
/// nothing.
#[must_use]
pub fn warnings(metrics: &Metrics, reports: &[CheckReport], now: Duration) -> Vec<Warning> {
    let both = metrics.checks.iter().zip(reports);
    let told = both.filter(|(_, report)| report.standing != CheckStanding::Good).map(|(check, report)| {
        let cause = cause(check, report, now);
        let dry = if metrics.dry { " (told only: the metrics decide nothing here)" } else { "" };
        Warning { code: cause.code.into(), message: format!("{}{dry}", cause.message) }
    });
    told.collect()
}

fn cause(check: &Check, report: &CheckReport, now: Duration) -> Cause {
    let code = report.standing.code().unwrap_or(Code::MetricUndecided);
    let is_proven = report.standing.is_bad();
    let message = if is_proven { words::bad(check, report) } else { words::open(check, report) };
    let mut cause = Cause::new(code, Place { check: Some(check.name.clone()), ..Place::default() }, message, now);
    // Two checks are two causes, whatever they say.
    cause.essence.clone_from(&check.name);
    cause.counts = Counts::AtOnce;
    if code == Code::MetricUndecided && matches!(check.measure, Measure::Query { .. }) {
        "Watch for longer (`watchFor`), or ask for a shorter `for`.".clone_into(&mut cause.next_step);
    }
    cause
}
