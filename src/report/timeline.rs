//! What every pod did and when: the picture that HTML and Markdown draw, each with its own pen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::background::{Background, Proved};
use super::model::{Event, Outcome, Pod};
use super::run_log::GateLog;
pub use super::state_kind::State;
use super::{progress, words};
use crate::gate::result::Verdict;
use crate::safe;
use crate::text::{SafeText, Untrusted};

/// The picture of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// Where the picture ends.
    pub end: Duration,
    /// The gate has ended there, and does not go on.
    pub is_over: bool,
    /// When the wait period is over, or would have been.
    pub wait_period: Duration,
    /// The times of stability, the broken ones too.
    pub windows: Vec<Window>,
    /// A lane for every pod that was ever seen: first those with a cause, then those in trouble, then the others.
    pub lanes: Vec<Lane>,
    /// What happened to the gate and not to one of its pods.
    pub marks: Vec<Mark>,
}

/// A time of stability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// When it began.
    pub from: Duration,
    /// When it ended, for whatever reason.
    pub to: Duration,
    /// When it would be over.
    pub until: Duration,
    /// Why it broke.
    pub broken: Option<SafeText>,
}

/// One pod over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// The pod's name.
    pub pod: SafeText,
    /// Its last state; absent for pods that left.
    pub summary: Option<Pod>,
    /// Its states, without gaps.
    pub spans: Vec<Span>,
    /// What happened to it.
    pub marks: Vec<Mark>,
}

/// A state of a pod and how long it lasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub from: Duration,
    /// When it ended.
    pub to: Duration,
    /// What kind of state it is.
    pub kind: State,
    /// The state in words.
    pub words: SafeText,
}

/// Something that happened at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Duration,
    /// What kind of thing.
    pub kind: MarkKind,
    /// What.
    pub words: SafeText,
}

/// The kinds of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// A container ended that should not have.
    Crash,
    /// The pod became ready.
    Ready,
    /// Something to know: a cause that may count, trouble with a source, a warning.
    Note,
    /// The pod left.
    Gone,
}

impl MarkKind {
    /// Every kind, in the order of a legend.
    pub const ALL: [Self; 4] = [Self::Crash, Self::Ready, Self::Note, Self::Gone];

    /// The name of the kind, for a legend.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Ready => "became ready",
            Self::Note => "cause or event",
            Self::Gone => "pod left",
        }
    }
}

impl Lane {
    fn new(pod: &Untrusted) -> Self {
        Self { pod: pod.line(), summary: None, spans: Vec::new(), marks: Vec::new() }
    }

    fn enter(&mut self, at: Duration, kind: State, state: &Untrusted) {
        if let Some(last) = self.spans.last_mut() {
            last.to = at.max(last.from);
        }
        if kind == State::Ready {
            self.marks.push(Mark { at, kind: MarkKind::Ready, words: "ready".into() });
        }
        self.spans.push(Span { from: at, to: at, kind, words: state.line() });
    }

    /// The states in a sentence, for those who do not see the picture.
    #[must_use]
    pub fn told(&self) -> SafeText {
        const MOST: usize = 12;
        let spans = self.spans.iter().map(|span| (span.from, 1, span.words.clone()));
        let marks = self.marks.iter().filter(|mark| mark.kind != MarkKind::Ready);
        let marks = marks.map(|mark| (mark.at, 0, mark.words.clone()));
        let mut moments: Vec<_> = spans.chain(marks).collect();
        moments.sort_by_key(|(at, order, _)| (*at, *order));
        let left_out = moments.len().saturating_sub(MOST);
        let mut told: Vec<SafeText> =
            moments.into_iter().take(MOST).map(|(at, _, words)| safe!("{} {}", words::since(at), words)).collect();
        if left_out > 0 {
            told.push(safe!("and {} more", left_out));
        }
        // A picture without a word would be none to those who hear it.
        if told.is_empty() { "no events were seen".into() } else { SafeText::joined(told, "; ") }
    }
}

