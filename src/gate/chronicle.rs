//! What was said about the objects of the namespace in this run, kept as proof: repeats folded, old words left out.
//!
//! The [event book](super::event_book) holds what rules rest on; this holds what a reader of the report wants to see.

use std::collections::BTreeMap;

use super::observation::ClusterEvent;

/// Kinds of words kept about one object.
const MOST_PER_OBJECT: usize = 24;
/// Objects that words are kept about; past that the one that was silent for longest is given up.
const MOST_OBJECTS: usize = 2000;
/// Characters of one message: an event holds 1 KiB, whatever else may be sent.
const MOST_CHARACTERS: usize = 1200;

/// Events that are no warnings and still tell of trouble.
const TELLING: [&str; 5] = ["Killing", "TriggeredScaleUp", "NotTriggerScaleUp", "Preempted", "NodeNotReady"];

/// All that was said, by the UID of the object.
#[derive(Debug, Default)]
pub struct Chronicle {
    objects: BTreeMap<String, Vec<Entry>>,
    order: u64,
}

#[derive(Debug)]
struct Entry {
    reason: String,
    container: Option<String>,
    message: String,
    /// The message without what differs from try to try.
    essence: String,
    /// How often each event object said so, by its UID: a repeated event has a count of its own.
    counts: BTreeMap<String, u32>,
    last_seen: Option<String>,
    /// Its place in the order of observation.
    order: u64,
}

impl Chronicle {
    /// Takes in an event, where it is one that tells of trouble.
    pub fn observe(&mut self, event: &ClusterEvent) {
        if event.object_uid.is_empty() || !(event.warning || TELLING.contains(&event.reason.as_str())) {
            return;
        }
        self.order += 1;
        if !self.objects.contains_key(&event.object_uid) && self.objects.len() >= MOST_OBJECTS {
            self.give_one_up();
        }
        let entries = self.objects.entry(event.object_uid.clone()).or_default();
        let message: String = event.message.chars().take(MOST_CHARACTERS).collect();
        let essence = essence(&message);
        let known = entries.iter_mut().find(|entry| {
            entry.reason == event.reason && entry.container == event.container && entry.essence == essence
        });
        if let Some(entry) = known {
            let count = entry.counts.entry(event.uid.clone()).or_default();
            *count = event.count.max(*count);
            entry.message = message;
            entry.last_seen = event.last_seen.clone().max(entry.last_seen.take());
            entry.order = self.order;
            return;
        }
        if entries.len() >= MOST_PER_OBJECT
            && let Some(oldest) = (0..entries.len()).min_by_key(|place| entries[*place].order)
        {
            entries.remove(oldest);
        }
        entries.push(Entry {
            reason: event.reason.clone(),
            container: event.container.clone(),
            message,
            essence,
            counts: BTreeMap::from([(event.uid.clone(), event.count)]),
            last_seen: event.last_seen.clone(),
            order: self.order,
        });
    }

    fn give_one_up(&mut self) {
        let newest = |entries: &[Entry]| entries.iter().map(|entry| entry.order).max();
        let silent = self.objects.iter().min_by_key(|(_, entries)| newest(entries)).map(|(uid, _)| uid.clone());
        if let Some(silent) = silent {
            self.objects.remove(&silent);
        }
    }

    /// What was said about an object since `since` (a stamp of the server's; `None`: ever), a line each, oldest first:
    /// `BackOff ×3: Back-off restarting failed container app`. Words about other containers than `container` are left
    /// out, where one is given, and so is every message for which `known` holds.
    pub fn about(
        &self,
        uid: &str,
        since: Option<&str>,
        container: Option<&str>,
        known: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let mut entries: Vec<&Entry> = self
            .objects
            .get(uid)
            .into_iter()
            .flatten()
            .filter(|entry| !is_before(entry.last_seen.as_deref(), since))
            .filter(|entry| entry.container.is_none() || container.is_none() || entry.container.as_deref() == container)
            .filter(|entry| !known(&entry.message))
            .collect();
        entries.sort_by_key(|entry| (entry.last_seen.clone(), entry.order));
        entries.into_iter().map(Entry::line).collect()
    }
}

impl Entry {
    fn line(&self) -> String {
        let times = self.counts.values().fold(0_u32, |sum, count| sum.saturating_add((*count).max(1)));
        let message = self.message.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = without_pod(&message);
        if times > 1 { format!("{} ×{times}: {message}", self.reason) } else { format!("{}: {message}", self.reason) }
    }
}

