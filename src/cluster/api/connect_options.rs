//! Which cluster to ask, and how patiently, as flags say it.

use std::fmt;
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
    /// What holds in the place of what the kubeconfig says.
    pub overrides: KubeconfigOverrides,
}

/// What holds in the place of what the kubeconfig says, as with kubectl's flags of these names.
#[derive(Debug, Clone, Default)]
pub struct KubeconfigOverrides {
    /// `--cluster`: this entry of `clusters` in the place of the context's.
    pub cluster: Option<String>,
    /// `--user`: this entry of `users` in the place of the context's.
    pub user: Option<String>,
    /// `--server`: the URL of the API server. With it there need not be a kubeconfig at all.
    pub server: Option<String>,
    /// `--tls-server-name`: the name that the server's certificate must have.
    pub tls_server_name: Option<String>,
    /// `--certificate-authority`: who signs the server's certificate.
    pub certificate_authority: Option<PathBuf>,
    /// `--insecure-skip-tls-verify`: the server's certificate is not looked at.
    pub insecure: bool,
    /// The token of whoever asks. It takes the place of all that the kubeconfig says of the user.
    pub token: Option<TokenSource>,
}

/// Where a token comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenSource {
    /// It was given, by what is named first.
    Given(&'static str, String),
    /// It stands in a file, which is read again while a gate lasts.
    File(PathBuf),
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(by, _) => f.debug_tuple("Given").field(by).finish_non_exhaustive(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
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
            overrides: KubeconfigOverrides::default(),
        }
    }
}
