//! Wide distributions and large counts, against sums of every term with thirty digits.

use crashgate::gate::statistics::{Direction, OddsTest, Test};

use super::{assert_near, interval};

fn ln_e(block: (u64, u64, u64, u64), omega: f64, direction: Direction) -> f64 {
    let mut test = OddsTest::new(omega, direction);
    test.take(&interval(block));
    test.ln_e()
}

#[test]
fn wide_distributions_are_summed_up_as_exactly_as_narrow_ones() {
    for (block, omega, direction, expected) in [
        ((100_000, 5_000, 900_000, 45_000), 1.5, Direction::Over, -594.644_621_645_024_3),
        ((100_000, 15_300, 900_000, 45_000), 3.0, Direction::Under, -521.334_151_700_588_9),
        ((100_000, 15_300, 900_000, 45_000), 1.5, Direction::Over, 2_951.890_044_364_611),
        ((1_000_000, 200_000, 1_000_000, 201_000), 1.0, Direction::Over, -2_106.958_803_441_778),
        ((1_000_000, 200_000, 1_000_000, 198_000), 1.0, Direction::Over, -1_761.031_670_310_404),
        ((5_000, 4_900, 7_000, 6_800), 1.0, Direction::Over, 2.824_751_113_997_198),
        ((300, 290, 100_000, 3_000), 3.0, Direction::Under, -61.222_930_451_075_18),
        ((100_000_000, 1_000_000, 900_000_000, 8_970_000), 1.0, Direction::Over, -22_778.112_176_187_65),
        ((100_000_000, 1_010_000, 900_000_000, 8_970_000), 1.0, Direction::Over, -20_793.069_727_021_4),
    ] {
        let is = ln_e(block, omega, direction);
        assert_near(is, expected, 1e-9 * expected.abs());
        assert!(
            is <= expected + 1e-12 * expected.abs(),
            "rounding is never charged to the hypothesis: {is} {expected}"
        );
    }
}

#[test]
fn the_odds_test_for_harm_gives_the_values_of_thirty_digits_at_every_look() {
    let a = [(1000, 5, 9000, 9), (1000, 7, 9000, 10), (1000, 4, 9000, 8)];
    let b = [(1000, 1, 9000, 9); 3];
    for (blocks, expected) in [
        (a, [-1.758_582_306_707_3, -2.843_334_350_155_9, -3.208_776_885_793_9]),
        (b, [0.328_302_926_081_14, 0.807_529_376_720_14, 1.354_589_193_435_2]),
    ] {
        let mut test = OddsTest::new(3.0, Direction::Under);
        for (block, expected) in blocks.into_iter().zip(expected) {
            test.take(&interval(block));
            assert_near(test.ln_e(), expected, 1e-9);
        }
    }
}

/// The sum of every term and the sum of every hth one meet where the distribution becomes wide.
#[test]
fn nothing_jumps_where_the_way_of_summing_changes() {
    let at = |bad: u64| ln_e((20_000, bad / 2, 20_000, bad - bad / 2), 1.0, Direction::Over);
    // Of 4,096 bad requests the standard deviation is 32 at most, and 31 at ω = 1: the way changes from 4,096 on.
    let steps: Vec<f64> = (4_000..5_000).step_by(2).map(|bad| at(bad) - at(bad + 2)).collect();
    for pair in steps.windows(2) {
        assert_near(pair[0], pair[1], 1e-4);
    }
}

#[test]
fn one_swapped_arm_is_the_opposite_direction() {
    for (canary, stable) in [((1000, 12), (9000, 80)), ((40_000, 9_000), (3_000, 500)), ((7, 3), (9, 2))] {
        let over = ln_e((canary.0, canary.1, stable.0, stable.1), 1.5, Direction::Over);
        let under = ln_e((stable.0, stable.1, canary.0, canary.1), 1.0 / 1.5, Direction::Under);
        assert_near(over, under, 1e-9 * over.abs().max(1.0));
    }
}

#[test]
fn ever_so_many_requests_cost_no_more_than_some_hundred_terms() {
    // The sum of all terms would take hours.
    for power in 20..52 {
        let n = 1 << power;
        for (canary, stable) in [(n / 10, n / 2), (n / 2, n / 10), (1000, n), (n, 1000)] {
            for omega in [1e-6, 1.0, 1e6] {
                let e = ln_e((canary, canary / 3, stable, stable / 3), omega, Direction::Over);
                assert!(!e.is_nan(), "{canary} {stable} {omega}");
            }
        }
    }
}

#[test]
fn more_requests_than_floats_can_count_say_nothing() {
    assert_eq!(ln_e((1 << 52, 1 << 51, 1 << 52, 0), 1.0, Direction::Over), 0.0);
    assert!(ln_e((1 << 51, 1 << 50, 1 << 51, 0), 1.0, Direction::Over) > 1e9);
}