/// The picture of a gate that ended so.
#[must_use]
pub fn of(log: &GateLog, outcome: &Outcome) -> Timeline {
    let newest = log.events.iter().map(|(at, _)| *at).max().unwrap_or_default();
    let end = outcome.decided_after.max(newest).max(Duration::from_millis(1));
    let mut lanes: BTreeMap<&Untrusted, Lane> = BTreeMap::new();
    let mut windows: Vec<Window> = Vec::new();
    let mut gate_marks = Vec::new();
    let mut warned = BTreeSet::new();
    for (at, event) in &log.events {
        let at = *at;
        match event {
            Event::PodAppeared { pod } => {
                lanes.entry(pod).or_insert_with(|| Lane::new(pod));
            }
            Event::PodState { pod, kind, state } => {
                lanes.entry(pod).or_insert_with(|| Lane::new(pod)).enter(at, *kind, state);
            }
            Event::PodGone { pod, why } => {
                let lane = lanes.entry(pod).or_insert_with(|| Lane::new(pod));
                let words = safe!("gone, {}", why.line());
                lane.marks.push(Mark { at, kind: MarkKind::Gone, words });
                if let Some(last) = lane.spans.last_mut() {
                    last.to = at;
                }
            }
            Event::Crash { pod, container, how, .. } => {
                let words = safe!("container {} ended: {}", container.line(), how.line());
                let lane = lanes.entry(pod).or_insert_with(|| Lane::new(pod));
                lane.marks.push(Mark { at, kind: MarkKind::Crash, words });
            }
            Event::Cause { finding, .. } => {
                let words = safe!("{}: {}", finding.code, finding.message.line());
                let mark = Mark { at, kind: MarkKind::Note, words };
                match &finding.pod {
                    Some(pod) => lanes.entry(pod).or_insert_with(|| Lane::new(pod)).marks.push(mark),
                    None => gate_marks.push(mark),
                }
            }
            Event::WindowOpened { until } => {
                windows.push(Window { from: at, to: end.min(*until), until: *until, broken: None });
            }
            Event::WindowBroken { why } => {
                if let Some(window) = windows.last_mut() {
                    (window.to, window.broken) = (at, Some(why.line()));
                }
            }
            // Of those of one kind the first: the others are in the list of warnings.
            Event::Warned(warning) if !warned.insert(warning.code.name()) => {}
            // Its counts and its chart stand elsewhere.
            Event::Measured(check) => {
                let words = safe!("check {}: {}", check.name.line(), check.standing_words());
                gate_marks.push(Mark { at, kind: MarkKind::Note, words });
            }
            Event::Trouble { .. } | Event::Recovered { .. } | Event::Warned(_) => {
                gate_marks.push(Mark { at, kind: MarkKind::Note, words: progress::event_line(event) });
            }
            Event::PodGlance(_)
            | Event::Progress { .. }
            | Event::Smoking
            | Event::Confirming
            | Event::Decided { .. } => {}
        }
    }
    // A gate that decides against the version does so at once, and the time of stability is over without a word.
    if outcome.verdict != Verdict::Healthy
        && let Some(window) = windows.last_mut().filter(|window| window.broken.is_none() && window.until > end)
    {
        window.broken = Some(safe!("the gate decided: {}", outcome.verdict));
    }
    for summary in &outcome.pods {
        lanes.entry(&summary.name).or_insert_with(|| Lane::new(&summary.name)).summary = Some(summary.clone());
    }
    for lane in lanes.values_mut() {
        let gone = lane.marks.iter().any(|mark| mark.kind == MarkKind::Gone) && lane.summary.is_none();
        if let Some(last) = lane.spans.last_mut().filter(|_| !gone) {
            last.to = end;
        }
    }
    let wait_period = log.plan.wait_period;
    Timeline { end, is_over: true, wait_period, windows, lanes: ordered(lanes, outcome), marks: gate_marks }
}

/// The picture of a gate that goes on, up to this moment.
#[must_use]
pub fn so_far(log: &GateLog, now: Duration) -> Timeline {
    let mut pods: BTreeMap<&Untrusted, Pod> = BTreeMap::new();
    for (_, event) in &log.events {
        match event {
            Event::PodState { pod, kind, state } => {
                let restarts = pods.get(pod).map_or(0, |pod| pod.restarts);
                let ready = *kind == State::Ready;
                let phase = Untrusted::default();
                pods.insert(pod, Pod { name: pod.clone(), phase, state: state.clone(), ready, restarts, node: None });
            }
            Event::PodGlance(glance) => {
                if let Some(pod) = pods.get_mut(&glance.pod) {
                    (pod.restarts, pod.ready) = (glance.restarts, glance.ready);
                }
            }
            Event::PodGone { pod, .. } => drop(pods.remove(pod)),
            _ => {}
        }
    }
    let outcome = Outcome {
        // Nothing was decided against it.
        verdict: Verdict::Healthy,
        decided_after: now,
        findings: Vec::new(),
        pods: pods.into_values().collect(),
        warnings: Vec::new(),
        ready: 0,
        wanted: None,
        checks: Vec::new(),
        background: Background::default(),
        proved: Proved::default(),
    };
    Timeline { is_over: false, ..of(log, &outcome) }
}

