//! How many pods a group wants, and what it still lacks.

use std::fmt;

use super::attribution::{Owner, OwnerGroup};
use super::lost_nodes::LostNodes;
use super::{attribution, lost_nodes};
use crate::gate::model::{Detail, JobEnd, Phase, RestartPolicy, Source, Workload, WorkloadKind};
use crate::gate::result::Code;
use crate::gate::spec::Plan;
use crate::gate::state::{ClusterState, PodHistory};

/// A group's name, made only where something is said of it: most looks have nothing to say.
struct Named<'a, 'b>(&'a OwnerGroup<'b>);

impl fmt::Display for Named<'_, '_> {
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

/// What a group lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// What it is called where it is still lacking at the end of the wait.
    pub code: Code,
    /// What is lacking, in words.
    pub why: String,
}

impl Shortfall {
    fn new(code: Code, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }

    fn waiting(why: impl Into<String>) -> Self {
        Self::new(Code::NotReady, why)
    }
}

/// How many pods the group's owner asks for now; `None` where that is not known.
#[must_use]
pub fn wanted(group: &OwnerGroup<'_>, state: &ClusterState) -> Option<u32> {
    match group.owner {
        Owner::Nobody => Some(u32::try_from(group.pods.len()).unwrap_or(u32::MAX)),
        Owner::Unreadable { .. } => None,
        Owner::Workload(workload) => {
            let desired = workload.desired?;
            Some(match &workload.detail {
                Detail::StatefulSet { update_revision, current_revision, partition, first_ordinal, .. } => {
                    // Under a partition the lower ordinals keep the old revision, unless there is only one.
                    let kept =
                        if update_revision == current_revision { 0 } else { partition.saturating_sub(*first_ordinal) };
                    desired.saturating_sub(kept)
                }
                Detail::DaemonSet { .. } => desired.saturating_sub(LostNodes::of(group, desired, state).excused()),
                _ => desired,
            })
        }
    }
}

/// How the group stands.
#[must_use]
pub fn standing(group: &OwnerGroup<'_>, plan: &Plan, state: &ClusterState) -> RolloutStatus {
    let shortfall = match group.owner {
        Owner::Nobody => return bare_standing(group),
        Owner::Unreadable { reference, denied } => unreadable_shortfall(group, plan, state, &reference.kind, denied),
        Owner::Workload(workload) => match &workload.detail {
            Detail::Job { end, suspended, failed, succeeded } => {
                return job_standing(workload, end.as_ref(), *suspended, *failed, *succeeded);
            }
            _ => workload_shortfall(group, workload, plan, state),
        },
    };
    shortfall.map_or(RolloutStatus::Well, RolloutStatus::Short)
}

fn bare_standing(group: &OwnerGroup<'_>) -> RolloutStatus {
    // Made for one pod; left out ones are no proof of anything.
    let Some(history) = group.pods.first() else {
        return RolloutStatus::Short(Shortfall::new(Code::NotReady, format!("{} is being deleted", group.name())));
    };
    let pod = &history.pod;
    if pod.phase == Some(Phase::Succeeded) && pod.restart_policy != RestartPolicy::Always {
        RolloutStatus::Done
    } else if pod.is_ready() {
        RolloutStatus::Well
    } else {
        RolloutStatus::Short(Shortfall::waiting(format!("pod {} is not ready", pod.name)))
    }
}

fn job_standing(job: &Workload, end: Option<&JobEnd>, suspended: bool, failed: u32, succeeded: u32) -> RolloutStatus {
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
    group: &OwnerGroup<'_>,
    plan: &Plan,
    state: &ClusterState,
    kind: &str,
    denied: bool,
) -> Option<Shortfall> {
    let Some(replicas) = plan.replicas else {
        let pods = group.pods.len();
        return Some(if denied {
            Shortfall::new(
                Code::Forbidden,
                format!(
                    "{pods} pods exist, but how many are wanted is unknown: this identity may not read {}",
                    group.name()
                ),
            )
        } else {
            Shortfall::new(
                Code::OwnerUnknown,
                format!(
                    "{pods} pods exist, but how many are wanted is unknown: crashgate does not know the kind {kind}"
                ),
            )
        });
    };
    pods_shortfall(group, &counted(group, state), plan, (replicas, replicas), None)
}

