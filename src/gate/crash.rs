//! Counting crashes: each once, from whichever field of the API shows it first.
//!
//! A crash is told by up to three fields (`state.terminated`, `lastState.terminated`, `restartCount`), in any order and
//! again and again. `restartCount` is the number of the newest attempt, counted from 0, so the number of ends so far is
//! `restartCount`, and one more while the newest attempt is not running although it had started. Ends that were seen
//! with their container ID and are not the app's are taken off.

use std::collections::BTreeSet;

use super::exit;
use super::pod::{Container, ContainerState, ContainerStatus, Ended, RestartPolicy, Role};

/// All that is known of the ends of one container of one pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CrashLedger {
    /// The most ends that any observation told of.
    ends: u32,
    /// The ends that decide nothing, by the container ID of their attempt.
    excused: BTreeSet<String>,
    /// Ends that decide nothing and have no container ID (an end that the kubelet made up).
    excused_nameless: u32,
    /// The newest end that counts, and the number of its attempt.
    newest: Option<(u32, Ended)>,
    /// The most crashes counted so far: a crash that was counted stays counted.
    crashes: u32,
}

impl CrashLedger {
    /// Takes in an observation of the container. `pod_policy` is the pod's `restartPolicy`; `resizing` is true while an
    /// in-place resize of this container may restart it.
    pub fn observe(&mut self, container: &Container, pod_policy: RestartPolicy, resizing: bool) {
        let Some(status) = &container.status else { return };
        let newest_end = newest_end(status);
        let ends = status.restart_count + u32::from(newest_end.is_some() && !is_of_earlier_attempt(status));
        self.ends = self.ends.max(ends);
        let policy = container.restart_policy.unwrap_or(pod_policy);
        for ended in ends_shown(status) {
            let excused = !counts(ended, container.role, policy)
                || (resizing && self.newest.as_ref().is_none_or(|(_, known)| known.container_id != ended.container_id));
            if excused {
                self.excuse(ended);
            }
        }
        if let Some((attempt, ended)) = newest_end
            && !self.is_excused(ended)
            && self.newest.as_ref().is_none_or(|(known, _)| *known <= attempt)
        {
            self.newest = Some((attempt, ended.clone()));
        }
        let excused = u32::try_from(self.excused.len()).unwrap_or(u32::MAX).saturating_add(self.excused_nameless);
        self.crashes = self.crashes.max(self.ends.saturating_sub(excused));
        if self.crashes == 0 && is_in_back_off(status) {
            // The kubelet backs off only after an end that it wants to mend by a restart, shown or not.
            self.crashes = 1;
        }
    }

    /// Crashes so far.
    #[must_use]
    pub fn crashes(&self) -> u32 {
        self.crashes
    }

    /// The newest end that counts as a crash, with the number of its attempt (0 is the first start).
    #[must_use]
    pub fn newest(&self) -> Option<(u32, &Ended)> {
        self.newest.as_ref().map(|(attempt, ended)| (*attempt, ended))
    }

    fn excuse(&mut self, ended: &Ended) {
        match &ended.container_id {
            Some(id) => {
                self.excused.insert(id.clone());
            }
            None => self.excused_nameless = 1,
        }
    }

    fn is_excused(&self, ended: &Ended) -> bool {
        match &ended.container_id {
            Some(id) => self.excused.contains(id),
            None => self.excused_nameless > 0 && exit::is_the_nodes(ended),
        }
    }
}

/// The ends that a status shows, the newer first.
fn ends_shown(status: &ContainerStatus) -> impl Iterator<Item = &Ended> {
    let now = match &status.state {
        ContainerState::Terminated(ended) => Some(ended),
        _ => None,
    };
    now.into_iter().chain(status.last.as_ref())
}

/// The newest end that a status shows, with the number of the attempt that ended.
fn newest_end(status: &ContainerStatus) -> Option<(u32, &Ended)> {
    match (&status.state, &status.last) {
        // While it runs, `lastState` is the attempt before. It is only reported once there was one.
        (ContainerState::Running, Some(ended)) => Some((status.restart_count.saturating_sub(1), ended)),
        // While it waits, the newest attempt is the dead one of `lastState`.
        (ContainerState::Terminated(ended), _) | (_, Some(ended)) => Some((status.restart_count, ended)),
        (_, None) => None,
    }
}

/// The newest end that a status shows, with the number of the attempt that ended, whatever it means.
#[must_use]
pub fn end_shown(status: &ContainerStatus) -> Option<(u32, &Ended)> {
    let (attempt, ended) = newest_end(status)?;
    let of_earlier = !matches!(status.state, ContainerState::Running) && is_of_earlier_attempt(status);
    Some((attempt.saturating_sub(u32::from(of_earlier)), ended))
}

