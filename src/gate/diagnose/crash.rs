//! Counting crashes: each once, from whichever field of the API shows it first.
//!
//! A crash is told by up to three fields (`state.terminated`, `lastState.terminated`, `restartCount`), in any order and
//! again and again. `restartCount` is the number of the newest attempt, counted from 0, so the number of ends so far is
//! `restartCount`, and one more while the newest attempt is not running although it had started. Ends that were seen and
//! are not the app's are taken off, each by the number of its attempt.

use std::collections::{BTreeMap, BTreeSet};

use super::{exit_code, restart_policy};
use crate::gate::model::{
    Container, ContainerState, ContainerStatus, Ended, InPlaceUpdate, PodResize, RestartPolicy, Role, is_earlier,
};

/// All that is known of the ends of one container of one pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CrashLedger {
    /// The most ends that any observation told of.
    ends: u32,
    /// The attempts whose ends decide nothing, each with its container ID, where it has one.
    excused: BTreeMap<u32, Option<String>>,
    /// The oldest attempt whose end was shown when the pod was first seen.
    oldest: Option<u32>,
    /// The newest end that counts, and the number of its attempt.
    newest: Option<(u32, Ended)>,
    /// The kubelet said that it backs off from restarting it, with no end that explains it.
    backed_off: bool,
    resize: ResizeWatch,
    in_place: InPlaceWatch,
    count: Count,
}

/// The last update of the container in place. What ran before it is not of the version that it led to, however it ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct InPlaceWatch {
    update: Option<InPlaceUpdate>,
    /// The container ID of the process that it ends, where that was seen while it still ran.
    ends: Option<String>,
    /// So many attempts were made before it.
    forgiven: u32,
    /// The attempt that it ended, once another process runs.
    replaced: Option<u32>,
}

impl InPlaceWatch {
    /// True for the end of the process that was seen to run before the update; where none was seen, of one that was started
    /// before it, by the stamps of the node and of the controller. And for none after the one that the update ended.
    fn explains(&self, attempt: u32, ended: &Ended) -> bool {
        let Some(update) = &self.update else { return false };
        if let (Some(expected), Some(id)) = (&self.ends, &ended.container_id) {
            return expected == id;
        }
        let Some(at) = update.at.as_deref() else { return false };
        let is_in_turn = self.replaced.is_none_or(|replaced| attempt <= replaced);
        is_in_turn && ended.started_at.as_deref().is_some_and(|started| is_earlier(started, at))
    }
}

/// The counting of the kubelet, which can begin anew: it rests on what the node has of the pod (its containers, their log
/// files), and a node can lose that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Count {
    /// The highest `restartCount` since the counting began.
    highest: u32,
    /// The attempt that the state said had ended, with its container ID.
    over: Option<(u32, String)>,
    /// The IDs of all attempts that were seen, once there was more than one.
    seen: BTreeSet<String>,
    /// The same, of those before the counting began anew.
    past: BTreeSet<String>,
    /// The crashes before that.
    crashes: u32,
    /// The ends before that which are not the app's.
    not_the_apps: u32,
}

impl Count {
    /// True where this status is of an attempt that was not seen before, under a number that has had its turn.
    fn begins_anew(&self, status: &ContainerStatus) -> bool {
        let Some(id) = status.container_id.as_ref().filter(|id| !self.seen.contains(*id)) else { return false };
        let has_begun = matches!(status.state, ContainerState::Running | ContainerState::Terminated(_));
        let number = status.restart_count;
        let was_over = self.over.as_ref().is_some_and(|(attempt, known)| *attempt == number && known != id);
        has_begun && (number < self.highest || was_over)
    }

    fn note(&mut self, status: &ContainerStatus) {
        self.highest = self.highest.max(status.restart_count);
        if let (ContainerState::Terminated(_), Some(id)) = (&status.state, &status.container_id) {
            self.over = Some((status.restart_count, id.clone()));
        }
        let ended = ends_shown(status).filter_map(|(_, ended)| ended.container_id.as_ref());
        self.seen.extend(status.container_id.iter().chain(ended).cloned());
    }
}

