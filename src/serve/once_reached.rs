//! Gates that begin once the API server has answered.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::sync::watch;

use super::call::Call;
use super::gates::{Gates, Refused};
use super::view::{GateId, GateView};
use crate::cluster::api::Reachable;

/// Gates of which none begins before the API server has answered once: until then every call is pending, for the time that a gate
/// has would pass without anything to judge.
#[derive(Debug)]
pub struct OnceReached<G> {
    gates: G,
    reachable: Arc<Reachable>,
}

impl<G: Gates> OnceReached<G> {
    /// These gates, once that says that the API server has answered.
    #[must_use]
    pub const fn new(gates: G, reachable: Arc<Reachable>) -> Self {
        Self { gates, reachable }
    }
}

impl<G: Gates> Gates for OnceReached<G> {
    fn call(&self, call: Call) -> Result<watch::Receiver<GateView>, Refused> {
        if !self.reachable.has_answered() {
            return Err(Refused::Starting);
        }
        self.gates.call(call)
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
