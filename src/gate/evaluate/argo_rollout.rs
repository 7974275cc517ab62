//! What an Argo Rollout makes of its newest template: whether its controller has seen it, how many pods it wants at its
//! step, what stopped it.
//!
//! The `ReplicaSet` of the newest template says how many pods are wanted at a step, and nothing else does: the Rollout's own
//! `replicas` are those of the end. After an abort that `ReplicaSet` goes to 0, and so the abort is asked for first.

use super::attribution::GroupHead;
use super::shortfall::Shortfall;
use crate::gate::model::{Detail, ObservedGeneration, RolloutPhase, RolloutState, Step, Workload};
use crate::gate::result::Code;
use crate::gate::spec::{Plan, Until};

/// What a Rollout says, where this workload is one.
#[must_use]
pub fn of(workload: &Workload) -> Option<&RolloutState> {
    if let Detail::Rollout(rollout) = &workload.detail { Some(rollout) } else { None }
}

/// True where the status is of the newest spec, and of the newest template where that is another workload's. A generation
/// that is no number (of controllers before 0.10) says nothing, and then the `ReplicaSet` must have that very template.
#[must_use]
pub fn has_caught_up(rollout: &RolloutState, workload: &Workload, replica_set: Option<&Workload>) -> bool {
    let has_its_template = || replica_set.is_some_and(|set| set.template.fingerprint == workload.template.fingerprint);
    let is_seen = |observed: ObservedGeneration, generation: Option<i64>| match (observed, generation) {
        (ObservedGeneration::Is(observed), Some(generation)) => observed >= generation,
        (ObservedGeneration::NotANumber, Some(_)) => has_its_template(),
        _ => false,
    };
    is_seen(rollout.observed, workload.generation)
        && (!rollout.has_workload_ref || is_seen(rollout.workload_observed, rollout.workload_generation))
}

/// How many pods of the newest template are wanted: at a step, or of a preview, those that the `ReplicaSet` asks for; all of
/// them where no step holds them back, or the plan waits for the promotion.
#[must_use]
pub fn wanted(rollout: &RolloutState, workload: &Workload, replica_set: Option<&Workload>, plan: &Plan) -> Option<u32> {
    let holds_back = rollout.current_step().is_some() || (rollout.blue_green && !rollout.is_promoted());
    if holds_back && plan.until == Until::Step { replica_set?.desired } else { workload.desired }
}

/// Why the controller gave the update up, where it did and says so of the newest template.
#[must_use]
pub fn abort(head: GroupHead<'_>, workload: &Workload) -> Option<String> {
    let rollout = of(workload)?;
    if !has_caught_up(rollout, workload, head.replica_set) {
        return None;
    }
    let name = head.name();
    if rollout.aborted {
        return Some(format!("{name} aborted the update{}", why(rollout)));
    }
    let message = rollout.invalid_spec.as_ref()?;
    Some(format!("the spec of {name} is not valid: {message}"))
}

/// What the controller says about why it stopped, after a colon; empty where it says nothing.
fn why(rollout: &RolloutState) -> String {
    let stopped = rollout.stopped.as_ref().map(|(_, message)| message.as_str()).filter(|message| !message.is_empty());
    let failed = |phase: &str| matches!(phase, "Failed" | "Error" | "Inconclusive");
    let analysis = rollout.analyses.iter().find(|run| failed(&run.phase));
    let own = stopped.or(rollout.message.as_deref());
    let own = own.map(|message| message.strip_prefix("RolloutAborted: ").unwrap_or(message));
    match (own, analysis) {
        (Some(own), _) => format!(": {own}"),
        (None, Some(run)) => {
            let message = run.message.as_deref().unwrap_or("it gives no reason");
            format!(": analysis run {} is {}: {message}", run.name, run.phase)
        }
        (None, None) => String::new(),
    }
}

