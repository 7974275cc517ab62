//! Credential plugins: a program that the kubeconfig names, run for a token or a client certificate.
//!
//! What it writes to stdout is a credential, its arguments and environment may hold others: none of them is ever told.
//! What it writes to stderr is meant for people, and is kept apart from the error, for stderr alone.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use kube::config::ExecConfig;
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;
use tokio::time::timeout;

/// As much of a plugin's last words is kept.
const WORDS: usize = 4096;

/// A credential plugin that gave no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginError {
    /// Its program, without its arguments.
    pub command: String,
    /// What happened.
    pub trouble: PluginTrouble,
    /// The end of what it wrote to stderr, as it was written: for stderr alone, masked and made inert.
    pub words: String,
}

/// What happened to a credential plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PluginTrouble {
    /// The kubeconfig names no program.
    Unnamed,
    /// There is no such program.
    Missing {
        /// The kubeconfig's `installHint`.
        hint: Option<String>,
    },
    /// The system does not run it.
    NotRun(io::ErrorKind),
    /// It ended without success.
    Failed(ExitStatus),
    /// It did not end within this time.
    Slow(Duration),
    /// What it wrote is no `ExecCredential`.
    Unreadable,
    /// Its `ExecCredential` holds neither a token nor a certificate with its key.
    Empty,
    /// It gave a time of expiry that is none.
    Expiry,
}

impl PluginTrouble {
    /// True where the kubeconfig or this machine must be mended first.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(self, Self::Unnamed | Self::Missing { .. } | Self::NotRun(_))
    }
}

impl std::error::Error for PluginError {}

impl fmt::Display for PluginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, trouble, words } = self;
        let said = if words.trim().is_empty() { "; run it by hand to see why" } else { "; its output is on stderr" };
        match trouble {
            PluginTrouble::Unnamed => f.write_str("the kubeconfig's credential plugin (`exec`) names no `command`"),
            PluginTrouble::Missing { hint } => {
                write!(
                    f,
                    "the credential plugin `{command}` cannot be found: install it, or correct its name in the kubeconfig"
                )?;
                match hint.as_deref().map(str::trim).filter(|hint| !hint.is_empty()) {
                    Some(hint) => write!(f, ". The kubeconfig's hint: {hint}"),
                    None => Ok(()),
                }
            }
            PluginTrouble::NotRun(kind) => write!(f, "the credential plugin `{command}` cannot be run: {kind}"),
            PluginTrouble::Failed(status) => match status.code() {
                Some(code) => write!(f, "the credential plugin `{command}` failed with exit code {code}{said}"),
                None => write!(f, "the credential plugin `{command}` was ended by a signal{said}"),
            },
            PluginTrouble::Slow(after) => {
                write!(f, "the credential plugin `{command}` gave no answer within {} s{said}", after.as_secs_f64())
            }
            PluginTrouble::Unreadable => {
                write!(
                    f,
                    "the credential plugin `{command}` failed: what it wrote to stdout is not an ExecCredential{said}"
                )
            }
            PluginTrouble::Empty => write!(
                f,
                "the credential plugin `{command}` failed: it gave neither a token nor a client certificate with its key{said}"
            ),
            PluginTrouble::Expiry => {
                write!(f, "the credential plugin `{command}` failed: its expirationTimestamp is not a valid time{said}")
            }
        }
    }
}

/// What a plugin gave.
pub(super) struct Issued {
    pub token: Option<String>,
    /// A client certificate and its key, as PEM.
    pub certificate: Option<(String, String)>,
    pub expires: Option<Timestamp>,
}

