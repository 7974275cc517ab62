//! Sentences about metrics: counts, shares, times.

use std::fmt::Write as _;
use std::time::Duration;

use crate::gate::model::Arm;
use crate::gate::result::{CheckReport, Measured, ShareCounts, ShareReport, ValueReport};
use crate::gate::spec::{Check, Count, Measure, Metrics};
use crate::gate::state::metrics::{Ambiguity, Taken};

/// A whole number with commas: `11,873`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share as a percentage, with as many digits as tell it from 0: `5.2%`, `0.04%`.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let digits = match percent {
        percent if percent >= 10.0 || percent <= 0.0 => 0,
        percent if percent >= 1.0 => 1,
        percent if percent >= 0.1 => 2,
        _ => 3,
    };
    let text = format!("{percent:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}%")
}

/// A time in seconds: `48 s`.
pub(super) fn seconds(time: Duration) -> String {
    format!("{} s", count(time.as_secs()))
}

/// A moment of the source's clock: `02:14:30 UTC`.
pub(super) fn clock(at_ms: i64) -> String {
    let second = at_ms.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02} UTC", second / 3600, second / 60 % 60, second % 60)
}

/// E itself, as far as people want to know it.
pub(super) fn evidence(ln_e: f64) -> String {
    const MOST: f64 = 1_000_000.0;
    let e = ln_e.exp();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and MOST")]
    if e >= MOST { "over 1,000,000".to_owned() } else { count(e.max(0.0) as u64) }
}

/// `5.2% of 1,204 canary requests`.
fn share(counts: ShareCounts, of: &str) -> String {
    let share = counts.share().map_or_else(|| "none".to_owned(), percent);
    format!("{share} of {}{of}", count(counts.total))
}

/// What is bad about the requests of a check.
fn what(check: &Check) -> String {
    match &check.measure {
        Measure::Share { count: Count::Slower { bound, .. }, .. } => format!(" slower than {}", bound.0),
        _ => String::new(),
    }
}

/// What was counted, of both arms: `5.2% of 1,204 canary requests against 0.9% of 11,873`.
fn counted(check: &Check, told: &ShareReport) -> String {
    let mut text = share(told.canary, &format!(" canary requests{}", what(check)));
    if let Some(stable) = told.stable {
        let _ = write!(text, " against {} of the stable pods", share(stable, ""));
    }
    text
}

/// What is proven against the version.
pub(super) fn bad(check: &Check, report: &CheckReport) -> String {
    match &report.measured {
        Measured::Share(told) => {
            let mut text = format!("{}: {}", check.name, counted(check, told));
            let proof = match report.standing {
                crate::gate::result::CheckStanding::Worse => told.worse,
                _ => told.limit,
            };
            let limit = match (report.standing, proof) {
                (crate::gate::result::CheckStanding::Worse, Some(proof)) => {
                    format!("odds of more than {} times the stable ones are not tolerated", proof.limit.0)
                }
                (_, Some(proof)) => format!("the limit is {}", percent(proof.limit.0)),
                (_, None) => String::new(),
            };
            let _ = write!(text, "; {limit}");
            if let Some(since) = told.over_since_ms {
                let _ = write!(text, "; above it since {}", clock(since));
            }
            if let Some(proof) = proof
                && let Some(ln_e) = proof.ln_e_broken
            {
                let _ =
                    write!(text, " (E = {}, needs {})", evidence(ln_e.0), evidence(proof.ln_threshold_broken.0 + 1e-9));
            }
            text
        }
        Measured::Value(told) => format!("{}: {}", check.name, value(told)),
    }
}

fn value(told: &ValueReport) -> String {
    let newest = told.newest.map_or_else(|| "no value".to_owned(), |newest| newest.to_string());
    let limits = [told.max.map(|max| format!("at most {max}")), told.min.map(|min| format!("at least {min}"))];
    format!("{newest}, and {} is fine", limits.into_iter().flatten().collect::<Vec<_>>().join(" and "))
}

/// What is known of a check that is proven neither way.
pub(super) fn open(check: &Check, report: &CheckReport) -> String {
    let lacking = report.lacking.as_deref().unwrap_or("proven neither way");
    match &report.measured {
        Measured::Share(told) if told.canary.total > 0 => {
            format!("{}: {}; {lacking}", check.name, counted(check, told))
        }
        Measured::Value(told) if told.newest.is_some() => format!("{}: {}; {lacking}", check.name, value(told)),
        _ => format!("{}: {lacking}", check.name),
    }
}

/// That neither side is proven, and how far it is.
pub(super) fn not_proven(told: &ShareReport) -> String {
    if told.stable.is_some_and(|stable| stable.bad == 0) && told.canary.bad == 0 {
        return "nothing was bad in either version, so there is nothing to compare; `undecided: pass` lets that pass"
            .to_owned();
    }
    match told.more_needed {
        Some(0) => "it was proven good, and what came since then speaks against it".to_owned(),
        Some(more) => format!("at this share it takes about {} more canary requests to prove it good", count(more)),
        None => "at this share no number of requests proves it good".to_owned(),
    }
}

/// That the stable pods differ among themselves.
pub(super) fn stable_differs(ln_e: f64) -> String {
    format!("the stable pods differ among themselves (E = {}), so nothing can be compared with them", evidence(ln_e))
}

/// That the histogram has no such bucket.
pub(super) fn no_such_bucket(check: &Check, bounds: &[f64]) -> String {
    let Measure::Share { count: Count::Slower { histogram, bound }, .. } = &check.measure else { return String::new() };
    let finite = || bounds.iter().copied().filter(|le| le.is_finite());
    let below = finite().filter(|le| *le < bound.0).max_by(f64::total_cmp);
    let above = finite().filter(|le| *le > bound.0).min_by(f64::total_cmp);
    let nearest: Vec<String> = [below, above].into_iter().flatten().map(|le| le.to_string()).collect();
    let nearest = if nearest.is_empty() {
        "it has no other bounds".to_owned()
    } else {
        format!("the nearest bounds are {}", nearest.join(" and "))
    };
    format!(
        "no bucket of {} ends at {}: {nearest}. A share between two bounds would be a guess",
        histogram.metric().unwrap_or("the histogram"),
        bound.0
    )
}

/// That an arm has no series.
pub(super) fn no_series(arm: Arm, taken: Option<&Taken>, metrics: &Metrics) -> String {
    match taken {
        Some(taken) if taken.of_others > 0 => format!(
            "{} series were answered, and none names a pod of the {arm} in its label `{}` (`metrics.podLabels`)",
            count(taken.of_others as u64),
            metrics.pod_labels.pod
        ),
        _ => format!("the source has no series of the {arm} pods"),
    }
}

/// Why an answer is no number.
pub(super) fn ambiguous(why: &Ambiguity) -> String {
    match why {
        Ambiguity::Empty => "the query gives no series".to_owned(),
        Ambiguity::Series(number) => {
            format!("the query gives {number} series where one number is asked for: aggregate them, as in `max(…)`")
        }
        Ambiguity::NotFinite(value) if value.is_nan() => {
            "the query gives NaN, which is what 0/0 gives: there may be no traffic".to_owned()
        }
        Ambiguity::NotFinite(_) => "the query gives an infinite value, which is what a division by 0 gives".to_owned(),
        Ambiguity::NotANumber => "the query gives a text or raw samples, not a number".to_owned(),
    }
}