/// A resize in place that may still restart the container: once, and not twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct ResizeWatch {
    /// The amounts that were last asked for.
    asked: Option<String>,
    /// Their restart is still to come.
    open: bool,
}

/// What the ledger looks at beside the container itself.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The pod's `restartPolicy`.
    pub policy: RestartPolicy,
    /// How far an in-place resize of the pod is.
    pub resize: PodResize,
    /// True where the pod is seen for the first time: what went before is known only as far as its status tells.
    pub at_first: bool,
    /// When the kubelet last said that it replaces the pod's sandbox (event `SandboxChanged`), as the server wrote it.
    pub sandbox_changed: Option<&'a str>,
}

/// What an end is to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Crash,
    /// Not the app's.
    Excused,
    /// It ended for good, as far as is known: the phase of the pod decides.
    Final,
}

impl CrashLedger {
    /// Takes in an observation of the container.
    pub fn observe(&mut self, container: &Container, around: Circumstances<'_>) {
        let Some(status) = &container.status else { return };
        if self.count.begins_anew(status) {
            self.begin_anew();
        }
        let told_before = self.ends;
        self.begin_update(container, status, around.at_first);
        let is_past = |ended: &Ended| ended.container_id.as_ref().is_some_and(|id| self.count.past.contains(id));
        let shown: Vec<(u32, &Ended, Meaning)> = ends_shown(status)
            .filter(|(_, ended)| !is_past(ended))
            .map(|(attempt, ended)| (attempt, ended, meaning(container, status, attempt, ended, around.policy)))
            .collect();
        let counted = shown.iter().filter(|(.., meaning)| *meaning != Meaning::Final);
        let shown_ends = counted.map(|(attempt, ..)| attempt.saturating_add(1)).max().unwrap_or(0);
        self.ends = self.ends.max(status.restart_count).max(shown_ends);
        if around.at_first {
            self.oldest = shown.iter().map(|(attempt, ..)| *attempt).min();
        }
        self.begin_resize(container, around);
        for (attempt, ended, meaning) in shown.into_iter().rev() {
            let is_new = attempt >= told_before;
            // An end that was counted while the container runs again is older than the sandbox that was changed.
            let is_open = is_new || status.state != ContainerState::Running || self.oldest == Some(attempt);
            let of_sandbox = is_open && around.sandbox_changed.is_some_and(|when| spans(ended, when));
            if meaning == Meaning::Final {
                continue;
            }
            let of_update = self.in_place.explains(attempt, ended);
            if of_update && self.in_place.update.as_ref().is_some_and(|update| !update.is_to_come) {
                self.in_place.replaced.get_or_insert(attempt);
            }
            if meaning == Meaning::Excused || of_sandbox || of_update {
                self.excuse(attempt, ended);
            } else if is_new && self.resize_restarts(ended, around) {
                self.resize.open = false;
                self.excuse(attempt, ended);
            }
            let is_newer = self.newest.as_ref().is_none_or(|(known, _)| *known <= attempt);
            if is_newer && !self.is_excused(attempt, ended) {
                self.newest = Some((attempt, ended.clone()));
            }
        }
        let is_applied = container.resize.as_ref().is_none_or(|resize| resize.applied);
        if is_applied && around.resize == PodResize::Settled && self.ends == told_before {
            // It has what was asked for, and no restart came: none will.
            self.resize.open &= status.state != ContainerState::Running;
        }
        self.backed_off |= is_in_back_off(status);
        if self.ends > 0 {
            self.count.note(status);
        }
    }

