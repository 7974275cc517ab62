//! Which sources a gate hears of, and how often each of them must prove itself.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;

use super::custom_owners::CustomOwners;
use super::decider::Decider;
use super::gate_driver::{Emitted, GateDriver, Pending};
use super::metrics_watch::{AskMetrics, MetricsWatch};
use super::rooms::Seat;
use super::services::{Selecting, Services};
use super::withheld::Withheld;
use crate::cluster::api::{Collection, RequestCounter};
use crate::cluster::watch::{Inbox, MOST_WAITING, ProbeSchedule, ProbeWindow, Terms};
use crate::gate::model::{Source, WorkloadKind};
use crate::gate::spec::Plan;

/// The collections of a namespace that its gates share, each with its turn at proving itself. Kinds that are hardly in play
/// together share a turn: a Rollout makes `ReplicaSet`s as a Deployment does.
const SHARED: [(Source, u32); 9] = [
    (Source::Workloads(WorkloadKind::Deployment), 1),
    (Source::Workloads(WorkloadKind::Rollout), 1),
    (Source::Workloads(WorkloadKind::CloneSet), 1),
    (Source::Workloads(WorkloadKind::ReplicaSet), 2),
    (Source::Events, 3),
    (Source::Workloads(WorkloadKind::StatefulSet), 4),
    (Source::Workloads(WorkloadKind::Canary), 4),
    (Source::Workloads(WorkloadKind::DaemonSet), 5),
    (Source::Workloads(WorkloadKind::Job), 6),
];

/// Every source but the pods proves itself once in so many `delay`s, in turn. With the pods, which do in each, they leave
/// a quarter of the budget to the watches, that come to their ends after some minutes and are opened again.
const TURN: u32 = 8;

/// After so many watches in a row that broke early a source is listed only. Each of them costs a request or two.
const MOST_BREAKS: u32 = 3;

/// Gives a gate its sources.
pub(super) fn subscribe_gate<D: Decider>(
    (place, mut seat): (usize, Seat),
    (gate, metrics): (D, Option<Arc<dyn AskMetrics>>),
    recording_ends: Option<Duration>,
    services: &Services,
    requests: RequestCounter,
    emitted: mpsc::UnboundedSender<Emitted>,
) -> GateDriver<D> {
    let plan = gate.plan();
    let inbox = Inbox::new(MOST_WAITING);
    let mut handles = HashMap::new();
    let mut subscriptions = services.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
    // Each source is looked at once more before the wait period ends: what the gate says then must be of then.
    let last_window = plan
        .wait_period
        .checked_sub(plan.delay)
        .filter(|at| *at > plan.delay)
        .map(|at| ProbeWindow { from: services.start + at, until: services.start + plan.wait_period.mul_f64(0.999) });
    for (source, turns) in SHARED {
        let leads = plan.workload.as_ref().is_some_and(|pin| source == Source::Workloads(pin.kind));
        let turn = ProbeSchedule {
            quiet: plan.delay * TURN,
            first: plan.delay * turns,
            last_window,
            // A list of each kind in play in every second `delay`, and of the pods in each: that is what is earned.
            poll: if source == Source::Events { plan.delay * TURN } else { plan.delay * 2 },
            settled: plan.delay * TURN / 2,
            most_breaks: MOST_BREAKS,
            waits_for_need: matches!(source, Source::Workloads(kind) if kind.is_custom()) && !leads,
        };
        let collection = Collection::whole(source, &plan.namespace);
        let terms = Terms { schedule: turn, leads, must_be_new: makes_the_plan(plan, source), part: None };
        let handle = subscriptions.subscribe(collection, terms, &requests, inbox.subscriber(source));
        if turn.waits_for_need {
            handle.vote(seat.number, Some(false));
        }
        seat.handles.push(handle.clone());
        handles.insert(source, handle);
    }
    drop(subscriptions);
    let pods = plan.workload.is_none().then(|| {
        let collection = Collection::selected(Source::Pods, &plan.namespace, plan.selector.to_string());
        let (schedule, to) = (schedule_of_pods(plan.delay), inbox.subscriber(Source::Pods));
        handles.insert(Source::Pods, services.follow_pods(&collection, schedule, &requests, to));
        collection
    });
    let custom_owners = CustomOwners::new(services.clone(), requests.clone(), &plan.namespace, plan.delay);
    GateDriver {
        place,
        is_planned: gate.is_planned(),
        gate,
        services: services.clone(),
        requests,
        emitted,
        inbox,
        seat,
        pods,
        canary_target: None,
        custom_owners,
        metrics: MetricsWatch::new(metrics),
        pods_listed: 0,
        handles,
        // A session of a few gates reads what is said to the end as it always has.
        withheld: (services.selecting == Selecting::Here).then(Withheld::default),
        heard: HashSet::new(),
        recording_ends,
        now: Duration::ZERO,
        warned_of_lag: false,
        pending: Pending::default(),
    }
}

/// True where what a gate makes of its plan stands on this source: which workload is meant, and which revision it has. An old
/// sight of those would make a gate of what runs no more. A gate of labels takes every workload that has them for its own;
/// a Canary or a Rollout may name one of any kind.
fn makes_the_plan(plan: &Plan, source: Source) -> bool {
    let Source::Workloads(kind) = source else { return false };
    match plan.workload.as_ref().map(|pin| pin.kind) {
        None | Some(WorkloadKind::Canary | WorkloadKind::Rollout) => true,
        Some(pinned) => kind == pinned || kind == WorkloadKind::ReplicaSet,
    }
}

/// Pods prove themselves after each `delay` of silence.
pub(super) fn schedule_of_pods(delay: Duration) -> ProbeSchedule {
    ProbeSchedule {
        quiet: delay,
        first: delay,
        last_window: None,
        poll: delay,
        settled: delay / 2,
        most_breaks: MOST_BREAKS,
        waits_for_need: false,
    }
}
