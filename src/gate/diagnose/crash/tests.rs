//! Tests of the counting of crashes.

use super::{Circumstances, CrashLedger};
use crate::gate::model::{
    Container, ContainerState, ContainerStatus, Ended, InPlaceUpdate, PodResize, Probes, Resize, RestartPolicy,
    RestartRule, Role,
};

fn ended(attempt: u32, exit_code: i32, reason: &str) -> Ended {
    Ended {
        exit_code,
        signal: None,
        reason: Some(reason.to_owned()),
        message: None,
        container_id: Some(format!("containerd://{attempt}")),
        started_at: None,
        finished_at: None,
        ran_seconds: None,
    }
}

fn status(restart_count: u32, state: ContainerState, last: Option<Ended>) -> ContainerStatus {
    let container_id = Some(format!("containerd://{restart_count}"));
    ContainerStatus { ready: false, started: None, restart_count, container_id, state, last }
}

fn waiting(reason: &str) -> ContainerState {
    ContainerState::Waiting { reason: Some(reason.to_owned()), message: None }
}

fn container(role: Role, status: ContainerStatus) -> Container {
    Container {
        name: "app".to_owned(),
        role,
        image: "a".to_owned(),
        restart_policy: None,
        memory_limit: None,
        requests: std::collections::BTreeMap::new(),
        restart_rules: Vec::new(),
        resize: None,
        in_place: None,
        probes: Probes::default(),
        status: Some(status),
    }
}

/// Nothing is going on beside the container, and the pod was seen before.
fn around(policy: RestartPolicy) -> Circumstances<'static> {
    Circumstances { policy, resize: PodResize::Settled, at_first: false, sandbox_changed: None }
}

/// The crashes after each of these states, told one after the other.
fn counted(role: Role, policy: RestartPolicy, states: &[ContainerStatus]) -> Vec<u32> {
    let mut ledger = CrashLedger::default();
    let mut counts = Vec::new();
    for state in states {
        // Told twice: repeats must not count.
        for _ in 0..2 {
            ledger.observe(&container(role, state.clone()), around(policy));
        }
        counts.push(ledger.crashes());
    }
    counts
}

fn app(states: &[ContainerStatus]) -> Vec<u32> {
    counted(Role::App, RestartPolicy::Always, states)
}

#[test]
fn each_crash_counts_once_whichever_field_shows_it_first() {
    let one = || ended(0, 1, "Error");
    let two = || ended(1, 1, "Error");
    let states = [
        status(0, ContainerState::Running, None),
        status(0, ContainerState::Terminated(one()), None),
        status(1, ContainerState::Running, Some(one())),
        status(1, ContainerState::Terminated(two()), Some(one())),
        status(1, waiting("CrashLoopBackOff"), Some(two())),
        status(2, ContainerState::Running, Some(two())),
    ];
    assert_eq!(app(&states), [0, 1, 1, 2, 2, 2]);
    assert_eq!(app(&states[2..3]), [1], "restartCount alone, seen late");
    assert_eq!(app(&states[4..5]), [2], "in back-off, seen late");
    assert_eq!(app(&[states[3].clone(), states[1].clone()]), [2, 2], "an older state told late takes nothing back");
}

#[test]
fn a_restart_that_was_never_seen_counts_by_the_restart_count() {
    assert_eq!(app(&[status(5, ContainerState::Running, Some(ended(4, 1, "Error")))]), [5]);
    assert_eq!(app(&[status(1, ContainerState::Running, None)]), [1], "without a lastState");
}

#[test]
fn a_new_attempt_that_has_not_started_does_not_end_the_one_before_twice() {
    // Created, with an ID of its own, while lastState is the attempt before.
    let mut created = status(1, waiting("ContainerCreating"), Some(ended(0, 1, "Error")));
    created.container_id = Some("containerd://1".to_owned());
    assert_eq!(app(&[created]), [1]);
}

