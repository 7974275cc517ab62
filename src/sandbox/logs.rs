//! Pod logs: which recorded answer a kubelet would give now, and the parts of it that are asked for.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use super::collection::Object;
use super::follow::Follow;
use super::log_history::{self, Instance, LogAnswer, State, choose};
use super::log_options::LogOptions;
use super::pods;
use super::query::Parameters;
use super::shared::Shared;
use super::state::Look;
use super::status::{Refusal, typed_response};

const TEXT: &str = "text/plain";

/// Answers a request for the log of a container.
pub(super) fn answer(
    shared: &Arc<Shared>,
    look: &Look,
    pod: &Object,
    parameters: &Parameters,
) -> Result<Response, Refusal> {
    let container = container(pod, parameters.text("container"))?;
    let ask = LogOptions::read(parameters)?;
    let previous = parameters.flag("previous");
    let at_ms = look.now_ms;
    let instance = log_history::instance(&pod.value, &container);
    if let Some(written) = look.timeline.written.get(&(instance.uid.clone(), container.clone())) {
        if matches!(instance.state, State::Waiting | State::Unknown) {
            unrecorded(pod, &container, &instance, previous)?;
        }
        let written = Arc::clone(written);
        return Ok(typed_response(
            StatusCode::OK,
            TEXT,
            pods::log(shared, pod, &container, &written, &ask, parameters.flag("follow")),
        ));
    }
    let answers = look.timeline.logs.of(&pod.name, &container);
    let bytes = match choose(answers, &instance, at_ms, previous) {
        Some(found) if found.status != 200 => return Ok(replayed(found)),
        Some(found) => found.body.clone(),
        None => unrecorded(pod, &container, &instance, previous)?,
    };
    let started = started_at(&pod.value, &container, previous);
    let text = ask.of(&bytes, started, shared.clock.shift());
    // A finished log has nothing to follow.
    if parameters.flag("follow") && !previous && instance.state == State::Running {
        let follow = Follow::new(Arc::clone(shared), pod, container, instance, bytes, text, &ask, started);
        return Ok(typed_response(StatusCode::OK, TEXT, Body::from_stream(follow.stream())));
    }
    Ok(typed_response(StatusCode::OK, TEXT, text))
}

fn replayed(answer: &LogAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    typed_response(status, "application/json", answer.body.clone())
}

/// The container that is meant, which must be named where there are several.
fn container(pod: &Object, named: Option<&str>) -> Result<String, Refusal> {
    let listed = |list: &str| -> Vec<&str> {
        let containers = pod.value.get("spec").and_then(|spec| spec.get(list)?.as_array());
        containers.into_iter().flatten().filter_map(|container| container.get("name")?.as_str()).collect()
    };
    let (app, init, ephemeral) = (listed("containers"), listed("initContainers"), listed("ephemeralContainers"));
    match named {
        Some(named) if app.iter().chain(&init).chain(&ephemeral).any(|name| *name == named) => Ok(named.to_owned()),
        Some(named) => Err(Refusal::bad_request(format!("container {named} is not valid for pod {}", pod.name))),
        None => match app.as_slice() {
            [only] => Ok((*only).to_owned()),
            [] => Err(Refusal::bad_request(format!("a container name must be specified for pod {}", pod.name))),
            several => {
                let mut message = format!(
                    "a container name must be specified for pod {}, choose one of: [{}]",
                    pod.name,
                    several.join(" ")
                );
                if !init.is_empty() {
                    message = format!("{message} or one of the init containers: [{}]", init.join(" "));
                }
                Err(Refusal::bad_request(message))
            }
        },
    }
}

/// What a kubelet says where nothing was recorded.
fn unrecorded(pod: &Object, container: &str, instance: &Instance, previous: bool) -> Result<Bytes, Refusal> {
    let name = &pod.name;
    if previous && instance.restarts == 0 {
        let message = format!("previous terminated container \"{container}\" in pod \"{name}\" not found");
        return Err(Refusal::bad_request(message));
    }
    let is_on_node = pod.value.pointer("/spec/nodeName").is_some();
    let never_started = match instance.state {
        State::Waiting => instance.restarts == 0,
        // The kubelet has the pod but has not said anything of it. Before that, the log is simply empty.
        State::Unknown => is_on_node,
        State::Running | State::Terminated => false,
    };
    if never_started {
        let status = log_history::container_status(&pod.value, container);
        let reason = status.and_then(|status| status.pointer("/state/waiting/reason")?.as_str());
        let reason = reason.unwrap_or("ContainerCreating");
        let message = format!("container \"{container}\" in pod \"{name}\" is waiting to start: {reason}");
        return Err(Refusal::bad_request(message));
    }
    Ok(Bytes::new())
}

/// When the instance whose log is asked for was started, in the recording's time.
fn started_at(pod: &Value, container: &str, previous: bool) -> Option<Timestamp> {
    let status = log_history::container_status(pod, container)?;
    let places: &[&str] = if previous {
        &["/lastState/terminated/startedAt"]
    } else {
        &["/state/running/startedAt", "/state/terminated/startedAt", "/lastState/terminated/startedAt"]
    };
    places.iter().find_map(|place| status.pointer(place)?.as_str()?.parse().ok())
}
