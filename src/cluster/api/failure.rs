//! Failures of requests, told apart by what follows from them.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::StatusCode;
use serde::Deserialize;

use crate::gate::model::{Trouble, TroubleKind};

/// A request that did not give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{request}: {kind}")]
pub struct Failure {
    /// The request in words: `LIST pods in namespace shop`.
    pub request: String,
    /// What happened.
    pub kind: FailureKind,
}

/// What happened instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// There was no answer: DNS, connect, TLS, a connection that broke.
    Unreachable {
        /// What happened, in words.
        what: String,
        /// Waiting cannot help: the certificate is not trusted.
        hopeless: bool,
    },
    /// No answer within this time.
    TimedOut(Duration),
    /// 401, with the server's words.
    Unauthorized(String),
    /// 403 of a Kubernetes API server, with its words.
    Forbidden(String),
    /// 404 of a Kubernetes API server: no such object, or no such API.
    NotFound(String),
    /// 410, or a version that the server does not have (yet): only a LIST helps.
    Expired(String),
    /// 429: the server asks for patience.
    Busy {
        /// How much.
        retry_after: Option<Duration>,
        /// The server's words.
        message: String,
    },
    /// 5xx.
    Server {
        /// The status.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// Another status with a Kubernetes Status in the body.
    Refused {
        /// The status.
        status: u16,
        /// The server's words.
        message: String,
    },
    /// An answer that no Kubernetes API server gives: a login page, a proxy's error, another service.
    NotKubernetes {
        /// The status.
        status: u16,
        /// What it is.
        what: String,
    },
    /// A LIST that is older than what this server, or another one behind the same address, had shown before.
    Outdated {
        /// The version of the LIST.
        listed: String,
    },
    /// An answer, or a line of a watch, that cannot be read.
    Undecodable(String),
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { what, .. } => write!(f, "the API server cannot be reached: {what}"),
            Self::TimedOut(after) => write!(f, "no answer within {} s", after.as_secs_f64()),
            Self::Unauthorized(message) => write!(f, "401 Unauthorized: {message}; log in again"),
            Self::Forbidden(message) => write!(f, "403 Forbidden: {message}"),
            Self::NotFound(message) => write!(f, "404 Not Found: {message}"),
            Self::Expired(message) => write!(f, "the version asked for has expired: {message}"),
            Self::Busy { message, .. } => write!(f, "429 Too Many Requests: {message}"),
            Self::Server { status, message } | Self::Refused { status, message } => write!(f, "{status}: {message}"),
            Self::NotKubernetes { status, what } => {
                write!(
                    f,
                    "the server that answered (status {status}) is not a Kubernetes API server: {what}; check the server's URL and the proxy"
                )
            }
            Self::Outdated { listed } => write!(
                f,
                "the answer (resourceVersion {listed}) is older than what had been answered before; do the API servers or a cache in front of them lag behind?"
            ),
            Self::Undecodable(what) => write!(f, "the answer cannot be read: {what}"),
        }
    }
}

impl FailureKind {
    /// True where nobody answered, or somebody else did: the next request fares no better.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::TimedOut(_) | Self::NotKubernetes { .. })
    }

    /// True where the same request may succeed a moment later.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { hopeless: false, .. }
                | Self::TimedOut(_)
                | Self::Busy { .. }
                | Self::Server { .. }
                | Self::Outdated { .. }
        )
    }

    /// The HTTP status, where there was an answer.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Unreachable { .. } | Self::TimedOut(_) | Self::Outdated { .. } | Self::Undecodable(_) => None,
            Self::Unauthorized(_) => Some(401),
            Self::Forbidden(_) => Some(403),
            Self::NotFound(_) => Some(404),
            Self::Expired(_) => Some(410),
            Self::Busy { .. } => Some(429),
            Self::Server { status, .. } | Self::Refused { status, .. } | Self::NotKubernetes { status, .. } => {
                Some(*status)
            }
        }
    }

    /// The time that the server asked for.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

impl Failure {
    /// What the failure means for the trust in a source.
    #[must_use]
    pub fn trouble(&self) -> Trouble {
        let (kind, hopeless) = match &self.kind {
            FailureKind::Unreachable { hopeless, .. } => (TroubleKind::Unreachable, *hopeless),
            FailureKind::TimedOut(_)
            | FailureKind::NotKubernetes { .. }
            | FailureKind::Busy { .. }
            | FailureKind::Server { .. }
            | FailureKind::NotFound(_) => (TroubleKind::Unreachable, false),
            FailureKind::Unauthorized(_) => (TroubleKind::Unauthorized, true),
            FailureKind::Forbidden(_) => (TroubleKind::Forbidden, false),
            FailureKind::Refused { .. }
            | FailureKind::Expired(_)
            | FailureKind::Outdated { .. }
            | FailureKind::Undecodable(_) => (TroubleKind::Stale, false),
        };
        Trouble { kind, message: self.to_string(), hopeless }
    }
}