#[test]
fn a_back_off_without_any_end_shown_is_a_crash_all_the_same() {
    assert_eq!(app(&[status(0, waiting("CrashLoopBackOff"), None)]), [1]);
    assert_eq!(app(&[status(0, waiting("ImagePullBackOff"), None)]), [0]);
}

#[test]
fn ends_that_are_not_the_apps_are_taken_off() {
    let states = [
        status(1, ContainerState::Running, Some(ended(0, 255, "Unknown"))),
        status(2, ContainerState::Running, Some(ended(1, 1, "Error"))),
    ];
    assert_eq!(app(&states), [0, 1]);
    let mut nameless = ended(0, 137, "ContainerStatusUnknown");
    nameless.container_id = None;
    assert_eq!(app(&[status(0, ContainerState::Terminated(nameless), None)]), [0]);
}

#[test]
fn roles_and_policies_say_which_ends_are_crashes() {
    let fine = || [status(0, ContainerState::Terminated(ended(0, 0, "Completed")), None)];
    let broken = || [status(0, ContainerState::Terminated(ended(0, 1, "Error")), None)];
    let table = [
        (Role::Init, RestartPolicy::Always, 0, 1),
        (Role::Init, RestartPolicy::Never, 0, 1),
        (Role::Sidecar, RestartPolicy::Never, 1, 1),
        (Role::App, RestartPolicy::Always, 1, 1),
        (Role::App, RestartPolicy::OnFailure, 0, 1),
        (Role::App, RestartPolicy::Never, 0, 0),
    ];
    for (role, policy, after_zero, after_one) in table {
        assert_eq!(counted(role, policy, &fine()), [after_zero], "{role:?} {policy:?}, exit code 0");
        assert_eq!(counted(role, policy, &broken()), [after_one], "{role:?} {policy:?}, exit code 1");
    }
}

fn resized(state: ContainerStatus, asked: &str, applied: bool) -> Container {
    Container { resize: Some(Resize { asked: asked.to_owned(), applied }), ..container(Role::App, state) }
}

/// The crashes after each of these states of a container whose memory is resized with a restart.
fn under_resize(states: &[(ContainerStatus, &str, bool, PodResize)]) -> Vec<u32> {
    let mut ledger = CrashLedger::default();
    let mut counts = Vec::new();
    for (place, (state, asked, applied, resize)) in states.iter().enumerate() {
        let around = Circumstances { resize: *resize, at_first: place == 0, ..around(RestartPolicy::Always) };
        ledger.observe(&resized(state.clone(), asked, *applied), around);
        counts.push(ledger.crashes());
    }
    counts
}

fn running(count: u32, exit_code: i32, reason: &str) -> ContainerStatus {
    status(count, ContainerState::Running, count.checked_sub(1).map(|attempt| ended(attempt, exit_code, reason)))
}

#[test]
fn a_resize_excuses_one_end_and_neither_those_before_nor_those_after() {
    use PodResize::{InProgress, Settled};
    let states = [
        (running(1, 1, "Error"), "64Mi", true, Settled),
        (running(1, 1, "Error"), "128Mi", false, InProgress),
        (running(2, 143, "Error"), "128Mi", true, InProgress),
        (running(3, 1, "Error"), "128Mi", true, InProgress),
        (running(3, 1, "Error"), "256Mi", false, InProgress),
        (running(4, 137, "Error"), "256Mi", true, Settled),
        (running(5, 137, "Error"), "256Mi", true, Settled),
    ];
    assert_eq!(under_resize(&states), [1, 1, 1, 2, 2, 2, 3]);
}

