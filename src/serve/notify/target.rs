//! Who is told: a URL, and in which form.

use std::time::Duration;

use http::Uri;
use kube::{Client, Config};

use crate::cluster::api::proxy::without_credentials;
use crate::cluster::api::{ProxyError, ProxyVariables};

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A receiver. Its path and query may be secrets, as Slack's are: they are never shown.
pub struct Target {
    /// Scheme, host and port.
    base: Uri,
    /// Path and query.
    pub(super) path: String,
    pub(super) form: Form,
}

/// In which form it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The result as JSON.
    Result,
    /// That of Slack.
    Slack,
}

/// What is wrong with a receiver.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The URL is none.
    #[error("`--notify`: {0} is not a URL; write https://HOST/PATH, or slack:https://HOST/PATH")]
    Url(String),
    /// The URL has a name or a password in front of its host.
    #[error(
        "`--notify`: leave out the credentials in front of the host {0}; a receiver knows crashgate by its signature"
    )]
    Credentials(String),
    /// The proxy of the environment cannot be used.
    #[error("`--notify`: {0}")]
    Proxy(#[from] ProxyError),
    /// The connection cannot be prepared.
    #[error("`--notify`: the connection to {0} cannot be prepared")]
    Client(String),
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl std::str::FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        let (form, url) = text.strip_prefix("slack:").map_or((Form::Result, text), |url| (Form::Slack, url));
        let plain = url.split(['?', '#']).next().unwrap_or_default();
        let host_of = |url: &str| {
            let shown = without_credentials(url);
            let (scheme, rest) = shown.split_once("://").map_or(("", shown.as_str()), |(scheme, rest)| (scheme, rest));
            format!("{scheme}://{}/…", rest.split('/').next().unwrap_or_default())
        };
        let refused = || TargetError::Url(format!("`{}`", host_of(plain)));
        if plain
            .split_once("://")
            .is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|host| host.contains('@')))
        {
            return Err(TargetError::Credentials(host_of(plain)));
        }
        let uri: Uri = url.parse().map_err(|_| refused())?;
        let authority = uri.authority().filter(|authority| !authority.host().is_empty()).ok_or_else(refused)?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or_else(refused)?;
        let base = format!("{scheme}://{authority}").parse().map_err(|_| refused())?;
        let path = uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str).to_owned();
        Ok(Self { base, path, form })
    }
}

impl Target {
    /// The receiver as it is shown: without what may be a secret.
    #[must_use]
    pub fn shown(&self) -> String {
        let form = if self.form == Form::Slack { "slack:" } else { "" };
        let host = self.base.authority().map(ToString::to_string).unwrap_or_default();
        format!("{form}{}://{host}/…", self.base.scheme_str().unwrap_or_default())
    }

    /// Prepares the connection: the HTTP client is the one that talks to Kubernetes, which follows no redirect.
    pub(super) fn client(&self, proxies: &ProxyVariables) -> Result<Client, TargetError> {
        let mut config = Config::new(self.base.clone());
        config.connect_timeout = Some(CONNECT_TIMEOUT);
        // Each request has its own limit.
        (config.read_timeout, config.write_timeout) = (None, None);
        config.default_retry = false;
        config.disable_compression = true;
        config.proxy_url = proxies.decide(&self.base, None)?;
        if self.base.scheme_str() == Some("http") {
            // No system certificates are needed, which minimal images do not have.
            config.root_cert = Some(Vec::new());
        }
        Client::try_from(config).map_err(|_| TargetError::Client(self.shown()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Target};

    #[test]
    fn a_receiver_is_a_url_and_what_may_be_secret_of_it_is_never_shown() {
        let one: Target = "https://hooks.example.com:8443/in/s3cr3t?token=s3cr3t".parse().unwrap();
        assert_eq!((one.path.as_str(), one.form), ("/in/s3cr3t?token=s3cr3t", Form::Result));
        assert_eq!(
            (one.shown().as_str(), format!("{one:?}").as_str()),
            ("https://hooks.example.com:8443/…", "https://hooks.example.com:8443/…")
        );
        let slack: Target = "slack:https://hooks.slack.com/services/s3cr3t".parse().unwrap();
        assert_eq!((slack.form, slack.shown().as_str()), (Form::Slack, "slack:https://hooks.slack.com/…"));
        let bare: Target = "http://127.0.0.1:9".parse().unwrap();
        assert_eq!(bare.path, "/");
        for wrong in [
            "",
            "hooks.example.com/s3cr3t",
            "ftp://a/s3cr3t",
            "slack:/s3cr3t",
            "https:///s3cr3t",
            "https://u:s3cr3t@a/b",
            "https://a b/s3cr3t",
        ] {
            let said = wrong.parse::<Target>().unwrap_err().to_string();
            assert!(!said.contains("s3cr3t"), "{wrong}: {said}");
        }
    }
}
