//! What the source of metrics told so far: the counters and values of each check, and how old they are.
//!
//! What may live here: how an answer changes what is known. What may not: what that means for the gate.

mod arm_counter;
mod check_state;
mod looks;
mod pods;
mod share;
mod values;

pub use arm_counter::{CountedPod, Taken};
pub use check_state::{CheckState, Kind};
pub use looks::Looks;
pub use share::ShareState;
pub use values::{Ambiguity, ValueState};

use std::collections::BTreeSet;
use std::time::Duration;

use crate::gate::model::{Arm, Measurement, MetricQuestion, Pod};
use crate::gate::spec::{Metrics, Plan};
use pods::{CanaryPods, StablePods};

/// So long a pod that is gone is asked about.
const LAST_WORDS: Duration = Duration::from_secs(30);

/// What the source of metrics told so far.
#[derive(Debug, Clone, Default)]
pub struct MetricsState {
    checks: Vec<CheckState>,
    canary: CanaryPods,
    stable: StablePods,
    /// When the first pod of the gated version was ready: from then on the metrics are watched.
    first_ready: Option<Duration>,
}

impl MetricsState {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let checks = plan.metrics.iter().flat_map(|metrics| &metrics.checks);
        Self { checks: checks.map(CheckState::new).collect(), ..Self::default() }
    }

    /// Takes in what came of a question. `canary` are the pods of the gated version that are live now. Returns true if it is
    /// about a check of the plan.
    pub fn take<'a>(
        &mut self,
        measurement: &Measurement,
        metrics: &Metrics,
        canary: impl IntoIterator<Item = &'a Pod>,
        now: Duration,
    ) -> bool {
        self.canary.note(canary, now);
        let Self { checks, canary, stable, .. } = self;
        let of_plan = metrics.checks.iter().zip(checks).find(|(check, _)| check.name == measurement.check);
        let Some((check, state)) = of_plan else { return false };
        state.take(measurement, check, &metrics.pod_labels, (canary, stable), now);
        true
    }

    /// Takes in which pods are stable.
    pub fn stable_listed(&mut self, pods: BTreeSet<String>) {
        self.stable.listed(pods);
    }

    /// The pods that the gated version is compared with, as far as they are known.
    #[must_use]
    pub fn stable_pods(&self) -> &BTreeSet<String> {
        self.stable.live()
    }

    /// A pod of the gated version is ready.
    pub fn note_ready(&mut self, now: Duration) {
        self.first_ready.get_or_insert(now);
    }

    /// When the first one was.
    #[must_use]
    pub fn first_ready(&self) -> Option<Duration> {
        self.first_ready
    }

    /// The checks, in the order of the plan.
    #[must_use]
    pub fn checks(&self) -> &[CheckState] {
        &self.checks
    }

    /// When the next question is due; `None` where nothing is checked. `asked` tells which questions are open.
    #[must_use]
    pub fn due_at(&self, metrics: &Metrics, delay: Duration, asked: impl Fn(&str, Arm) -> bool) -> Option<Duration> {
        let arms = self.arms(metrics).filter(|(state, arm)| !asked(state.name(), *arm));
        arms.map(|(state, arm)| state.looks(arm).due_at(self.interval_of(state), delay)).min()
    }

    /// The questions that are due and not open, about the live pods of each arm.
    #[must_use]
    pub fn questions(
        &mut self,
        metrics: &Metrics,
        canary: &[&Pod],
        asked: impl Fn(&str, Arm) -> bool,
        delay: Duration,
        now: Duration,
    ) -> Vec<MetricQuestion> {
        self.canary.note(canary.iter().copied(), now);
        let canary = if canary.is_empty() { BTreeSet::new() } else { self.canary.to_ask_about(now, LAST_WORDS) };
        let due = self.arms(metrics).filter(|(state, arm)| {
            !asked(state.name(), *arm) && state.looks(*arm).due_at(self.interval_of(state), delay) <= now
        });
        let question = |(state, arm): (&CheckState, Arm)| {
            let pods = match arm {
                Arm::Canary => canary.clone(),
                Arm::Stable => self.stable.live().clone(),
            };
            let window = state.looks(arm).window(now, self.interval_of(state));
            let every_bucket = state.lacks_bucket();
            (!pods.is_empty()).then(|| MetricQuestion {
                check: state.name().to_owned(),
                arm,
                pods,
                window,
                every_bucket,
            })
        };
        due.filter_map(question).collect()
    }

    /// The arms that are asked about.
    fn arms<'a>(&'a self, metrics: &'a Metrics) -> impl Iterator<Item = (&'a CheckState, Arm)> {
        self.checks.iter().zip(&metrics.checks).flat_map(|(state, check)| {
            let stable = check.measure.compares().then_some(Arm::Stable);
            [Some(Arm::Canary), stable].into_iter().flatten().map(move |arm| (state, arm))
        })
    }

    /// How long passes between two scrapes: by the check's own samples, or by those of the others where it has none.
    #[must_use]
    pub fn interval_of(&self, state: &CheckState) -> Option<Duration> {
        state.interval().or_else(|| self.checks.iter().filter_map(CheckState::interval).max())
    }
}
