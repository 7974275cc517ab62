//! The recorded answers of the log endpoint, and which of them belongs to a moment.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::collection::{Change, Key, Object, What};
use crate::recording::line::LogEntry;

/// How long after a moment an answer may come and still belong to it, in milliseconds: the recorder asks 0.3 s after a
/// change and again 3 s later, and a busy kubelet takes some time.
const SHORTLY_MS: u64 = 4_000;

/// A container as the kubelet sees it at one moment. Logs belong to an instance, and what the log endpoint says of it
/// changes with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    /// The pod's UID: a name can be used again.
    pub uid: String,
    /// Which start of the container it is.
    pub restarts: u32,
    /// What it does.
    pub state: State,
}

/// What a container does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing is known yet.
    Unknown,
    /// It waits to be started.
    Waiting,
    /// It runs.
    Running,
    /// It has ended.
    Terminated,
}

/// One answer.
#[derive(Debug)]
pub(super) struct LogAnswer {
    /// When it came, in milliseconds since the recording began.
    pub at_ms: u64,
    /// Whether the log of the instance before was asked for.
    pub previous: bool,
    /// The HTTP status.
    pub status: u16,
    /// The answer's bytes.
    pub body: Bytes,
    /// The container when it came; `None` where the pod was gone.
    pub instance: Option<Instance>,
}

/// Every answer, by pod and container, in the order they came.
#[derive(Debug, Default)]
pub(super) struct LogHistory(HashMap<(String, String), Vec<LogAnswer>>);

impl LogHistory {
    /// Joins the answers with what the pods (at the start, and their changes) were at that time.
    pub fn new(logs: Vec<(u64, LogEntry)>, initial: &BTreeMap<Key, Arc<Object>>, changes: &[Change]) -> Self {
        let mut history = Self::default();
        // A log line names no namespace, so neither does this map.
        let mut current: HashMap<String, Arc<Object>> =
            initial.values().map(|pod| (pod.name.clone(), Arc::clone(pod))).collect();
        let mut changes = changes.iter();
        let mut next = changes.next();
        for (at_ms, entry) in logs {
            while let Some(change) = next.filter(|change| change.at_ms <= at_ms) {
                match change.what {
                    What::Deleted => current.remove(&change.object.name),
                    What::Added | What::Modified => {
                        current.insert(change.object.name.clone(), Arc::clone(&change.object))
                    }
                };
                next = changes.next();
            }
            let instance = current
                .get(&entry.pod)
                .map(|pod| Instance { restarts: entry.restart_count, ..instance(&pod.value, &entry.container) });
            let body = bytes_of(&entry);
            history.0.entry((entry.pod, entry.container)).or_default().push(LogAnswer {
                at_ms,
                previous: entry.previous,
                status: entry.status,
                body,
                instance,
            });
        }
        history
    }

    /// The answers about a container.
    pub fn of(&self, pod: &str, container: &str) -> &[LogAnswer] {
        self.0.get(&(pod.to_owned(), container.to_owned())).map_or(&[], Vec::as_slice)
    }
}

fn bytes_of(entry: &LogEntry) -> Bytes {
    // The API's own bytes type knows how to read base64.
    let decoded = entry
        .body_base64
        .as_ref()
        .and_then(|text| serde_json::from_value::<k8s_openapi::ByteString>(Value::String(text.clone())).ok());
    decoded.map_or_else(|| Bytes::from(entry.body.clone()), |bytes| Bytes::from(bytes.0))
}

/// The container's status in a pod, of whichever role it is.
pub(super) fn container_status<'a>(pod: &'a Value, container: &str) -> Option<&'a Value> {
    ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"]
        .into_iter()
        .filter_map(|list| pod.get("status")?.get(list)?.as_array())
        .flatten()
        .find(|status| status.get("name").and_then(Value::as_str) == Some(container))
}

/// The container's present instance.
pub(super) fn instance(pod: &Value, container: &str) -> Instance {
    let status = container_status(pod, container);
    let has = |state: &str| status.and_then(|status| status.get("state")?.get(state)).is_some();
    let state = if has("running") {
        State::Running
    } else if has("terminated") {
        State::Terminated
    } else if has("waiting") {
        State::Waiting
    } else {
        State::Unknown
    };
    let restarts = status.and_then(|status| status.get("restartCount")?.as_u64()).unwrap_or(0);
    Instance {
        uid: pod.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default().to_owned(),
        restarts: u32::try_from(restarts).unwrap_or(u32::MAX),
        state,
    }
}

