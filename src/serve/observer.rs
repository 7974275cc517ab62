//! What follows from how gates stand, without anybody who asks: others are told of verdicts, ended rounds are counted, and the log
//! says what changed. It looks on, and no gate stands for it or waits for it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::notify::Notifier;
use super::telemetry::Metrics;
use super::{GateId, GateView, Gates};
use crate::gate::result::Verdict;
use crate::report::model::Run;
use crate::text::Untrusted;

/// How often it looks.
pub const EVERY: Duration = Duration::from_secs(1);

/// What is known of a gate.
#[derive(Debug, Clone, Default)]
struct Known {
    verdict: Option<Verdict>,
    /// The verdict that was told of last.
    told: Option<Verdict>,
    /// The round that was counted last.
    counted: Option<Arc<Run>>,
}

/// Sees what becomes of gates.
#[derive(Debug)]
pub struct Observer {
    notifier: Option<Notifier>,
    metrics: Metrics,
    known: HashMap<GateId, Known>,
}

impl Observer {
    /// Tells by this notifier, if there is one, and counts here.
    #[must_use]
    pub fn new(notifier: Option<Notifier>, metrics: Metrics) -> Self {
        Self { notifier, metrics, known: HashMap::new() }
    }

    /// Looks again and again until `stopping` is cancelled, once more then, and gives what waits to be told this long.
    pub async fn follow(mut self, gates: Arc<dyn Gates>, stopping: CancellationToken, at_the_end: Duration) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_last = tokio::select! {
                biased;
                () = stopping.cancelled() => true,
                _ = ticks.tick() => false,
            };
            self.look(&gates.all());
            if is_last {
                break;
            }
        }
        if let Some(notifier) = self.notifier {
            notifier.drain(at_the_end).await;
        }
    }

    /// Looks once.
    pub fn look(&mut self, gates: &[GateView]) {
        let mut before = std::mem::take(&mut self.known);
        for view in gates {
            let known = before.remove(&view.id).unwrap_or_default();
            let known = self.look_at(view, known);
            self.known.insert(view.id.clone(), known);
        }
    }

    fn look_at(&self, view: &GateView, mut known: Known) -> Known {
        if view.verdict != known.verdict {
            known.verdict = view.verdict;
            log(view);
        }
        let Some(run) = &view.run else { return known };
        if known.counted.as_ref().is_none_or(|counted| !Arc::ptr_eq(counted, run)) {
            known.counted = Some(Arc::clone(run));
            self.metrics.round_ended(run);
        }
        // The result that is sent is that of the verdict; where the one comes before the other, both are waited for.
        let is_news = |verdict: &Verdict| {
            let is_of_gate = !matches!(
                verdict,
                Verdict::Interrupted | Verdict::Terminated | Verdict::HungUp | Verdict::Quit | Verdict::Usage
            );
            is_of_gate && *verdict == run.verdict() && known.told != Some(*verdict)
        };
        let verdict = view.verdict.filter(is_news);
        if let Some(verdict) = verdict {
            known.told = Some(verdict);
            if let Some(notifier) = &self.notifier {
                notifier.tell(view, run);
            }
        }
        known
    }
}

fn log(view: &GateView) {
    let name = |text: &str| Untrusted::name(text).line();
    let (plan, namespace) = (name(&view.call.plan), name(&view.call.namespace));
    let revision = view.revision.as_deref().map(name).unwrap_or_default();
    let (gate, why) = (&view.id, view.why.line());
    if let Some(verdict) = view.verdict {
        tracing::info!(%gate, %plan, %namespace, %revision, %verdict, %why, "verdict");
    } else {
        tracing::info!(%gate, %plan, %namespace, %revision, %why, "pending");
    }
}
