//! The read that confirms a pass: the pods, each owner, and every kind of workload that was not proven a moment before, as
//! they are now, whatever the watches say.
//!
//! It is paid from the budget like any other request. The first read goes alone, for where the server does not answer one
//! it answers none, and six that fail cost six times as much as one; the others follow side by side. A read that fails for
//! a moment is asked for again here, and what was read already is not read again.

use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::cluster::api::Backoff;
use crate::cluster::api::Collection;
use crate::cluster::api::with_retries;
use crate::cluster::api::{Budget, Urgency};
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::api::{Failure, FailureKind};
use crate::cluster::watch::Link;
use crate::cluster::watch::SourceHandle;
use crate::gate::Fact;
use crate::gate::model::{Object, Pod, Source, Workload, WorkloadKind};
use crate::recording::mapping;

/// A read that failed is not asked for again sooner.
const BETWEEN_TRIES: Duration = Duration::from_secs(1);
/// So long it waits for a link that is down.
const LINK_PATIENCE: Duration = Duration::from_secs(2);

/// What is to be confirmed.
#[derive(Debug, Clone)]
pub struct Question {
    /// The namespace.
    pub namespace: String,
    /// Which pods. `None` where there are none: the pinned workload never was.
    pub pods: Option<Collection>,
    /// The owners that are read, kind and name of each.
    pub owners: Vec<(WorkloadKind, String)>,
    /// The kinds that are listed whole. An owner of one of these needs no read of its own.
    pub kinds: Vec<(WorkloadKind, SourceHandle)>,
    /// No LIST of them may be older than this: the plan's `delay`.
    pub delay: Duration,
}

/// How the reads are paid.
#[derive(Debug)]
pub struct Paid<'a> {
    /// Whether anybody answers.
    pub link: &'a Link,
    /// What each request takes a token of.
    pub budget: &'a Budget,
    /// Counts them.
    pub meter: &'a RequestCounter,
}

impl Paid<'_> {
    /// Waits for somebody to answer, and no longer than this.
    async fn wait_up(&self, longest: Duration) {
        let _ = timeout(longest, self.link.wait_up()).await;
    }

    /// Pays for one request.
    async fn take(&self) {
        self.budget.take(Urgency::Confirmation).await;
    }
}

/// One read of several.
enum Read {
    Kind { kind: WorkloadKind, handle: SourceHandle, delay: Duration },
    Owner(WorkloadKind, String),
    Pods(Collection),
}

/// Its answer.
enum Answer {
    Pods(Vec<Pod>),
    /// Held in common by all who wait for the rest of theirs.
    Workloads(Arc<Vec<Workload>>),
}

/// Reads everything anew.
///
/// The answer is [`Fact::Confirmed`], or [`Fact::Lost`] of the source that could not be read though it was asked for
/// again for `patience`.
pub async fn confirm(connection: &Connection, question: Question, paid: &Paid<'_>, patience: Duration) -> Fact {
    let Question { namespace, pods, owners, kinds, delay } = question;
    let listed: Vec<WorkloadKind> = kinds.iter().map(|(kind, _)| *kind).collect();
    let owners = owners.into_iter().filter(|(kind, _)| !listed.contains(kind));
    let reads = kinds.into_iter().map(|(kind, handle)| Read::Kind { kind, handle, delay });
    let mut reads = reads.chain(owners.map(|(kind, name)| Read::Owner(kind, name))).chain(pods.map(Read::Pods));
    let ask = |read: Read| ask(connection, &namespace, read, paid, patience);
    let answers = async {
        let Some(first) = reads.next() else { return Ok(Vec::new()) };
        let mut answers = vec![ask(first).await?];
        answers.extend(try_join_all(reads.map(ask)).await?);
        Ok(answers)
    };
    match answers.await {
        Err((source, failure)) => {
            let failure: Failure = failure;
            Fact::Lost { source, trouble: failure.trouble() }
        }
        Ok(answers) => {
            let (mut pods, mut owners) = (Vec::new(), Vec::new());
            for answer in answers {
                match answer {
                    Answer::Pods(some) => pods.extend(some),
                    Answer::Workloads(some) => owners.extend(Arc::unwrap_or_clone(some)),
                }
            }
            Fact::Confirmed { pods, owners, kinds: listed }
        }
    }
}

