//! What the caller may do: the two reviews that clients ask for, the only requests with a body.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::Response;
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::protobuf;
use super::shared::Shared;
use super::status::{Refusal, json_response};

/// A review is some hundred bytes.
const LONGEST_BODY: usize = 64 * 1024;

const ACCESS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
const RULES: &str = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
const READS: [&str; 3] = ["get", "list", "watch"];

/// True for the path of a review.
pub(super) fn is_review(path: &str) -> bool {
    path == ACCESS || path == RULES
}

/// Answers a review: everything but secrets may be read, and nothing written but pods that a script gives a life.
pub(super) async fn answer(shared: &Shared, request: Request) -> Result<Response, Refusal> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let content_type = content_type.unwrap_or("application/json");
    let is_protobuf = content_type.starts_with("application/vnd.kubernetes.protobuf");
    if !is_protobuf && !content_type.starts_with("application/json") {
        return Err(Refusal::not_json());
    }
    let is_access = request.uri().path() == ACCESS;
    let body = to_bytes(request.into_body(), LONGEST_BODY)
        .await
        .map_err(|error| Refusal::bad_request(format!("the body cannot be read: {error}")))?;
    let review = if is_protobuf {
        protobuf::review(&body, is_access).ok_or_else(|| "the body is not an access review".to_owned())
    } else {
        serde_json::from_slice(&body).map_err(|error| format!("the body is no JSON: {error}"))
    };
    let mut review: Value = review.map_err(Refusal::bad_request)?;
    let status = if is_access { access(shared, review.get("spec")) } else { rules(shared) };
    let Some(fields) = review.as_object_mut() else {
        return Err(Refusal::bad_request("the body is not an access review"));
    };
    fields.insert("status".to_owned(), status);
    Ok(json_response(StatusCode::CREATED, &review))
}

fn access(shared: &Shared, spec: Option<&Value>) -> Value {
    let text = |pointer: &str| spec.and_then(|spec| spec.pointer(pointer)?.as_str()).unwrap_or_default();
    let verb = text("/resourceAttributes/verb");
    let allowed = if spec.is_some_and(|spec| spec.get("nonResourceAttributes").is_some()) {
        text("/nonResourceAttributes/verb") == "get"
    } else {
        let reads = READS.contains(&verb) && text("/resourceAttributes/resource") != "secrets";
        let reviews = verb == "create" && text("/resourceAttributes/group") == "authorization.k8s.io";
        let is_pod =
            text("/resourceAttributes/resource") == "pods" && text("/resourceAttributes/subresource").is_empty();
        let pods = shared.script.is_some() && is_pod && matches!(verb, "create" | "delete");
        reads || reviews || pods
    };
    if allowed { json!({"allowed": true}) } else { json!({"allowed": false, "reason": "the sandbox is read-only"}) }
}

fn rules(shared: &Shared) -> Value {
    let mut rules = Vec::new();
    for collection in shared.timeline().collections.values() {
        let resource = &collection.kind.resource;
        if !resource.is_core("secrets") {
            rules.push(json!({"verbs": READS, "apiGroups": [resource.group], "resources": [resource.plural]}));
        }
    }
    rules.push(json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods/log"]}));
    if shared.script.is_some() {
        rules.push(json!({"verbs": ["create", "delete"], "apiGroups": [""], "resources": ["pods"]}));
    }
    rules.push(json!({
        "verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    }));
    json!({
        "resourceRules": rules,
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["*"]}],
        "incomplete": false,
    })
}
