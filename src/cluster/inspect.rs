//! One look at the pods of a selection, as they are now: a quorum LIST, and what events say of those in trouble.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use crate::cluster::api::Collection;
use crate::cluster::api::with_retries;
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::api::{Failure, FailureKind};
use crate::gate::model::{Object, Pod, Source};
use crate::gate::{Eyes, Sight, Standing};

/// What was seen.
#[derive(Debug)]
pub struct Looked {
    /// Every pod, by namespace and name.
    pub pods: Vec<Sight>,
    /// Why there were no events to go by, where some were wanted.
    pub without_events: Option<String>,
}

/// Looks at the pods. Events are read only where a pod does not run, and where they cannot be, less is said.
///
/// # Errors
///
/// Where the pods cannot be listed before the deadline.
pub async fn look(connection: &Connection, pods: &Collection, deadline: Instant) -> Result<Looked, Failure> {
    let meter = RequestCounter::default();
    let listing = in_time(deadline, pods, with_retries(deadline, || connection.list(pods, &meter))).await?;
    let items = listing.items.map_err(|error| Failure {
        request: format!("reading {pods}"),
        kind: FailureKind::Undecodable(error.to_string()),
    })?;
    let mut seen: Vec<Pod> = items
        .into_iter()
        .filter_map(|object| match object {
            Object::Pod(pod) => Some(Arc::unwrap_or_clone(pod)),
            _ => None,
        })
        .collect();
    seen.sort_by(|one, other| (&one.namespace, &one.name).cmp(&(&other.namespace, &other.name)));
    let mut eyes = Eyes::default();
    let mut sights: Vec<Sight> = seen.into_iter().map(|pod| eyes.look(pod)).collect();
    let is_troubled = |sight: &Sight| sight.standing == Standing::NotRunning;
    let mut without_events = None;
    if sights.iter().any(is_troubled) {
        let events = Collection::whole(Source::Events, &pods.namespace);
        match in_time(deadline, &events, connection.list(&events, &meter)).await {
            Ok(listing) => {
                for object in listing.items.unwrap_or_default() {
                    if let Object::Event(event) = object {
                        eyes.hear(&event);
                    }
                }
                let again = |sight: Sight| if is_troubled(&sight) { eyes.look(sight.pod) } else { sight };
                sights = sights.into_iter().map(again).collect();
            }
            Err(failure) => without_events = Some(without(&failure, &events)),
        }
    }
    Ok(Looked { pods: sights, without_events })
}

fn without(failure: &Failure, events: &Collection) -> String {
    match &failure.kind {
        FailureKind::Forbidden(message) => format!("{message}; it needs {}", events.rule("list")),
        _ => failure.to_string(),
    }
}

async fn in_time<T>(
    deadline: Instant,
    collection: &Collection,
    read: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let started = Instant::now();
    timeout_at(deadline, read).await.unwrap_or_else(|_| {
        Err(Failure { request: format!("LIST {collection}"), kind: FailureKind::TimedOut(started.elapsed()) })
    })
}
