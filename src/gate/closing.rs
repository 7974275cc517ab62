//! The closing of a gate: from the causes that stand to the outcome that is reported.

use std::time::Duration;

use super::cause::Cause;
use super::code::Code;
use super::judgement::Judgement;
use super::observation::Warning;
use super::outcome::Outcome;
use super::plan::Plan;
use super::track::PodTrack;
use super::verdict::Verdict;
use super::view::View;
use super::warning::Notice;
use super::workload::Detail;
use super::{pod_words, ranking, scope::Owner};

/// The outcome of a gate that ended with this verdict. `warnings` are those that were raised on the way.
#[must_use]
pub fn outcome(
    judgement: &Judgement<'_>,
    plan: &Plan,
    now: Duration,
    verdict: Verdict,
    causes: Vec<Cause>,
    mut warnings: Vec<Warning>,
) -> Outcome {
    warnings.extend(tolerated(judgement, plan, verdict));
    let findings = if verdict == Verdict::Healthy {
        // A cause that stands beside a pass was tolerated (`minReady`): it is told, and decides nothing.
        let tolerated = ranking::rank(causes, verdict).into_iter();
        warnings.extend(tolerated.map(|finding| Warning { code: finding.code.into(), message: finding.message }));
        Vec::new()
    } else {
        ranking::rank(causes, verdict)
    };
    let groups = &judgement.scope.groups;
    let mut pods: Vec<_> = groups
        .iter()
        .flat_map(|group| group.pods.iter().chain(group.left_out.iter().filter(|track| track.disturbed().is_some())))
        .map(|track| pod_words::summary(track))
        .collect();
    pods.sort_by(|one, other| one.name.cmp(&other.name));
    Outcome { verdict, decided_after: now, findings, pods, warnings, ready: judgement.ready, wanted: judgement.wanted }
}

/// What did not count, and that the reader of a pass should know all the same.
fn tolerated(judgement: &Judgement<'_>, plan: &Plan, verdict: Verdict) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for group in &judgement.scope.groups {
        for track in &group.pods {
            for (container, ledger) in track.ledgers() {
                let crashes = ledger.crashes();
                let ignored = plan.ignore_containers.contains(&container.name);
                if crashes > 0 && (ignored || crashes <= plan.max_restarts) {
                    let how = ledger
                        .newest()
                        .map_or_else(String::new, |(_, ended)| format!(", last with {}", super::exit::in_words(ended)));
                    let allowed = if ignored {
                        "the container is ignored".to_owned()
                    } else {
                        format!("{} allowed", plan.max_restarts)
                    };
                    warnings.push(Warning {
                        code: Notice::RestartTolerated.into(),
                        message: format!(
                            "{} {} of pod {} ended {}{how} ({allowed})",
                            container.role.words(),
                            container.name,
                            track.pod.name,
                            super::container_causes::times(crashes)
                        ),
                    });
                }
            }
        }
        // What holds a rollout back is a cause where the gate did not pass, and told as one.
        if let Owner::Workload(workload) = group.owner
            && verdict == Verdict::Healthy
        {
            match &workload.detail {
                Detail::Deployment { paused: true, .. } => warnings.push(Warning {
                    code: Code::Paused.into(),
                    message: format!("{} is paused, with this version fully rolled out", group.name()),
                }),
                Detail::StatefulSet { partition, update_revision, current_revision, .. }
                    if *partition > 0 && update_revision != current_revision =>
                {
                    warnings.push(Warning {
                        code: Notice::PartitionedRollout.into(),
                        message: format!(
                            "{} has partition {partition}: lower ordinals keep the old revision",
                            group.name()
                        ),
                    });
                }
                _ => {}
            }
        }
    }
    warnings
}

/// Makes findings more telling by what was said after the decision: a crash that turns out to be a probe's.
pub fn sharpen(outcome: &mut Outcome, view: &View) {
    for finding in outcome.findings.iter_mut().filter(|finding| finding.code == Code::CrashLoop) {
        let track = finding.place.pod_uid.as_ref().and_then(|uid| view.pods.get(uid));
        let better = track.map(PodTrack::causes).unwrap_or_default().iter().find(|cause| {
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
