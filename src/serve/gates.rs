//! Where gates stand, as those see it who answer callers.

use futures::future::BoxFuture;
use tokio::sync::watch;

use super::call::Call;
use super::view::{GateId, GateView};

/// Where gates stand. Nothing here waits for the cluster.
pub trait Gates: Send + Sync + 'static {
    /// Joins the gate of this call, or begins it. What is received is how the newest gate of the call stands: where its
    /// workload gets another revision and the call names none, the gate of that one, with an id of its own.
    ///
    /// # Errors
    /// Where there is no such gate, nor can there be one: see [`Refused`].
    fn call(&self, call: Call) -> Result<watch::Receiver<GateView>, Refused>;

    /// The gate of this id. Counts as a call: it stands for as long as somebody asks.
    fn look(&self, id: &GateId) -> Option<watch::Receiver<GateView>>;

    /// The same for somebody who only looks on: no gate stands on for that.
    fn watch(&self, id: &GateId) -> Option<watch::Receiver<GateView>>;

    /// Reads the workload of a gate anew, and returns whether it has the judged revision at this moment: before anything is done
    /// because of a verdict that cannot be undone. A watch can be silent for a while when it should not be. `false` where that
    /// cannot be known.
    fn confirm<'a>(&'a self, view: &'a GateView) -> BoxFuture<'a, bool>;

    /// Ends a gate and forgets it. Returns false where there is none.
    fn forget(&self, id: &GateId) -> bool;

    /// All gates that are known, the one that changed last first. Looking on is no call.
    fn all(&self) -> Vec<GateView>;
}

/// Why there is no gate for a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// No plan has this name, or its file has mistakes.
    #[error("no plan is called {plan}; {near}")]
    NoPlan {
        /// The name that was asked for.
        plan: String,
        /// What there is instead: a sentence.
        near: String,
    },
    /// The plan says something else than the call: another namespace, another workload, or no workload is named at all.
    #[error("{0}")]
    NotOfThePlan(String),
    /// There are as many gates as there may be. That passes.
    #[error(
        "{most} gates are standing already, which is as many as may; this call is answered once others are forgotten"
    )]
    Busy {
        /// How many there may be.
        most: usize,
    },
    /// The API server has not answered since the server began. That passes.
    #[error("the API server cannot be reached yet, and nothing is judged before that; ask again")]
    Starting,
    /// The server is about to end. That passes.
    #[error("the server is shutting down; ask again")]
    Ending,
}
