//! How soon is what is so proven? The table that the method was chosen by: 40 looks of 15 s, 100 requests/s, a tenth of them
//! the canary's.

use crashgate::gate::statistics::{Direction, Guard, Interval, LimitTest, OddsTest, Test};

use super::traffic::{Random, Runs, until_proven};

/// Within a tenth, or less than one look.
#[track_caller]
fn assert_power(runs: &Runs, what: &str, share: f64, seconds: u32) {
    let median = runs.median().map(|looks| looks * 15);
    println!("{what}: {} proven, median {median:?} s", runs.share());
    assert!((runs.share() - share).abs() <= 0.1 * share, "{what}: {} is not {share}", runs.share());
    let median = median.unwrap();
    assert!(median.abs_diff(seconds) <= (seconds / 10).max(14), "{what}: {median} s is not {seconds} s");
}

#[test]
fn a_worse_canary_is_convicted_as_often_and_as_soon_as_the_table_says() {
    for (stable, canary, share, seconds) in [
        (0.001, 0.003, 0.81, 330),
        (0.001, 0.005, 1.0, 120),
        (0.001, 0.01, 1.0, 45),
        (0.01, 0.015, 0.70, 420),
        (0.01, 0.02, 1.0, 135),
        (0.01, 0.03, 1.0, 45),
        (0.01, 0.05, 1.0, 15),
    ] {
        let worse = |random: &mut Random, _| random.interval((150, canary), (1350, stable));
        let runs = Runs::of(1000, 40, |_| until_proven(OddsTest::new(1.0, Direction::Over), worse));
        assert_power(&runs, &format!("{stable} → {canary}"), share, seconds);
    }
}

#[test]
fn a_worse_canary_is_convicted_with_a_tolerance_and_a_guard_nearly_as_soon() {
    for (stable, canary, share, seconds) in [(0.01, 0.03, 0.985, 90), (0.01, 0.05, 1.0, 30), (0.001, 0.01, 1.0, 60)] {
        let runs = Runs::of(1000, 40, |_| {
            let (mut test, mut guard) = (OddsTest::new(1.5, Direction::Over), Guard::new());
            move |random: &mut Random, _| {
                let [first, second] = [0; 2].map(|_| random.requests(675, stable));
                guard.take(first, second);
                test.take(&Interval { canary: random.requests(150, canary), stable: first.plus(second) });
                test.max_ln_e() >= guard.ln_threshold(20_f64.ln())
            }
        });
        assert_power(&runs, &format!("{stable} → {canary}, tolerance and guard"), share, seconds);
    }
}

#[test]
fn a_canary_twice_as_bad_is_convicted_although_everybodys_errors_fall() {
    // Its traffic rises meanwhile, 5 % to 50 %.
    let masked = |random: &mut Random, look: u32| {
        let p = 0.03 - 0.025 * f64::from(look - 1) / 39.0;
        let canary = 75 + 675 * (look - 1) / 39;
        random.interval((canary, 2.0 * p), (1500 - canary, p))
    };
    let runs = Runs::of(1000, 40, |_| until_proven(OddsTest::new(1.0, Direction::Over), masked));
    assert!(runs.share() > 0.99 && runs.median().unwrap() * 15 <= 75, "{} {:?}", runs.share(), runs.median());
}

#[test]
fn a_share_well_under_its_limit_is_proven_after_four_hundred_requests_mostly_after_nine_hundred() {
    // A look is ten requests.
    let runs = Runs::of(1000, 90, |_| {
        until_proven(LimitTest::new(0.01, Direction::Under), |random: &mut Random, _| random.requests(10, 0.001))
    });
    println!("under 1 %: {} by 900 requests, median {:?} looks of ten", runs.share(), runs.median());
    assert!((runs.share() - 0.9).abs() < 0.05, "{}", runs.share());
    assert!(runs.median().unwrap().abs_diff(40) <= 4, "{:?}", runs.median());
}

#[test]
fn a_canary_no_worse_than_the_stable_pods_is_proven_harmless() {
    for (stable, looks) in [(0.01, 30), (0.05, 8)] {
        let same = |random: &mut Random, _| random.interval((150, stable), (1350, stable));
        let runs = Runs::of(500, looks, |_| until_proven(OddsTest::new(3.0, Direction::Under), same));
        println!("harmless at {stable}: {} by look {looks}, median {:?}", runs.share(), runs.median());
        assert!(runs.share() > 0.9, "{stable}: {}", runs.share());
    }
}
