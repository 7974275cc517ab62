//! The events that rules read, kept small: the newest of each kind about each object, for a bounded number of objects.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::gate::model::{ClusterEvent, is_earlier};

/// The reasons of events that rules or words rest on. All others are passed over.
const READ: [&str; 21] = [
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
    "SandboxChanged",
    "Pulling",
    "Pulled",
    "Created",
    "Started",
];

/// How the kubelet begins when it says why a pull failed.
const PULL_FAILED: &str = "Failed to pull image";

/// The kind of object whose events are kept by its name.
pub const CLAIM: &str = "PersistentVolumeClaim";

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
    pub last_seen: Option<String>,
    /// `metadata.uid` of the newest one, by which a repeated observation is known.
    uid: String,
}

/// Of which kind: one entry of an object each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    reason: String,
    container: Option<String>,
    probe: Option<ProbeKind>,
    /// What the message is about, where one object gets several of a kind side by side: the volume of a `FailedMount`;
    /// the pull of a `Failed`, of which the kubelet sends two and only one says why.
    topic: Option<String>,
}

impl Key {
    /// The least key of this reason.
    fn first_of(reason: &str) -> Self {
        Self { reason: reason.to_owned(), container: None, probe: None, topic: None }
    }
}

/// Entries kept about one object: past that the oldest is given up. A pod of 50 containers, each of which was pulled,
/// made, started and killed by a probe, has some 400.
const MOST_PER_OBJECT: usize = 512;

/// Objects remembered that nobody knows (gone, or not seen yet), and claims that no known pod has: past that the one that
/// was silent for longest is given up.
pub const MOST_UNKNOWN: usize = 5_000;

/// All that was said, by object.
#[derive(Debug, Clone, Default)]
pub struct EventIndex {
    /// By the object's UID.
    objects: HashMap<String, BTreeMap<Key, Said>>,
    /// What was last said about each `PersistentVolumeClaim`, by its name, which is all that pods know of it.
    claims: BTreeMap<String, ClaimSaid>,
    order: u64,
    /// How many objects and claims there may be before it is asked anew which of them are known.
    sweep_at: usize,
}

/// What was last said about a `PersistentVolumeClaim`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimSaid {
    /// The event's reason: `ProvisioningFailed`, `WaitForFirstConsumer`, `FailedBinding`, ….
    pub reason: String,
    /// The event's message.
    pub message: String,
    last_seen: Option<String>,
    order: u64,
}

impl EventIndex {
    /// Takes in an event; a repeated observation of the same one changes nothing. True where something was new.
    pub fn observe(&mut self, event: &ClusterEvent) -> bool {
        if event.object_kind == CLAIM {
            return self.observe_claim(event);
        }
        if !READ.contains(&event.reason.as_str()) {
            return false;
        }
        let key = Key {
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
        let Some(entries) = self.objects.get_mut(&event.object_uid) else {
            self.objects.insert(event.object_uid.clone(), BTreeMap::from([(key, said)]));
            return true;
        };
        match entries.get_mut(&key) {
            Some(known) if known.uid == said.uid && known.count >= said.count && known.message == said.message => false,
            // A list has no order in time: an older event of the same kind does not take the place of a newer one.
            Some(known) if is_older(&said, known) => false,
            Some(known) => {
                *known = said;
                true
            }
            None => {
                if entries.len() >= MOST_PER_OBJECT {
                    let oldest = entries.iter().min_by_key(|(_, said)| said.order).map(|(key, _)| key.clone());
                    oldest.and_then(|key| entries.remove(&key));
                }
                entries.insert(key, said);
                true
            }
        }
    }

    /// Gives up what was said about objects that are not known, the longest silent first, once there are too many. What is
    /// known keeps all that was said about it. `is_known` is asked for each UID, and `claims` for the names of the known
    /// claims, but so seldom that an event costs the same however many objects there are.
    pub fn forget_unknown<'a>(&mut self, is_known: impl Fn(&str) -> bool, claims: impl FnOnce() -> BTreeSet<&'a str>) {
        if self.objects.len() + self.claims.len() < self.sweep_at.max(MOST_UNKNOWN) {
            return;
        }
        let unknown = self.objects.iter().filter(|(uid, _)| !is_known(uid));
        let newest = |entries: &BTreeMap<Key, Said>| entries.values().map(|said| said.order).max();
        let silent = silent(unknown.map(|(uid, entries)| (newest(entries).unwrap_or(0), uid.clone())).collect());
        for uid in silent {
            self.objects.remove(&uid);
        }
        let claims = claims();
        let unknown = self.claims.iter().filter(|(name, _)| !claims.contains(name.as_str()));
        let silent = self::silent(unknown.map(|(name, said)| (said.order, name.clone())).collect());
        for name in silent {
            self.claims.remove(&name);
        }
        self.sweep_at = self.objects.len() + self.claims.len() + MOST_UNKNOWN / 2;
    }

