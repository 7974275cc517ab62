//! What the rounds of a standing gate mean: every rule by itself, without a cluster and without a clock.

use std::sync::Arc;
use std::time::Duration;

use crashgate::gate::model::{Detail, ResourceVersion, Template, Workload, WorkloadKind};
use crashgate::gate::result::Verdict;
use crashgate::gate::{SeenWorkload, WorkloadSight};
use crashgate::serve::Mode;
use crashgate::serve::standing::rules::{Course, Doing, Step, Terms, Told};

const DELAY: Duration = Duration::from_secs(10);

fn terms() -> Terms {
    Terms { mode: Mode::Standing, revision: None, names_version: false, delay: DELAY, watch_for: s(60) }
}

fn once() -> Terms {
    Terms { mode: Mode::Once, ..terms() }
}

fn named(revision: &str) -> Terms {
    Terms { revision: Some(revision.to_owned()), ..terms() }
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The workload with this template, which its controller calls so.
fn sight(uid: &str, fingerprint: u64, name: Option<&str>) -> WorkloadSight {
    let workload = Workload {
        kind: WorkloadKind::Deployment,
        name: "web".to_owned(),
        namespace: "shop".to_owned(),
        uid: uid.to_owned(),
        resource_version: ResourceVersion::default(),
        controller: None,
        created: None,
        deleting: false,
        hook: false,
        generation: Some(1),
        observed_generation: Some(1),
        template: Template { fingerprint, ..Template::default() },
        match_labels: [].into(),
        desired: Some(1),
        updated: Some(1),
        available: Some(1),
        min_ready_seconds: 0,
        revision: None,
        referrer: None,
        detail: Detail::ReplicaSet { ready: None, replica_failure: None },
    };
    WorkloadSight::Seen(Arc::new(SeenWorkload { workload, name: name.map(str::to_owned) }))
}

fn one() -> WorkloadSight {
    sight("d1", 1, Some("one"))
}

fn two() -> WorkloadSight {
    sight("d1", 2, Some("two"))
}

fn told(sight: WorkloadSight) -> Told {
    Told { sight, is_sighted: true, ..Told::default() }
}

fn well() -> Told {
    Told { is_well: true, ..told(one()) }
}

fn unwell() -> Told {
    told(one())
}

fn blind() -> Told {
    Told { is_sighted: false, ..unwell() }
}

fn decided() -> Told {
    Told { is_decided: true, is_sighted: false, ..unwell() }
}

/// A gate whose first round sees the first revision.
fn begun(terms: Terms) -> Course {
    let mut course = Course::new(terms, Duration::ZERO);
    assert_eq!(course.doing(), Doing::Judging);
    assert_eq!(course.hear(s(0), &told(one())), Step::Stay);
    course
}

/// A gate that passed, 40 s after it began, and whose vigil sees that all is well.
fn standing() -> Course {
    let mut course = begun(terms());
    assert_eq!(course.ended(s(40), Some(Verdict::Healthy)), Step::Turn(Doing::Vigil));
    assert_eq!(course.hear(s(41), &well()), Step::Stay);
    assert_eq!((course.verdict(), course.is_final()), (Some(Verdict::Healthy), false));
    course
}

fn ended(terms: Terms, verdict: Verdict) -> Course {
    let mut course = begun(terms);
    course.ended(s(40), Some(verdict));
    course
}

#[test]
fn a_pass_is_told_only_once_the_vigil_sees_that_all_is_well() {
    let mut course = begun(terms());
    course.ended(s(40), Some(Verdict::Healthy));
    assert_eq!(course.verdict(), None);
    course.hear(s(41), &blind());
    assert_eq!((course.verdict(), course.doing()), (None, Doing::Vigil));
    course.hear(s(42), &well());
    assert_eq!(course.verdict(), Some(Verdict::Healthy));
}

#[test]
fn a_vigil_that_does_not_see_all_well_within_delay_is_broken() {
    let mut course = begun(terms());
    course.ended(s(40), Some(Verdict::Healthy));
    assert_eq!(course.wake_at(), Some(s(50)));
    assert_eq!(course.advance(s(49)), Step::Stay);
    assert_eq!(course.advance(s(50)), Step::Turn(Doing::Judging));
    assert_eq!(course.verdict(), None);
}

#[test]
fn a_vigil_that_sees_something_broken_from_the_start_says_so_at_once() {
    let mut course = begun(terms());
    course.ended(s(40), Some(Verdict::Healthy));
    assert_eq!(course.hear(s(41), &unwell()), Step::Turn(Doing::Judging));
    assert_eq!(course.verdict(), None);
}

#[test]
fn what_is_not_well_any_more_takes_the_pass_back_and_is_judged_anew() {
    let mut course = standing();
    assert_eq!(course.hear(s(90), &unwell()), Step::Turn(Doing::Judging));
    assert_eq!(course.verdict(), None);
}

#[test]
fn what_broke_and_is_well_again_by_the_next_look_takes_the_pass_back_too() {
    let mut course = standing();
    let restarted = Told { breaks: 1, ..well() };
    assert_eq!(course.hear(s(90), &restarted), Step::Turn(Doing::Judging));
    assert_eq!(course.verdict(), None);
}

#[test]
fn a_short_gap_in_the_view_takes_the_pass_back_and_costs_no_round() {
    let mut course = standing();
    assert_eq!(course.hear(s(90), &blind()), Step::Stay);
    assert_eq!(course.verdict(), None);
    assert_eq!(course.hear(s(99), &well()), Step::Stay);
    assert_eq!(course.verdict(), Some(Verdict::Healthy));
    // Each gap has its own time.
    course.hear(s(120), &blind());
    assert_eq!(course.advance(s(129)), Step::Stay);
    course.hear(s(129), &well());
    assert_eq!(course.verdict(), Some(Verdict::Healthy));
}

#[test]
fn a_gap_that_is_longer_than_delay_costs_a_round() {
    let mut course = standing();
    course.hear(s(90), &blind());
    course.hear(s(95), &blind());
    assert_eq!(course.wake_at(), Some(s(100)));
    assert_eq!(course.advance(s(100)), Step::Turn(Doing::Judging));
    assert_eq!(course.verdict(), None);
}

#[test]
fn rounds_after_a_broken_vigil_keep_delay_between_their_beginnings() {
    let mut course = begun(terms());
    course.ended(s(1), Some(Verdict::Healthy));
    course.hear(s(2), &well());
    // The round began at 0 s.
    assert_eq!(course.hear(s(3), &unwell()), Step::Turn(Doing::Looking));
    assert_eq!(course.verdict(), None);
    assert_eq!(course.wake_at(), Some(s(10)));
    assert_eq!(course.advance(s(10)), Step::Turn(Doing::Judging));
}

#[test]
fn a_vigil_that_decides_is_not_healthy_from_that_moment_and_is_what_it_says() {
    let mut course = standing();
    assert_eq!(course.hear(s(90), &decided()), Step::Stay);
    assert_eq!(course.verdict(), None, "its outcome is on its way");
    assert_eq!(course.ended(s(92), Some(Verdict::Failed)), Step::Turn(Doing::Looking));
    assert_eq!((course.verdict(), course.is_final()), (Some(Verdict::Failed), true));
}

#[test]
fn the_metrics_of_the_round_stand_until_those_of_the_vigil_prove_enough_or_had_time_to() {
    let unmeasured = || Told { is_unmeasured: true, ..well() };
    let mut course = begun(terms());
    course.ended(s(40), Some(Verdict::Healthy));
    course.hear(s(41), &unmeasured());
    assert_eq!(course.verdict(), Some(Verdict::Healthy));
    assert_eq!(course.wake_at(), Some(s(100)));
    assert_eq!(course.advance(s(99)), Step::Stay);
    assert_eq!(course.clone().advance(s(100)), Step::Turn(Doing::Judging));
    course.hear(s(99), &well());
    assert_eq!((course.verdict(), course.wake_at()), (Some(Verdict::Healthy), None));
    // From then on their own word counts.
    assert_eq!(course.hear(s(200), &unmeasured()), Step::Stay);
    assert_eq!((course.verdict(), course.wake_at()), (None, Some(s(260))));
    course.hear(s(220), &well());
    assert_eq!(course.verdict(), Some(Verdict::Healthy));
    course.hear(s(300), &unmeasured());
    course.hear(s(330), &unmeasured());
    assert_eq!(course.advance(s(360)), Step::Turn(Doing::Judging));
    assert_eq!(course.verdict(), None);
}

#[test]
fn a_vigil_never_passes_by_itself() {
    let mut course = standing();
    course.ended(s(90), Some(Verdict::Healthy));
    assert_eq!(course.verdict(), Some(Verdict::Inconclusive));
}

#[test]
fn a_failure_is_final_and_current_while_its_revision_is_there() {
    let mut course = ended(terms(), Verdict::Failed);
    assert!(course.is_final());
    assert!(!course.is_current(), "nobody has looked since it was decided");
    assert_eq!(course.wake_at(), None);
    course.hear(s(41), &Told::default());
    assert!(!course.is_current(), "nothing is seen");
    course.hear(s(42), &well());
    assert_eq!((course.verdict(), course.is_current()), (Some(Verdict::Failed), true));
    course.hear(s(50), &Told::default());
    assert!(!course.is_current());
    course.hear(s(51), &unwell());
    assert!(course.is_current());
}

#[test]
fn the_gate_of_another_revision_follows_a_failure() {
    for other in [two(), sight("d2", 1, Some("one")), WorkloadSight::Absent] {
        let mut course = ended(terms(), Verdict::Failed);
        course.hear(s(41), &unwell());
        assert_eq!(course.hear(s(50), &told(other)), Step::Follow);
        assert_eq!((course.verdict(), course.is_current()), (Some(Verdict::Failed), false));
    }
}

#[test]
fn a_failure_of_a_revision_that_is_named_stays_and_is_current_again_with_it() {
    let mut course = Course::new(named("one"), Duration::ZERO);
    assert_eq!(course.doing(), Doing::Awaiting);
    assert_eq!(course.hear(s(1), &told(one())), Step::Turn(Doing::Judging));
    course.ended(s(40), Some(Verdict::Failed));
    course.hear(s(41), &unwell());
    assert!(course.is_current());
    assert_eq!(course.hear(s(50), &told(two())), Step::Stay);
    assert!(!course.is_current());
    assert_eq!(course.hear(s(60), &told(one())), Step::Stay);
    assert!(course.is_current());
    assert_eq!(course.verdict(), Some(Verdict::Failed));
}

#[test]
fn what_says_neither_yes_nor_no_stands_and_is_judged_again_and_again() {
    for verdict in [Verdict::TimedOut, Verdict::NothingMatched, Verdict::Platform, Verdict::Inconclusive] {
        let mut course = begun(terms());
        // It used its time: the next round follows at once.
        assert_eq!(course.ended(s(40), Some(verdict)), Step::Turn(Doing::Judging), "{verdict:?}");
        assert_eq!((course.verdict(), course.is_final()), (Some(verdict), false));
        course.hear(s(41), &unwell());
        assert_eq!(course.verdict(), Some(verdict), "until a round says more");
        course.ended(s(80), Some(Verdict::Healthy));
        assert_eq!(course.verdict(), Some(verdict));
        course.hear(s(81), &well());
        assert_eq!(course.verdict(), Some(Verdict::Healthy));
    }
}

#[test]
fn a_round_in_which_crashgate_itself_fails_is_inconclusive_and_another_follows() {
    let mut course = begun(terms());
    assert_eq!(course.ended(s(1), None), Step::Turn(Doing::Looking));
    assert_eq!((course.verdict(), course.is_final()), (Some(Verdict::Inconclusive), false));
    assert_eq!(course.advance(s(10)), Step::Turn(Doing::Judging));
}

#[test]
fn rounds_that_end_at_once_follow_each_other_ever_more_slowly_up_to_a_minute() {
    let mut course = begun(terms());
    let mut now = s(0);
    let mut rests = Vec::new();
    for _ in 0..6 {
        assert_eq!(course.ended(now, Some(Verdict::Inconclusive)), Step::Turn(Doing::Looking));
        let next = course.wake_at().unwrap();
        rests.push(next.saturating_sub(now).as_secs());
        assert_eq!(course.advance(next), Step::Turn(Doing::Judging));
        now = next;
    }
    assert_eq!(rests, [10, 20, 40, 60, 60, 60]);
}

#[test]
fn a_pass_forgets_how_often_nothing_was_proven() {
    let mut course = begun(terms());
    for _ in 0..5 {
        course.ended(s(0), Some(Verdict::Inconclusive));
        course.advance(course.wake_at().unwrap());
    }
    course.ended(s(300), Some(Verdict::Healthy));
    course.hear(s(301), &well());
    course.hear(s(400), &unwell());
    assert_eq!(course.doing(), Doing::Judging);
    course.ended(s(400), Some(Verdict::Inconclusive));
    assert_eq!(course.wake_at(), Some(s(410)));
}

#[test]
fn a_revision_that_is_superseded_gives_way_to_the_gate_of_the_next_one() {
    let mut course = begun(terms());
    assert_eq!(course.ended(s(20), Some(Verdict::Superseded)), Step::Follow);
    assert_eq!((course.verdict(), course.is_final(), course.is_current()), (Some(Verdict::Superseded), true, false));
}

#[test]
fn a_round_that_begins_after_the_workload_went_on_is_superseded_without_a_word_of_its_own() {
    let mut course = begun(terms());
    course.ended(s(40), Some(Verdict::TimedOut));
    assert_eq!(course.hear(s(41), &told(two())), Step::Follow);
    assert_eq!(course.verdict(), Some(Verdict::Superseded));
    // While no round is on, too.
    let mut course = begun(terms());
    course.ended(s(1), Some(Verdict::Inconclusive));
    assert_eq!(course.doing(), Doing::Looking);
    assert_eq!(course.hear(s(2), &told(two())), Step::Follow);
}

#[test]
fn a_round_that_has_decided_ends_by_its_own_words() {
    let mut course = begun(terms());
    let superseded = Told { is_decided: true, ..told(two()) };
    assert_eq!(course.hear(s(20), &superseded), Step::Stay);
    assert!(!course.is_current());
    assert_eq!(course.ended(s(21), Some(Verdict::Superseded)), Step::Follow);
}

#[test]
fn a_revision_that_is_named_is_superseded_for_good_and_judged_anew_where_it_comes_back() {
    let mut course = Course::new(named("one"), Duration::ZERO);
    course.hear(s(1), &told(one()));
    assert_eq!(course.ended(s(20), Some(Verdict::Superseded)), Step::Turn(Doing::Looking));
    assert_eq!(course.hear(s(21), &told(two())), Step::Stay);
    assert_eq!((course.verdict(), course.is_current()), (Some(Verdict::Superseded), false));
    assert_eq!(course.hear(s(90), &told(one())), Step::Follow);
}

#[test]
fn a_revision_that_is_named_is_waited_for_and_no_other_is_judged() {
    let mut course = Course::new(named("two"), Duration::ZERO);
    for sight in [WorkloadSight::Blind, WorkloadSight::Absent, sight("d1", 2, None), one()] {
        assert_eq!(course.hear(s(1), &told(sight)), Step::Stay);
        assert_eq!((course.verdict(), course.revision(), course.is_current()), (None, None, false));
    }
    // The wait period is over.
    assert_eq!(course.ended(s(60), Some(Verdict::NothingMatched)), Step::Turn(Doing::Awaiting));
    assert_eq!(course.verdict(), Some(Verdict::NothingMatched));
    assert_eq!(course.hear(s(70), &told(two())), Step::Turn(Doing::Judging));
    assert_eq!(course.revision().as_deref(), Some("two"));
    assert_eq!(course.verdict(), Some(Verdict::NothingMatched), "until a round says more");
}

#[test]
fn a_version_is_judged_whatever_template_has_it() {
    let mut course = begun(Terms { names_version: true, ..terms() });
    assert_eq!(course.hear(s(5), &told(two())), Step::Stay);
    assert_eq!((course.revision().as_deref(), course.is_current()), (Some("two"), true));
    course.ended(s(40), Some(Verdict::Failed));
    course.hear(s(41), &told(two()));
    assert!(course.is_current());
    assert_eq!(course.hear(s(50), &told(one())), Step::Follow);
}

#[test]
fn what_a_decided_round_sees_later_is_not_what_it_judged() {
    let mut course = begun(Terms { names_version: true, ..terms() });
    course.hear(s(5), &Told { is_decided: true, ..told(two()) });
    course.ended(s(6), Some(Verdict::Failed));
    assert_eq!(course.revision().as_deref(), Some("one"));
    assert!(!course.is_current());
}

#[test]
fn once_the_first_verdict_is_final_and_nothing_is_judged_any_more() {
    for verdict in [
        Verdict::Healthy,
        Verdict::TimedOut,
        Verdict::NothingMatched,
        Verdict::Platform,
        Verdict::Inconclusive,
        Verdict::Failed,
    ] {
        let mut course = ended(once(), verdict);
        assert_eq!((course.verdict(), course.is_final()), (Some(verdict), true));
        assert_eq!((course.doing(), course.wake_at()), (Doing::Looking, None));
        course.hear(s(41), &unwell());
        assert_eq!((course.verdict(), course.is_current()), (Some(verdict), true), "{verdict:?}");
        assert_eq!(course.hear(s(60), &told(two())), Step::Turn(Doing::Over));
        assert_eq!((course.verdict(), course.is_current()), (Some(verdict), false));
    }
}

#[test]
fn once_a_gate_that_is_superseded_is_over() {
    assert_eq!(begun(once()).ended(s(20), Some(Verdict::Superseded)), Step::Turn(Doing::Over));
}

#[test]
fn a_revision_without_a_name_is_called_by_its_fingerprint() {
    let mut course = Course::new(terms(), Duration::ZERO);
    assert_eq!(course.revision(), None);
    course.hear(s(0), &told(sight("d1", 0xabc, None)));
    assert_eq!(course.revision().as_deref(), Some("0000000000000abc"));
    course.hear(s(1), &told(sight("d1", 0xabc, Some("hash"))));
    assert_eq!(course.revision().as_deref(), Some("hash"));
    // A name that is not seen any more is still its name.
    course.hear(s(2), &told(sight("d1", 0xabc, None)));
    assert_eq!(course.revision().as_deref(), Some("hash"));
}

#[test]
fn the_plan_of_a_round_says_what_is_judged() {
    let mut course = begun(terms());
    let WorkloadSight::Seen(seen) = two() else { unreachable!() };
    course.planned(Some(&seen.revision()));
    assert!(!course.is_current());
    assert_eq!(course.hear(s(1), &told(two())), Step::Stay);
    assert!(course.is_current());
}

#[test]
fn a_gate_that_follows_too_soon_waits() {
    let mut course = Course::new(terms(), s(7));
    assert_eq!((course.doing(), course.wake_at()), (Doing::Looking, Some(s(7))));
    assert_eq!(course.hear(s(1), &told(two())), Step::Stay);
    assert_eq!(course.advance(s(7)), Step::Turn(Doing::Judging));
    let mut course = Course::new(named("one"), s(7));
    assert_eq!(course.advance(s(7)), Step::Turn(Doing::Awaiting));
}
