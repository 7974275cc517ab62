//! One place that gates of any number join while they come and go: they share its connection, its watches and its budget.
//!
//! Gates of one namespace share one room: one watch of each kind, of which each of them hears its part. Who comes later is
//! told what the watches hold, and costs no request; the last that goes ends them.
//!
//! # Requests
//!
//! A room begins with sixteen requests for each gate that joins it and earns two in each `delay` of each gate, as the budget of
//! a session does, up to what [`HubLimits`] says: what is watched once for all costs once. Behind the rooms is one
//! bucket for all of them, so that an API server that comes back is not asked everything by all namespaces at once. The
//! reads that confirm a pass go through both. Evidence after a failure goes through neither, and is bounded where it is
//! collected.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::broken::broke;
use super::decider::Decider;
use super::gate_driver::Emitted;
use super::metrics_watch::AskMetrics;
use super::rooms::Rooms;
use super::subscribe::subscribe_gate;
use crate::cluster::api::{Budget, Connection, RequestCounter};
use crate::cluster::signals::Stop;
use crate::gate::result::Outcome;

pub use super::rooms::HubLimits;

/// What gates join that come and go.
#[derive(Debug)]
pub struct Hub(Arc<Rooms>);

/// What a gate is judged with.
pub struct Joining<D> {
    /// The gate.
    pub gate: D,
    /// The source of its metrics.
    pub metrics: Option<Arc<dyn AskMetrics>>,
    /// Where the cluster is a recording: how much longer it goes on, after which nothing more will come.
    pub recording_ends: Option<Duration>,
    /// Ends the gate early.
    pub stop: Stop,
}

/// A gate that is being judged. It ends without a word where this is dropped.
#[derive(Debug)]
pub struct Joined {
    /// When it began: the times of its events are since then.
    pub begun: Instant,
    /// The requests that were made for it so far. Those of a shared source are counted for the gate that it began with.
    pub requests: RequestCounter,
    /// What changes in it. Closed once it has ended.
    pub emitted: mpsc::UnboundedReceiver<Emitted>,
    task: Judging,
}

/// The task of a gate, and its outcome: `None` where crashgate itself failed.
pub(super) type Judging = AbortOnDropHandle<Option<Outcome>>;

impl Joined {
    /// Waits for its end, after what it emitted was heard. Where crashgate itself failed, it is inconclusive and says so; `None`
    /// where the whole process is about to end.
    pub async fn outcome(self) -> Option<Outcome> {
        let begun = self.begun;
        match self.task.await {
            Ok(outcome) => Some(outcome.unwrap_or_else(|| broke(begun.elapsed()))),
            Err(_) => None,
        }
    }
}

impl Hub {
    /// A hub over this connection.
    #[must_use]
    pub fn new(connection: Arc<Connection>) -> Self {
        Self::with_limits(connection, HubLimits::default())
    }

    /// The same, with other bounds for its requests.
    #[must_use]
    pub fn with_limits(connection: Arc<Connection>, limits: HubLimits) -> Self {
        Self(Arc::new(Rooms::of_service(connection, limits)))
    }

    /// The hub of a session: all its gates begin together and share this budget, whatever their namespaces, and pods are
    /// selected by the API server. Nothing is asked before [`Hub::start`].
    pub(super) fn of_session(connection: Arc<Connection>, budget: Arc<Budget>) -> Self {
        Self(Arc::new(Rooms::of_session(connection, budget)))
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> &Arc<Connection> {
        &self.0.connection
    }

    /// How many sources are followed for the gates that are there: each has one watch at most.
    #[must_use]
    pub fn sources(&self) -> usize {
        self.0.sources()
    }

    /// Begins to judge a gate.
    pub fn join<D: Decider>(&self, joining: Joining<D>) -> Joined {
        let requests = RequestCounter::default();
        let (sender, emitted) = mpsc::unbounded_channel();
        let begun = Instant::now();
        let task = self.enter(0, begun, joining, &requests, sender);
        Joined { begun, requests, emitted, task }
    }

    /// Begins to judge a gate, whose times are since `begun` and which emits as the one at `place`.
    pub(super) fn enter<D: Decider>(
        &self,
        place: usize,
        begun: Instant,
        joining: Joining<D>,
        requests: &RequestCounter,
        emitted: mpsc::UnboundedSender<Emitted>,
    ) -> Judging {
        let Joining { gate, metrics, recording_ends, stop } = joining;
        let plan = gate.plan();
        let (services, seat) = self.0.seat(&plan.namespace, plan.delay, begun, stop);
        let driver =
            subscribe_gate((place, seat), (gate, metrics), recording_ends, &services, requests.clone(), emitted);
        let run = AssertUnwindSafe(driver.run()).catch_unwind();
        // `None` where the gate panicked, or has no outcome after its end.
        AbortOnDropHandle::new(tokio::spawn(async move { run.await.ok().flatten() }))
    }

    /// Starts the sources of a session.
    pub(super) fn start(&self) {
        self.0.start();
    }
}
