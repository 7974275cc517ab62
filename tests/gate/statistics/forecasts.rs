//! How many more requests until there is a proof?

use crashgate::gate::statistics::{Counts, Direction, LimitTest, OddsTest, Test, WithLateStarts};

use super::{counts, interval};

const THRESHOLD: f64 = 3.0;

/// How many more such intervals it takes, by taking them.
fn by_taking<T: Test + Clone>(test: &T, seen: &T::Seen) -> Option<u64> {
    let mut test = test.clone();
    for taken in 0..20_000 {
        if test.max_ln_e() >= THRESHOLD {
            return Some(taken);
        }
        test.take(seen);
    }
    None
}

#[test]
fn the_forecast_of_a_limit_is_what_happens_then() {
    for (direction, limit, so_far, typical) in [
        (Direction::Under, 0.01, (0, 0), (1, 0)),
        (Direction::Under, 0.01, (500, 9), (1, 0)),
        (Direction::Under, 0.5, (10, 10), (7, 1)),
        (Direction::Over, 0.01, (2000, 0), (20, 1)),
        (Direction::Over, 0.9, (5, 5), (3, 3)),
    ] {
        let mut test = LimitTest::new(limit, direction);
        test.take(&counts(so_far.0, so_far.1));
        let typical = counts(typical.0, typical.1);
        let intervals = by_taking(&test, &typical).unwrap();
        let requests = test.more_needed(&typical, THRESHOLD).unwrap();
        assert_eq!(requests.div_ceil(typical.total()), intervals, "{direction:?} {limit}");
    }
}

#[test]
fn the_forecast_of_a_comparison_is_what_happens_then_with_late_begins_or_without() {
    for (direction, omega, so_far, typical) in [
        (Direction::Over, 1.5, (1000, 9, 9000, 90), (100, 4, 900, 9)),
        (Direction::Under, 3.0, (1000, 30, 9000, 90), (100, 1, 900, 9)),
        (Direction::Under, 3.0, (0, 0, 0, 0), (50, 0, 500, 5)),
    ] {
        let mut test = OddsTest::new(omega, direction);
        let mut late = WithLateStarts::new(test.clone());
        test.take(&interval(so_far));
        late.take(&interval(so_far));
        late.begin_another();
        let typical = interval(typical);
        let expected = [by_taking(&test, &typical), by_taking(&late, &typical)];
        let told = [test.more_needed(&typical, THRESHOLD), late.more_needed(&typical, THRESHOLD)];
        assert_eq!(told.map(|more| more.map(|more| more.div_ceil(typical.canary.total()))), expected, "{direction:?}");
        assert!(expected[0].is_some_and(|intervals| intervals > 2), "{expected:?}");
    }
}

#[test]
fn what_such_requests_never_prove_is_not_forecast() {
    // 0.99 % is nearer to 1 % than any alternative: it is never proven to be under it.
    assert_eq!(LimitTest::new(0.01, Direction::Under).more_needed(&counts(10_000, 99), THRESHOLD), None);
    assert_eq!(LimitTest::new(0.01, Direction::Over).more_needed(&counts(100, 0), THRESHOLD), None);
    let worse = OddsTest::new(1.5, Direction::Over);
    assert_eq!(worse.more_needed(&interval((100, 1, 900, 9)), THRESHOLD), None);
    assert_eq!(worse.more_needed(&interval((0, 0, 900, 9)), THRESHOLD), None, "an arm without traffic");
    assert_eq!(worse.more_needed(&interval((100, 5, 900, 9)), f64::INFINITY), None, "a guard that forbids it");
}

#[test]
fn a_forecast_begins_with_the_evidence_as_it_is_now() {
    let mut test = LimitTest::new(0.01, Direction::Under);
    test.take(&counts(400, 0));
    assert_eq!(test.more_needed(&counts(1, 0), THRESHOLD), Some(0));
    assert_eq!(test.more_needed(&Counts::default(), THRESHOLD), Some(0));
    test.take(&counts(20, 5));
    assert!(test.max_ln_e() > THRESHOLD && test.ln_e() < 0.0, "it was proven once, and no longer is");
    assert_eq!(test.more_needed(&counts(1, 0), THRESHOLD), by_taking_from_now(&test, counts(1, 0)));
    assert_eq!(test.more_needed(&Counts::default(), THRESHOLD), None);
}

fn by_taking_from_now(test: &LimitTest, seen: Counts) -> Option<u64> {
    let mut test = test.clone();
    (0..20_000).find(|_| {
        let is_proven = test.ln_e() >= THRESHOLD;
        test.take(&seen);
        is_proven
    })
}

#[test]
fn the_first_bad_request_is_all_that_it_takes_over_a_limit_of_zero() {
    assert_eq!(LimitTest::new(0.0, Direction::Over).more_needed(&counts(5, 1), THRESHOLD), Some(1));
}
