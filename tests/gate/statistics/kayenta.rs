//! Three canaries that Kayenta's judge is on record for having passed (its issues #426 and #799, Spinnaker's #6278). They
//! were series of points; here a point of k is read as k errors in one interval of 1,000 requests, of each arm.

use crashgate::gate::statistics::{Direction, OddsTest, Test};

use super::interval;

/// Returns the highest ln E for "worse than tolerated" (1.5), "worse at all" (1) and "does no harm" (3).
fn judge(canary: &[u64], stable: &[u64]) -> [f64; 3] {
    let tests = [(1.5, Direction::Over), (1.0, Direction::Over), (3.0, Direction::Under)];
    tests.map(|(omega, direction)| {
        let mut test = OddsTest::new(omega, direction);
        for (canary, stable) in canary.iter().zip(stable) {
            test.take(&interval((1000, *canary, 1000, *stable)));
        }
        test.max_ln_e()
    })
}

#[test]
fn eleven_errors_in_five_points_against_none_are_convicted() {
    let [worse, ..] = judge(&[1, 4, 2, 3, 1], &[0; 5]);
    assert!(worse >= 20_f64.ln(), "E = {}", worse.exp());
}

#[test]
fn a_hundred_errors_a_point_against_one_are_convicted() {
    let canary = [100, 100, 100, 100, 100, 100, 100, 1, 1, 1];
    for first in [0, 5, 3] {
        // Wherever the three good points stand.
        let mut canary = canary;
        canary.rotate_left(first);
        let [worse, ..] = judge(&canary, &[1; 10]);
        assert!(worse >= 20_f64.ln(), "E = {}", worse.exp());
    }
}

#[test]
fn four_errors_in_six_points_against_none_are_not_acquitted_and_a_few_more_are_convicted() {
    let (points, none) = ([0, 1, 2, 1, 0, 0], [0; 12]);
    let [_, worse, harmless] = judge(&points, &none);
    assert!(worse > 7_f64.ln(), "it points there: E = {}", worse.exp());
    assert!(harmless <= 0.0, "nothing speaks for its being harmless: E = {}", harmless.exp());
    let [worse, ..] = judge(&[points, points].concat(), &none);
    assert!(worse >= 20_f64.ln(), "E = {}", worse.exp());
}
