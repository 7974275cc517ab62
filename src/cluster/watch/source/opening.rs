//! How a source opens a watch, what it does where that fails or the watch breaks, and how it goes on without.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::failures::DOUBTS;
use super::reading::{Ended, asleep, slept};
use super::{FAR, Next, SourceTask, WATCHLESS, is_unneeded};
use crate::cluster::api::{Connection, Failure, FailureKind, LONGEST, Watch, random_fraction};
use crate::gate::Fact;
use crate::gate::model::Trouble;
use crate::gate::result::Notice;

/// A watch is asked to last so long, plus up to [`WATCH_SPREAD`].
const WATCH_LASTS: Duration = Duration::from_secs(280);
/// Spreads the ends of many watches.
const WATCH_SPREAD: Duration = Duration::from_secs(20);
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
        self.audience.is_watched(false);
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
        let most_openings = MOST_OPENINGS.min(self.schedule.most_breaks);
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
        if lived >= self.schedule.settled {
            self.unsettled.reset();
            return next;
        }
        let is_first = self.unsettled.failures() == 0;
        let mut wait = self.unsettled.after_failure(None);
        if matches!(next, Next::List) && self.gives_up_watches() {
            // It takes a LIST as well to begin anew, so there are fewer tries of it.
            wait = self.unsettled.after_failure(None);
        }
        if self.unsettled.failures() >= self.schedule.most_breaks {
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
        self.schedule.most_breaks < MOST_OPENINGS
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
        let every = self.schedule.poll.as_secs_f64();
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
        self.audience.is_watched(true);
        if self.unwatched_since.take().is_some() && self.leads {
            // That the server opened it proves something too, so the proof of the pods that is due may wait a little, or a
            // proxy that cuts every stream would cost twice as much; but only a LIST shows that what it tells gets here.
            let now = Instant::now();
            let later = (now + self.schedule.quiet).min(self.proven + self.schedule.quiet * 2);
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
        self.is_polled = true;
        let (handle, mut demand, mut changes) = (self.handle.clone(), self.demand.clone(), self.changes.clone());
        loop {
            self.keep_up();
            let mut due = self.proof_due().min(self.proven + self.schedule.poll);
            // An API server that starts does not know all of its groups yet.
            if (1..=ABSENT_TRIES).contains(&self.absent) && self.gives_up_watches() {
                due = due.min(self.proven + BETWEEN_ABSENT);
            }
            tokio::select! {
                () = sleep_until(due) => self.take_due_windows(),
                () = handle.asked_to_relist() => self.must_tell = true,
                () = handle.asked_to_hurry() => {}
                // What it is asked for may be another now.
                Ok(()) = changes.changed() => continue,
                () = is_unneeded(&mut demand) => return Next::Rest(String::new()),
                () = slept(&mut self.shared.sleeps) => self.lost(asleep()),
            }
            return Next::List;
        }
    }
}
