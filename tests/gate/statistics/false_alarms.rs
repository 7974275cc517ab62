//! How often is something proven that is not so? 2,000 runs each, all seeded. A look is 15 s of 100 requests/s, a tenth of
//! them the canary's, unless said otherwise. A point that is proven at any look counts, so 200 looks say more than 40.

use crashgate::gate::statistics::{Counts, Direction, Guard, Interval, LimitTest, OddsTest, Test, WithLateStarts};

use super::traffic::{Random, Runs, until_proven, until_proven_late};

const RUNS: u32 = 2000;

fn worse_than(omega: f64) -> OddsTest {
    OddsTest::new(omega, Direction::Over)
}

/// Odds of a bad request, times `omega`, as a probability.
fn with_odds(p: f64, omega: f64) -> f64 {
    let odds = omega * p / (1.0 - p);
    odds / (1.0 + odds)
}

#[test]
fn a_canary_like_the_stable_pods_is_rarely_convicted_at_any_of_200_looks() {
    let same = |p| move |random: &mut Random, _| random.interval((150, p), (1350, p));
    Runs::of(RUNS, 200, |_| until_proven(worse_than(1.0), same(0.001))).are_rarely_proven("plain");
    Runs::of(RUNS, 200, |_| until_proven_late(worse_than(1.0), same(0.01))).are_rarely_proven("begun anew");
}

#[test]
fn a_canary_exactly_as_bad_as_is_tolerated_is_rarely_convicted() {
    let tolerated = |p| move |random: &mut Random, _| random.interval((30, with_odds(p, 1.5)), (100, p));
    Runs::of(RUNS, 200, |_| until_proven(worse_than(1.5), tolerated(0.3))).are_rarely_proven("plain");
    Runs::of(RUNS, 200, |_| until_proven_late(worse_than(1.5), tolerated(0.01))).are_rarely_proven("begun anew");
}

/// Traffic that moves to the canary, 5 % to 50 %, while everybody's errors rise, 0.5 % to 3 %.
fn ramp(random: &mut Random, look: u32) -> Interval {
    let part = f64::from(look - 1) / 39.0;
    let (canary, p) = (75 + 675 * (look - 1) / 39, 0.005 + 0.025 * part);
    random.interval((canary, p), (1500 - canary, p))
}

/// What is usually done: all requests so far in two sums, and the difference of their shares over its standard error.
fn pooled_z((canary, stable): (Counts, Counts)) -> f64 {
    let p = canary.plus(stable).share().unwrap();
    let [c, s] = [canary, stable].map(|arm| f64::from(u32::try_from(arm.total()).unwrap()));
    (canary.share().unwrap() - stable.share().unwrap()) / (p * (1.0 - p) * (1.0 / c + 1.0 / s)).sqrt()
}

#[test]
fn a_canary_that_gets_traffic_while_everybodys_errors_rise_is_rarely_convicted_as_pooled_rates_would() {
    Runs::of(RUNS, 40, |_| until_proven(worse_than(1.0), ramp)).are_rarely_proven("plain");
    Runs::of(RUNS, 40, |_| until_proven_late(worse_than(1.0), ramp)).are_rarely_proven("begun anew");
    let pooled = Runs::of(RUNS, 40, |_| {
        let mut sums = (Counts::default(), Counts::default());
        move |random: &mut Random, look| {
            let seen = ramp(random, look);
            sums = (sums.0.plus(seen.canary), sums.1.plus(seen.stable));
            // One look, at the end.
            look == 40 && pooled_z(sums) > 1.645
        }
    });
    assert!(pooled.share() > 0.9, "Simpson's paradox: {}", pooled.share());
}

/// A look at three groups of pods whose shares of bad requests differ by more than chance: each group's is drawn anew for
/// each interval, with the variance φp(1−p).
fn crowded(random: &mut Random, phi: f64, worse: f64) -> (Counts, [Counts; 2]) {
    let mut group = |total, mean| {
        let p = random.share(mean, phi);
        random.requests(total, p)
    };
    (group(150, 0.01 * worse), [group(675, 0.01), group(675, 0.01)])
}

/// Runs a comparison of such traffic with `omega`, for a direction, with the guard and without.
fn crowds(late: bool, guarded: bool, (omega, direction): (f64, Direction), phi: f64, worse: f64) -> Runs {
    Runs::of(RUNS, 40, |_| {
        let mut plain = OddsTest::new(omega, direction);
        let mut begun_anew = WithLateStarts::new(plain.clone());
        let mut guard = Guard::new();
        move |random: &mut Random, look| {
            let (canary, [first, second]) = crowded(random, phi, worse);
            guard.take(first, second);
            let seen = Interval { canary, stable: first.plus(second) };
            if late {
                begun_anew.take(&seen);
            } else {
                plain.take(&seen);
            }
            if look % 4 == 0 {
                begun_anew.begin_another();
            }
            let alone = 20_f64.ln();
            let threshold = if guarded { guard.ln_threshold(alone) } else { alone };
            (if late { begun_anew.max_ln_e() } else { plain.max_ln_e() }) >= threshold
        }
    })
}

