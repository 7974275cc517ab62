//! Who asks, and whether they may.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::access::Right;
use super::reviews::{KnownUser, Reviews, Unasked};
use super::tokens::{Bearer, TokenFile};
use crate::text::{SafeText, Untrusted};

/// How callers prove who they are.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all: whoever reaches the port may do everything.
    Open,
    /// By a token of a file.
    Tokens(Arc<TokenFile>),
    /// By a token of a service account, which the API server is asked about.
    Reviews(Arc<Reviews>),
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Caller {
    /// Anybody.
    Anybody,
    /// Somebody with a token of the file.
    Bearer(Arc<Bearer>),
    /// Somebody whom the API server knows.
    Known(KnownUser, Arc<Reviews>),
}

/// Why a request is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// Nobody knows who asks.
    Unauthorized(&'static str),
    /// They may not.
    Forbidden(String),
    /// It cannot be found out at this moment.
    Unasked(Unasked),
}

const SEND: &str = "send a token, as `Authorization: Bearer TOKEN` or as the password of basic authentication";
const UNKNOWN: &str = "this token is not known; send another one";

impl Auth {
    /// Finds out who asks.
    ///
    /// # Errors
    /// No credentials or unknown ones, and an API server that cannot be asked.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Denied> {
        if matches!(self, Self::Open) {
            return Ok(Caller::Anybody);
        }
        let token = token(headers).ok_or(Denied::Unauthorized(SEND))?;
        match self {
            Self::Open => Ok(Caller::Anybody),
            Self::Tokens(file) => file.bearer(&token).map(Caller::Bearer).ok_or(Denied::Unauthorized(UNKNOWN)),
            Self::Reviews(reviews) => {
                let token = std::str::from_utf8(&token).map_err(|_| Denied::Unauthorized(UNKNOWN))?;
                let known = reviews.who(token).await.map_err(Denied::Unasked)?;
                let known = known.ok_or(Denied::Unauthorized(UNKNOWN))?;
                Ok(Caller::Known(known, Arc::clone(reviews)))
            }
        }
    }

    /// What is wrong with the credentials that are known, and does not keep the server from serving.
    #[must_use]
    pub fn problem(&self) -> Option<SafeText> {
        match self {
            Self::Tokens(file) => file.problem(),
            Self::Open | Self::Reviews(_) => None,
        }
    }
}

/// Takes the token out of the header: after `Bearer`, or the password of `Basic` whoever the user is. Flagger can only send
/// the latter.
fn token(headers: &HeaderMap) -> Option<Vec<u8>> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let (Some(header), None) = (all.next(), all.next()) else { return None };
    let (scheme, credentials) = header.to_str().ok()?.trim().split_once(' ')?;
    let credentials = credentials.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return (!credentials.is_empty()).then(|| credentials.as_bytes().to_vec());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = STANDARD.decode(credentials).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let password = &pair[colon + 1..];
    (!password.is_empty()).then(|| password.to_vec())
}

impl Caller {
    /// May they do this there? No namespace or no plan where none is meant in particular.
    ///
    /// # Errors
    /// Where they may not, or it cannot be found out.
    pub async fn may(&self, right: Right, namespace: Option<&str>, plan: Option<&str>) -> Result<(), Denied> {
        let allowed = match self {
            Self::Anybody => true,
            Self::Bearer(bearer) => bearer.access.allows(right, namespace, plan),
            Self::Known(user, reviews) => reviews.may(user, right, namespace, plan).await.map_err(Denied::Unasked)?,
        };
        if allowed {
            return Ok(());
        }
        let mut words = format!("{} may not do this: it takes the right `{}`", self.name(), right.name());
        if let Some(namespace) = namespace {
            words = format!("{words} in namespace {namespace}");
        }
        if let Some(plan) = plan {
            words = format!("{words} with plan {plan}");
        }
        Err(Denied::Forbidden(words))
    }

    /// May they do this anywhere at all? Asked before a body is read; `true` where only the whole question can be answered.
    #[must_use]
    pub fn may_anywhere(&self, right: Right) -> bool {
        match self {
            Self::Anybody | Self::Known(..) => true,
            Self::Bearer(bearer) => bearer.access.may.contains(&right),
        }
    }

    /// Their name, as it is logged and shown.
    #[must_use]
    pub fn name(&self) -> SafeText {
        match self {
            Self::Anybody => "anybody".into(),
            Self::Bearer(bearer) => bearer.shown(),
            Self::Known(user, _) => Untrusted::name(user.name()).line(),
        }
    }

    /// May they see this gate?
    #[must_use]
    pub fn sees(&self, namespace: &str, plan: &str) -> bool {
        match self {
            // Whoever was let in by the API server to look on may do so in all namespaces.
            Self::Anybody | Self::Known(..) => true,
            Self::Bearer(bearer) => bearer.access.namespaces.has(namespace) && bearer.access.plans.has(plan),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::AUTHORIZATION;

    use super::token;

    fn read(headers: &[&str]) -> Option<String> {
        let headers: HeaderMap = headers.iter().map(|text| (AUTHORIZATION, text.parse().unwrap())).collect();
        token(&headers).map(|token| String::from_utf8(token).unwrap())
    }

    #[test]
    fn a_token_comes_as_bearer_or_as_a_password() {
        for (header, taken) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            // "flagger:abc", ":abc", "a:b:c"
            ("Basic ZmxhZ2dlcjphYmM=", Some("abc")),
            ("basic OmFiYw==", Some("abc")),
            ("Basic YTpiOmM=", Some("b:c")),
            // "abc", "abc:"
            ("Basic YWJj", None),
            ("Basic YWJjOg==", None),
            ("Basic !!", None),
            ("Bearer", None),
            ("Bearer ", None),
            ("Digest abc", None),
            ("abc", None),
            ("", None),
        ] {
            assert_eq!(read(&[header]).as_deref(), taken, "{header}");
        }
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["Bearer abc", "Bearer abd"]), None, "it is not clear who asks");
    }
}
