//! Sentences about metrics: counts, shares, times.

use std::fmt::Write as _;
use std::time::Duration;

use crate::gate::model::{Arm, Number};
use crate::gate::result::{CheckReport, CheckStanding, Measured, ShareCounts, ShareReport, ValueReport, figures};
use crate::gate::spec::{Check, Count, Measure, Metrics};
use crate::gate::state::metrics::{Ambiguity, Taken};

/// A time in seconds: `48 s`.
pub(super) fn seconds(time: Duration) -> String {
    format!("{} s", figures::count(time.as_secs()))
}

/// What was counted of the canary: `5.2% of 1,204 canary requests were bad`. `limit` is what the share is held against.
fn canary(told: &ShareReport, limit: Option<f64>) -> String {
    let ShareCounts { total, bad } = told.canary;
    let what = told.slower_than.map_or_else(|| "were bad".to_owned(), |bound| format!("took longer than {bound}"));
    match told.canary.share() {
        None => "there were no canary requests".to_owned(),
        Some(_) if bad == 0 => format!("none of {} canary requests {what}", figures::count(total)),
        Some(share) => {
            format!("{} of {} canary requests {what}", figures::percent_beside(share, limit), figures::count(total))
        }
    }
}

/// What was counted, of both arms: `5.2% of 1,204 canary requests were bad, and 0.9% of 11,873 of the stable pods`.
fn counted(told: &ShareReport, limit: Option<f64>) -> String {
    let mut text = canary(told, limit);
    if let Some(stable) = told.stable {
        let number = figures::count(stable.total);
        let _ = match stable.share() {
            None => write!(text, "; the stable pods served none"),
            Some(_) if stable.bad == 0 => write!(text, ", and none of the {number} that the stable pods served"),
            Some(share) => {
                write!(text, ", and {} of the {number} that the stable pods served", figures::percent(share))
            }
        };
    }
    text
}

/// What is proven against the version.
pub(super) fn bad(check: &Check, report: &CheckReport) -> String {
    match &report.measured {
        Measured::Share(told) => bad_share(&check.name, report.standing, told),
        Measured::Value(told) => format!("{}: {}{}", check.name, value(told), lasting(check)),
    }
}

fn bad_share(name: &str, standing: CheckStanding, told: &ShareReport) -> String {
    let is_worse = standing == CheckStanding::Worse;
    let proof = if is_worse { told.worse } else { told.limit };
    let limit = told.limit.map(|limit| limit.limit.0);
    let mut text = format!("{name}: {}", counted(told, limit));
    let since = told.over_since_ms.map(figures::clock);
    let _ = match proof {
        Some(proof) if is_worse => {
            let odds = odds(told).map_or_else(
                || "The odds of a bad request are worse than those of the stable pods".to_owned(),
                |odds| format!("The odds of a bad request are {odds} times those of the stable pods"),
            );
            let since = since.map(|since| format!("; worse since {since}")).unwrap_or_default();
            write!(text, ". {odds}, and up to {} times is tolerated{since}", figures::value(proof.limit))
        }
        Some(proof) => {
            let since = since.map(|since| format!(", exceeded since {since}")).unwrap_or_default();
            write!(text, ". The limit is {}{since}", figures::exact_percent(proof.limit.0))
        }
        None => Ok(()),
    };
    if let Some(proof) = proof
        && let Some(ln_e) = proof.ln_e_broken
    {
        let (e, enough) = (figures::evidence(ln_e), figures::enough_evidence(proof.ln_threshold_broken));
        let _ = write!(text, ". Evidence: E = {e}, and {enough} is proof");
    }
    text
}

/// How many times the odds of the stable pods those of the canary are, as they were counted; `None` where an arm has nothing
/// bad or nothing good.
fn odds(told: &ShareReport) -> Option<String> {
    let of = |counts: ShareCounts| {
        let share = counts.share().filter(|share| *share > 0.0 && *share < 1.0)?;
        Some(share / (1.0 - share))
    };
    let ratio = of(told.canary)? / of(told.stable?)?;
    Some(format!("{ratio:.1}"))
}

/// The newest value, and what it is held against.
fn value(told: &ValueReport) -> String {
    let Some(newest) = told.newest else { return "there is no value".to_owned() };
    let text = format!("the value is {}", figures::value(newest));
    let over = told.max.filter(|max| newest.0 > max.0);
    let under = told.min.filter(|min| newest.0 < min.0);
    match (over, under, told.max, told.min) {
        (Some(max), ..) => format!("{text}, above the limit of {}", figures::value(max)),
        (_, Some(min), ..) => format!("{text}, below the limit of {}", figures::value(min)),
        (.., Some(max), Some(min)) => {
            format!("{text}, between the limits of {} and {}", figures::value(min), figures::value(max))
        }
        (.., Some(max), None) => format!("{text}, and at most {} is fine", figures::value(max)),
        (.., None, Some(min)) => format!("{text}, and at least {} is fine", figures::value(min)),
        (.., None, None) => text,
    }
}

