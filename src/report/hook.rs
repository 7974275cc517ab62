//! A command that hears of every event of a feed: run once for each, with the event as JSON on its stdin.
//!
//! No shell is between: the words of the command line are its arguments, whatever an event holds.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::printer::Printer;
use crate::safe;
use crate::text::{Redaction, SafeText};

/// So many run at a time.
const AT_A_TIME: usize = 4;
/// So many events wait for their turn; past that they are not handed on, and that is said.
const MOST_WAITING: usize = 10_000;
/// A run that takes longer is ended.
const LONGEST: Duration = Duration::from_secs(30);
/// So many failures are told one by one; the others are counted.
const MOST_TOLD: usize = 10;

/// The command, and what has become of its runs.
#[derive(Debug)]
pub struct Hook {
    inner: Arc<Inner>,
    running: JoinSet<()>,
}

struct Inner {
    command: Vec<String>,
    printer: Printer,
    turns: Semaphore,
    failures: AtomicUsize,
    dropped: AtomicUsize,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("command", &self.command).finish_non_exhaustive()
    }
}

impl Hook {
    /// The hook of a program and its arguments; `None` where there is no program.
    #[must_use]
    pub fn new(command: Vec<String>, printer: Printer) -> Option<Self> {
        command.first()?;
        let inner = Inner {
            command,
            printer,
            turns: Semaphore::new(AT_A_TIME),
            failures: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
        };
        Some(Self { inner: Arc::new(inner), running: JoinSet::new() })
    }

    /// Hands on an event. Does not wait: some run at a time, the others in turn.
    pub fn run(&mut self, json: SafeText) {
        while self.running.try_join_next().is_some() {}
        let inner = Arc::clone(&self.inner);
        if self.running.len() >= MOST_WAITING {
            if inner.dropped.fetch_add(1, Ordering::Relaxed) == 0 {
                inner.printer.clone().say(&safe!(
                    "warning: `{}` is too slow: {} events are waiting for it, and further ones are dropped",
                    inner.program(),
                    MOST_WAITING,
                ));
            }
            return;
        }
        self.running.spawn(async move {
            // The semaphore is never closed.
            let Ok(_turn) = inner.turns.acquire().await else { return };
            if let Err(why) = inner.once(&json).await {
                inner.failed(&why);
            }
        });
    }

    /// Waits for the runs that are under way and in turn, and says what failed. What is not done in time is ended.
    pub async fn finish(mut self, patience: Duration) {
        let all = async { while self.running.join_next().await.is_some() {} };
        let in_time = timeout(patience, all).await.is_ok();
        let command = self.inner.program();
        let mut printer = self.inner.printer.clone();
        if !in_time {
            let left = self.running.len();
            printer.say(&safe!(
                "warning: `{}` was ended: {} events were not handled within {} s",
                command,
                left,
                patience.as_secs()
            ));
            self.running.shutdown().await;
        }
        let untold = self.inner.failures.load(Ordering::Relaxed).saturating_sub(MOST_TOLD);
        if untold > 0 {
            printer.say(&safe!("warning: `{}` failed {} more times", command, untold));
        }
        let dropped = self.inner.dropped.load(Ordering::Relaxed);
        if dropped > 0 {
            printer.say(&safe!("warning: {} events were dropped because `{}` was too slow", dropped, command));
        }
    }
}

impl Inner {
    fn program(&self) -> SafeText {
        Redaction::On.text(&self.command[0]).line()
    }

    async fn once(&self, json: &str) -> Result<(), String> {
        let mut child = Command::new(&self.command[0])
            .args(&self.command[1..])
            .stdin(Stdio::piped())
            // stdout is the feed's.
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cannot be started: {error}"))?;
        let stdin = child.stdin.take();
        let run = async {
            if let Some(mut stdin) = stdin {
                // A command that does not read to the end has seen what it wanted.
                let _ = stdin.write_all(json.as_bytes()).await;
            }
            child.wait().await.map_err(|error| format!("cannot be waited for: {error}"))
        };
        match timeout(LONGEST, run).await {
            Err(_) => Err(format!("was ended after {} s", LONGEST.as_secs())),
            Ok(Err(why)) => Err(why),
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(format!("failed: {status}")),
        }
    }

    fn failed(&self, why: &str) {
        if self.failures.fetch_add(1, Ordering::Relaxed) < MOST_TOLD {
            self.printer.clone().say(&safe!("warning: `{}` {}", self.program(), Redaction::On.text(why).line()));
        }
    }
}