#[test]
fn a_resize_and_its_restart_may_be_told_at_once_or_by_the_end_first() {
    use PodResize::{InProgress, Settled};
    let at_once = [(running(0, 0, ""), "64Mi", true, Settled), (running(1, 143, "Error"), "128Mi", true, Settled)];
    assert_eq!(under_resize(&at_once), [0, 0]);
    let killed = status(0, ContainerState::Terminated(ended(0, 143, "Error")), None);
    let by_the_end = [
        (running(0, 0, ""), "64Mi", false, InProgress),
        (killed, "64Mi", true, InProgress),
        (running(1, 143, "Error"), "64Mi", true, Settled),
        (running(2, 143, "Error"), "64Mi", true, Settled),
    ];
    assert_eq!(under_resize(&by_the_end), [0, 0, 0, 1]);
}

#[test]
fn a_resize_that_is_stuck_or_over_excuses_nothing_nor_any_a_kill_for_memory() {
    use PodResize::{InProgress, Settled, Stuck};
    let stuck = [(running(0, 0, ""), "64Mi", false, Stuck), (running(1, 137, "Error"), "64Mi", false, Stuck)];
    assert_eq!(under_resize(&stuck), [0, 1]);
    let resumed = [stuck[0].clone(), (running(1, 143, "Error"), "64Mi", true, InProgress)];
    assert_eq!(under_resize(&resumed), [0, 0], "it was deferred, and then applied");
    let memory =
        [(running(0, 0, ""), "64Mi", false, InProgress), (running(1, 137, "OOMKilled"), "64Mi", true, InProgress)];
    assert_eq!(under_resize(&memory), [0, 1]);
    let over = [
        (running(0, 0, ""), "64Mi", false, InProgress),
        (running(0, 0, ""), "64Mi", true, Settled),
        (running(1, 143, "Error"), "64Mi", true, Settled),
    ];
    assert_eq!(under_resize(&over), [0, 0, 1], "it needed no restart");
    let seen_late = [(running(2, 1, "Error"), "64Mi", false, InProgress)];
    assert_eq!(under_resize(&seen_late), [2], "ends from before the gate began");
}

#[test]
fn what_was_restarted_is_a_crash_whatever_the_policy() {
    let never = |state: ContainerStatus, codes: &[i32]| Container {
        restart_policy: Some(RestartPolicy::Never),
        restart_rules: vec![RestartRule { restarts: true, all_but: false, exit_codes: codes.to_vec() }],
        ..container(Role::App, state)
    };
    let ended_with = |code| status(0, ContainerState::Terminated(ended(0, code, "Error")), None);
    let crashes = |containers: &[Container]| {
        let mut ledger = CrashLedger::default();
        for container in containers {
            ledger.observe(container, around(RestartPolicy::Always));
        }
        ledger.crashes()
    };
    assert_eq!(crashes(&[never(ended_with(42), &[42])]), 1, "the rule will restart it");
    assert_eq!(crashes(&[never(ended_with(1), &[42])]), 0, "it is not restarted: the phase decides");
    assert_eq!(
        crashes(&[never(ended_with(1), &[42]), never(running(1, 1, "Error"), &[42])]),
        1,
        "it was, all the same"
    );
    assert_eq!(crashes(&[never(running(5, 42, "Error"), &[42])]), 5);
    let plain = |count| counted(Role::App, RestartPolicy::Never, &[running(count, 0, "Completed")]);
    assert_eq!(plain(3), [3], "whatever restarts it");
}

#[test]
fn a_node_that_reboots_again_and_again_is_no_crash() {
    let unknown = |attempt| ended(attempt, 255, "Unknown");
    let lost = |attempt| Ended { container_id: None, ..ended(attempt, 137, "ContainerStatusUnknown") };
    let after = |count, end| status(count, ContainerState::Running, Some(end));
    assert_eq!(app(&[after(1, unknown(0)), after(2, unknown(1)), after(3, ended(2, 1, "Error"))]), [0, 0, 1]);
    assert_eq!(app(&[after(1, lost(0)), after(2, lost(1))]), [0, 0]);
    // The kubelet counts such an end as it makes it up, before the next attempt is there.
    let made_up = ContainerStatus { container_id: None, ..status(1, waiting("ContainerCreating"), Some(lost(0))) };
    assert_eq!(app(&[made_up, after(1, lost(0)), after(2, lost(1))]), [0, 0, 0]);
    let at_first = |state: ContainerStatus| {
        let mut ledger = CrashLedger::default();
        let around = Circumstances { at_first: true, ..around(RestartPolicy::Always) };
        ledger.observe(&container(Role::App, state), around);
        (ledger.crashes(), ledger.not_the_apps())
    };
    assert_eq!(at_first(after(2, unknown(1))), (0, 2), "two reboots before the gate began");
    assert_eq!(at_first(after(2, ended(1, 1, "Error"))), (2, 0));
    let crashed_since = status(2, ContainerState::Terminated(ended(2, 1, "Error")), Some(unknown(1)));
    assert_eq!(at_first(crashed_since), (1, 2));
}

