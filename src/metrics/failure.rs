//! What a source of metrics that gives no answer is said to do: what happened, why, and the next step.

use std::error::Error as StdError;

use rustls::{CertificateError, Error as Tls, InvalidMessage};

use super::answer::Answer;
use crate::cluster::api::failure::{causes, shorten, what_it_is};

/// What an answer is that is not one of Prometheus' API. `credentials` says which ones were sent, `body` is what the answer
/// holds, without secrets.
pub(super) fn of_answer(answer: &Answer, body: &str, credentials: &str) -> String {
    let Answer { status, content_type, is_encoded, location, .. } = answer;
    let what = || what_it_is(body.as_bytes());
    let is_page = content_type.contains("html") || what().starts_with("an HTML page");
    let said = || match body.trim() {
        "" => String::new(),
        _ => format!(" ({})", what()),
    };
    match status {
        401 => format!("401 Unauthorized{}: {credentials}; check `metrics.source`", said()),
        403 => format!("403 Forbidden{}: {credentials}; the source does not allow it this query", said()),
        407 => "407: the proxy in between asks for credentials; check HTTPS_PROXY and NO_PROXY".to_owned(),
        300..=399 => {
            let target = location.as_deref().map_or_else(|| "another address".to_owned(), host_of);
            format!("{status}: it redirects to {target}; redirects are not followed, name the final address in `url`")
        }
        404 => format!("404 Not Found{}: is the path prefix missing in `url`?", said()),
        429 => format!("429 Too Many Requests{}", said()),
        500..=599 => format!("it answered with status {status}{}", said()),
        _ if is_page => {
            format!("status {status} with {}, not with Prometheus' API: is the path prefix missing in `url`?", what())
        }
        _ if *is_encoded => format!("status {status} with a compressed answer, which was not asked for"),
        _ if body.trim().is_empty() => format!("status {status} with an empty answer; check `url`"),
        _ => format!("status {status} with something else than JSON{}; check `url`", said()),
    }
}

/// The host that a URL leads to, without anything that could be a secret.
fn host_of(location: &str) -> String {
    let Some((scheme, rest)) = location.split_once("://") else { return "another path of the same host".to_owned() };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{}://{}", shorten(scheme), shorten(host))
}

/// What an error of the connection says, in words for people.
pub(super) fn of_connection(error: &(dyn StdError + 'static)) -> String {
    let chain = causes(error);
    if let Some(tls) = chain.iter().find_map(|cause| cause.downcast_ref::<Tls>()) {
        return of_tls(tls);
    }
    let texts: Vec<String> = chain.iter().map(ToString::to_string).collect();
    let innermost = shorten(texts.last().map_or("the connection failed", String::as_str));
    let is = |what: &str| texts.iter().any(|text| text.contains(what));
    if is("dns error") {
        format!("its name cannot be resolved ({innermost}); check `url`")
    } else if is("tunnel") {
        format!("the proxy does not let the connection through ({innermost}); check HTTPS_PROXY and NO_PROXY")
    } else if is("onnection refused") {
        format!("nothing listens there ({innermost}); check `url`, and that the source is running")
    } else {
        innermost
    }
}

fn of_tls(error: &Tls) -> String {
    match error {
        Tls::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
            "its certificate is signed by an authority that is not trusted; name the right one in `ca`".to_owned()
        }
        Tls::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "its certificate has expired; check the clocks too".to_owned()
        }
        Tls::InvalidCertificate(
            reason @ (CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }),
        ) => format!("its certificate is for another name ({reason}); write that name in `url`"),
        Tls::InvalidCertificate(other) => format!("its certificate is not valid ({other})"),
        Tls::AlertReceived(alert) => {
            format!("it ended the TLS handshake ({alert:?}); check `cert` and `key`, the client certificate")
        }
        Tls::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "it does not speak TLS on this port; is it http:// rather than https://?".to_owned()
        }
        other => format!("TLS failed ({other})"),
    }
}
