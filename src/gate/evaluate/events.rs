//! The journal: what changed since the last look, told as events. It decides nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::assessment::Assessment;
use crate::gate::diagnose::exit_code;
use crate::gate::result::{Code, GateEvent, PodGlance, PodState};
use crate::gate::spec::Plan;
use crate::gate::state::{PodHistory, pod_summary};

/// What was told so far, and what is still to be handed out.
#[derive(Debug, Default)]
pub struct EventEmitter {
    pending: Vec<(Duration, GateEvent)>,
    /// What was last told of every pod, by UID.
    pods: BTreeMap<String, Emitted>,
    /// The last told number of crashes, by pod UID and container.
    crashes: BTreeMap<(String, String), u32>,
    /// The causes that were told: pod or owner, container, code.
    causes: BTreeSet<(String, Option<String>, Code)>,
    progress: Option<(u32, Option<u32>)>,
}

/// What was last told of a pod.
#[derive(Debug)]
struct Emitted {
    glance: PodGlance,
    /// How often the pod had been looked at by then: nothing is new until it is again.
    revision: u64,
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

    /// Tells what differs from the last look.
    pub fn note(&mut self, assessment: &Assessment<'_>, plan: &Plan, now: Duration) {
        let groups = &assessment.attribution.groups;
        let shown = || groups.iter().flat_map(|group| group.pods.iter().chain(&group.left_out));
        let present: BTreeSet<&str> = shown().map(|history| history.pod.uid.as_str()).collect();
        let gone: Vec<String> = self.pods.keys().filter(|uid| !present.contains(uid.as_str())).cloned().collect();
        for uid in gone {
            if let Some(Emitted { glance: PodGlance { pod, state, .. }, .. }) = self.pods.remove(&uid) {
                self.crashes.retain(|(of, _), _| *of != uid);
                let why = if state == PodState::Terminating { "deleted".to_owned() } else { format!("it was {state}") };
                self.push(now, GateEvent::PodGone { pod, why });
            }
        }
        for history in shown() {
            self.note_pod(history, plan, now);
        }
        self.note_causes(assessment, plan, now);
        let progress = (assessment.ready, assessment.wanted);
        if !groups.is_empty() && self.progress != Some(progress) {
            self.progress = Some(progress);
            self.push(now, GateEvent::Progress { ready: progress.0, wanted: progress.1 });
        }
    }

    fn note_pod(&mut self, history: &PodHistory, plan: &Plan, now: Duration) {
        let told = self.pods.get(&history.pod.uid);
        if told.is_some_and(|told| told.revision == history.revision()) {
            return;
        }
        let pod = history.pod.name.clone();
        let uid = history.pod.uid.clone();
        if told.is_none() {
            self.push(now, GateEvent::PodAppeared { pod: pod.clone() });
        }
        for (container, ledger) in history.ledgers() {
            if ledger.crashes() == 0 || plan.ignore_containers.contains(&container.name) {
                continue;
            }
            let told = self.crashes.entry((uid.clone(), container.name.clone())).or_insert(0);
            if ledger.crashes() > *told {
                *told = ledger.crashes();
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
        let told = self.pods.get(&uid).map(|told| &told.glance);
        let new_state = told.is_none_or(|told| told.state != glance.state);
        let new_glance = told.is_none_or(|told| *told != glance);
        if new_state {
            self.push(now, GateEvent::PodState { pod, state: glance.state.clone() });
        }
        if new_glance {
            self.push(now, GateEvent::PodGlance(Box::new(glance.clone())));
        }
        self.pods.insert(uid, Emitted { glance, revision: history.revision() });
    }

    fn note_causes(&mut self, assessment: &Assessment<'_>, plan: &Plan, now: Duration) {
        let mut standing = BTreeSet::new();
        for cause in &assessment.causes {
            let place = &cause.place;
            let object = place.pod_uid.clone().or_else(|| place.workload.clone()).unwrap_or_default();
            let key = (object, place.container.clone(), cause.code);
            standing.insert(key.clone());
            let counts_at = cause.counts_at(plan);
            // What counts at once is told by the decision that it brings.
            if !self.causes.contains(&key) && counts_at.is_none_or(|at| at > now) {
                let finding = Box::new(cause.clone().into_finding());
                self.push(now, GateEvent::Cause { finding, counts_at });
            }
        }
        self.causes = standing;
    }
}
