//! One source: a collection that is kept fresh by LIST and WATCH.
//!
//! A watch is trusted as long as its lines can be read and a LIST, asked for whenever it was silent for too long, shows
//! nothing that it should have told. Where a watch may not be trusted the collection is listed again; only where that
//! fails is the source lost.

mod watching;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::backoff::Backoff;
use super::budget::{Budget, Urgency};
use super::collection::Collection;
use super::connect::{Connection, Meter};
use super::failure::{Failure, FailureKind};
use super::ledger::Ledger;
use super::link::Link;
use super::listing::Listing;
use crate::gate::observation::{Fact, Source, Trouble, TroubleKind, Warning};
use crate::gate::warning::Notice;

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
    /// A moment at which it must have proven itself once more, because a gate may decide by it soon after.
    pub last_look: Option<Look>,
}

/// A look at a source that is due by some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// It is taken from this moment on…
    pub from: Instant,
    /// …and the source is lost where it has not shown anything by this one.
    pub until: Instant,
}

/// Longer than any gate.
const FAR: Duration = Duration::from_hours(24 * 365);

/// A source that is to miss no step is proven so often, however much its watch tells.
const UNPROVEN: Duration = Duration::from_mins(5);

/// A source whose watch broke is lost where it was not listed again so long after.
const BRIDGED: Duration = Duration::from_secs(2);

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
    /// What a source does once its watch broke.
    pub after_break: AfterBreak,
}

/// What a source does once its watch broke, where the server may still know what came since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterBreak {
    /// It lists again: who wants to know how things are now hears it at once.
    List,
    /// It opens the watch again from the version that it last heard of: who wants to know what happens misses no step.
    /// It lists where the server does not have that version any more.
    Resume,
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
    warned: Vec<Notice>,
    next_proof: Option<Instant>,
    /// When a LIST last showed that nothing is missing.
    proven: Instant,
    /// The moments of the paces that are still to come.
    looks: Vec<Look>,
    /// The look that is being taken.
    look: Option<Look>,
    /// Requests that the budget has granted and that were not made yet.
    prepaid: u32,
    /// Since when nothing tells what changes, where that is so: the watch broke.
    unwatched_since: Option<Instant>,
    /// It was listed at some time.
    was_listed: bool,
}

