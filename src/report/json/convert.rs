//! From the gate's own types to those of the contract.

use std::time::Duration;

use super::{
    ClusterJson, Evidence, EvidenceJson, EvidenceKindJson, FaultJson, Finding, FindingJson, GateJson, GateRun, PodJson,
    PodSummary, ResultJson, RoleJson, Run, SCHEMA, Target, Verdict, VerdictJson, WarningJson, name, said,
};
use crate::gate::model::Role;
use crate::gate::result::{EvidenceKind, Fault};

pub(super) fn result(run: &Run) -> ResultJson {
    let verdict = run.verdict();
    ResultJson {
        schema: SCHEMA,
        verdict: verdict_of(verdict),
        exit_code: verdict.exit_code(),
        started_at: run.started_at.to_string(),
        duration_ms: millis(run.duration),
        cluster: cluster(&run.target),
        gates: run.gates.iter().map(gate).collect(),
        error: None,
    }
}

pub(super) fn cluster(target: &Target) -> ClusterJson {
    let known = |text: &str| (!text.is_empty()).then(|| said(text));
    ClusterJson {
        server: known(&target.server),
        version: known(&target.version),
        context: known(&target.context),
        rehearsal: target.rehearsal.as_deref().and_then(known),
    }
}

fn gate(gate: &GateRun) -> GateJson {
    let (plan, outcome) = (&gate.plan, &gate.outcome);
    GateJson {
        app: name(&plan.app),
        version: name(&plan.version),
        namespace: name(&plan.namespace),
        selector: name(&plan.selector.to_string()),
        workload: plan.workload.as_ref().map(|pin| name(&pin.to_string())),
        verdict: verdict_of(outcome.verdict),
        exit_code: outcome.verdict.exit_code(),
        decided_after_ms: millis(outcome.decided_after),
        ready_pods: outcome.ready,
        wanted_pods: outcome.wanted,
        findings: outcome.findings.iter().map(finding).collect(),
        pods: outcome.pods.iter().map(pod).collect(),
        warnings: outcome
            .warnings
            .iter()
            .map(|warning| WarningJson { code: warning.code.name().to_owned(), message: said(&warning.message) })
            .collect(),
        requests: gate.requests,
    }
}

pub(super) fn finding(finding: &Finding) -> FindingJson {
    let place = &finding.place;
    let known = |text: &Option<String>| text.as_deref().map(name);
    FindingJson {
        code: finding.code.name().to_owned(),
        fault: match finding.code.row().fault {
            Fault::App => FaultJson::App,
            Fault::Platform => FaultJson::Platform,
            Fault::Outcome => FaultJson::Outcome,
            Fault::Observation => FaultJson::Observation,
        },
        workload: known(&place.workload),
        pod: known(&place.pod),
        also_pods: finding.also.iter().map(|pod| name(pod)).collect(),
        container: known(&place.container),
        role: place.role.map(|role| match role {
            Role::Init => RoleJson::Init,
            Role::Sidecar => RoleJson::Sidecar,
            Role::App => RoleJson::App,
        }),
        node: known(&place.node),
        message: said(&finding.message),
        exit_status: finding.exit_status,
        restarts: finding.restarts,
        next_step: said(&finding.next_step),
        evidence: finding.evidence.iter().map(evidence).collect(),
    }
}

fn evidence(evidence: &Evidence) -> EvidenceJson {
    EvidenceJson {
        kind: match evidence.kind {
            EvidenceKind::Log => EvidenceKindJson::Log,
            EvidenceKind::TerminationMessage => EvidenceKindJson::TerminationMessage,
            EvidenceKind::Event => EvidenceKindJson::Event,
            EvidenceKind::Probe => EvidenceKindJson::Probe,
            EvidenceKind::Node => EvidenceKindJson::Node,
            EvidenceKind::Status => EvidenceKindJson::Status,
            EvidenceKind::Missing => EvidenceKindJson::Missing,
        },
        text: said(&evidence.text),
    }
}

fn pod(pod: &PodSummary) -> PodJson {
    PodJson {
        name: name(&pod.name),
        phase: name(&pod.phase),
        state: said(&pod.state),
        ready: pod.ready,
        restarts: pod.restarts,
        node: pod.node.as_deref().map(name),
    }
}

pub(super) fn verdict_of(verdict: Verdict) -> VerdictJson {
    match verdict {
        Verdict::Healthy => VerdictJson::Healthy,
        Verdict::Failed => VerdictJson::Failed,
        Verdict::Usage => VerdictJson::Usage,
        Verdict::TimedOut => VerdictJson::TimedOut,
        Verdict::NothingMatched => VerdictJson::NothingMatched,
        Verdict::Platform => VerdictJson::Platform,
        Verdict::Superseded => VerdictJson::Superseded,
        Verdict::Inconclusive => VerdictJson::Inconclusive,
        Verdict::Interrupted | Verdict::Terminated | Verdict::HungUp | Verdict::Quit => VerdictJson::Interrupted,
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