    /// Begins to count for another version where the container was updated in place: what it did before was another's.
    fn begin_update(&mut self, container: &Container, status: &ContainerStatus, at_first: bool) {
        let Some(update) = &container.in_place else { return };
        let old = status.container_id.clone().filter(|_| update.is_to_come);
        if let Some(known) = self.in_place.update.as_mut().filter(|known| known.is_same(update)) {
            known.is_to_come = update.is_to_come;
            self.in_place.ends = old.or(self.in_place.ends.take());
            return;
        }
        let forgiven = match (at_first, update.is_to_come) {
            (true, true) => status.restart_count,
            // The end that the update itself made, at the least.
            (true, false) => status.restart_count.min(1),
            (false, _) => self.ends,
        };
        self.excused.retain(|attempt, _| *attempt >= forgiven);
        self.newest = None;
        self.backed_off = false;
        self.count.not_the_apps = self.count.not_the_apps.saturating_add(self.count.crashes);
        self.count.crashes = 0;
        self.in_place = InPlaceWatch { update: Some(update.clone()), ends: old, forgiven, replaced: None };
    }

    /// Goes on with a counting that began anew, on top of what was counted so far.
    fn begin_anew(&mut self) {
        let count = Count {
            crashes: self.crashes(),
            not_the_apps: self.not_the_apps(),
            past: std::mem::take(&mut self.count.seen),
            ..Count::default()
        };
        let newest = self.newest().map(|(_, ended)| (0, ended.clone()));
        let in_place = InPlaceWatch { forgiven: 0, replaced: None, ..std::mem::take(&mut self.in_place) };
        *self = Self { newest, count, in_place, resize: std::mem::take(&mut self.resize), ..Self::default() };
    }

    /// Crashes so far.
    #[must_use]
    pub fn crashes(&self) -> u32 {
        // The kubelet backs off only after an end that it wants to mend by a restart, shown or not.
        let backed_off = self.backed_off && self.excused.is_empty();
        let since = self.ends.saturating_sub(self.excused_ends()).max(u32::from(backed_off));
        self.count.crashes.saturating_add(since)
    }

    /// Ends so far that are not the app's: those that were seen, and those before the first sight of the pod of which
    /// nothing is known but that the one after them was not the app's.
    #[must_use]
    pub fn not_the_apps(&self) -> u32 {
        self.count.not_the_apps.saturating_add(self.excused_ends())
    }

    /// The same, since the counting began.
    fn excused_ends(&self) -> u32 {
        let unknown = self.oldest.filter(|attempt| self.excused.contains_key(attempt)).unwrap_or(0);
        let before = unknown.max(self.in_place.forgiven);
        let since = self.excused.keys().filter(|attempt| **attempt >= before).count();
        u32::try_from(since).unwrap_or(u32::MAX).saturating_add(before)
    }

    /// The newest end that counts as a crash, with the number of its attempt (0 is the first start).
    #[must_use]
    pub fn newest(&self) -> Option<(u32, &Ended)> {
        let (attempt, ended) = self.newest.as_ref()?;
        (!self.is_excused(*attempt, ended)).then_some((*attempt, ended))
    }

    /// Returns true for an end that an update of the container in place made, or that came before it took effect: what ended is
    /// not of the version that the update led to.
    #[must_use]
    pub fn is_of_update(&self, attempt: u32, ended: &Ended) -> bool {
        self.in_place.explains(attempt, ended)
    }

    /// A resize begins when other amounts are asked for than before, or where one is under way at the first sight.
    fn begin_resize(&mut self, container: &Container, around: Circumstances<'_>) {
        let Some(resize) = &container.resize else { return };
        if self.resize.asked.as_ref() == Some(&resize.asked) {
            return;
        }
        let under_way = !resize.applied || around.resize == PodResize::InProgress;
        let known = self.resize.asked.replace(resize.asked.clone());
        self.resize.open = under_way || known.is_some();
    }

    /// True where this end may be the one restart of a resize: the kubelet ends the container itself for it, and only
    /// for a resize that it applies.
    fn resize_restarts(&self, ended: &Ended, around: Circumstances<'_>) -> bool {
        self.resize.open && !around.at_first && around.resize != PodResize::Stuck && !exit_code::is_out_of_memory(ended)
    }