    fn observe_claim(&mut self, event: &ClusterEvent) -> bool {
        self.order += 1;
        let said = ClaimSaid {
            order: self.order,
            reason: event.reason.clone(),
            message: event.message.clone(),
            last_seen: event.last_seen.clone(),
        };
        let known = self.claims.get(&event.object_name);
        let stamps = known.and_then(|known| known.last_seen.as_deref()).zip(said.last_seen.as_deref());
        let is_older = stamps.is_some_and(|(known, said)| is_earlier(said, known));
        let is_news =
            !is_older && known.is_none_or(|known| (&known.reason, &known.message) != (&said.reason, &said.message));
        if !is_older {
            self.claims.insert(event.object_name.clone(), said);
        }
        is_news
    }

    /// What was last said about the `PersistentVolumeClaim` of this name.
    #[must_use]
    pub fn claim(&self, name: &str) -> Option<&ClaimSaid> {
        self.claims.get(name)
    }

    /// How much was said so far: what is said from now on has a larger [`Said::order`].
    #[must_use]
    pub fn order(&self) -> u64 {
        self.order
    }

    /// The newest thing said about this container of the object of this reason.
    #[must_use]
    pub fn newest_of(&self, object_uid: &str, reason: &str, container: &str) -> Option<&Said> {
        self.entry(object_uid, || Key { container: Some(container.to_owned()), ..Key::first_of(reason) })
    }

    /// What was said about the object with this UID, of this reason, about any container.
    pub fn about<'a, 'r>(&'a self, object_uid: &str, reason: &'r str) -> impl Iterator<Item = &'a Said> + use<'a, 'r> {
        let entries = self.objects.get(object_uid).map(|entries| entries.range(Key::first_of(reason)..));
        entries.into_iter().flatten().take_while(move |(key, _)| key.reason == reason).map(|(_, said)| said)
    }

    /// The newest thing said about the object of this reason.
    #[must_use]
    pub fn newest(&self, object_uid: &str, reason: &str) -> Option<&Said> {
        self.about(object_uid, reason).max_by_key(|said| said.order)
    }

    /// The last answer of a probe (event `Unhealthy`) of this container.
    #[must_use]
    pub fn probe_answer(&self, pod_uid: &str, container: &str, probe: ProbeKind) -> Option<&Said> {
        self.of_probe(pod_uid, "Unhealthy", container, probe)
    }

    /// That the kubelet killed this container because this probe failed (event `Killing`).
    #[must_use]
    pub fn probe_kill(&self, pod_uid: &str, container: &str, probe: ProbeKind) -> Option<&Said> {
        self.of_probe(pod_uid, "Killing", container, probe)
    }

    /// What the kubelet said about pulling the image of this container (event `Failed`).
    #[must_use]
    pub fn pull_failure(&self, pod_uid: &str, container: &str) -> Option<&Said> {
        self.entry(pod_uid, || Key {
            container: Some(container.to_owned()),
            topic: Some(PULL_FAILED.to_owned()),
            ..Key::first_of("Failed")
        })
    }

    fn of_probe(&self, pod_uid: &str, reason: &str, container: &str, probe: ProbeKind) -> Option<&Said> {
        self.entry(pod_uid, || Key {
            container: Some(container.to_owned()),
            probe: Some(probe),
            ..Key::first_of(reason)
        })
    }

    /// The entry under this key, which is made only where anything was said about the object.
    fn entry(&self, object_uid: &str, key: impl FnOnce() -> Key) -> Option<&Said> {
        self.objects.get(object_uid)?.get(&key())
    }
}

/// Of these with their places in the order of observation, those that were silent for longest, so that half of the bound
/// is left.
fn silent(mut all: Vec<(u64, String)>) -> Vec<String> {
    all.sort_unstable();
    let most = all.len().saturating_sub(MOST_UNKNOWN / 2);
    all.into_iter().take(most).map(|(_, name)| name).collect()
}

