//! Evidence for findings, collected after the decision: the container's last words, and the pod's last events.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep, timeout_at};

use crate::cluster::api::Collection;
use crate::cluster::api::LogRequest;
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::api::{Failure, FailureKind};
use crate::gate::Fact;
use crate::gate::model::Source;
use crate::gate::result::{Evidence, EvidenceKind, Finding, LogWanted};
use crate::recording::mapping;

/// Collecting takes no longer.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// Of which the events may take so much.
const EVENTS_PATIENCE: Duration = Duration::from_millis(1500);
/// Pods whose events are read once more.
const MOST_PODS: usize = 3;
/// Nodes that are read.
const MOST_NODES: usize = 3;
/// Logs that are fetched: one for each distinct cause, and with more causes than these nobody reads on.
const MOST_LOGS: usize = 8;
/// Waits before each try for one log. The kubelet needs a moment after a container ended.
const TRIES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(300), Duration::from_secs(1)];
/// What the API server writes in place of a log that it cannot get, as if it were the log.
const NO_LOG: &[u8] = b"unable to retrieve container logs";

/// Reads the newest events of the pods that findings name. A probe's last answer often comes just after the crash that
/// it caused. What cannot be read is left out: the watch has told most of it.
pub async fn last_events(
    connection: &Connection,
    namespace: &str,
    findings: &[Finding],
    meter: &RequestCounter,
    deadline: Instant,
) -> Vec<Fact> {
    let mut pods: Vec<&str> = Vec::new();
    for uid in findings.iter().filter_map(|finding| finding.place.pod_uid.as_deref()) {
        if !pods.contains(&uid) && pods.len() < MOST_PODS {
            pods.push(uid);
        }
    }
    let collection = Collection::whole(Source::Events, namespace);
    let until = deadline.min(Instant::now() + EVENTS_PATIENCE);
    let reads = pods.into_iter().map(|uid| {
        let collection = &collection;
        async move {
            let field = format!("involvedObject.uid={uid}");
            let listing = timeout_at(until, connection.list_part(collection, &field, meter)).await.ok()?.ok()?;
            // One by one: as a list they would say that there are no others.
            listing.items.ok()
        }
    });
    join_all(reads).await.into_iter().flatten().flatten().map(|object| Fact::Seen(Box::new(object))).collect()
}

/// Reads the nodes that may be behind findings. Gives what was read, and for each finding whose node could not be read
/// its place with a line that says why.
pub async fn nodes(
    connection: &Connection,
    findings: &[Finding],
    meter: &RequestCounter,
    deadline: Instant,
) -> (Vec<Fact>, Vec<(usize, Evidence)>) {
    let mut wanted: Vec<(usize, &str)> = Vec::new();
    for (place, finding) in findings.iter().enumerate().filter(|(_, finding)| finding.concerns_its_node()) {
        if let Some(node) = &finding.place.node
            && wanted.len() < MOST_NODES
            && wanted.iter().all(|(_, known)| known != node)
        {
            wanted.push((place, node));
        }
    }
    let collection = Collection::whole(Source::Nodes, "");
    let until = deadline.min(Instant::now() + EVENTS_PATIENCE);
    let reads = join_all(wanted.into_iter().map(|(place, node)| {
        let collection = &collection;
        async move {
            let why = match timeout_at(until, connection.get(collection, node, meter)).await {
                Ok(Ok(body)) => match mapping::object(Source::Nodes, &body) {
                    Ok(object) => return Ok(Fact::Seen(Box::new(object))),
                    Err(error) => error.to_string(),
                },
                Ok(Err(Failure { kind: FailureKind::Forbidden(_), .. })) => {
                    format!("this identity may not read it; add to a ClusterRole the rule {}", collection.rule("get"))
                }
                Ok(Err(failure)) => failure.kind.to_string(),
                Err(_) => "it did not arrive in time".to_owned(),
            };
            let text = format!("no state of node {node}: {why}");
            Err((place, Evidence { kind: EvidenceKind::Missing, text }))
        }
    }))
    .await;
    let (mut facts, mut missing) = (Vec::new(), Vec::new());
    for read in reads {
        match read {
            Ok(fact) => facts.push(fact),
            Err(line) => missing.push(line),
        }
    }
    (facts, missing)
}

