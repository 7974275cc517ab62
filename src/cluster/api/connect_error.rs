//! Why there is no connection.

use super::credential::PluginError;
use super::failure::Failure;
use super::kubeconfig::KubeconfigError;

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
