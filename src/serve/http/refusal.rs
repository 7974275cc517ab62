//! Answers to mistakes of the caller.

use axum::body::Body;
use axum::response::Response;
use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::auth::Denied;
use super::line;
use crate::serve::Refused;
use crate::text::{Redaction, SafeText};

/// In which shape answers are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `{"error": …}`.
    Json,
    /// One line, which Flagger shows as the reason.
    Line,
}

impl Form {
    /// The form of what is answered at this path, whether there is anything at it or not.
    pub(super) fn at(path: &str) -> Self {
        if path.starts_with("/flagger") { Self::Line } else { Self::Json }
    }
}

/// A request that is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) words: SafeText,
}

/// What is wrong with a request, and what to do instead.
#[derive(Debug, Serialize, schemars::JsonSchema)]
#[schemars(title = "A mistake of the caller")]
pub(super) struct ErrorBody {
    /// What is wrong, and what to do instead.
    error: SafeText,
}

impl ErrorBody {
    pub(super) fn of(words: &SafeText) -> Self {
        Self { error: line::plain(words) }
    }
}

impl Refusal {
    /// The words may quote what the caller sent.
    pub(super) fn new(status: StatusCode, words: &str) -> Self {
        Self { status, words: Redaction::On.text(words).one_line() }
    }

    pub(super) fn bad_request(words: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, words)
    }

    pub(super) fn unknown_gate() -> Self {
        let words = "there is no gate of this id, or it was forgotten; POST /v1/gates begins one";
        Self::new(StatusCode::NOT_FOUND, words)
    }

    pub(super) fn response(&self, form: Form) -> Response {
        let mut response = match form {
            Form::Json => json(self.status, &ErrorBody::of(&self.words)),
            Form::Line => text(self.status, &self.words),
        };
        if self.status == StatusCode::UNAUTHORIZED {
            let headers = response.headers_mut();
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"crashgate\""));
        }
        response
    }

    pub(super) fn wrong_method(form: Form, method: &str, allowed: &str) -> Response {
        let words = format!("{method} means nothing here; this path takes {allowed}");
        let mut response = Self::new(StatusCode::METHOD_NOT_ALLOWED, &words).response(form);
        if let Ok(allowed) = HeaderValue::from_str(allowed) {
            response.headers_mut().insert(ALLOW, allowed);
        }
        response
    }
}

/// An answer of plain words on one line.
pub(super) fn text(status: StatusCode, words: &SafeText) -> Response {
    of(status, "text/plain; charset=utf-8", format!("{}\n", line::plain(words)))
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    of(status, "application/json", SafeText::json(value, true).to_string())
}

/// An answer of this type.
pub(super) fn of(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Why a request has no answer of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unserved {
    /// It is a mistake of the caller's.
    Refused(Refusal),
    /// It passes.
    Unavailable(SafeText),
}

impl From<Refusal> for Unserved {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Denied> for Unserved {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Unauthorized(words) => Self::Refused(Refusal::new(StatusCode::UNAUTHORIZED, words)),
            Denied::Forbidden(words) => Self::Refused(Refusal::new(StatusCode::FORBIDDEN, &words)),
            Denied::Unasked(why) => Self::Unavailable(Redaction::On.text(&why.to_string()).one_line()),
        }
    }
}

impl From<Refused> for Unserved {
    fn from(refused: Refused) -> Self {
        let words = refused.to_string();
        match refused {
            Refused::NoPlan { .. } => Self::Refused(Refusal::new(StatusCode::NOT_FOUND, &words)),
            Refused::NotOfThePlan(_) => Self::Refused(Refusal::bad_request(&words)),
            Refused::Busy { .. } | Refused::Starting | Refused::Ending => {
                Self::Unavailable(Redaction::On.text(&words).one_line())
            }
        }
    }
}
