//! One source: a collection that is kept fresh by LIST and WATCH.
//!
//! A watch is trusted as long as its lines can be read and a LIST, asked for whenever it was silent for too long, shows
//! nothing that it should have told. Where a watch may not be trusted the collection is listed again; only where that
//! fails is the source lost.

use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::backoff::{Backoff, random_fraction};
use super::budget::{Budget, Urgency};
use super::collection::Collection;
use super::connect::{Connection, Meter};
use super::failure::{Failure, FailureKind};
use super::ledger::{Ledger, Owed};
use super::link::Link;
use super::listing::{Listing, Named};
use super::request::{Watch, WatchLine};
use crate::gate::observation::{Fact, Source, Trouble, TroubleKind, Warning};
use crate::recording::mapping;

/// A watch is asked to last so long, plus up to [`WATCH_SPREAD`].
const WATCH_LASTS: Duration = Duration::from_secs(280);
/// Spreads the ends of many watches.
const WATCH_SPREAD: Duration = Duration::from_secs(20);
/// A server that does not end a watch so long after its time has forgotten it.
const WATCH_OVERDUE: Duration = Duration::from_secs(15);
/// A watch that lived so long before it broke is no sign of a server that cannot keep one.
const WATCH_SETTLED: Duration = Duration::from_secs(10);

/// A fact, and when it was learnt.
#[derive(Debug, Clone)]
pub struct Observed {
    /// On our monotonic clock.
    pub at: Instant,
    /// What was learnt.
    pub fact: Fact,
}

/// Those who hear of a source.
pub type Subscribers = Arc<Mutex<Vec<mpsc::UnboundedSender<Observed>>>>;

/// When a source must prove itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After so long a silence; where watching is forbidden, how often it is listed.
    pub quiet: Duration,
    /// How long after its begin for the first time, so that sources take turns.
    pub first: Duration,
}

/// What all sources of a session share.
#[derive(Debug, Clone)]
pub struct Shared {
    /// The connection.
    pub connection: Arc<Connection>,
    /// The budget.
    pub budget: Arc<Budget>,
    /// Whether anybody answers.
    pub link: Arc<Link>,
    /// Counts how often the machine was found to have been asleep.
    pub sleeps: watch::Receiver<u64>,
}

/// The task of one source.
#[derive(Debug)]
pub struct SourceTask {
    collection: Collection,
    shared: Shared,
    meter: Meter,
    /// Others wait for this one while nobody answers.
    leads: bool,
    pace: Pace,
    subscribers: Subscribers,
    relist: Arc<Notify>,
    ledger: Ledger,
    /// LISTs that failed in a row.
    failing: Backoff,
    /// Watches that broke early in a row.
    unsettled: Backoff,
    told_trouble: Option<Trouble>,
    polls: bool,
    warned: Vec<&'static str>,
    next_proof: Option<Instant>,
}

/// What to do next.
enum Next {
    /// Watch from this version.
    Watch(String),
    /// List again.
    List,
    /// Nothing more will come.
    End,
}

type Proof<'a> = BoxFuture<'a, Result<Listing, Failure>>;

/// What a proof showed and the watch still owes.
struct Debt {
    owed: Owed,
    listing: Listing,
    until: Instant,
    lines_since: bool,
}

impl SourceTask {
    /// A source that has not asked for anything yet.
    #[must_use]
    pub fn new(
        collection: Collection,
        shared: Shared,
        meter: Meter,
        leads: bool,
        pace: Pace,
        subscribers: Subscribers,
        relist: Arc<Notify>,
    ) -> Self {
        Self {
            collection,
            shared,
            meter,
            leads,
            pace,
            subscribers,
            relist,
            ledger: Ledger::default(),
            failing: Backoff::default(),
            unsettled: Backoff::default(),
            told_trouble: None,
            polls: false,
            warned: Vec::new(),
            next_proof: None,
        }
    }

    /// Changes the pace to the quicker one of two.
    pub fn hurry(&mut self, pace: Pace, leads: bool) {
        self.pace.quiet = self.pace.quiet.min(pace.quiet);
        self.pace.first = self.pace.first.min(pace.first);
        self.leads |= leads;
    }

