//! Values that other implementations give: safestats and scipy for the odds, confseq for the confidence sequence, and
//! arithmetic with forty digits for the limit.

use crashgate::gate::statistics::{Counts, Direction, LimitTest, OddsTest, Test, confidence_sequence};

use super::{assert_near, counts, interval};

const A: [(u64, u64, u64, u64); 3] = [(1000, 5, 9000, 9), (1000, 7, 9000, 10), (1000, 4, 9000, 8)];

#[track_caller]
fn assert_odds(omega: f64, blocks: &[(u64, u64, u64, u64)], expected: &[f64]) {
    let mut test = OddsTest::new(omega, Direction::Over);
    for (block, expected) in blocks.iter().zip(expected) {
        test.take(&interval(*block));
        assert_near(test.ln_e(), *expected, 1e-9);
    }
}

#[test]
fn the_odds_test_gives_the_published_values_at_every_look() {
    assert_odds(1.0, &A, &[2.245_695_444_2, 7.301_785_580_0, 9.532_201_880_5]);
    assert_odds(1.5, &A, &[1.081_919_027_6, 4.181_148_762_9, 5.371_132_631_9]);
    assert_odds(2.0, &A, &[0.390_413_383_9, 2.342_369_985_7, 2.949_122_481_5]);
    let b = [(1000, 1, 9000, 9); 3];
    assert_odds(1.0, &b, &[-0.872_197_072_4, -1.100_229_265_7, -1.250_629_038_0]);
    let c = [(50, 3, 50, 0), (50, 0, 50, 0), (50, 4, 50, 1)];
    assert_odds(1.0, &c, &[1.463_003_840_0, 1.463_003_840_0, 1.997_471_275_2]);
    assert_odds(1.0, &[(200, 100, 200, 20)], &[38.546_845_059_7]);
}

#[test]
fn the_confidence_sequence_gives_the_published_values() {
    for (bad, total, t_opt, lowest, highest) in [
        (700, 1000, 100, 0.651_629, 0.745_949),
        (15, 50, 50, 0.129_556, 0.511_896),
        (5, 50, 50, 0.013_021, 0.269_264),
        (1, 50, 50, 0.0, 0.134_89),
        // Not published: with forty digits, where the mixture is as wide as it may be.
        (5, 50, 2, 0.001_539_1, 0.397_361_9),
    ] {
        let (low, high) = confidence_sequence(counts(total, bad), 0.05, t_opt);
        assert_near(low, lowest, 1e-5);
        assert_near(high, highest, 1e-5);
    }
}

#[test]
fn so_many_clean_requests_prove_a_share_under_its_limit() {
    for (limit, requests) in [(0.05, 76), (0.01, 383), (0.005, 766), (0.001, 3837)] {
        let after = |clean| {
            let mut test = LimitTest::new(limit, Direction::Under);
            test.take(&counts(clean, 0));
            test.max_ln_e() >= 20_f64.ln()
        };
        assert!(!after(requests - 1) && after(requests), "{limit}");
        let fresh = LimitTest::new(limit, Direction::Under);
        assert_eq!(fresh.more_needed(&counts(1, 0), 20_f64.ln()), Some(requests));
    }
    assert_eq!(LimitTest::new(0.01, Direction::Under).more_needed(&Counts::default(), 20_f64.ln()), None);
}
