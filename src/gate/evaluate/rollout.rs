//! How many pods a group wants, and what it still lacks.

use std::fmt;

use super::argo_rollout;
use super::attribution::{GroupHead, Owner};
use super::custom_owner;
use super::flagger_canary::{self, CanaryStanding};
use super::shortfall::Shortfall;
use super::tolerated_nodes::LostNodes;
use super::totals::GroupTotals;
use crate::gate::model::{CloneSetStatus, Detail, JobEnd, Phase, RestartPolicy, Source, Workload, WorkloadKind};
use crate::gate::result::Code;
use crate::gate::spec::Plan;
use crate::gate::state::{ClusterState, PodHistory};

/// A group's name, made only where something is said of it: most looks have nothing to say.
struct Named<'a>(GroupHead<'a>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name())
    }
}

/// How a group stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutStatus {
    /// It has done all it was made for: a Job is complete, a bare pod has succeeded. Nothing is left to be stable.
    Done,
    /// Every pod that is wanted is there and Ready.
    Well,
    /// Something is lacking.
    Short(Shortfall),
}

/// How many pods the group's owner asks for now; `None` where that is not known.
#[must_use]
pub fn wanted(head: GroupHead<'_>, totals: &GroupTotals, plan: &Plan) -> Option<u32> {
    match head.owner {
        Owner::Nobody(_) => Some(totals.live),
        Owner::Unreadable { .. } => None,
        Owner::Workload(workload) => {
            if let Some(rollout) = argo_rollout::of(workload) {
                return argo_rollout::wanted(rollout, workload, head.replica_set, plan);
            }
            let desired = workload.desired?;
            Some(match &workload.detail {
                Detail::StatefulSet { update_revision, current_revision, partition, first_ordinal, .. } => {
                    // Under a partition the lower ordinals keep the old revision, unless there is only one.
                    let kept =
                        if update_revision == current_revision { 0 } else { partition.saturating_sub(*first_ordinal) };
                    desired.saturating_sub(kept)
                }
                Detail::DaemonSet { .. } => desired.saturating_sub(LostNodes::of(totals, desired).excused()),
                Detail::CloneSet(status) => desired.saturating_sub(status.partition),
                _ => desired,
            })
        }
    }
}

/// How far the rollout of a group is.
#[must_use]
pub fn status(head: GroupHead<'_>, totals: &GroupTotals, plan: &Plan, state: &ClusterState) -> RolloutStatus {
    let shortfall = match head.owner {
        Owner::Nobody(history) => return bare_status(history, totals),
        Owner::Unreadable { .. } => unreadable_shortfall(head, totals, plan, state),
        Owner::Workload(workload) => match &workload.detail {
            Detail::Job { end, suspended, failed, succeeded } => {
                return job_status(workload, end.as_ref(), *suspended, *failed, *succeeded);
            }
            _ => workload_shortfall(head, workload, totals, plan, state),
        },
    };
    shortfall.map_or(RolloutStatus::Well, RolloutStatus::Short)
}

fn bare_status(history: &PodHistory, totals: &GroupTotals) -> RolloutStatus {
    let pod = &history.pod;
    if totals.live == 0 {
        // Made for one pod; left out ones are no proof of anything.
        RolloutStatus::Short(Shortfall::new(Code::NotReady, format!("pod/{} is being deleted", pod.name)))
    } else if pod.phase == Some(Phase::Succeeded) && pod.restart_policy != RestartPolicy::Always {
        RolloutStatus::Done
    } else if pod.is_ready() {
        RolloutStatus::Well
    } else {
        RolloutStatus::Short(Shortfall::waiting(format!("pod {} is not ready", pod.name)))
    }
}

fn job_status(job: &Workload, end: Option<&JobEnd>, suspended: bool, failed: u32, succeeded: u32) -> RolloutStatus {
    match end {
        Some(JobEnd::Complete) => RolloutStatus::Done,
        Some(JobEnd::Failed { .. }) => {
            RolloutStatus::Short(Shortfall::new(Code::JobFailed, format!("job/{} failed", job.name)))
        }
        None if suspended => {
            RolloutStatus::Short(Shortfall::new(Code::Paused, format!("job/{} is suspended", job.name)))
        }
        None => {
            let wanted = job.desired.map_or_else(|| "?".to_owned(), |wanted| wanted.to_string());
            let failures = if failed > 0 { format!(", {failed} failed so far") } else { String::new() };
            let why = format!("job/{} is not complete: {succeeded} of {wanted} succeeded{failures}", job.name);
            RolloutStatus::Short(Shortfall::waiting(why))
        }
    }
}

fn unreadable_shortfall(
    head: GroupHead<'_>,
    totals: &GroupTotals,
    plan: &Plan,
    state: &ClusterState,
) -> Option<Shortfall> {
    if let Some(shortfall) = custom_owner::shortfall(head, state) {
        return Some(shortfall);
    }
    let wanted = custom_owner::wanted(head, state).or(plan.replicas);
    match wanted {
        Some(0) => Some(Shortfall::new(Code::ScaledToZero, format!("{} is scaled to 0", head.name()))),
        Some(wanted) => pods_shortfall(head, totals, plan, (wanted, wanted), None),
        None => Some(custom_owner::unknown_size(head, totals, state)),
    }
}