#[test]
fn an_init_container_that_a_new_sandbox_runs_again_has_not_crashed() {
    let done = |count| status(count, ContainerState::Terminated(ended(count, 0, "Completed")), None);
    let again = |count: u32| {
        let last = ended(count - 1, 0, "Completed");
        ContainerStatus { last: Some(last), ..done(count) }
    };
    let states = [done(0), status(1, ContainerState::Running, again(1).last), again(1), again(2)];
    assert_eq!(counted(Role::Init, RestartPolicy::Always, &states), [0, 0, 0, 0]);
    let fails = status(3, ContainerState::Terminated(ended(3, 1, "Error")), Some(ended(2, 0, "Completed")));
    assert_eq!(counted(Role::Init, RestartPolicy::Always, &[done(0), again(1), again(2), fails]), [0, 0, 0, 1]);
}

#[test]
fn a_new_sandbox_excuses_the_attempt_that_it_ended_and_no_other() {
    let timed = |attempt, code, reason: &str, from: &str, to: &str| Ended {
        started_at: Some(format!("2026-11-21T03:{from}Z")),
        finished_at: Some(format!("2026-11-21T03:{to}Z")),
        ..ended(attempt, code, reason)
    };
    let crashes = |end: Ended, changed: &str| {
        let mut ledger = CrashLedger::default();
        let changed = format!("2026-11-21T03:{changed}Z");
        let around = Circumstances { sandbox_changed: Some(&changed), ..around(RestartPolicy::Always) };
        ledger.observe(&container(Role::App, status(1, ContainerState::Running, Some(end))), around);
        ledger.crashes()
    };
    assert_eq!(crashes(timed(0, 137, "Error", "01:00", "02:03"), "02:00"), 0, "killed for it");
    assert_eq!(crashes(timed(0, 1, "Error", "01:00", "02:03"), "02:00"), 0, "asked to end, in its own way");
    assert_eq!(crashes(timed(0, 143, "Error", "01:00", "01:30"), "02:00"), 0, "died with its node");
    assert_eq!(crashes(timed(0, 1, "Error", "01:00", "01:30"), "02:00"), 1, "crashed by itself before");
    assert_eq!(crashes(timed(0, 137, "Error", "02:05", "02:09"), "02:00"), 1, "started in the new sandbox");
    assert_eq!(crashes(timed(0, 137, "OOMKilled", "01:00", "02:03"), "02:00"), 1);
    assert_eq!(crashes(timed(0, 128, "StartError", "00:00", "02:03"), "02:00"), 1, "never ran");
    assert_eq!(crashes(ended(0, 137, "Error"), "02:00"), 1, "without stamps nothing is known");
    // One that was counted before the sandbox changed, and that runs again, stays counted.
    let mut ledger = CrashLedger::default();
    let state = || status(1, ContainerState::Running, Some(timed(0, 137, "Error", "01:00", "01:30")));
    ledger.observe(&container(Role::App, state()), around(RestartPolicy::Always));
    let changed = Circumstances { sandbox_changed: Some("2026-11-21T03:02:00Z"), ..around(RestartPolicy::Always) };
    ledger.observe(&container(Role::App, state()), changed);
    assert_eq!(ledger.crashes(), 1);
}

