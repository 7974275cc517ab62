//! Reports of gates, by the renderers that make those of the command line.

use std::sync::PoisonError;

use axum::response::Response;
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderValue, StatusCode};

use super::auth::Caller;
use super::refusal::{Unserved, of};
use super::rest::seen;
use super::route::Route;
use super::service::Service;
use super::told::{About, told};
use crate::report::files::Kind;
use crate::report::run_log::{Mistake, ReportInput};
use crate::serve::{GateId, GateView};
use crate::text::{Redaction, SafeText};

/// What a page may load: nothing but its own style.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Answers with a report. Looking on is no call: no gate stands on for that.
pub(super) async fn report(service: &Service, caller: &Caller, id: &str, route: Route) -> Result<Response, Unserved> {
    let gate = seen(service, caller, &GateId::of(id)).await?;
    let view = gate.borrow().clone();
    let (kind, content_type) = match route {
        Route::ReportMarkdown => (Kind::Markdown, "text/markdown; charset=utf-8"),
        Route::ReportHtml => (Kind::Html, "text/html; charset=utf-8"),
        Route::ReportJunit => (Kind::Junit, "application/xml"),
        _ => (Kind::Json, "application/json"),
    };
    // The semaphore is never closed.
    let _turn = service.reports.acquire().await.ok();
    let made = tokio::task::spawn_blocking(move || rendered(kind, &view)).await;
    let made = made.map_err(|_| Unserved::Unavailable("crashgate itself failed at this report; ask again".into()))?;
    let mut response = of(StatusCode::OK, content_type, made.to_string());
    if kind == Kind::Html {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    Ok(response)
}

fn rendered(kind: Kind, view: &GateView) -> SafeText {
    let log = view.log.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let stands = told(view, About::Revision);
    if let Some(run) = view.run.as_deref().filter(|run| Some(run.verdict()) == stands.verdict) {
        return kind.render(&ReportInput { run, log: &log, error: None });
    }
    let words = match stands.verdict {
        None => format!("This gate is pending, and this is what was heard so far: {}", stands.why),
        Some(verdict) => format!("This gate is {verdict}, and no round of it has come to an end: {}", stands.why),
    };
    let words = Redaction::On.text(&words);
    let mut run = log.unfinished(view.began, &words);
    for finding in run.gates.iter_mut().flat_map(|gate| &mut gate.outcome.findings) {
        finding.next_step = "Ask for the gate again: it goes on.".into();
    }
    kind.render(&ReportInput { run: &run, log: &log, error: Some(&Mistake::broke(words.clone())) })
}
