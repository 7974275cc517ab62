//! The metrics of one gate: its questions are asked of their source, and the stable pods are listed that it compares with.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::confirm;
use super::decider::Decider;
use super::gate_driver::GateDriver;
use super::services::Services;
use crate::cluster::api::{Collection, RequestCounter, Urgency};
use crate::gate::StableQuestion;
use crate::gate::model::{Object, Pod, Source};

/// Where a question led to none, for no pod is there, it is asked again after this time.
const NOBODY_THERE: Duration = Duration::from_secs(1);
/// A workload that names the stable pods must be read within this time.
const OWNER_PATIENCE: Duration = Duration::from_secs(10);

impl<D: Decider> GateDriver<D> {
    /// When the source of metrics, or the list of the stable pods, is due.
    pub(super) fn metrics_due(&self) -> Option<Duration> {
        self.metrics.source.as_ref()?;
        if self.gate.outcome().is_some() {
            return None;
        }
        let watch = &self.metrics;
        let asked = self.gate.metrics_due(&|check, arm| watch.is_open(check, arm)).map(|due| due.max(watch.not_before));
        let compares = self.gate.plan().metrics.as_ref().is_some_and(crate::gate::spec::Metrics::compares);
        let stable = (compares && watch.stable.is_none()).then_some(watch.stable_at);
        [asked, stable].into_iter().flatten().min()
    }

    /// Asks what is due.
    pub(super) fn ask_for_metrics(&mut self) {
        let Some(source) = self.metrics.source.clone() else { return };
        if self.metrics_due().is_none_or(|due| due > self.now) {
            return;
        }
        self.list_stable_pods();
        let watch = &self.metrics;
        if watch.not_before > self.now {
            return;
        }
        let due = self.gate.metrics_due(&|check, arm| watch.is_open(check, arm));
        if due.is_none_or(|due| due > self.now) {
            return;
        }
        let open = watch.open.clone();
        let questions = self.gate.metric_questions(&|check, arm| open.contains(&(check.to_owned(), arm)));
        if questions.is_empty() {
            self.metrics.not_before = self.now + NOBODY_THERE;
        }
        let plan = self.gate.plan();
        let Some(metrics) = &plan.metrics else { return };
        for question in questions {
            let Some(check) = metrics.checks.iter().find(|check| check.name == question.check).cloned() else {
                continue;
            };
            let (source, labels, namespace) = (Arc::clone(&source), metrics.pod_labels.clone(), plan.namespace.clone());
            self.metrics.open.insert((question.check.clone(), question.arm));
            self.metrics
                .answers
                .push(Box::pin(async move { source.ask(&check, &labels, &namespace, &question).await }));
        }
    }

    /// Lists the stable pods once in every `delay`.
    fn list_stable_pods(&mut self) {
        if self.metrics.stable.is_some() || self.metrics.stable_at > self.now {
            return;
        }
        let plan = self.gate.plan();
        self.metrics.stable_at = self.now + plan.delay;
        let Some(question) = self.gate.stable_question() else { return };
        let (services, requests, namespace) = (self.services.clone(), self.requests.clone(), plan.namespace.clone());
        self.metrics.stable = Some(Box::pin(async move { stable_pods(services, requests, namespace, question).await }));
    }
}

/// The pods among which the stable ones are; `None` where they cannot be had now.
async fn stable_pods(
    services: Services,
    requests: RequestCounter,
    namespace: String,
    question: StableQuestion,
) -> Option<Vec<Pod>> {
    let selector = match question {
        StableQuestion::Pods(selector) => selector.to_string(),
        StableQuestion::Workload(kind, name) => {
            services.budget.take(Urgency::Proof).await;
            let deadline = Instant::now() + OWNER_PATIENCE;
            let (connection, patience) = (&services.connection, OWNER_PATIENCE);
            let read = confirm::read_owner(connection, &namespace, kind, &name, deadline, patience, &requests).await;
            let workload = read.ok()??;
            let labels = workload.match_labels.iter().map(|(key, value)| format!("{key}={value}"));
            labels.collect::<Vec<_>>().join(",")
        }
    };
    if selector.is_empty() {
        return None;
    }
    services.budget.take(Urgency::Proof).await;
    let collection = Collection::selected(Source::Pods, &namespace, selector);
    let pages = Some((&*services.budget, Urgency::Proof));
    let listing = services.connection.list_within(&collection, &requests, pages).await.ok()?;
    let pod = |object| if let Object::Pod(pod) = object { Some(Arc::unwrap_or_clone(pod)) } else { None };
    Some(listing.items.ok()?.into_iter().filter_map(pod).collect())
}
