//! `--rehearse`: a recording that is served as the cluster.

use std::iter;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cluster::api::{ConnectError, Connection};
use crate::gate::result::Verdict;
use crate::safe;
use crate::sandbox::{Begin, Faults, Options, Running, Sandbox, ServeError};
use crate::text::{Redaction, SafeText};

/// The recording to rehearse with.
#[derive(Debug, clap::Args)]
pub(super) struct RehearsalFlags {
    /// Use a recording, served as a cluster on loopback in its own timing
    #[arg(long, value_name = "RECORDING", conflicts_with_all = ["kubeconfig", "context", "in_cluster"])]
    rehearse: Option<PathBuf>,
    /// Inject the faults that this file describes into the rehearsal
    #[arg(long, value_name = "FILE", requires = "rehearse")]
    faults: Option<PathBuf>,
}

/// A recording that is served. It stands still until it is started.
pub(super) struct Rehearsal {
    running: Running,
    name: String,
    /// The namespace that was recorded, empty for all of them.
    pub(super) namespace: String,
    /// How long the recording is.
    pub(super) length: Duration,
}

/// Why a recording is not served.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct RehearsalError(String);

impl RehearsalFlags {
    /// The recording.
    pub(super) fn recording(&self) -> Option<&Path> {
        self.rehearse.as_deref()
    }

    /// The files that are read.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &Path> {
        [&self.rehearse, &self.faults].into_iter().filter_map(|path| path.as_deref())
    }

    /// Serves the recording from `offset` on, where one is named. Past its end it keeps its final state.
    pub(super) async fn load(&self, offset: Duration) -> Result<Option<Rehearsal>, RehearsalError> {
        let words = |error: &dyn std::error::Error| RehearsalError(error.to_string());
        let Some(path) = &self.rehearse else { return Ok(None) };
        let sandbox = Sandbox::load(path).map_err(|error| words(&error))?;
        let faults = self.faults.as_deref().map(Faults::load).transpose().map_err(|error| words(&error))?;
        let faults = faults.unwrap_or_default();
        let options = Options { offset: offset.min(sandbox.length()), faults, ..Options::default() };
        Rehearsal::serve(sandbox, file_name(path), options).await.map(Some).map_err(|error| words(&error))
    }
}

/// What a recording is called in what is said of it.
pub(super) fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

impl Rehearsal {
    /// Serves a recording of that name, which stands still until it is [started](Self::start).
    ///
    /// # Errors
    /// Where no port can be had.
    pub(super) async fn serve(sandbox: Sandbox, name: String, options: Options) -> Result<Self, ServeError> {
        let (namespace, length) = (sandbox.header().namespace.clone(), sandbox.length());
        let running = sandbox.serve(Options { begin: Begin::WhenTold, ..options }).await?;
        Ok(Self { running, name, namespace, length })
    }

    /// A connection to it.
    pub(super) async fn connect(&self) -> Result<Connection, ConnectError> {
        Ok(Connection::to_url(&self.running.url(), "").await?.with_rehearsal(&self.name))
    }

    /// The URL of the recorded source of metrics.
    pub(super) fn prometheus_url(&self) -> String {
        self.running.prometheus_url()
    }

    /// Lets the recording begin.
    pub(super) fn start(&self) {
        self.running.start();
    }

    /// Ends the server.
    pub(super) async fn stop(self) {
        self.running.stop().await;
    }
}

/// As many of the last lines of a credential plugin are shown.
const PLUGIN_LINES: usize = 6;

/// What a connection that cannot be had means: a mistake in the configuration is the user's, credentials that cannot be
/// had are the cluster's.
pub(super) fn unopened(error: &ConnectError, redaction: Redaction) -> (String, Verdict) {
    let verdict = if error.is_usage() { Verdict::Usage } else { Verdict::Inconclusive };
    (format!("error: {}", told(error, redaction)), verdict)
}

/// The error and what a credential plugin said: for stderr alone, never for a result.
pub(super) fn told(error: &ConnectError, redaction: Redaction) -> SafeText {
    let lines = error.plugin_words().map(|words| redaction.text(words).block(200)).unwrap_or_default();
    let last = lines.len().saturating_sub(PLUGIN_LINES);
    let said = lines.iter().skip(last).map(|line| safe!("\n  said │ {}", line));
    iter::once(redaction.text(&error.to_string()).line()).chain(said).collect()
}

/// What to do where a recording has nothing about the namespace that was asked for.
pub(super) fn other_namespace(recorded: &str, asked: &str) -> String {
    if recorded.is_empty() || recorded == asked {
        "Replay a recording of that namespace.".to_owned()
    } else {
        format!("It was recorded in namespace {recorded}: use `-n {recorded}`.")
    }
}
