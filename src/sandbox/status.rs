//! Refusals, as the API server words them: a `Status` object with its code and reason.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// A request that is refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    code: u16,
    reason: &'static str,
    message: String,
    details: Option<Value>,
    /// True where it is said in plain text.
    is_plain: bool,
}

impl Refusal {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None, is_plain: false }
    }

    /// 400: the request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// 403: the sandbox never has what is asked for.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(403, "Forbidden", message)
    }

    /// 404: no such object.
    pub fn no_object(resource: &super::kind::Resource, name: &str) -> Self {
        let mut refusal = Self::new(404, "NotFound", format!("{} \"{name}\" not found", resource.qualified()));
        refusal.details = Some(json!({"name": name, "group": resource.group, "kind": resource.plural}));
        refusal
    }

    /// 404: no such namespace.
    pub fn no_namespace(name: &str) -> Self {
        let mut refusal = Self::new(404, "NotFound", format!("namespaces \"{name}\" not found"));
        refusal.details = Some(json!({"name": name, "kind": "namespaces"}));
        refusal
    }

    /// 409: there is one of that name.
    pub fn exists(plural: &str, name: &str) -> Self {
        let mut refusal = Self::new(409, "AlreadyExists", format!("{plural} \"{name}\" already exists"));
        refusal.details = Some(json!({"name": name, "kind": plural}));
        refusal
    }

    /// 409: the object is not what the request takes it for.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "Conflict", message)
    }

    /// 404: no such resource or path. The API server says that in plain text, for nothing is registered there that could
    /// answer with a `Status`; it is what a gate hears of a kind that the cluster does not have.
    pub fn no_resource() -> Self {
        Self { is_plain: true, ..Self::new(404, "NotFound", "404 page not found\n") }
    }

    /// 405: a write.
    pub fn read_only(method: &http::Method) -> Self {
        Self::new(
            405,
            "MethodNotAllowed",
            format!("{method} is refused: the sandbox is read-only, it serves a recording"),
        )
    }

    /// 406: no content type that is asked for can be given.
    pub fn not_acceptable() -> Self {
        Self::new(406, "NotAcceptable", "only application/json can be given (and watch streams of it)")
    }

    /// 410: the resource version or continue token is older than what is kept.
    pub fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    /// 415: a body that is not JSON.
    pub fn not_json() -> Self {
        Self::new(415, "UnsupportedMediaType", "the body must be application/json")
    }

    /// 422: parameters that do not go together.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, "Invalid", message)
    }

    /// 422: a name in a pod that RFC 1123 does not allow.
    pub fn invalid_name(field: &str, pod: &str, wrong: &str) -> Self {
        let why = format!(
            "Invalid value: {wrong:?}: a lowercase RFC 1123 name holds lower-case letters, digits and '-' (a pod's also '.'), \
             and begins and ends with a letter or digit"
        );
        let mut refusal = Self::new(422, "Invalid", format!("Pod {pod:?} is invalid: {field}: {why}"));
        refusal.details = Some(json!({
            "name": pod, "kind": "Pod", "causes": [{"reason": "FieldValueInvalid", "message": why, "field": field}],
        }));
        refusal
    }

    /// 500: the server's own trouble.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalError", message)
    }

    /// A status that a fault script asks for.
    pub fn scripted(code: u16, message: impl Into<String>) -> Self {
        let reason = match code {
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "NotFound",
            410 => "Expired",
            429 => "TooManyRequests",
            500 => "InternalError",
            503 => "ServiceUnavailable",
            504 => "Timeout",
            _ => "Unknown",
        };
        Self::new(code, reason, message)
    }

    /// 503: the recording is over and the sandbox was told to stop there.
    pub fn ended() -> Self {
        Self::new(503, "ServiceUnavailable", "the recording has ended")
    }

    /// 504: a resource version that has not been reached.
    pub fn too_large_version(asked: u64, newest: u64) -> Self {
        let message = format!("Too large resource version: {asked}, current: {newest}");
        let mut refusal = Self::new(504, "Timeout", message);
        refusal.details = Some(json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        }));
        refusal
    }

    /// The `Status` object.
    pub fn to_value(&self) -> Value {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, "reason": self.reason, "code": self.code,
        });
        if let Some(details) = &self.details {
            status["details"] = details.clone();
        }
        status
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if self.is_plain {
            return typed_response(status, "text/plain; charset=utf-8", self.message);
        }
        json_response(status, &self.to_value())
    }
}

/// A JSON answer.
pub(super) fn json_response(status: StatusCode, value: &Value) -> Response {
    typed_response(status, "application/json", value.to_string())
}

/// An answer of any content type.
pub(super) fn typed_response(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}
