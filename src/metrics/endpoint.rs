//! Where a source of metrics is.

use http::Uri;

use super::source_error::SourceError;
use crate::cluster::api::proxy::without_credentials;

/// The path of instant queries, below the base URL.
pub(super) const QUERY_PATH: &str = "/api/v1/query";

/// A base URL that can be asked.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// The base URL, with its path prefix.
    pub base: Uri,
    /// Host and path of the requests, for messages.
    pub shown: String,
}

impl Endpoint {
    /// Reads a base URL.
    ///
    /// # Errors
    ///
    /// Where it is none, holds credentials, or has more than a path.
    pub fn parse(url: &str) -> Result<Self, SourceError> {
        let url = url.trim();
        let (plain, rest) = url.split_at(url.find(['?', '#']).unwrap_or(url.len()));
        // Whatever is wrong with it, no password in it is ever quoted.
        let shown = without_credentials(plain);
        let refused = || SourceError::Url { url: shown.clone() };
        if plain
            .split_once("://")
            .is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|host| host.contains('@')))
        {
            let host = shown.split_once("://").map_or(shown.as_str(), |(_, rest)| rest);
            return Err(SourceError::Credentials { host: host.split('/').next().unwrap_or_default().to_owned() });
        }
        let base: Uri = plain.parse().map_err(|_| refused())?;
        let authority = base.authority().filter(|authority| !authority.host().is_empty()).ok_or_else(refused)?;
        if !matches!(base.scheme_str(), Some("http" | "https")) {
            return Err(refused());
        }
        if !rest.is_empty() {
            return Err(SourceError::Query { url: shown });
        }
        let prefix = base.path().trim_end_matches('/');
        if let Some(prefix) = prefix.strip_suffix(QUERY_PATH).or_else(|| prefix.strip_suffix("/api/v1")) {
            let scheme = base.scheme_str().unwrap_or_default();
            return Err(SourceError::Api { url: format!("{scheme}://{authority}{prefix}") });
        }
        let shown = format!("{authority}{prefix}{QUERY_PATH}");
        Ok(Self { base, shown })
    }
}