fn workload_shortfall(
    head: GroupHead<'_>,
    workload: &Workload,
    totals: &GroupTotals,
    plan: &Plan,
    state: &ClusterState,
) -> Option<Shortfall> {
    let name = Named(head);
    if let Some(rollout) = argo_rollout::of(workload).filter(|_| workload.desired != Some(0)) {
        let lacking = argo_rollout::shortfall_of_owner(head, workload, rollout).or_else(|| {
            let Some(wanted) = wanted(head, totals, plan) else { return Some(unsaid(&name)) };
            let available = available(head, workload, totals, wanted, plan);
            pods_shortfall(head, totals, plan, (wanted, wanted), Some(available))
        });
        return lacking.or_else(|| argo_rollout::shortfall_of_promotion(head, rollout, plan));
    }
    match flagger_canary::standing_of(workload, head.replica_set, state, plan) {
        CanaryStanding::Promoted => return None,
        CanaryStanding::Short(shortfall) => return Some(shortfall),
        CanaryStanding::ByPods => {}
    }
    let caught_up = match (workload.generation, workload.observed_generation) {
        (Some(generation), Some(observed)) => observed >= generation,
        _ => false,
    };
    let Some(wanted) = wanted(head, totals, plan) else {
        return Some(unsaid(&name));
    };
    let paused = match &workload.detail {
        Detail::Deployment { paused, .. } => *paused,
        Detail::CloneSet(status) => status.paused,
        _ => false,
    };
    if workload.desired == Some(0) {
        return Some(match workload.detail {
            Detail::DaemonSet { .. } if !caught_up => {
                Shortfall::waiting(format!("the controller has not seen {name} yet"))
            }
            Detail::DaemonSet { .. } => {
                Shortfall::new(Code::ScaledToZero, format!("{name} fits no node, so no pod is wanted"))
            }
            _ => Shortfall::new(Code::ScaledToZero, format!("{name} is scaled to 0{}", lent_to(workload))),
        });
    }
    let lacking = if !caught_up {
        Some(Shortfall::waiting(format!("the controller has not observed the newest spec of {name} yet")))
    } else if matches!(workload.detail, Detail::Deployment { .. }) && head.replica_set.is_none() {
        Some(Shortfall::waiting(if state.sources.is_denied(Source::Workloads(WorkloadKind::ReplicaSet)) {
            let updated = workload.updated.unwrap_or(0);
            format!("{updated} of the {wanted} pods that {name} wants are of its newest template")
        } else {
            format!("{name} has no ReplicaSet for its newest template yet")
        }))
    } else {
        // A DaemonSet asks for all nodes, and only those that answer are waited for.
        let target = match workload.detail {
            Detail::DaemonSet { .. } => workload.desired.unwrap_or(wanted),
            _ => wanted,
        };
        let available = available(head, workload, totals, wanted, plan);
        pods_shortfall(head, totals, plan, (wanted, target), Some(available))
    };
    // A paused rollout that is complete all the same can pass.
    let mut lacking = lacking?;
    let others = totals.others;
    if others > 0 {
        let what = if others == 1 { "pod that is" } else { "pods that are" };
        lacking.why = format!("{}; it still has {others} {what} not of its newest template", lacking.why);
    }
    if let (Detail::DaemonSet { .. }, Some(desired)) = (&workload.detail, workload.desired) {
        let lost = LostNodes::of(totals, desired);
        if lost.are_too_many() {
            let why = format!(
                "{} of the {desired} nodes of {name} stopped responding while the gate was watching ({})",
                lost.died, lacking.why
            );
            return Some(Shortfall::new(Code::NodeNotReady, why));
        }
        // An older pod on such a node cannot be replaced.
        let older = totals.older_on_lost;
        let is_by_nodes =
            totals.counted().saturating_add(older) >= wanted && totals.counted_ready() == totals.counted();
        let silent = lost.excused().saturating_add(older);
        if caught_up && silent > 0 && is_by_nodes {
            let why = format!("{silent} of the {desired} nodes of {name} do not respond ({})", lacking.why);
            return Some(Shortfall::new(Code::NodeNotReady, why));
        }
    }
    if paused {
        let why = match head.replica_set {
            None if matches!(workload.detail, Detail::Deployment { .. }) => {
                format!("{name} is paused, so no pod of its newest template is created")
            }
            _ => format!("{name} is paused; {}", lacking.why),
        };
        return Some(Shortfall::new(Code::Paused, why));
    }
    Some(update_block(head, workload, totals, wanted).unwrap_or(lacking))
}

fn unsaid(name: &Named<'_>) -> Shortfall {
    Shortfall::waiting(format!("{name} does not report yet how many pods it wants"))
}

/// Who has the pods of a Deployment that lends its template, in words.
fn lent_to(workload: &Workload) -> String {
    match &workload.referrer {
        Some(referrer) if referrer.kind == WorkloadKind::Rollout => {
            format!(": {referrer} uses its template and has the pods")
        }
        _ => String::new(),
    }
}

