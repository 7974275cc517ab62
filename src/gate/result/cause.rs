//! A cause that stands: what keeps a pod or a workload from running, since when, and when it counts.

use std::collections::BTreeMap;
use std::time::Duration;

use super::catalogue::{Code, Counts};
use super::finding::{Evidence, Finding, LogWanted, Place};
use crate::gate::spec::{Grace, Plan};

/// A cause that stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Which cause.
    pub code: Code,
    /// Where.
    pub place: Place,
    /// What happened there.
    pub message: String,
    /// What makes it the same cause on another pod: the message without what differs from pod to pod.
    pub essence: String,
    /// What to do next; the catalogue's advice where nothing better is known.
    pub next_step: String,
    /// When it counts; the catalogue's rule unless the circumstances say otherwise.
    pub counts: Counts,
    /// When it was first seen, as the time since the gate began.
    pub since: Duration,
    /// Reason to wait on although a grace is over: help is on its way (an autoscaler adds a node).
    pub help_is_coming: bool,
    /// The exit status of the newest end.
    pub exit_status: Option<i32>,
    /// The container's `restartCount`.
    pub restarts: Option<u32>,
    /// The log that would show it.
    pub log: Option<LogWanted>,
    /// The proof that is at hand already.
    pub evidence: Vec<Evidence>,
}

impl Cause {
    /// A cause with the catalogue's advice and rule.
    #[must_use]
    pub fn new(code: Code, place: Place, message: String, since: Duration) -> Self {
        Self {
            code,
            place,
            essence: message.clone(),
            message,
            next_step: code.row().next_step.to_owned(),
            counts: code.row().counts,
            since,
            help_is_coming: false,
            exit_status: None,
            restarts: None,
            log: None,
            evidence: Vec::new(),
        }
    }

    /// When it counts, as the time since the gate began; `None`: at the end of the wait.
    #[must_use]
    pub fn counts_at(&self, plan: &Plan) -> Option<Duration> {
        match self.counts {
            Counts::AtOnce => Some(self.since),
            Counts::AtTheEnd => None,
            Counts::AfterGrace(_) if self.help_is_coming => None,
            Counts::AfterGrace(grace) => patience(grace, plan).map(|patience| self.since.saturating_add(patience)),
        }
    }

    /// The finding that tells of it.
    #[must_use]
    pub fn into_finding(self) -> Finding {
        Finding {
            code: self.code,
            place: self.place,
            message: self.message,
            exit_status: self.exit_status,
            restarts: self.restarts,
            next_step: self.next_step,
            also: Vec::new(),
            log: self.log,
            evidence: self.evidence,
        }
    }
}

fn patience(grace: Grace, plan: &Plan) -> Option<Duration> {
    plan.grace.get(&grace).copied().or_else(|| grace.default_patience())
}

/// When each cause of an object was first seen, so that a grace is not started again when its signs alternate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FirstSeen {
    first_seen: BTreeMap<(Option<String>, Code), Duration>,
}

impl FirstSeen {
    /// When the cause was first seen in this container (or in the object as a whole): now, if never before.
    pub fn of(&mut self, container: Option<&str>, code: Code, now: Duration) -> Duration {
        *self.first_seen.entry((container.map(str::to_owned), code)).or_insert(now)
    }

    /// Forgets the causes of the object as a whole: the stage that they belong to is passed.
    pub fn forget_own(&mut self) {
        self.first_seen.retain(|(container, _), _| container.is_some());
    }

    /// Forgets what kept this container from starting, now that it has started. Its crashes are remembered.
    pub fn forget_start_of(&mut self, container: &str) {
        self.first_seen
            .retain(|(known, code), _| known.as_deref() != Some(container) || code.row().counts == Counts::AtOnce);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::FirstSeen;
    use crate::gate::result::Code;

    #[test]
    fn a_container_that_has_started_forgets_what_kept_it_from_that_and_nothing_else() {
        let seconds = Duration::from_secs;
        let mut first_seen = FirstSeen::default();
        for (container, code) in [("a", Code::ConfigMissing), ("b", Code::ConfigMissing), ("a", Code::CrashLoop)] {
            first_seen.of(Some(container), code, seconds(1));
        }
        first_seen.forget_start_of("a");
        assert_eq!(first_seen.of(Some("a"), Code::ConfigMissing, seconds(5)), seconds(5));
        assert_eq!(first_seen.of(Some("b"), Code::ConfigMissing, seconds(5)), seconds(1), "another container");
        assert_eq!(first_seen.of(Some("a"), Code::CrashLoop, seconds(5)), seconds(1), "a crash stays a crash");
    }
}
