//! What may be said of a cluster that is known whole.

use crashgate::gate::CONFIRM_LIMIT;
use crashgate::gate::result::Verdict;

use super::world::{Action, STABLE, Truth, WAIT, World};

/// What must hold after an action, where the gate was undecided before it.
pub fn after(before: &Truth, action: Action, world: &World) -> Result<(), String> {
    let (truth, outcome) = (world.truth(), world.gate.outcome());
    if let Some(outcome) = outcome {
        judged(before, &truth, outcome.verdict, outcome.decided_after)?;
        if outcome.verdict != Verdict::Healthy && outcome.findings.is_empty() {
            return Err("a no without a cause".to_owned());
        }
    }
    let must = match action {
        Action::Crash(_) if truth.pods_seen => Some(Verdict::Failed),
        Action::Rollout | Action::OwnerDeleted if truth.owners_seen => Some(Verdict::Superseded),
        _ => None,
    };
    match (must, outcome.map(|outcome| outcome.verdict)) {
        (Some(must), is) if is != Some(must) => Err(format!("{action:?} was seen: {must:?} is due, not {is:?}")),
        _ => Ok(()),
    }
}

/// What must hold where nothing more happens after `truth` but time, and every question is answered at once.
pub fn at_the_end(truth: &Truth, world: &World) -> Result<(), String> {
    let Some(outcome) = world.gate.outcome() else { return Err("the gate does not end".to_owned()) };
    let end = world.truth();
    judged(truth, &end, outcome.verdict, outcome.decided_after)?;
    let is_undisturbed =
        truth.crashes + truth.losses + truth.rollouts + truth.owner_deletions + truth.late_answers == 0;
    if let Some(since) = truth.well_since.filter(|since| is_undisturbed && *since <= WAIT)
        && truth.now <= WAIT
        && outcome.verdict != Verdict::Healthy
    {
        return Err(format!("all is well and seen since {since:?}, and the gate says {:?}", outcome.verdict));
    }
    Ok(())
}

/// What must hold where nothing is told or answered after `truth`.
pub fn in_the_dark(truth: &Truth, world: &World) -> Result<(), String> {
    let Some(outcome) = world.gate.outcome() else { return Err("the gate does not end in the dark".to_owned()) };
    match outcome.verdict {
        Verdict::Healthy => Err("healthy without a confirming read".to_owned()),
        // What was told before still holds; of all else nothing is known.
        Verdict::Inconclusive => judged(truth, &world.truth(), outcome.verdict, outcome.decided_after),
        verdict => Err(format!("{verdict:?} by what nobody could see")),
    }
}

/// What must hold of any verdict that comes while `before` turns into `truth`.
fn judged(before: &Truth, truth: &Truth, verdict: Verdict, decided_after: std::time::Duration) -> Result<(), String> {
    let limit = WAIT + STABLE + CONFIRM_LIMIT;
    if decided_after > limit {
        return Err(format!("decided after {decided_after:?}, later than {limit:?}"));
    }
    // A deadline that passed within the step was judged by what was true before it.
    let well_since = truth.well_since.or(before.well_since);
    match verdict {
        Verdict::Healthy => {
            let Some(since) = truth.well_since else { return Err("healthy, and the cluster is not well".to_owned()) };
            let Some(proven) = truth.answered_as_of else { return Err("healthy, and nothing confirmed it".to_owned()) };
            if truth.crashes > 0 && since > proven {
                return Err("healthy after a crash".to_owned());
            }
            if proven < since + STABLE {
                return Err(format!("healthy by what was read at {proven:?}, and all is well since {since:?} only"));
            }
            if !truth.pods_seen || !truth.owners_seen {
                return Err("healthy while a source was lost".to_owned());
            }
            Ok(())
        }
        Verdict::Failed => {
            let is_late = decided_after >= WAIT && well_since.is_none_or(|since| since + STABLE > WAIT);
            if truth.crashes > 0 || truth.lost_ready > 1 || is_late {
                Ok(())
            } else {
                Err("failed without a cause".to_owned())
            }
        }
        Verdict::TimedOut | Verdict::NothingMatched | Verdict::Platform => {
            let was_well = before.well_since.is_some_and(|since| since <= WAIT);
            let excused = truth.losses + truth.late_answers > 0 || truth.kept_waiting;
            if decided_after < WAIT {
                Err(format!("{verdict:?} before the end of the wait"))
            } else if was_well && truth.well_since == before.well_since && !excused {
                Err(format!("{verdict:?}, and all was well in time"))
            } else {
                Ok(())
            }
        }
        Verdict::Superseded if truth.rollouts + truth.owner_deletions > 0 => Ok(()),
        Verdict::Superseded => Err("superseded by nothing".to_owned()),
        Verdict::Inconclusive if truth.losses + truth.late_answers > 0 || truth.kept_waiting => Ok(()),
        Verdict::Inconclusive => Err("inconclusive, and all was seen".to_owned()),
        _ => Err(format!("{verdict:?} is no verdict of a gate")),
    }
}
