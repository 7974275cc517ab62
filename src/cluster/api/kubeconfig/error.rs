//! Why no cluster could be chosen.

use std::io;
use std::path::PathBuf;

use super::fault::Fault;
use crate::cluster::api::ProxyError;

/// Why no cluster could be chosen. Nothing was asked of any.
#[derive(Debug, thiserror::Error)]
pub enum KubeconfigError {
    /// A file that was named cannot be read.
    #[error("cannot read the kubeconfig {} that {named_by} names: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Who named it.
        named_by: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// None of the files of a list is there.
    #[error("none of the kubeconfigs that {named_by} names exists: {}", joined(.paths))]
    AllMissing {
        /// The files.
        paths: Vec<PathBuf>,
        /// Who named them.
        named_by: &'static str,
    },
    /// A file is no kubeconfig.
    #[error("{} is not a valid kubeconfig: {fault}", .path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, without a word of the file.
        fault: Fault,
    },
    /// There is no configuration at all.
    #[error(
        "no cluster is configured: pass --kubeconfig or --server, set KUBECONFIG, or write ~/.kube/config; in a Pod, mount its service account's token"
    )]
    Nothing,
    /// A flag that takes the place of the kubeconfig's word cannot be used.
    #[error("{flag}: {reason}")]
    Flag {
        /// The flag, or the variable.
        flag: &'static str,
        /// What is wrong, without a secret.
        reason: String,
    },
    /// `--in-cluster` together with a file or context.
    #[error("--in-cluster excludes --kubeconfig and --context: leave one out")]
    Conflict,
    /// The service account cannot be used.
    #[error("cannot use the Pod's service account: {0}; does the Pod mount its token?")]
    InCluster(String),
    /// There is no `current-context`.
    #[error("{origin} has no current-context: pass --context with one of its contexts ({})", names(.known))]
    NoContext {
        /// The file or files.
        origin: String,
        /// The contexts that exist.
        known: Vec<String>,
    },
    /// The context does not exist.
    #[error("{origin} has no context `{name}`; its contexts, the most similar first: {}", names(.known))]
    UnknownContext {
        /// The file or files.
        origin: String,
        /// The name that was asked for.
        name: String,
        /// The contexts that exist, the nearest first.
        known: Vec<String>,
    },
    /// The context names something that does not exist.
    #[error("context `{context}` in {origin} names the {what} `{name}`, which does not exist; the existing ones, the most similar first: {}", names(.known))]
    Dangling {
        /// The file or files.
        origin: String,
        /// The context.
        context: String,
        /// `user` or `cluster`.
        what: &'static str,
        /// The name that leads nowhere.
        name: String,
        /// Those that exist, the nearest first.
        known: Vec<String>,
    },
    /// The cluster's entry cannot be used.
    #[error("cluster `{cluster}` in {origin}: {reason}")]
    Cluster {
        /// The file or files.
        origin: String,
        /// The cluster's name.
        cluster: String,
        /// What is wrong.
        reason: String,
    },
    /// The proxy cannot be used.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

pub(super) fn names(known: &[String]) -> String {
    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
}

pub(super) fn joined(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
