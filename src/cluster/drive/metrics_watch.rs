//! What of the metrics of one gate is being asked, and the next thing that is told.

use std::collections::HashSet;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};

use crate::gate::Fact;
use crate::gate::model::{Arm, Measurement, MetricQuestion, Pod};
use crate::gate::spec::{Check, PodLabels};
use crate::metrics::MetricsClient;

/// A source of metrics that can be asked.
pub trait AskMetrics: Send + Sync + 'static {
    /// Asks a question of a check about pods of this namespace. It ends in bounded time, and never fails: that there is no
    /// answer is an answer.
    fn ask<'a>(
        &'a self,
        check: &'a Check,
        labels: &'a PodLabels,
        namespace: &'a str,
        question: &'a MetricQuestion,
    ) -> BoxFuture<'a, Measurement>;
}

impl AskMetrics for MetricsClient {
    fn ask<'a>(
        &'a self,
        check: &'a Check,
        labels: &'a PodLabels,
        namespace: &'a str,
        question: &'a MetricQuestion,
    ) -> BoxFuture<'a, Measurement> {
        Box::pin(self.measure(check, labels, namespace, question))
    }
}

/// The metrics of one gate.
pub(in crate::cluster) struct MetricsWatch {
    pub(super) source: Option<Arc<dyn AskMetrics>>,
    pub(super) open: HashSet<(String, Arm)>,
    pub(super) answers: FuturesUnordered<BoxFuture<'static, Measurement>>,
    /// Nothing is asked before.
    pub(super) not_before: Duration,
    /// When the stable pods are listed next.
    pub(super) stable_at: Duration,
    pub(super) stable: Option<BoxFuture<'static, Option<Vec<Pod>>>>,
}

impl MetricsWatch {
    /// Nothing was asked yet. Without a source nothing ever is.
    pub(super) fn new(source: Option<Arc<dyn AskMetrics>>) -> Self {
        Self {
            source,
            open: HashSet::new(),
            answers: FuturesUnordered::new(),
            not_before: Duration::ZERO,
            stable_at: Duration::ZERO,
            stable: None,
        }
    }

    /// The next thing that was told. Never ends while nothing is asked.
    pub(super) async fn next(&mut self) -> Fact {
        loop {
            tokio::select! {
                Some(measured) = self.answers.next() => {
                    self.open.remove(&(measured.check.clone(), measured.arm));
                    return Fact::Measured(Box::new(measured));
                }
                listed = listed(&mut self.stable) => {
                    self.stable = None;
                    // A list that failed says nothing: the pods that were stable are so until another one says otherwise.
                    if let Some(pods) = listed {
                        return Fact::StableListed(pods);
                    }
                }
            }
        }
    }

    pub(super) fn is_open(&self, check: &str, arm: Arm) -> bool {
        self.open.iter().any(|(open, of)| open == check && *of == arm)
    }
}

async fn listed(stable: &mut Option<BoxFuture<'static, Option<Vec<Pod>>>>) -> Option<Vec<Pod>> {
    match stable {
        Some(list) => list.await,
        None => pending().await,
    }
}
