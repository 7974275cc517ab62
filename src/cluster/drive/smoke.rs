//! The smoke run of a gate: beside the gate's own task, and called off where the gate has no use for it any more.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::run::OutputTail;
use crate::cluster::run::PodOutput;
use crate::cluster::run::pod_run;
use crate::gate::Fact;
use crate::gate::result::{SmokeRun, Verdict};
use crate::gate::spec::PodOrder;

/// So much of its output is evidence.
const KEPT: usize = 64 * 1024;

/// A smoke run that was begun. Its pod is deleted whether anybody waits for that or not.
pub(in crate::cluster) struct Smoke {
    /// The question that it answers.
    pub ticket: u64,
    stop: watch::Sender<Option<Verdict>>,
    task: JoinHandle<Fact>,
    is_called_off: bool,
}

impl Smoke {
    /// Begins it.
    pub(in crate::cluster) fn begin(
        ticket: u64,
        connection: &Arc<Connection>,
        namespace: &str,
        order: &PodOrder,
        meter: &RequestCounter,
    ) -> Self {
        let (stop, stopped) = watch::channel(None);
        let (connection, meter) = (Arc::clone(connection), meter.clone());
        let (namespace, order) = (namespace.to_owned(), order.clone());
        let task = tokio::spawn(async move {
            let mut output = Output(OutputTail::new(KEPT));
            let report = pod_run::run(&connection, &namespace, &order, false, &mut output, stopped).await;
            meter.add(report.requests);
            Fact::Smoked(Box::new(SmokeRun {
                pod: report.pod,
                end: report.end,
                started: report.started,
                torn: report.torn,
                output: String::from_utf8_lossy(output.0.bytes()).into_owned(),
            }))
        });
        Self { ticket, stop, task, is_called_off: false }
    }

    /// Calls it off: nobody wants its answer any more, only that its pod goes.
    pub(in crate::cluster) fn call_off(&mut self) {
        self.is_called_off = true;
        self.stop.send_replace(Some(Verdict::Terminated));
    }

    /// True where it was called off.
    pub(in crate::cluster) const fn is_called_off(&self) -> bool {
        self.is_called_off
    }

    /// Its answer, once it is over and its pod was deleted.
    pub(in crate::cluster) async fn over(&mut self) -> Fact {
        let broke = |_| Fact::Smoked(Box::new(SmokeRun::impossible("the smoke run failed inside crashgate")));
        (&mut self.task).await.unwrap_or_else(broke)
    }
}

impl Drop for Smoke {
    /// Nobody waits for it any more.
    fn drop(&mut self) {
        self.call_off();
    }
}

/// Keeps the end of what the smoke run writes.
struct Output(OutputTail);

impl PodOutput for Output {
    fn wrote(&mut self, bytes: &[u8]) {
        self.0.take(bytes);
    }

    fn said(&mut self, _words: &str) {}
}
