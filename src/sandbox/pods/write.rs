//! Creating and deleting pods.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::Response;
use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::life::{self, Birth};
use super::names;
use super::output::Written;
use super::script::Fate;
use crate::sandbox::collection::{Change, Object, What};
use crate::sandbox::path::{self, Target};
use crate::sandbox::shared::Shared;
use crate::sandbox::status::{Refusal, json_response};
use crate::sandbox::timeline::Timeline;

/// No pod is bigger.
const LONGEST_BODY: usize = 1024 * 1024;

/// Answers a POST or DELETE.
pub(in crate::sandbox) async fn answer(shared: &Shared, request: Request) -> Result<Response, Refusal> {
    let method = request.method().clone();
    let target = path::parse(request.uri().path()).filter(|target| target.resource.is_core("pods"));
    let target = target.ok_or_else(|| Refusal::read_only(&method))?;
    let body = to_bytes(request.into_body(), LONGEST_BODY).await;
    let body = body.map_err(|error| Refusal::bad_request(format!("the body cannot be read: {error}")))?;
    let body: Value = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&body).map_err(|error| Refusal::bad_request(format!("the body is no JSON: {error}")))?
    };
    match (method, target.name.as_deref(), target.subresource.as_deref()) {
        (Method::POST, None, None) => {
            let pod = shared
                .state
                .change(&shared.clock, |timeline, now_ms| create(shared, timeline, now_ms, &target, body))?;
            Ok(json_response(StatusCode::CREATED, &pod.told(shared.clock.shift())))
        }
        (Method::DELETE, Some(name), None) => {
            let pod = shared
                .state
                .change(&shared.clock, |timeline, now_ms| delete(shared, timeline, now_ms, &target, name, &body))?;
            Ok(json_response(StatusCode::OK, &pod.told(shared.clock.shift())))
        }
        (method, _, _) => Err(Refusal::read_only(&method)),
    }
}

