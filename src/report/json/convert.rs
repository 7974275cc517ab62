//! From the gate's own types to those of the contract.

use std::time::Duration;

use super::background;
use super::check::checks;
use super::contract::{
    ClusterJson, EvidenceJson, EvidenceKindJson, FaultJson, FindingJson, GateJson, PodJson, ResultJson, RoleJson,
    SCHEMA, VerdictJson, WarningJson,
};
use crate::gate::model::Role;
use crate::gate::result::EvidenceKind;
use crate::gate::result::Fault;
use crate::gate::result::Verdict;
use crate::report::model::{Evidence, Finding, GateRun, Pod, Run, Target, Warning};
use crate::text::Untrusted;

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
    let known = |text: &Untrusted| (!text.is_blank()).then(|| text.visible());
    ClusterJson {
        server: known(&target.server),
        version: known(&target.version),
        context: known(&target.context),
        rehearsal: target.rehearsal.as_ref().and_then(known),
    }
}

fn gate(gate: &GateRun) -> GateJson {
    let (plan, outcome) = (&gate.plan, &gate.outcome);
    GateJson {
        app: plan.app.visible(),
        version: plan.version.visible(),
        namespace: plan.namespace.visible(),
        selector: plan.selector.visible(),
        workload: plan.workload.as_ref().map(Untrusted::visible),
        verdict: verdict_of(outcome.verdict),
        exit_code: outcome.verdict.exit_code(),
        decided_after_ms: millis(outcome.decided_after),
        ready_pods: outcome.ready,
        wanted_pods: outcome.wanted,
        findings: outcome.findings.iter().map(finding).collect(),
        pods: outcome.pods.iter().map(pod).collect(),
        warnings: outcome.warnings.iter().map(warning).collect(),
        checks: checks(gate),
        serving: background::serving(&outcome.background),
        template_changes: background::changes(&outcome.background),
        smoke: background::smoke(&outcome.proved),
        requests: gate.requests,
    }
}

pub(super) fn finding(finding: &Finding) -> FindingJson {
    let known = |name: &Option<Untrusted>| name.as_ref().map(Untrusted::visible);
    FindingJson {
        code: finding.code.name().into(),
        fault: match finding.code.row().fault {
            Fault::App => FaultJson::App,
            Fault::Platform => FaultJson::Platform,
            Fault::Outcome => FaultJson::Outcome,
            Fault::Observation => FaultJson::Observation,
        },
        workload: known(&finding.workload),
        pod: known(&finding.pod),
        also_pods: finding.also.iter().map(Untrusted::visible).collect(),
        container: known(&finding.container),
        role: finding.role.map(|role| match role {
            Role::Init => RoleJson::Init,
            Role::Sidecar => RoleJson::Sidecar,
            Role::App => RoleJson::App,
        }),
        node: known(&finding.node),
        check: known(&finding.check),
        message: finding.message.visible(),
        exit_status: finding.exit_status,
        restarts: finding.restarts,
        next_step: finding.next_step.visible(),
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
        text: evidence.text.visible(),
    }
}

pub(super) fn warning(warning: &Warning) -> WarningJson {
    WarningJson { code: warning.code.name().into(), message: warning.message.visible() }
}

fn pod(pod: &Pod) -> PodJson {
    PodJson {
        name: pod.name.visible(),
        phase: pod.phase.visible(),
        state: pod.state.visible(),
        ready: pod.ready,
        restarts: pod.restarts,
        node: pod.node.as_ref().map(Untrusted::visible),
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