/// The answer of a plugin: `client.authentication.k8s.io`, kind `ExecCredential`.
#[derive(Deserialize)]
struct ExecCredential {
    status: Option<Status>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    expiration_timestamp: Option<String>,
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

/// Runs the plugin. Nobody is there to answer its questions, and after `patience` it is killed.
///
/// # Errors
///
/// Where it gives no credential.
pub(super) async fn run(exec: &ExecConfig, patience: Duration) -> Result<Issued, PluginError> {
    let name = exec.command.clone().unwrap_or_default();
    let failed = |trouble, words| PluginError { command: name.clone(), trouble, words };
    if name.is_empty() {
        return Err(failed(PluginTrouble::Unnamed, String::new()));
    }
    let mut command = Command::new(&name);
    command.args(exec.args.iter().flatten()).env("KUBERNETES_EXEC_INFO", info(exec));
    for variable in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env::<&OsStr, &OsStr>(name.as_ref(), value.as_ref());
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let child = command.spawn().map_err(|error| {
        let trouble = match error.kind() {
            io::ErrorKind::NotFound => PluginTrouble::Missing { hint: exec.install_hint.clone() },
            kind => PluginTrouble::NotRun(kind),
        };
        failed(trouble, String::new())
    })?;
    let output = match timeout(patience, child.wait_with_output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(failed(PluginTrouble::NotRun(error.kind()), String::new())),
        Err(_) => return Err(failed(PluginTrouble::Slow(patience), String::new())),
    };
    let words = || String::from_utf8_lossy(&output.stderr[output.stderr.len().saturating_sub(WORDS)..]).into_owned();
    if !output.status.success() {
        return Err(failed(PluginTrouble::Failed(output.status), words()));
    }
    // YAML, for some plugins write it and JSON is a part of it. The error would quote the credential.
    let credential: ExecCredential =
        serde_yaml::from_slice(&output.stdout).map_err(|_| failed(PluginTrouble::Unreadable, words()))?;
    let Status { expiration_timestamp, token, client_certificate_data, client_key_data } =
        credential.status.unwrap_or_default();
    let token = token.filter(|token| !token.trim().is_empty());
    let certificate = client_certificate_data.zip(client_key_data);
    // Without either, the request would go out in nobody's name.
    if token.is_none() && certificate.is_none() {
        return Err(failed(PluginTrouble::Empty, words()));
    }
    let expires = expiration_timestamp.map(|end| end.parse()).transpose();
    let expires = expires.map_err(|_: jiff::Error| failed(PluginTrouble::Expiry, words()))?;
    Ok(Issued { token, certificate, expires })
}

/// What the plugin is told of the one who asks.
fn info(exec: &ExecConfig) -> String {
    let mut spec = json!({"interactive": false});
    if exec.provide_cluster_info
        && let Some(cluster) = &exec.cluster
    {
        spec["cluster"] = json!(cluster);
    }
    let mut info = json!({"kind": "ExecCredential", "spec": spec});
    if let Some(version) = &exec.api_version {
        info["apiVersion"] = json!(version);
    }
    info.to_string()
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use kube::config::ExecConfig;

    use super::{Issued, PluginError, PluginTrouble, run};

    async fn shell(script: &str) -> Result<Issued, PluginError> {
        let exec = ExecConfig {
            command: Some("sh".to_owned()),
            args: Some(vec!["-c".to_owned(), script.to_owned(), "sh".to_owned(), "argument-marker".to_owned()]),
            env: Some(vec![
                [("name", "PLANTED"), ("value", "environment-marker")]
                    .map(|(a, b)| (a.to_owned(), b.to_owned()))
                    .into(),
            ]),
            ..ExecConfig::default()
        };
        run(&exec, Duration::from_secs(20)).await
    }

    #[tokio::test]
    async fn a_plugin_gives_a_token_or_a_certificate() {
        let issued = shell(
            r#"test "$PLANTED" = environment-marker && printf '{"kind":"ExecCredential","status":{"token":"t","expirationTimestamp":"2030-01-01T00:00:00Z"}}'"#,
        )
        .await
        .unwrap();
        assert_eq!(issued.token.as_deref(), Some("t"));
        assert_eq!(issued.expires.map(|end| end.to_string()).as_deref(), Some("2030-01-01T00:00:00Z"));
        let issued = shell(r"printf 'status:\n  clientCertificateData: c\n  clientKeyData: k\n'").await.unwrap();
        assert_eq!((issued.token, issued.certificate), (None, Some(("c".to_owned(), "k".to_owned()))));
    }

    #[tokio::test]
    async fn what_a_plugin_writes_and_is_given_is_in_no_error() {
        for (script, trouble) in [
            ("echo output-marker; echo no session >&2; exit 3", "failed with exit code 3; its output is on stderr"),
            ("echo output-marker; kill -9 $$", "was ended by a signal; run it by hand"),
            ("echo 'status: [output-marker'", "is not an ExecCredential"),
            ("echo 'status: {other: output-marker}'", "neither a token nor a client certificate"),
            ("echo 'status: {token: output-marker, expirationTimestamp: output-marker}'", "is not a valid time"),
        ] {
            let Err(error) = shell(script).await else { panic!("{script}") };
            let told = error.to_string();
            assert!(told.contains("`sh`") && told.contains(trouble), "{told}");
            assert!(!format!("{error:?}{told}").contains("-marker"), "{error:?}");
            assert!(!error.trouble.is_usage());
        }
    }

    #[tokio::test]
    async fn a_missing_plugin_tells_the_hint_that_the_kubeconfig_gives() {
        let exec = |hint: Option<&str>| ExecConfig {
            command: Some("/nonexistent/get-token".to_owned()),
            install_hint: hint.map(str::to_owned),
            ..ExecConfig::default()
        };
        let Err(error) = run(&exec(Some("brew install get-token\n")), Duration::from_secs(5)).await else { panic!() };
        assert!(error.to_string().ends_with("The kubeconfig's hint: brew install get-token"), "{error}");
        assert!(error.trouble.is_usage());
        let Err(error) = run(&exec(None), Duration::from_secs(5)).await else { panic!() };
        assert!(error.to_string().contains("cannot be found: install it"), "{error}");
    }

    #[tokio::test]
    async fn a_plugin_that_hangs_is_given_up() {
        let exec = ExecConfig {
            command: Some("sleep".to_owned()),
            args: Some(vec!["600".to_owned()]),
            ..ExecConfig::default()
        };
        let Err(error) = run(&exec, Duration::from_millis(50)).await else { panic!() };
        assert_eq!(error.trouble, PluginTrouble::Slow(Duration::from_millis(50)));
    }
}
