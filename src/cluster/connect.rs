//! The connection to one cluster: opened from explicit configuration, renewed where credentials ran out.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use kube::{Client, Config};
use tokio::time::Instant;

use super::credential::{self, Credential, CredentialError};
use super::failure::Failure;
use super::identity::Expect;
use super::kubeconfig::{Chosen, KubeconfigError, Surroundings, choose, server_url};
use super::proxy::without_credentials;
use crate::gate::model::ResourceVersion;
use crate::recording::line::Entry;
use crate::report::run::Target;

pub use super::credential::{PluginError, PluginTrouble};

/// How long a request may take where nothing else is said.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a credential plugin may take before the first request, where nothing else is said.
pub const PLUGIN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take to build the client: the library may still run the commands of a legacy `auth-provider`.
const BUILD_TIMEOUT: Duration = Duration::from_secs(30);
/// Credentials that were refused are not had anew more often than this.
const BETWEEN_RENEWALS: Duration = Duration::from_secs(5);
/// Credentials that expire are not had anew more often than this.
const BETWEEN_EXPIRIES: Duration = Duration::from_secs(1);

/// Which cluster to ask, and how patiently.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// Use the Pod's service account and nothing else.
    pub in_cluster: bool,
    /// `--as`: the user to ask as.
    pub impersonate: Option<String>,
    /// `--as-group`: the groups of that user.
    pub impersonate_groups: Vec<String>,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How long a credential plugin may take before the first request.
    pub plugin_timeout: Duration,
    /// What the cluster must be known by. Each of them must hold.
    pub expect: Vec<Expect>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            in_cluster: false,
            impersonate: None,
            impersonate_groups: Vec::new(),
            request_timeout: REQUEST_TIMEOUT,
            plugin_timeout: PLUGIN_TIMEOUT,
            expect: Vec::new(),
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The configuration does not lead to a cluster.
    #[error(transparent)]
    Kubeconfig(#[from] KubeconfigError),
    /// A bare URL that cannot be used.
    #[error("cannot connect: {0}")]
    Url(String),
    /// The client cannot be built from the configuration.
    #[error("cannot connect to {server} as {origin} says: {reason}")]
    Client {
        /// The server.
        server: String,
        /// Where the configuration came from.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// The credential plugin gave no credential.
    #[error(transparent)]
    Plugin(#[from] PluginError),
    /// The configuration leads to another server than the manifest expects.
    #[error(
        "the manifest expects the server {expected}, and {origin} leads to {server}; give the `--context` or `--kubeconfig` of \
         the right cluster, or correct `expect`"
    )]
    WrongServer {
        /// What was expected.
        expected: String,
        /// What it is.
        server: String,
        /// Where the configuration came from.
        origin: String,
    },
    /// The server is another cluster than the manifest expects.
    #[error(
        "the manifest expects the cluster with the UID {expected}, and {server} is the one with {uid}; give the `--context` \
         or `--kubeconfig` of the right cluster, or correct `expect`"
    )]
    WrongCluster {
        /// What was expected.
        expected: String,
        /// What it is.
        uid: String,
        /// Who said so.
        server: String,
    },
    /// The cluster does not say which one it is.
    #[error("the manifest expects a cluster by its UID, and this one does not say which it is: {0}")]
    Unidentified(Failure),
}

impl ConnectError {
    /// True where the configuration itself is wrong (exit code 2). False where it is sound and the credentials could
    /// not be had, which says nothing about the arguments (exit code 7).
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        match self {
            Self::Plugin(error) => error.trouble.is_usage(),
            Self::Unidentified(_) => false,
            _ => true,
        }
    }

    /// Returns what a credential plugin wrote to its stderr, as it was written. It is for stderr alone, masked and made
    /// inert, and for no result.
    #[must_use]
    pub fn plugin_words(&self) -> Option<&str> {
        match self {
            Self::Plugin(error) => Some(error.words.as_str()).filter(|words| !words.trim().is_empty()),
            _ => None,
        }
    }
}