#[test]
fn counts_at_the_end_of_the_type_do_not_overflow() {
    let last = || Some(ended(u32::MAX - 1, 1, "Error"));
    assert_eq!(app(&[status(u32::MAX, ContainerState::Running, last())]), [u32::MAX]);
    let down = ContainerState::Terminated(ended(u32::MAX, 1, "Error"));
    assert_eq!(
        app(&[status(u32::MAX, down, last()), status(u32::MAX, waiting("CrashLoopBackOff"), last())]),
        [u32::MAX; 2]
    );
}

#[test]
fn an_end_that_the_kubelet_made_up_is_not_the_newest_crash() {
    let nameless = || Ended { container_id: None, ..ended(0, 137, "ContainerStatusUnknown") };
    let mut ledger = CrashLedger::default();
    let state = status(0, ContainerState::Terminated(nameless()), None);
    ledger.observe(&container(Role::App, state), around(RestartPolicy::Always));
    assert_eq!((ledger.crashes(), ledger.newest()), (0, None));
    // One of the app's own that has no ID either is one.
    let state = status(1, ContainerState::Terminated(Ended { container_id: None, ..ended(1, 3, "Error") }), None);
    ledger.observe(&container(Role::App, state), around(RestartPolicy::Always));
    assert_eq!(ledger.newest().map(|(attempt, ended)| (attempt, ended.exit_code)), Some((1, 3)));
    let mut fresh = CrashLedger::default();
    let state = status(0, ContainerState::Terminated(Ended { container_id: None, ..ended(0, 3, "Error") }), None);
    fresh.observe(&container(Role::App, state), around(RestartPolicy::Always));
    assert_eq!(fresh.crashes(), 1);
}

#[test]
fn the_newest_end_is_remembered_with_its_attempt() {
    let mut ledger = CrashLedger::default();
    let newest = |ledger: &CrashLedger| ledger.newest().map(|(attempt, ended)| (attempt, ended.exit_code));
    let observe = |ledger: &mut CrashLedger, state| {
        ledger.observe(&container(Role::App, state), around(RestartPolicy::Always));
    };
    observe(&mut ledger, status(0, ContainerState::Terminated(ended(0, 3, "Error")), None));
    assert_eq!(newest(&ledger), Some((0, 3)));
    observe(&mut ledger, status(1, ContainerState::Running, Some(ended(0, 3, "Error"))));
    assert_eq!(newest(&ledger), Some((0, 3)));
    observe(&mut ledger, status(1, ContainerState::Terminated(ended(1, 4, "Error")), Some(ended(0, 3, "Error"))));
    assert_eq!(newest(&ledger), Some((1, 4)));
    observe(&mut ledger, status(0, ContainerState::Terminated(ended(0, 3, "Error")), None));
    assert_eq!(newest(&ledger), Some((1, 4)), "an older state told late");
}

/// The state of an attempt with an ID of its own, whatever its number.
fn attempt_of(id: &str, count: u32, state: ContainerState, last: Option<(&str, i32)>) -> ContainerStatus {
    let last = last.map(|(id, code)| Ended { container_id: Some(id.to_owned()), ..ended(0, code, "Error") });
    let state = match state {
        ContainerState::Terminated(ended) => {
            ContainerState::Terminated(Ended { container_id: Some(id.to_owned()), ..ended })
        }
        other => other,
    };
    ContainerStatus { container_id: Some(id.to_owned()), ..status(count, state, last) }
}

#[test]
fn a_count_that_begins_anew_goes_on_top_of_what_was_counted() {
    use ContainerState::{Running, Terminated};
    let states = [
        attempt_of("c", 2, Running, Some(("b", 1))),
        // The node lost what it had of the pod.
        attempt_of("d", 0, Running, None),
        attempt_of("d", 0, Running, Some(("c", 1))),
        attempt_of("d", 0, Terminated(ended(0, 1, "Error")), None),
        attempt_of("e", 1, Running, Some(("d", 1))),
        attempt_of("f", 2, Running, Some(("e", 1))),
    ];
    assert_eq!(counted(Role::App, RestartPolicy::Always, &states), [2, 2, 2, 3, 3, 4]);
}