/// True for a step on the way of a pod to its start. Most pods take them all, without anything to tell.
#[must_use]
pub fn is_progress(reason: &str) -> bool {
    matches!(reason, "Pulling" | "Pulled" | "Created" | "Started")
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

fn is_older(one: &Said, other: &Said) -> bool {
    one.last_seen.as_deref().zip(other.last_seen.as_deref()).is_some_and(|(one, other)| is_earlier(one, other))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{CLAIM, EventIndex, MOST_PER_OBJECT, MOST_UNKNOWN, ProbeKind};
    use crate::gate::model::ClusterEvent;

    fn event(uid: &str, reason: &str, message: &str, count: u32, last_seen: &str) -> ClusterEvent {
        ClusterEvent {
            uid: uid.to_owned(),
            object_kind: "Pod".to_owned(),
            object_name: "a".to_owned(),
            object_uid: "a".to_owned(),
            container: None,
            reason: reason.to_owned(),
            message: message.to_owned(),
            warning: true,
            count,
            last_seen: Some(last_seen.to_owned()),
        }
    }

    #[test]
    fn a_repeat_is_no_news_and_a_later_one_is() {
        let mut event_index = EventIndex::default();
        let first = || event("e", "FailedCreate", "no", 1, "2026-11-21T03:00:01Z");
        assert!(event_index.observe(&first()));
        assert!(!event_index.observe(&first()), "the same again");
        assert!(event_index.observe(&event("e", "FailedCreate", "no", 2, "2026-11-21T03:00:05Z")), "counted again");
        assert!(!event_index.observe(&first()), "the earlier state of the same event");
        assert!(event_index.observe(&event("e", "FailedCreate", "never", 2, "2026-11-21T03:00:05Z")), "other words");
        assert!(event_index.observe(&event("f", "FailedCreate", "never", 1, "2026-11-21T03:00:05Z")), "another event");
        assert!(!event_index.observe(&event("g", "Whatever", "x", 1, "2026-11-21T03:00:05Z")), "nothing rests on it");
    }

    #[test]
    fn an_older_event_does_not_take_the_place_of_a_newer_one() {
        let mut event_index = EventIndex::default();
        event_index.observe(&event("new", "FailedMount", "new", 1, "2026-11-21T03:00:09Z"));
        assert!(!event_index.observe(&event("old", "FailedMount", "old", 1, "2026-11-21T03:00:01Z")));
        assert_eq!(event_index.newest("a", "FailedMount").unwrap().message, "new");
        // Within a second the two precisions of the API cannot be told apart: the order of observation holds.
        assert!(event_index.observe(&event("same", "FailedMount", "same", 1, "2026-11-21T03:00:09.000001Z")));
        assert_eq!(event_index.newest("a", "FailedMount").unwrap().message, "same");
    }

    #[test]
    fn volumes_and_pulls_stand_side_by_side() {
        let mut event_index = EventIndex::default();
        for (uid, message) in [
            ("1", "MountVolume.SetUp failed for volume \"a\" : x"),
            ("2", "MountVolume.SetUp failed for volume \"b\" : y"),
        ] {
            event_index.observe(&event(uid, "FailedMount", message, 1, "2026-11-21T03:00:09Z"));
        }
        assert_eq!(event_index.about("a", "FailedMount").count(), 2);
        assert_eq!(event_index.about("b", "FailedMount").count(), 0);
        let pull = |uid, message| ClusterEvent {
            container: Some("app".to_owned()),
            ..event(uid, "Failed", message, 1, "2026-11-21T03:00:09Z")
        };
        event_index.observe(&pull("3", "Failed to pull image \"x\": not found"));
        event_index.observe(&pull("4", "Error: ErrImagePull"));
        assert_eq!(event_index.pull_failure("a", "app").unwrap().message, "Failed to pull image \"x\": not found");
        assert!(event_index.pull_failure("a", "other").is_none());
    }

    #[test]
    fn probes_are_told_apart() {
        let mut event_index = EventIndex::default();
        let said = |uid, reason, message| ClusterEvent {
            container: Some("app".to_owned()),
            ..event(uid, reason, message, 1, "2026-11-21T03:00:09Z")
        };
        event_index.observe(&said("1", "Unhealthy", "Readiness probe failed: 404"));
        event_index.observe(&said("2", "Unhealthy", "Liveness probe failed: 500"));
        event_index.observe(&said("3", "Killing", "Container app failed startup probe, will be restarted"));
        assert_eq!(
            event_index.probe_answer("a", "app", ProbeKind::Readiness).unwrap().message,
            "Readiness probe failed: 404"
        );
        assert_eq!(
            event_index.probe_answer("a", "app", ProbeKind::Liveness).unwrap().message,
            "Liveness probe failed: 500"
        );
        assert!(event_index.probe_kill("a", "app", ProbeKind::Startup).is_some());
        assert!(event_index.probe_kill("a", "app", ProbeKind::Liveness).is_none());
    }

    #[test]
    fn what_is_said_about_another_object_or_for_another_reason_is_not_about_this_one() {
        let mut event_index = EventIndex::default();
        for (uid, object, reason) in
            [("1", "a", "FailedMount"), ("2", "b", "FailedMount"), ("3", "a", "FailedMapVolume"), ("4", "a", "Failed")]
        {
            let said = event(uid, reason, uid, 1, "2026-11-21T03:00:09Z");
            event_index.observe(&ClusterEvent { object_uid: object.to_owned(), ..said });
        }
        let messages =
            |object, reason| event_index.about(object, reason).map(|said| said.message.as_str()).collect::<Vec<_>>();
        assert_eq!(messages("a", "FailedMount"), ["1"]);
        assert_eq!(messages("b", "FailedMount"), ["2"]);
        assert_eq!(messages("a", "FailedMapVolume"), ["3"]);
        assert_eq!(messages("a", "Failed"), ["4"]);
        assert_eq!(messages("", "Failed"), [""; 0]);
    }

    #[test]
    fn objects_that_nobody_knows_are_given_up_the_longest_silent_first_and_known_ones_never() {
        let mut event_index = EventIndex::default();
        let say = |event_index: &mut EventIndex, uid: &str, reason: &str| {
            let said = event(reason, reason, uid, 1, "2026-11-21T03:00:09Z");
            event_index.observe(&ClusterEvent { object_uid: uid.to_owned(), ..said });
            event_index.forget_unknown(|uid| uid.starts_with("pod"), BTreeSet::new);
        };
        for number in 0..MOST_UNKNOWN / 4 {
            say(&mut event_index, &format!("pod-{number}"), "FailedMount");
        }
        say(&mut event_index, "unknown-first", "FailedMount");
        for number in 0..MOST_UNKNOWN * 3 {
            say(&mut event_index, &format!("unknown-{number}"), "FailedMount");
            assert!(event_index.objects.len() <= MOST_UNKNOWN * 2, "{} objects", event_index.objects.len());
        }
        for number in 0..MOST_UNKNOWN / 4 {
            assert!(event_index.newest(&format!("pod-{number}"), "FailedMount").is_some(), "a known pod keeps its own");
        }
        assert!(event_index.newest("unknown-first", "FailedMount").is_none(), "silent for longest");
        for number in MOST_UNKNOWN * 3 - MOST_UNKNOWN / 4..MOST_UNKNOWN * 3 {
            assert!(
                event_index.newest(&format!("unknown-{number}"), "FailedMount").is_some(),
                "it may be of a pod to come"
            );
        }
    }

    #[test]
    fn claims_that_no_pod_has_are_given_up_too() {
        let mut event_index = EventIndex::default();
        for number in 0..MOST_UNKNOWN * 3 {
            event_index.observe(&ClusterEvent {
                object_kind: CLAIM.to_owned(),
                object_name: format!("claim-{number}"),
                ..event("e", "ProvisioningFailed", "no", 1, "2026-11-21T03:00:09Z")
            });
            event_index.forget_unknown(|_| false, || BTreeSet::from(["claim-0"]));
        }
        assert!(event_index.claims.len() <= MOST_UNKNOWN, "{} claims", event_index.claims.len());
        assert!(event_index.claim("claim-0").is_some(), "a known pod has it");
        assert!(event_index.claim("claim-1").is_none());
    }

    #[test]
    fn one_object_has_a_bounded_number_of_entries_and_the_newest_stay() {
        let mut event_index = EventIndex::default();
        for number in 0..MOST_PER_OBJECT * 2 {
            let said = event("e", "FailedMount", &format!("volume \"{number}\""), 1, "2026-11-21T03:00:09Z");
            event_index.observe(&said);
        }
        assert_eq!(event_index.about("a", "FailedMount").count(), MOST_PER_OBJECT);
        let newest = format!("volume \"{}\"", MOST_PER_OBJECT * 2 - 1);
        assert_eq!(event_index.newest("a", "FailedMount").unwrap().message, newest);
        assert!(event_index.about("a", "FailedMount").all(|said| said.message != "volume \"0\""));
    }
}