/// Fetches the log of each finding that wants one, all at the same time, until `deadline`. Gives the place of each such
/// finding with what was found, or one line that says why nothing was.
pub async fn logs(
    connection: &Connection,
    namespace: &str,
    findings: &[Finding],
    meter: &RequestCounter,
    deadline: Instant,
) -> Vec<(usize, Evidence)> {
    let wanted = findings.iter().enumerate().filter_map(|(place, finding)| Some((place, finding.log.as_ref()?)));
    join_all(wanted.enumerate().map(|(count, (place, wanted))| async move {
        if count >= MOST_LOGS {
            return (place, missing(wanted, &format!("the logs of {MOST_LOGS} other causes were fetched first")));
        }
        let evidence = timeout_at(deadline, log(connection, namespace, wanted, meter))
            .await
            .unwrap_or_else(|_| missing(wanted, &format!("it did not arrive within {} s", PATIENCE.as_secs())));
        (place, evidence)
    }))
    .await
}

/// What one try gave.
enum Answer {
    /// The end of the search.
    Found(Evidence),
    /// Another moment may be kinder.
    NotYet(String),
    /// This one will not come; the other one may.
    Never(String),
}

/// The log of one attempt: the one that was asked for, and where it cannot be had the one on the other side of
/// `previous`, for the container may have been restarted since. At most six requests.
async fn log(connection: &Connection, namespace: &str, wanted: &LogWanted, meter: &RequestCounter) -> Evidence {
    let mut reasons: Vec<String> = Vec::new();
    let last = TRIES.len() - 1;
    for (round, wait) in TRIES.into_iter().enumerate() {
        sleep(wait).await;
        let mut ask_other = round == last;
        match ask(connection, namespace, wanted, wanted.previous, meter).await {
            Answer::Found(evidence) => return evidence,
            Answer::NotYet(reason) => note(&mut reasons, reason),
            // A refusal can also be that of a moment between two attempts, so this one is asked for again later.
            Answer::Never(reason) => {
                note(&mut reasons, reason);
                ask_other = true;
            }
        }
        if ask_other {
            match ask(connection, namespace, wanted, !wanted.previous, meter).await {
                Answer::Found(evidence) => return evidence,
                Answer::NotYet(reason) | Answer::Never(reason) => note(&mut reasons, reason),
            }
        }
    }
    missing(wanted, &reasons.join("; "))
}

async fn ask(
    connection: &Connection,
    namespace: &str,
    wanted: &LogWanted,
    previous: bool,
    meter: &RequestCounter,
) -> Answer {
    let request = LogRequest {
        namespace,
        pod: &wanted.pod,
        container: &wanted.container,
        previous,
        // That the log of the attempt before was asked for says that another one has begun.
        restarts: wanted.attempt + u32::from(previous),
    };
    read_answer(wanted, connection.log(&request, meter).await)
}

fn note(reasons: &mut Vec<String>, reason: String) {
    if !reasons.contains(&reason) {
        reasons.push(reason);
    }
}

fn read_answer(wanted: &LogWanted, answer: Result<bytes::Bytes, Failure>) -> Answer {
    let failure = match answer {
        Ok(body) if body.starts_with(NO_LOG) => return Answer::NotYet("the node could not read it".to_owned()),
        Ok(body) if body.trim_ascii().is_empty() => return Answer::Never("the container wrote nothing".to_owned()),
        Ok(body) => {
            let text = String::from_utf8_lossy(&body).trim_end().to_owned();
            return Answer::Found(Evidence { kind: EvidenceKind::Log, text });
        }
        Err(failure) => failure,
    };
    match &failure.kind {
        FailureKind::Forbidden(_) => Answer::Found(missing(
            wanted,
            "this identity may not read it; add the rule apiGroups: [\"\"], resources: [\"pods/log\"], verbs: [get]",
        )),
        FailureKind::Unauthorized(message) => Answer::Found(missing(wanted, message)),
        FailureKind::NotFound(_) => Answer::Found(missing(wanted, "the pod is gone")),
        kind if kind.is_passing() => Answer::NotYet(kind.to_string()),
        kind => Answer::Never(kind.to_string()),
    }
}

fn missing(wanted: &LogWanted, why: &str) -> Evidence {
    let text = format!("no log of container {} in pod {}: {why}", wanted.container, wanted.pod);
    Evidence { kind: EvidenceKind::Missing, text }
}
