//! What only events tell.

use crashgate::gate::result::{Code, Verdict};

use crate::gate::{assert_says, seconds, web};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::{Scenario, plan};

#[test]
fn a_volume_that_is_missing_counts_until_the_sandbox_is_there() {
    let story_of = |message: &str| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a").creating()).event("a", None, "FailedMount", message);
        (story, set)
    };
    let secret = "MountVolume.SetUp failed for volume \"tls\" : secret \"web-tls\" not found";
    let (mut story, _) = story_of(secret);
    // The time-out that follows does not hide what is missing.
    story.at(2.0).event(
        "a",
        None,
        "FailedMount",
        "Unable to attach or mount volumes: unmounted volumes=[tls]: timed out",
    );
    let outcome = story.ends();
    assert_says(outcome, Verdict::Failed, Code::ConfigMissing, &["Secret web-tls"]);
    assert_eq!(outcome.decided_after, seconds(16));

    let (mut story, set) = story_of(secret);
    story.at(9.0).pod(pod(&set, "a"));
    assert_eq!(story.ends().verdict, Verdict::Healthy);

    let (mut story, _) = story_of("MountVolume.MountDevice failed for volume \"pvc-1\" : rpc error: driver not found");
    assert_says(story.ends(), Verdict::Platform, Code::VolumeUnavailable, &["driver not found"]);
}

#[test]
fn a_refused_creation_stands_until_a_later_one_succeeds() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).event(
        &set.uid,
        None,
        "FailedCreate",
        "pods \"web-x\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3",
    );
    story.at(20.0).event(&set.uid, None, "SuccessfulCreate", "Created pod: a").pod(pod(&set, "a").unready());
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &[]);
}
