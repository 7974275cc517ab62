//! The driver: judges one or more gates side by side over one connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::broken::broke;
use super::decider::Decider;
use super::gate_driver::Emitted;
use super::hub::{Hub, Joining};
use super::metrics_watch::AskMetrics;
use super::run_report::{GateRun, Run};
use super::run_sink::Sink;
use crate::cluster::api::Budget;
use crate::cluster::api::{Connection, RequestCounter, Target};
use crate::cluster::signals::Stop;
use crate::cluster::watch::sleep::TICK;
use crate::gate::Gate;
use crate::gate::result::Outcome;
use crate::gate::spec::Plan;

/// Judges the plans, side by side, until each has its outcome. The sink hears of the begin, of all that changes, and of
/// the end. `stop` ends the gates early with what they know; that takes less than 2 s,
/// and where a smoke run is on, as long as it takes to delete its pod.
pub async fn judge(connection: Arc<Connection>, plans: Vec<Plan>, sink: &mut dyn Sink, stop: Stop) -> Run {
    drive(connection, unmeasured(plans.into_iter().map(Gate::new)), None, sink, stop).await
}

/// As [`judge`], where gates may have metrics, each with the source that is asked. Where the cluster is a recording that is
/// played back, `length` is the time after which nothing more will come.
pub async fn judge_measured(
    connection: Arc<Connection>,
    gates: Vec<(Plan, Option<Arc<dyn AskMetrics>>)>,
    length: Option<Duration>,
    sink: &mut dyn Sink,
    stop: Stop,
) -> Run {
    let gates = gates.into_iter().map(|(plan, source)| (Gate::new(plan), source)).collect();
    drive(connection, gates, length, sink, stop).await
}

/// Gates without a source of metrics.
fn unmeasured<D>(gates: impl IntoIterator<Item = D>) -> Vec<(D, Option<Arc<dyn AskMetrics>>)> {
    gates.into_iter().map(|gate| (gate, None)).collect()
}

/// As [`judge`], where the cluster is a recording that is played back: after this time nothing more will come.
pub async fn rehearse(
    connection: Arc<Connection>,
    plans: Vec<Plan>,
    length: Duration,
    sink: &mut dyn Sink,
    stop: Stop,
) -> Run {
    drive(connection, unmeasured(plans.into_iter().map(Gate::new)), Some(length), sink, stop).await
}

/// As [`judge`], for anything that decides as a gate does.
pub async fn judge_deciders<D: Decider>(
    connection: Arc<Connection>,
    deciders: Vec<D>,
    sink: &mut dyn Sink,
    stop: Stop,
) -> Run {
    drive(connection, unmeasured(deciders), None, sink, stop).await
}

/// As [`rehearse`], for anything that decides as a gate does.
pub async fn rehearse_deciders<D: Decider>(
    connection: Arc<Connection>,
    deciders: Vec<D>,
    length: Duration,
    sink: &mut dyn Sink,
    stop: Stop,
) -> Run {
    drive(connection, unmeasured(deciders), Some(length), sink, stop).await
}

/// Begins the run for the sink once all plans are known, and passes on what gates emit from then on.
struct Beginning<'s> {
    sink: &'s mut dyn Sink,
    target: Target,
    plans: Vec<Plan>,
    unplanned: usize,
    began: bool,
    /// What was emitted before.
    held: Vec<Emitted>,
}

impl Beginning<'_> {
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.began, true) {
            self.sink.begin(&self.target, &self.plans);
            for news in std::mem::take(&mut self.held) {
                pass_on(self.sink, news);
            }
        }
    }

    fn hear(&mut self, mut news: Emitted) {
        if let Some(plan) = news.plan.take() {
            self.plans[news.place] = *plan;
            self.unplanned -= 1;
        }
        if self.unplanned == 0 {
            self.begin();
        }
        if self.began {
            pass_on(self.sink, news);
        } else {
            self.held.push(news);
        }
    }
}

async fn drive<D: Decider>(
    connection: Arc<Connection>,
    gates: Vec<(D, Option<Arc<dyn AskMetrics>>)>,
    recording_ends: Option<Duration>,
    sink: &mut dyn Sink,
    stop: Stop,
) -> Run {
    let started_at = jiff::Timestamp::now();
    let start = Instant::now();
    let plans: Vec<Plan> = gates.iter().map(|(gate, _)| gate.plan().clone()).collect();
    let unplanned = gates.iter().filter(|(gate, _)| !gate.is_planned()).count();
    let target = connection.target().clone();
    let mut to = Beginning { sink, target, plans, unplanned, began: false, held: Vec::new() };
    if unplanned == 0 {
        to.begin();
    }

    let budget = Arc::new(Budget::new(to.plans.iter().map(|plan| plan.delay)));
    // What opening the connection has cost.
    let already = connection.unattributed.swap(0, Ordering::Relaxed);
    budget.spend(u32::try_from(already).unwrap_or(u32::MAX));
    let hub = Hub::of_session(Arc::clone(&connection), budget);
    let (sender, mut emitted) = mpsc::unbounded_channel();
    let counters: Vec<RequestCounter> = to.plans.iter().map(|_| RequestCounter::default()).collect();
    if let Some(first) = counters.first() {
        first.add(already);
    }
    let mut running = FuturesUnordered::new();
    for (place, (gate, metrics)) in gates.into_iter().enumerate() {
        let joining = Joining { gate, metrics, recording_ends, stop: stop.clone() };
        let task = hub.enter(place, start, joining, &counters[place], sender.clone());
        // `None` where the gate panicked, or has no outcome after its end.
        running.push(async move { (place, task.await.ok().flatten(), start.elapsed()) });
    }
    drop(sender);
    hub.start();

    let mut outcomes: Vec<Option<Outcome>> = to.plans.iter().map(|_| None).collect();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut quiet = false;
    while !running.is_empty() {
        tokio::select! {
            Some(news) = emitted.recv() => {
                quiet = false;
                to.hear(news);
            }
            Some((place, outcome, now)) = running.next() => {
                outcomes[place] = Some(outcome.unwrap_or_else(|| broke(now)));
            }
            _ = ticks.tick() => {
                if std::mem::replace(&mut quiet, true) {
                    to.sink.idle(start.elapsed());
                }
            }
        }
    }
    while let Ok(news) = emitted.try_recv() {
        to.hear(news);
    }
    // A plan that never became known is told of all the same.
    to.begin();

    let Beginning { sink, plans, .. } = to;
    let gates = plans
        .into_iter()
        .zip(outcomes)
        .zip(counters)
        .map(|((plan, outcome), counter)| GateRun {
            plan,
            outcome: outcome.unwrap_or_else(|| broke(start.elapsed())),
            requests: counter.count(),
        })
        .collect();
    let run = Run { started_at, duration: start.elapsed(), target: connection.target().clone(), gates };
    sink.end(&run);
    run
}

fn pass_on(sink: &mut dyn Sink, news: Emitted) {
    for (at, event) in news.events {
        sink.event(news.place, at, &event);
    }
}