/// What the Rollout itself lacks, before its pods are counted.
#[must_use]
pub fn shortfall_of_owner(head: GroupHead<'_>, workload: &Workload, rollout: &RolloutState) -> Option<Shortfall> {
    let name = head.name();
    if !has_caught_up(rollout, workload, head.replica_set) {
        let what = if rollout.has_workload_ref { "the newest spec or template" } else { "the newest spec" };
        return Some(Shortfall::waiting(format!("the controller has not observed {what} of {name} yet")));
    }
    if let Some(why) = abort(head, workload) {
        return Some(Shortfall::new(Code::RolloutAborted, why));
    }
    if rollout.phase == Some(RolloutPhase::Degraded) {
        return Some(Shortfall::new(Code::RolloutAborted, format!("{name} is Degraded{}", why(rollout))));
    }
    if let Some(reason) = rollout.inconclusive_pause() {
        let run = rollout.analyses.iter().find(|run| run.phase == "Inconclusive");
        let said = run.map_or_else(String::new, |run| {
            let message = run.message.as_ref().map_or_else(String::new, |message| format!(" ({message})"));
            format!(": analysis run {} could not tell{message}", run.name)
        });
        return Some(Shortfall::new(Code::AnalysisInconclusive, format!("{name} is paused for {reason}{said}")));
    }
    let Some(replica_set) = head.replica_set else {
        return Some(if rollout.paused {
            Shortfall::new(Code::Paused, format!("{name} is paused, so no pod of its newest template is created"))
        } else {
            Shortfall::waiting(format!("{name} has no ReplicaSet for its newest template yet"))
        });
    };
    if replica_set.desired == Some(0) {
        let (is_paused, at) = (is_paused(rollout), standing(rollout));
        let why = format!(
            "{name} wants no pod of its newest template{}",
            if at.is_empty() { at } else { format!(": it is {at}") }
        );
        return Some(if is_paused { Shortfall::new(Code::Paused, why) } else { Shortfall::waiting(why) });
    }
    None
}

/// What is lacking where the plan waits for the promotion, and all pods are as they should be.
#[must_use]
pub fn shortfall_of_promotion(head: GroupHead<'_>, rollout: &RolloutState, plan: &Plan) -> Option<Shortfall> {
    // While it goes on after a pause, the phase is still that of before.
    let is_going_on = rollout.controller_pause && rollout.pauses.is_empty();
    if plan.until == Until::Step || (rollout.is_promoted() && !is_going_on) {
        return None;
    }
    let at = standing(rollout);
    let at = if at.is_empty() { String::new() } else { format!(": it is {at}") };
    let why = format!("{} has not promoted its newest template yet{at}", head.name());
    Some(if is_paused(rollout) { Shortfall::new(Code::Paused, why) } else { Shortfall::waiting(why) })
}

fn is_paused(rollout: &RolloutState) -> bool {
    rollout.paused || rollout.is_paused_by_strategy()
}

/// Where the update stands, in words: `at step 2 of 5, weight 25 %, paused for a person`. Empty where nothing tells.
#[must_use]
pub fn standing(rollout: &RolloutState) -> String {
    let mut parts = Vec::new();
    if let Some((place, _)) = rollout.current_step() {
        parts.push(format!("at step {} of {}", place + 1, rollout.steps.len()));
    }
    if let Some(weight) = rollout.weight().filter(|_| !rollout.is_promoted()) {
        parts.push(format!("weight {weight} %"));
    }
    if rollout.paused {
        parts.push("paused by `spec.paused`".to_owned());
    } else if rollout.pauses.iter().any(|reason| reason == "BlueGreenPause") {
        parts.push("paused before it switches over to the new version".to_owned());
    } else if rollout.is_paused_by_strategy() {
        parts.push(match rollout.current_step() {
            Some((_, Step::Pause(Some(time)))) => format!("paused for {time}"),
            _ => "paused for a person".to_owned(),
        });
    } else if let Some(phase) = &rollout.phase {
        parts.push(phase.to_string());
    }
    parts.join(", ")
}
