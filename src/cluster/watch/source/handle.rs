//! What a gate holds of a source: it asks it to prove itself, says whether it needs it, and hears how fresh it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::gate::model::Workload;

/// Whether anybody needs a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Demand {
    /// Somebody does. So it is where nobody was asked.
    Needed,
    /// Nobody knows yet.
    Undecided,
    /// Nobody does.
    Unneeded,
}

/// How far a source can be read, for those who want to confirm what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Readability {
    #[default]
    Unheard,
    /// What is known of it was asked for at this moment.
    Proven(Instant),
    /// This API does not have it.
    Absent,
    /// This identity may not read it.
    Denied,
}

/// The handle of a source, shared by all who hear of it.
#[derive(Debug, Clone)]
pub struct SourceHandle(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    relist: Notify,
    hurry: Notify,
    demand: watch::Sender<Demand>,
    /// By gate; `None` where it does not know yet.
    votes: Mutex<HashMap<usize, Option<bool>>>,
    readability: Mutex<Readability>,
    /// What a confirming read has listed last, and when that was asked for.
    confirmed: tokio::sync::Mutex<Option<Confirmed>>,
}

type Confirmed = (Instant, Arc<Vec<Workload>>);

impl Default for SourceHandle {
    fn default() -> Self {
        Self(Arc::new(Inner {
            relist: Notify::new(),
            hurry: Notify::new(),
            demand: watch::Sender::new(Demand::Needed),
            votes: Mutex::default(),
            readability: Mutex::default(),
            confirmed: tokio::sync::Mutex::default(),
        }))
    }
}

impl SourceHandle {
    /// Asks the source to be listed and told anew.
    pub fn relist(&self) {
        self.0.relist.notify_one();
    }

    /// There are news elsewhere, and this source may have some too: where lists alone tell what happens, it is listed now.
    /// A watch tells by itself.
    pub fn hurry(&self) {
        self.0.hurry.notify_waiters();
    }

    /// This gate needs the source, does not, or does not know yet. The source is followed while any gate needs it.
    pub fn vote(&self, gate: usize, needed: Option<bool>) {
        let mut votes = self.0.votes.lock().unwrap_or_else(PoisonError::into_inner);
        if votes.insert(gate, needed) != Some(needed) {
            self.count(&votes);
        }
    }

    /// This gate has no say any more.
    pub fn leave(&self, gate: usize) {
        let mut votes = self.0.votes.lock().unwrap_or_else(PoisonError::into_inner);
        if votes.remove(&gate).is_some() {
            self.count(&votes);
        }
    }

    fn count(&self, votes: &HashMap<usize, Option<bool>>) {
        let demand = if votes.values().any(|vote| *vote == Some(true)) {
            Demand::Needed
        } else if votes.values().any(Option::is_none) {
            Demand::Undecided
        } else {
            Demand::Unneeded
        };
        self.0.demand.send_if_modified(|was| std::mem::replace(was, demand) != demand);
    }

    /// True where a confirming read must list it: it can be read, and what is known of it was not asked for within this
    /// time.
    #[must_use]
    pub fn wants_proof(&self, within: Duration) -> bool {
        match *self.lock() {
            Readability::Denied => false,
            Readability::Unheard | Readability::Absent => true,
            Readability::Proven(at) => at.elapsed() > within,
        }
    }

    /// The workloads of this kind, as a confirming read of any gate has listed them within this time; where none has, this
    /// is one, and others wait for what it says: many gates that pass at the same moment cost one LIST.
    ///
    /// # Errors
    ///
    /// Where the LIST fails; the next who asks tries it again.
    pub async fn confirmed<E>(
        &self,
        within: Duration,
        list: impl Future<Output = (Instant, Result<Vec<Workload>, E>)>,
    ) -> Result<Arc<Vec<Workload>>, E> {
        let mut confirmed = self.0.confirmed.lock().await;
        if let Some((_, workloads)) = confirmed.as_ref().filter(|(at, _)| at.elapsed() <= within) {
            return Ok(Arc::clone(workloads));
        }
        let (at, answer) = list.await;
        let workloads = Arc::new(answer?);
        *confirmed = Some((at, Arc::clone(&workloads)));
        Ok(workloads)
    }

    /// True where it can be read at all, as far as is known.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        *self.lock() != Readability::Denied
    }

    /// True where the API did not have it when it was last asked for, as far as is known.
    #[must_use]
    pub fn was_absent(&self) -> bool {
        *self.lock() == Readability::Absent
    }

    pub(super) fn demand(&self) -> watch::Receiver<Demand> {
        self.0.demand.subscribe()
    }

    pub(super) async fn asked_to_relist(&self) {
        self.0.relist.notified().await;
    }

    pub(super) async fn asked_to_hurry(&self) {
        self.0.hurry.notified().await;
    }

    pub(super) fn is_proven(&self, asked: Instant) {
        *self.lock() = Readability::Proven(asked);
    }

    /// True where nobody has asked for it yet.
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        *self.lock() == Readability::Unheard
    }

    pub(super) fn is_absent(&self) {
        *self.lock() = Readability::Absent;
    }

    pub(super) fn is_denied(&self) {
        *self.lock() = Readability::Denied;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Readability> {
        self.0.readability.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
