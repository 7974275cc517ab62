//! An answer, with whatever the script lets go wrong on its way.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, Uri, header};
use serde_json::Value;

use super::body::{Bend, bent, until_restart};
use super::rule::{Fault, Verb};
use super::{Closed, watch};
use crate::sandbox::path;
use crate::sandbox::prometheus::{self, Behind};
use crate::sandbox::server;
use crate::sandbox::shared::Shared;
use crate::sandbox::status::{Refusal, typed_response};

const GARBAGE: &[u8] = b"\x16\x03\x01 this is no JSON {{{";
const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in to the network</title></head></html>";

/// Answers a request as the script wants it.
pub(in crate::sandbox) async fn disturbed(shared: Arc<Shared>, request: Request) -> Result<Response, Closed> {
    if shared.faults.is_idle() {
        return Ok(server::answered(shared, request).await);
    }
    let mut restarts = shared.faults.outage.listen();
    if shared.faults.outage.is_on(shared.clock.now_ms()) {
        return Err(Closed);
    }
    let response = tokio::select! {
        biased;
        () = restarts.begins() => return Err(Closed),
        response = through_rules(Arc::clone(&shared), request) => response?,
    };
    Ok(response.map(|body| until_restart(body, restarts)))
}

async fn through_rules(shared: Arc<Shared>, mut request: Request) -> Result<Response, Closed> {
    let verb = verb_of(&request);
    let path = request.uri().path().to_owned();
    let mut of_lines = Vec::new();
    let mut bends = Vec::new();
    let (mut is_garbage, mut is_nan) = (false, false);
    for (place, counted) in shared.faults.rules.iter().enumerate() {
        if !counted.meets(verb, &path, shared.clock.now_ms()) {
            continue;
        }
        if verb == Verb::Watch && counted.rule.fault.is_of_lines() {
            of_lines.push(place);
            continue;
        }
        match &counted.rule.fault {
            Fault::Delay(by) => tokio::time::sleep(*by).await,
            Fault::Drop => return Err(Closed),
            Fault::Stall => {
                shared.stop.cancelled().await;
                return Err(Closed);
            }
            Fault::Status { code, retry_after, message } => {
                let mut response = Refusal::scripted(*code, message.as_str()).into_response();
                if let Some(after) = retry_after {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after.as_secs()));
                }
                return Ok(response);
            }
            Fault::Expired => return Ok(Refusal::expired("too old resource version").into_response()),
            Fault::TooLargeVersion => return Ok(Refusal::too_large_version(2, 1).into_response()),
            Fault::LoginPage => return Ok(typed_response(StatusCode::OK, "text/html", LOGIN_PAGE)),
            Fault::Cut { after } => bends.push(Bend::Cut(*after)),
            Fault::Freeze { after } => bends.push(Bend::Freeze(*after)),
            Fault::Truncate { after } => bends.push(Bend::Truncate(*after)),
            Fault::Slow { bytes_per_second } => bends.push(Bend::Slow(*bytes_per_second)),
            Fault::Garbage => is_garbage = true,
            Fault::Pages { size } if verb == Verb::List => {
                rewrite(&mut request, &["limit"], &format!("limit={size}"));
            }
            Fault::ExpireTokens if has(request.uri(), "continue") => {
                return Ok(Refusal::expired("The provided continue parameter is too old").into_response());
            }
            Fault::Behind(by) if verb == Verb::List => {
                let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
                let look = shared.look();
                let then_ms = look.now_ms.saturating_sub(by_ms);
                let collection = path::parse(&path).and_then(|target| look.timeline.collection(&target.resource));
                if let Some(version) = collection.map(|collection| collection.at(then_ms).version) {
                    let of_then = format!("resourceVersion={version}&resourceVersionMatch=Exact");
                    rewrite(&mut request, &["resourceVersion", "resourceVersionMatch"], &of_then);
                }
            }
            Fault::Behind(by) if verb == Verb::Query => {
                request.extensions_mut().insert(Behind(*by));
            }
            Fault::NotANumber => is_nan |= verb == Verb::Query,
            Fault::Restart { lasts } => {
                shared.faults.outage.begin(*lasts);
                return Err(Closed);
            }
            // Of other verbs: nothing to do with this request.
            Fault::Pages { .. }
            | Fault::ExpireTokens
            | Fault::Behind(_)
            | Fault::Gone
            | Fault::Error
            | Fault::Skip
            | Fault::Duplicate
            | Fault::Reorder => {}
        }
    }
    let stop = shared.stop.clone();
    let mut response = server::answered(Arc::clone(&shared), request).await;
    if is_nan {
        response = without_numbers(response).await;
    }
    if is_garbage {
        response = typed_response(StatusCode::OK, "application/json", GARBAGE);
    }
    if !of_lines.is_empty() {
        response = response.map(|body| watch::disturbed(body, shared, of_lines));
    }
    if !bends.is_empty() {
        // Its length is not what was announced any more.
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    for bend in bends {
        response = response.map(|body| bent(body, bend, stop.clone()));
    }
    Ok(response)
}

/// The answer of a query with NaN for every number.
async fn without_numbers(response: Response) -> Response {
    let (parts, body) = response.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return Refusal::internal("the answer was lost").into_response();
    };
    let body = match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut answer) => {
            for series in answer.pointer_mut("/data/result").and_then(Value::as_array_mut).into_iter().flatten() {
                let values = series.get_mut("values").and_then(Value::as_array_mut).into_iter().flatten();
                values.filter_map(|pair| pair.get_mut(1)).for_each(|value| *value = "NaN".into());
                if let Some(value) = series.pointer_mut("/value/1") {
                    *value = "NaN".into();
                }
            }
            answer.to_string().into()
        }
        Err(_) => Body::from(bytes),
    };
    Response::from_parts(parts, body)
}

fn verb_of(request: &Request) -> Verb {
    if prometheus::is_query(request.uri().path()) {
        return Verb::Query;
    }
    let Some(target) = path::parse(request.uri().path()) else { return Verb::Other };
    match (target.name, target.subresource.as_deref()) {
        (None, _) if request.method() == http::Method::POST && target.resource.is_core("pods") => Verb::Create,
        (Some(_), _) if request.method() == http::Method::DELETE => Verb::Delete,
        _ if request.method() != http::Method::GET => Verb::Other,
        (None, _) if has_flag(request.uri(), "watch") => Verb::Watch,
        (None, _) => Verb::List,
        (Some(_), Some("log")) => Verb::Log,
        (Some(_), _) => Verb::Get,
    }
}

fn pairs(uri: &Uri) -> impl Iterator<Item = (&str, &str)> {
    let parts = uri.query().unwrap_or_default().split('&').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, "")))
}

fn has(uri: &Uri, name: &str) -> bool {
    pairs(uri).any(|(key, value)| key == name && !value.is_empty())
}

fn has_flag(uri: &Uri, name: &str) -> bool {
    pairs(uri).any(|(key, value)| key == name && value != "0" && !value.eq_ignore_ascii_case("false"))
}

/// Puts parameters in the place of others.
fn rewrite(request: &mut Request, without: &[&str], with: &str) {
    let uri = request.uri();
    let kept = pairs(uri).filter(|(key, _)| !without.contains(key)).map(|(key, value)| format!("{key}={value}"));
    let query: Vec<String> = kept.chain([with.to_owned()]).collect();
    if let Ok(uri) = format!("{}?{}", uri.path(), query.join("&")).parse() {
        *request.uri_mut() = uri;
    }
}
