//! Whether the API server answers at all, known to all sources: while it does not, one source asks and the others wait.
//! And whether everything broke at once, which is what an API server that restarts looks like from here.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use crate::cluster::api::Budget;
use crate::cluster::api::Collection;
use crate::cluster::api::FailureKind;

/// Nobody waits longer than this for another to find out.
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// Watches that break within this time broke together.
const AT_ONCE: Duration = Duration::from_secs(5);

/// Whether anybody answers at all, for all links of one API server: one that is down is down for all of them.
#[derive(Debug)]
pub struct Reach(watch::Sender<bool>);

impl Default for Reach {
    /// Somebody does, until somebody finds out otherwise.
    fn default() -> Self {
        Self(watch::Sender::new(true))
    }
}

/// The state of the link.
#[derive(Debug)]
pub struct Link {
    /// The server has answers for more than one of its sources.
    up: watch::Sender<bool>,
    reach: Arc<Reach>,
    /// How often a watch was found to have been silent while things changed.
    suspicions: watch::Sender<u64>,
    /// What everything that breaks at once earns.
    budget: Arc<Budget>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Who failed since the last answer to anybody.
    failing: HashSet<Collection>,
    /// The watches that are open (`None`), and those that broke (when) and are not open again.
    watches: HashMap<Collection, Option<Instant>>,
}

impl Link {
    /// A link that is up, until somebody finds that it is not.
    #[must_use]
    pub fn new(budget: Arc<Budget>) -> Self {
        Self::reaching(budget, Arc::default())
    }

    /// The link of one namespace of several, whose API server is the same.
    #[must_use]
    pub fn reaching(budget: Arc<Budget>, reach: Arc<Reach>) -> Self {
        Self { up: watch::Sender::new(true), reach, suspicions: watch::Sender::new(0), budget, state: Mutex::default() }
    }

    fn has_answered(&self) {
        for up in [&self.up, &self.reach.0] {
            up.send_if_modified(|up| !std::mem::replace(up, true));
        }
    }

    /// A request of this source got an answer that is of use.
    pub fn answered(&self, source: &Collection) {
        let failed = std::mem::take(&mut self.lock().failing);
        self.has_answered();
        // It could not be read, nor could others, and now it can: that was an outage. One that fails alone is none.
        if failed.len() > 1 && failed.contains(source) {
            self.budget.burst();
        }
    }

    /// A request of this source was refused. The server is there; but one that refuses everybody is not itself yet, or
    /// does not know yet what everybody may do.
    pub fn refused(&self, source: &Collection) {
        self.has_answered();
        self.lock().failing.insert(source.clone());
    }

    /// A request got none. Nobody is there, or the server is not itself: one source that it has no answer for is a
    /// matter of that source, several are not.
    pub fn failed(&self, source: &Collection, kind: &FailureKind) {
        let is_down = {
            let mut state = self.lock();
            state.failing.insert(source.clone());
            kind.is_unreachable() || state.failing.len() > 1
        };
        if is_down {
            self.up.send_replace(false);
        }
        if kind.is_unreachable() {
            self.reach.0.send_replace(false);
        }
    }

    /// True where somebody answered last.
    #[must_use]
    pub fn is_up(&self) -> bool {
        *self.up.borrow() && *self.reach.0.borrow()
    }

    /// Waits until there was an answer again.
    pub async fn wait_up(&self) {
        let (mut own, mut reach) = (self.up.subscribe(), self.reach.0.subscribe());
        let both = async {
            // One may go down again while the other is waited for.
            while !self.is_up() {
                let own = own.wait_for(|up| *up).await.is_ok();
                if !own || reach.wait_for(|up| *up).await.is_err() {
                    return;
                }
            }
        };
        // Neither a timeout nor a link that is dropped keeps the caller from finding out itself.
        let _ = timeout(LONGEST_WAIT, both).await;
    }

    /// A watch was open and silent while things changed: the others may be dead as well.
    pub fn suspect(&self) {
        self.suspicions.send_modify(|count| *count += 1);
    }

    /// Changes whenever watches are suspected.
    #[must_use]
    pub fn suspicions(&self) -> watch::Receiver<u64> {
        self.suspicions.subscribe()
    }

    /// A watch is open.
    pub fn watch_opened(&self, source: &Collection) {
        self.lock().watches.insert(source.clone(), None);
    }

    /// A watch that was open broke. Where all others have as well, just now, that was no matter of one watch.
    pub fn watch_broke(&self, source: &Collection) {
        let now = Instant::now();
        let all_broke = {
            let mut state = self.lock();
            state.watches.insert(source.clone(), Some(now));
            let just_now = |broke: &Option<Instant>| broke.is_some_and(|at| now.duration_since(at) <= AT_ONCE);
            state.watches.len() > 1 && state.watches.values().all(just_now)
        };
        if all_broke {
            self.budget.burst();
        }
    }

    /// A source does not watch any more, of its own accord.
    pub fn watch_left(&self, source: &Collection) {
        self.lock().watches.remove(source);
    }

    /// Nobody follows a source any more: nothing of it is waited for.
    pub fn forget(&self, source: &Collection) {
        let mut state = self.lock();
        state.watches.remove(source);
        state.failing.remove(source);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Every change is one insertion or removal.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
