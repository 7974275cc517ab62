//! How a source follows a watch, and how it proves that a silent one is not dead.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::{AfterBreak, Next, SourceTask};
use crate::cluster::backoff::random_fraction;
use crate::cluster::budget::Urgency;
use crate::cluster::failure::{Failure, FailureKind};
use crate::cluster::ledger::Owed;
use crate::cluster::listing::{Listing, Named};
use crate::cluster::request::{Watch, WatchLine};
use crate::gate::observation::{Fact, Trouble, TroubleKind, Warning};
use crate::gate::warning::Notice;
use crate::recording::mapping;

/// A watch is asked to last so long, plus up to [`WATCH_SPREAD`].
const WATCH_LASTS: Duration = Duration::from_secs(280);
/// Spreads the ends of many watches.
const WATCH_SPREAD: Duration = Duration::from_secs(20);
/// A server that does not end a watch so long after its time has forgotten it.
const WATCH_OVERDUE: Duration = Duration::from_secs(15);
/// A watch that lived so long before it broke is no sign of a server that cannot keep one.
const WATCH_SETTLED: Duration = Duration::from_secs(10);
/// The same for one that only goes on where the last one broke: it got further, and the budget holds back a storm.
const RESUMED_SETTLED: Duration = Duration::from_secs(1);

/// A server that answers so often in a row that it cannot open the watch again is asked for a LIST.
const MOST_OPENINGS: u32 = 8;

/// What a LIST shows and the watch has not told yet is on its way at least so long.
const TOLERANCE: Duration = Duration::from_millis(200);

type Proof<'a> = BoxFuture<'a, Result<Listing, Failure>>;

/// What a proof showed and the watch still owes.
struct Debt {
    owed: Owed,
    listing: Listing,
    until: Instant,
    lines_since: bool,
}

impl SourceTask {
    /// Watches from a version on, or lists now and then where watching is not allowed.
    pub(super) async fn follow(&mut self, version: String) -> Next {
        if self.polls || version.is_empty() {
            return self.poll().await;
        }
        if self.prepaid > 0 {
            self.prepaid -= 1;
        } else {
            self.shared.budget.take(self.urgency()).await;
        }
        if self.is_abandoned() {
            return Next::End;
        }
        let connection = Arc::clone(&self.shared.connection);
        let lasting = WATCH_LASTS + WATCH_SPREAD.mul_f64(random_fraction());
        let opened = Instant::now();
        let next = match connection.watch(&self.collection, &version, lasting, &self.meter).await {
            Ok(watch) => {
                self.reopened();
                self.read(watch, version, lasting).await
            }
            Err(failure) => match &failure.kind {
                FailureKind::Forbidden(message) => {
                    self.polls = true;
                    self.warn(
                        Notice::WatchForbidden,
                        format!(
                            "{} may be listed but not watched, so they are listed every {} s: {message}",
                            self.collection,
                            self.pace.quiet.as_secs_f64()
                        ),
                    );
                    return self.poll().await;
                }
                FailureKind::Unauthorized(_) => {
                    return match self.after_failure(&failure).await {
                        Next::List => self.broke(version),
                        next => next,
                    };
                }
                // A server that answers and does not open the watch may never do so; then lists tell what happens.
                kind if kind.is_unreachable() || (kind.is_passing() && self.unsettled.failures() < MOST_OPENINGS) => {
                    self.broke(version)
                }
                _ => Next::List,
            },
        };
        match next {
            Next::List | Next::Resume(_) => {
                let settled = match self.shared.after_break {
                    AfterBreak::List => WATCH_SETTLED,
                    AfterBreak::Resume => RESUMED_SETTLED,
                };
                if opened.elapsed() >= settled {
                    self.unsettled.reset();
                }
                // The first time at once; a server that breaks every watch is asked more and more slowly.
                let wait = self.unsettled.after_failure(None);
                let since = *self.unwatched_since.get_or_insert_with(Instant::now);
                if self.unsettled.failures() > 1 {
                    let wake = Instant::now() + wait;
                    // The wait counts as well.
                    tokio::select! {
                        () = sleep_until(wake) => {}
                        () = sleep_until(since + super::BRIDGED) => {
                            self.lost(super::unwatched(&self.collection));
                            sleep_until(wake).await;
                        }
                    }
                }
            }
            Next::Watch(_) => self.unsettled.reset(),
            Next::End => {}
        }
        next
    }

    /// A watch that goes on where the last one broke is open: all that happened meanwhile will be told.
    fn reopened(&mut self) {
        self.unwatched_since = None;
        if self.told_trouble.take().is_some() {
            let message = format!("the watch of {} is open again and goes on where it broke", self.collection);
            self.send(Fact::Noticed(Warning { code: Notice::WatchResumed.into(), message }));
        }
    }

    /// Waits until the next LIST is due.
    async fn poll(&mut self) -> Next {
        let due = self.proof_due();
        tokio::select! {
            () = sleep_until(due) => self.looks_now(),
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
            let too_late = self.believed_until();
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
                    Ok(None) => return self.broke(version),
                    Err(failure) if failure.kind.is_passing() => return self.broke(version),
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
                            return self.after_failure(&failure).await;
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
                    self.looks_now();
                    self.ledger.list_asked();
                    proof = Some(Box::pin(async {
                        shared.budget.take(urgency).await;
                        shared.connection.list(&collection, &meter).await
                    }));
                }
                // An open watch is believed where only the budget kept it from being looked at, and not where it owes.
                () = sleep_until(too_late), if self.look.is_some() && debt.is_some() => {
                    self.lost(super::unwatched(&self.collection));
                    return Next::List;
                }
                () = relist.notified() => return Next::List,
                () = slept(&mut sleeps) => {
                    self.shared.sleeps = sleeps;
                    self.lost(asleep());
                    return Next::List;
                }
                () = sleep_until(opened + lasting + WATCH_OVERDUE) => return self.broke(version),
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
            self.send(fact);
        }
        Ok(())
    }

    /// Compares a LIST with what the watch has told, and gives what it has not told yet.
    fn prove(&mut self, listing: Listing) -> Result<Option<Debt>, Failure> {
        self.shared.link.is(true);
        self.failing.reset();
        self.proven = Instant::now();
        self.next_proof = Some(self.proven + self.pace.quiet);
        let owed = self.ledger.compare(&listing.objects);
        if !owed.is_settled() {
            // What was written a moment ago may still be on its way.
            let longest = if self.look.is_some() { TOLERANCE } else { Duration::from_secs(2) };
            let tolerance = (self.pace.quiet / 4).clamp(TOLERANCE, longest);
            return Ok(Some(Debt { owed, listing, until: Instant::now() + tolerance, lines_since: false }));
        }
        // An answer that is older than what the watch told meanwhile proves the watch, and is of no use as a state.
        if self.ledger.is_exactly(&listing.objects) {
            self.accept(listing)?;
        }
        self.look = None;
        Ok(None)
    }

    /// The watch did not tell what it owed.
    fn broken(&mut self, debt: Debt) -> Next {
        self.warn(
            Notice::WatchSilent,
            format!(
                "the watch of {} was open and silent while {} of them changed; it was opened again. Does a proxy hold answers back?",
                self.collection,
                debt.owed.len()
            ),
        );
        if debt.lines_since {
            return Next::List;
        }
        match self.accept(debt.listing) {
            Ok(version) => Next::Watch(version),
            Err(failure) => {
                self.lost(failure.trouble());
                Next::List
            }
        }
    }
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
