//! The connection to one cluster, renewed where credentials ran out.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use kube::Client;
use tokio::time::Instant;

use super::client::{client_of, server_of};
use super::connect_options::ConnectOptions;
use super::credential;
use super::credential::Credential;
use super::kubeconfig::{ConfigEnv, choose};
use super::request_counter::RequestCounter;
use super::target::Target;
use crate::gate::model::{Pod, ResourceVersion};
use crate::recording::line::Entry;

/// Credentials that were refused are not had anew more often than this.
const BETWEEN_RENEWALS: Duration = Duration::from_secs(5);
/// Credentials that expire are not had anew more often than this.
const BETWEEN_EXPIRIES: Duration = Duration::from_secs(1);

/// What hears of all traffic, with the time of each entry: `--record` writes it down.
pub type Tap = Arc<Mutex<dyn FnMut(Instant, &Entry) + Send>>;

/// A connection to one cluster.
pub struct Connection {
    pub(in crate::cluster) access: RwLock<Access>,
    pub(in crate::cluster) recipe: Option<Recipe>,
    pub(super) renewal: tokio::sync::Mutex<Option<Instant>>,
    pub(in crate::cluster) target: Target,
    /// The same with the server's version, once the server has said it.
    pub(super) identified: OnceLock<Target>,
    pub(super) namespace: String,
    pub(in crate::cluster) request_timeout: Duration,
    pub(in crate::cluster) total: RequestCounter,
    /// Requests that belong to no gate yet.
    pub(in crate::cluster) unattributed: AtomicU64,
    pub(in crate::cluster) tap: Option<Tap>,
    /// The newest version that was shown of each collection, by path: an older LIST proves nothing.
    pub(super) newest: Mutex<HashMap<String, ResourceVersion>>,
    /// Takes off a pod that was listed what nobody will read.
    pub(in crate::cluster) trim: Option<fn(&mut Pod)>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("target", &self.target).finish_non_exhaustive()
    }
}

/// The client, and in whose name it asks.
#[derive(Clone)]
pub(in crate::cluster) struct Access {
    /// Which one since the beginning it is.
    pub generation: u64,
    pub client: Client,
    pub credential: Credential,
}

/// Why credentials are had anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cluster) enum Renewal {
    /// They come to their end.
    Expiring,
    /// The API server refused them.
    Refused,
}

/// How the client was made, so that it can be made again with fresh credentials.
pub(in crate::cluster) struct Recipe {
    pub options: ConnectOptions,
    pub server: String,
}

impl Connection {
    /// A connection over a client that exists already. Nothing is asked, so the target's version stays what it is.
    #[must_use]
    pub fn with_client(client: Client, target: Target, request_timeout: Duration, namespace: &str) -> Self {
        Self {
            access: RwLock::new(Access { generation: 0, client, credential: Credential::default() }),
            recipe: None,
            renewal: tokio::sync::Mutex::new(None),
            target,
            identified: OnceLock::new(),
            namespace: namespace.to_owned(),
            request_timeout,
            total: RequestCounter::default(),
            unattributed: AtomicU64::new(0),
            tap: None,
            newest: Mutex::default(),
            trim: None,
        }
    }

    /// The newest version that was shown of a collection so far.
    pub(in crate::cluster) fn newest(&self, path: &str) -> ResourceVersion {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.get(path).copied().unwrap_or_default()
    }

    /// This version of a collection was shown.
    pub(in crate::cluster) fn shown(&self, path: &str, version: ResourceVersion) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        match newest.get_mut(path) {
            Some(known) => *known = known.newest(version),
            None => _ = newest.insert(path.to_owned(), version),
        }
    }

    /// Lets something hear of all traffic.
    #[must_use]
    pub fn with_tap(mut self, tap: Tap) -> Self {
        self.tap = Some(tap);
        self
    }

    /// What hears of all traffic, where anything does.
    #[must_use]
    pub fn tap(&self) -> Option<Tap> {
        self.tap.clone()
    }

    /// Takes off every pod that it lists what nobody will read, so that it is not held.
    #[must_use]
    pub const fn trimming(mut self, trim: fn(&mut Pod)) -> Self {
        self.trim = Some(trim);
        self
    }

    /// Says that the cluster is a recording that is played back.
    #[must_use]
    pub fn with_rehearsal(mut self, recording: &str) -> Self {
        self.target = Target { rehearsal: Some(recording.to_owned()), ..self.target().clone() };
        self.identified = OnceLock::new();
        self
    }

    /// Counts requests that no gate has made.
    pub(in crate::cluster) fn count_unattributed(&self, requests: u64) {
        self.unattributed.fetch_add(requests, Ordering::Relaxed);
    }

    /// Which cluster this is.
    #[must_use]
    pub fn target(&self) -> &Target {
        self.identified.get().unwrap_or(&self.target)
    }

    /// The namespace of the context, `default` where it names none.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Requests made over this connection so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.total.count()
    }

    /// The client of this moment.
    pub(in crate::cluster) fn access(&self) -> Access {
        self.access.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has the credentials anew, where `generation` is still the newest one; a plugin may take `patience` for it. True
    /// where there are newer ones than those afterwards.
    pub(in crate::cluster) async fn renew(&self, generation: u64, why: Renewal, patience: Duration) -> bool {
        let Some(recipe) = &self.recipe else { return false };
        // Many requests fail at once; the first to come here does the work for all.
        let mut last = self.renewal.lock().await;
        if self.access().generation != generation {
            return true;
        }
        let between = if why == Renewal::Refused { BETWEEN_RENEWALS } else { BETWEEN_EXPIRIES };
        if last.is_some_and(|last| last.elapsed() < between) {
            return false;
        }
        let renewed = self.renewed(recipe, why, patience).await;
        // Counted from its end: those that waited for one that hangs must not wait for the next one.
        *last = Some(Instant::now());
        let Some((client, credential)) = renewed else { return false };
        let mut access = self.access.write().unwrap_or_else(PoisonError::into_inner);
        let is_other = client.is_some();
        access.credential = credential;
        if let Some(client) = client {
            (access.generation, access.client) = (generation + 1, client);
        }
        is_other
    }

    /// New credentials, with a client of their own where they are not the old ones.
    async fn renewed(&self, recipe: &Recipe, why: Renewal, patience: Duration) -> Option<(Option<Client>, Credential)> {
        let mut chosen = choose(&recipe.options, &ConfigEnv::of_process()).ok()?;
        // The file may name another server by now; this run's verdict is about the first.
        if server_of(&chosen.config) != recipe.server {
            return None;
        }
        let credential = credential::take(&mut chosen.config.auth_info, patience).await.ok()?;
        // A token file that was read again for its age alone.
        if why == Renewal::Expiring
            && credential.bearer.is_some()
            && credential.bearer == self.access().credential.bearer
        {
            return Some((None, credential));
        }
        let client = client_of(chosen).await.ok()?;
        Some((Some(client), credential))
    }
}
