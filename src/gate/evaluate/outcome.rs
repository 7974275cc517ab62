//! The closing of a gate: from the causes that stand to the outcome that is reported.

use std::time::Duration;

use super::assessment::Assessment;
use super::attribution::{Owner, OwnerGroup};
use super::decision::Ruling;
use super::metrics::{judgement, report};
use super::warnings::{PODS, Remark, Remarks, denied, named};
use super::{argo_rollout, flagger_canary, ranking, serving, template_changes};
use crate::gate::diagnose::{CrashLedger, exit_code, times};
use crate::gate::memory::{EventIndex, ProbeKind};
use crate::gate::model::{Container, Detail, RolloutState, Source, Workload, WorkloadKind};
use crate::gate::result::{Background, CheckReport, Code, Finding, Notice, Outcome, Proved, Verdict, Warning};
use crate::gate::spec::Plan;
use crate::gate::state::{ClusterState, MetricsState, PodHistory, pod_summary};

/// The outcome of a gate that ended with this ruling. `warnings` are those that were raised on the way.
#[must_use]
pub fn outcome(
    ruling: Ruling<'_>,
    state: &ClusterState,
    plan: &Plan,
    metrics: &MetricsState,
    now: Duration,
    mut warnings: Remarks,
) -> Outcome {
    let Ruling { verdict, causes, assessment } = ruling;
    let checks = checks(&assessment, plan, metrics, now);
    if let Some(asked) = plan.metrics.as_ref().filter(|asked| asked.dry || verdict == Verdict::Healthy) {
        for warning in judgement::warnings(asked, &checks, now) {
            warnings.add(warning.into());
        }
    }
    for remark in tolerated(&assessment, state, plan, verdict) {
        warnings.add(remark);
    }
    let findings = if verdict == Verdict::Healthy {
        // A cause that stands beside a pass was tolerated (`minReady`): it is told, and decides nothing.
        let tolerated = ranking::rank(causes, verdict).into_iter();
        for finding in tolerated {
            warnings.add(of_finding(&finding).into());
        }
        Vec::new()
    } else {
        ranking::rank(causes, verdict)
    };
    let groups = &assessment.attribution.groups;
    let is_shown = |history: &&&PodHistory| history.disturbed().is_some() || history.failure().is_some();
    let mut pods: Vec<_> = groups
        .iter()
        .flat_map(|group| group.pods.iter().chain(group.left_out.iter().filter(is_shown)))
        .map(|history| pod_summary::summary(history))
        .collect();
    pods.sort_by(|one, other| one.name.cmp(&other.name));
    Outcome {
        verdict,
        decided_after: now,
        findings,
        pods,
        warnings: warnings.told(),
        ready: assessment.ready,
        wanted: assessment.wanted,
        checks,
        background: background(groups, state, plan, verdict),
        proved: if verdict == Verdict::Healthy { proved(groups, plan) } else { Proved::default() },
    }
}

