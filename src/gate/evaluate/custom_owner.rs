//! What an owner of an unknown kind says of itself: how many pods it asks for (its `/scale` subresource), and whether its
//! controller is done, still at work, or stuck (`observedGeneration` and the conditions that kstatus reads).

use std::time::Duration;

use super::attribution::{GroupHead, Owner};
use super::shortfall::Shortfall;
use super::totals::GroupTotals;
use crate::gate::model::{CustomOwner, OwnerCondition, Scale, Unread};
use crate::gate::result::{Cause, Code, Place};
use crate::gate::state::ClusterState;

/// What was read of the owner of a group, or why it was not.
fn read<'a>(head: GroupHead<'_>, state: &'a ClusterState) -> Option<&'a Result<CustomOwner, Unread>> {
    let Owner::Unreadable { reference, denied: false } = head.owner else { return None };
    state.custom_owners.get(&reference.uid)
}

fn owner<'a>(head: GroupHead<'_>, state: &'a ClusterState) -> Option<&'a CustomOwner> {
    read(head, state)?.as_ref().ok()
}

/// How many pods the owner asks for.
#[must_use]
pub fn wanted(head: GroupHead<'_>, state: &ClusterState) -> Option<u32> {
    if let Scale::Replicas(replicas) = owner(head, state)?.scale { Some(replicas) } else { None }
}

/// That its controller cannot get on, as a cause. Where it does not say which spec its status is of, that may be the one
/// before, and then it counts at the end of the wait alone.
#[must_use]
pub fn stalled(head: GroupHead<'_>, state: &ClusterState, now: Duration) -> Option<Cause> {
    let owner = owner(head, state).filter(|owner| owner.observed_generation.is_some() && !is_behind(owner))?;
    let OwnerCondition::Stalled(why) = &owner.condition else { return None };
    let place = Place { workload: Some(head.name()), ..Place::default() };
    Some(Cause::new(Code::OwnerStalled, place, format!("{} is stalled: {why}", head.name()), now))
}

fn is_behind(owner: &CustomOwner) -> bool {
    owner.observed_generation.zip(owner.generation).is_some_and(|(observed, generation)| observed < generation)
}

/// What the owner itself lacks.
#[must_use]
pub fn shortfall(head: GroupHead<'_>, state: &ClusterState) -> Option<Shortfall> {
    let name = head.name();
    match read(head, state)? {
        Ok(owner) if is_behind(owner) => {
            Some(Shortfall::waiting(format!("the controller has not observed the newest spec of {name} yet")))
        }
        Ok(owner) => match &owner.condition {
            OwnerCondition::Current => None,
            OwnerCondition::InProgress(why) => Some(Shortfall::waiting(format!("{name} is not ready: {why}"))),
            OwnerCondition::Stalled(why) => {
                Some(Shortfall::new(Code::OwnerStalled, format!("{name} is stalled: {why}")))
            }
        },
        Err(Unread::Failed(message)) => {
            Some(Shortfall::new(Code::StaleData, format!("{name} could not be read: {message}")))
        }
        Err(Unread::Denied(_) | Unread::Missing) => None,
    }
}

/// What is lacking where nothing says how many pods are wanted.
#[must_use]
pub fn unknown_size(head: GroupHead<'_>, totals: &GroupTotals, state: &ClusterState) -> Shortfall {
    let pods = totals.live;
    let unknown = format!("{pods} pods exist, but how many are wanted is unknown");
    let Owner::Unreadable { reference, denied } = head.owner else { return Shortfall::waiting(unknown) };
    let (name, kind) = (head.name(), &reference.kind);
    if denied {
        return Shortfall::new(Code::Forbidden, format!("{unknown}: this identity may not read {name}"));
    }
    match read(head, state) {
        Some(Err(Unread::Denied(rule))) => Shortfall::new(
            Code::Forbidden,
            format!("{unknown}: this identity may not read {name}; the rule to add to its Role: `{rule}`"),
        ),
        Some(Ok(_)) => Shortfall::new(
            Code::OwnerUnknown,
            format!("{unknown}: the kind {kind} has no `/scale` subresource that says it"),
        ),
        Some(Err(Unread::Missing | Unread::Failed(_))) | None => {
            Shortfall::new(Code::OwnerUnknown, format!("{unknown}: crashgate does not know the kind {kind}"))
        }
    }
}
