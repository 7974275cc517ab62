//! Alive, and ready.

use axum::response::Response;
use http::StatusCode;

use super::refusal::text;
use super::service::Service;
use crate::text::SafeText;

/// The process answers.
pub(super) fn healthy() -> Response {
    text(StatusCode::OK, &"ok".into())
}

/// The server is ready for calls, or says what keeps it from that.
pub(super) fn ready(service: &Service) -> Response {
    if service.shutdown.stopping.is_cancelled() {
        return text(StatusCode::SERVICE_UNAVAILABLE, &"not ready: the server is shutting down".into());
    }
    let readiness = service.readiness();
    let words = |texts: Vec<SafeText>| SafeText::joined(texts, "; ");
    if readiness.obstacles.is_empty() {
        let mut said = SafeText::from("ok");
        if !readiness.notes.is_empty() {
            said.push(&"; ".into());
            said.push(&words(readiness.notes));
        }
        return text(StatusCode::OK, &said);
    }
    let mut said = SafeText::from("not ready: ");
    said.push(&words(readiness.obstacles.into_iter().chain(readiness.notes).collect()));
    text(StatusCode::SERVICE_UNAVAILABLE, &said)
}
