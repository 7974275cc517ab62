//! The router, made from the table.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{RawPathParams, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use futures::FutureExt;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, StatusCode};
use tracing::{error, info};

use super::access::Right;
use super::dispatch::dispatch;
use super::refusal::{Form, Refusal, Unserved};
use super::route::{ROUTES, Row};
use super::service::Service;
use crate::sandbox::same_site::{host, is_loopback, is_of_another_site};
use crate::serve::telemetry::trace::{self, Trace};
use crate::text::Untrusted;

/// What others serve beside the table: pages, and the metrics. Callers of it must have the right `page`; who they are stands
/// in the request's extensions as a [`Caller`](super::auth::Caller).
#[derive(Debug, Default)]
pub struct Extras {
    /// The routes; at least one.
    pub routes: Option<Router>,
}

type Shared = Arc<Service>;

/// The router of everything that is served.
pub fn router(service: Service, extras: Extras) -> Router {
    let service = Arc::new(service);
    let mut paths: BTreeMap<&'static str, Vec<&'static Row>> = BTreeMap::new();
    for row in &ROUTES {
        paths.entry(row.path).or_default().push(row);
    }
    let mut router = Router::new();
    for (path, rows) in paths {
        router = router.route(path, methods(rows));
    }
    let mut router = router.with_state(Arc::clone(&service));
    if let Some(extras) = extras.routes {
        router = router.merge(extras.route_layer(from_fn_with_state(Arc::clone(&service), onlooker)));
    }
    let router = router.fallback(nowhere);
    router.layer(from_fn_with_state(service, around)).layer(from_fn(trace::follow))
}

fn methods(rows: Vec<&'static Row>) -> MethodRouter<Shared> {
    let mut allowed: Vec<&str> = rows.iter().map(|row| row.method.as_str()).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    let allowed: Arc<str> = allowed.join(", ").into();
    let mut methods = MethodRouter::new();
    for row in rows {
        let filter = match row.method {
            Method::POST => MethodFilter::POST,
            Method::DELETE => MethodFilter::DELETE,
            _ => MethodFilter::GET,
        };
        let serve = move |State(service): State<Shared>,
                          params: Result<RawPathParams, RawPathParamsRejection>,
                          request: Request| async move {
            let began = Instant::now();
            let traced = Trace::of(request.headers()).map(|trace| trace.trace_id.to_owned()).unwrap_or_default();
            let path = Untrusted::name(request.uri().path()).line();
            let (response, who) = dispatch(&service, row, name(params), request).await;
            service.metrics.answered(row.path, response.status(), began.elapsed());
            // Nobody wants a line for each probe.
            if row.right.is_some() {
                info!(
                    caller = %who, method = %row.method, %path, status = response.status().as_u16(),
                    took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX), trace = %traced, "answered"
                );
            }
            response
        };
        methods = methods.merge(on(filter, serve));
    }
    methods.fallback(move |request: Request| {
        let allowed = Arc::clone(&allowed);
        async move {
            let method = Untrusted::name(request.method().as_str()).line();
            Refusal::wrong_method(Form::at(request.uri().path()), &method, &allowed)
        }
    })
}

/// What stands in the path's one variable part; empty where it has none.
fn name(params: Result<RawPathParams, RawPathParamsRejection>) -> Result<String, Refusal> {
    let wrong = |_| Refusal::bad_request("the path is no UTF-8 text once it is decoded; write it plainly");
    let params = params.map_err(wrong)?;
    Ok(params.iter().next().map(|(_, value)| value.to_owned()).unwrap_or_default())
}

async fn nowhere(request: Request) -> Response {
    let words = "there is nothing at this path; /openapi.json lists what there is";
    Refusal::new(StatusCode::NOT_FOUND, words).response(Form::at(request.uri().path()))
}

/// Lets through who may look on.
async fn onlooker(State(service): State<Shared>, mut request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let admitted = async {
        let caller = service.auth.caller(&headers).await?;
        service.admit(&caller, Right::Page, None, None).await?;
        Ok::<_, super::auth::Denied>(caller)
    };
    match admitted.await.map_err(Unserved::from) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(Unserved::Refused(refusal)) => refusal.response(Form::Line),
        Err(Unserved::Unavailable(words)) => Refusal { status: StatusCode::CONFLICT, words }.response(Form::Line),
    }
}

/// What holds for every answer.
async fn around(State(service): State<Shared>, request: Request, next: Next) -> Response {
    let form = Form::at(request.uri().path());
    let mut response = match foreign(&service, &request) {
        Some(refusal) => refusal.response(form),
        // Handlers of the table catch their own.
        None => AssertUnwindSafe(next.run(request)).catch_unwind().await.unwrap_or_else(|_| {
            error!("crashgate itself failed at a request");
            let words = "crashgate itself failed at this request; ask again, and report it";
            Refusal::new(StatusCode::CONFLICT, words).response(form)
        }),
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static("default-src 'none'"));
    if service.shutdown.stopping.is_cancelled() {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Refuses what only a page of another site sends. Pages in a browser reach what their user reaches: this machine, and with
/// the passwords that the browser keeps.
fn foreign(service: &Service, request: &Request) -> Option<Refusal> {
    let forbidden = |words| Some(Refusal::new(StatusCode::FORBIDDEN, words));
    let headers = request.headers();
    let host = host(request.uri(), headers);
    if service.is_local && !host.as_ref().is_some_and(is_loopback) {
        return forbidden(
            "this server answers to names of this machine alone: ask for localhost or 127.0.0.1, or say who may ask with `--auth`",
        );
    }
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    if is_of_another_site(headers, host.as_ref()) {
        return forbidden("a page of another site may ask nothing here");
    }
    None
}
