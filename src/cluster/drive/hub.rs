//! One place that gates of any number join while they come and go: they share its connection.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use super::decider::Decider;
use super::gate_driver::Emitted;
use super::metrics_watch::AskMetrics;
use super::services::Services;
use super::subscribe::subscribe_gate;
use crate::cluster::api::{Budget, Connection, RequestCounter};
use crate::cluster::signals::Stop;
use crate::cluster::watch::{Link, Shared, Subscriptions};
use crate::gate::result::Outcome;

/// What gates join that come and go.
#[derive(Debug)]
pub struct Hub {
    connection: Arc<Connection>,
}

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
    task: AbortOnDropHandle<Option<Outcome>>,
}

impl Joined {
    /// Waits for its end, after what it emitted was heard. `None` where crashgate itself failed.
    pub async fn outcome(self) -> Option<Outcome> {
        self.task.await.ok().flatten()
    }
}

impl Hub {
    /// A hub over this connection.
    #[must_use]
    pub fn new(connection: Arc<Connection>) -> Self {
        Self { connection }
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Begins to judge a gate.
    pub fn join<D: Decider>(&self, joining: Joining<D>) -> Joined {
        let Joining { gate, metrics, recording_ends, stop } = joining;
        let begun = Instant::now();
        let budget = Arc::new(Budget::new([gate.plan().delay]));
        let link = Arc::new(Link::new(Arc::clone(&budget)));
        let shared = Shared {
            connection: Arc::clone(&self.connection),
            budget: Arc::clone(&budget),
            link: Arc::clone(&link),
            sleeps: watch::channel(0).1,
            doubts_refusals: true,
        };
        let subscriptions = Arc::new(Mutex::new(Subscriptions::new(shared)));
        let connection = Arc::clone(&self.connection);
        let services = Services { start: begun, connection, subscriptions, budget, link, stop };
        let requests = RequestCounter::default();
        let (sender, emitted) = mpsc::unbounded_channel();
        let driver = subscribe_gate(0, (gate, metrics), recording_ends, &services, requests.clone(), sender);
        services.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).start();
        let run = AssertUnwindSafe(driver.run()).catch_unwind();
        let task = AbortOnDropHandle::new(tokio::spawn(async move { run.await.ok().flatten() }));
        Joined { begun, requests, emitted, task }
    }
}
