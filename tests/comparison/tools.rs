//! The tools that are compared.

use std::time::Duration;

use crashgate::gate::result::Verdict;
use crashgate::gate::spec::Plan;

use super::story::{End, Rule, Said, Story};
use super::{argo_cd, helm, krane, kstatus, kubectl_rules, skaffold};
use crate::recording::replay;

/// The rules of others, in the order of the tables.
pub const RULES: [Rule; 8] = [
    Rule {
        name: "`kubectl rollout status`",
        every: None,
        step: kubectl_rules::rollout_status,
        names_cause_at_the_end: kubectl_rules::nothing,
        begins_with_a_pod: false,
    },
    Rule {
        name: "`kubectl wait --for=condition=Available`",
        every: None,
        step: kubectl_rules::wait_available,
        names_cause_at_the_end: kubectl_rules::nothing,
        begins_with_a_pod: false,
    },
    Rule {
        name: "`kubectl wait --for=condition=Ready pod`",
        every: None,
        step: kubectl_rules::wait_ready_pods,
        names_cause_at_the_end: kubectl_rules::nothing,
        begins_with_a_pod: true,
    },
    Rule {
        name: "Helm 3 `--wait`",
        every: Some(Duration::from_secs(2)),
        step: helm::step,
        names_cause_at_the_end: kubectl_rules::nothing,
        begins_with_a_pod: false,
    },
    Rule {
        name: "kstatus (Flux, Helm 4 `--wait`)",
        every: None,
        step: kstatus::helm_4,
        names_cause_at_the_end: kubectl_rules::nothing,
        begins_with_a_pod: false,
    },
    Rule {
        name: "Argo CD health",
        every: None,
        step: argo_cd::step,
        names_cause_at_the_end: kubectl_rules::nothing,
        begins_with_a_pod: false,
    },
    Rule {
        name: "krane",
        every: Some(Duration::from_secs(3)),
        step: krane::step,
        names_cause_at_the_end: krane::names_cause,
        begins_with_a_pod: false,
    },
    Rule {
        name: "skaffold",
        every: Some(Duration::from_secs(1)),
        step: skaffold::step,
        names_cause_at_the_end: skaffold::names_cause,
        begins_with_a_pod: false,
    },
];

/// What crashgate says. `None` where the recording ends before it could decide.
pub fn crashgate(story: &Story, plan: Plan) -> Option<Said> {
    let outcome = replay::outcome(&story.recording, plan);
    let end = match outcome.verdict {
        Verdict::Healthy => End::Pass,
        Verdict::TimedOut => End::TimedOut,
        Verdict::Inconclusive => return None,
        _ => End::No,
    };
    let after = outcome.decided_after.saturating_sub(Duration::from_millis(story.applied_ms));
    Some(Said { end, after, names_cause: end != End::Pass && !outcome.findings.is_empty() })
}
