//! What changed since the last look, told as events. It decides nothing.

use std::collections::HashMap;
use std::time::Duration;

use super::live::{Changes, LiveAssessment};
use crate::gate::diagnose::exit_code;
use crate::gate::result::{GateEvent, PodGlance, PodState};
use crate::gate::spec::Plan;
use crate::gate::state::{ClusterState, PodHistory, pod_summary};

/// What was emitted so far, and what is still to be handed out.
#[derive(Debug, Clone, Default)]
pub struct EventEmitter {
    pending: Vec<(Duration, GateEvent)>,
    /// What was last emitted of every pod, by UID.
    pods: HashMap<String, Emitted>,
    progress: Option<(u32, Option<u32>)>,
}

/// What was last emitted of a pod.
#[derive(Debug, Clone)]
struct Emitted {
    glance: PodGlance,
    /// How often its causes had been derived by then: nothing is new until they are again.
    revision: u64,
    /// The last emitted number of crashes of each container that has any.
    crashes: Vec<(String, u32)>,
}

impl EventEmitter {
    /// Adds an event.
    pub fn push(&mut self, at: Duration, event: GateEvent) {
        self.pending.push((at, event));
    }

    /// Hands out what was added since the last time.
    pub fn take(&mut self) -> Vec<(Duration, GateEvent)> {
        std::mem::take(&mut self.pending)
    }

    /// Emits what differs from the last look. `shown` are the pods that changed and are told of, in their order.
    pub fn note(
        &mut self,
        live: &LiveAssessment,
        changes: &Changes,
        shown: &[&PodHistory],
        state: &ClusterState,
        plan: &Plan,
        now: Duration,
    ) {
        for uid in &changes.hidden {
            if let Some(Emitted { glance: PodGlance { pod, state, .. }, .. }) = self.pods.remove(uid) {
                let why = if state == PodState::Terminating { "deleted".to_owned() } else { format!("it was {state}") };
                self.push(now, GateEvent::PodGone { pod, why });
            }
        }
        for history in shown {
            self.note_pod(history, plan, now);
        }
        for cause in changes.new_causes.iter().filter_map(|place| live.cause(place, state)) {
            let counts_at = cause.counts_at(plan);
            // What counts at once is told by the decision that it brings.
            if counts_at.is_none_or(|at| at > now) {
                let finding = Box::new(cause.clone().into_finding());
                self.push(now, GateEvent::Cause { finding, counts_at });
            }
        }
        if let Some(progress) = live.progress(plan).filter(|progress| self.progress != Some(*progress)) {
            self.progress = Some(progress);
            self.push(now, GateEvent::Progress { ready: progress.0, wanted: progress.1 });
        }
    }

    fn note_pod(&mut self, history: &PodHistory, plan: &Plan, now: Duration) {
        let uid = &history.pod.uid;
        if self.pods.get(uid).is_some_and(|known| known.revision == history.revision()) {
            return;
        }
        let known = self.pods.remove(uid);
        let pod = history.pod.name.clone();
        if known.is_none() {
            self.push(now, GateEvent::PodAppeared { pod: pod.clone() });
        }
        let (before, crashes) = known.map(|known| (known.glance, known.crashes)).unzip();
        let mut crashes = crashes.unwrap_or_default();
        for (container, ledger) in history.ledgers() {
            if ledger.crashes() == 0 || plan.ignore_containers.contains(&container.name) {
                continue;
            }
            let place = crashes.iter().position(|(name, _)| *name == container.name).unwrap_or_else(|| {
                crashes.push((container.name.clone(), 0));
                crashes.len() - 1
            });
            if ledger.crashes() > crashes[place].1 {
                crashes[place].1 = ledger.crashes();
                let how = ledger
                    .newest()
                    .map_or_else(|| "it was restarted".to_owned(), |(_, ended)| exit_code::in_words(ended));
                let event = GateEvent::Crash {
                    pod: pod.clone(),
                    container: container.name.clone(),
                    role: container.role,
                    how,
                    crashes: ledger.crashes(),
                    allowed: plan.max_restarts,
                };
                self.push(now, event);
            }
        }
        let glance = pod_summary::glance(history);
        if before.as_ref().is_none_or(|before| before.state != glance.state) {
            self.push(now, GateEvent::PodState { pod, state: glance.state.clone() });
        }
        if before.is_none_or(|before| before != glance) {
            self.push(now, GateEvent::PodGlance(Box::new(glance.clone())));
        }
        self.pods.insert(uid.clone(), Emitted { glance, revision: history.revision(), crashes });
    }
}
