//! The events of a feed: a line for people, or a line of JSON.

use jiff::Timestamp;
use serde::Serialize;

use super::layout::{Tone, painted};
use super::model::Target;
use super::{progress, words};
use crate::cluster::api;
use crate::feed::event::{Change, ContainerRef, End, FeedEvent, PodRef};
use crate::feed::owner::Owner;
use crate::gate::model::Phase;
use crate::gate::result::Code;
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// How events are shown to people.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// The namespace stands before each pod.
    pub namespaces: bool,
    /// Colour is wanted.
    pub colour: bool,
    /// Whether secrets are masked.
    pub redaction: Redaction,
}

/// The event as a line for people, with its newline: `03:10:13Z payments-5949ff565-fnj7t: Pending → Running on node1`.
#[must_use]
pub fn line(at: Timestamp, event: &FeedEvent, look: Look) -> SafeText {
    let mut pod = name(&event.pod.name);
    if look.namespaces {
        pod = safe!("{}/{}", name(&event.pod.namespace), pod);
    }
    safe!("{} {}: {}\n", words::clock(at), pod, happened(event, look))
}

fn name(name: &str) -> SafeText {
    Untrusted::name(name).line()
}

/// Which cluster is asked.
#[must_use]
pub fn target(target: &api::Target, redaction: Redaction) -> SafeText {
    progress::target_line(&Target::of(target, redaction))
}

/// What happened, in words.
fn happened(event: &FeedEvent, look: Look) -> SafeText {
    let said = |text: &str| look.redaction.text(text).line();
    match &event.change {
        Change::Created => safe!("created by {}", owner(event.pod.owner.as_ref())),
        Change::Phase { from, to, reason, message } => {
            let called = |phase: &Option<Phase>| phase.map_or_else(|| "no phase".into(), |phase| safe!("{}", phase));
            let node = event.pod.node.as_deref().filter(|_| *to == Some(Phase::Running));
            let node = node.map(|node| safe!(" on {}", name(node))).unwrap_or_default();
            let why: SafeText = [reason, message].into_iter().flatten().map(|text| safe!(": {}", said(text))).collect();
            safe!("{} → {}{}{}", called(from), called(to), node, why)
        }
        Change::Ready => "ready".into(),
        Change::NotReady { reason } => match reason {
            // The usual one says no more than the word before it.
            Some(reason) if reason != "ContainersNotReady" => safe!("not ready any more: {}", said(reason)),
            _ => "not ready any more".into(),
        },
        Change::Waiting { container, reason, message } => {
            let who = container.as_ref().map(|container| safe!("{} ", self::container(container))).unwrap_or_default();
            let message = message.as_ref().map(|text| safe!(": {}", said(text))).unwrap_or_default();
            safe!("{}waits: {}{}", who, said(reason), message)
        }
        Change::Ended { container, end } => {
            safe!("{} ended with {}", self::container(container), ended(end, look.redaction))
        }
        Change::Restarted { container, restarts } => {
            let restarts = words::count(*restarts as usize, "restart");
            safe!("{} restarted, {} so far", self::container(container), restarts)
        }
        Change::Updated { container, revision, restarts } => {
            let restarts = words::count(*restarts as usize, "restart");
            safe!("{} updated in place to {}, {} so far", self::container(container), name(revision), restarts)
        }
        Change::CrashLoop { container, code, end, crashes, restarts, .. } => {
            let code = if *code == Code::CrashLoop { SafeText::EMPTY } else { safe!(" ({})", code) };
            let phase = event.pod.phase.map(|phase| safe!(", phase {}", phase)).unwrap_or_default();
            let how = end.as_ref().map(|end| safe!("{}; ", ended(end, look.redaction))).unwrap_or_default();
            safe!(
                "{}{}: {}, namespace {}{}: {}{}, {}",
                painted("CRASH LOOP", Tone::Bad, look.colour),
                code,
                self::container(container),
                name(&event.pod.namespace),
                phase,
                how,
                progress::crash_count(*crashes),
                words::count(*restarts as usize, "restart"),
            )
        }
        Change::Terminating { why } => match why {
            Some(why) => safe!("terminating: {}", said(why)),
            None => "terminating".into(),
        },
        Change::Deleted => "deleted".into(),
    }
}