/// One read, asked for again until it is answered or has failed for too long.
async fn ask(
    connection: &Connection,
    namespace: &str,
    read: Read,
    paid: &Paid<'_>,
    patience: Duration,
) -> Result<Answer, (Source, Failure)> {
    let (mut backoff, mut failing_since) = (Backoff::default(), None);
    // While nobody answers, the sources find out when somebody does. But where all watches are open and only lists fail, no
    // source asks: then this read finds out itself.
    paid.wait_up(LINK_PATIENCE).await;
    loop {
        let (source, answer) = match &read {
            Read::Pods(collection) => (Source::Pods, list(connection, collection, paid).await.map(pods_of)),
            Read::Kind { kind, handle, delay } => {
                let source = Source::Workloads(*kind);
                let collection = Collection::whole(source, namespace);
                let listed = async {
                    let at = Instant::now();
                    // That this API still does not have the kind is an answer too.
                    let answer = match list(connection, &collection, paid).await {
                        Err(Failure { kind: FailureKind::NotFound(_), .. }) if handle.was_absent() => Ok(Vec::new()),
                        answer => answer.map(workloads_of),
                    };
                    (at, answer)
                };
                let answer = handle.confirmed(*delay, listed).await;
                (source, answer.map(Answer::Workloads))
            }
            Read::Owner(kind, name) => {
                paid.take().await;
                let collection = Collection::whole(Source::Workloads(*kind), namespace);
                let body = connection.get(&collection, name, paid.meter).await;
                let owner = owner_of(&collection, name, body);
                (collection.source, owner.map(|owner| Answer::Workloads(Arc::new(owner.into_iter().collect()))))
            }
        };
        let failure = match answer {
            Ok(answer) => {
                paid.link.answered(&Collection::whole(source, namespace));
                return Ok(answer);
            }
            Err(failure) => failure,
        };
        paid.link.failed(&Collection::whole(source, namespace), &failure.kind);
        let since = *failing_since.get_or_insert_with(Instant::now);
        let is_refusal = matches!(failure.kind, FailureKind::Forbidden(_) | FailureKind::Unauthorized(_));
        if is_refusal || failure.trouble().hopeless || since.elapsed() >= patience {
            return Err((source, failure));
        }
        // What fails now is paid for as well, and the whole of it is still to come.
        let wait = backoff.after_failure(failure.kind.retry_after()).max(BETWEEN_TRIES);
        if paid.link.is_up() { sleep(wait).await } else { paid.wait_up(wait).await }
    }
}

async fn list(connection: &Connection, collection: &Collection, paid: &Paid<'_>) -> Result<Vec<Object>, Failure> {
    paid.take().await;
    let pages = Some((paid.budget, Urgency::Confirmation));
    let listing = connection.list_within(collection, paid.meter, pages).await?;
    // A replay is to see what the pass rests on.
    if listing.items.is_ok() {
        connection.tell_list(collection, &listing);
    }
    listing.items.map_err(|error| undecodable(collection, &error))
}

fn pods_of(objects: Vec<Object>) -> Answer {
    let pod = |object| if let Object::Pod(pod) = object { Some(Arc::unwrap_or_clone(pod)) } else { None };
    Answer::Pods(objects.into_iter().filter_map(pod).collect())
}

fn workloads_of(objects: Vec<Object>) -> Vec<Workload> {
    let workload =
        |object| if let Object::Workload(workload) = object { Some(Arc::unwrap_or_clone(workload)) } else { None };
    objects.into_iter().filter_map(workload).collect()
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
    meter: &RequestCounter,
) -> Result<Option<Workload>, Failure> {
    let collection = Collection::whole(Source::Workloads(kind), namespace);
    let read = with_retries(deadline, || connection.get(&collection, name, meter));
    let body = in_time(deadline, patience, &collection, read).await;
    owner_of(&collection, name, body)
}

/// The workload in the answer of a GET; `None` where the answer says that it is not there.
fn owner_of(
    collection: &Collection,
    name: &str,
    body: Result<Box<RawValue>, Failure>,
) -> Result<Option<Workload>, Failure> {
    match body {
        Ok(body) => match mapping::object(collection.source, &body) {
            Ok(Object::Workload(workload)) => Ok(Some(Arc::unwrap_or_clone(workload))),
            Ok(_) => Ok(None),
            Err(error) => Err(undecodable(collection, &error)),
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

fn undecodable(collection: &Collection, error: &mapping::MapError) -> Failure {
    Failure { request: format!("confirming {collection}"), kind: FailureKind::Undecodable(error.to_string()) }
}
