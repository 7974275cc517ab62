//! How a source reads an open watch, and how it proves that a silent one is not dead.

use std::future::pending;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::failures::unwatched;
use super::{Next, SourceTask, is_unneeded};
use crate::cluster::api::listing::Named;
use crate::cluster::api::{Failure, FailureKind, Listing, Watch, WatchLine};
use crate::cluster::watch::Missing;
use crate::gate::model::{ResourceVersion, Trouble, TroubleKind};
use crate::gate::result::Notice;
use crate::recording::mapping;

/// A server that does not end a watch so long after its time has forgotten it.
const WATCH_OVERDUE: Duration = Duration::from_secs(15);

/// What a LIST shows and the watch has not told yet is on its way at least so long.
const TOLERANCE: Duration = Duration::from_millis(200);

/// When a proof was asked for, and its answer.
type Answer = (Instant, Result<Listing, Failure>);

type Proof<'a> = BoxFuture<'a, Answer>;

/// How the reading of a watch ended.
pub(super) enum Ended {
    /// It broke. A watch that goes on from this version misses nothing.
    Broke(String),
    /// It cannot go on: the version has expired, or a line was not to be read.
    Spoiled,
    /// It was ended for another reason, and this comes next.
    Left(Next),
}

/// What a proof showed and the watch still owes.
struct PendingProof {
    asked: Instant,
    missing: Missing,
    listing: Listing,
    until: Instant,
    lines_since: bool,
}

impl SourceTask {
    /// Reads a watch until it ends.
    pub(super) async fn read(&mut self, mut watch: Watch<'_>, mut version: String, lasting: Duration) -> Ended {
        let shared = self.shared.clone();
        let (collection, meter, handle) = (self.collection.clone(), self.meter.clone(), self.handle.clone());
        let (mut sleeps, mut demand) = (shared.sleeps.clone(), self.demand.clone());
        let mut suspicions = shared.link.suspicions();
        let opened = Instant::now();
        let mut proof: Option<Proof<'_>> = None;
        let mut pending: Option<PendingProof> = None;
        let mut changes = self.changes.clone();
        loop {
            self.keep_up();
            let due = pending.as_ref().map_or_else(|| self.proof_due(), |pending| pending.until);
            let too_late = self.believed_until();
            tokio::select! {
                line = watch.next() => match line {
                    Ok(Some(line)) => {
                        if let Err(failure) = self.take_in(&line, &mut version, pending.as_mut()) {
                            self.lost(failure.trouble());
                            return Ended::Spoiled;
                        }
                        if pending.take_if(|pending| pending.missing.is_settled()).is_some() {
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
                            Ok(still_owed) => pending = still_owed,
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
                    if let Some(pending) = pending.take() {
                        let next = self.broken(pending);
                        return self.left(next);
                    }
                    if self.is_abandoned() {
                        return self.left(Next::End);
                    }
                    self.take_due_windows();
                    self.versions.list_asked();
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
                () = sleep_until(too_late), if self.look.is_some() && pending.is_some() => {
                    self.lost(unwatched(&self.collection));
                    return self.left(Next::List);
                }
                () = handle.asked_to_relist() => {
                    self.must_tell = true;
                    self.next_proof = Some(Instant::now());
                }
                Ok(()) = suspicions.changed() => {
                    self.next_proof = self.next_proof.min(Some(Instant::now()));
                }
                // What it is asked for may be another now.
                Ok(()) = changes.changed() => {}
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
    fn take_in(
        &mut self,
        line: &WatchLine,
        version: &mut String,
        pending: Option<&mut PendingProof>,
    ) -> Result<(), Failure> {
        let source = self.collection.source;
        let named: Named = serde_json::from_str(line.object.get()).map_err(|error| self.undecodable(&error))?;
        let fact = mapping::event(source, &line.kind, &line.object).map_err(|error| self.undecodable(&error))?;
        self.shared.connection.shown(&self.collection.path(), ResourceVersion::parse(&named.metadata.resource_version));
        let is_elsewhere = named.metadata.elsewhere(&self.collection).is_some();
        let uid = named.metadata.uid;
        let is_past = self.versions.is_past(&uid, &named.metadata.resource_version);
        if is_elsewhere || (is_past && line.kind != "DELETED") {
            return Ok(());
        }
        version.clone_from(&named.metadata.resource_version);
        self.next_proof = Some(Instant::now() + self.schedule.quiet);
        match line.kind.as_str() {
            "ADDED" | "MODIFIED" => self.versions.told(&uid, version),
            "DELETED" => self.versions.told_gone(&uid, version),
            _ => {}
        }
        if let Some(pending) = pending {
            pending.lines_since = true;
            if line.kind == "DELETED" {
                pending.missing.told_gone(&uid);
            } else {
                pending.missing.told(&uid, version);
            }
        }
        if let Some(fact) = fact {
            self.send(fact);
        }
        Ok(())
    }

    /// Compares a LIST with what the watch has told, and gives what it has not told yet.
    fn prove(&mut self, asked: Instant, listing: Listing) -> Result<Option<PendingProof>, Failure> {
        self.shared.link.answered(&self.collection);
        self.failing.reset();
        self.proven = Instant::now();
        self.next_proof = Some(self.proven + self.schedule.quiet);
        let missing = self.versions.compare(&listing.objects);
        if !missing.is_settled() {
            // What was written a moment ago may still be on its way.
            let longest = if self.look.is_some() { TOLERANCE } else { Duration::from_secs(2) };
            let tolerance = (self.schedule.quiet / 4).clamp(TOLERANCE, longest);
            return Ok(Some(PendingProof {
                asked,
                missing,
                listing,
                until: Instant::now() + tolerance,
                lines_since: false,
            }));
        }
        self.handle.is_proven(asked);
        // An answer that is older than what the watch told meanwhile proves the watch, and is of no use as a state.
        if self.versions.is_exactly(&listing.objects) {
            self.accept(asked, listing)?;
        } else {
            self.proves_again_where_told_to();
        }
        self.look = None;
        Ok(None)
    }

    /// The watch did not tell what it missing.
    fn broken(&mut self, pending: PendingProof) -> Next {
        self.warn(
            Notice::WatchSilent,
            format!(
                "the watch of {} was open and silent while {} of them changed; it was opened again. Does a proxy buffer responses?",
                self.collection,
                pending.missing.len()
            ),
        );
        // Other watches may have died with it: they came the same way.
        self.shared.link.suspect();
        if pending.lines_since {
            return Next::List;
        }
        match self.accept(pending.asked, pending.listing) {
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
pub(super) async fn slept(sleeps: &mut watch::Receiver<u64>) {
    if sleeps.changed().await.is_err() {
        pending::<()>().await;
    }
}

pub(super) fn asleep() -> Trouble {
    Trouble {
        kind: TroubleKind::Stale,
        message: "this machine was asleep, and what happened meanwhile is not known yet".to_owned(),
        hopeless: false,
    }
}
