//! Runs one pod to its end: creates it, watches it, reads its output without loss, and deletes it on every way out.

mod output;
mod spec;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::task::AbortOnDropHandle;

use self::output::{LogEnd, Reader};
use super::pod_report::{PodOutput, PodReport};
use crate::cluster::api::Backoff;
use crate::cluster::api::Budget;
use crate::cluster::api::Collection;
use crate::cluster::api::evidence;
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::api::{Failure, FailureKind};
use crate::cluster::signals::{Stop, stopped};
use crate::cluster::watch::Link;
use crate::cluster::watch::Subscriptions;
use crate::cluster::watch::{Inbox, MOST_WAITING, ProbeSchedule, Shared, Terms};
use crate::gate::model::{Object, Source};
use crate::gate::result::{Code, PodEnd, Verdict, unseen};
use crate::gate::run::{PodRun, Stage, refused, taken};
use crate::gate::spec::PodOrder;
use crate::recording::mapping;

/// What to do where pods cannot be created at all: no Role changes that.
const NO_PODS_ADVICE: &str = "A recording runs no pods by itself: give the rehearsal or sandbox a script with `--pods FILE`, or leave a smoke run out with `--smoke none`.";

/// How old what is known of the pod may be.
const DELAY: Duration = Duration::from_secs(5);
/// Tries to create the pod.
const TRIES: u32 = 4;
/// The pod is deleted within this time, or left to its deadline.
const DELETION: Duration = Duration::from_secs(20);
/// The least time for it.
const LEAST_DELETION: Duration = Duration::from_secs(2);
/// The rest of a log that has not come on for so long is given up.
const LOG_PATIENCE: Duration = Duration::from_secs(20);
/// How long the pod's events may take once it is known that it did not run.
const EVENTS: Duration = Duration::from_millis(1500);
/// Pieces of output on their way from the connection to their reader.
const PIECES: usize = 16;

/// What is known of the pod's being there.
#[derive(Debug, Clone, PartialEq, Eq)]
enum There {
    No,
    /// It was asked for, and no answer came.
    Perhaps,
    Yes {
        uid: String,
    },
}

/// Runs the pod of an order. Whatever happens (a panic too), the pod is deleted before this returns, unless it is to be
/// kept. `stop` ends the run early.
pub async fn run(
    connection: &Arc<Connection>,
    namespace: &str,
    order: &PodOrder,
    keep: bool,
    output: &mut dyn PodOutput,
    stop: Stop,
) -> PodReport {
    let instance = spec::instance();
    let name = order.name.clone().unwrap_or_else(|| format!("crashgate-run-{instance}"));
    let mut runner = Runner {
        connection: Arc::clone(connection),
        namespace: namespace.to_owned(),
        order: order.clone(),
        name,
        instance,
        meter: RequestCounter::default(),
        there: There::No,
        was_answered: false,
        started: false,
        torn: None,
        stop,
    };
    let start = Instant::now();
    let end = AssertUnwindSafe(runner.work(output)).catch_unwind().await;
    let end = end.unwrap_or_else(|_| {
        unseen(Code::StaleData, "crashgate itself failed while it ran the pod, so nothing is proven".to_owned())
    });
    let mut warnings = Vec::new();
    if !keep && let Err(why) = runner.delete().await {
        warnings.push(format!(
            "pod {0} in namespace {1} may be left behind ({why}); its node ends it after {2} s. Delete it: `kubectl delete pod -n {1} {0}`",
            runner.name,
            runner.namespace,
            spec::deadline(order),
        ));
    }
    let Runner { name, started, torn, meter, .. } = runner;
    PodReport { pod: name, end, started, torn, warnings, duration: start.elapsed(), requests: meter.count() }
}

struct Runner {
    connection: Arc<Connection>,
    namespace: String,
    order: PodOrder,
    name: String,
    instance: String,
    meter: RequestCounter,
    there: There,
    /// The API server gave an answer to the creation.
    was_answered: bool,
    started: bool,
    torn: Option<String>,
    stop: Stop,
}

const fn interrupted(verdict: Verdict) -> PodEnd {
    PodEnd::Unrun { verdict, findings: Vec::new() }
}

impl Runner {
    /// All but the deletion.
    async fn work(&mut self, output: &mut dyn PodOutput) -> PodEnd {
        let mut stop = self.stop.clone();
        let created = Instant::now();
        let interruption = {
            let create = self.create();
            let mut create = std::pin::pin!(create);
            let first = tokio::select! {
                answer = create.as_mut() => Ok(answer),
                verdict = stopped(&mut stop) => Err(verdict),
            };
            match first {
                Ok(Ok(())) => None,
                Ok(Err(end)) => return end,
                Err(verdict) => {
                    output.said("waiting to hear whether the pod was created, in order to delete it");
                    // A request that is given up may still be carried out, and the pod would stay.
                    let _ = create.await;
                    Some(verdict)
                }
            }
        };
        if let Some(verdict) = interruption {
            return interrupted(verdict);
        }
        let There::Yes { uid } = self.there.clone() else { return unseen(Code::StaleData, "no pod".to_owned()) };
        output.said(&format!("pod {} was created in namespace {}", self.name, self.namespace));
        self.follow(&uid, created, output).await
    }