/// For how long at least a value must have been so.
fn lasting(check: &Check) -> String {
    match &check.measure {
        Measure::Query { hold, .. } if !hold.is_zero() => format!(", and has been for {} or longer", seconds(*hold)),
        _ => String::new(),
    }
}

/// What is known of a check that is proven neither way.
pub(super) fn open(check: &Check, report: &CheckReport) -> String {
    let lacking = report.lacking.as_deref().unwrap_or("nothing is proven yet");
    match &report.measured {
        Measured::Share(told) if told.canary.total > 0 => {
            let limit = told.limit.map(|limit| limit.limit.0);
            format!("{}: {}; {lacking}", check.name, counted(told, limit))
        }
        Measured::Value(told) if told.newest.is_some() => format!("{}: {}; {lacking}", check.name, value(told)),
        _ => format!("{}: {lacking}", check.name),
    }
}

/// That neither side is proven, and how far it is.
pub(super) fn not_proven(told: &ShareReport) -> String {
    let is_kept =
        told.limit.is_none_or(|limit| limit.ln_e_kept.is_some_and(|ln_e| ln_e.0 >= limit.ln_threshold_kept.0));
    if is_kept && told.canary.bad == 0 && told.stable.is_some_and(|stable| stable.bad == 0) {
        return "nothing was bad in either version, so there is nothing to compare; `undecided: pass` lets that pass"
            .to_owned();
    }
    match told.more_needed {
        Some(0) => "it was proven good, and what came since then speaks against it".to_owned(),
        Some(1) => "about 1 more canary request like these would prove it good".to_owned(),
        Some(more) => format!("about {} more canary requests like these would prove it good", figures::count(more)),
        None => {
            "more requests like these would never prove it good: the share is too close to what is not allowed, or \
                 beyond it"
                .to_owned()
        }
    }
}

/// That the stable pods differ among themselves.
pub(super) fn stable_differs(ln_e: f64) -> String {
    format!(
        "the stable pods differ too much among themselves to be compared with (E = {})",
        figures::evidence(Number(ln_e))
    )
}

/// That the histogram has no such bucket.
pub(super) fn no_such_bucket(check: &Check, bounds: &[f64]) -> String {
    let Measure::Share { count: Count::Slower { histogram, bound }, .. } = &check.measure else { return String::new() };
    let finite = || bounds.iter().copied().filter(|le| le.is_finite());
    let below = finite().filter(|le| *le < bound.0).max_by(f64::total_cmp);
    let above = finite().filter(|le| *le > bound.0).min_by(f64::total_cmp);
    let nearest: Vec<String> = [below, above].into_iter().flatten().map(|le| figures::value(Number(le))).collect();
    let nearest = match nearest.as_slice() {
        [] => "it has no other bounds".to_owned(),
        [one] => format!("the nearest bound is {one}"),
        several => format!("the nearest bounds are {}", several.join(" and ")),
    };
    format!(
        "{} has no bucket that ends at {}, and between two bounds every share is a guess: {nearest}",
        histogram.metric().unwrap_or("the histogram"),
        figures::value(*bound)
    )
}

/// That an arm has no series.
pub(super) fn no_series(arm: Arm, taken: Option<&Taken>, metrics: &Metrics) -> String {
    match taken {
        Some(taken) if taken.native_histograms > 0 => format!(
            "the source answered with a native histogram of the {arm} pods, which cannot be counted: name the series of its \
             classic buckets (`…_bucket`), or use `query` with `histogram_fraction(…)`, which interpolates within a bucket"
        ),
        Some(taken) if taken.of_others > 0 => {
            let series = match taken.of_others {
                1 => "one series".to_owned(),
                several => format!("{} series", figures::count(several as u64)),
            };
            format!(
                "the source answered with {series}, but none names a {arm} pod in the label `{}` (`metrics.podLabels`)",
                metrics.pod_labels.pod
            )
        }
        _ => format!("the source has no series of the {arm} pods"),
    }
}