fn ordered(lanes: BTreeMap<&Untrusted, Lane>, outcome: &Outcome) -> Vec<Lane> {
    let named: Vec<&Untrusted> =
        outcome.findings.iter().flat_map(|finding| finding.pod.iter().chain(&finding.also)).collect();
    let rank: BTreeMap<&Untrusted, usize> = named.iter().enumerate().rev().map(|(rank, pod)| (*pod, rank)).collect();
    let mut lanes: Vec<(&Untrusted, Lane)> = lanes.into_iter().collect();
    lanes.sort_by_key(|(pod, lane)| {
        let troubled = lane.spans.last().is_some_and(|span| span.kind != State::Ready);
        (rank.get(pod).copied().unwrap_or(usize::MAX), !troubled, (*pod).clone())
    });
    lanes.into_iter().map(|(_, lane)| lane).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{MarkKind, State, of};
    use crate::gate::model::Role;
    use crate::gate::result::{GateEvent, PodState, Verdict};
    use crate::gate::spec::Plan;
    use crate::report::background::{Background, Proved};
    use crate::report::model::{self, Event, Outcome, Target};
    use crate::report::run_log::RunLog;
    use crate::text::{Redaction, Untrusted};

    fn at(second: u64) -> Duration {
        Duration::from_secs(second)
    }

    #[test]
    fn a_reason_that_reads_like_a_state_is_not_taken_for_one() {
        for reason in ["ready", "terminating", "whatever"] {
            assert_eq!(State::of(&PodState::Unscheduled { reason: Some(reason.to_owned()) }), State::Waiting);
        }
    }

    #[test]
    fn states_follow_each_other_without_a_gap_up_to_the_end() {
        let mut log = RunLog::default();
        log.begin(&Target::default(), &[model::Plan::of(&Plan::new("a", "v1", "n"))]);
        let pod = || Untrusted::name("web-1");
        let state = |state: PodState| Event::of(&GateEvent::PodState { pod: "web-1".to_owned(), state }, Redaction::On);
        log.hear(0, at(1), &Event::PodAppeared { pod: pod() });
        log.hear(0, at(1), &state(PodState::Unscheduled { reason: None }));
        log.hear(0, at(2), &state(PodState::Ready));
        log.hear(0, at(2), &Event::WindowOpened { until: at(32) });
        let crash = Event::Crash {
            pod: pod(),
            container: "app".into(),
            role: Role::App,
            how: "exit code 1".into(),
            crashes: 1,
            allowed: 0,
        };
        log.hear(0, at(5), &crash);
        let ended = PodState::ContainerEnded { container: "app".to_owned(), how: "exit code 1".to_owned() };
        log.hear(0, at(5), &state(ended));
        log.hear(0, at(5), &Event::WindowBroken { why: "a crash".into() });
        let outcome = Outcome {
            verdict: Verdict::Failed,
            decided_after: at(6),
            findings: Vec::new(),
            pods: Vec::new(),
            warnings: Vec::new(),
            ready: 0,
            wanted: Some(1),
            checks: Vec::new(),
            background: Background::default(),
            proved: Proved::default(),
        };
        let timeline = of(&log.gates[0], &outcome);
        let [lane] = timeline.lanes.as_slice() else { panic!("one pod") };
        let spans: Vec<_> = lane.spans.iter().map(|span| (span.kind, span.from, span.to)).collect();
        let expected = [(State::Waiting, at(1), at(2)), (State::Ready, at(2), at(5)), (State::Trouble, at(5), at(6))];
        assert_eq!(spans, expected);
        assert_eq!(lane.marks.iter().filter(|mark| mark.kind == MarkKind::Crash).count(), 1);
        let [window] = timeline.windows.as_slice() else { panic!("one window") };
        assert_eq!((window.from, window.to, window.broken.as_deref()), (at(2), at(5), Some("a crash")));
        assert!(lane.told().contains("+5.0s container app ended: exit code 1; +5.0s app ended: exit code 1"));
    }
}
