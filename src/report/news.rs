//! Which news of a gate a log tells at once, and which it tells later, together.
//!
//! A log grows with the kinds of news and with time, and not with the pods. Of each kind the news of the first few pods
//! is told as it comes, so that nothing new is ever held back and a gate of a few pods is told line by line. What more
//! pods have of the same kind is held back, and told in one line with their number: soon at first, later once a minute,
//! and always before the decision.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::model::{Event, Finding};
use super::{progress, words};
use crate::gate::model::Role;
use crate::safe;
use crate::text::{SafeText, Untrusted};

/// Of so many pods each kind of news is told one by one.
const NAMED: usize = 3;
/// So many kinds of news are told apart; what comes then is told together, as news of its type.
const MOST_KINDS: usize = 100;
/// So long what comes at once is gathered.
const GATHERED: Duration = Duration::from_secs(2);
/// The pause after the first time that held news was told. Each later one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// What was told of a gate, and what is held back.
#[derive(Debug)]
pub(super) struct News {
    /// The first pods that were seen, one more than are told one by one at most.
    pods: BTreeSet<Untrusted>,
    kinds: BTreeMap<Kind, Told>,
    /// What is held back, in the order in which that began.
    held: Vec<Held>,
    /// When that is due.
    due: Duration,
    /// The pause that follows.
    pause: Duration,
    /// When the number of ready pods was last told, and of how many.
    progress: Option<(Duration, Option<u32>)>,
}

impl Default for News {
    fn default() -> Self {
        Self {
            pods: BTreeSet::new(),
            kinds: BTreeMap::new(),
            held: Vec::new(),
            due: Duration::ZERO,
            pause: FIRST_PAUSE,
            progress: None,
        }
    }
}

/// A kind of news: what is the same of several pods.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Appeared,
    State(String),
    Gone(String),
    Crash(Role, Untrusted, String),
    Cause(&'static str, Option<Untrusted>, String),
    Warned(&'static str),
    Window,
    Progress,
    /// One of too many kinds, by its type.
    Other(&'static str),
}

/// What was told of a kind one by one.
#[derive(Debug, Default)]
struct Told {
    pods: BTreeSet<Untrusted>,
    times: usize,
}

/// What is held back of a kind.
#[derive(Debug)]
struct Held {
    kind: Kind,
    /// The newest.
    event: Event,
    pods: BTreeSet<Untrusted>,
    times: usize,
}

impl News {
    /// Takes in what happened. Returns true where it is to be told at once, and false where it is held back.
    pub(super) fn is_told_at_once(&mut self, at: Duration, event: &Event) -> bool {
        let pod = pod_of(event);
        if let Some(pod) = pod.filter(|_| self.pods.len() <= NAMED) {
            self.pods.insert(pod.clone());
        }
        let Some(kind) = self.kind_of(event) else { return true };
        let is_told = match (&kind, event) {
            (Kind::Progress, Event::Progress { ready, wanted }) => self.is_progress_told(at, *ready, *wanted),
            _ => self.is_told(&kind, pod),
        };
        if !is_told {
            self.hold(at, kind, pod, event);
        } else if matches!(event, Event::Progress { .. } | Event::WindowOpened { .. }) {
            // A number of ready pods that is not true any more is not told after what is.
            self.held.retain(|held| held.kind != Kind::Progress);
        }
        is_told
    }

    fn is_told(&mut self, kind: &Kind, pod: Option<&Untrusted>) -> bool {
        let is_small = self.pods.len() <= NAMED;
        let told = self.kinds.entry(kind.clone()).or_default();
        match pod {
            Some(pod) if told.pods.contains(pod) => true,
            Some(pod) if told.pods.len() < NAMED => told.pods.insert(pod.clone()),
            Some(_) => false,
            None => {
                told.times += 1;
                is_small || told.times <= NAMED
            }
        }
    }

    /// The number of ready pods is told where a few are wanted, where another number is, and otherwise now and then.
    fn is_progress_told(&mut self, at: Duration, ready: u32, wanted: Option<u32>) -> bool {
        let few = wanted.unwrap_or(ready) <= u32::try_from(NAMED).unwrap_or(u32::MAX);
        let is_told =
            few || self.progress.is_none_or(|(told_at, of)| of != wanted || at.saturating_sub(told_at) >= self.pause);
        if is_told {
            self.progress = Some((at, wanted));
        }
        is_told
    }

    fn hold(&mut self, at: Duration, kind: Kind, pod: Option<&Untrusted>, event: &Event) {
        if self.held.is_empty() {
            self.due = self.due.max(at + GATHERED);
        }
        let place = self.held.iter().position(|held| held.kind == kind).unwrap_or_else(|| {
            self.held.push(Held { kind, event: event.clone(), pods: BTreeSet::new(), times: 0 });
            self.held.len() - 1
        });
        let held = &mut self.held[place];
        held.times += 1;
        held.pods.extend(pod.cloned());
        let crashes = |event: &Event| if let Event::Crash { crashes, .. } = event { *crashes } else { 0 };
        if crashes(event) >= crashes(&held.event) {
            held.event = event.clone();
        }
    }

    /// Returns what was held back and is due by now, in lines, each with one of its events.
    pub(super) fn due(&mut self, at: Duration) -> Vec<(SafeText, Event)> {
        if self.held.is_empty() || at < self.due {
            return Vec::new();
        }
        self.due = at + self.pause;
        self.pause = LONGEST_PAUSE.min(self.pause * 2);
        if self.held.iter().any(|held| held.kind == Kind::Progress) {
            self.progress = self.progress.map(|(_, wanted)| (at, wanted));
        }
        self.rest()
    }

    /// Returns all that is held back.
    pub(super) fn rest(&mut self) -> Vec<(SafeText, Event)> {
        self.held.drain(..).map(|held| (held.line(), held.event)).collect()
    }

    fn kind_of(&self, event: &Event) -> Option<Kind> {
        let same = |text: &Untrusted| pod_of(event).map_or_else(String::new, |pod| without_names(text, pod));
        let kind = match event {
            Event::PodAppeared { .. } => Kind::Appeared,
            Event::PodState { state, .. } => Kind::State(same(state)),
            Event::PodGone { why, .. } => Kind::Gone(same(why)),
            Event::Crash { container, role, how, .. } => Kind::Crash(*role, container.clone(), same(how)),
            Event::Cause { finding, .. } => {
                finding.pod.as_ref()?;
                Kind::Cause(finding.code.name(), finding.container.clone(), same(&finding.message))
            }
            Event::Warned(warning) => Kind::Warned(warning.code.name()),
            Event::WindowOpened { .. } | Event::WindowBroken { .. } => Kind::Window,
            Event::Progress { .. } => Kind::Progress,
            Event::PodGlance(_)
            | Event::Trouble { .. }
            | Event::Recovered { .. }
            | Event::Measured(_)
            | Event::Smoking
            | Event::Confirming
            | Event::Decided { .. } => return None,
        };
        let is_known = self.kinds.len() < MOST_KINDS || self.kinds.contains_key(&kind);
        Some(if is_known { kind } else { Kind::Other(type_of(&kind)) })
    }
}

const fn type_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Appeared => "appeared",
        Kind::State(_) => "state",
        Kind::Gone(_) => "gone",
        Kind::Crash(..) => "crash",
        Kind::Cause(..) => "cause",
        Kind::Warned(_) => "warned",
        Kind::Window => "window",
        Kind::Progress => "progress",
        Kind::Other(name) => name,
    }
}