    /// Keeps the source fresh until nobody listens or nothing more can come.
    pub async fn run(mut self) {
        let mut next = Next::List;
        loop {
            next = match next {
                Next::List => self.list().await,
                Next::Watch(version) => self.follow(version).await,
                Next::End => return,
            };
        }
    }

    fn urgency(&self) -> Urgency {
        if self.leads { Urgency::Pods } else { Urgency::Trust }
    }

    /// Lists until an answer can be trusted.
    async fn list(&mut self) -> Next {
        loop {
            if !self.leads {
                self.shared.link.wait_up().await;
            }
            self.shared.budget.take(self.urgency()).await;
            if self.is_abandoned() {
                return Next::End;
            }
            let generation = self.shared.connection.client().0;
            let failure = match self.shared.connection.list(&self.collection, &self.meter).await {
                Ok(listing) => match self.accept(&listing) {
                    Ok(()) => return Next::Watch(listing.resource_version),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            match self.after_failure(&failure, generation).await {
                Next::List => {}
                other => return other,
            }
        }
    }

    /// Takes a LIST for the state of things.
    fn accept(&mut self, listing: &Listing) -> Result<(), Failure> {
        self.shared.link.is(true);
        let fact = mapping::list(self.collection.source, &listing.body).map_err(|error| self.undecodable(&error))?;
        self.shared.connection.tell_list(&self.collection, listing);
        self.ledger.replace(&listing.objects);
        let after = if self.next_proof.is_none() { self.pace.first } else { self.pace.quiet };
        self.next_proof = Some(Instant::now() + after);
        self.failing.reset();
        self.told_trouble = None;
        self.send(&fact);
        Ok(())
    }

    /// What follows from a LIST that failed. Waits where waiting is due.
    async fn after_failure(&mut self, failure: &Failure, generation: u64) -> Next {
        self.shared.link.is(!failure.kind.is_unreachable());
        match &failure.kind {
            FailureKind::Forbidden(message) => {
                let message = format!("{message}; it needs {}", self.collection.rule("get, list, watch"));
                self.send(&Fact::Denied { source: self.collection.source, message });
                return Next::End;
            }
            // An API server without this group has none of these objects.
            FailureKind::NotFound(_) if matches!(self.collection.source, Source::Workloads(_)) => {
                if let Ok(nothing) = Listing::of_nothing(&self.collection)
                    && self.accept(&nothing).is_ok()
                {
                    return Next::Watch(String::new());
                }
            }
            FailureKind::Unauthorized(_) if self.shared.connection.renew(generation).await => return Next::List,
            _ => {}
        }
        self.lost(failure.trouble());
        if failure.trouble().hopeless {
            return Next::End;
        }
        let wait = self.failing.after_failure(failure.kind.retry_after());
        sleep(wait).await;
        Next::List
    }

    /// Watches from a version on, or lists now and then where watching is not allowed.
    async fn follow(&mut self, version: String) -> Next {
        if self.polls || version.is_empty() {
            return self.poll().await;
        }
        self.shared.budget.take(self.urgency()).await;
        if self.is_abandoned() {
            return Next::End;
        }
        let connection = Arc::clone(&self.shared.connection);
        let generation = connection.client().0;
        let lasting = WATCH_LASTS + WATCH_SPREAD.mul_f64(random_fraction());
        let opened = Instant::now();
        let next = match connection.watch(&self.collection, &version, lasting, &self.meter).await {
            Ok(watch) => self.read(watch, version, lasting).await,
            Err(failure) => match &failure.kind {
                FailureKind::Forbidden(message) => {
                    self.polls = true;
                    self.warn(
                        "WatchForbidden",
                        format!(
                            "{} may be listed but not watched, so they are listed every {} s: {message}",
                            self.collection,
                            self.pace.quiet.as_secs_f64()
                        ),
                    );
                    return self.poll().await;
                }
                FailureKind::Unauthorized(_) => return self.after_failure(&failure, generation).await,
                _ => Next::List,
            },
        };
        match next {
            Next::List => {
                if opened.elapsed() >= WATCH_SETTLED {
                    self.unsettled.reset();
                }
                // The first time at once; a server that breaks every watch is asked more and more slowly.
                let wait = self.unsettled.after_failure(None);
                if self.unsettled.failures() > 1 {
                    sleep(wait).await;
                }
            }
            Next::Watch(_) => self.unsettled.reset(),
            Next::End => {}
        }
        next
    }

    /// Waits until the next LIST is due.
    async fn poll(&mut self) -> Next {
        tokio::select! {
            () = sleep_until(self.proof_due()) => {}
            () = self.relist.notified() => {}
            () = slept(&mut self.shared.sleeps) => self.lost(asleep()),
        }
        Next::List
    }

    /// Reads a watch until it ends.
    async fn read(&mut self, mut watch: Watch<'_>, mut version: String, lasting: Duration) -> Next {
        let shared = self.shared.clone();
        let (collection, meter, relist) = (self.collection.clone(), self.meter.clone(), Arc::clone(&self.relist));
        let mut sleeps = shared.sleeps.clone();
        let urgency = if self.leads { Urgency::Pods } else { Urgency::Proof };
        let opened = Instant::now();
        let mut proof: Option<Proof<'_>> = None;
        let mut debt: Option<Debt> = None;
        loop {
            let due = debt.as_ref().map_or_else(|| self.proof_due(), |debt| debt.until);
            tokio::select! {
                line = watch.next() => match line {
                    Ok(Some(line)) => {
                        if let Err(failure) = self.take_in(&line, &mut version, debt.as_mut()) {
                            self.lost(failure.trouble());
                            return Next::List;
                        }
                        debt = debt.filter(|debt| !debt.owed.is_settled());
                    }
                    // In good order only at the time that was agreed on.
                    Ok(None) if opened.elapsed() >= lasting.mul_f64(0.9) => return Next::Watch(version),
                    Ok(None) => return Next::List,
                    Err(failure) => {
                        if matches!(failure.kind, FailureKind::Undecodable(_)) {
                            self.lost(failure.trouble());
                        }
                        return Next::List;
                    }
                },
                answer = asked(&mut proof) => {
                    proof = None;
                    match answer {
                        Ok(answer) => match self.prove(answer) {
                            Ok(still_owed) => debt = still_owed,
                            Err(failure) => {
                                self.lost(failure.trouble());
                                return Next::List;
                            }
                        },
                        Err(failure) => {
                            let generation = shared.connection.client().0;
                            return self.after_failure(&failure, generation).await;
                        }
                    }
                }
                () = sleep_until(due), if proof.is_none() => {
                    if let Some(debt) = debt.take() {
                        return self.broken(debt);
                    }
                    if self.is_abandoned() {
                        return Next::End;
                    }
                    self.ledger.list_asked();
                    proof = Some(Box::pin(async {
                        shared.budget.take(urgency).await;
                        shared.connection.list(&collection, &meter).await
                    }));
                }
                () = relist.notified() => return Next::List,
                () = slept(&mut sleeps) => {
                    self.shared.sleeps = sleeps;
                    self.lost(asleep());
                    return Next::List;
                }
                () = sleep_until(opened + lasting + WATCH_OVERDUE) => return Next::List,
            }
        }
    }

    /// Takes in a line of the watch.
    fn take_in(&mut self, line: &WatchLine, version: &mut String, debt: Option<&mut Debt>) -> Result<(), Failure> {
        let source = self.collection.source;
        let named: Named = serde_json::from_str(line.object.get()).map_err(|error| self.undecodable(&error))?;
        let fact = mapping::event(source, &line.kind, &line.object).map_err(|error| self.undecodable(&error))?;
        let uid = named.metadata.uid;
        version.clone_from(&named.metadata.resource_version);
        self.next_proof = Some(Instant::now() + self.pace.quiet);
        match line.kind.as_str() {
            "ADDED" | "MODIFIED" => self.ledger.told(&uid, version),
            "DELETED" => self.ledger.told_gone(&uid),
            _ => {}
        }
        if let Some(debt) = debt {
            debt.lines_since = true;
            if line.kind == "DELETED" {
                debt.owed.told_gone(&uid);
            } else {
                debt.owed.told(&uid, version);
            }
        }
        if let Some(fact) = fact {
            self.send(&fact);
        }
        Ok(())
    }

    /// Compares a LIST with what the watch has told, and gives what it has not told yet.
    fn prove(&mut self, listing: Listing) -> Result<Option<Debt>, Failure> {
        self.shared.link.is(true);
        self.failing.reset();
        self.next_proof = Some(Instant::now() + self.pace.quiet);
        let owed = self.ledger.compare(&listing.objects);
        if !owed.is_settled() {
            // What was written a moment ago may still be on its way.
            let tolerance = (self.pace.quiet / 4).clamp(Duration::from_millis(200), Duration::from_secs(2));
            return Ok(Some(Debt { owed, listing, until: Instant::now() + tolerance, lines_since: false }));
        }
        // An answer that is older than what the watch told meanwhile proves the watch, and is of no use as a state.
        if self.ledger.is_exactly(&listing.objects) {
            self.accept(&listing)?;
        }
        Ok(None)
    }

    /// The watch did not tell what it owed.
    fn broken(&mut self, debt: Debt) -> Next {
        self.warn(
            "WatchSilent",
            format!(
                "the watch of {} was open and silent while {} of them changed; it was opened again. Does a proxy hold answers back?",
                self.collection,
                debt.owed.len()
            ),
        );
        if debt.lines_since {
            return Next::List;
        }
        match self.accept(&debt.listing) {
            Ok(()) => Next::Watch(debt.listing.resource_version),
            Err(failure) => {
                self.lost(failure.trouble());
                Next::List
            }
        }
    }

    fn proof_due(&self) -> Instant {
        self.next_proof.unwrap_or_else(|| Instant::now() + self.pace.quiet)
    }

    fn undecodable(&self, error: &dyn std::error::Error) -> Failure {
        Failure { request: format!("reading {}", self.collection), kind: FailureKind::Undecodable(error.to_string()) }
    }

    /// Says that the source is lost, once for each trouble in a row.
    fn lost(&mut self, trouble: Trouble) {
        if self.told_trouble.as_ref() != Some(&trouble) {
            self.told_trouble = Some(trouble.clone());
            self.send(&Fact::Lost { source: self.collection.source, trouble });
        }
    }

    /// Says something once.
    fn warn(&mut self, code: &'static str, message: String) {
        if !self.warned.contains(&code) {
            self.warned.push(code);
            self.send(&Fact::Noticed(Warning { code, message }));
        }
    }

    fn send(&self, fact: &Fact) {
        broadcast(&self.subscribers, fact);
    }

    fn is_abandoned(&self) -> bool {
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|subscriber| !subscriber.is_closed());
        subscribers.is_empty()
    }
}

/// Tells a fact to all who listen.
pub(super) fn broadcast(subscribers: &Subscribers, fact: &Fact) {
    let at = Instant::now();
    let mut subscribers = subscribers.lock().unwrap_or_else(PoisonError::into_inner);
    subscribers.retain(|subscriber| subscriber.send(Observed { at, fact: fact.clone() }).is_ok());
}

/// The answer to a LIST that was asked for, if one was.
async fn asked(proof: &mut Option<Proof<'_>>) -> Result<Listing, Failure> {
    match proof {
        Some(proof) => proof.await,
        None => pending().await,
    }
}

/// Waits until the machine was asleep.
async fn slept(sleeps: &mut watch::Receiver<u64>) {
    if sleeps.changed().await.is_err() {
        pending::<()>().await;
    }
}

fn asleep() -> Trouble {
    Trouble {
        kind: TroubleKind::Stale,
        message: "this machine was asleep, and what happened meanwhile is not known yet".to_owned(),
        hopeless: false,
    }
}
