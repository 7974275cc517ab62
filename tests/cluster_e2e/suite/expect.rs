//! What crashgate must say of a story.

use std::fmt;
use std::time::Duration;

/// What must be said, and in what time.
pub struct Expect {
    /// The verdict in JSON; `None` where the command has none to tell.
    pub verdict: Option<&'static str>,
    /// The process's exit code.
    pub exit_code: i32,
    /// The codes that may lead the findings; empty where there must be none.
    pub codes: Vec<&'static str>,
    /// What else must hold.
    pub holds: Vec<Holds>,
    /// How long the program may run.
    pub within: Duration,
    /// A leading code that means that this cluster cannot play the story, and why.
    pub skip_on: Option<(&'static str, &'static str)>,
}

/// One thing that must hold of what was said.
pub enum Holds {
    /// The leading finding names this container.
    Container(&'static str),
    /// The leading finding names the container's role.
    Role(&'static str),
    /// The leading finding names a pod or workload whose name begins so.
    Names(&'static str),
    /// The leading finding has this exit status.
    ExitStatus(i64),
    /// The leading finding shows this text as message, next step or evidence.
    Shows(&'static str),
    /// A warning with this code.
    Warning(&'static str),
    /// So many pods were wanted and ready.
    ReadyPods(u64),
    /// So many gates were judged.
    Gates(usize),
    /// The field at the top of the JSON has this value.
    Top(&'static str, &'static str),
    /// `watch -o json` told this event.
    Event(&'static str),
    /// stdout has this text.
    Stdout(&'static str),
    /// stdout or stderr has this text.
    Says(&'static str),
    /// Neither stdout, nor stderr, nor any file that was written has this text.
    Nowhere(&'static str),
    /// No line of stdout or stderr begins so.
    NoLine(&'static str),
    /// stdout and stderr have no control characters but line ends.
    Inert,
}

/// A verdict with its exit code.
fn verdict(verdict: &'static str, exit_code: i32, codes: &[&'static str]) -> Expect {
    Expect { verdict: Some(verdict), codes: codes.to_vec(), ..exit(exit_code) }
}

/// An exit code alone.
pub fn exit(exit_code: i32) -> Expect {
    Expect {
        verdict: None,
        exit_code,
        codes: Vec::new(),
        holds: Vec::new(),
        within: Duration::from_secs(90),
        skip_on: None,
    }
}

pub fn healthy() -> Expect {
    verdict("healthy", 0, &[])
}

pub fn failed(codes: &[&'static str]) -> Expect {
    verdict("failed", 1, codes)
}

pub fn timed_out(codes: &[&'static str]) -> Expect {
    verdict("timed-out", 3, codes)
}

pub fn nothing_matched(codes: &[&'static str]) -> Expect {
    verdict("nothing-matched", 4, codes)
}

pub fn platform(codes: &[&'static str]) -> Expect {
    verdict("platform", 5, codes)
}

pub fn superseded(codes: &[&'static str]) -> Expect {
    verdict("superseded", 6, codes)
}

pub fn inconclusive(codes: &[&'static str]) -> Expect {
    verdict("inconclusive", 7, codes)
}

pub fn interrupted(exit_code: i32) -> Expect {
    verdict("interrupted", exit_code, &[])
}

/// `run` that could not run its pod.
pub fn not_run(name: &'static str, codes: &[&'static str]) -> Expect {
    verdict(name, 125, codes)
}

impl Expect {
    pub fn within(mut self, seconds: u64) -> Self {
        self.within = Duration::from_secs(seconds);
        self
    }

    pub fn holds(mut self, holds: impl IntoIterator<Item = Holds>) -> Self {
        self.holds.extend(holds);
        self
    }

    pub fn skip_on(mut self, code: &'static str, why: &'static str) -> Self {
        self.skip_on = Some((code, why));
        self
    }
}

impl Expect {
    /// The same with the exit code, where a verdict does not say it.
    pub fn with_exit_code(&self) -> String {
        match self.verdict {
            Some(_) => format!("{self}, exit code {}", self.exit_code),
            None => self.to_string(),
        }
    }
}

/// In a few words, for the table.
impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.verdict, self.codes.as_slice()) {
            (None, _) => write!(f, "exit code {}", self.exit_code),
            (Some(verdict), []) => f.write_str(verdict),
            (Some(verdict), codes) => write!(f, "{verdict} {}", codes.join("|")),
        }?;
        if self.verdict.is_some() && !(0..=7).contains(&self.exit_code) {
            write!(f, " ({})", self.exit_code)
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Holds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container(name) => write!(f, "the finding names container {name}"),
            Self::Role(role) => write!(f, "the finding gives its role: {role}"),
            Self::Names(name) => write!(f, "the finding names {name}…"),
            Self::ExitStatus(status) => write!(f, "the finding has exit status {status}"),
            Self::Shows(text) => write!(f, "the finding shows `{text}`"),
            Self::Warning(code) => write!(f, "there is a warning {code}"),
            Self::ReadyPods(count) => write!(f, "{count} of {count} pods are ready"),
            Self::Gates(count) => write!(f, "{count} gates are judged"),
            Self::Top(field, value) => write!(f, "`{field}` in JSON is {value}"),
            Self::Event(event) => write!(f, "the feed has an event `{event}`"),
            Self::Stdout(text) => write!(f, "stdout has `{}`", text.trim_end()),
            Self::Says(text) => write!(f, "the output has `{text}`"),
            Self::Nowhere(text) => write!(f, "no output and no file has `{text}`"),
            Self::NoLine(text) => write!(f, "no line of the output begins with `{text}`"),
            Self::Inert => f.write_str("the output has no control characters"),
        }
    }
}
