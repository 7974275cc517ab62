//! The route that runs a pod.

use axum::response::Response;
use http::StatusCode;
use tracing::info;

use super::access::Right;
use super::auth::Caller;
use super::body::{self, RunCall};
use super::refusal::{Refusal, Unserved, json};
use super::service::Service;
use crate::manifest::asked;
use crate::text::Redaction;

/// Runs one pod to its end.
pub(super) async fn run(service: &Service, caller: &Caller, sent: &[u8]) -> Result<Response, Unserved> {
    let call: RunCall = body::parse(sent).map_err(|words| Refusal::bad_request(&words))?;
    let forbidden = |words: &str| Refusal::new(StatusCode::FORBIDDEN, words);
    let off = "no pods are run here; start the server with `--allow-run FILE` for that";
    let runs = service.runs.as_ref().ok_or_else(|| forbidden(off))?;
    let namespace = match &call.namespace {
        Some(namespace) => asked::namespace("namespace", namespace).map_err(|words| Refusal::bad_request(&words))?,
        None => runs.namespace().to_owned(),
    };
    service.admit(caller, Right::Runs, Some(&namespace), None).await?;
    if !runs.images().has(&call.image) {
        let words = format!(
            "image {:?} is not among those that may be run; name one exactly as the server's list has it",
            call.image
        );
        return Err(forbidden(&words).into());
    }
    info!(image = %Redaction::On.text(&call.image).line(), caller = %caller.name(), "a pod is run");
    let result = runs.run(call, &namespace).await.map_err(Unserved::Unavailable)?;
    Ok(json(StatusCode::OK, &result))
}
