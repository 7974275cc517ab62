//! One source: a collection that is kept fresh by LIST and WATCH.
//!
//! A watch is trusted as long as its lines can be read and a LIST, asked for whenever it was silent for too long, shows
//! nothing that it should have told. A watch that breaks is opened again from the version up to which it had told
//! everything: that is one request, and no step is missed. Only where the server does not have that version any more, or a
//! line could not be read, is the collection listed again; and only where neither succeeds is the source lost. Where
//! watches are refused, or break again and again as soon as they are opened, lists alone tell what happens. A source that
//! no gate needs ([`SourceHandle::vote`]) rests.

mod failures;
mod handle;
mod opening;
mod reading;
mod schedule;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use self::handle::Demand;
use super::audience::{Asked, Audience};
use super::link::Link;
use super::probe::{ProbeSchedule, ProbeWindow};
use super::version_tracker::VersionTracker;
use crate::cluster::api::Backoff;
use crate::cluster::api::Collection;
use crate::cluster::api::Listing;
use crate::cluster::api::{Budget, Urgency};
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::api::{Failure, FailureKind};
use crate::gate::Fact;
use crate::gate::model::{Source, Trouble};
use crate::gate::result::{Notice, Warning};

pub use self::handle::SourceHandle;

/// Longer than any gate.
const FAR: Duration = Duration::from_hours(24 * 365);

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
    /// What its listeners ask of it, as it was when they were last looked at.
    schedule: ProbeSchedule,
    audience: Audience,
    changes: watch::Receiver<()>,
    handle: SourceHandle,
    demand: watch::Receiver<Demand>,
    versions: VersionTracker,
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
    looks: Vec<ProbeWindow>,
    /// The look that is being taken.
    look: Option<ProbeWindow>,
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
        audience: Audience,
        handle: SourceHandle,
    ) -> Self {
        let (demand, changes) = (handle.demand(), audience.changes());
        // Without a listener nothing is asked at all.
        let Asked { schedule, leads } =
            audience.asked().unwrap_or(Asked { schedule: ProbeSchedule::of_feed(FAR), leads: false });
        let looks = audience.looks();
        Self {
            collection,
            shared,
            meter,
            leads,
            schedule,
            audience,
            changes,
            handle,
            demand,
            versions: VersionTracker::default(),
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
            looks,
            look: None,
            prepaid: 0,
            unwatched_since: None,
            was_listed: false,
        }
    }

    /// Keeps the source fresh until nobody listens or nothing more can come.
    pub async fn run(mut self) {
        self.keep_up();
        let mut next = if self.schedule.waits_for_need { self.wait_for_need().await } else { Next::List };
        loop {
            self.keep_up();
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

    /// Waits for somebody who needs it.
    async fn wait_for_need(&mut self) -> Next {
        self.send(Fact::Rested { source: self.collection.source });
        let mut demand = self.demand.clone();
        tokio::select! {
            _ = demand.wait_for(|demand| *demand == Demand::Needed) => {}
            () = self.handle.asked_to_relist() => {}
        }
        if self.is_abandoned() { Next::End } else { Next::List }
    }

    /// Rests until it is needed again, or somebody wants to know how things are now.
    async fn rest(&mut self, version: String) -> Next {
        self.shared.link.watch_left(&self.collection);
        (self.unwatched_since, self.look, self.told_trouble) = (None, None, None);
        self.has_rested = true;
        self.send(Fact::Rested { source: self.collection.source });
        let mut demand = self.demand.clone();
        let handle = self.handle.clone();
        tokio::select! {
            needed = demand.wait_for(|demand| *demand == Demand::Needed) => {
                if needed.is_err() || self.is_abandoned() {
                    return Next::End;
                }
                // The server tells all that came since, as after a break.
                if version.is_empty() { Next::List } else { Next::Follow(version) }
            }
            () = handle.asked_to_relist() => {
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
        self.versions.replace(&listing.objects);
        let after = if self.next_proof.is_none() { self.schedule.first } else { self.schedule.quiet };
        self.proven = Instant::now();
        self.next_proof = Some(self.proven + after);
        self.handle.is_proven(asked);
        self.failing.reset();
        if !listing.resource_version.is_empty() {
            self.absent = 0;
        }
        self.doubted = 0;
        self.told_trouble = None;
        self.must_tell = false;
        (self.was_listed, self.has_rested, self.unwatched_since) = (true, false, None);
        self.take_due_windows();
        self.look = None;
        self.send(Fact::Listed { source: self.collection.source, objects });
        Ok(listing.resource_version)
    }

    fn undecodable(&self, error: &dyn std::error::Error) -> Failure {
        Failure { request: format!("reading {}", self.collection), kind: FailureKind::Undecodable(error.to_string()) }
    }

    /// Says something once.
    fn warn(&mut self, code: Notice, message: String) {
        if !self.warned.contains(&code) {
            self.warned.push(code);
            self.send(Fact::Noticed(Warning { code: code.into(), message }));
        }
    }

    fn send(&self, fact: Fact) {
        self.audience.tell(fact);
    }

    fn is_abandoned(&self) -> bool {
        self.audience.is_empty()
    }

    /// Takes over what its listeners ask of it, where some came or went.
    fn keep_up(&mut self) {
        if !self.changes.has_changed().unwrap_or(false) {
            return;
        }
        self.changes.mark_unchanged();
        if let Some(Asked { schedule, leads }) = self.audience.asked() {
            (self.schedule, self.leads) = (schedule, leads);
            self.looks = self.audience.looks();
        }
    }
}

/// Waits until nobody needs the source.
async fn is_unneeded(demand: &mut watch::Receiver<Demand>) {
    if demand.wait_for(|demand| *demand == Demand::Unneeded).await.is_err() {
        std::future::pending::<()>().await;
    }
}
