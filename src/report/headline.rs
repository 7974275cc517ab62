//! What documents say first of a run, a gate and a cause: their headlines.

use super::{block, progress, quote, words};
use crate::cluster::drive::{GateRun, Run};
use crate::gate::model::Role;
use crate::gate::result::{Evidence, Finding, Verdict};

/// The verdict as a headline says it.
pub(super) const fn title(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "Healthy",
        Verdict::Failed => "Failed",
        Verdict::Usage => "Wrong usage",
        Verdict::TimedOut => "Timed out",
        Verdict::NothingMatched => "Nothing matched",
        Verdict::Platform => "Platform at fault",
        Verdict::Superseded => "Superseded",
        Verdict::Inconclusive => "Inconclusive",
        Verdict::Interrupted | Verdict::Terminated | Verdict::HungUp | Verdict::Quit => "Interrupted",
    }
}

/// What the verdict means for whoever waits for the deploy.
pub(super) const fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "Every expected pod stayed ready, and a final read confirmed it.",
        Verdict::Failed => "The app or its configuration is at fault.",
        Verdict::Usage => "The arguments or the manifest are wrong. The cluster was not contacted.",
        Verdict::TimedOut => "It was not healthy within the wait period.",
        Verdict::NothingMatched => "No pod of this version appeared, or none is wanted.",
        Verdict::Platform => "The cluster kept the version from running.",
        Verdict::Superseded => "Another version replaced it.",
        Verdict::Inconclusive => "The cluster could not be observed well enough to say.",
        Verdict::Interrupted | Verdict::Terminated | Verdict::HungUp | Verdict::Quit => {
            "A signal ended the run before the gate could decide."
        }
    }
}

/// The gate in a few words: `payments v1 in namespace shop`.
pub(super) fn gate(gate: &GateRun) -> String {
    format!("{} in namespace {}", progress::app(&gate.plan), quote::name(&gate.plan.namespace))
}

/// The gates of a run in a few words.
pub(super) fn run(run: &Run) -> String {
    match run.gates.as_slice() {
        [] => "nothing was judged".to_owned(),
        [only] => gate(only),
        several => format!("{}, {}", words::count(several.len(), "gate"), counts(run)),
    }
}

/// How many gates ended how, the worst first, which the exit code comes from: `1 failed, 2 healthy`.
pub(super) fn counts(run: &Run) -> String {
    let mut counts: Vec<(Verdict, usize)> = Vec::new();
    for gate in &run.gates {
        let verdict = gate.outcome.verdict;
        match counts.iter_mut().find(|(known, _)| *known == verdict) {
            Some((_, count)) => *count += 1,
            None => counts.push((verdict, 1)),
        }
    }
    counts.sort_by_key(|(verdict, _)| std::cmp::Reverse(verdict.severity()));
    let counts = counts.iter().map(|(verdict, count)| format!("{count} {}", title(*verdict).to_lowercase()));
    counts.collect::<Vec<_>>().join(", ")
}

/// How ready the gate was at its end.
pub(super) fn readiness(gate: &GateRun) -> String {
    if gate.outcome.verdict == Verdict::Healthy {
        return block::passed(gate);
    }
    format!("{}.", words::ready(gate.outcome.ready, gate.outcome.wanted))
}

/// Where a cause was seen, in parts of a kind and a name.
pub(super) fn place(finding: &Finding) -> Vec<(&'static str, String)> {
    let place = &finding.place;
    let mut parts = Vec::new();
    if let Some(container) = &place.container {
        parts.push((place.role.map_or("container", Role::words), quote::name(container)));
    }
    for (kind, name) in [("pod", &place.pod), ("node", &place.node), ("workload", &place.workload)] {
        parts.extend(name.as_deref().map(|name| (kind, quote::name(name))));
    }
    parts
}

/// The same on one line.
pub(super) fn place_line(finding: &Finding) -> String {
    place(finding).iter().map(|(kind, name)| format!("{kind} {name}")).collect::<Vec<_>>().join(", ")
}

/// The lines of a piece of proof, masked and inert.
pub(super) fn proof(evidence: &Evidence) -> Vec<String> {
    quote::block(&evidence.text, 2000)
}
