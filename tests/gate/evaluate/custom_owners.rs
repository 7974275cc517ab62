//! Owners of kinds that the gate does not know: counted by their `/scale`, read as kstatus reads them.

use crashgate::gate::Fact;
use crashgate::gate::model::{ControllerRef, CustomOwner, OwnerCondition, Scale, Unread};
use crashgate::gate::result::{Code, Outcome, Verdict};

use crate::scenario::objects::bare_pod;
use crate::scenario::{Scenario, lead, plan};

fn fleet() -> ControllerRef {
    ControllerRef {
        api_version: "agones.dev/v1".to_owned(),
        kind: "Fleet".to_owned(),
        name: "web".to_owned(),
        uid: "fleet".to_owned(),
    }
}

fn read(scale: Scale) -> CustomOwner {
    CustomOwner {
        uid: "fleet".to_owned(),
        generation: Some(3),
        observed_generation: Some(3),
        condition: OwnerCondition::Current,
        scale,
    }
}

/// Two ready pods of a Fleet, of which this was read.
fn story_of(owner: Result<CustomOwner, Unread>, replicas: Option<u32>) -> Outcome {
    let mut plan = plan();
    plan.replicas = replicas;
    let mut story = Scenario::new(plan);
    for name in ["a", "b"] {
        let mut pod = bare_pod(name);
        pod.controller = Some(fleet());
        story.pod(pod);
    }
    assert_eq!(story.gate.custom_owners(), [fleet()]);
    story.at(1.0).tell(match owner {
        Ok(owner) => Fact::OwnerRead(Box::new(owner)),
        Err(why) => Fact::OwnerUnread { uid: "fleet".to_owned(), why },
    });
    story.ends().clone()
}

#[test]
fn its_scale_says_how_many_pods_are_wanted() {
    let outcome = story_of(Ok(read(Scale::Replicas(2))), None);
    assert_eq!((outcome.verdict, outcome.ready, outcome.wanted), (Verdict::Healthy, 2, Some(2)));
    let short = story_of(Ok(read(Scale::Replicas(3))), None);
    assert_eq!((short.verdict, lead(&short).code), (Verdict::TimedOut, Code::NotReady));
    assert_eq!(lead(&short).message, "2 of the 3 pods that fleet/web needs are there");
    let zero = story_of(Ok(read(Scale::Replicas(0))), None);
    assert_eq!((zero.verdict, lead(&zero).code), (Verdict::NothingMatched, Code::ScaledToZero));
}

#[test]
fn without_a_scale_the_gate_has_to_say_the_number() {
    let outcome = story_of(Ok(read(Scale::None)), None);
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::Inconclusive, Code::OwnerUnknown));
    assert_eq!(
        lead(&outcome).message,
        "2 pods exist, but how many are wanted is unknown: the kind Fleet has no `/scale` subresource that says it"
    );
    assert_eq!(story_of(Ok(read(Scale::None)), Some(2)).verdict, Verdict::Healthy);
    assert_eq!(story_of(Err(Unread::Missing), None).verdict, Verdict::Inconclusive);
    assert_eq!(story_of(Err(Unread::Missing), Some(2)).verdict, Verdict::Healthy);
}

#[test]
fn a_rule_that_is_missing_is_named() {
    let rule = r#"{apiGroups: ["agones.dev"], resources: ["fleets", "fleets/scale"], verbs: ["get"]}"#;
    let outcome = story_of(Err(Unread::Denied(rule.to_owned())), None);
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::Inconclusive, Code::Forbidden));
    assert!(lead(&outcome).message.ends_with(&format!("the rule to add to its Role: `{rule}`")), "{outcome:?}");
    assert_eq!(story_of(Err(Unread::Failed("timed out".to_owned())), None).verdict, Verdict::Inconclusive);
}

#[test]
fn a_controller_that_is_stuck_fails_the_gate_and_one_at_work_is_waited_for() {
    let stalled = OwnerCondition::Stalled("InvalidSpec: no such storage class".to_owned());
    let outcome = story_of(Ok(CustomOwner { condition: stalled.clone(), ..read(Scale::Replicas(2)) }), None);
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::Failed, Code::OwnerStalled));
    assert_eq!(lead(&outcome).message, "fleet/web is stalled: InvalidSpec: no such storage class");
    assert!(outcome.decided_after.as_secs() < 2, "at once");
    let unsaid = CustomOwner { observed_generation: None, condition: stalled.clone(), ..read(Scale::Replicas(2)) };
    let outcome = story_of(Ok(unsaid), None);
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::Failed, Code::OwnerStalled));
    assert!(outcome.decided_after.as_secs() >= 60, "it may have been said of the spec before");
    let at_work = OwnerCondition::InProgress("Updating: 1 of 2".to_owned());
    let outcome = story_of(Ok(CustomOwner { condition: at_work, ..read(Scale::Replicas(2)) }), None);
    assert_eq!(
        (outcome.verdict, lead(&outcome).message.as_str()),
        (Verdict::TimedOut, "fleet/web is not ready: Updating: 1 of 2")
    );
    let old = CustomOwner { observed_generation: Some(2), condition: stalled, ..read(Scale::Replicas(2)) };
    let outcome = story_of(Ok(old), None);
    assert_eq!(outcome.verdict, Verdict::TimedOut, "what was said of an older spec is not said of this one");
    assert_eq!(lead(&outcome).message, "the controller has not observed the newest spec of fleet/web yet");
}

#[test]
fn what_was_read_stands_while_a_later_read_fails() {
    let mut story = Scenario::new(plan());
    let mut pod = bare_pod("a");
    pod.controller = Some(fleet());
    story.pod(pod).tell(Fact::OwnerRead(Box::new(read(Scale::Replicas(1))))).at(4.0);
    story.tell(Fact::OwnerUnread { uid: "fleet".to_owned(), why: Unread::Failed("timed out".to_owned()) });
    let outcome = story.ends();
    assert_eq!(outcome.verdict, Verdict::Healthy);
    assert!(outcome.decided_after.as_secs() < 12, "the window goes on: {:?}", outcome.decided_after);
}
