//! The logs that a recording holds, and which of them is that of a given attempt of a container.

use std::time::Duration;

use super::line::LogEntry;
use crate::gate::result::{Evidence, EvidenceKind, LogWanted};

/// What the kubelet answers, with status 200, where the log of an earlier attempt is gone. It is no log.
pub const NO_LOG: &str = "unable to retrieve container logs";

/// The logs heard so far.
#[derive(Debug, Default)]
pub struct LogStore {
    logs: Vec<(Duration, LogEntry)>,
}

impl LogStore {
    /// Puts an answer of the log endpoint into the store.
    pub fn put(&mut self, at: Duration, log: LogEntry) {
        self.logs.push((at, log));
    }

    /// The log of that attempt, or in a line why there is none.
    #[must_use]
    pub fn evidence(&self, wanted: &LogWanted) -> Evidence {
        let of_container = || {
            self.logs
                .iter()
                .map(|(_, log)| log)
                .filter(|log| log.pod == wanted.pod && log.container == wanted.container)
        };
        let of_attempt = of_container().filter(|log| is_log(log) && is_of_attempt(log, wanted.attempt));
        // An answer can come before the last words were written, or already be that of the next attempt, which has
        // just begun: the longest one holds the end of this one.
        if let Some(log) = of_attempt.max_by_key(|log| log.body.len()) {
            return Evidence { kind: EvidenceKind::Log, text: log.body.clone() };
        }
        let refusal = of_container().next_back().map(|log| log.body.trim().to_owned());
        let why = refusal.filter(|_| !of_container().any(is_log)).unwrap_or_else(|| "it was not recorded".to_owned());
        let text = format!("no log of container {} of pod {}: {why}", wanted.container, wanted.pod);
        Evidence { kind: EvidenceKind::Missing, text }
    }
}

fn is_log(log: &LogEntry) -> bool {
    log.status == 200 && !log.body.starts_with(NO_LOG) && !log.body.is_empty()
}

fn is_of_attempt(log: &LogEntry, attempt: u32) -> bool {
    if log.previous { log.restart_count.checked_sub(1) == Some(attempt) } else { log.restart_count == attempt }
}
