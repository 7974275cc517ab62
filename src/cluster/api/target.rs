//! Which cluster is asked.

/// Which cluster was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// The API server's URL, without credentials.
    pub server: String,
    /// The API server's version (`v1.35.6`); empty where it is not known.
    pub version: String,
    /// The kubeconfig context; empty in-cluster and in replays.
    pub context: String,
    /// Where the configuration came from: a kubeconfig's path, `in-cluster`, or a recording's.
    pub config: String,
    /// The recording's name, where the cluster is one that is played back.
    pub rehearsal: Option<String>,
}