fn workload_shortfall(
    group: &OwnerGroup<'_>,
    workload: &Workload,
    plan: &Plan,
    state: &ClusterState,
) -> Option<Shortfall> {
    let name = Named(group);
    let caught_up = match (workload.generation, workload.observed_generation) {
        (Some(generation), Some(observed)) => observed >= generation,
        _ => false,
    };
    let Some(wanted) = wanted(group, state) else {
        return Some(Shortfall::waiting(format!("{name} does not report yet how many pods it wants")));
    };
    let paused = matches!(workload.detail, Detail::Deployment { paused: true, .. });
    if workload.desired == Some(0) {
        return Some(match workload.detail {
            Detail::DaemonSet { .. } if !caught_up => {
                Shortfall::waiting(format!("the controller has not seen {name} yet"))
            }
            Detail::DaemonSet { .. } => {
                Shortfall::new(Code::ScaledToZero, format!("{name} fits no node, so no pod is wanted"))
            }
            _ => Shortfall::new(Code::ScaledToZero, format!("{name} is scaled to 0")),
        });
    }
    let lacking = if !caught_up {
        Some(Shortfall::waiting(format!("the controller has not observed the newest spec of {name} yet")))
    } else if matches!(workload.detail, Detail::Deployment { .. }) && group.replica_set.is_none() {
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
        let available = available(group, workload, wanted, plan, state);
        pods_shortfall(group, &counted(group, state), plan, (wanted, target), Some(available))
    };
    // A paused rollout that is complete all the same can pass.
    let mut lacking = lacking?;
    let others = attribution::others_of(group, workload, plan, state);
    if others > 0 {
        let what = if others == 1 { "pod that is" } else { "pods that are" };
        lacking.why = format!("{}; it still has {others} {what} not of its newest template", lacking.why);
    }
    if let (Detail::DaemonSet { .. }, Some(desired)) = (&workload.detail, workload.desired) {
        let lost = LostNodes::of(group, desired, state);
        if lost.are_too_many() {
            let why = format!(
                "{} of the {desired} nodes of {name} stopped responding while the gate was watching ({})",
                lost.died, lacking.why
            );
            return Some(Shortfall::new(Code::NodeNotReady, why));
        }
        // An older pod on such a node cannot be replaced.
        let older = lost_nodes::older_on_lost_nodes(group, workload, state);
        let counted = counted(group, state);
        let all_there = u32::try_from(counted.len()).unwrap_or(u32::MAX).saturating_add(older) >= wanted;
        let is_by_nodes = all_there && counted.iter().all(|history| history.pod.is_ready());
        let silent = lost.excused().saturating_add(older);
        if caught_up && silent > 0 && is_by_nodes {
            let why = format!("{silent} of the {desired} nodes of {name} do not respond ({})", lacking.why);
            return Some(Shortfall::new(Code::NodeNotReady, why));
        }
    }
    if paused {
        let why = match group.replica_set {
            None => format!("{name} is paused, so no pod of its newest template is created"),
            Some(_) => format!("{name} is paused; {}", lacking.why),
        };
        return Some(Shortfall::new(Code::Paused, why));
    }
    Some(update_block(group, workload, wanted, state).unwrap_or(lacking))
}

