//! One workload as it is now, read once, with the one that has its pod template.

use std::sync::Arc;

use serde_json::Value;
use tokio::time::Instant;

use super::api::{Collection, Connection, Failure, FailureKind, RequestCounter, with_retries};
use crate::gate::model::{Object, Source, Workload};
use crate::gate::spec::Pin;
use crate::recording::mapping;

/// A workload that has a pod template.
#[derive(Debug)]
pub struct LiveWorkload {
    /// The workload.
    pub workload: Workload,
    /// The same as the API has it.
    pub raw: Value,
}

/// Why there is none.
#[derive(Debug)]
pub enum NoWorkload {
    /// It is not there.
    Missing {
        /// What is not there: the workload that was asked for, or the one that it refers to.
        pin: Pin,
        /// The names of others of its kind.
        others: Vec<String>,
    },
    /// It could not be read.
    Failed(Failure),
}

/// Reads a workload. For a Canary or a Rollout with a `workloadRef` it is the workload that this refers to, which has the
/// pod template.
///
/// # Errors
///
/// Where it is not there, or cannot be read before the deadline.
pub async fn live_workload(
    connection: &Connection,
    namespace: &str,
    pin: &Pin,
    deadline: Instant,
) -> Result<LiveWorkload, NoWorkload> {
    let own = read(connection, namespace, pin, deadline).await?;
    match own.workload.refers_to() {
        Some(referred) => {
            let referred = Pin { kind: referred.kind, name: referred.name.clone() };
            read(connection, namespace, &referred, deadline).await
        }
        None => Ok(own),
    }
}

async fn read(
    connection: &Connection,
    namespace: &str,
    pin: &Pin,
    deadline: Instant,
) -> Result<LiveWorkload, NoWorkload> {
    let meter = RequestCounter::default();
    let collection = Collection::whole(Source::Workloads(pin.kind), namespace);
    let body = match with_retries(deadline, || connection.get(&collection, &pin.name, &meter)).await {
        Ok(body) => body,
        Err(Failure { kind: FailureKind::NotFound(_), .. }) => {
            let others = names(connection, &collection, deadline).await.map_err(NoWorkload::Failed)?;
            return Err(NoWorkload::Missing { pin: pin.clone(), others });
        }
        Err(failure) => return Err(NoWorkload::Failed(failure)),
    };
    let undecodable = |error: String| {
        let request = format!("GET {} {}", collection.source, pin.name);
        NoWorkload::Failed(Failure { request, kind: FailureKind::Undecodable(error) })
    };
    let raw: Value = serde_json::from_str(body.get()).map_err(|error| undecodable(error.to_string()))?;
    match mapping::object(collection.source, &body) {
        Ok(Object::Workload(workload)) => Ok(LiveWorkload { workload: Arc::unwrap_or_clone(workload), raw }),
        Ok(_) => Err(undecodable("it is no workload".to_owned())),
        Err(error) => Err(undecodable(error.to_string())),
    }
}

/// The names of a collection. An API without the kind has none.
async fn names(connection: &Connection, collection: &Collection, deadline: Instant) -> Result<Vec<String>, Failure> {
    let meter = RequestCounter::default();
    match with_retries(deadline, || connection.list(collection, &meter)).await {
        Ok(listing) => {
            let objects = listing.items.unwrap_or_default().into_iter();
            let name = |object| match object {
                Object::Workload(workload) => Some(workload.name.clone()),
                _ => None,
            };
            Ok(objects.filter_map(name).collect())
        }
        // A Role may well allow to read one and not to list all: then no others are named.
        Err(Failure { kind: FailureKind::NotFound(_) | FailureKind::Forbidden(_), .. }) => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}
