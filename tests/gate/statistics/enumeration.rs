//! Is E evidence? Its expectation, summed up over everything that can happen, is at most 1 under the hypothesis.

use crashgate::gate::statistics::{ALTERNATIVES, Counts, Direction, Interval, LimitTest, OddsTest, Test};

use super::{assert_near, counts};

/// Probabilities of x = 0 … m bad requests of the canary, by Fisher's noncentral hypergeometric distribution: the naive way.
fn fisher(canary: u32, stable: u32, bad: u32, omega: f64) -> Vec<(u32, f64)> {
    let choose = |n: u32, k: u32| (0..k).map(|i| f64::from(n - i) / f64::from(i + 1)).product::<f64>();
    let all = bad.saturating_sub(stable)..=bad.min(canary);
    let weights: Vec<(u32, f64)> =
        all.map(|x| (x, choose(canary, x) * choose(stable, bad - x) * omega.powf(f64::from(x)))).collect();
    let sum: f64 = weights.iter().map(|(_, weight)| weight).sum();
    weights.into_iter().map(|(x, weight)| (x, weight / sum)).collect()
}

/// Returns the expected E after one interval of such margins, where the true odds ratio is `truth`.
fn expected_e(test: &OddsTest, (canary, stable, bad): (u32, u32, u32), truth: f64) -> f64 {
    let e_of = |x: u32| {
        let mut test = test.clone();
        let arm = |total: u32, bad: u32| counts(u64::from(total), u64::from(bad));
        test.take(&Interval { canary: arm(canary, x), stable: arm(stable, bad - x) });
        test.ln_e().exp()
    };
    fisher(canary, stable, bad, truth).into_iter().map(|(x, probability)| probability * e_of(x)).sum()
}

const MARGINS: [(u32, u32, u32); 9] = [
    (40, 160, 1),
    (40, 160, 3),
    (40, 160, 10),
    (40, 160, 60),
    (40, 160, 199),
    (160, 40, 3),
    (160, 40, 60),
    (5, 3, 4),
    (1, 500, 20),
];

#[test]
fn the_odds_test_expects_to_gain_nothing_at_its_own_odds_ratio() {
    for omega in [0.5, 1.0, 1.5, 2.0, 3.0, 10.0] {
        for direction in [Direction::Over, Direction::Under] {
            for margins in MARGINS {
                assert_near(expected_e(&OddsTest::new(omega, direction), margins, omega), 1.0, 1e-9);
            }
        }
    }
}

#[test]
fn the_odds_test_expects_to_lose_at_every_other_odds_ratio_of_the_hypothesis_and_to_gain_beyond() {
    for omega in [0.5, 1.0, 1.5, 3.0] {
        for (direction, side) in [(Direction::Over, 1.0), (Direction::Under, -1.0)] {
            for margins in MARGINS {
                let expects =
                    |factor: f64| expected_e(&OddsTest::new(omega, direction), margins, omega * factor.powf(side));
                for within in [0.01, 0.3, 0.8, 0.99] {
                    assert!(expects(within) < 1.0, "{omega} {direction:?} {margins:?} {within}");
                }
                assert!(expects(1.2) > 1.0, "{omega} {direction:?} {margins:?}");
            }
        }
    }
}

/// Probabilities of 0 … n bad requests of n.
fn binomial(n: u32, p: f64) -> Vec<(u32, f64)> {
    let choose = |k: u32| (0..k).map(|i| f64::from(n - i) / f64::from(i + 1)).product::<f64>();
    (0..=n).map(|x| (x, choose(x) * p.powf(f64::from(x)) * (1.0 - p).powf(f64::from(n - x)))).collect()
}

#[test]
fn the_limit_test_expects_no_gain_at_any_share_of_its_hypothesis() {
    for limit in [0.0, 1e-9, 0.001, 0.05, 0.3, 0.5, 0.9, 0.99, 1.0] {
        for direction in [Direction::Over, Direction::Under] {
            for n in [1, 2, 17, 60] {
                let expects = |p: f64| -> f64 {
                    let e_of = |bad: u32| {
                        let mut test = LimitTest::new(limit, direction);
                        test.take(&counts(u64::from(n), u64::from(bad)));
                        test.ln_e().exp()
                    };
                    let possible = binomial(n, p).into_iter().filter(|(_, probability)| *probability > 0.0);
                    possible.map(|(bad, probability)| probability * e_of(bad)).sum()
                };
                assert_near(expects(limit), 1.0, 1e-9);
                for part in [0.0, 0.1, 0.5, 0.99] {
                    let p = if direction == Direction::Over { limit * part } else { 1.0 - (1.0 - limit) * part };
                    assert!(expects(p) <= 1.0 + 1e-9, "limit {limit} {direction:?}, {n} requests of {p}");
                }
            }
        }
    }
}

#[test]
fn all_that_is_bet_is_spread_over_the_alternatives() {
    let test = OddsTest::new(1.0, Direction::Over);
    let seen = Interval { canary: counts(1, 1), stable: counts(1, 0) };
    // Of two requests, one of each arm, one is bad: it is the canary's with probability g/(1+g).
    let expected = [1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0].map(|g: f64| (2.0 * g / (1.0 + g)).ln());
    for (is, expected) in test.ln_ratios(&seen).into_iter().zip(expected) {
        assert_near(is, expected, 1e-12);
    }
    assert_eq!(test.ln_ratios(&Interval { canary: Counts::default(), ..seen }), [0.0; ALTERNATIVES]);
}
