//! The same test, begun anew as time goes by.

use std::f64::consts::PI;

use crashgate::gate::statistics::{Direction, Interval, LimitTest, OddsTest, Test, WithLateStarts};

use super::traffic::Random;
use super::{assert_near, counts, interval};

fn weight(begin: u32) -> f64 {
    6.0 / (PI * f64::from(begin)).powi(2)
}

/// E by its definition: a test of its own for each begin, and 1 for all that have not begun.
fn sum_of_tests(intervals: &[Interval], every: usize) -> f64 {
    let begins = 1 + intervals.len() / every;
    let mut sum = 1.0 - (1..=begins).map(|begin| weight(u32::try_from(begin).unwrap())).sum::<f64>();
    for begin in 1..=begins {
        let mut test = OddsTest::new(1.5, Direction::Over);
        intervals.iter().skip((begin - 1) * every).for_each(|seen| test.take(seen));
        sum += weight(u32::try_from(begin).unwrap()) * test.ln_e().exp();
    }
    sum.ln()
}

#[test]
fn all_begins_together_are_the_weighted_sum_of_tests_that_begin_one_after_another() {
    let mut random = Random::new(5);
    let story: Vec<Interval> = (0..60).map(|_| random.interval((150, 0.02), (1350, 0.01))).collect();
    for every in [1, 4, 7] {
        let mut test = WithLateStarts::new(OddsTest::new(1.5, Direction::Over));
        assert_near(test.ln_e(), 0.0, 1e-12);
        for (look, seen) in (1..).zip(&story) {
            test.take(seen);
            if look % every == 0 {
                let before = test.ln_e();
                test.begin_another();
                assert_near(test.ln_e(), before, 1e-12);
            }
            assert_near(test.ln_e(), sum_of_tests(&story[..look], every), 1e-9);
        }
    }
}

/// Returns the expected E after all ways in which `left` more looks of one request, bad with probability `p`, can go.
fn expected_e(test: &WithLateStarts<LimitTest>, p: f64, left: u32) -> f64 {
    if left == 0 {
        return test.ln_e().exp();
    }
    let after = |bad: u64| {
        let mut test = test.clone();
        test.take(&counts(1, bad));
        // When it is begun anew depends on what was seen, as it may.
        if bad == 1 {
            test.begin_another();
        }
        expected_e(&test, p, left - 1)
    };
    p * after(1) + (1.0 - p) * after(0)
}

#[test]
fn beginning_anew_gains_nothing_where_the_hypothesis_holds() {
    for direction in [Direction::Over, Direction::Under] {
        let test = WithLateStarts::new(LimitTest::new(0.3, direction));
        assert_near(expected_e(&test, 0.3, 10), 1.0, 1e-9);
        let (within, beyond) = if direction == Direction::Over { (0.2, 0.4) } else { (0.4, 0.2) };
        assert!(expected_e(&test, within, 10) < 1.0 && expected_e(&test, beyond, 10) > 1.0, "{direction:?}");
    }
}

/// Returns after how many bad minutes each kind of test finds them, where `good` good ones came before.
fn found_after(good: u32) -> [u32; 2] {
    let mut whole = OddsTest::new(1.5, Direction::Over);
    let mut late = WithLateStarts::new(whole.clone());
    let mut minute = |seen: (u64, u64, u64, u64)| {
        whole.take(&interval(seen));
        late.take(&interval(seen));
        late.begin_another();
        [whole.max_ln_e(), late.max_ln_e()].map(|ln_e| ln_e >= 20_f64.ln())
    };
    for _ in 0..good {
        assert_eq!(minute((600, 6, 5400, 54)), [false; 2], "good minutes prove nothing");
    }
    let mut found = [0; 2];
    for bad_minute in 1..=200 {
        for (found, is_proven) in found.iter_mut().zip(minute((600, 24, 5400, 54))) {
            if is_proven && *found == 0 {
                *found = bad_minute;
            }
        }
    }
    found
}

#[test]
fn what_turns_bad_late_is_found_much_sooner_than_by_a_test_of_the_whole_window() {
    let [whole, late] = found_after(30);
    assert!(late > 0 && late <= 2 && whole >= 5, "whole {whole}, begun anew {late}");
    let [whole, late] = found_after(0);
    assert!(late - whole <= 1, "and what is bad from the first minute on, hardly later: {whole}, {late}");
}

#[test]
fn a_hundred_thousand_begins_leave_the_evidence_sound() {
    let mut test = WithLateStarts::new(LimitTest::new(0.01, Direction::Over));
    for _ in 0..100_000 {
        test.take(&counts(100, 1));
        test.begin_another();
    }
    assert!(test.ln_e() < 0.0 && test.max_ln_e() < 1.0, "{} {}", test.ln_e(), test.max_ln_e());
    for _ in 0..10 {
        test.take(&counts(100, 30));
    }
    assert!(test.ln_e() > 100.0, "and a crowd of errors still shows: {}", test.ln_e());
}