/// What hears of all traffic, with the time of each entry: `--record` writes it down.
pub type Tap = Arc<Mutex<dyn FnMut(Instant, &Entry) + Send>>;

/// Counts requests.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// Requests so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Counts some.
    pub fn add(&self, requests: u64) {
        self.0.fetch_add(requests, Ordering::Relaxed);
    }
}

/// A connection to one cluster.
pub struct Connection {
    access: RwLock<Access>,
    recipe: Option<Recipe>,
    renewal: tokio::sync::Mutex<Option<Instant>>,
    target: Target,
    namespace: String,
    pub(super) request_timeout: Duration,
    pub(super) total: Meter,
    /// Requests that belong to no gate yet.
    pub(super) unbilled: AtomicU64,
    pub(super) tap: Option<Tap>,
    /// The newest version that was shown of each collection, by path: an older LIST proves nothing.
    newest: Mutex<HashMap<String, ResourceVersion>>,
    /// Of pods that are listed only that is held which a feed reads.
    pub(super) feeds: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("target", &self.target).finish_non_exhaustive()
    }
}

/// The client, and in whose name it asks.
#[derive(Clone)]
pub(super) struct Access {
    /// Which one since the beginning it is.
    pub generation: u64,
    pub client: Client,
    pub credential: Credential,
}

/// Why credentials are had anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    /// They come to their end.
    Expiring,
    /// The API server refused them.
    Refused,
}

/// How the client was made, so that it can be made again with fresh credentials.
struct Recipe {
    options: ConnectOptions,
    server: String,
}

impl Connection {
    /// Opens the connection that the options and this process's surroundings name, and asks for the server's version.
    /// An unreachable server is no error here: the version stays empty, and each source says what is wrong.
    ///
    /// # Errors
    ///
    /// Where the configuration leads nowhere, or the credential plugin fails.
    pub async fn open(options: &ConnectOptions) -> Result<Self, ConnectError> {
        let chosen = choose(options, &Surroundings::of_process())?;
        let server = server_of(&chosen.config);
        for expect in &options.expect {
            expect.check_server(&server, &chosen.origin)?;
        }
        let target = Target {
            server: server.clone(),
            version: String::new(),
            context: chosen.context.clone(),
            config: chosen.origin.clone(),
            rehearsal: None,
        };
        let recipe = chosen.renewable.then(|| {
            // The context by its name: `current-context` may be another by then.
            let context = Some(chosen.context.clone()).filter(|context| !context.is_empty());
            let in_cluster = chosen.context.is_empty();
            Recipe { options: ConnectOptions { context, in_cluster, ..options.clone() }, server }
        });
        let namespace = chosen.config.default_namespace.clone();
        let (client, credential) = build(chosen, options.plugin_timeout).await?;
        let access = RwLock::new(Access { generation: 0, client: client.clone(), credential });
        let connection =
            Self { access, recipe, ..Self::with_client(client, target, options.request_timeout, &namespace) };
        for expect in &options.expect {
            connection.check_identity(expect).await?;
        }
        Ok(connection.with_version().await)
    }

    /// A connection to a server at a bare URL, without credentials and without a proxy: the rehearsal's.
    ///
    /// # Errors
    ///
    /// Where the URL cannot be used.
    pub async fn to_url(url: &str, namespace: &str) -> Result<Self, ConnectError> {
        let config = Config::new(server_url(url).map_err(ConnectError::Url)?);
        let target = Target { server: server_of(&config), ..Target::default() };
        let chosen = Chosen { config, context: String::new(), origin: url.to_owned(), renewable: false };
        let (client, _) = build(chosen, PLUGIN_TIMEOUT).await?;
        Ok(Self::with_client(client, target, REQUEST_TIMEOUT, namespace).with_version().await)
    }

    /// A connection over a client that exists already. Nothing is asked, so the target's version stays what it is.
    #[must_use]
    pub fn with_client(client: Client, target: Target, request_timeout: Duration, namespace: &str) -> Self {
        Self {
            access: RwLock::new(Access { generation: 0, client, credential: Credential::default() }),
            recipe: None,
            renewal: tokio::sync::Mutex::new(None),
            target,
            namespace: namespace.to_owned(),
            request_timeout,
            total: Meter::default(),
            unbilled: AtomicU64::new(0),
            tap: None,
            newest: Mutex::default(),
            feeds: false,
        }
    }