/// What to do next.
enum Next {
    /// Watch from this version.
    Watch(String),
    /// The watch broke: open it again from this version.
    Resume(String),
    /// List again.
    List,
    /// Nothing more will come.
    End,
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
            proven: Instant::now(),
            looks: pace.last_look.into_iter().collect(),
            look: None,
            prepaid: 0,
            unwatched_since: None,
            was_listed: false,
        }
    }

    /// Changes the pace to the quicker one of two.
    pub fn hurry(&mut self, pace: Pace, leads: bool) {
        self.pace.quiet = self.pace.quiet.min(pace.quiet);
        self.pace.first = self.pace.first.min(pace.first);
        self.looks.extend(pace.last_look);
        self.leads |= leads;
    }

    /// Keeps the source fresh until nobody listens or nothing more can come.
    pub async fn run(mut self) {
        let mut next = Next::List;
        loop {
            next = match next {
                Next::List => self.list().await,
                Next::Watch(version) | Next::Resume(version) => self.follow(version).await,
                Next::End => return,
            };
        }
    }

    fn urgency(&self) -> Urgency {
        if self.leads { Urgency::Pods } else { Urgency::Trust }
    }

    /// Lists until an answer can be trusted. Where that takes too long, the source is lost meanwhile: what is known of it
    /// is older than a gate may believe.
    async fn list(&mut self) -> Next {
        loop {
            let (connection, collection) = (Arc::clone(&self.shared.connection), self.collection.clone());
            let (budget, link) = (Arc::clone(&self.shared.budget), Arc::clone(&self.shared.link));
            let (urgency, leads, meter) = (self.urgency(), self.leads, self.meter.clone());
            // Anew only together with the watch that follows: what is listed and then not watched is soon stale again.
            let tokens = if self.polls || !self.was_listed { 1 } else { 2 };
            let missing = tokens.max(self.prepaid) - self.prepaid;
            let asked = async {
                if !leads {
                    link.wait_up().await;
                }
                budget.take_several(urgency, missing).await;
                connection.list(&collection, &meter).await
            };
            let mut asked = std::pin::pin!(asked);
            let answer = tokio::select! {
                biased;
                answer = asked.as_mut() => answer,
                () = sleep_until(self.believed_until()) => {
                    self.lost(unwatched(&self.collection));
                    asked.await
                }
            };
            self.prepaid = tokens.max(self.prepaid) - 1;
            if self.is_abandoned() {
                return Next::End;
            }
            match self.taken(answer).await {
                Next::List => {}
                next => return next,
            }
        }
    }

    /// When what is known is too old to be believed, while nothing tells what changes.
    fn believed_until(&self) -> Instant {
        let unwatched = self.unwatched_since.filter(|_| self.was_listed).map(|since| since + BRIDGED);
        let look = self.look.map(|look| look.until);
        unwatched.into_iter().chain(look).min().unwrap_or_else(|| Instant::now() + FAR)
    }

    /// What follows from the answer of a LIST.
    async fn taken(&mut self, answer: Result<Listing, Failure>) -> Next {
        let failure = match answer {
            Ok(listing) => match self.accept(listing) {
                Ok(version) => return Next::Watch(version),
                Err(failure) => failure,
            },
            Err(failure) => failure,
        };
        self.after_failure(&failure).await
    }

    /// Takes a LIST for the state of things, and gives the version from which a watch goes on.
    fn accept(&mut self, mut listing: Listing) -> Result<String, Failure> {
        self.shared.link.is(true);
        let objects =
            std::mem::replace(&mut listing.items, Ok(Vec::new())).map_err(|error| self.undecodable(&error))?;
        self.shared.connection.tell_list(&self.collection, &listing);
        self.ledger.replace(&listing.objects);
        let after = if self.next_proof.is_none() { self.pace.first } else { self.pace.quiet };
        self.proven = Instant::now();
        self.next_proof = Some(self.proven + after);
        self.failing.reset();
        self.told_trouble = None;
        (self.was_listed, self.unwatched_since) = (true, None);
        self.looks_now();
        self.look = None;
        self.send(Fact::Listed { source: self.collection.source, objects });
        Ok(listing.resource_version)
    }

    /// What follows from a LIST that failed. Waits where waiting is due.
    async fn after_failure(&mut self, failure: &Failure) -> Next {
        self.shared.link.is(!failure.kind.is_unreachable());
        match &failure.kind {
            FailureKind::Forbidden(message) => {
                let message = format!("{message}; it needs {}", self.collection.rule("get, list, watch"));
                self.send(Fact::Denied { source: self.collection.source, message });
                return Next::End;
            }
            // An API server without this group has none of these objects. One that had it a moment ago is only starting.
            FailureKind::NotFound(_) if matches!(self.collection.source, Source::Workloads(_)) && !self.knows_any() => {
                if let Ok(nothing) = Listing::of_nothing(&self.collection)
                    && let Ok(version) = self.accept(nothing)
                {
                    return Next::Watch(version);
                }
            }
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

    /// Some object of it has been seen.
    fn knows_any(&self) -> bool {
        !self.ledger.is_empty()
    }

    fn proof_due(&mut self) -> Instant {
        let now = Instant::now();
        // A look that is due is the next one; it is taken off once it was asked for.
        let mut due = self.next_proof.unwrap_or(now + self.pace.quiet);
        if self.shared.after_break == AfterBreak::Resume {
            // A watch that speaks all the time may still have lost a line, and no gate's last look finds that out here.
            due = due.min(self.proven + UNPROVEN);
        }
        self.looks.iter().map(|look| look.from).fold(due, Instant::min)
    }

    /// A LIST is asked for now: the looks that were due are taken.
    fn looks_now(&mut self) {
        let now = Instant::now();
        let due = self.looks.iter().filter(|look| look.from <= now).map(|look| look.until).min();
        self.looks.retain(|look| look.from > now);
        if let Some(until) = due {
            self.look = Some(Look { from: now, until });
        }
    }

    fn undecodable(&self, error: &dyn std::error::Error) -> Failure {
        Failure { request: format!("reading {}", self.collection), kind: FailureKind::Undecodable(error.to_string()) }
    }

    /// Says that the source is lost, once for each trouble in a row.
    fn lost(&mut self, trouble: Trouble) {
        if self.told_trouble.as_ref() != Some(&trouble) {
            self.told_trouble = Some(trouble.clone());
            self.send(Fact::Lost { source: self.collection.source, trouble });
        }
    }

    /// Says something once.
    fn warn(&mut self, code: Notice, message: String) {
        if !self.warned.contains(&code) {
            self.warned.push(code);
            self.send(Fact::Noticed(Warning { code: code.into(), message }));
        }
    }

    fn send(&self, fact: Fact) {
        broadcast(&self.subscribers, fact);
    }

    /// What follows once a watch broke that had told of everything up to this version.
    fn broke(&self, version: String) -> Next {
        match self.shared.after_break {
            AfterBreak::Resume if !version.is_empty() => Next::Resume(version),
            _ => Next::List,
        }
    }

    fn is_abandoned(&self) -> bool {
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|subscriber| !subscriber.is_closed());
        subscribers.is_empty()
    }
}

fn unwatched(collection: &Collection) -> Trouble {
    let message = format!("the watch of {collection} broke, and it could not be listed again yet");
    Trouble { kind: TroubleKind::Stale, message, hopeless: false }
}

/// Tells a fact to all who listen. The last of them gets the fact itself: a LIST can be large.
pub(super) fn broadcast(subscribers: &Subscribers, fact: Fact) {
    let at = Instant::now();
    let mut subscribers = subscribers.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((last, others)) = subscribers.split_last() else { return };
    let mut alive: Vec<bool> =
        others.iter().map(|other| other.send(Observed { at, fact: fact.clone() }).is_ok()).collect();
    alive.push(last.send(Observed { at, fact }).is_ok());
    let mut alive = alive.into_iter();
    subscribers.retain(|_| alive.next().unwrap_or(false));
}