/// Why an answer is no number.
pub(super) fn ambiguous(why: &Ambiguity) -> String {
    match why {
        Ambiguity::Empty => "the query returns no series".to_owned(),
        Ambiguity::Series(number) => {
            format!("the query returns {number} series where one number is needed: aggregate them, as in `max(…)`")
        }
        Ambiguity::NotFinite(value) if value.is_nan() => {
            "the query returns NaN, as 0/0 does: there may be no traffic".to_owned()
        }
        Ambiguity::NotFinite(_) => "the query returns infinity, as a division by 0 does".to_owned(),
        Ambiguity::NotANumber => {
            "the query returns a string, a native histogram or raw samples, not a number".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{bad, not_proven, open};
    use crate::gate::model::{Number, SeriesSelector};
    use crate::gate::result::{
        CheckReport, CheckStanding, Latency, LatencyUnit, Measured, Proof, ShareCounts, ShareReport, ValueReport,
    };
    use crate::gate::spec::{Check, Count, Measure, Undecided};

    fn proof(limit: f64, e: f64) -> Proof {
        Proof {
            limit: Number(limit),
            ln_e_broken: Some(Number(e.ln())),
            ln_threshold_broken: Number(40.0_f64.ln()),
            ln_e_kept: Some(Number(0.0)),
            ln_threshold_kept: Number(20.0_f64.ln()),
        }
    }

    fn told(stable: Option<ShareCounts>) -> ShareReport {
        ShareReport {
            slower_than: None,
            canary: ShareCounts { total: 1204, bad: 63 },
            stable,
            limit: Some(proof(0.01, 494.3)),
            worse: stable.map(|_| proof(1.5, 812.0)),
            unharmed: None,
            stable_differs: false,
            over_since_ms: Some(8_070_000),
            more_needed: None,
            points: Vec::new(),
        }
    }

    fn check(measure: Measure) -> Check {
        Check { name: "errors".to_owned(), measure, undecided: Undecided::Inconclusive }
    }

    fn share() -> Measure {
        let selector = |text: &str| text.parse::<SeriesSelector>().unwrap();
        Measure::Share {
            count: Count::Counters {
                bad: selector("http_requests_total{$pods,code=~\"5..\"}"),
                total: selector("http_requests_total{$pods}"),
            },
            max: Some(Number(0.01)),
            versus: None,
            alpha: Number(0.05),
        }
    }

    fn report(standing: CheckStanding, measured: Measured, lacking: Option<String>) -> CheckReport {
        CheckReport { name: "errors".to_owned(), standing, measured, lacking, answers: 3 }
    }

    #[test]
    fn what_is_over_its_limit_is_told_with_both_arms_the_time_and_the_evidence() {
        let stable = ShareCounts { total: 11_873, bad: 107 };
        let said = |standing, told| bad(&check(share()), &report(standing, Measured::Share(Box::new(told)), None));
        assert_eq!(
            said(CheckStanding::OverLimit, told(Some(stable))),
            "errors: 5.2% of 1,204 canary requests were bad, and 0.9% of the 11,873 that the stable pods served. The limit \
             is 1%, exceeded since 02:14:30 UTC. Evidence: E = 494, and 40 is proof"
        );
        assert_eq!(
            said(CheckStanding::Worse, told(Some(stable))),
            "errors: 5.2% of 1,204 canary requests were bad, and 0.9% of the 11,873 that the stable pods served. The odds \
             of a bad request are 6.1 times those of the stable pods, and up to 1.5 times is tolerated; worse since \
             02:14:30 UTC. Evidence: E = 812, and 40 is proof"
        );
        let slow = ShareReport {
            slower_than: Some(Latency { bound: Number(0.5), unit: LatencyUnit::Seconds }),
            over_since_ms: None,
            ..told(None)
        };
        assert_eq!(
            said(CheckStanding::OverLimit, slow),
            "errors: 5.2% of 1,204 canary requests took longer than 500 ms. The limit is 1%. Evidence: E = 494, and 40 is \
             proof"
        );
    }

    #[test]
    fn what_is_not_proven_says_how_far_it_is() {
        let mut told = told(Some(ShareCounts { total: 500, bad: 2 }));
        told.canary = ShareCounts { total: 214, bad: 0 };
        told.more_needed = Some(1168);
        let lacking = Some(not_proven(&told));
        let report = report(CheckStanding::Undecided, Measured::Share(Box::new(told)), lacking);
        assert_eq!(
            open(&check(share()), &report),
            "errors: none of 214 canary requests were bad, and 0.4% of the 500 that the stable pods served; about 1,168 more \
             canary requests like these would prove it good"
        );
    }

    #[test]
    fn a_value_is_told_with_the_limit_that_it_breaks_and_for_how_long() {
        let said = |newest: f64, hold| {
            let told = ValueReport {
                max: Some(Number(0.8)),
                min: Some(Number(0.1)),
                newest: Some(Number(newest)),
                points: Vec::new(),
            };
            let measure = Measure::Query { query: "x".to_owned(), max: told.max, min: told.min, hold };
            bad(&check(measure), &report(CheckStanding::OverLimit, Measured::Value(Box::new(told)), None))
        };
        assert_eq!(
            said(0.930_000_01, Duration::from_secs(30)),
            "errors: the value is 0.93, above the limit of 0.8, and has been for 30 s or longer"
        );
        assert_eq!(said(0.05, Duration::ZERO), "errors: the value is 0.05, below the limit of 0.1");
        assert_eq!(said(0.5, Duration::ZERO), "errors: the value is 0.5, between the limits of 0.1 and 0.8");
    }
}
