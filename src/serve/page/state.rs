//! What the page is made from, and who may see what of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::list::Asked;
use crate::serve::{Call, GateId, GateView, Gates};

/// How many pages may be followed at once. Whoever comes later sees a page that is reloaded.
pub const FOLLOWERS: usize = 64;
/// How often something is sent to a follower where nothing happens, so that no proxy takes the connection for dead.
pub const HEARTBEAT: Duration = Duration::from_secs(15);

/// Which gates the one who asks may see. It is put into the extensions of a request by whoever authenticates it; a request
/// without it sees none.
#[derive(Clone)]
pub struct Sight(Arc<dyn Fn(&Call) -> bool + Send + Sync>);

impl Sight {
    /// The gates of which this is true.
    pub fn of(sees: impl Fn(&Call) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(sees))
    }

    /// Every gate.
    #[must_use]
    pub fn all() -> Self {
        Self::of(|_| true)
    }

    /// May this gate be seen?
    #[must_use]
    pub fn sees(&self, call: &Call) -> bool {
        (self.0)(call)
    }
}

impl fmt::Debug for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sight")
    }
}

/// What the page is made from.
#[derive(Clone)]
pub struct Page {
    gates: Arc<dyn Gates>,
    pub(super) stopping: CancellationToken,
    pub(super) followers: Arc<Semaphore>,
}

impl Page {
    /// The page of these gates. Whoever follows it is let go once `stopping` is cancelled.
    #[must_use]
    pub fn new(gates: Arc<dyn Gates>, stopping: CancellationToken) -> Self {
        Self { gates, stopping, followers: Arc::new(Semaphore::new(FOLLOWERS)) }
    }

    /// How many followers there are.
    #[must_use]
    pub fn following(&self) -> usize {
        FOLLOWERS - self.followers.available_permits()
    }

    /// The gates that may be seen and fit what is asked for, the one that changed last first.
    pub(super) fn seen(&self, sight: &Sight, asked: &Asked) -> Vec<GateView> {
        let mut gates = self.gates.all();
        gates.retain(|view| sight.sees(&view.call) && asked.fits(view));
        gates
    }

    pub(super) fn watch(&self, sight: &Sight, id: &str) -> Option<tokio::sync::watch::Receiver<GateView>> {
        let gate = self.gates.watch(&GateId::of(id))?;
        let may_be_seen = sight.sees(&gate.borrow().call);
        may_be_seen.then_some(gate)
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("following", &self.following()).finish_non_exhaustive()
    }
}
