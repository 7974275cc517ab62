//! The events of a feed: a line for people, or a line of JSON.

use jiff::Timestamp;
use serde::Serialize;

use super::layout::{Tone, painted};
use super::{progress, quote};
use crate::cluster::api::Target;
use crate::feed::event::{Change, ContainerRef, End, FeedEvent, PodRef};
use crate::feed::owner::Owner;
use crate::gate::model::Phase;
use crate::gate::result::Code;
use crate::text::inert;

/// How events are shown to people.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// The namespace stands before each pod.
    pub namespaces: bool,
    /// Colour is wanted.
    pub colour: bool,
}

/// The event as a line for people, with its newline: `03:10:13Z payments-5949ff565-fnj7t: Pending → Running on node1`.
#[must_use]
pub fn line(at: Timestamp, event: &FeedEvent, look: Look) -> String {
    let mut pod = quote::name(&event.pod.name);
    if look.namespaces {
        pod = format!("{}/{pod}", quote::name(&event.pod.namespace));
    }
    let words = words(event);
    let words = match &event.change {
        Change::CrashLoop { .. } => {
            let (front, rest) = words.split_at("CRASH LOOP".len());
            format!("{}{rest}", painted(front, Tone::Bad, look.colour))
        }
        _ => words,
    };
    format!("{} {pod}: {words}\n", at.strftime("%H:%M:%SZ"))
}

/// Which cluster is asked.
#[must_use]
pub fn target(target: &Target) -> String {
    progress::target_line(target)
}

/// What happened, in words.
fn words(event: &FeedEvent) -> String {
    match &event.change {
        Change::Created => format!("created by {}", owner(event.pod.owner.as_ref())),
        Change::Phase { from, to, reason, message } => {
            let name =
                |phase: &Option<_>| phase.map_or_else(|| "no phase".to_owned(), |phase: Phase| phase.to_string());
            let node = event.pod.node.as_deref().filter(|_| *to == Some(Phase::Running));
            let node = node.map_or_else(String::new, |node| format!(" on {}", quote::name(node)));
            let why = [reason, message].into_iter().flatten().map(|text| format!(": {}", quote::line(text)));
            format!("{} → {}{node}{}", name(from), name(to), why.collect::<String>())
        }
        Change::Ready => "ready".to_owned(),
        Change::NotReady { reason } => match reason {
            // The usual one says no more than the word before it.
            Some(reason) if reason != "ContainersNotReady" => format!("not ready any more: {}", quote::line(reason)),
            _ => "not ready any more".to_owned(),
        },
        Change::Waiting { container, reason, message } => {
            let who =
                container.as_ref().map_or_else(String::new, |container| format!("{} ", self::container(container)));
            let message = message.as_ref().map_or_else(String::new, |text| format!(": {}", quote::line(text)));
            format!("{who}waits: {}{message}", quote::line(reason))
        }
        Change::Ended { container, end } => format!("{} ended with {}", self::container(container), ended(end)),
        Change::Restarted { container, restarts } => {
            format!(
                "{} restarted, {} so far",
                self::container(container),
                super::words::count(*restarts as usize, "restart")
            )
        }
        Change::CrashLoop { container, code, end, crashes, restarts, .. } => {
            let code = if *code == Code::CrashLoop { String::new() } else { format!(" ({code})") };
            let phase = event.pod.phase.map_or_else(String::new, |phase| format!(", phase {phase}"));
            let how = end.as_ref().map_or_else(String::new, |end| format!("{}; ", ended(end)));
            format!(
                "CRASH LOOP{code}: {}, namespace {}{phase}: {how}{}, {}",
                self::container(container),
                quote::name(&event.pod.namespace),
                if *crashes == 1 { "1 crash".to_owned() } else { format!("{crashes} crashes") },
                super::words::count(*restarts as usize, "restart"),
            )
        }
        Change::Terminating { why } => match why {
            Some(why) => format!("terminating: {}", quote::line(why)),
            None => "terminating".to_owned(),
        },
        Change::Deleted => "deleted".to_owned(),
    }
}

