//! One request: who asks, whether they may, what they send, and who answers. Whatever happens on the way, there is an
//! answer, and it is one that its route may give.

use std::panic::AssertUnwindSafe;

use axum::extract::Request;
use axum::response::Response;
use futures::FutureExt;
use http::{StatusCode, Uri};
use tracing::error;

use super::answer::GateAnswer;
use super::auth::Caller;
use super::refusal::{ErrorBody, Form, Refusal, Unserved, json, text};
use super::route::{Route, Row, Unavailable};
use super::service::Service;
use super::{body, flagger, health, openapi, pods, query, reports, rest};
use crate::text::SafeText;

/// A request as it is served.
struct Asked<'a> {
    service: &'a Service,
    row: &'static Row,
    /// What stands in the path's one variable part.
    name: &'a str,
    caller: Caller,
    uri: &'a Uri,
}

/// Answers a request. Also returns who asked, where that was found out.
pub(super) async fn dispatch(
    service: &Service,
    row: &'static Row,
    name: Result<String, Refusal>,
    request: Request,
) -> (Response, SafeText) {
    let form = Form::at(row.path);
    let mut who = SafeText::EMPTY;
    let answered = AssertUnwindSafe(answer(service, row, name, request, &mut who)).catch_unwind().await;
    let response = match answered {
        Ok(Ok(response)) => response,
        Ok(Err(Unserved::Refused(refusal))) => refusal.response(form),
        Ok(Err(Unserved::Unavailable(why))) => unavailable(row, &why),
        Err(_) => {
            error!(path = row.path, "crashgate itself failed at a request");
            unavailable(row, &"crashgate itself failed at this request; ask again, and report it".into())
        }
    };
    (response, who)
}

/// Returns what is answered where the answer is not to be had now.
fn unavailable(row: &Row, why: &SafeText) -> Response {
    let status = |status| StatusCode::from_u16(status).unwrap_or(StatusCode::CONFLICT);
    match row.unavailable() {
        Unavailable::Pending => json(StatusCode::OK, &GateAnswer::pending(why)),
        Unavailable::Line(number) => text(status(number), why),
        Unavailable::Conflict => json(StatusCode::CONFLICT, &ErrorBody::of(why)),
    }
}

async fn answer(
    service: &Service,
    row: &'static Row,
    name: Result<String, Refusal>,
    request: Request,
    who: &mut SafeText,
) -> Result<Response, Unserved> {
    match row.route {
        Route::Healthy => return Ok(health::healthy()),
        Route::Ready => return Ok(health::ready(service)),
        Route::OpenApi => return Ok(openapi::answer()),
        _ => {}
    }
    let (parts, sent) = request.into_parts();
    let caller = service.auth.caller(&parts.headers).await?;
    *who = caller.name();
    if let Some(right) = row.right
        && !caller.may_anywhere(right)
    {
        caller.may(right, None, None).await?;
    }
    let name = name?;
    let sent =
        if row.body.is_some() { body::read(sent, &parts.headers, &service.limits).await? } else { bytes::Bytes::new() };
    let asked = Asked { service, row, name: &name, caller, uri: &parts.uri };
    asked.serve(&sent).await
}

impl Asked<'_> {
    async fn serve(&self, sent: &[u8]) -> Result<Response, Unserved> {
        let Self { service, caller, name, .. } = self;
        let wait = if self.row.waits {
            query::wait(self.uri)?
        } else {
            query::none(self.uri)?;
            std::time::Duration::ZERO
        };
        let _waiting = (!wait.is_zero()).then(|| service.metrics.waits());
        match self.row.route {
            Route::CallGate => rest::call(service, caller, sent, wait).await,
            Route::LookAtGate => rest::look(service, caller, name, wait).await,
            Route::ForgetGate => rest::forget(service, caller, name).await,
            route @ (Route::ReportJson | Route::ReportMarkdown | Route::ReportHtml | Route::ReportJunit) => {
                reports::report(service, caller, name, route).await
            }
            Route::Check => flagger::check(service, caller, name, sent, wait).await,
            Route::Hold => flagger::hold(service, caller, name, sent).await,
            Route::Rollback => flagger::rollback(service, caller, name, sent).await,
            Route::Event => flagger::event(service, caller, name, sent).await,
            Route::RunPod => pods::run(service, caller, sent).await,
            Route::Healthy => Ok(health::healthy()),
            Route::Ready => Ok(health::ready(service)),
            Route::OpenApi => Ok(openapi::answer()),
        }
    }
}
