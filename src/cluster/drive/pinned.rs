//! The pods of a gate that is pinned to a workload: which they are is known once the workload is.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::Instant;

use super::confirm::read_owner;
use super::decider::Decider;
use super::gate_driver::{GateDriver, PinnedRead};
use super::subscribe::schedule_of_pods;
use crate::cluster::api::{Collection, FailureKind};
use crate::cluster::watch::Observed;
use crate::gate::Fact;
use crate::gate::model::{Object, Source, Workload, WorkloadKind};
use crate::gate::spec::Pin;

impl<D: Decider> GateDriver<D> {
    /// Takes in a fact, and learns from it which pods a pinned gate is about.
    pub(super) fn take(&mut self, observed: Observed) {
        let Observed { at, fact } = observed;
        let at = at.saturating_duration_since(self.services.start);
        if let Fact::Listed { source, .. }
        | Fact::Denied { source, .. }
        | Fact::Lost { source, .. }
        | Fact::Rested { source } = &fact
        {
            self.heard.insert(*source);
        }
        if let Fact::Listed { source: Source::Pods, objects } = &fact {
            self.pods_listed = objects.len();
        }
        let Some(pin) = self.gate.plan().workload.clone() else {
            self.observe(at, fact);
            return;
        };
        if pin.kind == WorkloadKind::Canary {
            self.learn_target(&pin, &fact);
        }
        let pin = self.canary_target.clone().unwrap_or(pin);
        let is_of_its_kind = |source: &Source| *source == Source::Workloads(pin.kind);
        match &fact {
            Fact::Listed { source, objects } if is_of_its_kind(source) => {
                let workload = objects.iter().find_map(|object| pinned(&pin, object)).cloned();
                let absent = workload.is_none() && self.pods.is_none();
                self.observe(at, fact);
                if let Some(workload) = workload {
                    self.follow(&workload);
                } else if absent {
                    // A workload that is not there has no pods.
                    self.observe(at, Fact::Listed { source: Source::Pods, objects: Vec::new() });
                }
            }
            Fact::Seen(object) => {
                let workload = pinned(&pin, object).cloned();
                self.observe(at, fact);
                if let Some(workload) = workload {
                    self.follow(&workload);
                }
            }
            Fact::Denied { source, .. } if is_of_its_kind(source) && self.pods.is_none() => {
                self.observe(at, fact);
                if self.pending.pinned.is_none() {
                    self.pending.pinned = Some(self.read(pin));
                }
            }
            _ => self.observe(at, fact),
        }
    }

    /// Learns from a pinned Canary whose pods are meant. The target may have been told before: it is asked for again.
    fn learn_target(&mut self, pin: &Pin, fact: &Fact) {
        let objects = match fact {
            Fact::Listed { objects, .. } => objects.as_slice(),
            Fact::Seen(object) => std::slice::from_ref(&**object),
            _ => return,
        };
        let Some(target) = objects.iter().find_map(|object| pinned(pin, object)?.refers_to()) else { return };
        let target = Pin { kind: target.kind, name: target.name.clone() };
        if self.canary_target.as_ref() != Some(&target) {
            if let Some(handle) = self.handles.get(&Source::Workloads(target.kind)) {
                handle.relist();
            }
            self.canary_target = Some(target);
        }
    }

    /// Takes in the pinned workload as a read by its name answered it.
    pub(super) fn take_pinned(&mut self, now: Duration, workload: Workload) {
        if let Some(target) = workload.refers_to().filter(|_| workload.kind == WorkloadKind::Canary) {
            let target = Pin { kind: target.kind, name: target.name.clone() };
            self.pending.pinned = Some(self.read(target.clone()));
            self.canary_target = Some(target);
        } else {
            self.follow(&workload);
        }
        self.observe(now, Fact::Seen(Box::new(Object::Workload(workload.into()))));
    }

    /// Reads the pinned workload by its name: a Role may allow that where it does not allow the list.
    fn read(&self, pin: Pin) -> BoxFuture<'static, PinnedRead> {
        let (connection, requests) = (Arc::clone(&self.services.connection), self.requests.clone());
        let namespace = self.gate.plan().namespace.clone();
        let collection = Collection::whole(Source::Workloads(pin.kind), &namespace);
        Box::pin(async move {
            let patience = connection.request_timeout;
            let deadline = Instant::now() + patience;
            let read = read_owner(&connection, &namespace, pin.kind, &pin.name, deadline, patience, &requests).await;
            read.map(|workload| workload.map(Box::new)).map_err(|mut failure| {
                if let FailureKind::Forbidden(message) = &mut failure.kind {
                    *message = format!("{message}; it needs {}", collection.rule("get, list, watch"));
                }
                failure
            })
        })
    }

    /// Subscribes to the pods of a pinned workload, where its selector is not the one followed already.
    pub(super) fn follow(&mut self, workload: &Workload) {
        let plan = self.gate.plan();
        let pods = pods_of(&plan.namespace, workload);
        if self.pods.as_ref() == Some(&pods) {
            return;
        }
        let schedule = schedule_of_pods(plan.delay);
        self.inbox.unsubscribe(Source::Pods);
        let subscriber = self.inbox.subscriber(Source::Pods);
        let handle = self.services.follow_pods(&pods, schedule, &self.requests, subscriber);
        self.handles.insert(Source::Pods, handle);
        self.pods = Some(pods);
    }
}

fn pinned<'a>(pin: &Pin, object: &'a Object) -> Option<&'a Workload> {
    match object {
        Object::Workload(workload) if workload.kind == pin.kind && workload.name == pin.name => Some(workload),
        _ => None,
    }
}

/// The pods that a workload can own. Its `matchLabels`; where it selects by expressions only, its template's labels; a
/// workload without either gets the whole namespace, for the gate goes by owners in the end.
fn pods_of(namespace: &str, workload: &Workload) -> Collection {
    let labels = if workload.match_labels.is_empty() { &workload.template.labels } else { &workload.match_labels };
    if labels.is_empty() {
        return Collection::whole(Source::Pods, namespace);
    }
    let selector = labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
    Collection::selected(Source::Pods, namespace, selector)
}