/// The owner as it is said: `Deployment payments`.
#[must_use]
pub fn owner(owner: Option<&Owner>) -> String {
    owner.map_or_else(
        || "nobody".to_owned(),
        |owner| format!("{} {}", quote::name(&owner.kind), quote::name(&owner.name)),
    )
}

fn container(container: &ContainerRef) -> String {
    format!("{} {}", container.role.words(), quote::name(&container.name))
}

fn ended(end: &End) -> String {
    let after = end.ran_seconds.map_or_else(String::new, |seconds| format!(", {seconds} s after its start"));
    format!("{}{after}", quote::line(&end.words))
}

/// The event as one line of JSON, with its newline.
#[must_use]
pub fn json(at: Timestamp, event: &FeedEvent) -> String {
    let mut text = serde_json::to_string(&JsonEvent::of(at, event)).unwrap_or_default();
    text.push('\n');
    text
}

/// Which pod, in JSON: the same in feeds, registers and tables.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JsonPodRef {
    namespace: String,
    pod: String,
    uid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<JsonOwner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<String>,
}

impl JsonPodRef {
    pub(super) fn of(pod: &PodRef) -> Self {
        let PodRef { namespace, name, uid, owner, node, phase } = pod;
        Self {
            namespace: shown(namespace),
            pod: shown(name),
            uid: shown(uid),
            owner: owner.as_ref().map(JsonOwner::of),
            node: node.as_deref().map(shown),
            phase: phase.map(|phase| phase.to_string()),
        }
    }
}

/// An event in JSON. Fields are added, never changed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonEvent {
    at: String,
    event: &'static str,
    #[serde(flatten)]
    pod: JsonPodRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_phase: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ran_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crashes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restarts: Option<u32>,
    message: String,
}

/// An owner in JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonOwner {
    kind: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    replica_set: Option<String>,
}

impl JsonOwner {
    fn of(owner: &Owner) -> Self {
        Self {
            kind: shown(&owner.kind),
            name: shown(&owner.name),
            replica_set: owner.replica_set.as_deref().map(shown),
        }
    }
}

/// What a machine reads may be printed by it.
pub(super) fn shown(text: &str) -> String {
    inert::visible(text).into_owned()
}

fn said(text: &str) -> String {
    shown(&quote::masked(text))
}

impl JsonEvent {
    fn of(at: Timestamp, event: &FeedEvent) -> Self {
        let FeedEvent { pod, change } = event;
        let container = change.container();
        let mut json = Self {
            at: format!("{at:.3}"),
            event: change.name(),
            pod: JsonPodRef::of(pod),
            previous_phase: None,
            container: container.map(|container| shown(&container.name)),
            role: container.map(|container| container.role.name()),
            code: None,
            sign: None,
            reason: None,
            exit_code: None,
            ran_seconds: None,
            crashes: None,
            restarts: None,
            message: words(event),
        };
        match change {
            Change::Phase { from, to, reason, .. } => {
                json.previous_phase = from.map(|phase| phase.to_string());
                json.pod.phase = to.map(|phase| phase.to_string());
                json.reason = reason.as_deref().map(said);
            }
            Change::NotReady { reason } => json.reason = reason.as_deref().map(said),
            Change::Waiting { reason, .. } => json.reason = Some(said(reason)),
            Change::Ended { end, .. } => json.end(end),
            Change::Restarted { restarts, .. } => json.restarts = Some(*restarts),
            Change::CrashLoop { code, sign, end, crashes, restarts, .. } => {
                (json.code, json.sign) = (Some(code.name()), Some(sign.name()));
                (json.crashes, json.restarts) = (Some(*crashes), Some(*restarts));
                if let Some(end) = end {
                    json.end(end);
                }
            }
            Change::Terminating { why } => json.reason = why.as_deref().map(said),
            Change::Created | Change::Ready | Change::Deleted => {}
        }
        json
    }

    fn end(&mut self, end: &End) {
        self.exit_code = Some(end.exit_code);
        self.ran_seconds = end.ran_seconds;
        self.reason = end.reason.as_deref().map(said);
    }
}
