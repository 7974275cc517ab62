//! What a gate asks of its source of metrics, and takes in from it.

use std::time::Duration;

use super::Gate;
use crate::gate::evaluate::Attribution;
use crate::gate::evaluate::metrics::{Judgement, StableQuestion, judgement, report, stable_arm};
use crate::gate::model::{Arm, Measurement, MetricQuestion, Pod};
use crate::gate::result::GateEvent;

impl Gate {
    /// When the source of metrics is to be asked next; `None` where there is nothing to ask. `asked` tells which questions
    /// are open.
    #[must_use]
    pub fn metrics_due(&self, asked: &dyn Fn(&str, Arm) -> bool) -> Option<Duration> {
        let metrics = self.plan.metrics.as_ref().filter(|_| self.outcome.is_none())?;
        self.metrics.first_ready()?;
        self.metrics.due_at(metrics, self.plan.delay, asked)
    }

    /// What the source of metrics is to be asked now.
    pub fn metric_questions(&mut self, asked: &dyn Fn(&str, Arm) -> bool) -> Vec<MetricQuestion> {
        let Some(metrics) = self.plan.metrics.as_ref().filter(|_| self.outcome.is_none()) else { return Vec::new() };
        let attribution = Attribution::of(&self.state, &self.plan);
        let pods: Vec<&Pod> =
            attribution.groups.iter().flat_map(|group| &group.pods).map(|one| one.pod.as_ref()).collect();
        self.metrics.questions(metrics, &pods, asked, self.plan.delay, self.now)
    }

    /// How the stable pods are found that the metrics are compared with; `None` where nothing is compared, or that is not
    /// known yet.
    #[must_use]
    pub fn stable_question(&self) -> Option<StableQuestion> {
        stable_arm::question(&self.state, &self.plan).filter(|_| self.outcome.is_none())
    }

    /// Takes in what came of a question to the source of metrics, and tells how the check stands. Returns true if it is one
    /// of the plan's.
    pub(super) fn measure(&mut self, measurement: &Measurement) -> bool {
        let Some(metrics) = &self.plan.metrics else { return false };
        let attribution = Attribution::of(&self.state, &self.plan);
        let pods: Vec<&Pod> =
            attribution.groups.iter().flat_map(|group| &group.pods).map(|one| one.pod.as_ref()).collect();
        let taken = self.metrics.take(measurement, metrics, pods.iter().copied(), self.now);
        if taken {
            let ready: Vec<&str> = pods.iter().filter(|pod| pod.is_ready()).map(|pod| pod.name.as_str()).collect();
            let context =
                report::Context { metrics, state: &self.metrics, delay: self.plan.delay, ready: &ready, now: self.now };
            if let Some(report) = report::of(&measurement.check, context) {
                self.emitter.push(self.now, GateEvent::Measured(Box::new(report)));
            }
        }
        taken
    }

    /// True where the metrics prove less than a pass needs: they are open, and may not stay so.
    #[must_use]
    pub fn is_unmeasured(&self) -> bool {
        let Some(Judgement::Open(open)) = self.judged_metrics() else { return false };
        judgement::at_the_end(&open).is_some()
    }

    /// What the metrics prove too little of, in words, where they keep the gate from a pass.
    pub(super) fn unproven(&self) -> Option<String> {
        match self.judged_metrics()? {
            Judgement::Open(open) => open.into_iter().next().map(|open| open.cause.message),
            Judgement::Good | Judgement::Ended(..) => None,
        }
    }

    /// What the metrics say now, where they decide anything.
    fn judged_metrics(&self) -> Option<Judgement> {
        let metrics = self.plan.metrics.as_ref().filter(|metrics| !metrics.dry)?;
        let assessment = self.assessment();
        let ready = assessment.ready_pods();
        let context =
            report::Context { metrics, state: &self.metrics, delay: self.plan.delay, ready: &ready, now: self.now };
        Some(judgement::judge(metrics, &report::reports(context), self.now))
    }
}