/// The answer that a kubelet would give at `at_ms` for a container that is as `now` says: one of the same instance in
/// the same state, from shortly after or else the last before; failing that one of the same instance in another state.
/// `None` where nothing that was recorded fits.
pub(super) fn choose<'a>(
    answers: &'a [LogAnswer],
    now: &Instance,
    at_ms: u64,
    previous: bool,
) -> Option<&'a LogAnswer> {
    let fits = |answer: &&LogAnswer| {
        answer.previous == previous
            && answer.instance.as_ref().is_some_and(|then| then.uid == now.uid && then.restarts == now.restarts)
    };
    let in_same_state =
        |answer: &&LogAnswer| fits(answer) && answer.instance.as_ref().is_some_and(|then| then.state == now.state);
    // In another state only a log itself says anything about now; why one could not be had was that state's reason.
    let is_log = |answer: &&LogAnswer| fits(answer) && answer.status == 200;
    let never_started = now.restarts == 0 && matches!(now.state, State::Waiting | State::Unknown);
    near(answers, at_ms, in_same_state)
        .or_else(|| if never_started { None } else { near(answers, at_ms, is_log) })
        .or_else(|| {
            // The log of the instance before is the one that was current then.
            let before = now.restarts.checked_sub(1).filter(|_| previous)?;
            answers.iter().rev().find(|answer| {
                !answer.previous
                    && answer.status == 200
                    && answer.instance.as_ref().is_some_and(|then| then.uid == now.uid && then.restarts == before)
            })
        })
}

fn near(answers: &[LogAnswer], at_ms: u64, fits: impl Fn(&&LogAnswer) -> bool) -> Option<&LogAnswer> {
    let (before, after) = answers.split_at(answers.partition_point(|answer| answer.at_ms < at_ms));
    let soon = after.iter().take_while(|answer| answer.at_ms <= at_ms.saturating_add(SHORTLY_MS)).find(&fits);
    soon.or_else(|| before.iter().rev().find(&fits))
}

#[cfg(test)]
mod tests {
    use super::{Instance, LogAnswer, State, choose};

    fn instance(restarts: u32, state: State) -> Instance {
        Instance { uid: "u".to_owned(), restarts, state }
    }

    fn answer(at_ms: u64, previous: bool, status: u16, body: &'static str, then: Instance) -> LogAnswer {
        LogAnswer { at_ms, previous, status, body: body.into(), instance: Some(then) }
    }

    #[test]
    fn the_answer_of_the_same_instance_in_the_same_state_is_taken() {
        let answers = [
            answer(1_000, false, 400, "waiting", instance(0, State::Waiting)),
            answer(4_000, false, 200, "one", instance(0, State::Running)),
            answer(5_000, false, 200, "one crashed", instance(0, State::Terminated)),
            answer(6_000, true, 200, "one crashed", instance(1, State::Running)),
            answer(6_000, false, 200, "two", instance(1, State::Running)),
            answer(8_000, true, 200, "unable", instance(1, State::Terminated)),
        ];
        let told = |at_ms: u64, now: Instance, previous: bool| {
            choose(&answers, &now, at_ms, previous).map_or("", |answer| std::str::from_utf8(&answer.body).unwrap())
        };
        assert_eq!(told(500, instance(0, State::Waiting), false), "waiting", "shortly after");
        assert_eq!(told(2_000, instance(0, State::Waiting), false), "waiting", "not the next state's");
        assert_eq!(told(2_500, instance(0, State::Running), false), "one");
        assert_eq!(told(4_800, instance(0, State::Terminated), false), "one crashed");
        assert_eq!(told(5_500, instance(1, State::Running), true), "one crashed");
        assert_eq!(told(7_000, instance(1, State::Running), true), "one crashed", "the last before");
        assert_eq!(told(7_600, instance(1, State::Terminated), true), "unable");
        assert_eq!(told(9_000, instance(1, State::Waiting), false), "two", "another state of the same instance");
        assert_eq!(told(9_000, instance(2, State::Running), true), "two", "what was current before");
        assert_eq!(told(0, instance(0, State::Unknown), false), "");
    }
}
