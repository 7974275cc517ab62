//! The server: which part answers a request.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::Value;

use super::accept::{self, Shape};
use super::collection::{Collection, Object};
use super::partial_object::metadata_only;
use super::path::{self, Target};
use super::query::Parameters;
use super::shared::Shared;
use super::status::{Refusal, json_response};
use super::{access, discovery, list, logs, pods, prometheus, table, watch};

/// The answer where nothing goes wrong on purpose.
pub(super) async fn answered(shared: Arc<Shared>, request: Request) -> Response {
    answer(shared, request).await.unwrap_or_else(IntoResponse::into_response)
}

/// Answers any request. Every one passes here once.
async fn answer(shared: Arc<Shared>, request: Request) -> Result<Response, Refusal> {
    if shared.is_over() {
        return Err(Refusal::ended());
    }
    let request_path = request.uri().path().to_owned();
    if prometheus::is_query(&request_path) {
        return Ok(prometheus::answer(&shared, request).await);
    }
    match *request.method() {
        Method::GET | Method::HEAD => {}
        Method::POST if access::is_review(&request_path) => return access::answer(&shared, request).await,
        Method::POST | Method::DELETE if shared.script.is_some() => return pods::answer(&shared, request).await,
        ref method => return Err(Refusal::read_only(method)),
    }
    if let Some(response) = discovery::answer(&shared, &request_path, request.headers()) {
        return Ok(response);
    }
    let target = path::parse(&request_path).ok_or_else(Refusal::no_resource)?;
    let look = shared.look();
    let collection = look.timeline.collection(&target.resource).ok_or_else(Refusal::no_resource)?;
    if target.resource.is_core("secrets") {
        return Err(Refusal::forbidden("secrets is forbidden: a recording holds no secrets"));
    }
    let parameters = Parameters::of(request.uri())?;
    match (target.name.as_deref(), target.subresource.as_deref()) {
        (None, _) => {
            let shape = accept::shape(request.headers())?;
            if parameters.flag("watch") {
                watch::answer(&shared, &target, &parameters, shape)
            } else {
                list::answer(&shared, &look, &target, &parameters, shape)
            }
        }
        (Some(name), None | Some("status")) => {
            let shape = accept::shape(request.headers())?;
            let object = find(collection, look.now_ms, &target, name)?;
            Ok(json_response(StatusCode::OK, &one(&shared, collection, &object, &parameters, shape)))
        }
        (Some(name), Some("log")) if target.resource.is_core("pods") => {
            let pod = find(collection, look.now_ms, &target, name)?;
            logs::answer(&shared, &look, &pod, &parameters)
        }
        (Some(_), Some(_)) => {
            let read = look.timeline.subresource(&target, look.now_ms).ok_or_else(Refusal::no_resource)?;
            Ok(json_response(StatusCode::OK, read))
        }
    }
}

fn find(collection: &Collection, now_ms: u64, target: &Target, name: &str) -> Result<Arc<Object>, Refusal> {
    let key = (target.namespace.clone().unwrap_or_default(), name.to_owned());
    let mut snapshot = collection.at(now_ms);
    snapshot.objects.remove(&key).ok_or_else(|| Refusal::no_object(&target.resource, name))
}

fn one(shared: &Shared, collection: &Collection, object: &Object, parameters: &Parameters, shape: Shape) -> Value {
    let value = object.told(shared.clock.shift());
    match shape {
        Shape::Whole => value,
        Shape::Metadata => metadata_only(&value),
        Shape::Table(version) => {
            let metadata = serde_json::json!({"resourceVersion": value.pointer("/metadata/resourceVersion")});
            let include = parameters.text("includeObject");
            table::table(&collection.kind, version, &[value], include, &metadata, true)
        }
    }
}
