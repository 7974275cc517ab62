//! `-o name`: the objects that an exit code is about, as kubectl names them.

use std::collections::BTreeSet;

use super::model::{GateRun, Run};
use crate::gate::model::WorkloadKind;
use crate::gate::result::Verdict;
use crate::safe;
use crate::text::{SafeText, Untrusted};

/// A pod as kubectl names it: `pod/checkout-7d9c`.
#[must_use]
pub fn pod(name: &Untrusted) -> SafeText {
    safe!("pod/{}", name.line())
}

/// A workload as kubectl names it, from `deployment/checkout`: `deployment.apps/checkout`. What is of no kind that is known
/// keeps its name.
#[must_use]
pub fn workload(name: &Untrusted) -> SafeText {
    let line = name.line();
    let kind = line.split('/').next().unwrap_or_default().to_ascii_lowercase();
    match WorkloadKind::ALL.into_iter().find(|known| known.lower() == kind) {
        Some(kind) => {
            let object = line.split_at_each('/').into_iter().nth(1).unwrap_or_default();
            safe!("{}.{}/{}", kind.lower(), kind.group(), object)
        }
        None => line,
    }
}

/// The objects that the exit code of a run is about, one a line: what has passed where it is 0, and else what stands against
/// it. What has passed is the workload of a gate, or its pods where labels alone say what is gated. What stands against it is
/// each pod that a cause is found at, or the workload where it is found at none.
#[must_use]
pub fn of(run: &Run) -> SafeText {
    let has_passed = run.verdict() == Verdict::Healthy;
    let gates = run.gates.iter().filter(|gate| has_passed || gate.outcome.verdict != Verdict::Healthy);
    let mut told = BTreeSet::new();
    let names = gates.flat_map(|gate| if has_passed { passed(gate) } else { against(gate) });
    names.filter(|name| told.insert(name.clone())).map(|name| safe!("{}\n", name)).collect()
}

fn passed(gate: &GateRun) -> Vec<SafeText> {
    match &gate.plan.workload {
        Some(pinned) => vec![workload(pinned)],
        None => gate.outcome.pods.iter().map(|summary| pod(&summary.name)).collect(),
    }
}

fn against(gate: &GateRun) -> Vec<SafeText> {
    let mut names = Vec::new();
    for finding in &gate.outcome.findings {
        match (&finding.pod, &finding.workload) {
            (Some(name), _) => names.extend(std::iter::once(name).chain(&finding.also).map(pod)),
            (None, Some(name)) => names.push(workload(name)),
            (None, None) => {}
        }
    }
    if names.is_empty() {
        names.extend(gate.plan.workload.as_ref().map(workload));
    }
    names
}
