//! Why a source of metrics cannot be asked, known before anything is.

use std::path::PathBuf;

use crate::cluster::api::ProxyError;

/// What is wrong with `metrics.source`. Nothing has been asked yet: it is a usage error.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The URL is none.
    #[error("metrics.source.url: `{url}` is not a URL; write https://HOST[:PORT][/PREFIX]")]
    Url {
        /// The URL, without what could be a secret.
        url: String,
    },
    /// The URL has a name or a password in it, which would end in logs.
    #[error(
        "metrics.source.url: leave out the credentials in front of `{host}`; write `user` and `passwordFile` beside `url`, or `tokenFile`"
    )]
    Credentials {
        /// The host.
        host: String,
    },
    /// The URL goes on behind the path.
    #[error("metrics.source.url: leave out what follows `{url}`; a base URL has neither a query nor a fragment")]
    Query {
        /// The URL up to there.
        url: String,
    },
    /// The URL is that of the API, not of what is below it.
    #[error("metrics.source.url: leave out `/api/v1` and what follows, which is added to every base URL: `{url}`")]
    Api {
        /// The URL as it should be.
        url: String,
    },
    /// A file that cannot be used.
    #[error("metrics.source.{key}: {} {why}", .path.display())]
    File {
        /// The key that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Keys that belong together, or exclude each other.
    #[error("metrics.source: {0}")]
    Keys(&'static str),
    /// A header that cannot be sent.
    #[error("metrics.source.headers: {name}: {why}")]
    Header {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The proxy of the environment cannot be used.
    #[error("metrics.source.url: {0}")]
    Proxy(#[from] ProxyError),
    /// The connection cannot be prepared.
    #[error("metrics.source: {0}")]
    Client(String),
}
