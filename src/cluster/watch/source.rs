//! One source: a collection that is kept fresh by LIST and WATCH.
//!
//! A watch is trusted as long as its lines can be read and a LIST, asked for whenever it was silent for too long, shows
//! nothing that it should have told. A watch that breaks is opened again from the version up to which it had told
//! everything: that is one request, and no step is missed. Only where the server does not have that version any more, or a
//! line could not be read, is the collection listed again; and only where neither succeeds is the source lost. Where
//! watches are refused, or break again and again as soon as they are opened, lists alone tell what happens. A source that
//! no gate needs ([`Reins::vote`]) rests.

mod reins;
mod watching;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::reins::Demand;
use super::inbox::Subscriber;
use super::link::Link;
use super::version_tracker::Ledger;
use crate::cluster::api::Backoff;
use crate::cluster::api::Collection;
use crate::cluster::api::Listing;
use crate::cluster::api::{Budget, Urgency};
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::api::{Failure, FailureKind};
use crate::gate::Fact;
use crate::gate::model::{Source, Trouble, TroubleKind};
use crate::gate::result::{Notice, Warning};

pub use self::reins::Reins;

/// Those who hear of a source.
pub type Subscribers = Arc<Mutex<Vec<Subscriber>>>;

/// When a source must prove itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// After so long a silence; where watching is forbidden, how often it is listed.
    pub quiet: Duration,
    /// How long after its begin for the first time, so that sources take turns.
    pub first: Duration,
    /// A moment at which it must have proven itself once more, because a gate may decide by it soon after.
    pub last_look: Option<Look>,
    /// Where lists alone tell what happens, they are so far apart.
    pub poll: Duration,
    /// A watch that lived so long before it broke is worth opening again.
    pub settled: Duration,
    /// After so many in a row that did not live so long, lists alone tell what happens.
    pub most_breaks: u32,
}

impl Pace {
    /// A pace for who wants to miss no step and may ask often for it: watches are opened again however soon they break.
    #[must_use]
    pub const fn of_feed(quiet: Duration) -> Self {
        Self {
            quiet,
            first: quiet,
            last_look: None,
            poll: quiet,
            settled: Duration::from_secs(1),
            most_breaks: u32::MAX,
        }
    }
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

/// A feed is proven so often, however much its watch tells; a gate's source once in three times of silence.
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
    /// A refusal (401, 403) is asked about again before it is believed: the rights of a pipeline may come a moment after
    /// its gate, and an API server that starts refuses before it knows its own rules.
    pub doubts_refusals: bool,
}

/// How long a source waits before each further question about a refusal that would end its gate…
const DOUBTS: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// …and about one that the gate can do without, and that it hears of at once.
const LATE_RIGHTS: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(10)];

/// So long after its LIST a source waits to hear whether it is needed, before it opens a watch.
const UNDECIDED: Duration = Duration::from_secs(1);

/// After so long a time of lists alone a watch is tried again. Sooner it would cost what the read that confirms a pass
/// needs, wherever watches are of no use at all.
const WATCHLESS: Duration = Duration::from_mins(1);

/// The task of one source.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and any of them may go with any other")]
pub struct SourceTask {
    collection: Collection,
    shared: Shared,
    meter: RequestCounter,
    /// Others wait for this one while nobody answers.
    leads: bool,
    pace: Pace,
    subscribers: Subscribers,
    reins: Reins,
    demand: watch::Receiver<Demand>,
    ledger: Ledger,
    /// Requests that failed in a row.
    failing: Backoff,
    /// Watches in a row that broke early.
    unsettled: Backoff,
    /// Requests for a watch in a row that did not open one.
    unopened: Backoff,
    /// Lists alone have told what happens since the last watch.
    is_polled: bool,
    /// How often in a row this API did not have it.
    absent: u32,
    /// A watch of it was open at some time, so it may be watched.
    has_watched: bool,
    /// Refusals in a row that were not believed.
    doubted: usize,
    told_trouble: Option<Trouble>,
    /// Lists alone tell what happens until then.
    watchless_until: Option<Instant>,
    warned: Vec<Notice>,
    next_proof: Option<Instant>,
    /// When a LIST last showed that nothing is missing.
    proven: Instant,
    /// It rested, and what its watch tells next is news of a time that nobody saw.
    has_rested: bool,
    /// Why the watch could not be opened again, where that is known.
    trouble_of_opening: Option<Trouble>,
    /// Somebody must hear what a LIST shows, however little is new.
    must_tell: bool,
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
    /// Watch from this version on, as far as watches are of use.
    Follow(String),
    /// List again.
    List,
    /// Nobody needs it; a watch would go on from this version.
    Rest(String),
    /// Nothing more will come.
    End,
}

