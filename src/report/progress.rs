//! What happened, in one line each, and what a gate is waiting for.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{quote, words};
use crate::cluster::api::Target;
use crate::gate::result::{Finding, GateEvent, Place, Warning};
use crate::gate::spec::Plan;

/// Which cluster is asked.
pub(super) fn target_line(target: &Target) -> String {
    let said = |text: &str| quote::line(text);
    if let Some(recording) = &target.rehearsal {
        let mut parts =
            vec![format!("Rehearsal: the recording {} is played back, no real cluster is contacted", said(recording))];
        if !target.version.is_empty() {
            parts.push(format!("Kubernetes {}", said(&target.version)));
        }
        return parts.join("; ");
    }
    let mut parts = vec![format!("Cluster {}", said(&target.server))];
    for (word, text) in [("Kubernetes", &target.version), ("context", &target.context), ("config", &target.config)] {
        if !text.is_empty() {
            parts.push(format!("{word} {}", said(text)));
        }
    }
    parts.join(", ")
}

/// What is judged, and how patiently.
pub(super) fn plan_line(plan: &Plan) -> String {
    let pods = match &plan.workload {
        Some(pin) => format!("workload {}", quote::name(&pin.to_string())),
        None => format!("pods with {}", quote::name(&plan.selector.to_string())),
    };
    let stable = if plan.stable_for.is_zero() {
        "no stability window".to_owned()
    } else {
        format!("then {} without a break", words::duration(plan.stable_for))
    };
    format!(
        "Gate {} in namespace {}: {pods}; {} to get ready, {stable}",
        app(plan),
        quote::name(&plan.namespace),
        words::duration(plan.wait_period),
    )
}

/// The app and its version: the name of a gate.
pub(super) fn app(plan: &Plan) -> String {
    format!("{} {}", quote::name(&plan.app), quote::name(&plan.version))
}

/// What happened, in one line.
pub(super) fn event_line(event: &GateEvent) -> String {
    let name = |text: &str| quote::name(text);
    match event {
        GateEvent::PodAppeared { pod } => format!("{}: first seen", name(pod)),
        GateEvent::PodState { pod, state } => format!("{}: {}", name(pod), quote::line(state)),
        GateEvent::PodGlance(glance) => format!("{}: {}", name(&glance.pod), quote::line(&glance.state)),
        GateEvent::PodGone { pod, why } => format!("{}: gone, {}", name(pod), quote::line(why)),
        GateEvent::Crash { pod, container, role, how, crashes, allowed } => format!(
            "{}: {} {} ended: {} ({}, {allowed} allowed)",
            name(pod),
            role.words(),
            name(container),
            quote::line(how),
            if *crashes == 1 { "1 crash".to_owned() } else { format!("{crashes} crashes") },
        ),
        GateEvent::Cause { finding, counts_at } => {
            let counts = match counts_at {
                Some(at) => format!("counts at {} if it persists", words::since(*at)),
                None => "counts if it persists to the end of the wait".to_owned(),
            };
            format!("{}: {} ({counts})", cause(finding), quote::line(&finding.message))
        }
        GateEvent::Progress { ready, wanted } => words::ready(*ready, *wanted),
        GateEvent::WindowOpened { until } => {
            format!("everything is ready and must stay so until {}", words::since(*until))
        }
        GateEvent::WindowBroken { why } => {
            format!("not stable: {}; the stability window starts again", quote::line(why))
        }
        GateEvent::Trouble { source, message } => format!("trouble reading {source}: {}", quote::line(message)),
        GateEvent::Recovered { source } => format!("{source} can be read again"),
        GateEvent::Warned(warning) => format!("warning: {}", warning_words(warning)),
        GateEvent::Smoking => "stable for long enough: the smoke run begins".to_owned(),
        GateEvent::Confirming => "confirming with one more read".to_owned(),
        GateEvent::Decided { verdict } => format!("decided: {verdict}"),
    }
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
    pub(super) fn words(&self) -> String {
        let more = self.more.len();
        let more = if more == 0 { String::new() } else { format!(", and {more} more of this kind") };
        format!("{} ({}{more})", quote::line(&self.first.message), self.first.code)
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
pub(super) fn warning_words(warning: &Warning) -> String {
    format!("{} ({})", quote::line(&warning.message), warning.code)
}

/// The code with its place, short.
pub(super) fn cause(finding: &Finding) -> String {
    let Place { pod, container, workload, .. } = &finding.place;
    match (pod, container, workload) {
        (Some(pod), Some(container), _) => {
            format!("{} in {}, container {}", finding.code, quote::name(pod), quote::name(container))
        }
        (Some(place), None, _) | (None, _, Some(place)) => format!("{} in {}", finding.code, quote::name(place)),
        _ => finding.code.to_string(),
    }
}

/// What a gate is waiting for, as its events told.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pods: BTreeMap<String, String>,
    ready: u32,
    wanted: Option<u32>,
    window_until: Option<Duration>,
    confirming: bool,
    smoking: bool,
    cause: Option<String>,
    pub(super) decided: bool,
}

impl Waiting {
    pub(super) fn learn(&mut self, event: &GateEvent) {
        match event {
            GateEvent::PodAppeared { pod } => {
                self.pods.entry(pod.clone()).or_insert_with(|| "nothing known yet".to_owned());
            }
            GateEvent::PodState { pod, state } => {
                self.pods.insert(pod.clone(), state.clone());
            }
            GateEvent::PodGone { pod, .. } => {
                self.pods.remove(pod);
            }
            GateEvent::Cause { finding, .. } => self.cause = Some(cause(finding)),
            GateEvent::Progress { ready, wanted } => (self.ready, self.wanted) = (*ready, *wanted),
            GateEvent::WindowOpened { until } => {
                self.window_until = Some(*until);
                self.cause = None;
            }
            GateEvent::WindowBroken { .. } => {
                (self.window_until, self.confirming, self.smoking) = (None, false, false);
            }
            GateEvent::Smoking => self.smoking = true,
            GateEvent::Confirming => self.confirming = true,
            GateEvent::Decided { .. } => self.decided = true,
            GateEvent::Crash { .. }
            | GateEvent::PodGlance(_)
            | GateEvent::Trouble { .. }
            | GateEvent::Recovered { .. }
            | GateEvent::Warned(_) => {}
        }
    }

    pub(super) fn words(&self) -> String {
        if self.confirming {
            return "waiting for the read that confirms".to_owned();
        }
        let ready = words::ready(self.ready, self.wanted);
        if let Some(until) = self.window_until {
            return format!("{ready}, and must stay so until {}", words::since(until));
        }
        if self.pods.is_empty() && self.cause.is_none() {
            return "waiting for the first pod of this version".to_owned();
        }
        let mut parts = vec![format!("waiting: {ready}")];
        parts.extend(self.cause.clone());
        if self.cause.is_none()
            && let Some((pod, state)) = self.pods.iter().find(|(_, state)| *state != "ready")
        {
            parts.push(format!("{}: {}", quote::name(pod), quote::line(state)));
        }
        parts.join("; ")
    }
}