/// How many pods of the newest revision are available (Ready for their `minReadySeconds`), by the owner's own count. An
/// absent count is none.
fn available(group: &OwnerGroup<'_>, workload: &Workload, wanted: u32, plan: &Plan, state: &ClusterState) -> u32 {
    let counted = workload.available.unwrap_or(0);
    match workload.detail {
        Detail::Deployment { .. } => group.replica_set.and_then(|newest| newest.available).unwrap_or(0),
        // With `maxSurge` there are two pods on a node, of which the controller looks at the older: both counts tell of
        // it, and only together of a new one.
        Detail::DaemonSet { .. } => counted.min(workload.updated.unwrap_or(0)),
        Detail::StatefulSet { .. } if workload.min_ready_seconds > 0 => {
            // The count is of both revisions, and the old pods under a partition may be in it.
            let kept = workload.desired.unwrap_or(0).saturating_sub(wanted);
            let old_ready = || old_pods(workload, state, group).filter(|history| history.pod.is_ready()).count();
            // A pin watches every pod of its workload; a selector those with the gated version alone.
            let old = if plan.workload.is_some() { u32::try_from(old_ready()).unwrap_or(kept).min(kept) } else { kept };
            counted.saturating_sub(old)
        }
        Detail::StatefulSet { .. } | Detail::ReplicaSet { .. } | Detail::Job { .. } => counted,
    }
}

/// The pods that must be there and Ready: for a `DaemonSet`, those on nodes that answer.
fn counted<'a>(group: &OwnerGroup<'a>, state: &ClusterState) -> Vec<&'a PodHistory> {
    let by_node =
        matches!(group.owner, Owner::Workload(workload) if matches!(workload.detail, Detail::DaemonSet { .. }));
    group.pods.iter().copied().filter(|history| !by_node || !lost_nodes::is_lost(history, state)).collect()
}

fn pods_shortfall(
    group: &OwnerGroup<'_>,
    counted: &[&PodHistory],
    plan: &Plan,
    (wanted, target): (u32, u32),
    available: Option<u32>,
) -> Option<Shortfall> {
    let name = Named(group);
    let count = |pods: usize| u32::try_from(pods).unwrap_or(u32::MAX);
    let ready = count(counted.iter().filter(|history| history.pod.is_ready()).count());
    let live = count(counted.len());
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
fn update_block(group: &OwnerGroup<'_>, workload: &Workload, wanted: u32, state: &ClusterState) -> Option<Shortfall> {
    let name = Named(group);
    let missing = u32::try_from(group.pods.len()).unwrap_or(u32::MAX) < wanted;
    match &workload.detail {
        Detail::StatefulSet { on_delete: true, .. } | Detail::DaemonSet { on_delete: true, .. } => {
            let behind = workload.updated.unwrap_or(0) < workload.desired.unwrap_or(0);
            (missing && behind && holds_old_pods(workload, state, group)).then(|| {
                Shortfall::new(
                    Code::UpdateBlocked,
                    format!("{name} updates pods only when they are deleted (updateStrategy OnDelete)"),
                )
            })
        }
        Detail::StatefulSet { partition, .. } if wanted == 0 => Some(Shortfall::new(
            Code::UpdateBlocked,
            format!("the partition {partition} of {name} is above every ordinal, so no pod is updated"),
        )),
        Detail::StatefulSet { ordered_ready: true, update_revision, current_revision, .. }
            if missing && update_revision != current_revision =>
        {
            let broken = old_pods(workload, state, group).find(|history| !history.pod.is_ready())?;
            Some(Shortfall::new(
                Code::UpdateBlocked,
                format!(
                    "{name} updates its pods one after the other and waits for {} of the old revision, which is not ready: delete that pod",
                    broken.pod.name
                ),
            ))
        }
        _ => None,
    }
}

fn old_pods<'a>(
    workload: &'a Workload,
    state: &'a ClusterState,
    group: &'a OwnerGroup<'_>,
) -> impl Iterator<Item = &'a PodHistory> {
    state.pods.values().filter(|history| {
        history.pod.controller.as_ref().is_some_and(|owner| owner.uid == workload.uid)
            && !history.is_left_out()
            && !group.pods.iter().any(|current| current.pod.uid == history.pod.uid)
    })
}

/// True where an owner that is behind still has pods of an older revision: those that are seen, or those that it must
/// have, for it has been updated.
fn holds_old_pods(workload: &Workload, state: &ClusterState, group: &OwnerGroup<'_>) -> bool {
    let was_updated = match &workload.detail {
        Detail::StatefulSet { update_revision, current_revision, .. } => update_revision != current_revision,
        _ => workload.generation.is_some_and(|generation| generation > 1),
    };
    was_updated || old_pods(workload, state, group).next().is_some()
}
