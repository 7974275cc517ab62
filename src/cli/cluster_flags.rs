//! The flags that say which cluster is asked, and as whom: the same for every command that asks one.

use std::path::PathBuf;
use std::time::Duration;

use crate::cluster::api::{ConnectOptions, PLUGIN_TIMEOUT, REQUEST_TIMEOUT};

/// Which cluster to ask.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterFlags {
    /// The kubeconfig [default: $KUBECONFIG, ~/.kube/config, else the pod's service account]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Use the pod's service account and nothing else
    #[arg(long, conflicts_with_all = ["kubeconfig", "context"])]
    in_cluster: bool,
    /// Ask as this user, as `kubectl --as` does
    #[arg(long = "as", value_name = "USER")]
    impersonate: Option<String>,
    /// Ask as a member of this group; repeat it for more
    #[arg(long = "as-group", value_name = "GROUP", requires = "impersonate")]
    impersonate_groups: Vec<String>,
    /// How long a request may take
    #[arg(long, value_name = "DURATION", value_parser = super::duration::duration, default_value = "10s")]
    request_timeout: Duration,
}

impl ClusterFlags {
    /// What the connection needs of them.
    pub(super) fn options(&self) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            in_cluster: self.in_cluster,
            impersonate: self.impersonate.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
            expect: Vec::new(),
            plugin_timeout: PLUGIN_TIMEOUT,
            request_timeout: if self.request_timeout.is_zero() { REQUEST_TIMEOUT } else { self.request_timeout },
        }
    }
}
