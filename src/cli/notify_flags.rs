//! The flags that say who is told of verdicts.

use std::path::PathBuf;

use crate::cluster::api::ProxyVariables;
use crate::serve::notify::{Notifier, Patience, Secret, Target};
use crate::serve::telemetry::Metrics;

/// Where the secret stands if no file is named.
const SECRET: &str = "CRASHGATE_NOTIFY_SECRET";

/// Who is told.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Notifications")]
pub(super) struct NotifyFlags {
    /// Send each new verdict to this URL as JSON, or with `slack:` in front of it as a Slack message; repeat it for more
    #[arg(long = "notify", value_name = "URL")]
    urls: Vec<String>,
    /// Sign what is sent with the secret in this file [default: `$CRASHGATE_NOTIFY_SECRET`, else nothing is signed]
    #[arg(long = "notify-secret-file", value_name = "FILE", requires = "urls")]
    secret: Option<PathBuf>,
}

/// Who is told, read and understood.
pub(super) struct Receivers {
    targets: Vec<Target>,
    secret: Option<Secret>,
}

impl NotifyFlags {
    /// Reads them. URLs are parsed here and not by clap, which would repeat a wrong one with what is secret in it.
    pub(super) fn read(&self) -> Result<Receivers, String> {
        let targets: Vec<Target> = self
            .urls
            .iter()
            .map(|url| url.parse())
            .collect::<Result<_, _>>()
            .map_err(|error: crate::serve::notify::TargetError| error.to_string())?;
        let secret = match &self.secret {
            Some(file) => Some(Secret::read(file)),
            None if targets.is_empty() => None,
            None => std::env::var_os(SECRET).map(|secret| Secret::of(secret.as_encoded_bytes())),
        };
        let secret = secret.transpose().map_err(|error| error.to_string())?;
        Ok(Receivers { targets, secret })
    }
}

impl Receivers {
    /// Prepares to tell them; `None` where there are none. Needs a runtime.
    pub(super) fn notifier(self, metrics: Metrics) -> Result<Option<Notifier>, String> {
        if self.targets.is_empty() {
            return Ok(None);
        }
        let proxies = ProxyVariables::read(|name| std::env::var(name).ok());
        Notifier::new(self.targets, self.secret.as_ref(), &proxies, Patience::default(), metrics)
            .map(Some)
            .map_err(|error| error.to_string())
    }
}
