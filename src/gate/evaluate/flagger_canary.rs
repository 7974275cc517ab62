//! What a Canary of Flagger means for the workload that it has as its target.
//!
//! The target has pods while an analysis goes on, and none else. Once the analysis has passed, the version runs in the copy
//! that Flagger makes of the target (`<target>-primary`): that one is proven to have the same pod spec, and to be rolled out.

use super::shortfall::Shortfall;
use crate::gate::model::{CanaryPhase, CanaryStatus, Detail, Workload, WorkloadKind, is_earlier};
use crate::gate::result::Code;
use crate::gate::spec::{Plan, Until};
use crate::gate::state::ClusterState;

/// The Canary that has this workload as its target.
#[must_use]
pub fn of<'a>(target: &Workload, state: &'a ClusterState) -> Option<(&'a Workload, &'a CanaryStatus)> {
    let referrer = target.referrer.as_ref().filter(|referrer| referrer.kind == WorkloadKind::Canary)?;
    let canary = state.workload_named(referrer)?;
    if let Detail::Canary(status) = &canary.detail { Some((canary, status)) } else { None }
}

/// The copy of the target that serves as the stable version.
#[must_use]
pub fn primary_of<'a>(target: &Workload, state: &'a ClusterState) -> Option<&'a Workload> {
    of(target, state)?;
    state.workload_named(&target.reference().primary())
}

/// How the target of a Canary stands, as far as the Canary says it.
pub enum CanaryStanding {
    /// The version is promoted, and the primary runs it: all is well.
    Promoted,
    /// Something is lacking that its pods do not show.
    Short(Shortfall),
    /// Its pods decide.
    ByPods,
}

/// How a target stands. `replica_set` is that of its newest template.
#[must_use]
pub fn standing_of(
    target: &Workload,
    replica_set: Option<&Workload>,
    state: &ClusterState,
    plan: &Plan,
) -> CanaryStanding {
    let Some((canary, status)) = of(target, state) else { return CanaryStanding::ByPods };
    let name = format!("canary/{}", canary.name);
    let has_pods = target.desired != Some(0);
    if let Some(why) = failure(&name, status, replica_set) {
        return CanaryStanding::Short(Shortfall::new(Code::RolloutAborted, why));
    }
    let is_settled = matches!(status.phase, Some(CanaryPhase::Initialized | CanaryPhase::Succeeded));
    if !has_pods {
        let primary = primary_of(target, state);
        return match primary.filter(|primary| is_settled && has_spec_of(primary, target)) {
            Some(primary) if is_rolled_out(primary) => CanaryStanding::Promoted,
            Some(primary) => CanaryStanding::Short(Shortfall::waiting(format!(
                "{} has the version, and is not rolled out yet",
                primary.reference()
            ))),
            None => CanaryStanding::Short(Shortfall::new(
                Code::ScaledToZero,
                format!(
                    "{} is scaled to 0 while no analysis is running; {name} is {}",
                    target.reference(),
                    words(status)
                ),
            )),
        };
    }
    if plan.until == Until::Promoted {
        let why = format!("{name} has not promoted the version yet: it is {}", words(status));
        let waits = matches!(status.phase, Some(CanaryPhase::Waiting | CanaryPhase::WaitingPromotion));
        return CanaryStanding::Short(if waits { Shortfall::new(Code::Paused, why) } else { Shortfall::waiting(why) });
    }
    CanaryStanding::ByPods
}

/// Why the analysis failed, where it did and that is known to be about the target's newest template: its `ReplicaSet` is
/// older than the failure.
fn failure(name: &str, status: &CanaryStatus, replica_set: Option<&Workload>) -> Option<String> {
    if status.phase != Some(CanaryPhase::Failed) {
        return None;
    }
    let made = replica_set.and_then(|set| set.created.as_deref())?;
    if !is_earlier(made, status.since.as_deref()?) {
        return None;
    }
    let message = status.message.as_ref().map_or_else(String::new, |message| format!(": {message}"));
    Some(format!("{name} failed its analysis{message}"))
}

/// True where the primary has the pod spec of the target, but for the names of what Flagger copies.
fn has_spec_of(primary: &Workload, target: &Workload) -> bool {
    primary.template.promoted_fingerprint == target.template.promoted_fingerprint
}

/// True where a workload has as many available pods of its newest template as it asks for, by its own count.
fn is_rolled_out(workload: &Workload) -> bool {
    let is_seen = workload.generation.is_some() && workload.observed_generation >= workload.generation;
    let has_all = |count: Option<u32>| count.is_some() && count >= workload.desired;
    is_seen
        && workload.desired.is_some_and(|desired| desired > 0)
        && has_all(workload.updated)
        && has_all(workload.available)
}

/// Where a Canary stands, in words: `Progressing, weight 10 %`.
#[must_use]
pub fn words(status: &CanaryStatus) -> String {
    let phase = status.phase.as_ref().map_or_else(|| "in no phase yet".to_owned(), ToString::to_string);
    match (&status.phase, status.weight) {
        (Some(CanaryPhase::Progressing | CanaryPhase::WaitingPromotion), Some(weight)) => {
            format!("{phase}, weight {weight} %")
        }
        _ => phase,
    }
}
