//! Telling others that a gate's verdict has changed: the result as JSON, signed, or a message in the form of Slack.
//!
//! A receiver verifies the signature so: HMAC-SHA256 with the shared secret over the header `X-Crashgate-Timestamp`, a dot, and the body
//! as it came, in lower-case hexadecimal, must be what follows `sha256=` in the header `X-Crashgate-Signature`; a timestamp that is
//! minutes old is one that somebody sends again.
//!
//! Nobody waits for it: what is told goes into a queue, one for each receiver. Where that is full, it is dropped, counted and logged.
//! Each is tried three times.

mod deliver;
mod signature;
mod slack;
mod target;
mod telling;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::telemetry::{Metrics, Notified};
use crate::cluster::api::ProxyVariables;
use crate::report::json;
use crate::report::model::Run;
use crate::serve::GateView;

use telling::Telling;

pub use deliver::Patience;
pub use signature::{Secret, SecretError};
pub use target::{Target, TargetError};

/// So many may wait for one receiver.
const WAITING: usize = 256;
/// How long the last ones may take once the process is about to end.
pub const AT_THE_END: Duration = Duration::from_secs(5);

/// Tells receivers of verdicts.
pub struct Notifier {
    queues: Vec<(Arc<Target>, mpsc::Sender<Telling>)>,
    workers: JoinSet<()>,
    metrics: Metrics,
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.queues.iter().map(|(target, _)| target.shown())).finish()
    }
}

impl Notifier {
    /// Prepares to tell these receivers; nothing is sent yet. Needs a runtime. Without a secret nothing is signed.
    ///
    /// # Errors
    /// Where a connection cannot be prepared: a usage error.
    pub fn new(
        targets: Vec<Target>,
        secret: Option<&Secret>,
        proxies: &ProxyVariables,
        patience: Patience,
        metrics: Metrics,
    ) -> Result<Self, TargetError> {
        let mut notifier = Self { queues: Vec::new(), workers: JoinSet::new(), metrics };
        for target in targets {
            let client = target.client(proxies)?;
            let target = Arc::new(target);
            let (sender, receiver) = mpsc::channel(WAITING);
            let worker = deliver::Worker {
                target: Arc::clone(&target),
                client,
                secret: secret.cloned(),
                patience,
                metrics: notifier.metrics.clone(),
            };
            notifier.workers.spawn(worker.run(receiver));
            notifier.queues.push((target, sender));
        }
        Ok(notifier)
    }

    /// Tells everybody how this gate stands, whose round has ended so. Returns at once.
    pub fn tell(&self, view: &GateView, run: &Run) {
        let telling = Telling {
            result: Bytes::from(json::render(run).to_string()),
            slack: Bytes::from(slack::message(view, run).to_string()),
        };
        for (target, queue) in &self.queues {
            if queue.try_send(telling.clone()).is_err() {
                self.metrics.notified(Notified::Dropped);
                tracing::warn!(receiver = %target.shown(), "notification dropped: too many wait for this receiver");
            }
        }
    }

    /// Takes no more, and gives what waits this long to be sent.
    pub async fn drain(mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        self.queues.clear();
        let all = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout_at(deadline, all).await.is_err() {
            tracing::warn!("notifications that were not sent in time are given up");
        }
    }
}