impl Kind {
    /// True for one of too many kinds.
    const fn is_of_its_type(&self) -> bool {
        matches!(self, Self::Other(_))
    }
}

impl Held {
    const fn and_more(&self) -> &'static str {
        if self.kind.is_of_its_type() { ", and more of other kinds" } else { "" }
    }

    fn line(&self) -> SafeText {
        let others = self.pods.len();
        if others > 1 {
            let pods = words::count(others, "other pod");
            return match &self.event {
                Event::Crash { container, role, how, crashes, allowed, .. } => {
                    let most = progress::crash_count(*crashes);
                    let most = if *crashes > 1 { safe!("up to {} each", most) } else { safe!("{} each", most) };
                    let (role, container, how) = (role.words(), container.line(), how.line());
                    safe!("{}: {} {} ended: {} ({}, {} allowed)", pods, role, container, how, most, allowed)
                }
                Event::Cause { finding, counts_at } => {
                    let (code, message) = (finding.code, finding.message.line());
                    safe!("{}: {}: {} ({})", pods, code, message, progress::counts(*counts_at))
                }
                event => safe!("{}: {}{}", pods, progress::words_of(event), self.and_more()),
            };
        }
        let line = progress::event_line(&self.event);
        match self.event {
            _ if self.kind.is_of_its_type() => safe!("{}{}", line, self.and_more()),
            Event::Warned(_) | Event::WindowOpened { .. } | Event::WindowBroken { .. } if self.times > 1 => {
                safe!("{}; {} lines like this since the last one", line, self.times)
            }
            _ => line,
        }
    }
}

/// The pod that an event is about.
const fn pod_of(event: &Event) -> Option<&Untrusted> {
    match event {
        Event::PodAppeared { pod }
        | Event::PodState { pod, .. }
        | Event::PodGone { pod, .. }
        | Event::Crash { pod, .. }
        | Event::Cause { finding: Finding { pod: Some(pod), .. }, .. } => Some(pod),
        _ => None,
    }
}

/// The text without what differs from pod to pod: the pod's own name, and what has a number in it. Exit codes stay.
fn without_names(text: &Untrusted, pod: &Untrusted) -> String {
    let (text, pod) = (text.one_line(), pod.one_line());
    let mut before = "";
    let words = text.split_whitespace().map(|word| {
        let is_code = std::mem::replace(&mut before, word) == "code";
        let is_own = word.contains(&*pod) || (!is_code && word.contains(|c: char| c.is_ascii_digit()));
        if is_own { "…" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}