    /// Creates the pod, within the time of the run. What a broken connection leaves in doubt is asked again, under the
    /// same name.
    async fn create(&mut self) -> Result<(), PodEnd> {
        let patience = self.order.timeout;
        if let Ok(created) = timeout(patience, self.try_to_create()).await {
            return created;
        }
        let failure = FailureKind::TimedOut(patience);
        Err(unseen(Code::ClusterUnreachable, format!("the pod could not be created: {failure}")))
    }

    async fn try_to_create(&mut self) -> Result<(), PodEnd> {
        let pod = spec::pod(&self.order, &self.namespace, &self.name, &self.instance);
        let mut backoff = Backoff::default();
        loop {
            // From here on it may be there, whatever the answer says.
            let before = std::mem::replace(&mut self.there, There::Perhaps);
            let failure = match self.connection.create_pod(&self.namespace, &pod, &self.meter).await {
                Ok(uid) => {
                    self.there = There::Yes { uid };
                    return Ok(());
                }
                Err(failure) => failure,
            };
            self.was_answered |= !failure.kind.is_unreachable();
            let mut passes = failure.kind.is_passing();
            match &failure.kind {
                FailureKind::Refused { status: 409, message } => {
                    if let Ok(Some(uid)) = self.find().await {
                        self.there = There::Yes { uid };
                        return Ok(());
                    }
                    self.there = before;
                    if message.contains("already exists") {
                        return Err(taken(&self.namespace, &self.name, message));
                    }
                    // A quota that another request changed at the same moment: the same request may succeed.
                    passes = true;
                }
                FailureKind::Refused { status: 405, message } => {
                    self.there = before;
                    let mut end = unseen(Code::Forbidden, format!("this API server does not accept pods: {message}"));
                    if let PodEnd::Unrun { findings, .. } = &mut end {
                        for finding in findings {
                            NO_PODS_ADVICE.clone_into(&mut finding.next_step);
                        }
                    }
                    return Err(end);
                }
                FailureKind::Forbidden(words)
                | FailureKind::NotFound(words)
                | FailureKind::Refused { message: words, .. } => {
                    self.there = before;
                    return Err(refused(&self.namespace, words));
                }
                FailureKind::Unauthorized(_) => {
                    self.there = before;
                    return Err(unseen(Code::Unauthorized, failure.to_string()));
                }
                FailureKind::Busy { .. } => self.there = before,
                _ => {}
            }
            let wait = backoff.after_failure(failure.kind.retry_after());
            let is_stopped = self.stop.borrow().is_some();
            if !passes || backoff.failures() >= TRIES || is_stopped {
                return Err(unseen(Code::ClusterUnreachable, format!("the pod could not be created: {failure}")));
            }
            sleep(wait).await;
        }
    }

    /// The UID of the pod of this name, where it is the one of this run.
    async fn find(&self) -> Result<Option<String>, Failure> {
        let collection = Collection::whole(Source::Pods, &self.namespace);
        let body = match self.connection.get(&collection, &self.name, &self.meter).await {
            Ok(body) => body,
            Err(Failure { kind: FailureKind::NotFound(_), .. }) => return Ok(None),
            Err(failure) => return Err(failure),
        };
        Ok(match mapping::object(Source::Pods, &body) {
            Ok(Object::Pod(pod)) if pod.labels.get(spec::INSTANCE) == Some(&self.instance) => Some(pod.uid.clone()),
            _ => None,
        })
    }

