//! What documents say first of a run, a gate and a cause: their headlines.

use super::layout::Tone;
use super::layout::glued;
use super::model::{Evidence, Finding, GateRun, Run};
use super::{progress, words};
use crate::gate::model::Role;
use crate::gate::result::Verdict;
use crate::safe;
use crate::text::{SafeText, Untrusted};

/// The verdict as a headline says it.
#[must_use]
pub const fn title(verdict: Verdict) -> &'static str {
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

/// How the verdict stands out, in colours and by signs.
pub(super) const fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Healthy => Tone::Good,
        Verdict::Superseded
        | Verdict::Inconclusive
        | Verdict::Interrupted
        | Verdict::Terminated
        | Verdict::HungUp
        | Verdict::Quit => Tone::Careful,
        Verdict::Failed | Verdict::Usage | Verdict::TimedOut | Verdict::NothingMatched | Verdict::Platform => Tone::Bad,
    }
}

/// The verdict in the middle of a sentence.
#[must_use]
pub fn title_within(verdict: Verdict) -> SafeText {
    SafeText::rearranged(title(verdict).to_lowercase())
}

/// The verdict in capitals.
pub(super) fn title_aloud(verdict: Verdict) -> SafeText {
    SafeText::rearranged(title(verdict).to_uppercase())
}

/// What the verdict means for whoever waits for the deploy.
pub(super) const fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "Every expected pod stayed ready.",
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

/// The word with a capital letter.
pub(super) fn capital(word: &'static str) -> SafeText {
    let mut letters = word.chars();
    SafeText::rearranged(letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>())
}

/// The gate in a few words: `payments v1 in namespace shop`.
pub(super) fn gate(gate: &GateRun) -> SafeText {
    safe!("{} in namespace {}", progress::app(&gate.plan), gate.plan.namespace.line())
}

/// The gates of a run in a few words.
pub(super) fn run(run: &Run) -> SafeText {
    match run.gates.as_slice() {
        [] => "nothing was judged".into(),
        [only] => gate(only),
        several => safe!("{}, {}", words::count(several.len(), "gate"), counts(run)),
    }
}

/// How many gates ended how, the worst first, which the exit code comes from: `1 failed, 2 healthy`.
pub(super) fn counts(run: &Run) -> SafeText {
    let mut counts: Vec<(Verdict, usize)> = Vec::new();
    for gate in &run.gates {
        let verdict = gate.outcome.verdict;
        match counts.iter_mut().find(|(known, _)| *known == verdict) {
            Some((_, count)) => *count += 1,
            None => counts.push((verdict, 1)),
        }
    }
    counts.sort_by_key(|(verdict, _)| std::cmp::Reverse(verdict.severity()));
    let counts = counts.iter().map(|(verdict, count)| safe!("{} {}", count, title_within(*verdict)));
    SafeText::joined(counts, ", ")
}

/// How ready the gate was at its end, and who serves where it was not.
pub(super) fn readiness(gate: &GateRun) -> SafeText {
    let outcome = &gate.outcome;
    if outcome.verdict == Verdict::Healthy {
        return passed(gate);
    }
    let ready = safe!("{}.", words::ready(outcome.ready, outcome.wanted));
    let serving = outcome.background.serving_words();
    if serving.is_empty() { ready } else { safe!("{} {}", ready, serving) }
}

/// Where a cause was seen, in parts of a kind and a name.
pub(super) fn place(finding: &Finding) -> Vec<(&'static str, SafeText)> {
    let container = finding.role.map_or("container", Role::words);
    let parts = [
        (container, &finding.container),
        ("pod", &finding.pod),
        ("node", &finding.node),
        ("workload", &finding.workload),
    ];
    parts.into_iter().filter_map(|(kind, name)| Some((kind, name.as_ref()?.line()))).collect()
}

/// The same on one line.
pub(super) fn place_line(finding: &Finding) -> SafeText {
    SafeText::joined(place(finding).iter().map(|(kind, name)| safe!("{} {}", kind, name)), ", ")
}

/// The lines of a piece of proof.
pub(super) fn proof(evidence: &Evidence) -> Vec<SafeText> {
    evidence.text.block(2000)
}

/// What a pass rests on.
pub(super) fn passed(gate: &GateRun) -> SafeText {
    let (outcome, proved) = (&gate.outcome, &gate.outcome.proved);
    let ready = words::ready(outcome.ready, outcome.wanted);
    let (ready, crashes): (SafeText, SafeText) = if outcome.ready == 0 {
        // A Job's pods are done, not ready, and it alone decides which of their ends count.
        ("Completed".into(), "A".into())
    } else {
        let crashes = match proved.crashes {
            0 => "No container crashed, and a".into(),
            crashes => {
                let crashes = progress::crash_count(crashes);
                safe!("{} tolerated ({} allowed for each container), and a", crashes, proved.allowed)
            }
        };
        let stable_for = gate.plan.stable_for;
        let stable = safe!(", without a break for {}", glued(&words::duration(stable_for)));
        (if stable_for.is_zero() { ready } else { safe!("{}{}", ready, stable) }, crashes)
    };
    let mut said = vec![safe!("{}. {} final read confirmed it.", ready, crashes)];
    if let Some((image, seconds)) = &proved.smoke {
        let ran = seconds.map(|seconds| safe!(" after {}", glued(&safe!("{} s", seconds)))).unwrap_or_default();
        said.push(safe!("The smoke run of {} ended with exit code 0{}.", image.line(), ran));
    }
    if !proved.promoted.is_empty() {
        let names = SafeText::joined(proved.promoted.iter().map(Untrusted::line), ", ");
        let have = if proved.promoted.len() == 1 { "has" } else { "have" };
        said.push(safe!("{} {} promoted it.", names, have));
    }
    SafeText::joined(said, " ")
}
