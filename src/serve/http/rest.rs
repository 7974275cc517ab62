//! Gates for scripts and for Argo Rollouts. Argo aborts a rollout after five errors, and so whatever passes is a pending
//! gate, and only the caller's own mistakes are errors.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use tokio::sync::watch;

use super::access::Right;
use super::answer::GateAnswer;
use super::auth::{Caller, Denied};
use super::body::{self, GateCall, LONGEST_NAME};
use super::refusal::{Refusal, Unserved, json, of};
use super::service::Service;
use super::told::{About, told};
use crate::manifest::asked;
use crate::serve::{Call, GateId, GateView};

/// Joins a gate, or begins it.
pub(super) async fn call(
    service: &Service,
    caller: &Caller,
    sent: &[u8],
    wait: Duration,
) -> Result<Response, Unserved> {
    let call = understood(sent).map_err(|words| Refusal::bad_request(&words))?;
    service.admit(caller, Right::Gates, Some(&call.namespace), Some(&call.plan)).await?;
    let mut gate = service.gates.call(call)?;
    let view = service.waits.until_told(&mut gate, None, wait).await;
    Ok(json(StatusCode::OK, &GateAnswer::of(&view, &told(&view, About::of(&view)))))
}

/// Understands the body of a call.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn understood(sent: &[u8]) -> Result<Call, String> {
    let GateCall { plan, namespace, workload, revision, run, mode } = body::parse(sent)?;
    Ok(Call {
        plan: named("plan", plan)?,
        namespace: asked::namespace("namespace", &namespace)?,
        workload: workload.map(|workload| asked::workload("workload", &workload)).transpose()?,
        revision: revision.map(|revision| named("revision", revision)).transpose()?,
        run: run.map(|run| named("run", run)).transpose()?,
        mode: mode.map(Into::into).unwrap_or_default(),
    })
}

/// A name that is compared with others, and nothing else.
pub(super) fn named(field: &str, text: String) -> Result<String, String> {
    if text.is_empty() {
        return Err(format!("`{field}` is empty; name one, or leave the field out"));
    }
    if text.chars().count() > LONGEST_NAME || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("`{field}` is no name; write at most {LONGEST_NAME} characters without white space"));
    }
    Ok(text)
}

/// How a gate stands.
pub(super) async fn look(service: &Service, caller: &Caller, id: &str, wait: Duration) -> Result<Response, Unserved> {
    let id = GateId::of(id);
    seen(service, caller, &id).await?;
    let mut gate = service.gates.look(&id).ok_or_else(Refusal::unknown_gate)?;
    let view = service.waits.until_told(&mut gate, Some(About::Revision), wait).await;
    Ok(json(StatusCode::OK, &GateAnswer::of(&view, &told(&view, About::Revision))))
}

/// Ends a gate and forgets it.
pub(super) async fn forget(service: &Service, caller: &Caller, id: &str) -> Result<Response, Unserved> {
    let id = GateId::of(id);
    seen(service, caller, &id).await?;
    if !service.gates.forget(&id) {
        return Err(Refusal::unknown_gate().into());
    }
    let mut response = of(StatusCode::NO_CONTENT, "application/json", Body::empty());
    response.headers_mut().remove(http::header::CONTENT_TYPE);
    Ok(response)
}

/// Looks on at a gate that the caller may see. A gate of others is as unknown as one that is not there.
pub(super) async fn seen(
    service: &Service,
    caller: &Caller,
    id: &GateId,
) -> Result<watch::Receiver<GateView>, Unserved> {
    let gate = service.gates.watch(id).ok_or_else(Refusal::unknown_gate)?;
    let call = gate.borrow().call.clone();
    match service.admit(caller, Right::Gates, Some(&call.namespace), Some(&call.plan)).await {
        Ok(()) => Ok(gate),
        Err(Denied::Forbidden(_)) => Err(Refusal::unknown_gate().into()),
        Err(denied) => Err(denied.into()),
    }
}
