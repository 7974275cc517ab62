//! Who is it, and what may they do? The two questions about others that the API server answers.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::unreadable;
use crate::cluster::api::{Connection, Failure, FailureKind, RequestCounter};

/// Somebody whom the API server knows, as `status.user` of a `TokenReview` has it; handed on as it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Reviewed {
    /// The user's name.
    #[serde(default)]
    pub username: String,
    #[serde(default)]
    uid: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    extra: Value,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish<'a> {
    /// The verb.
    pub verb: &'a str,
    /// The API group.
    pub group: &'a str,
    /// The resource.
    pub resource: &'a str,
    /// The subresource; may be empty.
    pub subresource: &'a str,
    /// The namespace; empty for all of them.
    pub namespace: &'a str,
    /// The object's name; may be empty.
    pub name: &'a str,
}

#[derive(Deserialize)]
struct TokenReview {
    #[serde(default)]
    status: TokenStatus,
}

#[derive(Default, Deserialize)]
struct TokenStatus {
    #[serde(default)]
    authenticated: bool,
    #[serde(default)]
    audiences: Vec<String>,
    user: Option<Reviewed>,
}

#[derive(Deserialize)]
struct AccessReview {
    #[serde(default)]
    status: AccessStatus,
}

#[derive(Default, Deserialize)]
struct AccessStatus {
    #[serde(default)]
    allowed: bool,
    #[serde(default)]
    denied: bool,
}

impl Connection {
    /// Whose token is this, for this audience (`TokenReview`, authentication.k8s.io/v1)? `None` where the API server does
    /// not know it, or knows it for other audiences alone: a server that ignores audiences names none.
    ///
    /// # Errors
    ///
    /// Where the request fails, or its answer cannot be read.
    pub async fn review_token(&self, token: &str, audience: &str) -> Result<Option<Reviewed>, Failure> {
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
            "spec": {"token": token, "audiences": [audience]},
        });
        let path = "/apis/authentication.k8s.io/v1/tokenreviews";
        let TokenReview { status } = self.review("CREATE a TokenReview", path, &review).await?;
        let is_meant = status.audiences.iter().any(|meant| meant == audience);
        Ok(status.user.filter(|user| status.authenticated && is_meant && !user.username.is_empty()))
    }

    /// May they do this (`SubjectAccessReview`, authorization.k8s.io/v1)?
    ///
    /// # Errors
    ///
    /// Where the request fails, or its answer cannot be read.
    pub async fn review_access(&self, who: &Reviewed, wish: Wish<'_>) -> Result<bool, Failure> {
        let Wish { verb, group, resource, subresource, namespace, name } = wish;
        let mut spec = json!({
            "user": who.username, "groups": who.groups, "resourceAttributes": {
                "verb": verb, "group": group, "resource": resource, "subresource": subresource,
                "namespace": namespace, "name": name,
            },
        });
        if !who.uid.is_empty() {
            spec["uid"] = json!(who.uid);
        }
        if who.extra.is_object() {
            spec["extra"] = who.extra.clone();
        }
        let review = json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec});
        let path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
        let AccessReview { status } = self.review("CREATE a SubjectAccessReview", path, &review).await?;
        Ok(status.allowed && !status.denied)
    }

    async fn review<T: for<'de> Deserialize<'de>>(
        &self,
        request: &'static str,
        path: &str,
        review: &Value,
    ) -> Result<T, Failure> {
        self.count_unattributed(1);
        let answer = self.write(Method::POST, path, review, &RequestCounter::default()).await;
        let read = |body: bytes::Bytes| serde_json::from_slice(&body).map_err(|error| unreadable(&body, &error));
        answer.and_then(read).map_err(|kind: FailureKind| Failure { request: request.to_owned(), kind })
    }
}
