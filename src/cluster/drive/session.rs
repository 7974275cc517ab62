//! The driver: judges one or more gates side by side over one connection.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use super::decider::Machine;
use super::gate_driver::{Judge, MOST_BREAKS, Told, pace_of_pods};
use super::run_report::{GateRun, Run};
use super::run_sink::Sink;
use crate::cluster::api::Budget;
use crate::cluster::api::Collection;
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::signals::Stop;
use crate::cluster::watch::Link;
use crate::cluster::watch::Subscriptions;
use crate::cluster::watch::sleep::{Clock, TICK};
use crate::cluster::watch::{Look, Pace, Shared};
use crate::gate::Gate;
use crate::gate::model::{Source, WorkloadKind};
use crate::gate::result::{Code, Finding, Outcome, Place, Verdict};
use crate::gate::spec::Plan;

/// The collections of a namespace that its gates share, in the order in which they take turns at proving themselves.
const SHARED: [Source; 6] = [
    Source::Workloads(WorkloadKind::Deployment),
    Source::Workloads(WorkloadKind::ReplicaSet),
    Source::Events,
    Source::Workloads(WorkloadKind::StatefulSet),
    Source::Workloads(WorkloadKind::DaemonSet),
    Source::Workloads(WorkloadKind::Job),
];

/// Judges the plans, side by side, until each has its outcome. The sink hears of the begin, of all that changes, and of
/// the end. `stop` ends the gates early with what they know; that takes less than 2 s,
/// and where a smoke run is on, as long as it takes to delete its pod.
pub async fn judge(connection: Arc<Connection>, plans: Vec<Plan>, sink: &mut dyn Sink, stop: Stop) -> Run {
    judge_machines(connection, plans.into_iter().map(Gate::new).collect(), sink, stop).await
}

/// As [`judge`], for anything that decides as a gate does.
pub async fn judge_machines<M: Machine>(
    connection: Arc<Connection>,
    machines: Vec<M>,
    sink: &mut dyn Sink,
    stop: Stop,
) -> Run {
    let started_at = jiff::Timestamp::now();
    let start = Instant::now();
    let plans: Vec<Plan> = machines.iter().map(|machine| machine.plan().clone()).collect();
    sink.begin(connection.target(), &plans);

    let budget = Arc::new(Budget::new(plans.iter().map(|plan| plan.delay)));
    // What opening the connection has cost.
    let already = connection.unattributed.swap(0, Ordering::Relaxed);
    budget.spend(u32::try_from(already).unwrap_or(u32::MAX));
    let link = Arc::new(Link::new(Arc::clone(&budget)));
    let (slept, sleeps) = watch::channel(0);
    let shared = Shared {
        connection: Arc::clone(&connection),
        budget: Arc::clone(&budget),
        link: Arc::clone(&link),
        sleeps,
        doubts_refusals: true,
    };
    let subscriptions = Arc::new(Mutex::new(Subscriptions::new(shared)));
    let (told_sender, mut told) = mpsc::unbounded_channel();
    let meters: Vec<RequestCounter> = plans.iter().map(|_| RequestCounter::default()).collect();
    if let Some(first) = meters.first() {
        first.add(already);
    }
    let mut running = FuturesUnordered::new();
    for (place, machine) in machines.into_iter().enumerate() {
        let judge = seat(
            place,
            machine,
            start,
            &connection,
            &subscriptions,
            (&budget, &link),
            meters[place].clone(),
            stop.clone(),
            told_sender.clone(),
        );
        let task = AbortOnDropHandle::new(tokio::spawn(AssertUnwindSafe(judge.run()).catch_unwind()));
        // `None` where the gate panicked, or has no outcome after its end.
        running.push(async move { (place, task.await.ok().and_then(Result::ok).flatten(), start.elapsed()) });
    }
    drop(told_sender);
    subscriptions.lock().unwrap_or_else(PoisonError::into_inner).start();

    let mut outcomes: Vec<Option<Outcome>> = plans.iter().map(|_| None).collect();
    let mut clock = Clock::new(plans.iter().map(|plan| plan.delay).min().unwrap_or(TICK));
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut quiet = false;
    while !running.is_empty() {
        tokio::select! {
            Some(news) = told.recv() => {
                quiet = false;
                pass_on(sink, news);
            }
            Some((place, outcome, now)) = running.next() => {
                outcomes[place] = Some(outcome.unwrap_or_else(|| broke(now)));
            }
            _ = ticks.tick() => {
                if let Some(asleep) = clock.was_asleep() {
                    budget.slept(asleep);
                    slept.send_modify(|count| *count += 1);
                }
                if std::mem::replace(&mut quiet, true) {
                    sink.idle(start.elapsed());
                }
            }
        }
    }
    while let Ok(news) = told.try_recv() {
        pass_on(sink, news);
    }

    let gates = plans
        .into_iter()
        .zip(outcomes)
        .zip(meters)
        .map(|((plan, outcome), meter)| GateRun {
            plan,
            outcome: outcome.unwrap_or_else(|| broke(start.elapsed())),
            requests: meter.count(),
        })
        .collect();
    let run = Run { started_at, duration: start.elapsed(), target: connection.target().clone(), gates };
    sink.end(&run);
    run
}