    fn excuse(&mut self, attempt: u32, ended: &Ended) {
        if !self.is_excused(attempt, ended) {
            self.excused.insert(attempt, ended.container_id.clone());
        }
    }

    fn is_excused(&self, attempt: u32, ended: &Ended) -> bool {
        let id = ended.container_id.as_ref();
        let same = |known: &Option<String>| known.is_none() || id.is_none() || known.as_ref() == id;
        self.excused.get(&attempt).is_some_and(same)
            || (id.is_some() && self.excused.values().any(|known| known.as_ref() == id))
    }
}

/// The ends that a status shows with the number of their attempts, the newer first.
fn ends_shown(status: &ContainerStatus) -> impl Iterator<Item = (u32, &Ended)> {
    let count = status.restart_count;
    let (now, before) = match &status.state {
        ContainerState::Terminated(ended) => (Some((count, ended)), count.checked_sub(1)),
        ContainerState::Running => (None, Some(count.saturating_sub(1))),
        _ => (None, Some(count.saturating_sub(u32::from(is_of_earlier_attempt(status))))),
    };
    now.into_iter().chain(before.zip(status.last.as_ref()))
}

/// The newest end that a status shows, with the number of the attempt that ended, whatever it means.
#[must_use]
pub fn end_shown(status: &ContainerStatus) -> Option<(u32, &Ended)> {
    ends_shown(status).next()
}

/// True where the end in `lastState` of a container that waits belongs to an attempt before the newest one.
fn is_of_earlier_attempt(status: &ContainerStatus) -> bool {
    status.last.as_ref().is_none_or(|ended| {
        // A new attempt that was created and is not started yet has an ID of its own. An end that the kubelet made up for
        // a container that it lost is counted as it is made up.
        let has_another_id =
            status.container_id.is_some() && ended.container_id.is_some() && status.container_id != ended.container_id;
        has_another_id || exit_code::is_made_up(ended)
    })
}

/// True where the kubelet says that it backs off from restarting it.
#[must_use]
pub fn is_in_back_off(status: &ContainerStatus) -> bool {
    matches!(&status.state, ContainerState::Waiting { reason: Some(reason), .. } if reason == "CrashLoopBackOff")
}

/// What the end of an attempt is: a crash where the container was restarted after it or is to be, exit code 0 included,
/// and where an init container failed.
fn meaning(
    container: &Container,
    status: &ContainerStatus,
    attempt: u32,
    ended: &Ended,
    pod_policy: RestartPolicy,
) -> Meaning {
    let is_over = attempt == status.restart_count && matches!(status.state, ContainerState::Terminated(_));
    if exit_code::is_the_nodes(ended) {
        return Meaning::Excused;
    }
    match container.role {
        Role::Init if ended.exit_code == 0 && is_over => Meaning::Final,
        // It had done its work, and only a new sandbox runs it again.
        Role::Init if ended.exit_code == 0 => Meaning::Excused,
        Role::App if is_over && !restart_policy::follows(container, pod_policy, ended.exit_code) => Meaning::Final,
        _ => Meaning::Crash,
    }
}

/// True where the attempt was under way when its pod's sandbox was given up: it had started before, and either ended
/// after that or was killed with the sandbox. Both stamps are of the node's own clock.
fn spans(ended: &Ended, sandbox_changed: &str) -> bool {
    let (Some(started), Some(finished)) = (&ended.started_at, &ended.finished_at) else { return false };
    let was_killed = matches!(ended.exit_code, 137 | 143);
    !exit_code::is_out_of_memory(ended)
        && !exit_code::never_ran(ended)
        && !is_earlier(sandbox_changed, started)
        && (was_killed || !is_earlier(finished, sandbox_changed))
}

#[cfg(test)]
mod tests;
