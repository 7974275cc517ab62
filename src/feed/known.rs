//! What a feed remembers of a pod: as little as it needs to tell what changed. Twenty thousand of them are held at once.

use super::event::{Change, ContainerRef, End, PodRef, Sign};
use super::trouble;
use crate::gate::diagnose::{CrashBook, CrashLedger, crash, disruption, exit_code};
use crate::gate::model::{Container, ContainerStatus, Ended, InPlaceUpdate, Phase, Pod};
use crate::gate::result::Code;

/// A pod as it was last seen.
#[derive(Debug)]
pub(super) struct Known {
    pub pod: PodRef,
    pub ready: bool,
    pub restarts: u32,
    deleting: bool,
    containers: Vec<KnownContainer>,
    /// The causes of waiting that were told.
    waits: Vec<(Option<Box<str>>, Box<str>)>,
    crashes: CrashBook,
}

#[derive(Debug)]
struct KnownContainer {
    name: Box<str>,
    restarts: u32,
    /// The number of the newest attempt whose end was told.
    ended: Option<u32>,
    crashes: u32,
    in_crash_loop: bool,
    /// The update in place that was seen last.
    update: Option<Box<InPlaceUpdate>>,
}

impl Known {
    /// A pod that nothing is known of yet: as every pod is when it is created.
    pub fn new(pod: &Pod) -> Self {
        Self {
            pod: PodRef { node: None, phase: Some(Phase::Pending), ..PodRef::of(pod) },
            ready: false,
            restarts: 0,
            deleting: false,
            containers: Vec::new(),
            waits: Vec::new(),
            crashes: CrashBook::default(),
        }
    }

    /// Takes in a state of the pod, and says what changed.
    pub fn observe(&mut self, pod: &Pod) -> Vec<Change> {
        let mut changes = Vec::new();
        self.pod.node.clone_from(&pod.node);
        if pod.deleting && !self.deleting {
            self.deleting = true;
            changes.push(Change::Terminating { why: disruption::disturbed(pod) });
        }
        let phase = self.phase(pod);
        let is_end = matches!(pod.phase, Some(Phase::Succeeded | Phase::Failed));
        let (at_first, at_last) = if is_end { (None, phase) } else { (phase, None) };
        changes.extend(at_first);
        self.wait(pod, &mut changes);
        self.crashes.observe(pod, None);
        for container in &pod.containers {
            self.container(pod, container, &mut changes);
        }
        self.restarts = self.containers.iter().fold(0, |sum: u32, container| sum.saturating_add(container.restarts));
        self.readiness(pod, is_end, &mut changes);
        changes.extend(at_last);
        changes
    }

    fn phase(&mut self, pod: &Pod) -> Option<Change> {
        // A status without a phase says nothing of it.
        if pod.phase.is_none() || pod.phase == self.pod.phase {
            return None;
        }
        let from = std::mem::replace(&mut self.pod.phase, pod.phase);
        Some(Change::Phase { from, to: pod.phase, reason: pod.reason.clone(), message: pod.message.clone() })
    }

    fn wait(&mut self, pod: &Pod, changes: &mut Vec<Change>) {
        self.waits.retain(|(container, _)| match container {
            Some(container) => !trouble::runs(pod, container),
            None => pod.node.is_none(),
        });
        for wait in trouble::waits(pod) {
            let told = |(container, family): &(Option<Box<str>>, Box<str>)| {
                container.as_deref() == wait.container && **family == *wait.family()
            };
            if self.waits.iter().any(told) {
                continue;
            }
            self.waits.push((wait.container.map(Into::into), wait.family().into()));
            let container = pod.containers.iter().find(|container| Some(container.name.as_str()) == wait.container);
            changes.push(Change::Waiting {
                container: container.map(container_ref),
                reason: wait.reason.to_owned(),
                message: wait.message.filter(|message| !message.is_empty()).map(str::to_owned),
            });
        }
    }

