//! What happened, in one line each, and what a gate is waiting for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::check::{Check, Standings};
use super::model::{Event, Finding, Plan, PodGlance, Target, Warning};
use super::state_kind::State;
use super::words;
use crate::gate::result::CheckStanding;
use crate::safe;
use crate::text::{SafeText, Untrusted};

/// Which cluster is asked.
pub(super) fn target_line(target: &Target) -> SafeText {
    if let Some(recording) = &target.rehearsal {
        let front = safe!("Rehearsal: the recording {} is played back, no real cluster is contacted", recording.line());
        let version = target.version.line();
        return if version.is_empty() { front } else { safe!("{}; Kubernetes {}", front, version) };
    }
    let mut parts = vec![safe!("Cluster {}", target.server.line())];
    for (word, text) in [("Kubernetes", &target.version), ("context", &target.context), ("config", &target.config)] {
        let text = text.line();
        if !text.is_empty() {
            parts.push(safe!("{} {}", word, text));
        }
    }
    SafeText::joined(parts, ", ")
}

/// The same where one is known: none is before a run has begun.
pub(super) fn known_target(target: &Target) -> Option<SafeText> {
    (!target.server.is_blank() || target.rehearsal.is_some()).then(|| target_line(target))
}

/// What is judged, and how patiently.
pub(super) fn plan_line(plan: &Plan) -> SafeText {
    let pods = match &plan.workload {
        Some(pin) => safe!("workload {}", pin.line()),
        None => safe!("pods with {}", plan.selector.line()),
    };
    let stable = if plan.stable_for.is_zero() {
        "no stability window".into()
    } else {
        safe!("then {} without a break", words::duration(plan.stable_for))
    };
    safe!(
        "Gate {} in namespace {}: {}; {} to get ready, {}",
        app(plan),
        plan.namespace.line(),
        pods,
        words::duration(plan.wait_period),
        stable,
    )
}

/// The app and its version: the name of a gate.
pub(super) fn app(plan: &Plan) -> SafeText {
    safe!("{} {}", plan.app.line(), plan.version.line())
}

/// What a fold of the log is called in which these gates wait.
pub(super) fn watched(plans: &[Plan]) -> SafeText {
    safe!("crashgate watches {}", SafeText::joined(plans.iter().take(3).map(app), ", "))
}

/// What happened, in one line.
pub(super) fn event_line(event: &Event) -> SafeText {
    match event {
        Event::PodAppeared { pod }
        | Event::PodState { pod, .. }
        | Event::PodGlance(PodGlance { pod, .. })
        | Event::PodGone { pod, .. }
        | Event::Crash { pod, .. } => safe!("{}: {}", pod.line(), words_of(event)),
        event => words_of(event),
    }
}

/// The same without the name of the pod that leads it.
pub(super) fn words_of(event: &Event) -> SafeText {
    match event {
        Event::PodAppeared { .. } => "first seen".into(),
        Event::PodState { state, .. } => state.line(),
        Event::PodGlance(glance) => glance.state.line(),
        Event::PodGone { why, .. } => safe!("gone, {}", why.line()),
        Event::Crash { container, role, how, crashes, allowed, .. } => safe!(
            "{} {} ended: {} ({}, {} allowed)",
            role.words(),
            container.line(),
            how.line(),
            crash_count(*crashes),
            allowed,
        ),
        Event::Cause { finding, counts_at } => {
            safe!("{}: {} ({})", cause(finding), finding.message.line(), counts(*counts_at))
        }
        Event::Progress { ready, wanted } => words::ready(*ready, *wanted),
        Event::WindowOpened { until } => {
            safe!("everything is ready and must stay so until {}", words::since(*until))
        }
        Event::WindowBroken { why } => {
            safe!("not stable: {}; the stability window starts again", why.line())
        }
        Event::Trouble { source, message } => safe!("trouble reading {}: {}", source, message.line()),
        Event::Recovered { source } => safe!("{} can be read again", source),
        Event::Warned(warning) => safe!("warning: {}", warning_words(warning)),
        Event::Measured(check) => check.line(),
        Event::Smoking => "stable for long enough: the smoke run begins".into(),
        Event::Confirming => "confirming with one more read".into(),
        Event::Decided { verdict } => safe!("decided: {}", verdict),
    }
}

/// When a cause counts.
pub(super) fn counts(at: Option<Duration>) -> SafeText {
    match at {
        Some(at) => safe!("counts at {} if it persists", words::since(at)),
        None => "counts if it persists to the end of the wait".into(),
    }
}

/// A number of crashes with its noun.
pub(super) fn crash_count(crashes: u32) -> SafeText {
    if crashes == 1 { "1 crash".into() } else { safe!("{} crashes", crashes) }
}

/// The warnings of one kind.
pub(super) struct WarningKind<'a> {
    /// The first, which stands for all.
    pub(super) first: &'a Warning,
    /// The others.
    pub(super) more: Vec<&'a Warning>,
}