impl SourceTask {
    /// A source that has not asked for anything yet.
    #[must_use]
    pub fn new(
        collection: Collection,
        shared: Shared,
        meter: RequestCounter,
        leads: bool,
        pace: Pace,
        subscribers: Subscribers,
        reins: Reins,
    ) -> Self {
        let demand = reins.demand();
        Self {
            collection,
            shared,
            meter,
            leads,
            pace,
            subscribers,
            reins,
            demand,
            ledger: Ledger::default(),
            failing: Backoff::default(),
            unsettled: Backoff::default(),
            unopened: Backoff::default(),
            is_polled: false,
            absent: 0,
            has_watched: false,
            doubted: 0,
            told_trouble: None,
            watchless_until: None,
            warned: Vec::new(),
            next_proof: None,
            proven: Instant::now(),
            has_rested: false,
            trouble_of_opening: None,
            must_tell: false,
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
        self.pace.poll = self.pace.poll.min(pace.poll);
        self.pace.settled = self.pace.settled.min(pace.settled);
        self.looks.extend(pace.last_look);
        self.leads |= leads;
    }

    /// Keeps the source fresh until nobody listens or nothing more can come.
    pub async fn run(mut self) {
        let mut next = Next::List;
        loop {
            next = match next {
                Next::List => self.list().await,
                Next::Follow(version) => self.follow(version).await,
                Next::Rest(version) => self.rest(version).await,
                Next::End => return,
            };
        }
    }

    fn urgency(&self) -> Urgency {
        match self.collection.source {
            _ if self.leads => Urgency::Pods,
            Source::Events => Urgency::Events,
            Source::Pods | Source::Workloads(_) | Source::Nodes => Urgency::Owners,
        }
    }

    fn urgency_of_proof(&self) -> Urgency {
        if self.leads { Urgency::ProofOfPods } else { Urgency::Proof }
    }

    /// Lists until an answer can be trusted. Where that takes too long, the source is lost meanwhile: what is known of it
    /// is older than a gate may believe.
    async fn list(&mut self) -> Next {
        loop {
            let (connection, collection) = (Arc::clone(&self.shared.connection), self.collection.clone());
            let (budget, link) = (Arc::clone(&self.shared.budget), Arc::clone(&self.shared.link));
            let (leads, meter) = (self.leads, self.meter.clone());
            let is_poll = self.is_watchless();
            let is_doubt = self.doubted > 0 && !leads;
            // A poll of what is trusted is a proof, and so is the LIST with which a watch is tried again after a while.
            let is_trusted = self.watchless_until.is_some() && self.told_trouble.is_none() && !self.must_tell;
            let is_due = self.unwatched_since.is_none();
            let is_proof = is_trusted && is_due;
            let urgency = if is_doubt || is_proof { self.urgency_of_proof() } else { self.urgency() };
            // Anew only together with the watch that follows: what is listed and then not watched is soon stale again.
            let tokens = if is_poll || !self.was_listed { 1 } else { 2 };
            let missing = tokens.max(self.prepaid) - self.prepaid;
            let asked = async {
                if !leads {
                    link.wait_up().await;
                }
                budget.take_several(urgency, missing).await;
                let at = Instant::now();
                (at, connection.list_within(&collection, &meter, Some((&budget, urgency))).await)
            };
            let mut asked = std::pin::pin!(asked);
            let mut demand = self.demand.clone();
            // A polled one is trusted from list to list, and one that was never listed is needed by all.
            let may_rest = self.was_listed && !self.must_tell;
            let (at, answer) = loop {
                let too_late = self.believed_until();
                // A gate whose window is open decides by its confirming read, and that is what a proof may have to wait for.
                let may_be_late = is_proof && self.shared.budget.is_booked();
                tokio::select! {
                    biased;
                    answer = asked.as_mut() => break answer,
                    () = sleep_until(too_late), if self.told_trouble.is_none() && !may_be_late => self.lost(self.why_unwatched()),
                    () = is_unneeded(&mut demand), if may_rest => return Next::Rest(String::new()),
                }
            };
            self.prepaid = tokens.max(self.prepaid) - 1;
            if self.is_abandoned() {
                return Next::End;
            }
            match self.taken(at, answer).await {
                Next::List => {}
                next => return next,
            }
        }
    }

    /// Lists alone tell what happens now.
    fn is_watchless(&self) -> bool {
        self.watchless_until.is_some_and(|until| Instant::now() < until)
    }

    /// Rests until it is needed again, or somebody wants to know how things are now.
    async fn rest(&mut self, version: String) -> Next {
        self.shared.link.watch_left(&self.collection);
        (self.unwatched_since, self.look, self.told_trouble) = (None, None, None);
        self.has_rested = true;
        self.send(Fact::Rested { source: self.collection.source });
        let mut demand = self.demand.clone();
        let reins = self.reins.clone();
        tokio::select! {
            needed = demand.wait_for(|demand| *demand == Demand::Needed) => {
                if needed.is_err() || self.is_abandoned() {
                    return Next::End;
                }
                // The server tells all that came since, as after a break.
                if version.is_empty() { Next::List } else { Next::Follow(version) }
            }
            () = reins.asked_to_relist() => {
                self.must_tell = true;
                Next::List
            }
        }
    }

    /// True where somebody needs it, as soon as that is known.
    async fn is_needed(&mut self) -> bool {
        let mut demand = self.demand.clone();
        let decided = timeout(UNDECIDED, demand.wait_for(|demand| *demand != Demand::Undecided)).await;
        !matches!(decided, Ok(Ok(demand)) if *demand == Demand::Unneeded)
    }

    /// When what is known is too old to be believed, while nothing tells what changes.
    fn believed_until(&self) -> Instant {
        let unwatched = self.unwatched_since.filter(|_| self.was_listed).map(|since| since + BRIDGED);
        let look = self.look.map(|look| look.until);
        // Lists alone are believed for as long as they are to be apart, and half as long again; those that
        // do not lead wait for the budget, and the confirming read lists them anew.
        let polled = (self.is_polled && self.was_listed).then(|| {
            let looks = self.looks.iter().map(|look| look.until);
            looks
                .chain([self.proven
                    + self.pace.poll.mul_f64(if self.leads { 1.5 } else { 8.0 }).max(self.pace.poll + BRIDGED * 2)])
                .min()
        });
        let look = look.into_iter().chain(polled.flatten()).min();
        unwatched.into_iter().chain(look).min().unwrap_or_else(|| Instant::now() + FAR)
    }

    /// What follows from the answer of a LIST that was asked for at this moment.
    async fn taken(&mut self, asked: Instant, answer: Result<Listing, Failure>) -> Next {
        let failure = match answer {
            Ok(listing) => match self.accept(asked, listing) {
                Ok(version) => return Next::Follow(version),
                Err(failure) => failure,
            },
            Err(failure) => failure,
        };
        self.after_failure(&failure).await
    }

    /// Takes a LIST for the state of things, and gives the version from which a watch goes on.
    fn accept(&mut self, asked: Instant, mut listing: Listing) -> Result<String, Failure> {
        self.shared.link.answered(&self.collection);
        let objects =
            std::mem::replace(&mut listing.items, Ok(Vec::new())).map_err(|error| self.undecodable(&error))?;
        self.shared.connection.tell_list(&self.collection, &listing);
        self.ledger.replace(&listing.objects);
        let after = if self.next_proof.is_none() { self.pace.first } else { self.pace.quiet };
        self.proven = Instant::now();
        self.next_proof = Some(self.proven + after);
        self.reins.is_proven(asked);
        self.failing.reset();
        if !listing.resource_version.is_empty() {
            self.absent = 0;
        }
        self.doubted = 0;
        self.told_trouble = None;
        self.must_tell = false;
        (self.was_listed, self.has_rested, self.unwatched_since) = (true, false, None);
        self.looks_now();
        self.look = None;
        self.send(Fact::Listed { source: self.collection.source, objects });
        Ok(listing.resource_version)
    }

    /// A request failed: what that says of the link.
    fn note_failure(&self, kind: &FailureKind) {
        match kind {
            FailureKind::Forbidden(_) => self.shared.link.refused(&self.collection),
            // Whatever else it answers: one source may have that for itself, several are a server that is not itself.
            kind => self.shared.link.failed(&self.collection, kind),
        }
    }

    /// What follows from a LIST that failed. Waits where waiting is due.
    async fn after_failure(&mut self, failure: &Failure) -> Next {
        self.note_failure(&failure.kind);
        match &failure.kind {
            FailureKind::Forbidden(_) | FailureKind::Unauthorized(_) => return self.refused(failure).await,
            // An API server without this group has none of these objects. One that had it a moment ago is only starting.
            FailureKind::NotFound(_) if matches!(self.collection.source, Source::Workloads(_)) && !self.knows_any() => {
                if let Ok(nothing) = Listing::of_nothing(&self.collection)
                    && let Ok(version) = self.accept(Instant::now(), nothing)
                {
                    self.reins.is_absent();
                    self.absent += 1;
                    return Next::Follow(version);
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

    /// What follows from a 401 or 403. The first one is not believed: it is asked about again, a few times and never
    /// more, and what is said in the end is what the API server said last.
    async fn refused(&mut self, failure: &Failure) -> Next {
        let trouble = failure.trouble();
        let denied = match &failure.kind {
            FailureKind::Forbidden(message) => {
                let message = format!("{message}; it needs {}", self.collection.rule("get, list, watch"));
                Some(Fact::Denied { source: self.collection.source, message })
            }
            _ => None,
        };
        // A gate does without a kind that may not be listed, and must not wait to hear of it.
        let is_dispensable = denied.is_some() && self.collection.source != Source::Pods && !self.was_listed;
        let waits: &[Duration] = match self.shared.doubts_refusals {
            false => &[],
            true if is_dispensable => &LATE_RIGHTS,
            true => &DOUBTS,
        };
        let wait = waits.get(self.doubted).copied();
        self.doubted += 1;
        // A gate does without a kind that it never could read. What is known of one that it has read is old, and proves
        // nothing: that one stays lost.
        let is_final = wait.is_none() && (self.collection.source == Source::Pods || !self.was_listed);
        let denied_for_good = denied.is_some() && wait.is_none();
        if let Some(denied) = denied.filter(|_| is_dispensable || is_final) {
            self.reins.is_denied();
            if self.doubted == 1 || !is_dispensable {
                self.send(denied);
            }
        } else {
            self.lost(Trouble { hopeless: wait.is_none() && !denied_for_good, ..trouble });
        }
        match wait {
            Some(wait) => {
                sleep(wait).await;
                Next::List
            }
            None => Next::End,
        }
    }

    /// Some object of it has been seen.
    fn knows_any(&self) -> bool {
        !self.ledger.is_empty()
    }

    fn proof_due(&mut self) -> Instant {
        let now = Instant::now();
        // A look that is due is the next one; it is taken off once it was asked for.
        let mut due = self.next_proof.unwrap_or(now + self.pace.quiet);
        // A watch that speaks all the time may still have lost a line.
        due = due.min(self.proven + if self.gives_up_watches() { self.pace.quiet * 3 } else { UNPROVEN });
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

    fn why_unwatched(&self) -> Trouble {
        self.trouble_of_opening.clone().unwrap_or_else(|| unwatched(&self.collection))
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

    fn is_abandoned(&self) -> bool {
        let mut subscribers = self.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
        subscribers.retain(|subscriber| !subscriber.is_closed());
        subscribers.is_empty()
    }
}

/// Waits until nobody needs the source.
async fn is_unneeded(demand: &mut watch::Receiver<Demand>) {
    if demand.wait_for(|demand| *demand == Demand::Unneeded).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn unwatched(collection: &Collection) -> Trouble {
    let message = format!("the watch of {collection} broke, and it could not be listed again yet");
    Trouble { kind: TroubleKind::Stale, message, hopeless: false }
}

/// Tells a fact to all who listen. The last of them gets the fact itself: a LIST can be large.
pub(in crate::cluster) fn broadcast(subscribers: &Subscribers, fact: Fact) {
    let mut subscribers = subscribers.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((last, others)) = subscribers.split_last() else { return };
    let mut alive: Vec<bool> = others.iter().map(|other| other.send(fact.clone())).collect();
    alive.push(last.send(fact));
    let mut alive = alive.into_iter();
    subscribers.retain(|_| alive.next().unwrap_or(false));
}