/// True where the newest end shown belongs to an attempt before the newest one, which `restartCount` has counted.
fn is_of_earlier_attempt(status: &ContainerStatus) -> bool {
    match (&status.state, &status.last) {
        (ContainerState::Running, _) => true,
        (ContainerState::Terminated(_), _) => false,
        (_, Some(ended)) => {
            // A new attempt that was created and is not started yet has an ID of its own.
            status.container_id.is_some() && ended.container_id.is_some() && status.container_id != ended.container_id
        }
        (_, None) => true,
    }
}

/// True where the kubelet says that it backs off from restarting it.
#[must_use]
pub fn is_in_back_off(status: &ContainerStatus) -> bool {
    matches!(&status.state, ContainerState::Waiting { reason: Some(reason), .. } if reason == "CrashLoopBackOff")
}

/// True where an end of a container in this role is a crash: one that the restart policy would restart, exit code 0
/// included, or a non-zero end of an init container.
fn counts(ended: &Ended, role: Role, policy: RestartPolicy) -> bool {
    if exit::is_the_nodes(ended) {
        return false;
    }
    match role {
        Role::Init => ended.exit_code != 0,
        // A sidecar is restarted whatever the pod's policy.
        Role::Sidecar => true,
        Role::App => match policy {
            RestartPolicy::Always => true,
            RestartPolicy::OnFailure => ended.exit_code != 0,
            // Nothing is restarted: the pod's phase decides.
            RestartPolicy::Never => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::CrashLedger;
    use crate::gate::pod::{Container, ContainerState, ContainerStatus, Ended, Probes, RestartPolicy, Role};

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
            resize_restarts: false,
            probes: Probes::default(),
            status: Some(status),
        }
    }

    /// The crashes after each of these states, told one after the other.
    fn counted(role: Role, policy: RestartPolicy, states: &[ContainerStatus]) -> Vec<u32> {
        let mut ledger = CrashLedger::default();
        let mut counts = Vec::new();
        for state in states {
            // Told twice: repeats must not count.
            for _ in 0..2 {
                ledger.observe(&container(role, state.clone()), policy, false);
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

    #[test]
    fn a_resize_excuses_the_ends_that_come_with_it_and_not_those_before() {
        let mut ledger = CrashLedger::default();
        let mut observe = |state, resizing| {
            ledger.observe(&container(Role::App, state), RestartPolicy::Always, resizing);
            ledger.crashes()
        };
        assert_eq!(observe(status(0, ContainerState::Terminated(ended(0, 1, "Error")), None), false), 1);
        assert_eq!(observe(status(1, ContainerState::Running, Some(ended(0, 1, "Error"))), true), 1, "known before");
        assert_eq!(observe(status(2, ContainerState::Running, Some(ended(1, 137, "Error"))), true), 1, "the resize's");
        assert_eq!(observe(status(3, ContainerState::Running, Some(ended(2, 1, "Error"))), false), 2);
    }

    #[test]
    fn an_end_that_the_kubelet_made_up_is_not_the_newest_crash() {
        let nameless = || Ended { container_id: None, ..ended(0, 137, "ContainerStatusUnknown") };
        let mut ledger = CrashLedger::default();
        let state = status(0, ContainerState::Terminated(nameless()), None);
        ledger.observe(&container(Role::App, state), RestartPolicy::Always, false);
        assert_eq!((ledger.crashes(), ledger.newest()), (0, None));
        // One of the app's own that has no ID either is one.
        let state = status(1, ContainerState::Terminated(Ended { container_id: None, ..ended(1, 3, "Error") }), None);
        ledger.observe(&container(Role::App, state), RestartPolicy::Always, false);
        assert_eq!(ledger.newest().map(|(attempt, ended)| (attempt, ended.exit_code)), Some((1, 3)));
        let mut fresh = CrashLedger::default();
        let state = status(0, ContainerState::Terminated(Ended { container_id: None, ..ended(0, 3, "Error") }), None);
        fresh.observe(&container(Role::App, state), RestartPolicy::Always, false);
        assert_eq!(fresh.crashes(), 1);
    }

    #[test]
    fn the_newest_end_is_remembered_with_its_attempt() {
        let mut ledger = CrashLedger::default();
        let newest = |ledger: &CrashLedger| ledger.newest().map(|(attempt, ended)| (attempt, ended.exit_code));
        let observe = |ledger: &mut CrashLedger, state| {
            ledger.observe(&container(Role::App, state), RestartPolicy::Always, false);
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
}
