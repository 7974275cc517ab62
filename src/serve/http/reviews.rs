//! Asking the API server who a caller is and what they may do.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::warn;

use super::access::Right;
use super::tokens::{Digest, digest_of};
use crate::cluster::api::{Connection, Failure, Reviewed, Wish};

/// The audience that a token must be made for.
pub const AUDIENCE: &str = "crashgate";
/// The API group of what is allowed by RBAC. Nothing of it exists but in Roles.
const GROUP: &str = "crashgate.dev";
/// How long an answer is good for.
const GOOD_FOR: Duration = Duration::from_mins(1);
/// So many answers are kept.
const MOST_KEPT: usize = 1000;
/// So many questions are under way at a time.
const AT_A_TIME: usize = 8;
/// The longest token that is asked about.
const LONGEST_TOKEN: usize = 8 * 1024;

/// Asks the API server. An answer is good for a minute.
pub struct Reviews {
    connection: Arc<Connection>,
    known: Kept<Digest, Option<Arc<Reviewed>>>,
    allowed: Kept<(Digest, Right, String, String), bool>,
    turns: Semaphore,
}

impl fmt::Debug for Reviews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reviews")
    }
}

/// Somebody whom the API server knows.
#[derive(Debug, Clone)]
pub struct KnownUser {
    token: Digest,
    user: Arc<Reviewed>,
}

impl KnownUser {
    /// The user's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.user.username
    }
}

/// The API server could not be asked. That passes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("who asks cannot be found out at this moment ({0}); ask again")]
pub struct Unasked(String);

impl From<Failure> for Unasked {
    fn from(failure: Failure) -> Self {
        warn!(error = %failure, "a caller cannot be reviewed");
        Self(failure.to_string())
    }
}

impl Reviews {
    /// Asks over this connection.
    #[must_use]
    pub fn new(connection: Arc<Connection>) -> Self {
        Self { connection, known: Kept::default(), allowed: Kept::default(), turns: Semaphore::new(AT_A_TIME) }
    }

    /// Whose token is this? `None` where the API server does not know it. What does not look like a token of a service account
    /// is not asked about.
    ///
    /// # Errors
    /// Where the API server cannot be asked.
    pub async fn who(&self, token: &str) -> Result<Option<KnownUser>, Unasked> {
        if !is_jwt(token) {
            return Ok(None);
        }
        let digest = digest_of(token.as_bytes());
        let mut user = self.known.get(&digest);
        if user.is_none() {
            let _turn = self.turn().await;
            // Somebody else may have asked while this one waited.
            user = self.known.get(&digest);
            if user.is_none() {
                let asked = self.connection.review_token(token, AUDIENCE).await?.map(Arc::new);
                self.known.keep(digest, asked.clone());
                user = Some(asked);
            }
        }
        let user = user.flatten();
        Ok(user.map(|user| KnownUser { token: digest, user }))
    }

    /// May they do this? See [`wish`] for what a Role must say.
    ///
    /// # Errors
    /// Where the API server cannot be asked.
    pub async fn may(
        &self,
        who: &KnownUser,
        right: Right,
        namespace: Option<&str>,
        plan: Option<&str>,
    ) -> Result<bool, Unasked> {
        let (namespace, plan) = (namespace.unwrap_or_default(), plan.unwrap_or_default());
        let key = (who.token, right, namespace.to_owned(), plan.to_owned());
        if let Some(allowed) = self.allowed.get(&key) {
            return Ok(allowed);
        }
        let _turn = self.turn().await;
        if let Some(allowed) = self.allowed.get(&key) {
            return Ok(allowed);
        }
        let allowed = self.connection.review_access(&who.user, wish(right, namespace, plan)).await?;
        self.allowed.keep(key, allowed);
        Ok(allowed)
    }

    /// Waits for a turn. The semaphore is never closed.
    async fn turn(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }
}

/// What a Role must allow for a right: the verb `create` on `gates` of the group `crashgate.dev` in the namespace, for the
/// subresources `check`, `hold`, `rollback` and `event` of Flagger's hooks, with the plan as the resource's name; `create` on
/// `runs`; and `get` on `gates` in all namespaces for the page and the metrics.
fn wish<'a>(right: Right, namespace: &'a str, plan: &'a str) -> Wish<'a> {
    let (verb, resource, subresource) = match right {
        Right::Gates => ("create", "gates", ""),
        Right::Check | Right::Hold | Right::Rollback | Right::Event => ("create", "gates", right.name()),
        Right::Runs => ("create", "runs", ""),
        Right::Page => ("get", "gates", ""),
    };
    Wish { verb, group: GROUP, resource, subresource, namespace, name: plan }
}

/// True for three parts of base64url with dots between, which every token with an audience is.
fn is_jwt(token: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    token.len() <= LONGEST_TOKEN && token.split('.').count() == 3 && token.split('.').all(is_part)
}

/// Answers that are good for a while.
struct Kept<K, V>(Mutex<HashMap<K, (Instant, V)>>);

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    fn get(&self, key: &K) -> Option<V> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|(at, _)| at.elapsed() < GOOD_FOR).map(|(_, value)| value.clone())
    }

    fn keep(&self, key: K, value: V) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.retain(|_, (at, _)| at.elapsed() < GOOD_FOR);
        }
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(key, (Instant::now(), value));
    }
}

#[cfg(test)]
mod tests {
    use super::is_jwt;

    #[test]
    fn only_what_looks_like_a_token_is_asked_about() {
        assert!(is_jwt("eyJhbGciOi.eyJhdWQ_-i.c2ln"));
        for text in
            ["", "a", "a.b", "a..c", ".b.c", "a.b.c.d", "a.b.c=", "a.b.c d", &format!("a.b.{}", "x".repeat(9000))]
        {
            assert!(!is_jwt(text), "{text}");
        }
    }
}