impl WarningKind<'_> {
    /// The first of them, with its stable name and the number of the others.
    pub(super) fn words(&self) -> SafeText {
        let more = self.more.len();
        let more = if more == 0 { SafeText::EMPTY } else { safe!(", and {} more of this kind", more) };
        safe!("{} ({}{})", self.first.message.line(), self.first.code, more)
    }
}

/// Returns the warnings by their codes, in the order of each one's first. A report has a line for each kind, so that one
/// that concerns many objects does not push all else off the page.
pub(super) fn warning_kinds(warnings: &[Warning]) -> Vec<WarningKind<'_>> {
    let mut kinds: Vec<WarningKind<'_>> = Vec::new();
    for warning in warnings {
        match kinds.iter_mut().find(|kind| kind.first.code == warning.code) {
            Some(kind) => kind.more.push(warning),
            None => kinds.push(WarningKind { first: warning, more: Vec::new() }),
        }
    }
    kinds
}

/// A warning with its stable name.
pub(super) fn warning_words(warning: &Warning) -> SafeText {
    safe!("{} ({})", warning.message.line(), warning.code)
}

/// The code with its place, short.
pub(super) fn cause(finding: &Finding) -> SafeText {
    match (&finding.pod, &finding.container, &finding.workload) {
        (Some(pod), Some(container), _) => {
            safe!("{} in {}, container {}", finding.code, pod.line(), container.line())
        }
        (Some(place), None, _) | (None, _, Some(place)) => safe!("{} in {}", finding.code, place.line()),
        _ => match &finding.check {
            Some(check) => safe!("{} of check {}", finding.code, check.line()),
            None => finding.code.name().into(),
        },
    }
}

/// What a gate is waiting for, as its events told.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pods: BTreeMap<Untrusted, (Option<State>, Untrusted)>,
    ready: u32,
    wanted: Option<u32>,
    window_until: Option<Duration>,
    confirming: bool,
    smoking: bool,
    cause: Option<SafeText>,
    /// The checks of the metrics, in the order of their first look.
    checks: Vec<Check>,
    standings: Standings,
    pub(super) decided: bool,
}

impl Waiting {
    pub(super) fn learn(&mut self, event: &Event) {
        match event {
            Event::PodAppeared { pod } => {
                self.pods.entry(pod.clone()).or_insert_with(|| (None, "nothing known yet".into()));
            }
            Event::PodState { pod, kind, state } => {
                self.pods.insert(pod.clone(), (Some(*kind), state.clone()));
            }
            Event::PodGone { pod, .. } => {
                self.pods.remove(pod);
            }
            Event::Cause { finding, .. } => self.cause = Some(cause(finding)),
            Event::Progress { ready, wanted } => (self.ready, self.wanted) = (*ready, *wanted),
            Event::WindowOpened { until } => {
                self.window_until = Some(*until);
                self.cause = None;
            }
            Event::WindowBroken { .. } => {
                (self.window_until, self.confirming, self.smoking) = (None, false, false);
            }
            Event::Smoking => self.smoking = true,
            Event::Confirming => self.confirming = true,
            Event::Decided { .. } => self.decided = true,
            Event::Measured(check) => match self.checks.iter_mut().find(|known| known.name == check.name) {
                Some(known) => known.clone_from(check),
                None => self.checks.push((**check).clone()),
            },
            Event::Crash { .. }
            | Event::PodGlance(_)
            | Event::Trouble { .. }
            | Event::Recovered { .. }
            | Event::Warned(_) => {}
        }
    }

    /// Returns true where the event says something new: of a check of the metrics, that it stands otherwise than before.
    pub(super) fn is_news(&mut self, event: &Event) -> bool {
        match event {
            Event::Measured(check) => self.standings.changed(check),
            _ => true,
        }
    }

    /// The checks that are not good, the first of them in words: `errors: 0 of 214 canary requests bad, about 168 more`.
    fn checks(&self) -> Option<SafeText> {
        let mut open = self.checks.iter().filter(|check| check.standing != CheckStanding::Good);
        let first = open.next()?;
        let first = safe!("{}: {}", first.name.line(), first.progress());
        Some(match open.count() {
            0 => first,
            more => safe!("{}; and {} that {} not good yet", first, words::count(more, "more check"), is_or_are(more)),
        })
    }

    pub(super) fn words(&self) -> SafeText {
        if self.confirming {
            return "waiting for the read that confirms".into();
        }
        let ready = words::ready(self.ready, self.wanted);
        if let Some(until) = self.window_until {
            let stays = safe!("{}, and must stay so until {}", ready, words::since(until));
            return SafeText::joined([Some(stays), self.checks()].into_iter().flatten(), "; ");
        }
        if self.pods.is_empty() && self.cause.is_none() {
            return "waiting for the first pod of this version".into();
        }
        let mut parts = vec![safe!("waiting: {}", ready)];
        parts.extend(self.cause.clone());
        if self.cause.is_none()
            && let Some((pod, (_, state))) = self.pods.iter().find(|(_, (kind, _))| *kind != Some(State::Ready))
        {
            parts.push(safe!("{}: {}", pod.line(), state.line()));
        }
        parts.extend(self.checks());
        SafeText::joined(parts, "; ")
    }
}

const fn is_or_are(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}