/// The `Status` object, as far as it is read. Nothing is defaulted that tells a Status from something else.
#[derive(Debug, Deserialize)]
pub struct ApiStatus {
    kind: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    code: u16,
}

impl ApiStatus {
    /// Reads a Status; `None` where it is none.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice::<Self>(body).ok().filter(|status| status.kind == "Status")
    }

    fn words(&self) -> String {
        if self.message.is_empty() { self.reason.clone() } else { self.message.clone() }
    }
}

/// What an ERROR line of a watch says.
#[must_use]
pub fn of_watch_error(object: &str) -> FailureKind {
    match ApiStatus::read(object.as_bytes()) {
        Some(status) => of_status(status.code, None, object.as_bytes(), "application/json"),
        None => FailureKind::Undecodable("a watch sent an error without saying which".to_owned()),
    }
}

/// What an answer other than a good one says.
#[must_use]
pub fn of_status(status: u16, retry_after: Option<Duration>, body: &[u8], content_type: &str) -> FailureKind {
    let api = ApiStatus::read(body);
    let words = api.as_ref().map_or_else(|| excerpt(body), ApiStatus::words);
    let foreign = |what: String| FailureKind::NotKubernetes { status, what };
    let is_page = content_type.contains("html") || looks_like_a_page(body);
    match (status, &api) {
        (410, _) => FailureKind::Expired(words),
        // "Too large resource version": this server is behind the one that gave the version.
        (504, Some(_)) if words.contains("resource version") => FailureKind::Expired(words),
        (429, _) => FailureKind::Busy { retry_after, message: words },
        (401, _) if !is_page => FailureKind::Unauthorized(words),
        (403, Some(_)) => FailureKind::Forbidden(words),
        (404, Some(_)) => FailureKind::NotFound(words),
        // For an API group that it does not have, the API server answers in plain text.
        (404, None) if body.trim_ascii() == b"404 page not found" => FailureKind::NotFound(words),
        (500..=599, _) => FailureKind::Server { status, message: if is_page { page_title(body) } else { words } },
        (300..=399, _) => foreign("a redirect".to_owned()),
        (_, Some(_)) => FailureKind::Refused { status, message: words },
        (_, None) if is_page => foreign(page_title(body)),
        (_, None) if words.is_empty() => foreign("an empty answer".to_owned()),
        (_, None) => foreign(words),
    }
}

/// What an answer with a good status is, where it is not JSON.
#[must_use]
pub fn of_foreign_body(status: StatusCode, body: &[u8]) -> FailureKind {
    FailureKind::NotKubernetes { status: status.as_u16(), what: what_it_is(body) }
}

/// What an answer is that should have been JSON: a page with its title, or its beginning.
#[must_use]
pub fn what_it_is(body: &[u8]) -> String {
    if looks_like_a_page(body) { page_title(body) } else { excerpt(body) }
}

fn looks_like_a_page(body: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&body[..body.len().min(200)]).trim_start().to_ascii_lowercase();
    start.starts_with("<!doctype html") || start.starts_with("<html")
}

fn page_title(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
    let lower = text.to_ascii_lowercase();
    let title = lower.find("<title>").and_then(|start| {
        let start = start + "<title>".len();
        lower[start..].find("</title>").map(|length| text[start..start + length].trim().to_owned())
    });
    match title {
        Some(title) if !title.is_empty() => format!("an HTML page, \"{}\"", shorten(&title)),
        _ => "an HTML page".to_owned(),
    }
}

fn excerpt(body: &[u8]) -> String {
    shorten(String::from_utf8_lossy(&body[..body.len().min(1024)]).trim())
}

/// One line of bounded length.
#[must_use]
pub fn shorten(text: &str) -> String {
    const LONGEST: usize = 300;
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match one_line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &one_line[..end]),
        None => one_line,
    }
}

/// What an error of the connection says, in words for people.
#[must_use]
pub fn of_connection(error: &(dyn StdError + 'static)) -> FailureKind {
    let chain = causes(error);
    let texts: Vec<String> = chain.iter().map(ToString::to_string).collect();
    for cause in &chain {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return of_tls(tls);
        }
    }
    // The credentials of a legacy `auth-provider`: nobody was asked, but it is a matter of who asks. What the library says
    // of them may quote them.
    if texts.iter().any(|text| text.starts_with("auth error") || text.contains("auth exec")) {
        return FailureKind::Unauthorized("the user's credentials could not be renewed".to_owned());
    }
    let innermost = texts.last().cloned().unwrap_or_default();
    let what = if texts.iter().any(|text| text.contains("dns error")) {
        format!("its name cannot be resolved ({innermost})")
    } else if texts.iter().any(|text| text.contains("tunnel")) {
        format!("the proxy does not let the connection through ({innermost})")
    } else {
        innermost
    };
    FailureKind::Unreachable { what: shorten(&what), hopeless: false }
}