/// How many pods of the newest revision are available (Ready for their `minReadySeconds`), by the owner's own count. An
/// absent count is none.
fn available(head: GroupHead<'_>, workload: &Workload, totals: &GroupTotals, wanted: u32, plan: &Plan) -> u32 {
    let counted = workload.available.unwrap_or(0);
    match workload.detail {
        Detail::Deployment { .. } => head.replica_set.and_then(|newest| newest.available).unwrap_or(0),
        // With `maxSurge` there are two pods on a node, of which the controller looks at the older: both counts tell of
        // it, and only together of a new one.
        Detail::DaemonSet { .. } => counted.min(workload.updated.unwrap_or(0)),
        Detail::StatefulSet { .. } if workload.min_ready_seconds > 0 => {
            // The count is of both revisions, and the old pods under a partition may be in it.
            let kept = workload.desired.unwrap_or(0).saturating_sub(wanted);
            // A pin watches every pod of its workload; a selector those with the gated version alone.
            let old = if plan.workload.is_some() { totals.old_ready.min(kept) } else { kept };
            counted.saturating_sub(old)
        }
        Detail::Rollout(_) => head.replica_set.and_then(|newest| newest.available).unwrap_or(0),
        Detail::StatefulSet { .. }
        | Detail::ReplicaSet { .. }
        | Detail::Job { .. }
        | Detail::CloneSet(_)
        | Detail::Canary(_) => counted,
    }
}

fn pods_shortfall(
    head: GroupHead<'_>,
    totals: &GroupTotals,
    plan: &Plan,
    (wanted, target): (u32, u32),
    available: Option<u32>,
) -> Option<Shortfall> {
    let name = Named(head);
    // Of a `DaemonSet`, those on nodes that answer.
    let (live, ready) = (totals.counted(), totals.counted_ready());
    // Of the whole target: what may be missing of it, with its node or otherwise, the plan says itself.
    let needed = plan.min_ready.map_or(wanted, |min_ready| min_ready.of(target));
    if wanted == 0 {
        return Some(Shortfall::new(Code::UpdateBlocked, format!("{name} wants no pod of this revision")));
    }
    if live < needed {
        return Some(Shortfall::waiting(format!("{live} of the {needed} pods that {name} needs are there")));
    }
    if ready < needed {
        return Some(Shortfall::waiting(format!("{ready} of the {needed} pods that {name} needs are ready")));
    }
    if plan.min_ready.is_none() && ready < live {
        return Some(Shortfall::waiting(format!("{ready} of {live} pods of {name} are ready")));
    }
    match available {
        Some(available) if available < needed => Some(Shortfall::waiting(format!(
            "{name} counts {available} of {needed} pods as available (ready for its minReadySeconds)"
        ))),
        _ => None,
    }
}

/// What in the owner's update strategy holds the newest revision back, where something does.
fn update_block(head: GroupHead<'_>, workload: &Workload, totals: &GroupTotals, wanted: u32) -> Option<Shortfall> {
    let name = Named(head);
    let missing = totals.live < wanted;
    match &workload.detail {
        Detail::StatefulSet { on_delete: true, .. }
        | Detail::DaemonSet { on_delete: true, .. }
        | Detail::CloneSet(CloneSetStatus { on_delete: true, .. }) => {
            let behind = workload.updated.unwrap_or(0) < workload.desired.unwrap_or(0);
            (missing && behind && holds_old_pods(workload, totals)).then(|| {
                Shortfall::new(
                    Code::UpdateBlocked,
                    format!("{name} updates pods only when they are deleted (updateStrategy OnDelete)"),
                )
            })
        }
        Detail::CloneSet(CloneSetStatus { partition, .. }) if wanted == 0 => Some(Shortfall::new(
            Code::UpdateBlocked,
            format!("the partition of {name} keeps all its {partition} pods at the old revision, so no pod is updated"),
        )),
        Detail::StatefulSet { partition, .. } if wanted == 0 => Some(Shortfall::new(
            Code::UpdateBlocked,
            format!("the partition {partition} of {name} is above every ordinal, so no pod is updated"),
        )),
        Detail::StatefulSet { ordered_ready: true, update_revision, current_revision, .. }
            if missing && update_revision != current_revision =>
        {
            let broken = totals.broken_old.as_ref()?;
            Some(Shortfall::new(
                Code::UpdateBlocked,
                format!(
                    "{name} updates its pods one after the other and waits for {broken} of the old revision, which is not ready: delete that pod"
                ),
            ))
        }
        _ => None,
    }
}

/// True where an owner that is behind still has pods of an older revision: those that are seen, or those that it must
/// have, for it has been updated.
fn holds_old_pods(workload: &Workload, totals: &GroupTotals) -> bool {
    let was_updated = match &workload.detail {
        Detail::CloneSet(status) => status.update_revision != status.current_revision,
        Detail::StatefulSet { update_revision, current_revision, .. } => update_revision != current_revision,
        _ => workload.generation.is_some_and(|generation| generation > 1),
    };
    was_updated || totals.old > 0
}
