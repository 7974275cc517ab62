//! What was said about the objects of the namespace in this run, kept as proof: repeats folded, old words left out.
//!
//! The [event index](super::event_index) holds what rules rest on; this holds what a reader of the report wants to see.

use std::collections::BTreeMap;

use crate::gate::model::ClusterEvent;

/// Kinds of words kept about one object.
const MOST_PER_OBJECT: usize = 24;
/// Objects that words are kept about; past that the one that was silent for longest is given up.
const MOST_OBJECTS: usize = 2000;
/// Characters of one message: an event holds 1 KiB, whatever else may be sent.
const MOST_CHARACTERS: usize = 1200;

/// Events that are no warnings and still tell of trouble.
const TELLING: [&str; 5] = ["Killing", "TriggeredScaleUp", "NotTriggerScaleUp", "Preempted", "NodeNotReady"];

/// All that was said, by the UID of the object.
#[derive(Debug, Clone, Default)]
pub struct EventLog {
    objects: BTreeMap<String, Vec<Entry>>,
    /// The objects by when something was said about them last: the first is silent for longest.
    by_silence: BTreeMap<u64, String>,
    order: u64,
}

#[derive(Debug, Clone)]
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

impl EventLog {
    /// Takes in an event, where it is one that tells of trouble.
    pub fn observe(&mut self, event: &ClusterEvent) {
        if event.object_uid.is_empty() || !(event.warning || TELLING.contains(&event.reason.as_str())) {
            return;
        }
        self.order += 1;
        match self.objects.get(&event.object_uid) {
            Some(entries) => _ = newest(entries).and_then(|order| self.by_silence.remove(&order)),
            None if self.objects.len() >= MOST_OBJECTS => self.give_one_up(),
            None => {}
        }
        self.by_silence.insert(self.order, event.object_uid.clone());
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
        if let Some((_, silent)) = self.by_silence.pop_first() {
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

fn newest(entries: &[Entry]) -> Option<u64> {
    entries.iter().map(|entry| entry.order).max()
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
    let message = crate::gate::model::message::essence(message);
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
    use super::{EventLog, MOST_OBJECTS, MOST_PER_OBJECT};
    use crate::gate::model::ClusterEvent;

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
        let mut event_log = EventLog::default();
        event_log.observe(&event(
            "1",
            "u",
            "BackOff",
            "Back-off restarting failed container app in pod p_shop(0a-1)",
            1,
        ));
        event_log.observe(&event(
            "1",
            "u",
            "BackOff",
            "Back-off restarting failed container app in pod p_shop(0a-1)",
            4,
        ));
        event_log.observe(&event(
            "1",
            "u",
            "BackOff",
            "Back-off restarting failed container app in pod p_shop(0a-1)",
            4,
        ));
        let refused = |name: &str| format!("Error creating: pods \"{name}\" is forbidden: no");
        event_log.observe(&event("2", "u", "FailedCreate", &refused("cart-x1"), 1));
        event_log.observe(&event("3", "u", "FailedCreate", &refused("cart-y2"), 1));
        let lines = event_log.about("u", None, None, |_| false);
        assert_eq!(
            lines,
            [
                "FailedCreate ×2: Error creating: pods \"cart-y2\" is forbidden: no",
                "BackOff ×4: Back-off restarting failed container app",
            ]
        );
        assert!(event_log.about("another", None, None, |_| false).is_empty());
        assert_eq!(event_log.about("u", None, None, |said| said.starts_with("Back-off")).len(), 1, "known already");
    }

    #[test]
    fn words_before_this_run_are_left_out() {
        let mut event_log = EventLog::default();
        event_log.observe(&event("1", "u", "Old", "x", 10));
        event_log.observe(&event("2", "u", "New", "y", 20));
        let since = Some("2026-01-01T00:00:15Z");
        assert_eq!(event_log.about("u", since, None, |_| false), ["New ×20: y"]);
    }

    #[test]
    fn words_of_the_same_second_as_this_run_are_kept() {
        let mut event_log = EventLog::default();
        event_log.observe(&event("1", "u", "R", "x", 15));
        assert_eq!(event_log.about("u", Some("2026-01-01T00:00:15.900000Z"), None, |_| false).len(), 1);
    }

    #[test]
    fn digits_do_not_tell_two_messages_apart_and_words_do() {
        let lines = |messages: [&str; 2]| {
            let mut event_log = EventLog::default();
            for message in messages {
                event_log.observe(&event(message, "u", "Unhealthy", message, 1));
            }
            event_log.about("u", None, None, |_| false)
        };
        assert_eq!(lines(["failed after 9.5 s", "failed after 12.25 s"]), ["Unhealthy ×2: failed after 12.25 s"]);
        assert_eq!(lines(["connection refused", "connection reset"]).len(), 2);
        assert_eq!(lines(["code 7", "code "]).len(), 2, "that there is a number says something");
    }

    #[test]
    fn words_about_another_container_are_left_out() {
        let mut event_log = EventLog::default();
        for (container, message) in [(Some("app"), "of app"), (Some("proxy"), "of proxy"), (None, "of the pod")] {
            let container = container.map(str::to_owned);
            event_log.observe(&ClusterEvent { container, ..event(message, "u", "R", message, 1) });
        }
        assert_eq!(event_log.about("u", None, Some("app"), |_| false), ["R: of app", "R: of the pod"]);
        assert_eq!(event_log.about("u", None, None, |_| false).len(), 3);
    }

    #[test]
    fn the_pod_is_cut_off_where_the_kubelet_wrote_it_and_nowhere_else() {
        let line = |message: &str| {
            let mut event_log = EventLog::default();
            event_log.observe(&event("1", "u", "R", message, 1));
            event_log.about("u", None, None, |_| false).remove(0)
        };
        assert_eq!(line("no start in pod p_shop(0a-1)"), "R: no start");
        for whole in ["no start in pod p", "no start in pod p (see its log)", "no room in pod p of (node1)"] {
            assert_eq!(line(whole), format!("R: {whole}"));
        }
    }

    #[test]
    fn what_was_said_longest_ago_is_given_up_first_and_the_rest_is_told_in_order() {
        let mut event_log = EventLog::default();
        let reason = |n: usize| format!("R{n}");
        for n in 0..MOST_PER_OBJECT {
            event_log.observe(&event(&reason(n), "u", &reason(n), "m", 1));
        }
        // Said again, the first is not the oldest any more.
        event_log.observe(&event(&reason(0), "u", &reason(0), "m", 1));
        event_log.observe(&event("new", "u", "New", "m", 1));
        let lines = event_log.about("u", None, None, |_| false);
        assert_eq!(lines.len(), MOST_PER_OBJECT);
        assert!(!lines.contains(&"R1: m".to_owned()), "{lines:?}");
        assert_eq!(lines[lines.len() - 2..], ["R0: m", "New: m"]);
    }

    #[test]
    fn it_stays_small_whatever_is_said() {
        let mut event_log = EventLog::default();
        for n in 0..MOST_PER_OBJECT * 3 {
            event_log.observe(&event("1", "u", &format!("Reason{n}"), &"x".repeat(100_000), 1));
        }
        let lines = event_log.about("u", None, None, |_| false);
        assert!(lines.len() == MOST_PER_OBJECT && lines.iter().all(|line| line.len() < 2000));
        for n in 0..MOST_OBJECTS * 2 {
            event_log.observe(&event("1", &format!("u{n}"), "R", "m", 1));
        }
        assert_eq!(event_log.objects.len(), MOST_OBJECTS);
    }

    #[test]
    fn what_is_no_trouble_is_not_kept() {
        let mut event_log = EventLog::default();
        event_log.observe(&ClusterEvent { warning: false, ..event("1", "u", "Pulled", "pulled", 1) });
        event_log.observe(&ClusterEvent { warning: false, ..event("2", "u", "Killing", "killed", 1) });
        assert_eq!(event_log.about("u", None, None, |_| false), ["Killing: killed"]);
    }
}