#[test]
fn a_canary_like_stable_pods_that_fail_in_crowds_is_rarely_convicted_with_tolerance_and_guard() {
    let over = |omega| (omega, Direction::Over);
    let alone = crowds(false, false, over(1.0), 0.01, 1.0).share();
    assert!(alone > 0.15, "a comparison alone takes crowds for a difference: {alone}");
    crowds(false, true, over(1.5), 0.01, 1.0).are_rarely_proven("plain");
    crowds(true, true, over(1.5), 0.01, 1.0).are_rarely_proven("begun anew");
}

#[test]
fn halves_that_do_not_differ_are_rarely_told_apart() {
    let runs = Runs::of(RUNS, 100, |_| {
        let mut guard = Guard::new();
        move |random: &mut Random, _| {
            guard.take(random.requests(300, 0.01), random.requests(500, 0.01));
            guard.differs()
        }
    });
    runs.are_rarely_proven("guard");
}

#[test]
fn halves_that_fail_in_crowds_are_told_apart_although_neither_is_the_worse() {
    let runs = Runs::of(500, 40, |_| {
        let mut guard = Guard::new();
        move |random: &mut Random, _| {
            let [first, second] = crowded(random, 0.01, 1.0).1;
            guard.take(first, second);
            guard.differs()
        }
    });
    assert!(runs.share() > 0.99 && runs.median().unwrap() <= 10, "{} {:?}", runs.share(), runs.median());
}

#[test]
fn halves_that_differ_are_told_apart_whichever_is_the_worse() {
    for (first, second) in [(0.01, 0.03), (0.03, 0.01)] {
        let runs = Runs::of(200, 40, |_| {
            let mut guard = Guard::new();
            move |random: &mut Random, _| {
                guard.take(random.requests(675, first), random.requests(675, second));
                assert_eq!(guard.differs(), guard.ln_e() >= 20_f64.ln());
                let threshold = if guard.differs() { f64::INFINITY } else { 3.0 + 2.0 * guard.ln_e() };
                assert_eq!(guard.ln_threshold(3.0), threshold, "more is asked for the more they seem to differ");
                guard.differs()
            }
        });
        assert!(runs.share() > 0.99, "{}", runs.share());
    }
}

#[test]
fn a_share_at_its_limit_is_rarely_proven_to_be_over_or_under_it() {
    let at = |p| move |random: &mut Random, _| random.requests(50, p);
    for direction in [Direction::Over, Direction::Under] {
        let test = |limit| LimitTest::new(limit, direction);
        Runs::of(RUNS, 200, |_| until_proven(test(0.01), at(0.01))).are_rarely_proven("plain");
        Runs::of(RUNS, 200, |_| until_proven_late(test(0.2), at(0.2))).are_rarely_proven("begun anew");
    }
}

#[test]
fn a_canary_exactly_as_bad_as_does_harm_rarely_passes_at_any_of_200_looks() {
    let harmful = |p| move |random: &mut Random, _| random.interval((50, with_odds(p, 3.0)), (450, p));
    let harmless = || OddsTest::new(3.0, Direction::Under);
    Runs::of(RUNS, 200, |_| until_proven(harmless(), harmful(0.01))).are_rarely_proven("plain");
    Runs::of(RUNS, 200, |_| until_proven_late(harmless(), harmful(0.1))).are_rarely_proven("begun anew");
}

#[test]
fn a_harmful_canary_rarely_passes_while_traffic_moves_and_errors_rise_or_fall() {
    for falls in [false, true] {
        let moving = move |random: &mut Random, look: u32| {
            let part = f64::from(look - 1) / 39.0;
            let part = if falls { 1.0 - part } else { part };
            let (canary, p) = (75 + 675 * (look - 1) / 39, 0.005 + 0.025 * part);
            random.interval((canary, with_odds(p, 3.0)), (1500 - canary, p))
        };
        Runs::of(RUNS, 40, |_| until_proven(OddsTest::new(3.0, Direction::Under), moving)).are_rarely_proven("pass");
    }
}

#[test]
fn a_harmful_canary_beside_stable_pods_that_fail_in_crowds_rarely_passes_with_the_guard() {
    // Odds of three times those of 1 % are a share of 2.94 %.
    crowds(false, true, (3.0, Direction::Under), 0.01, 2.942).are_rarely_proven("pass");
}
