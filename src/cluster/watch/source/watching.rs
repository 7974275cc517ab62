//! How a source follows a watch, and how it proves that a silent one is not dead.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::{DOUBTS, FAR, Next, SourceTask, WATCHLESS, is_unneeded};
use crate::cluster::api::Connection;
use crate::cluster::api::Listing;
use crate::cluster::api::listing::Named;
use crate::cluster::api::{Failure, FailureKind};
use crate::cluster::api::{LONGEST, random_fraction};
use crate::cluster::api::{Watch, WatchLine};
use crate::cluster::watch::Owed;
use crate::gate::Fact;
use crate::gate::model::{ResourceVersion, Trouble, TroubleKind};
use crate::gate::result::Notice;
use crate::recording::mapping;

/// A watch is asked to last so long, plus up to [`WATCH_SPREAD`].
const WATCH_LASTS: Duration = Duration::from_secs(280);
/// Spreads the ends of many watches.
const WATCH_SPREAD: Duration = Duration::from_secs(20);
/// A server that does not end a watch so long after its time has forgotten it.
const WATCH_OVERDUE: Duration = Duration::from_secs(15);
/// A watch that broke early is opened again after so long…
const EARLY: Duration = Duration::from_millis(900);
/// …and after so long where that one did as well.
const EARLY_AGAIN: Duration = Duration::from_millis(4200);
/// A kind that the API does not have is asked for again so often, and then like any other that is polled…
const ABSENT_TRIES: u32 = 2;
/// …after so long.
const BETWEEN_ABSENT: Duration = Duration::from_secs(4);
/// A LIST that was answered so long ago is as good as new.
const JUST_LISTED: Duration = Duration::from_secs(3);
/// A server that answers so often in a row that it cannot open the watch is asked for a LIST.
const MOST_OPENINGS: u32 = 8;

/// What a LIST shows and the watch has not told yet is on its way at least so long.
const TOLERANCE: Duration = Duration::from_millis(200);

/// When a proof was asked for, and its answer.
type Answer = (Instant, Result<Listing, Failure>);
type Proof<'a> = BoxFuture<'a, Answer>;

/// How the reading of a watch ended.
enum Ended {
    /// It broke. A watch that goes on from this version misses nothing.
    Broke(String),
    /// It cannot go on: the version has expired, or a line was not to be read.
    Spoiled,
    /// It was ended for another reason, and this comes next.
    Left(Next),
}

/// What a proof showed and the watch still owes.
struct Debt {
    asked: Instant,
    owed: Owed,
    listing: Listing,
    until: Instant,
    lines_since: bool,
}

impl SourceTask {
    /// Watches from a version on where somebody needs it, or lists now and then where watches are of no use.
    pub(super) async fn follow(&mut self, version: String) -> Next {
        if !self.is_needed().await {
            return Next::Rest(version);
        }
        if self.is_watchless() || version.is_empty() {
            return self.poll().await;
        }
        let connection = Arc::clone(&self.shared.connection);
        let lasting = WATCH_LASTS + WATCH_SPREAD.mul_f64(random_fraction());
        let Some(opening) = self.opened(&connection, &version, lasting).await else { return Next::Rest(version) };
        if self.is_abandoned() {
            return Next::End;
        }
        let watch = match opening {
            Ok(watch) => watch,
            Err(failure) => return self.not_opened(&failure, version).await,
        };
        let opened = Instant::now();
        self.reopened();
        let ended = self.read(watch, version, lasting).await;
        match ended {
            Ended::Broke(version) => {
                self.shared.link.watch_broke(&self.collection);
                self.after_break(opened.elapsed(), Next::Follow(version)).await
            }
            Ended::Spoiled => {
                self.shared.link.watch_broke(&self.collection);
                self.after_break(opened.elapsed(), Next::List).await
            }
            Ended::Left(next) => next,
        }
    }