    /// Watches the pod and reads its log until it is known how both ended.
    async fn follow(&mut self, uid: &str, created: Instant, output: &mut dyn PodOutput) -> PodEnd {
        let mut machine = PodRun::new(&self.order, &self.namespace, uid);
        let (slept, sleeps) = watch::channel(0);
        let budget = Arc::new(Budget::new([DELAY]));
        let mut subscriptions = Subscriptions::new(Shared {
            connection: Arc::clone(&self.connection),
            budget: Arc::clone(&budget),
            link: Arc::new(Link::new(budget)),
            sleeps,
            doubts_refusals: false,
        });
        let selector = format!("{}={}", spec::INSTANCE, self.instance);
        let pods = Collection::selected(Source::Pods, &self.namespace, selector);
        let inbox = Inbox::new(MOST_WAITING);
        let subscriber = inbox.subscriber(Source::Pods);
        let look =
            subscriptions.subscribe(pods, Terms::leading(ProbeSchedule::of_feed(DELAY)), &self.meter, subscriber);
        subscriptions.start();
        let (stage, stages) = watch::channel(Stage::Waiting);
        let (to, mut pieces) = mpsc::channel::<Bytes>(PIECES);
        let reader = Reader {
            connection: Arc::clone(&self.connection),
            namespace: self.namespace.clone(),
            pod: self.name.clone(),
            meter: self.meter.clone(),
            stage: stages,
            look: look.clone(),
            to,
        };
        let mut reader = AbortOnDropHandle::new(tokio::spawn(reader.read()));
        let mut stop = self.stop.clone();
        let end = loop {
            if let Some(words) = machine.news() {
                output.said(&words);
            }
            self.started |= machine.stage() != Stage::Waiting;
            stage.send_if_modified(|stage| std::mem::replace(stage, machine.stage()) != machine.stage());
            if let Some(end) = machine.end() {
                break end.clone();
            }
            let wake = machine.wake_at().map_or_else(|| Instant::now() + DELAY, |at| created + at);
            let mut stopped_by = None;
            tokio::select! {
                verdict = stopped(&mut stop) => stopped_by = Some(verdict),
                Some(piece) = pieces.recv() => output.wrote(&piece),
                true = inbox.arrived() => {}
                () = sleep_until(wake) => {}
            }
            // Whoever reads the output may take long to: what has arrived meanwhile comes before any deadline.
            let until = inbox.moment();
            while let Some(observed) = inbox.next(until) {
                machine.observe(observed.at.saturating_duration_since(created), observed.fact);
            }
            if !inbox.incomplete().is_empty() {
                look.relist();
            }
            machine.advance(until.saturating_duration_since(created));
            if let (Some(verdict), None) = (stopped_by, machine.end()) {
                break interrupted(verdict);
            }
        };
        drop(slept);
        match end {
            PodEnd::Exited(ended) => {
                let log_end = loop {
                    tokio::select! {
                        biased;
                        verdict = stopped(&mut stop) => return interrupted(verdict),
                        piece = timeout(LOG_PATIENCE, pieces.recv()) => match piece {
                            Ok(Some(piece)) => output.wrote(&piece),
                            Ok(None) => break (&mut reader).await.ok(),
                            Err(_) => break None,
                        },
                    }
                };
                self.torn = match log_end {
                    Some(LogEnd::Whole) => None,
                    Some(LogEnd::Torn(why)) => Some(why),
                    None => Some("the rest of it did not arrive".to_owned()),
                };
                PodEnd::Exited(ended)
            }
            // What came before the end was known.
            unrun @ PodEnd::Unrun { .. } => {
                while let Ok(piece) = pieces.try_recv() {
                    output.wrote(&piece);
                }
                self.with_events(unrun, &mut machine).await
            }
        }
    }

    /// The same end with what the pod's events tell.
    async fn with_events(&self, end: PodEnd, machine: &mut PodRun) -> PodEnd {
        let PodEnd::Unrun { verdict, mut findings } = end else { return end };
        let until = Instant::now() + EVENTS;
        let facts = evidence::last_events(&self.connection, &self.namespace, &findings, &self.meter, until).await;
        machine.add_events(&mut findings, facts);
        PodEnd::Unrun { verdict, findings }
    }

    /// Deletes the pod, where it is there or may be.
    async fn delete(&mut self) -> Result<(), String> {
        // Where nobody has answered yet, nobody may be there: the run's own time is enough for that too.
        let patience = match self.there {
            There::Perhaps if !self.was_answered => self.order.timeout.clamp(LEAST_DELETION, DELETION),
            _ => DELETION,
        };
        let deleted = timeout(patience, self.try_to_delete()).await;
        deleted.unwrap_or_else(|_| Err(FailureKind::TimedOut(patience).to_string()))
    }

    async fn try_to_delete(&mut self) -> Result<(), String> {
        let mut backoff = Backoff::default();
        let mut looks = 0;
        loop {
            let answer = match self.there.clone() {
                There::No => return Ok(()),
                There::Yes { uid } => {
                    match self.connection.delete_pod(&self.namespace, &self.name, &uid, &self.meter).await {
                        // Somebody was quicker, or another pod has its name now.
                        Ok(())
                        | Err(Failure {
                            kind: FailureKind::NotFound(_) | FailureKind::Refused { status: 409, .. },
                            ..
                        }) => {
                            self.there = There::No;
                            return Ok(());
                        }
                        Err(failure) => Err(failure),
                    }
                }
                There::Perhaps => match self.find().await {
                    Ok(Some(uid)) => {
                        self.there = There::Yes { uid };
                        continue;
                    }
                    // A request that got no answer may be carried out late.
                    Ok(None) => {
                        looks += 1;
                        if looks >= TRIES {
                            self.there = There::No;
                            return Ok(());
                        }
                        Ok(())
                    }
                    Err(failure) => Err(failure),
                },
            };
            let wait = match &answer {
                Ok(()) => Duration::from_secs(1),
                Err(failure) => backoff.after_failure(failure.kind.retry_after()),
            };
            if let Err(failure) = answer
                && !failure.kind.is_passing()
            {
                return Err(failure.to_string());
            }
            sleep(wait).await;
        }
    }
}