/// The message without what the place of the finding says already: `… in pod cart-5d-x_shop(9c5bbfa5-…)`.
fn without_pod(message: &str) -> &str {
    match message.rsplit_once(" in pod ") {
        Some((rest, pod)) if pod.ends_with(')') && !pod.contains(' ') => rest,
        _ => message,
    }
}

/// What makes two messages the same: digits, and names that are made up anew each time, say nothing.
fn essence(message: &str) -> String {
    let message = super::admission::essence(message);
    let mut out = String::with_capacity(message.len());
    for c in message.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('#') {
            out.push('#');
        }
    }
    out
}

/// True where one server stamp is earlier than another, by whole seconds. What has no stamp is not old.
fn is_before(one: Option<&str>, other: Option<&str>) -> bool {
    const WHOLE_SECONDS: usize = "2026-01-01T00:00:00".len();
    one.zip(other).is_some_and(|(one, other)| one.get(..WHOLE_SECONDS) < other.get(..WHOLE_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::{Chronicle, MOST_OBJECTS, MOST_PER_OBJECT};
    use crate::gate::observation::ClusterEvent;

    fn event(uid: &str, object: &str, reason: &str, message: &str, count: u32) -> ClusterEvent {
        ClusterEvent {
            uid: uid.to_owned(),
            object_kind: "Pod".to_owned(),
            object_name: "p".to_owned(),
            object_uid: object.to_owned(),
            container: None,
            reason: reason.to_owned(),
            message: message.to_owned(),
            warning: true,
            count,
            last_seen: Some(format!("2026-01-01T00:00:{count:02}Z")),
        }
    }

    #[test]
    fn repeats_are_folded_and_the_newest_words_shown() {
        let mut chronicle = Chronicle::default();
        chronicle.observe(&event(
            "1",
            "u",
            "BackOff",
            "Back-off restarting failed container app in pod p_shop(0a-1)",
            1,
        ));
        chronicle.observe(&event(
            "1",
            "u",
            "BackOff",
            "Back-off restarting failed container app in pod p_shop(0a-1)",
            4,
        ));
        chronicle.observe(&event(
            "1",
            "u",
            "BackOff",
            "Back-off restarting failed container app in pod p_shop(0a-1)",
            4,
        ));
        let refused = |name: &str| format!("Error creating: pods \"{name}\" is forbidden: no");
        chronicle.observe(&event("2", "u", "FailedCreate", &refused("cart-x1"), 1));
        chronicle.observe(&event("3", "u", "FailedCreate", &refused("cart-y2"), 1));
        let lines = chronicle.about("u", None, None, |_| false);
        assert_eq!(
            lines,
            [
                "FailedCreate ×2: Error creating: pods \"cart-y2\" is forbidden: no",
                "BackOff ×4: Back-off restarting failed container app",
            ]
        );
        assert!(chronicle.about("another", None, None, |_| false).is_empty());
        assert_eq!(chronicle.about("u", None, None, |said| said.starts_with("Back-off")).len(), 1, "known already");
    }

    #[test]
    fn words_before_this_run_are_left_out() {
        let mut chronicle = Chronicle::default();
        chronicle.observe(&event("1", "u", "Old", "x", 10));
        chronicle.observe(&event("2", "u", "New", "y", 20));
        let since = Some("2026-01-01T00:00:15Z");
        assert_eq!(chronicle.about("u", since, None, |_| false), ["New ×20: y"]);
    }

    #[test]
    fn it_stays_small_whatever_is_said() {
        let mut chronicle = Chronicle::default();
        for n in 0..MOST_PER_OBJECT * 3 {
            chronicle.observe(&event("1", "u", &format!("Reason{n}"), &"x".repeat(100_000), 1));
        }
        let lines = chronicle.about("u", None, None, |_| false);
        assert!(lines.len() == MOST_PER_OBJECT && lines.iter().all(|line| line.len() < 2000));
        for n in 0..MOST_OBJECTS * 2 {
            chronicle.observe(&event("1", &format!("u{n}"), "R", "m", 1));
        }
        assert_eq!(chronicle.objects.len(), MOST_OBJECTS);
    }

    #[test]
    fn what_is_no_trouble_is_not_kept() {
        let mut chronicle = Chronicle::default();
        chronicle.observe(&ClusterEvent { warning: false, ..event("1", "u", "Pulled", "pulled", 1) });
        chronicle.observe(&ClusterEvent { warning: false, ..event("2", "u", "Killing", "killed", 1) });
        assert_eq!(chronicle.about("u", None, None, |_| false), ["Killing: killed"]);
    }
}
