//! Evidence from counts: against published values, against enumeration, and in seeded simulations.
#![expect(clippy::float_cmp, reason = "0 and infinity are meant exactly")]

mod enumeration;
mod false_alarms;
mod forecasts;
mod kayenta;
mod large;
mod late_starts;
mod limits;
mod power;
mod properties;
mod traffic;
mod vectors;

use crashgate::gate::statistics::{Counts, Interval};

/// So many requests of an arm, so many of them bad.
fn counts(total: u64, bad: u64) -> Counts {
    Counts::new(total, bad).unwrap()
}

/// One scrape interval: requests and bad ones of the canary, then of the stable pods.
fn interval((canary, canary_bad, stable, stable_bad): (u64, u64, u64, u64)) -> Interval {
    Interval { canary: counts(canary, canary_bad), stable: counts(stable, stable_bad) }
}

#[track_caller]
fn assert_near(is: f64, expected: f64, within: f64) {
    assert!((is - expected).abs() <= within, "{is} is not {expected}");
}