fn create(
    shared: &Shared,
    timeline: &mut Timeline,
    now_ms: u64,
    target: &Target,
    mut pod: Value,
) -> Result<Arc<Object>, Refusal> {
    let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let namespace = target.namespace.clone().ok_or_else(|| Refusal::bad_request("the path names no namespace"))?;
    if !knows(timeline, &namespace) {
        return Err(Refusal::no_namespace(&namespace));
    }
    let name = text(&pod, "/metadata/name")
        .filter(|name| !name.is_empty())
        .or_else(|| Some(format!("{}{}", text(&pod, "/metadata/generateName")?, &uid()[..5])))
        .ok_or_else(|| Refusal::invalid("metadata.name: Required value: name or generateName is required"))?;
    if !names::is_subdomain(&name) {
        return Err(Refusal::invalid_name("metadata.name", &name, &name));
    }
    if text(&pod, "/metadata/namespace").is_some_and(|own| !own.is_empty() && own != namespace) {
        return Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    let containers = containers(&pod);
    if let Some((place, (wrong, _))) = containers.iter().enumerate().find(|(_, (own, _))| !names::is_label(own)) {
        return Err(Refusal::invalid_name(&format!("spec.containers[{place}].name"), &name, wrong));
    }
    let Some((_, image)) = containers.first() else {
        return Err(Refusal::invalid(format!("Pod \"{name}\" is invalid: spec.containers: Required value")));
    };
    let fate = shared.script.as_ref().map_or_else(|| Fate::Refused(String::new()), |script| script.fate_of(image));
    if let Fate::Refused(said) = &fate {
        return Err(Refusal::forbidden(format!("pods \"{name}\" is forbidden: {said}")));
    }
    let start = timeline.header.started_at;
    let Some(pods) = timeline.collections.get_mut(&target.resource) else { return Err(Refusal::no_resource()) };
    if pods.at(now_ms).objects.contains_key(&(namespace.clone(), name.clone())) {
        return Err(Refusal::exists("pods", &name));
    }
    let uid = uid();
    let birth = Birth {
        at: moment(start, now_ms),
        containers: &containers,
        deadline_ms: pod.pointer("/spec/activeDeadlineSeconds").and_then(Value::as_u64).map(|seconds| seconds * 1000),
        uid: &uid,
    };
    fill_in(&mut pod, &namespace, &name, &uid, &format!("{:.0}", birth.at))?;
    let mut changes: Vec<Change> = Vec::new();
    for stage in birth.stages(&fate) {
        let mut value = pod.clone();
        value["status"] = stage.status;
        if stage.on_node {
            value["spec"]["nodeName"] = life::node().into();
        }
        let object = Arc::new(Object { namespace: namespace.clone(), name: name.clone(), value });
        let before = changes.last().map(|change| Arc::clone(&change.object));
        let what = if before.is_none() { What::Added } else { What::Modified };
        changes.push(Change { at_ms: now_ms.saturating_add(stage.after_ms), version: 0, what, object, before });
    }
    pods.put(now_ms, changes);
    timeline.newest_version = timeline.newest_version.max(pods.version_at(pods.changes.len()));
    let created = pods.at(now_ms).objects.remove(&(namespace, name)).ok_or_else(|| Refusal::internal("no pod"))?;
    if let Fate::Runs(course) = &fate {
        let span = birth.span(course);
        let ends_ms = span.end_ms.map(|end| now_ms.saturating_add(end));
        let written = Arc::new(Written::new(now_ms.saturating_add(span.start_ms), ends_ms, &course.writes));
        for (container, _) in &containers {
            timeline.written.insert((uid.clone(), container.clone()), Arc::clone(&written));
        }
    }
    Ok(created)
}

fn delete(
    shared: &Shared,
    timeline: &mut Timeline,
    now_ms: u64,
    target: &Target,
    name: &str,
    options: &Value,
) -> Result<Arc<Object>, Refusal> {
    let start = timeline.header.started_at;
    let Some(pods) = timeline.collections.get_mut(&target.resource) else { return Err(Refusal::no_resource()) };
    let key = (target.namespace.clone().unwrap_or_default(), name.to_owned());
    let before = pods.at(now_ms).objects.remove(&key).ok_or_else(|| Refusal::no_object(&target.resource, name))?;
    if before.value.pointer("/metadata/annotations").and_then(|notes| notes.get(CREATED)).is_none() {
        return Err(Refusal::forbidden(format!("pods \"{name}\" is forbidden: it was recorded, and stays as it was")));
    }
    let uid = before.uid().to_owned();
    let wanted = options.pointer("/preconditions/uid").and_then(Value::as_str);
    if wanted.is_some_and(|wanted| wanted != uid) {
        return Err(Refusal::conflict(format!(
            "Precondition failed: UID in precondition: {}, UID in object meta: {uid}",
            wanted.unwrap_or_default()
        )));
    }
    if before.value.pointer("/metadata/deletionTimestamp").is_some() {
        return Ok(before);
    }
    let running = before.value.pointer("/status/containerStatuses/0/state/running").is_some();
    let stops_ms = match shared.script.as_ref().map(|script| script.fate_of(&image_of(&before.value))) {
        Some(Fate::Runs(course)) if running => course.stops_ms,
        _ => 0,
    };
    pods.call_off(now_ms, &uid);
    let mut value = before.value.clone();
    let gone_ms = now_ms.saturating_add(stops_ms);
    value["metadata"]["deletionTimestamp"] = format!("{:.0}", moment(start, gone_ms)).into();
    value["metadata"]["deletionGracePeriodSeconds"] = (stops_ms / 1000).into();
    let object = Arc::new(Object { namespace: key.0.clone(), name: key.1.clone(), value });
    let change = |at_ms, what, before: &Arc<Object>| Change {
        at_ms,
        version: 0,
        what,
        object: Arc::clone(&object),
        before: Some(Arc::clone(before)),
    };
    pods.put(now_ms, vec![change(now_ms, What::Modified, &before), change(gone_ms, What::Deleted, &object)]);
    timeline.newest_version = timeline.newest_version.max(pods.version_at(pods.changes.len()));
    for ((_, _), written) in timeline.written.iter_mut().filter(|((of, _), _)| *of == uid) {
        *written = Arc::new(written.ended(gone_ms));
    }
    Ok(object)
}

/// Marks what was created here. It is told too: nobody shall take the pod for a recorded one.
const CREATED: &str = "crashgate.sandbox/created";

/// What an API server adds to a pod.
fn fill_in(pod: &mut Value, namespace: &str, name: &str, uid: &str, created: &str) -> Result<(), Refusal> {
    let no_pod = || Refusal::bad_request("the object provided is no Pod");
    let fields = pod.as_object_mut().ok_or_else(no_pod)?;
    if fields.get("kind").is_some_and(|kind| kind != "Pod") {
        return Err(no_pod());
    }
    fields.insert("kind".to_owned(), "Pod".into());
    fields.insert("apiVersion".to_owned(), "v1".into());
    let metadata = fields.entry("metadata").or_insert_with(|| json!({}));
    metadata["name"] = name.into();
    metadata["namespace"] = namespace.into();
    metadata["uid"] = uid.into();
    metadata["generation"] = 1.into();
    metadata["creationTimestamp"] = created.into();
    metadata["annotations"][CREATED] = "true".into();
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.remove("resourceVersion");
    }
    let defaults = [
        ("restartPolicy", json!("Always")),
        ("terminationGracePeriodSeconds", json!(30)),
        ("dnsPolicy", json!("ClusterFirst")),
        ("serviceAccountName", json!("default")),
        ("schedulerName", json!("default-scheduler")),
        ("securityContext", json!({})),
    ];
    let spec = fields.get_mut("spec").and_then(Value::as_object_mut).ok_or_else(no_pod)?;
    for (key, value) in defaults {
        spec.entry(key).or_insert(value);
    }
    Ok(())
}

fn knows(timeline: &Timeline, namespace: &str) -> bool {
    let namespaces = timeline.collections.iter().find(|(resource, _)| resource.is_core("namespaces"));
    namespaces.is_some_and(|(_, namespaces)| namespaces.initial.contains_key(&(String::new(), namespace.to_owned())))
}

fn containers(pod: &Value) -> Vec<(String, String)> {
    let containers = pod.pointer("/spec/containers").and_then(Value::as_array).into_iter().flatten();
    let text = |container: &Value, key: &str| Some(container.get(key)?.as_str()?.to_owned());
    containers.filter_map(|container| Some((text(container, "name")?, text(container, "image")?))).collect()
}

fn image_of(pod: &Value) -> String {
    containers(pod).into_iter().next().map(|(_, image)| image).unwrap_or_default()
}

fn moment(start: Timestamp, at_ms: u64) -> Timestamp {
    start.checked_add(SignedDuration::from_millis(i64::try_from(at_ms).unwrap_or(i64::MAX))).unwrap_or(start)
}

/// A UID that no other object has.
fn uid() -> String {
    let (high, low) = (RandomState::new().hash_one(0), RandomState::new().hash_one(1));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}
