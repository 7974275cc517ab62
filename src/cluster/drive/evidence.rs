//! What is read for a verdict once it is known: the last events, the nodes and the logs that its findings ask for.

use std::sync::Arc;

use tokio::time::Instant;

use super::decider::Decider;
use super::gate_driver::GateDriver;
use crate::cluster::api::evidence;
use crate::cluster::signals::stopped;
use crate::cluster::watch::Observed;
use crate::gate::result::Finding;

impl<D: Decider> GateDriver<D> {
    /// Collects evidence for what was found, at most [`evidence::PATIENCE`] long.
    pub(super) async fn collect_evidence(&mut self) {
        let mut stop = self.services.stop.clone();
        tokio::select! {
            _ = stopped(&mut stop) => {}
            () = self.collect() => {}
        }
    }

    async fn collect(&mut self) {
        let deadline = Instant::now() + evidence::PATIENCE;
        let findings = self.findings();
        let namespace = self.gate.plan().namespace.clone();
        let connection = Arc::clone(&self.services.connection);
        let (mut facts, (nodes, unread)) = futures::future::join(
            evidence::last_events(&connection, &namespace, &findings, &self.requests, deadline),
            evidence::nodes(&connection, &findings, &self.requests, deadline),
        )
        .await;
        facts.extend(nodes);
        let until = self.inbox.moment();
        while let Some(Observed { at, fact }) = self.inbox.next(until) {
            self.observe(at.saturating_duration_since(self.services.start), fact);
        }
        for fact in facts {
            self.observe(until.saturating_duration_since(self.services.start), fact);
        }
        // From here on nothing is observed, so the places of the findings stay.
        for (place, line) in unread {
            self.gate.attach(place, vec![line]);
        }
        let findings = self.findings();
        for (place, found) in evidence::logs(&connection, &namespace, &findings, &self.requests, deadline).await {
            self.gate.attach(place, vec![found]);
        }
    }

    fn findings(&self) -> Vec<Finding> {
        self.gate.outcome().map(|outcome| outcome.findings.clone()).unwrap_or_default()
    }
}
