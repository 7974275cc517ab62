//! Gates with something around each call: what may keep it from beginning, and what follows it.

use std::fmt;

use futures::future::BoxFuture;
use tokio::sync::watch;

use super::call::Call;
use super::gates::{Gates, Refused};
use super::view::{GateId, GateView};

/// Asked before each call: an error is its answer.
pub type Admit = Box<dyn Fn() -> Result<(), Refused> + Send + Sync>;

/// Told of each call that was not refused.
pub type Called = Box<dyn Fn() + Send + Sync>;

/// Gates with something around each call.
pub struct AroundCalls<G> {
    gates: G,
    admit: Admit,
    called: Called,
}

impl<G> fmt::Debug for AroundCalls<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AroundCalls").finish_non_exhaustive()
    }
}

impl<G: Gates> AroundCalls<G> {
    /// These gates, where each call is admitted first, and told of after it.
    #[must_use]
    pub fn new(gates: G, admit: Admit, called: Called) -> Self {
        Self { gates, admit, called }
    }
}

impl<G: Gates> Gates for AroundCalls<G> {
    fn call(&self, call: Call) -> Result<watch::Receiver<GateView>, Refused> {
        (self.admit)()?;
        let gate = self.gates.call(call)?;
        (self.called)();
        Ok(gate)
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