/// Who serves instead, and what was changed, where the version did not come up. What ended it from outside says nothing of
/// its template.
fn background(groups: &[OwnerGroup<'_>], state: &ClusterState, plan: &Plan, verdict: Verdict) -> Background {
    let mut background = Background::default();
    if verdict == Verdict::Healthy {
        return background;
    }
    let is_about_the_version = matches!(verdict, Verdict::Failed | Verdict::TimedOut | Verdict::Platform);
    for group in groups {
        let Owner::Workload(owner) = group.owner else { continue };
        background.serving.extend(serving::serving(group, owner, state, plan));
        if is_about_the_version {
            background.changes.extend(template_changes::changes(group, owner, state, plan));
        }
    }
    background
}

/// What a pass rests on beside its pods.
fn proved(groups: &[OwnerGroup<'_>], plan: &Plan) -> Proved {
    let counts = |(container, _): &(&Container, &CrashLedger)| !plan.ignore_containers.contains(&container.name);
    let ledgers = groups.iter().flat_map(|group| &group.pods).flat_map(|history| history.ledgers()).filter(counts);
    let promoted = groups.iter().filter(|group| {
        let Owner::Workload(workload) = group.owner else { return false };
        argo_rollout::of(workload).is_some_and(RolloutState::is_promoted)
    });
    Proved {
        crashes: ledgers.map(|(_, ledger)| ledger.crashes()).fold(0, u32::saturating_add),
        allowed: plan.max_restarts,
        smoke: None,
        promoted: promoted.map(OwnerGroup::name).collect(),
    }
}

/// How the checks of the metrics stand.
fn checks(assessment: &Assessment<'_>, plan: &Plan, state: &MetricsState, now: Duration) -> Vec<CheckReport> {
    plan.metrics.as_ref().map_or_else(Vec::new, |metrics| {
        let ready = assessment.ready_pods();
        report::reports(report::Context { metrics, state, delay: plan.delay, ready: &ready, now })
    })
}

/// What did not count, and that the reader of a pass should know all the same.
fn tolerated(assessment: &Assessment<'_>, state: &ClusterState, plan: &Plan, verdict: Verdict) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for group in &assessment.attribution.groups {
        for history in &group.pods {
            remarks
                .extend(history.ledgers().filter_map(|(container, ledger)| restarts(history, container, ledger, plan)));
            remarks.extend(
                history
                    .pod
                    .containers
                    .iter()
                    .flat_map(|container| probes_not_run(history, container, &state.event_index)),
            );
        }
        if group.failures() <= plan.max_restarts {
            remarks.extend(group.failed.iter().filter_map(|history| failed(history, plan)));
        }
        if let Owner::Unreadable { reference, denied: true } = group.owner
            && let Some(kind) = WorkloadKind::from_kind(&reference.kind).filter(|kind| kind.is_custom())
        {
            remarks.push(denied(&[Source::Workloads(kind)]).into());
        }
        // What holds a rollout back is a cause where the gate did not pass, and told as one.
        if let Owner::Workload(workload) = group.owner
            && verdict == Verdict::Healthy
        {
            match &workload.detail {
                Detail::Deployment { paused: true, .. } => remarks.push(
                    Warning {
                        code: Code::Paused.into(),
                        message: format!("{} is paused, with this version fully rolled out", group.name()),
                    }
                    .into(),
                ),
                Detail::StatefulSet { partition, update_revision, current_revision, .. }
                    if *partition > 0 && update_revision != current_revision =>
                {
                    let message =
                        format!("{} has partition {partition}: lower ordinals keep the old revision", group.name());
                    remarks.push(Warning { code: Notice::PartitionedRollout.into(), message }.into());
                }
                Detail::CloneSet(status)
                    if status.partition > 0 && status.update_revision != status.current_revision =>
                {
                    let (kept, name) = (status.partition, group.name());
                    let all = workload.desired.unwrap_or(kept);
                    let message = format!("{name} has a partition: {kept} of {all} pods keep the old revision");
                    remarks.push(Warning { code: Notice::PartitionedRollout.into(), message }.into());
                }
                Detail::Rollout(rollout) if !rollout.is_promoted() => {
                    let standing = argo_rollout::standing(rollout);
                    let message = format!("{} is not promoted yet: it is {standing}", group.name());
                    remarks.push(Warning { code: Notice::NotPromoted.into(), message }.into());
                }
                _ => {}
            }
            remarks.extend(of_canary(workload, state));
        }
    }
    remarks
}

/// What the reader of a pass should know of the Canary whose target this is.
fn of_canary(target: &Workload, state: &ClusterState) -> Option<Remark> {
    let (canary, status) = flagger_canary::of(target, state)?;
    let message = if target.desired == Some(0) {
        let primary = flagger_canary::primary_of(target, state)?;
        format!(
            "canary/{} has promoted the version: it runs in {}, whose own counts were taken, not its pods one by one",
            canary.name,
            primary.reference()
        )
    } else {
        let words = flagger_canary::words(status);
        format!("canary/{} is not promoted yet: it is {words}", canary.name)
    };
    let code = if target.desired == Some(0) { Notice::PromotedByCounts } else { Notice::NotPromoted };
    Some(Warning { code: code.into(), message }.into())
}

/// The ends of a container that the plan tolerates, or that were not the app's.
fn restarts(history: &PodHistory, container: &Container, ledger: &CrashLedger, plan: &Plan) -> Option<Remark> {
    let name = format!("{} {}", container.role.words(), container.name);
    let pod = &history.pod.name;
    let crashes = ledger.crashes();
    let ignored = plan.ignore_containers.contains(&container.name);
    if crashes == 0 {
        let others = Some(ledger.not_the_apps()).filter(|ends| *ends > 0)?;
        let why = "by its node, a new sandbox, a resize or an update in place, not because it crashed";
        let one = format!("{name} of pod {pod} was restarted {} {why}", times(others));
        return Some(Remark::of_pod(Notice::RestartExcused, pod, one, format!("{name} of {PODS} was restarted {why}")));
    }
    if !ignored && crashes > plan.max_restarts {
        return None;
    }
    let how =
        ledger.newest().map_or_else(String::new, |(_, ended)| format!(", last with {}", exit_code::in_words(ended)));
    let allowed =
        if ignored { "the container is ignored".to_owned() } else { format!("{} allowed", plan.max_restarts) };
    let one = format!("{name} of pod {pod} ended {}{how} ({allowed})", times(crashes));
    Some(Remark::of_pod(Notice::RestartTolerated, pod, one, format!("{name} of {PODS} ended{how} ({allowed})")))
}

/// A pod that ended as a whole by its own fault and was replaced, within what the plan allows.
fn failed(history: &PodHistory, plan: &Plan) -> Option<Remark> {
    let cause = history.failure()?;
    let (pod, allowed) = (&history.pod.name, plan.max_restarts);
    let why = cause.message.strip_prefix("the pod ").unwrap_or(&cause.message);
    let one = format!("pod {pod} {why}, and was replaced ({allowed} such ends allowed)");
    let why = why.strip_prefix("was ").map_or_else(|| why.to_owned(), |rest| format!("were {rest}"));
    let several = format!("{PODS} {why}, and were replaced ({allowed} such ends allowed)");
    Some(Remark::of_pod(cause.code, pod, one, several))
}

/// The probes of a container that cannot be run at all. The kubelet takes that for neither answer: such a probe never
/// kills, and never lets the container count as started.
fn probes_not_run(history: &PodHistory, container: &Container, event_index: &EventIndex) -> Vec<Remark> {
    let probes = &container.probes;
    let kinds = [
        (ProbeKind::Liveness, "liveness", probes.liveness.is_some()),
        (ProbeKind::Startup, "startup", probes.startup.is_some()),
    ];
    let pod = &history.pod.name;
    let remarks = kinds.into_iter().filter(|(.., has)| *has).filter_map(|(kind, name, _)| {
        let said = event_index.probe_answer(&history.pod.uid, &container.name, kind)?;
        let (_, why) = said.message.split_once(" probe errored")?;
        let why = why.strip_prefix(" and resulted in unknown state").unwrap_or(why).trim_start_matches(": ").trim();
        // While a container stops, or is not there yet, no probe can be run in it, which says nothing.
        let passes = ["stopping", "canceled", "not running", "not created or running", "process not found"];
        if passes.iter().any(|words| why.contains(words)) {
            return None;
        }
        let what = format!("{} {}", container.role.words(), container.name);
        let why = format!("cannot be run, so it has no effect: {why}");
        let one = format!("the {name} probe of {what} of pod {pod} {why}");
        Some(Remark::of_pod(Notice::ProbeNotRun, pod, one, format!("the {name} probe of {what} of {PODS} {why}")))
    });
    remarks.collect()
}

/// A cause that was tolerated, with the number of the pods that have it.
fn of_finding(finding: &Finding) -> Warning {
    let also = finding.also.len();
    let more = if also > 0 { format!(" (so do {also} more: {})", named(&finding.also)) } else { String::new() };
    Warning { code: finding.code.into(), message: format!("{}{more}", finding.message) }
}

/// Makes findings more telling by what was said after the decision: a crash that turns out to be a probe's.
pub fn sharpen(outcome: &mut Outcome, state: &ClusterState) {
    for finding in outcome.findings.iter_mut().filter(|finding| finding.code == Code::CrashLoop) {
        let history = finding.place.pod_uid.as_ref().and_then(|uid| state.pods.get(uid));
        let better = history.map(PodHistory::causes).unwrap_or_default().iter().find(|cause| {
            cause.place.container == finding.place.container
                && matches!(cause.code, Code::LivenessProbeFailed | Code::StartupProbeFailed)
        });
        if let Some(cause) = better {
            finding.code = cause.code;
            finding.message.clone_from(&cause.message);
            finding.next_step.clone_from(&cause.next_step);
            finding.evidence.extend(cause.evidence.iter().cloned());
        }
    }
    let verdict = outcome.verdict;
    outcome.findings.sort_by_key(|finding| (finding.code.row().verdict != verdict, finding.code));
}
