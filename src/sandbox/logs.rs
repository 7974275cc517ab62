//! Pod logs: which recorded answer a kubelet would give now, and the parts of it that are asked for.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::follow::Follow;
use super::log_history::{self, Instance, LogAnswer, State, choose};
use super::pods;
use super::query::Parameters;
use super::server::Shared;
use super::state::Look;
use super::status::{Refusal, typed_response};
use super::timeline::Object;

const TEXT: &str = "text/plain";

/// What is asked of a log.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    /// Only so many of the last lines.
    pub tail: Option<usize>,
    /// Only so many bytes.
    pub limit: Option<usize>,
    /// Each line with its time in front.
    pub timestamps: bool,
    /// Only lines that are not older.
    pub since: Option<Since>,
}

/// From when on lines are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Since {
    /// So long before now.
    Ago(Duration),
    /// A time, in playback's time.
    Time(Timestamp),
}

/// Answers a request for the log of a container.
pub(super) fn answer(
    shared: &Arc<Shared>,
    look: &Look,
    pod: &Object,
    parameters: &Parameters,
) -> Result<Response, Refusal> {
    let container = container(pod, parameters.text("container"))?;
    let ask = ask(parameters)?;
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

fn ask(parameters: &Parameters) -> Result<Ask, Refusal> {
    let size = |name: &str| -> Result<Option<usize>, Refusal> {
        Ok(parameters.number(name)?.map(|number| usize::try_from(number).unwrap_or(usize::MAX)))
    };
    let since_time = parameters.text("sinceTime").map(|text| {
        text.parse()
            .map(Since::Time)
            .map_err(|_| Refusal::bad_request(format!("sinceTime: `{text}` is no RFC 3339 time")))
    });
    let since = parameters.seconds("sinceSeconds")?.map(Since::Ago);
    Ok(Ask {
        // kubectl's -1 for "all" never arrives: it leaves the parameter out.
        tail: size("tailLines")?,
        limit: size("limitBytes")?,
        timestamps: parameters.flag("timestamps"),
        since: since.or(since_time.transpose()?),
    })
}

impl Ask {
    /// The part of a log that is asked for.
    pub fn of(&self, log: &Bytes, started: Option<Timestamp>, by: SignedDuration) -> Bytes {
        if self.tail.is_none() && self.limit.is_none() && !self.timestamps && self.since.is_none() {
            return log.clone();
        }
        let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
        let from = match self.since {
            None => None,
            Some(Since::Time(time)) => Some(time),
            Some(Since::Ago(ago)) => Timestamp::now().checked_sub(ago).ok(),
        };
        let mut time = started;
        let mut taken: Vec<(Option<Timestamp>, &[u8])> = Vec::with_capacity(lines.len());
        for line in lines {
            time = leading_time(line).or(time);
            let told = time.and_then(|time| time.checked_add(by).ok());
            // What has no time may be new.
            if from.is_none_or(|from| told.is_none_or(|told| told >= from)) {
                taken.push((told, line));
            }
        }
        let skipped = self.tail.map_or(0, |tail| taken.len().saturating_sub(tail));
        let mut text = Vec::new();
        for (told, line) in &taken[skipped..] {
            if let (true, Some(told)) = (self.timestamps, told) {
                text.extend_from_slice(format!("{told:.9} ").as_bytes());
            }
            text.extend_from_slice(line);
        }
        text.truncate(self.limit.unwrap_or(usize::MAX));
        text.into()
    }
}

/// The runtime's time of a line was not recorded. Many programs write their own in front, which is near it.
fn leading_time(line: &[u8]) -> Option<Timestamp> {
    let word = line.split(u8::is_ascii_whitespace).next()?;
    std::str::from_utf8(word).ok().filter(|word| word.len() >= 20)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::SignedDuration;

    use super::Ask;

    const LOG: &str = "2026-11-21T03:09:58Z one\ntwo\n2026-11-21T03:10:00Z three\n";

    fn part(ask: &Ask) -> String {
        let by = SignedDuration::from_secs(10);
        String::from_utf8(ask.of(&Bytes::from(LOG), None, by).to_vec()).unwrap()
    }

    #[test]
    fn the_last_lines_and_the_first_bytes_are_taken() {
        assert_eq!(part(&Ask::default()), LOG);
        assert_eq!(part(&Ask { tail: Some(1), ..Ask::default() }), "2026-11-21T03:10:00Z three\n");
        assert_eq!(part(&Ask { tail: Some(2), limit: Some(3), ..Ask::default() }), "two");
        assert_eq!(part(&Ask { tail: Some(0), ..Ask::default() }), "");
    }

    #[test]
    fn a_line_without_a_time_has_that_of_the_line_before() {
        let told = part(&Ask { timestamps: true, tail: Some(2), ..Ask::default() });
        assert_eq!(
            told,
            "2026-11-21T03:10:08.000000000Z two\n2026-11-21T03:10:10.000000000Z 2026-11-21T03:10:00Z three\n"
        );
    }
}