    /// The answer to a request for a watch; `None` where nobody needs it any more. Where that takes too long the source is
    /// lost meanwhile.
    async fn opened<'a>(
        &mut self,
        connection: &'a Connection,
        version: &str,
        lasting: Duration,
    ) -> Option<Result<Watch<'a>, Failure>> {
        let (collection, meter, leads) = (self.collection.clone(), self.meter.clone(), self.leads);
        let (budget, link, urgency) = (Arc::clone(&self.shared.budget), Arc::clone(&self.shared.link), self.urgency());
        let is_paid = self.prepaid > 0;
        self.prepaid = self.prepaid.saturating_sub(1);
        let asked = async {
            if !leads {
                link.wait_up().await;
            }
            if !is_paid {
                budget.take(urgency).await;
            }
            connection.watch(&collection, version, lasting, &meter).await
        };
        let mut asked = pin!(asked);
        let mut demand = self.demand.clone();
        loop {
            let too_late = self.believed_until();
            tokio::select! {
                biased;
                answer = asked.as_mut() => return Some(answer),
                () = sleep_until(too_late), if self.told_trouble.is_none() => self.lost(self.why_unwatched()),
                () = is_unneeded(&mut demand) => return None,
            }
        }
    }

    /// What follows where the watch could not be opened.
    async fn not_opened(&mut self, failure: &Failure, version: String) -> Next {
        self.unwatched_since.get_or_insert_with(Instant::now);
        match &failure.kind {
            FailureKind::Forbidden(_) if self.has_watched && self.doubted < DOUBTS.len() => {
                self.note_failure(&failure.kind);
                self.trouble_of_opening = Some(failure.trouble());
                self.wait_unwatched(DOUBTS[self.doubted]).await;
                self.doubted += 1;
                return Next::Follow(version);
            }
            FailureKind::Forbidden(message) => {
                self.shared.link.answered(&self.collection);
                self.goes_without_watches(Notice::WatchForbidden, "may be listed but not watched", message);
                self.watchless_until = Some(Instant::now() + FAR);
                return self.poll().await;
            }
            FailureKind::Unauthorized(_) => {
                return match self.after_failure(failure).await {
                    Next::List => Next::Follow(version),
                    next => next,
                };
            }
            FailureKind::Unreachable { hopeless: true, .. } => return self.after_failure(failure).await,
            _ => self.note_failure(&failure.kind),
        }
        let kind = &failure.kind;
        // Nobody is there: what is asked does not matter, and going on costs less than beginning anew.
        let is_stalled = matches!(kind, FailureKind::TimedOut(_));
        let is_away = kind.is_unreachable() && !is_stalled;
        let most_openings = MOST_OPENINGS.min(self.pace.most_breaks);
        if is_away || (kind.is_passing() && !is_stalled && self.unopened.failures() < most_openings) {
            let message =
                format!("the watch of {} broke, and it could not be opened again yet: {kind}", self.collection);
            let trouble = Trouble { message, ..failure.trouble() };
            if self.told_trouble.is_some() {
                self.lost(trouble.clone());
            }
            self.trouble_of_opening = Some(trouble);
            let wait = self.unopened.after_failure(kind.retry_after());
            self.wait_unwatched(wait).await;
            return Next::Follow(version);
        }
        if kind.is_passing() && !is_stalled && self.gives_up_watches() {
            let why = failure.kind.to_string();
            self.goes_without_watches(Notice::WatchUnusable, "can be listed, but no watch of them can be opened", &why);
            return self.poll().await;
        }
        // The version of a LIST that was answered a moment ago cannot have expired: who says so has no watch to give.
        if matches!(kind, FailureKind::Expired(_)) && self.gives_up_watches() && self.proven.elapsed() < JUST_LISTED {
            let why = failure.kind.to_string();
            self.goes_without_watches(Notice::WatchUnusable, "can be listed, but no watch of them can be opened", &why);
            return self.poll().await;
        }
        // Whoever answers otherwise is asked for a LIST.
        if self.gives_up_watches() {
            return self.after_break(Duration::ZERO, Next::List).await;
        }
        let wait = self.unopened.after_failure(kind.retry_after());
        match self.unopened.failures() {
            1 => {}
            2..MOST_OPENINGS => self.wait_unwatched(wait).await,
            _ => self.wait_unwatched(wait.max(LONGEST)).await,
        }
        Next::List
    }

    /// What follows a watch that broke after this time: the first one is opened again at once, a server that breaks every
    /// watch is asked more slowly, and soon for lists alone. A watch that did not live longer than it takes to earn the
    /// request for it would in the end cost more than lists do.
    async fn after_break(&mut self, lived: Duration, next: Next) -> Next {
        self.unwatched_since.get_or_insert_with(Instant::now);
        if lived >= self.pace.settled {
            self.unsettled.reset();
            return next;
        }
        let is_first = self.unsettled.failures() == 0;
        let mut wait = self.unsettled.after_failure(None);
        if matches!(next, Next::List) && self.gives_up_watches() {
            // It takes a LIST as well to begin anew, so there are fewer tries of it.
            wait = self.unsettled.after_failure(None);
        }
        if self.unsettled.failures() >= self.pace.most_breaks {
            self.goes_without_watches(
                Notice::WatchUnusable,
                "can be listed, but every watch of them breaks",
                "is there a proxy?",
            );
            return self.poll().await;
        }
        if self.gives_up_watches() {
            // Whatever broke it so soon may still be there: what lasts for five seconds is outlived.
            let longer = if is_first { EARLY } else { EARLY_AGAIN };
            self.wait_unwatched(wait.max(longer)).await;
        } else if self.unsettled.failures() > 1 {
            self.wait_unwatched(wait).await;
        }
        next
    }

    /// Watches are given up where they are of no use. A feed never does that: it wants every step.
    pub(super) const fn gives_up_watches(&self) -> bool {
        self.pace.most_breaks < MOST_OPENINGS
    }

    /// Waits while nothing tells what changes. The source is lost where that takes too long.
    async fn wait_unwatched(&mut self, wait: Duration) {
        let wake = Instant::now() + wait;
        let too_late = self.believed_until();
        if too_late < wake && self.told_trouble.is_none() {
            sleep_until(too_late).await;
            self.lost(self.why_unwatched());
        }
        sleep_until(wake).await;
    }

    /// From now on lists alone tell what happens, for a while.
    fn goes_without_watches(&mut self, code: Notice, what: &str, why: &str) {
        self.watchless_until = Some(Instant::now() + WATCHLESS);
        self.shared.link.watch_left(&self.collection);
        self.trouble_of_opening = None;
        let every = self.pace.poll.as_secs_f64();
        self.warn(code, format!("{} {what}, so they are listed every {every} s: {why}", self.collection));
    }

    /// A watch is open. One that goes on where the last one broke tells all that happened meanwhile.
    fn reopened(&mut self) {
        self.shared.link.answered(&self.collection);
        self.shared.link.watch_opened(&self.collection);
        self.failing.reset();
        self.unopened.reset();
        (self.has_watched, self.is_polled, self.doubted, self.watchless_until) = (true, false, 0, None);
        self.trouble_of_opening = None;
        if self.unwatched_since.take().is_some() && self.leads {
            // That the server opened it proves something too, so the proof of the pods that is due may wait a little, or a
            // proxy that cuts every stream would cost twice as much; but only a LIST shows that what it tells gets here.
            let now = Instant::now();
            let later = (now + self.pace.quiet).min(self.proven + self.pace.quiet * 2);
            self.next_proof = self.next_proof.max(Some(later));
        }
        if self.told_trouble.take().is_some() || std::mem::take(&mut self.has_rested) {
            self.send(Fact::Resumed { source: self.collection.source });
        }
    }

    /// Waits until the next LIST is due.
    async fn poll(&mut self) -> Next {
        if self.told_trouble.is_some() {
            return Next::List;
        }
        // From list to list it is trusted, as the plan's `delay` says.
        (self.unwatched_since, self.has_rested) = (None, false);
        let mut due = self.proof_due().min(self.proven + self.pace.poll);
        // An API server that starts does not know all of its groups yet.
        if (1..=ABSENT_TRIES).contains(&self.absent) && self.gives_up_watches() {
            due = due.min(self.proven + BETWEEN_ABSENT);
        }
        self.is_polled = true;
        let (reins, mut demand) = (self.reins.clone(), self.demand.clone());
        tokio::select! {
            () = sleep_until(due) => self.looks_now(),
            () = reins.asked_to_relist() => self.must_tell = true,
            () = reins.asked_to_hurry() => {}
            () = is_unneeded(&mut demand) => return Next::Rest(String::new()),
            () = slept(&mut self.shared.sleeps) => self.lost(asleep()),
        }
        Next::List
    }

    /// Reads a watch until it ends.
    async fn read(&mut self, mut watch: Watch<'_>, mut version: String, lasting: Duration) -> Ended {
        let shared = self.shared.clone();
        let (collection, meter, reins) = (self.collection.clone(), self.meter.clone(), self.reins.clone());
        let (mut sleeps, mut demand) = (shared.sleeps.clone(), self.demand.clone());
        let mut suspicions = shared.link.suspicions();
        let opened = Instant::now();
        let mut proof: Option<Proof<'_>> = None;
        let mut debt: Option<Debt> = None;
        loop {
            let due = debt.as_ref().map_or_else(|| self.proof_due(), |debt| debt.until);
            let too_late = self.believed_until();
            tokio::select! {
                line = watch.next() => match line {
                    Ok(Some(line)) => {
                        if let Err(failure) = self.take_in(&line, &mut version, debt.as_mut()) {
                            self.lost(failure.trouble());
                            return Ended::Spoiled;
                        }
                        if debt.take_if(|debt| debt.owed.is_settled()).is_some() {
                            self.proves_again_where_told_to();
                        }
                    }
                    // In good order only at the time that was agreed on.
                    Ok(None) if opened.elapsed() >= lasting.mul_f64(0.9) => return Ended::Left(Next::Follow(version)),
                    Ok(None) => return Ended::Broke(version),
                    Err(failure) if failure.kind.is_passing() => return Ended::Broke(version),
                    Err(failure) => {
                        if matches!(failure.kind, FailureKind::Undecodable(_)) {
                            self.lost(failure.trouble());
                        }
                        return Ended::Spoiled;
                    }
                },
                (at, answer) = asked(&mut proof) => {
                    proof = None;
                    match answer {
                        Ok(answer) => match self.prove(at, answer) {
                            Ok(still_owed) => debt = still_owed,
                            Err(failure) => {
                                self.lost(failure.trouble());
                                return self.left(Next::List);
                            }
                        },
                        // The watch may well be alive, and is not given up for a LIST that failed; but what it told last
                        // is older than a gate may believe.
                        Err(failure) if failure.kind.is_passing() => {
                            self.note_failure(&failure.kind);
                            self.lost(failure.trouble());
                            let wait = self.failing.after_failure(failure.kind.retry_after());
                            self.next_proof = Some(Instant::now() + wait);
                        }
                        Err(failure) => {
                            let next = self.after_failure(&failure).await;
                            return self.left(next);
                        }
                    }
                }
                () = sleep_until(due), if proof.is_none() => {
                    if let Some(debt) = debt.take() {
                        let next = self.broken(debt);
                        return self.left(next);
                    }
                    if self.is_abandoned() {
                        return self.left(Next::End);
                    }
                    self.looks_now();
                    self.ledger.list_asked();
                    let is_urgent = self.told_trouble.is_some() || self.must_tell;
                    let urgency = if is_urgent { self.urgency() } else { self.urgency_of_proof() };
                    let (shared, collection, meter) = (&shared, &collection, &meter);
                    proof = Some(Box::pin(async move {
                        shared.budget.take(urgency).await;
                        let paid = Some((&*shared.budget, urgency));
                        (Instant::now(), shared.connection.list_within(collection, meter, paid).await)
                    }));
                }
                // An open watch is believed where only the budget kept it from being looked at, and not where it owes.
                () = sleep_until(too_late), if self.look.is_some() && debt.is_some() => {
                    self.lost(super::unwatched(&self.collection));
                    return self.left(Next::List);
                }
                () = reins.asked_to_relist() => {
                    self.must_tell = true;
                    self.next_proof = Some(Instant::now());
                }
                Ok(()) = suspicions.changed() => {
                    self.next_proof = self.next_proof.min(Some(Instant::now()));
                }
                () = is_unneeded(&mut demand) => return self.left(Next::Rest(version)),
                () = slept(&mut sleeps) => {
                    self.shared.sleeps = sleeps;
                    self.lost(asleep());
                    return self.left(Next::List);
                }
                () = sleep_until(opened + lasting + WATCH_OVERDUE) => return Ended::Broke(version),
            }
        }
    }

    /// The watch is given up, and not for a break.
    fn left(&self, next: Next) -> Ended {
        self.shared.link.watch_left(&self.collection);
        Ended::Left(next)
    }

    /// The watch has told all, and somebody still waits for the LIST that says so.
    fn proves_again_where_told_to(&mut self) {
        if self.must_tell || self.told_trouble.is_some() {
            self.next_proof = Some(Instant::now() + TOLERANCE);
        }
    }

    /// Takes in a line of the watch.
    fn take_in(&mut self, line: &WatchLine, version: &mut String, debt: Option<&mut Debt>) -> Result<(), Failure> {
        let source = self.collection.source;
        let named: Named = serde_json::from_str(line.object.get()).map_err(|error| self.undecodable(&error))?;
        let fact = mapping::event(source, &line.kind, &line.object).map_err(|error| self.undecodable(&error))?;
        self.shared.connection.shown(&self.collection.path(), ResourceVersion::parse(&named.metadata.resource_version));
        let is_elsewhere = named.metadata.elsewhere(&self.collection).is_some();
        let uid = named.metadata.uid;
        let is_past = self.ledger.is_past(&uid, &named.metadata.resource_version);
        if is_elsewhere || (is_past && line.kind != "DELETED") {
            return Ok(());
        }
        version.clone_from(&named.metadata.resource_version);
        self.next_proof = Some(Instant::now() + self.pace.quiet);
        match line.kind.as_str() {
            "ADDED" | "MODIFIED" => self.ledger.told(&uid, version),
            "DELETED" => self.ledger.told_gone(&uid, version),
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
            self.send(fact);
        }
        Ok(())
    }

    /// Compares a LIST with what the watch has told, and gives what it has not told yet.
    fn prove(&mut self, asked: Instant, listing: Listing) -> Result<Option<Debt>, Failure> {
        self.shared.link.answered(&self.collection);
        self.failing.reset();
        self.proven = Instant::now();
        self.next_proof = Some(self.proven + self.pace.quiet);
        let owed = self.ledger.compare(&listing.objects);
        if !owed.is_settled() {
            // What was written a moment ago may still be on its way.
            let longest = if self.look.is_some() { TOLERANCE } else { Duration::from_secs(2) };
            let tolerance = (self.pace.quiet / 4).clamp(TOLERANCE, longest);
            return Ok(Some(Debt { asked, owed, listing, until: Instant::now() + tolerance, lines_since: false }));
        }
        self.reins.is_proven(asked);
        // An answer that is older than what the watch told meanwhile proves the watch, and is of no use as a state.
        if self.ledger.is_exactly(&listing.objects) {
            self.accept(asked, listing)?;
        } else {
            self.proves_again_where_told_to();
        }
        self.look = None;
        Ok(None)
    }

    /// The watch did not tell what it owed.
    fn broken(&mut self, debt: Debt) -> Next {
        self.warn(
            Notice::WatchSilent,
            format!(
                "the watch of {} was open and silent while {} of them changed; it was opened again. Does a proxy buffer responses?",
                self.collection,
                debt.owed.len()
            ),
        );
        // Other watches may have died with it: they came the same way.
        self.shared.link.suspect();
        if debt.lines_since {
            return Next::List;
        }
        match self.accept(debt.asked, debt.listing) {
            Ok(version) => Next::Follow(version),
            Err(failure) => {
                self.lost(failure.trouble());
                Next::List
            }
        }
    }
}

/// The answer to a LIST that was asked for, if one was.
async fn asked(proof: &mut Option<Proof<'_>>) -> Answer {
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
