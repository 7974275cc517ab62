//! The events that rules read, kept small: the newest of each kind about each object.

use std::collections::BTreeMap;

use super::observation::ClusterEvent;

/// The reasons of events that rules or words rest on. All others are passed over.
const READ: [&str; 16] = [
    "FailedMount",
    "FailedAttachVolume",
    "FailedMapVolume",
    "FailedCreatePodSandBox",
    "FailedCreate",
    "SuccessfulCreate",
    "FailedScheduling",
    "TriggeredScaleUp",
    "NotTriggerScaleUp",
    "Killing",
    "Unhealthy",
    "Failed",
    "NodeNotReady",
    "ProvisioningFailed",
    "BackOff",
    "FailedDaemonPod",
];

/// How the kubelet begins when it says why a pull failed.
const PULL_FAILED: &str = "Failed to pull image";

/// Which probe an event speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProbeKind {
    /// The readiness probe.
    Readiness,
    /// The liveness probe.
    Liveness,
    /// The startup probe.
    Startup,
}

/// What was said about an object, in one kind of event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The message of the newest one.
    pub message: String,
    /// How often it was said.
    pub count: u32,
    /// Its place in the order of observation: a larger one was observed later.
    pub order: u64,
    /// When it was last said, as the server wrote it.
    last_seen: Option<String>,
    /// `metadata.uid` of the newest one, by which a repeated observation is known.
    uid: String,
}

/// About whom and of which kind: one entry of the book each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    object_uid: String,
    reason: String,
    container: Option<String>,
    probe: Option<ProbeKind>,
    /// What the message is about, where one object gets several of a kind side by side: the volume of a `FailedMount`;
    /// the pull of a `Failed`, of which the kubelet sends two and only one says why.
    topic: Option<String>,
}

/// All that was said, by object.
#[derive(Debug, Default)]
pub struct EventBook {
    entries: BTreeMap<Key, Said>,
    order: u64,
}

impl EventBook {
    /// Takes in an event; a repeated observation of the same one changes nothing. True where something was new.
    pub fn observe(&mut self, event: &ClusterEvent) -> bool {
        if !READ.contains(&event.reason.as_str()) {
            return false;
        }
        let key = Key {
            object_uid: event.object_uid.clone(),
            reason: event.reason.clone(),
            container: event.container.clone(),
            probe: probe_of(&event.message),
            topic: topic_of(&event.reason, &event.message),
        };
        self.order += 1;
        let said = Said {
            message: event.message.clone(),
            count: event.count,
            order: self.order,
            last_seen: event.last_seen.clone(),
            uid: event.uid.clone(),
        };
        match self.entries.get_mut(&key) {
            Some(known) if known.uid == said.uid && known.count >= said.count && known.message == said.message => false,
            // A list has no order in time: an older event of the same kind does not take the place of a newer one.
            Some(known) if is_earlier(said.last_seen.as_deref(), known.last_seen.as_deref()) => false,
            Some(known) => {
                *known = said;
                true
            }
            None => {
                self.entries.insert(key, said);
                true
            }
        }
    }

    /// What was said about the object with this UID, of this reason, about any container.
    pub fn about<'a>(&'a self, object_uid: &'a str, reason: &'a str) -> impl Iterator<Item = &'a Said> {
        self.entries
            .iter()
            .filter(move |(key, _)| key.object_uid == object_uid && key.reason == reason)
            .map(|(_, said)| said)
    }

    /// The newest thing said about the object of this reason.
    #[must_use]
    pub fn newest(&self, object_uid: &str, reason: &str) -> Option<&Said> {
        let about = self.entries.iter().filter(|(key, _)| key.object_uid == object_uid && key.reason == reason);
        about.map(|(_, said)| said).max_by_key(|said| said.order)
    }

    /// The last answer of a probe (event `Unhealthy`) of this container.
    #[must_use]
    pub fn probe_answer(&self, pod_uid: &str, container: &str, probe: ProbeKind) -> Option<&Said> {
        self.entry(pod_uid, "Unhealthy", container, probe)
    }

    /// That the kubelet killed this container because this probe failed (event `Killing`).
    #[must_use]
    pub fn probe_kill(&self, pod_uid: &str, container: &str, probe: ProbeKind) -> Option<&Said> {
        self.entry(pod_uid, "Killing", container, probe)
    }

    /// What the kubelet said about pulling the image of this container (event `Failed`).
    #[must_use]
    pub fn pull_failure(&self, pod_uid: &str, container: &str) -> Option<&Said> {
        let key = Key {
            object_uid: pod_uid.to_owned(),
            reason: "Failed".to_owned(),
            container: Some(container.to_owned()),
            probe: None,
            topic: Some(PULL_FAILED.to_owned()),
        };
        self.entries.get(&key)
    }

    fn entry(&self, pod_uid: &str, reason: &str, container: &str, probe: ProbeKind) -> Option<&Said> {
        let key = Key {
            object_uid: pod_uid.to_owned(),
            reason: reason.to_owned(),
            container: Some(container.to_owned()),
            probe: Some(probe),
            topic: None,
        };
        self.entries.get(&key)
    }
}

fn topic_of(reason: &str, message: &str) -> Option<String> {
    match reason {
        "FailedMount" => message.split('"').nth(1).map(str::to_owned),
        "Failed" if message.starts_with(PULL_FAILED) => Some(PULL_FAILED.to_owned()),
        _ => None,
    }
}

/// The probe that a message of the kubelet names: `Liveness probe failed: …`, `Container app failed liveness probe, …`.
fn probe_of(message: &str) -> Option<ProbeKind> {
    let text = message.to_ascii_lowercase();
    [("readiness", ProbeKind::Readiness), ("liveness", ProbeKind::Liveness), ("startup", ProbeKind::Startup)]
        .into_iter()
        .find(|(name, _)| text.starts_with(&format!("{name} probe")) || text.contains(&format!("failed {name} probe")))
        .map(|(_, probe)| probe)
}

/// True where one server stamp is earlier than another. Within one second the API's two precisions cannot be told
/// apart, and neither is earlier.
fn is_earlier(one: Option<&str>, other: Option<&str>) -> bool {
    const WHOLE_SECONDS: usize = "2026-01-01T00:00:00".len();
    match (one, other) {
        (Some(one), Some(other)) => one.get(..WHOLE_SECONDS) < other.get(..WHOLE_SECONDS),
        _ => false,
    }
}
