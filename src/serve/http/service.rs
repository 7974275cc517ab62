//! What every request needs.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::access::{Right, Scope};
use super::analyses::Analyses;
use super::auth::{Auth, Caller, Denied};
use super::limits::Limits;
use super::runs::Runs;
use super::shutdown::Shutdown;
use super::wait::Waits;
use crate::serve::Gates;
use crate::serve::telemetry::Metrics;
use crate::text::SafeText;

/// Whether the server is ready for calls.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    /// What keeps it from that: no plan can be read, the API server cannot be reached.
    pub obstacles: Vec<SafeText>,
    /// What is wrong and does not: one plan among others cannot be read.
    pub notes: Vec<SafeText>,
}

/// Asks whether the server is ready.
pub type AskReadiness = Box<dyn Fn() -> Readiness + Send + Sync>;

/// What every request needs.
pub struct Service {
    pub(super) gates: Arc<dyn Gates>,
    pub(super) analyses: Analyses,
    pub(super) auth: Auth,
    /// The namespaces that are served to anybody.
    pub(super) namespaces: Scope,
    pub(super) limits: Limits,
    pub(super) waits: Waits,
    /// Reports that are made at this moment.
    pub(super) reports: Semaphore,
    pub(super) runs: Option<Runs>,
    pub(super) shutdown: Shutdown,
    /// Only names of this machine are answered to: nobody has said who may ask, and any page in a browser here could.
    pub(super) is_local: bool,
    /// Counts what is answered.
    pub(super) metrics: Metrics,
    ready: AskReadiness,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("auth", &self.auth)
            .field("namespaces", &self.namespaces)
            .finish_non_exhaustive()
    }
}

impl Service {
    /// A service of these gates for whoever these credentials admit, in every namespace, without runs, always ready.
    #[must_use]
    pub fn new(gates: Arc<dyn Gates>, auth: Auth, limits: Limits, shutdown: Shutdown) -> Self {
        Self {
            gates,
            analyses: Analyses::default(),
            auth,
            namespaces: Scope::All,
            waits: Waits::new(&limits, shutdown.stopping.clone()),
            reports: Semaphore::new(limits.reports),
            limits,
            runs: None,
            shutdown,
            is_local: false,
            metrics: Metrics::new(),
            ready: Box::new(Readiness::default),
        }
    }

    /// Serves these namespaces alone, whoever asks.
    #[must_use]
    pub fn within(mut self, namespaces: Scope) -> Self {
        self.namespaces = namespaces;
        self
    }

    /// Comes when the server is about to end.
    #[must_use]
    pub fn stopping(&self) -> CancellationToken {
        self.shutdown.stopping.clone()
    }

    /// Runs pods too.
    #[must_use]
    pub fn with_runs(mut self, runs: Option<Runs>) -> Self {
        self.runs = runs;
        self
    }

    /// Asks this whether the server is ready.
    #[must_use]
    pub fn ready_where(mut self, ready: AskReadiness) -> Self {
        self.ready = ready;
        self
    }

    /// Counts what is answered here.
    #[must_use]
    pub fn counting(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// Answers to names of this machine alone.
    #[must_use]
    pub const fn local_only(mut self, is_local: bool) -> Self {
        self.is_local = is_local;
        self
    }

    /// Is the server ready?
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let mut readiness = (self.ready)();
        readiness.notes.extend(self.auth.problem());
        readiness
    }

    /// May this caller do this?
    pub(super) async fn admit(
        &self,
        caller: &Caller,
        right: Right,
        namespace: Option<&str>,
        plan: Option<&str>,
    ) -> Result<(), Denied> {
        if let Some(namespace) = namespace
            && !self.namespaces.has(namespace)
        {
            let words = format!("namespace {namespace} is none of those that this server answers for (`--namespaces`)");
            return Err(Denied::Forbidden(words));
        }
        caller.may(right, namespace, plan).await
    }
}