fn pass_on(sink: &mut dyn Sink, news: Told) {
    for (at, event) in news.events {
        sink.event(news.place, at, &event);
    }
}

/// Every source but the pods proves itself once in so many `delay`s, in turn. With the pods, which do in each, they leave
/// a quarter of the budget to the watches, that come to their ends after some minutes and are opened again.
const TURN: u32 = 8;

/// Gives a gate its sources.
#[expect(clippy::too_many_arguments, reason = "called once; a struct would only name the same things again")]
fn seat<M: Machine>(
    place: usize,
    machine: M,
    start: Instant,
    connection: &Arc<Connection>,
    subscriptions: &Arc<Mutex<Subscriptions>>,
    (budget, link): (&Arc<Budget>, &Arc<Link>),
    meter: RequestCounter,
    stop: Stop,
    told: mpsc::UnboundedSender<Told>,
) -> Judge<M> {
    let plan = machine.plan();
    let (sender, inbox) = mpsc::unbounded_channel();
    let (pods_sender, pods_inbox) = mpsc::unbounded_channel();
    let mut reins = HashMap::new();
    let mut registry = subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
    // Each source is looked at once more before the wait period ends: what the gate says then must be of then.
    let last_look = plan
        .wait_period
        .checked_sub(plan.delay)
        .filter(|at| *at > plan.delay)
        .map(|at| Look { from: start + at, until: start + plan.wait_period.mul_f64(0.999) });
    let mut turns = 0;
    for source in SHARED {
        turns += 1;
        let turn = Pace {
            quiet: plan.delay * TURN,
            first: plan.delay * turns,
            last_look,
            // A list of each kind in play in every second `delay`, and of the pods in each: that is what is earned.
            poll: if source == Source::Events { plan.delay * TURN } else { plan.delay * 2 },
            settled: plan.delay * TURN / 2,
            most_breaks: MOST_BREAKS,
        };
        let leads = plan.workload.as_ref().is_some_and(|pin| source == Source::Workloads(pin.kind));
        let collection = Collection::whole(source, &plan.namespace);
        reins.insert(source, registry.subscribe(collection, turn, leads, &meter, sender.clone()));
    }
    let pods = plan.workload.is_none().then(|| {
        let collection = Collection::selected(Source::Pods, &plan.namespace, plan.selector.to_string());
        reins.insert(
            Source::Pods,
            registry.subscribe(collection.clone(), pace_of_pods(plan.delay), true, &meter, pods_sender),
        );
        collection
    });
    drop(registry);
    Judge {
        place,
        machine,
        start,
        connection: Arc::clone(connection),
        subscriptions: Arc::clone(subscriptions),
        meter,
        stop,
        told,
        inbox,
        pods_inbox,
        pods,
        reins,
        heard: HashSet::new(),
        budget: Arc::clone(budget),
        link: Arc::clone(link),
        last: Duration::ZERO,
    }
}

/// The outcome of a gate that failed inside of crashgate. It proves nothing, and the other gates go on.
fn broke(now: Duration) -> Outcome {
    let finding = Finding {
        code: Code::StaleData,
        place: Place::default(),
        message: "crashgate itself failed while it judged this gate, so nothing is proven".to_owned(),
        exit_status: None,
        restarts: None,
        next_step: "Run the gate again, and report the message on stderr.".to_owned(),
        also: Vec::new(),
        log: None,
        evidence: Vec::new(),
    };
    Outcome {
        verdict: Verdict::Inconclusive,
        decided_after: now,
        findings: vec![finding],
        pods: Vec::new(),
        warnings: Vec::new(),
        ready: 0,
        wanted: None,
    }
}
