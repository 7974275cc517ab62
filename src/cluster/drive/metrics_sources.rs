//! The sources of metrics of gates, as their plans describe them.

use std::path::Path;
use std::sync::Arc;

use super::metrics_watch::AskMetrics;
use crate::cluster::api::Connection;
use crate::gate::spec::{MetricsSource, Plan};
use crate::metrics::{MetricsClient, SourceError};

/// Prepares the source of each gate that has metrics; `None` for the others. Nothing is asked yet. In a rehearsal the
/// sandbox stands for all of them, at this URL.
///
/// # Errors
///
/// Where a source cannot be asked as the manifest describes it: a bad file, a bad header.
pub fn clients(plans: &[Plan], rehearsed: Option<&str>) -> Result<Vec<Option<MetricsClient>>, SourceError> {
    plans.iter().map(|plan| client(plan, rehearsed)).collect()
}

/// The same for one gate.
///
/// # Errors
///
/// As [`clients`].
pub fn client(plan: &Plan, rehearsed: Option<&str>) -> Result<Option<MetricsClient>, SourceError> {
    let Some(metrics) = &plan.metrics else { return Ok(None) };
    // No credential of the manifest is read for a recording, or sent to it.
    let sandbox = rehearsed.map(|url| MetricsSource { url: url.to_owned(), ..MetricsSource::default() });
    MetricsClient::new(sandbox.as_ref().unwrap_or(&metrics.source), Path::new("")).map(Some)
}

/// The gates with their sources, whose answers are recorded where the traffic of the connection is.
pub fn with_sources(
    plans: Vec<Plan>,
    clients: Vec<Option<MetricsClient>>,
    connection: &Connection,
) -> Vec<(Plan, Option<Arc<dyn AskMetrics>>)> {
    let tapped = |plan: &Plan, client: MetricsClient| match connection.tap() {
        Some(tap) => client.with_tap(tap, &plan.app),
        None => client,
    };
    plans
        .into_iter()
        .zip(clients)
        .map(|(plan, client)| {
            let source = client.map(|client| Arc::new(tapped(&plan, client)) as Arc<dyn AskMetrics>);
            (plan, source)
        })
        .collect()
}