    /// The newest version that was shown of a collection so far.
    pub(super) fn newest(&self, path: &str) -> ResourceVersion {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.get(path).copied().unwrap_or_default()
    }

    /// This version of a collection was shown.
    pub(super) fn shown(&self, path: &str, version: ResourceVersion) {
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

    /// Says that it serves feeds alone: of the pods that it lists, what a feed never reads is not held.
    #[must_use]
    pub const fn for_feeds(mut self) -> Self {
        self.feeds = true;
        self
    }

    /// Says that the cluster is a recording that is played back.
    #[must_use]
    pub fn with_rehearsal(mut self, recording: &str) -> Self {
        self.target.rehearsal = Some(recording.to_owned());
        self
    }

    /// Counts requests that no gate has made.
    pub(super) fn bill_nobody(&self, requests: u64) {
        self.unbilled.fetch_add(requests, Ordering::Relaxed);
    }

    /// Which cluster this is.
    #[must_use]
    pub const fn target(&self) -> &Target {
        &self.target
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

    async fn with_version(mut self) -> Self {
        if let Ok(version) = self.version().await {
            self.target.version = version;
        }
        self
    }

    /// The client of this moment.
    pub(super) fn access(&self) -> Access {
        self.access.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has the credentials anew, where `generation` is still the newest one; a plugin may take `patience` for it. True
    /// where there are newer ones than those afterwards.
    pub(super) async fn renew(&self, generation: u64, why: Renewal, patience: Duration) -> bool {
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
        let mut chosen = choose(&recipe.options, &Surroundings::of_process()).ok()?;
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

fn server_of(config: &Config) -> String {
    without_credentials(&config.cluster_url.to_string()).trim_end_matches('/').to_owned()
}

/// Has the credentials, and builds the client. A plugin may take `patience`.
async fn build(mut chosen: Chosen, patience: Duration) -> Result<(Client, Credential), ConnectError> {
    let taken = credential::take(&mut chosen.config.auth_info, patience).await;
    let credential = taken.map_err(|error| match error {
        CredentialError::Plugin(error) => ConnectError::Plugin(error),
        CredentialError::Unusable(reason) => {
            ConnectError::Client { server: server_of(&chosen.config), origin: chosen.origin.clone(), reason }
        }
    })?;
    Ok((client_of(chosen).await?, credential))
}

/// Builds the client on a thread of its own: what the library does for a legacy `auth-provider` blocks, and must hold
/// up neither this task nor the end of the process.
async fn client_of(chosen: Chosen) -> Result<Client, ConnectError> {
    let Chosen { mut config, origin, .. } = chosen;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    // Each request has its own limit, and watches live by their silence.
    config.read_timeout = None;
    // Fifteen silent retries would hide what happens and defeat the budget.
    config.default_retry = false;
    if config.cluster_url.scheme_str() == Some("http") {
        // No TLS, so no system certificates are needed, which minimal images do not have.
        config.root_cert = Some(Vec::new());
    }
    let server = server_of(&config);
    let failed = |reason: String| ConnectError::Client { server: server.clone(), origin: origin.clone(), reason };
    let (answer, answered) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    std::thread::Builder::new()
        .name("client".to_owned())
        .spawn(move || {
            let _entered = runtime.enter();
            // The receiver is gone where this took too long.
            let _ = answer.send(Client::try_from(config));
        })
        .map_err(|error| failed(format!("no thread to build the client on: {error}")))?;
    match tokio::time::timeout(BUILD_TIMEOUT, answered).await {
        Ok(Ok(Ok(client))) => Ok(client),
        Ok(Ok(Err(error))) => Err(failed(credential::words_of(&error))),
        Ok(Err(_)) => Err(failed("the client could not be built".to_owned())),
        Err(_) => Err(failed(format!("no answer within {} s", BUILD_TIMEOUT.as_secs()))),
    }
}
