//! What runs in a namespace, for `check --all`: one LIST of each kind of workload, before there is any gate.
//!
//! Where nothing is there that can be gated, a deploy may be under way: it is looked for again until the wait period is
//! over. A kind that cannot be read leaves the whole question open, and is no reason to gate the others alone.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::run_report::Run;
use super::unconnected;
use crate::cluster::api::{Backoff, Collection, Connection, Failure, FailureKind, RequestCounter, with_retries};
use crate::cluster::signals::{Stop, stopped};
use crate::gate::model::{Object, Pod, Source, Trouble, TroubleKind, Workload, WorkloadKind};
use crate::gate::spec::Plan;
use crate::gate::{NEVER_REACHED_LIMIT, Release, release};

/// An empty namespace is looked at again so soon, once.
const SECOND_LOOK: Duration = Duration::from_secs(2);

/// Looks at the namespace of a plan until something is there that can be gated. `plan` stands for all that might be.
///
/// # Errors
/// The run that ended before there was a gate: nothing to gate in the whole wait period, a kind that cannot be read, a
/// signal.
pub async fn workloads(connection: &Connection, plan: &Plan, mut stop: Stop) -> Result<Release, Box<Run>> {
    let began = Instant::now();
    let deadline = began + plan.wait_period;
    // All lists together cost two requests a `delay`, as everything does.
    let kinds = u32::try_from(WorkloadKind::ALL.len()).unwrap_or(u32::MAX);
    let mut pause = SECOND_LOOK;
    let (mut was_reached, mut backoff) = (false, Backoff::default());
    loop {
        let looked = tokio::select! {
            verdict = stopped(&mut stop) => return Err(Box::new(unconnected::ended(vec![plan.clone()], verdict))),
            looked = look(connection, &plan.namespace) => looked,
        };
        let now = Instant::now();
        let wake = match looked {
            Ok(release) if !release.gated.is_empty() => return Ok(release),
            Ok(release) if now >= deadline => {
                let after = began.elapsed();
                return Err(Box::new(unconnected::nothing(plan.clone(), &release, connection.target(), after)));
            }
            Ok(_) => {
                (was_reached, backoff) = (true, Backoff::default());
                now + std::mem::replace(&mut pause, plan.delay * kinds / 2)
            }
            Err(failure) => {
                let limit = if was_reached { deadline } else { deadline.min(began + NEVER_REACHED_LIMIT) };
                let again = now + backoff.after_failure(failure.kind.retry_after());
                if !failure.kind.is_passing() || again >= limit {
                    let trouble = trouble(&failure, &plan.namespace);
                    let after = began.elapsed();
                    return Err(Box::new(unconnected::lost(plan.clone(), &trouble, connection.target(), after)));
                }
                again
            }
        };
        tokio::select! {
            verdict = stopped(&mut stop) => return Err(Box::new(unconnected::ended(vec![plan.clone()], verdict))),
            () = sleep_until(wake.min(deadline).max(now)) => {}
        }
    }
}

/// Looks at the namespace of a plan once more, after gates have passed: for what came meanwhile. What a moment mends is
/// asked for again for a moment.
///
/// # Errors
/// The run of a gate that stands for what could not be seen, or the signal that came first.
pub async fn once_more(connection: &Connection, plan: &Plan, mut stop: Stop) -> Result<Release, Box<Run>> {
    let began = Instant::now();
    let looked = tokio::select! {
        verdict = stopped(&mut stop) => return Err(Box::new(unconnected::ended(vec![plan.clone()], verdict))),
        looked = with_retries(began + NEVER_REACHED_LIMIT, || look(connection, &plan.namespace)) => looked,
    };
    looked.map_err(|failure| {
        let trouble = trouble(&failure, &plan.namespace);
        Box::new(unconnected::lost(plan.clone(), &trouble, connection.target(), began.elapsed()))
    })
}

/// One LIST of each kind, and one of the pods: some of them may be nobody's that can be gated.
async fn look(connection: &Connection, namespace: &str) -> Result<Release, Failure> {
    let mut workloads: Vec<Workload> = Vec::new();
    let mut refused: Vec<(WorkloadKind, Failure)> = Vec::new();
    for kind in WorkloadKind::ALL {
        match list(connection, Source::Workloads(kind), namespace).await {
            Ok(objects) => workloads.extend(objects.into_iter().filter_map(|object| match object {
                Object::Workload(workload) => Some(Arc::unwrap_or_clone(workload)),
                Object::Pod(_) | Object::Event(_) | Object::Node(_) => None,
            })),
            // Most API servers have no custom resources, and most Roles no rule for those that they do not have.
            Err(failure) if kind.is_custom() && matches!(failure.kind, FailureKind::NotFound(_)) => {}
            Err(failure) if kind.is_custom() && matches!(failure.kind, FailureKind::Forbidden(_)) => {
                refused.push((kind, failure));
            }
            Err(failure) => return Err(failure),
        }
    }
    let pods: Vec<Pod> = list(connection, Source::Pods, namespace)
        .await?
        .into_iter()
        .filter_map(|object| if let Object::Pod(pod) = object { Some(Arc::unwrap_or_clone(pod)) } else { None })
        .collect();
    let owners = workloads.iter().map(|workload| &workload.controller).chain(pods.iter().map(|pod| &pod.controller));
    let owners: HashSet<&str> = owners.flatten().map(|owner| owner.kind.as_str()).collect();
    // There is one after all.
    if let Some((_, failure)) = refused.into_iter().find(|(kind, _)| owners.contains(kind.kind())) {
        return Err(failure);
    }
    let mut release = release(workloads);
    release.name_others(&pods);
    Ok(release)
}

async fn list(connection: &Connection, source: Source, namespace: &str) -> Result<Vec<Object>, Failure> {
    let collection = Collection::whole(source, namespace);
    let listing = connection.list(&collection, &RequestCounter::default()).await?;
    listing.items.map_err(|error| Failure {
        request: format!("reading {collection}"),
        kind: FailureKind::Undecodable(error.to_string()),
    })
}

/// What a failure means where nothing can be said without the answer.
fn trouble(failure: &Failure, namespace: &str) -> Trouble {
    let mut trouble = failure.trouble();
    if trouble.kind == TroubleKind::Forbidden {
        let kinds: Vec<&str> = WorkloadKind::BUILT_IN.map(|kind| Source::Workloads(kind).resource()).into();
        trouble.message = format!(
            "{}; to gate all of namespace {namespace}, every kind must be readable: list on {}",
            trouble.message,
            kinds.join(", ")
        );
    }
    Trouble { hopeless: true, ..trouble }
}
