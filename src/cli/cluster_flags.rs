//! The flags that say which cluster is asked, and as whom: the same for every command that asks one.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueHint;

use crate::cluster::api::{ConnectOptions, KubeconfigOverrides, PLUGIN_TIMEOUT, REQUEST_TIMEOUT, TokenSource};

/// Where a token may stand that belongs to `--server`: arguments can be read by everybody on the machine.
const TOKEN: &str = "CRASHGATE_TOKEN";

/// The flags that choose another cluster, or another user, than a recording has.
pub(super) const CHOOSING: [&str; 11] = [
    "kubeconfig",
    "context",
    "in_cluster",
    "cluster",
    "user",
    "server",
    "token",
    "token_file",
    "certificate_authority",
    "insecure",
    "tls_server_name",
];

/// Which cluster to ask.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub(super) struct ClusterFlags {
    /// The kubeconfig [default: $KUBECONFIG, ~/.kube/config, else the pod's service account]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// The kubeconfig's cluster to ask, in place of the context's
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The kubeconfig's user to ask as, in place of the context's
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// The URL of the API server, in place of the kubeconfig's, as in `https://prod.example.com:6443`
    ///
    /// No kubeconfig is needed with it. Without a flag for the token, the environment variable `CRASHGATE_TOKEN` is read;
    /// without that too, the user is the context's.
    #[arg(short, long, value_name = "URL", value_hint = ValueHint::Url)]
    server: Option<String>,
    /// Ask with this token; everybody on this machine can read it in the list of processes, so prefer --token-file
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["token_file", "user"])]
    token: Option<String>,
    /// Ask with the token in this file
    #[arg(long, value_name = "FILE", conflicts_with = "user", value_hint = ValueHint::FilePath)]
    token_file: Option<PathBuf>,
    /// The certificates that the API server's own must be signed with
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    certificate_authority: Option<PathBuf>,
    /// The name that the API server's certificate must be for
    #[arg(long, value_name = "NAME")]
    tls_server_name: Option<String>,
    /// Do not check the API server's certificate: the verdict then rests on whoever answers
    #[arg(long = "insecure-skip-tls-verify", conflicts_with = "certificate_authority")]
    insecure: bool,
    /// Use the pod's service account and nothing else
    #[arg(long, conflicts_with_all = ["kubeconfig", "context", "server", "cluster", "user"])]
    in_cluster: bool,
    /// Impersonate this user, as `kubectl --as` does
    #[arg(long = "as", value_name = "USER")]
    impersonate: Option<String>,
    /// Impersonate a member of this group; repeat it for more
    #[arg(long = "as-group", value_name = "GROUP", requires = "impersonate")]
    impersonate_groups: Vec<String>,
    /// The time limit of a single request
    #[arg(long, value_name = "DURATION", value_parser = super::duration::duration, default_value = "10s")]
    request_timeout: Duration,
}

impl ClusterFlags {
    /// What the connection needs of them.
    pub(super) fn options(&self) -> ConnectOptions {
        self.options_in(&|name| std::env::var(name).ok())
    }

    fn options_in(&self, env: &dyn Fn(&str) -> Option<String>) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            in_cluster: self.in_cluster,
            impersonate: self.impersonate.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
            expect: Vec::new(),
            plugin_timeout: PLUGIN_TIMEOUT,
            request_timeout: if self.request_timeout.is_zero() { REQUEST_TIMEOUT } else { self.request_timeout },
            overrides: KubeconfigOverrides {
                cluster: self.cluster.clone(),
                user: self.user.clone(),
                server: self.server.clone(),
                tls_server_name: self.tls_server_name.clone(),
                certificate_authority: self.certificate_authority.clone(),
                insecure: self.insecure,
                token: self.token(env),
            },
        }
    }

    /// The token. That of the environment goes to a server that was named on the command line, and to no other.
    fn token(&self, env: &dyn Fn(&str) -> Option<String>) -> Option<TokenSource> {
        let given = self.token.clone().map(|token| TokenSource::Given("--token", token));
        let given = given.or_else(|| self.token_file.clone().map(TokenSource::File));
        let is_for_it = self.server.is_some() && self.user.is_none();
        given.or_else(|| env(TOKEN).filter(|_| is_for_it).map(|token| TokenSource::Given(TOKEN, token)))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::{ClusterFlags, TokenSource};

    #[derive(Debug, Parser)]
    struct Only {
        #[command(flatten)]
        cluster: ClusterFlags,
    }

    fn token(arguments: &[&str]) -> Option<TokenSource> {
        let only = Only::try_parse_from(["x"].iter().chain(arguments)).unwrap();
        only.cluster.options_in(&|name| (name == "CRASHGATE_TOKEN").then(|| "hunter2".to_owned())).overrides.token
    }

    #[test]
    fn the_token_of_the_environment_goes_to_the_server_that_is_named_and_to_no_other() {
        let of_env = Some(TokenSource::Given("CRASHGATE_TOKEN", "hunter2".to_owned()));
        assert_eq!(token(&["--server", "https://x"]), of_env);
        assert_eq!(token(&[]), None);
        assert_eq!(token(&["--context", "prod"]), None);
        assert_eq!(token(&["-s", "https://x", "--user", "ci"]), None);
        let of_flag = Some(TokenSource::Given("--token", "t".to_owned()));
        assert_eq!(token(&["--server", "https://x", "--token", "t"]), of_flag);
        assert_eq!(token(&["--server", "https://x", "--token-file", "f"]), Some(TokenSource::File("f".into())));
    }

    #[test]
    fn no_mistake_beside_a_token_repeats_it() {
        for arguments in [
            &["--token", "hunter2", "--token-file", "f"][..],
            &["--token", "hunter2", "--token", "hunter2"],
            &["--token=hunter2", "--tokn", "x"],
            &["--server", "https://x", "--in-cluster", "--token", "hunter2"],
        ] {
            let error = Only::try_parse_from(["x"].iter().chain(arguments)).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