    fn container(&mut self, pod: &Pod, container: &Container, changes: &mut Vec<Change>) {
        let Some(status) = &container.status else { return };
        let place = self.containers.iter().position(|known| *known.name == *container.name);
        let place = place.unwrap_or_else(|| {
            self.containers.push(KnownContainer {
                name: container.name.as_str().into(),
                restarts: 0,
                ended: None,
                crashes: 0,
                in_crash_loop: false,
                update: None,
            });
            self.containers.len() - 1
        });
        let known = &mut self.containers[place];
        let ledger = self.crashes.of(&container.name);
        known.begin_update(container, ledger);
        let of_update = |attempt: u32, ended: &Ended| ledger.is_some_and(|ledger| ledger.is_of_update(attempt, ended));
        let shown = crash::end_shown(status);
        let was_updated = shown.is_some_and(|(attempt, ended)| {
            attempt.checked_add(1) == Some(status.restart_count) && of_update(attempt, ended)
        });
        let shown = shown.filter(|(attempt, _)| known.ended.is_none_or(|told| told < *attempt));
        let ended = shown.and_then(|(attempt, ended)| {
            known.ended = Some(attempt);
            let change = Change::Ended { container: container_ref(container), end: end(ended) };
            (!of_update(attempt, ended)).then_some((attempt, change))
        });
        let restarted = (status.restart_count > known.restarts).then(|| {
            known.restarts = status.restart_count;
            let (container_ref, restarts) = (container_ref(container), status.restart_count);
            match container.in_place.as_ref().filter(|_| was_updated) {
                Some(update) => {
                    Change::Updated { container: container_ref, revision: update.revision.clone(), restarts }
                }
                None => Change::Restarted { container: container_ref, restarts },
            }
        });
        match ended {
            // The attempt that ended is the one that was started last.
            Some((attempt, ended)) if attempt == status.restart_count => {
                changes.extend(restarted.into_iter().chain([ended]));
            }
            ended => changes.extend(ended.map(|(_, ended)| ended).into_iter().chain(restarted)),
        }
        if !pod.deleting {
            changes.extend(known.crash_loop(container, status, &self.crashes));
        }
    }

    fn readiness(&mut self, pod: &Pod, is_end: bool, changes: &mut Vec<Change>) {
        let was = std::mem::replace(&mut self.ready, pod.says_ready());
        match (was, self.ready) {
            (false, true) => changes.push(Change::Ready),
            (true, false) => {
                let reason = pod.ready.as_ref().and_then(|ready| ready.reason.clone());
                // That is how the kubelet begins to say that the pod has ended.
                if !is_end && !matches!(reason.as_deref(), Some("PodCompleted" | "PodFailed")) {
                    changes.push(Change::NotReady { reason });
                }
            }
            _ => {}
        }
    }
}

impl KnownContainer {
    /// Begins to count for another version where the container is updated in place: the crash loop of the one before is
    /// over, and another may come.
    fn begin_update(&mut self, container: &Container, ledger: Option<&CrashLedger>) {
        let Some(update) = &container.in_place else { return };
        if self.update.as_ref().is_some_and(|known| known.is_same(update)) {
            return;
        }
        self.update = Some(Box::new(update.clone()));
        self.crashes = self.crashes.min(ledger.map_or(0, CrashLedger::crashes));
        self.in_crash_loop = false;
    }

    fn crash_loop(&mut self, container: &Container, status: &ContainerStatus, crashes: &CrashBook) -> Option<Change> {
        let ledger = crashes.of(&container.name)?;
        let grew = ledger.crashes() > self.crashes;
        self.crashes = ledger.crashes();
        if grew && trouble::is_a_new_count(ledger) {
            self.in_crash_loop = false;
        }
        let sign = trouble::crash_loop(status, ledger, grew).filter(|_| !self.in_crash_loop)?;
        self.in_crash_loop = true;
        let newest = ledger.newest().map(|(_, ended)| ended);
        Some(Change::CrashLoop {
            container: container_ref(container),
            code: newest.map_or(Code::CrashLoop, code),
            sign,
            end: newest.map(end),
            crashes: ledger.crashes(),
            restarts: status.restart_count,
        })
    }
}

/// What is a crash loop at the first sight of a pod: it must be down now, for its restarts may be long ago.
pub(super) fn stands_now(change: &Change) -> bool {
    matches!(change, Change::CrashLoop { sign: Sign::BackOff | Sign::Terminated, .. })
}

fn code(ended: &Ended) -> Code {
    if exit_code::is_out_of_memory(ended) {
        Code::OomKilled
    } else if exit_code::never_ran(ended) {
        Code::StartFailed
    } else {
        Code::CrashLoop
    }
}

fn container_ref(container: &Container) -> ContainerRef {
    ContainerRef { name: container.name.clone(), role: container.role }
}

fn end(ended: &Ended) -> End {
    End {
        exit_code: ended.exit_code,
        reason: ended.reason.clone(),
        words: exit_code::in_words(ended),
        ran_seconds: ended.ran_seconds,
    }
}