/// The owner as it is said: `Deployment payments`.
#[must_use]
pub fn owner(owner: Option<&Owner>) -> SafeText {
    owner.map_or_else(|| "nobody".into(), |owner| safe!("{} {}", name(&owner.kind), name(&owner.name)))
}

fn container(container: &ContainerRef) -> SafeText {
    safe!("{} {}", container.role.words(), name(&container.name))
}

fn ended(end: &End, redaction: Redaction) -> SafeText {
    let after = end.ran_seconds.map(|seconds| safe!(", {} s after its start", seconds)).unwrap_or_default();
    safe!("{}{}", redaction.text(&end.words).line(), after)
}

/// The event as one line of JSON, with its newline.
#[must_use]
pub fn json(at: Timestamp, event: &FeedEvent, redaction: Redaction) -> SafeText {
    SafeText::json(&JsonEvent::of(at, event, redaction), false)
}

/// Which pod, in JSON: the same in feeds, registers and tables.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JsonPodRef {
    namespace: SafeText,
    pod: SafeText,
    uid: SafeText,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<JsonOwner>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<SafeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phase: Option<SafeText>,
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
            phase: phase.map(|phase| safe!("{}", phase)),
        }
    }
}

/// An event in JSON. Fields are added, never changed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonEvent {
    at: SafeText,
    event: &'static str,
    #[serde(flatten)]
    pod: JsonPodRef,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_phase: Option<SafeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<SafeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<SafeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ran_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    crashes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restarts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<SafeText>,
    message: SafeText,
}

/// An owner in JSON.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonOwner {
    kind: SafeText,
    name: SafeText,
    #[serde(skip_serializing_if = "Option::is_none")]
    replica_set: Option<SafeText>,
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
pub(super) fn shown(name: &str) -> SafeText {
    Untrusted::name(name).visible()
}

impl JsonEvent {
    fn of(at: Timestamp, event: &FeedEvent, redaction: Redaction) -> Self {
        let said = |text: &str| redaction.text(text).visible();
        let FeedEvent { pod, change } = event;
        let container = change.container();
        let mut json = Self {
            at: words::exact(at),
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
            revision: None,
            message: happened(event, Look { namespaces: false, colour: false, redaction }),
        };
        match change {
            Change::Phase { from, to, reason, .. } => {
                json.previous_phase = from.map(|phase| safe!("{}", phase));
                json.pod.phase = to.map(|phase| safe!("{}", phase));
                json.reason = reason.as_deref().map(said);
            }
            Change::NotReady { reason } => json.reason = reason.as_deref().map(said),
            Change::Waiting { reason, .. } => json.reason = Some(said(reason)),
            Change::Ended { end, .. } => json.end(end, redaction),
            Change::Restarted { restarts, .. } => json.restarts = Some(*restarts),
            Change::Updated { revision, restarts, .. } => {
                (json.restarts, json.revision) = (Some(*restarts), Some(shown(revision)));
            }
            Change::CrashLoop { code, sign, end, crashes, restarts, .. } => {
                (json.code, json.sign) = (Some(code.name()), Some(sign.name()));
                (json.crashes, json.restarts) = (Some(*crashes), Some(*restarts));
                if let Some(end) = end {
                    json.end(end, redaction);
                }
            }
            Change::Terminating { why } => json.reason = why.as_deref().map(said),
            Change::Created | Change::Ready | Change::Deleted => {}
        }
        json
    }

    fn end(&mut self, end: &End, redaction: Redaction) {
        self.exit_code = Some(end.exit_code);
        self.ran_seconds = end.ran_seconds;
        self.reason = end.reason.as_deref().map(|reason| redaction.text(reason).visible());
    }
}
