//! Which cluster to ask, and how patiently, as flags say it.

use std::path::PathBuf;
use std::time::Duration;

use super::expect::Expect;

/// How long a request may take where nothing else is said.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a credential plugin may take before the first request, where nothing else is said.
pub const PLUGIN_TIMEOUT: Duration = Duration::from_secs(30);

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
