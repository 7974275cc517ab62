//! Gates before whose first call something is to begin.

use std::fmt;
use std::sync::Once;

use futures::future::BoxFuture;
use tokio::sync::watch;

use super::call::Call;
use super::gates::{Gates, Refused};
use super::view::{GateId, GateView};

/// Gates that begin something at their first call: a recording stands still until somebody asks.
pub struct OnFirstCall<G> {
    gates: G,
    once: Once,
    begin: Box<dyn Fn() + Send + Sync>,
}

impl<G> fmt::Debug for OnFirstCall<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnFirstCall").field("begun", &self.once.is_completed()).finish_non_exhaustive()
    }
}

impl<G: Gates> OnFirstCall<G> {
    /// These gates, with what is to begin.
    #[must_use]
    pub fn new(gates: G, begin: Box<dyn Fn() + Send + Sync>) -> Self {
        Self { gates, once: Once::new(), begin }
    }
}

impl<G: Gates> Gates for OnFirstCall<G> {
    fn call(&self, call: Call) -> Result<watch::Receiver<GateView>, Refused> {
        let called = self.gates.call(call);
        // A call that is refused is none.
        if called.is_ok() {
            self.once.call_once(|| (self.begin)());
        }
        called
    }

    fn look(&self, id: &GateId) -> Option<watch::Receiver<GateView>> {
        self.gates.look(id)
    }

    fn watch(&self, id: &GateId) -> Option<watch::Receiver<GateView>> {
        self.gates.watch(id)
    }

    fn confirm<'a>(&'a self, view: &'a GateView) -> BoxFuture<'a, bool> {
        self.gates.confirm(view)
    }

    fn forget(&self, id: &GateId) -> bool {
        self.gates.forget(id)
    }

    fn all(&self) -> Vec<GateView> {
        self.gates.all()
    }
}
