//! The ends of the scale: 0 %, 100 %, no requests, more of them than can be counted, and numbers that are none.

use crashgate::gate::statistics::{Allocation, Counts, Direction, LimitTest, OddsTest, Test, confidence_sequence};

use super::{assert_near, counts, interval};

fn ln_e_of(limit: f64, direction: Direction, total: u64, bad: u64) -> f64 {
    let mut test = LimitTest::new(limit, direction);
    test.take(&counts(total, bad));
    test.ln_e()
}

#[test]
fn one_bad_request_is_over_a_limit_of_zero_and_nothing_is_ever_under_it() {
    assert_eq!(ln_e_of(0.0, Direction::Over, 1_000_000, 1), f64::INFINITY);
    assert_eq!(ln_e_of(0.0, Direction::Over, 1_000_000, 0), 0.0);
    assert_eq!(ln_e_of(0.0, Direction::Under, u64::MAX, 0), 0.0);
    let never = LimitTest::new(0.0, Direction::Under);
    assert!(!never.can_be_proven());
    assert_eq!(never.more_needed(&counts(1000, 0), 3.0), None);
    assert!(LimitTest::new(0.0, Direction::Over).can_be_proven());
}

#[test]
fn one_good_request_is_under_a_limit_of_all_and_nothing_is_ever_over_it() {
    assert_eq!(ln_e_of(1.0, Direction::Under, 1000, 999), f64::INFINITY);
    for direction in [Direction::Under, Direction::Over] {
        let ln_e = ln_e_of(1.0, direction, 1000, 1000);
        assert!((-1e-9..=0.0).contains(&ln_e), "{direction:?}: {ln_e}");
    }
    assert!(!LimitTest::new(1.0, Direction::Over).can_be_proven());
}

#[test]
fn a_limit_near_everything_can_be_exceeded() {
    assert!(ln_e_of(0.9, Direction::Over, 200, 200) > 20_f64.ln());
    assert!(ln_e_of(0.9, Direction::Over, 200, 180) < 0.0);
}

#[test]
fn against_a_number_that_is_no_share_and_no_ratio_nothing_is_proven() {
    for direction in [Direction::Over, Direction::Under] {
        for limit in [f64::NAN, -0.01, 1.01, f64::INFINITY] {
            assert_eq!(ln_e_of(limit, direction, 1000, 1000), 0.0, "{limit}");
            assert_eq!(ln_e_of(limit, direction, 1000, 0), 0.0, "{limit}");
            assert!(!LimitTest::new(limit, direction).can_be_proven());
        }
        for omega in [f64::NAN, 0.0, -1.0, f64::INFINITY, 1e7] {
            let mut test = OddsTest::new(omega, direction);
            test.take(&interval((1000, 1000, 1000, 0)));
            test.take(&interval((1000, 0, 1000, 1000)));
            assert_eq!(test.ln_e(), 0.0, "{omega}");
        }
    }
}

#[test]
fn an_interval_that_cannot_tell_the_arms_apart_changes_nothing() {
    for silent in [(0, 0, 0, 0), (0, 0, 9000, 90), (1000, 10, 0, 0), (1000, 0, 9000, 0), (1000, 1000, 9000, 9000)] {
        for direction in [Direction::Over, Direction::Under] {
            let mut test = OddsTest::new(1.5, direction);
            test.take(&interval(silent));
            assert_eq!((test.ln_e(), test.max_ln_e()), (0.0, 0.0), "{silent:?}");
        }
    }
}

#[test]
fn more_bad_requests_than_requests_are_no_counts() {
    assert_eq!(Counts::new(10, 11), None);
    assert_eq!(Counts::new(0, 0).and_then(Counts::share), None);
    assert_eq!(counts(u64::MAX, 1).plus(counts(5, 5)), counts(u64::MAX, 6));
}

#[test]
fn alpha_is_shared_out_over_all_tests_and_never_lets_anything_pass_for_free() {
    assert_near(Allocation::new(0.05, 4).share(), 0.0125, 1e-15);
    assert_near(Allocation::new(0.05, 4).ln_threshold(), 80_f64.ln(), 1e-12);
    assert_near(Allocation::new(0.05, 0).ln_threshold(), 20_f64.ln(), 1e-12);
    for alpha in [1.0, 7.0, f64::INFINITY] {
        assert_near(Allocation::new(alpha, 1).ln_threshold(), 2_f64.ln(), 1e-12);
    }
    for alpha in [0.0, -1.0, f64::NAN] {
        assert_eq!(Allocation::new(alpha, 1).ln_threshold(), f64::INFINITY, "{alpha}");
    }
}

#[test]
fn a_confidence_sequence_of_nothing_leaves_everything_possible() {
    assert_eq!(confidence_sequence(Counts::default(), 0.05, 100), (0.0, 1.0));
    for alpha in [0.0, 1.0, f64::NAN] {
        assert_eq!(confidence_sequence(counts(10, 1), alpha, 100), (0.0, 1.0));
    }
    let (low, high) = confidence_sequence(counts(1000, 0), 0.05, 100);
    assert!(low == 0.0 && high < 0.02, "{high}");
    let (low, high) = confidence_sequence(counts(1000, 1000), 0.05, 100);
    assert!(low > 0.98 && high == 1.0, "{low}");
}
