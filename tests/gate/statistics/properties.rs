//! What holds of any counts.

use crashgate::gate::statistics::{
    Counts, Direction, Guard, Interval, LimitTest, OddsTest, Test, WithLateStarts, confidence_sequence,
};
use proptest::prelude::*;

use super::counts;

/// Counts of any size, zero and the very largest among them.
fn any_counts() -> impl Strategy<Value = Counts> + Clone {
    let total = prop_oneof![Just(0), 1..200_u64, 0..1_000_000_u64, any::<u64>()];
    (total, prop_oneof![Just(0.0), Just(1.0), 0.0..0.05, 0.0..1.0]).prop_map(|(total, share): (u64, f64)| {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "about"
        )]
        let bad = (total as f64 * share) as u64;
        counts(total, bad.min(total))
    })
}

/// Counts of an interval as they are.
fn usual_counts() -> impl Strategy<Value = Counts> + Clone {
    (0..5000_u64, 0..60_u64).prop_map(|(total, bad)| counts(total, bad.min(total)))
}

fn intervals(arm: impl Strategy<Value = Counts> + Clone) -> impl Strategy<Value = Vec<Interval>> {
    let interval = (arm.clone(), arm).prop_map(|(canary, stable)| Interval { canary, stable });
    prop::collection::vec(interval, 0..12)
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Over), Just(Direction::Under)]
}

/// ln E and its highest, after each of these in turn.
fn after<T: Test>(mut test: T, seen: &[T::Seen]) -> (f64, f64) {
    for seen in seen {
        test.take(seen);
    }
    (test.ln_e(), test.max_ln_e())
}

fn nearly(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(1.0)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn whatever_is_counted_the_evidence_is_a_number(
        seen in intervals(any_counts()),
        direction in direction(),
        limit in prop_oneof![Just(0.0), Just(1.0), 0.0..1.0],
        omega in prop_oneof![Just(1.0), 1e-6..1e6],
    ) {
        let mut odds = WithLateStarts::new(OddsTest::new(omega, direction));
        let mut limit = WithLateStarts::new(LimitTest::new(limit, direction));
        let mut guard = Guard::new();
        for seen in &seen {
            odds.take(seen);
            limit.take(&seen.canary);
            guard.take(seen.canary, seen.stable);
            odds.begin_another();
            limit.begin_another();
            for ln_e in [odds.ln_e(), limit.ln_e(), guard.ln_e()] {
                prop_assert!(!ln_e.is_nan(), "{seen:?}");
            }
            for highest in [odds.max_ln_e(), limit.max_ln_e(), guard.ln_e()] {
                prop_assert!(highest >= 0.0, "{seen:?}");
            }
            prop_assert!(odds.more_needed(seen, 3.0) != Some(u64::MAX) && limit.more_needed(&seen.canary, 3.0) != Some(u64::MAX));
            let (low, high) = confidence_sequence(seen.canary, 0.05, 1000);
            prop_assert!((0.0..=1.0).contains(&low) && low <= high && high <= 1.0, "{seen:?}: {low} {high}");
        }
    }

    #[test]
    fn the_order_of_intervals_does_not_matter_to_a_plain_test(
        (seen, shuffled) in intervals(usual_counts()).prop_flat_map(|seen| (Just(seen.clone()), Just(seen).prop_shuffle())),
        direction in direction(),
    ) {
        let odds = |seen: &[Interval]| after(OddsTest::new(1.5, direction), seen).0;
        prop_assert!(nearly(odds(&seen), odds(&shuffled)));
        let limit = |seen: &[Interval]| {
            after(LimitTest::new(0.01, direction), &seen.iter().map(|seen| seen.canary).collect::<Vec<_>>()).0
        };
        prop_assert!(nearly(limit(&seen), limit(&shuffled)));
    }

    #[test]
    fn intervals_without_traffic_change_nothing_wherever_they_stand(
        seen in intervals(usual_counts()),
        stable in usual_counts(),
        place in any::<prop::sample::Index>(),
        direction in direction(),
    ) {
        let mut more = seen.clone();
        let place = place.index(seen.len() + 1);
        more.insert(place, Interval { canary: Counts::default(), stable });
        more.insert(place, Interval { canary: stable, stable: Counts::default() });
        more.insert(place, Interval::default());
        let odds = |seen: &[Interval]| after(OddsTest::new(1.5, direction), seen);
        prop_assert_eq!(odds(&seen), odds(&more));
        let (mut guard, mut same) = (Guard::new(), Guard::new());
        for seen in &seen {
            guard.take(seen.canary, seen.stable);
        }
        for seen in &more {
            same.take(seen.canary, seen.stable);
        }
        prop_assert_eq!(guard, same);
        let limit = |seen: &[Counts]| after(LimitTest::new(0.01, direction), seen);
        let with_pauses: Vec<Counts> = seen.iter().flat_map(|seen| [Counts::default(), seen.canary]).collect();
        prop_assert_eq!(limit(&seen.iter().map(|seen| seen.canary).collect::<Vec<_>>()), limit(&with_pauses));
    }

    #[test]
    fn one_more_bad_request_of_the_canary_never_speaks_for_it(
        seen in (usual_counts(), usual_counts()),
    ) {
        let (canary, stable) = seen;
        prop_assume!(canary.bad() < canary.total());
        let worse = counts(canary.total(), canary.bad() + 1);
        for (direction, sign) in [(Direction::Over, 1.0), (Direction::Under, -1.0)] {
            let limit = |canary| sign * after(LimitTest::new(0.01, direction), &[canary]).0;
            prop_assert!(limit(worse) > limit(canary));
            let odds = |canary| sign * after(OddsTest::new(1.5, direction), &[Interval { canary, stable }]).0;
            prop_assert!(odds(worse) >= odds(canary) - 1e-9, "{canary:?} {stable:?}");
        }
    }

    #[test]
    fn the_halves_of_a_guard_may_change_places(seen in intervals(usual_counts())) {
        let (mut guard, mut swapped) = (Guard::new(), Guard::new());
        for seen in &seen {
            guard.take(seen.canary, seen.stable);
            swapped.take(seen.stable, seen.canary);
        }
        prop_assert!(nearly(guard.ln_e(), swapped.ln_e()), "{} {}", guard.ln_e(), swapped.ln_e());
        prop_assert!(guard.ln_threshold(3.0) >= 3.0);
    }
}
