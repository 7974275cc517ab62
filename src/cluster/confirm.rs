//! The read that confirms a pass: the pods and each owner as they are now, whatever the watches say.

use std::time::Duration;

use futures::future::try_join_all;
use tokio::time::{Instant, timeout_at};

use super::collection::Collection;
use super::connect::{Connection, Meter};
use super::failure::{Failure, FailureKind};
use super::request::with_retries;
use crate::gate::observation::{Fact, Object, Source};
use crate::gate::pod::Pod;
use crate::gate::workload::{Workload, WorkloadKind};
use crate::recording::mapping;

/// Reads the pods and owners anew. Without `pods` (the pinned workload never was) there are none.
///
/// The answer is [`Fact::Confirmed`], or [`Fact::Lost`] of the source that failed, within `patience`.
pub async fn confirm(
    connection: &Connection,
    namespace: &str,
    pods: Option<&Collection>,
    owners: &[(WorkloadKind, String)],
    patience: Duration,
    meter: &Meter,
) -> Fact {
    let deadline = Instant::now() + patience;
    let read_pods = async {
        let Some(collection) = pods else { return Ok(Vec::new()) };
        let read = with_retries(deadline, || connection.list(collection, meter));
        let listing = in_time(deadline, patience, collection, read).await.map_err(|failure| (Source::Pods, failure))?;
        let unreadable = |error| (Source::Pods, undecodable(collection, &error));
        Ok(listing.items.map_err(unreadable)?.into_iter().filter_map(pod).collect())
    };
    let read_owners = try_join_all(owners.iter().map(|(kind, name)| async move {
        let source = Source::Workloads(*kind);
        read_owner(connection, namespace, *kind, name, deadline, patience, meter)
            .await
            .map_err(|failure| (source, failure))
    }));
    match futures::future::try_join(read_pods, read_owners).await {
        Ok((pods, owners)) => Fact::Confirmed { pods, owners: owners.into_iter().flatten().collect() },
        Err((source, failure)) => Fact::Lost { source, trouble: failure.trouble() },
    }
}

/// Reads one workload; `None` where it is not there.
///
/// # Errors
///
/// Where it cannot be read before the deadline.
pub async fn read_owner(
    connection: &Connection,
    namespace: &str,
    kind: WorkloadKind,
    name: &str,
    deadline: Instant,
    patience: Duration,
    meter: &Meter,
) -> Result<Option<Workload>, Failure> {
    let collection = Collection::whole(Source::Workloads(kind), namespace);
    let read = with_retries(deadline, || connection.get(&collection, name, meter));
    match in_time(deadline, patience, &collection, read).await {
        Ok(body) => match mapping::object(collection.source, &body) {
            Ok(Object::Workload(workload)) => Ok(Some(workload)),
            Ok(_) => Ok(None),
            Err(error) => Err(undecodable(&collection, &error)),
        },
        // Only an answer about this very object says that it is gone: an API server that is starting knows no Deployments
        // at all for a moment.
        Err(Failure { kind: FailureKind::NotFound(words), .. }) if words.contains(&format!("\"{name}\"")) => Ok(None),
        Err(failure) => Err(failure),
    }
}

async fn in_time<T>(
    deadline: Instant,
    patience: Duration,
    collection: &Collection,
    read: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let late = || Failure { request: format!("confirming {collection}"), kind: FailureKind::TimedOut(patience) };
    timeout_at(deadline, read).await.unwrap_or_else(|_| Err(late()))
}

fn pod(object: Object) -> Option<Pod> {
    match object {
        Object::Pod(pod) => Some(pod),
        _ => None,
    }
}

fn undecodable(collection: &Collection, error: &mapping::MapError) -> Failure {
    Failure { request: format!("confirming {collection}"), kind: FailureKind::Undecodable(error.to_string()) }
}