fn of_tls(error: &rustls::Error) -> FailureKind {
    use rustls::{CertificateError, Error, InvalidMessage};
    let (what, hopeless) = match error {
        Error::InvalidCertificate(reason) => {
            let what = match reason {
                // Every new cluster's authority may carry the name of the last one's: then only the signature differs.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    "its certificate is signed by an authority that is not trusted; check `certificate-authority` in the kubeconfig".to_owned()
                }
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    "its certificate has expired; check the clocks too".to_owned()
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    format!("its certificate is for another name ({reason}); set `tls-server-name` or the right server")
                }
                other => format!("its certificate is not valid ({other})"),
            };
            (what, true)
        }
        Error::AlertReceived(alert) => {
            (format!("it ended the TLS handshake ({alert:?}); check the client certificate"), false)
        }
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            ("it does not speak TLS on this port; is it http:// rather than https://?".to_owned(), false)
        }
        other => (format!("TLS failed ({other})"), false),
    };
    FailureKind::Unreachable { what, hopeless }
}

/// The error and all that lies behind it. An `io::Error` hides the error it carries from `source`.
#[must_use]
pub fn causes<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut chain = vec![error];
    let mut last = error;
    while chain.len() < 20 {
        let carried: Option<&(dyn StdError + Send + Sync + 'static)> =
            last.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let next: Option<&'a (dyn StdError + 'static)> = match carried {
            Some(carried) => Some(carried),
            None => last.source(),
        };
        let Some(next) = next else { break };
        chain.push(next);
        last = next;
    }
    chain
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use super::{FailureKind, of_connection, of_foreign_body, of_status, of_watch_error};

    const STATUS: &str =
        r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"words","reason":"R","code":0}"#;

    fn kind(status: u16, body: &str, content_type: &str) -> FailureKind {
        of_status(status, None, body.as_bytes(), content_type)
    }

    #[test]
    fn statuses_of_the_api_server_are_told_apart() {
        let json = "application/json";
        assert_eq!(kind(401, STATUS, json), FailureKind::Unauthorized("words".to_owned()));
        assert_eq!(kind(403, STATUS, json), FailureKind::Forbidden("words".to_owned()));
        assert_eq!(kind(404, STATUS, json), FailureKind::NotFound("words".to_owned()));
        assert_eq!(kind(410, STATUS, json), FailureKind::Expired("words".to_owned()));
        assert_eq!(kind(503, STATUS, json), FailureKind::Server { status: 503, message: "words".to_owned() });
        assert_eq!(kind(422, STATUS, json), FailureKind::Refused { status: 422, message: "words".to_owned() });
        let text = "text/plain; charset=utf-8";
        assert!(matches!(kind(404, "404 page not found\n", text), FailureKind::NotFound(_)));
        assert!(matches!(kind(429, "Too many requests, please try again later.", text), FailureKind::Busy { .. }));
        let behind = STATUS.replace("words", "Too large resource version: 9, current: 8");
        assert!(matches!(kind(504, &behind, json), FailureKind::Expired(_)));
        assert!(matches!(kind(504, STATUS, json), FailureKind::Server { status: 504, .. }));
    }

    #[test]
    fn a_page_of_a_proxy_is_no_word_of_the_cluster() {
        let page = "<!DOCTYPE html><html><head><title>Sign in</title></head></html>";
        for status in [401, 403, 404, 407] {
            let FailureKind::NotKubernetes { what, .. } = kind(status, page, "text/html") else {
                panic!("{status}: {:?}", kind(status, page, "text/html"));
            };
            assert!(what.contains("Sign in"), "{what}");
        }
        assert!(matches!(kind(403, "blocked by policy", "text/plain"), FailureKind::NotKubernetes { .. }));
        assert!(matches!(kind(302, "", ""), FailureKind::NotKubernetes { .. }));
        assert!(matches!(of_foreign_body(http::StatusCode::OK, page.as_bytes()), FailureKind::NotKubernetes { .. }));
    }

    #[test]
    fn errors_inside_of_a_watch_carry_their_own_code() {
        let gone = STATUS.replace("\"code\":0", "\"code\":410");
        assert!(matches!(of_watch_error(&gone), FailureKind::Expired(_)));
        assert!(matches!(of_watch_error("{}"), FailureKind::Undecodable(_)));
    }

    #[test]
    fn an_untrusted_certificate_is_hopeless_and_a_refused_connection_is_not() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let wrapped = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
        let FailureKind::Unreachable { what, hopeless: true } = of_connection(&wrapped) else {
            panic!("{:?}", of_connection(&wrapped));
        };
        assert!(what.contains("authority"), "{what}");
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert!(matches!(of_connection(&refused), FailureKind::Unreachable { hopeless: false, .. }));
    }

    #[test]
    fn the_times_a_server_asks_for_are_kept() {
        let busy = of_status(429, Some(Duration::from_secs(7)), b"slow down", "text/plain");
        assert_eq!(busy.retry_after(), Some(Duration::from_secs(7)));
    }
}