#[test]
fn the_crash_of_an_attempt_that_takes_the_number_of_an_excused_one_counts() {
    use ContainerState::{Running, Terminated};
    let states = [
        attempt_of("a", 0, Terminated(ended(0, 255, "Unknown")), None),
        attempt_of("b", 0, Running, None),
        attempt_of("b", 0, Terminated(ended(0, 1, "Error")), None),
        attempt_of("c", 1, Running, Some(("b", 1))),
    ];
    assert_eq!(counted(Role::App, RestartPolicy::Always, &states), [0, 0, 1, 1]);
}

#[test]
fn an_older_state_of_an_attempt_that_is_known_begins_no_new_count() {
    use ContainerState::Running;
    let states = [
        attempt_of("b", 1, Running, Some(("a", 1))),
        attempt_of("c", 2, Running, Some(("b", 1))),
        attempt_of("b", 1, Running, Some(("a", 1))),
        attempt_of("c", 2, Running, Some(("b", 1))),
    ];
    assert_eq!(counted(Role::App, RestartPolicy::Always, &states), [1, 2, 2, 2]);
}

#[test]
fn the_process_that_an_update_in_place_ends_is_known_by_its_container_whatever_the_clocks_say() {
    let updated = |is_to_come: bool, status: ContainerStatus| Container {
        in_place: Some(InPlaceUpdate {
            revision: "2".to_owned(),
            at: Some("2020-01-01T00:00:00Z".to_owned()),
            is_to_come,
        }),
        ..container(Role::App, status)
    };
    let around = |at_first| Circumstances {
        policy: RestartPolicy::Always,
        resize: PodResize::Settled,
        at_first,
        sandbox_changed: None,
    };
    let mut ledger = CrashLedger::default();
    ledger.observe(&updated(true, attempt_of("old", 0, ContainerState::Running, None)), around(true));
    ledger.observe(&updated(false, attempt_of("new", 1, ContainerState::Running, Some(("old", 0)))), around(false));
    assert_eq!((ledger.crashes(), ledger.not_the_apps()), (0, 1));
    ledger.observe(&updated(false, attempt_of("newer", 2, ContainerState::Running, Some(("new", 1)))), around(false));
    assert_eq!((ledger.crashes(), ledger.not_the_apps()), (1, 1), "the new version crashed");
}

#[test]
fn an_update_in_place_ends_one_process_however_the_clocks_differ() {
    let before = |attempt: u32| Ended {
        container_id: None,
        started_at: Some("2026-11-21T02:00:00Z".to_owned()),
        ..ended(attempt, 1, "Error")
    };
    let updated = |is_to_come: bool, count: u32, last: Option<Ended>| Container {
        in_place: Some(InPlaceUpdate {
            revision: "2".to_owned(),
            at: Some("2026-11-21T03:00:00Z".to_owned()),
            is_to_come,
        }),
        ..container(Role::App, ContainerStatus { container_id: None, ..status(count, ContainerState::Running, last) })
    };
    let around = |at_first| Circumstances {
        policy: RestartPolicy::Always,
        resize: PodResize::Settled,
        at_first,
        sandbox_changed: None,
    };
    let mut ledger = CrashLedger::default();
    ledger.observe(&updated(true, 0, None), around(true));
    ledger.observe(&updated(false, 1, Some(before(0))), around(false));
    assert_eq!(ledger.crashes(), 0);
    // The node's clock is behind: by its stamps this process too was started before the update.
    ledger.observe(&updated(false, 2, Some(before(1))), around(false));
    assert_eq!(ledger.crashes(), 1);
}
