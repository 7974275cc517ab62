//! What follows from a request of a source that failed, and when that is said.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Next, SourceTask};
use crate::cluster::api::{Collection, Failure, FailureKind, Listing};
use crate::gate::Fact;
use crate::gate::model::{Source, Trouble, TroubleKind};

/// How long a source waits before each further question about a refusal that would end its gate…
pub(super) const DOUBTS: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// …and about one that the gate can do without, and that it hears of at once.
const LATE_RIGHTS: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(10)];

impl SourceTask {
    /// A request failed: what that says of the link.
    pub(super) fn note_failure(&self, kind: &FailureKind) {
        match kind {
            FailureKind::Forbidden(_) => self.shared.link.refused(&self.collection),
            // Whatever else it answers: one source may have that for itself, several are a server that is not itself.
            kind => self.shared.link.failed(&self.collection, kind),
        }
    }

    /// What follows from a LIST that failed. Waits where waiting is due.
    pub(super) async fn after_failure(&mut self, failure: &Failure) -> Next {
        self.note_failure(&failure.kind);
        match &failure.kind {
            FailureKind::Forbidden(_) | FailureKind::Unauthorized(_) => return self.refused(failure).await,
            // An API server without this group has none of these objects. One that had it a moment ago is only starting.
            FailureKind::NotFound(_) if matches!(self.collection.source, Source::Workloads(_)) && !self.knows_any() => {
                if let Ok(nothing) = Listing::of_nothing(&self.collection)
                    && let Ok(version) = self.accept(Instant::now(), nothing)
                {
                    self.handle.is_absent();
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
            self.handle.is_denied();
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
        !self.versions.is_empty()
    }

    /// Says that the source is lost, once for each trouble in a row.
    pub(super) fn lost(&mut self, trouble: Trouble) {
        if self.told_trouble.as_ref() != Some(&trouble) {
            self.told_trouble = Some(trouble.clone());
            self.send(Fact::Lost { source: self.collection.source, trouble });
        }
    }

    pub(super) fn why_unwatched(&self) -> Trouble {
        self.trouble_of_opening.clone().unwrap_or_else(|| unwatched(&self.collection))
    }
}

pub(super) fn unwatched(collection: &Collection) -> Trouble {
    let message = format!("the watch of {collection} broke, and it could not be listed again yet");
    Trouble { kind: TroubleKind::Stale, message, hopeless: false }
}
