//! Volumes: claims that are not bound, and what was said of volumes before the pod moved on.

use crashgate::gate::Fact;
use crashgate::gate::model::{ClusterEvent, Object};
use crashgate::gate::result::{Code, EvidenceKind, Outcome, Verdict};

use crate::gate::{assert_says, web};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::{Scenario, lead, plan};

fn of_claim(name: &str, reason: &str, message: &str) -> Fact {
    Fact::Seen(Box::new(Object::Event(
        ClusterEvent {
            uid: format!("{name}-{reason}"),
            object_kind: "PersistentVolumeClaim".to_owned(),
            object_name: name.to_owned(),
            object_uid: format!("claim-{name}"),
            container: None,
            reason: reason.to_owned(),
            message: message.to_owned(),
            warning: true,
            count: 1,
            last_seen: None,
        }
        .into(),
    )))
}

/// How a pod with these claims ends that waits for one of them.
fn unbound(claims: &[&str], scheduler: &str, said: &[(&str, &str, &str)]) -> Outcome {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let mut waits = pod(&set, "a").unschedulable(scheduler);
    waits.claims = claims.iter().map(|claim| (*claim).to_owned()).collect();
    story.at(1.0).pod(waits);
    for (claim, reason, message) in said {
        story.at(2.0).tell(of_claim(claim, reason, message));
    }
    story.ends().clone()
}

const UNBOUND: &str = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found";

#[test]
fn an_unbound_claim_is_named_with_what_was_said_of_it() {
    let outcome = unbound(
        &["cache", "ledger-data"],
        UNBOUND,
        &[
            ("ledger-data", "ProvisioningFailed", "storageclass.storage.k8s.io \"fast-ssd\" not found"),
            ("x", "FailedBinding", "x"),
        ],
    );
    let words = ["PersistentVolumeClaim ledger-data", "\"fast-ssd\" not found", "Create StorageClass fast-ssd"];
    assert_says(&outcome, Verdict::Platform, Code::VolumeUnavailable, &words);
    let event = lead(&outcome).evidence.iter().find(|piece| piece.kind == EvidenceKind::Event).unwrap();
    assert!(event.text.contains("ProvisioningFailed of ledger-data"), "{event:?}");
    let said = [("data", "WaitForFirstConsumer", "waiting for first consumer to be created before binding")];
    let outcome = unbound(&["data"], UNBOUND, &said);
    assert_says(
        &outcome,
        Verdict::Platform,
        Code::VolumeUnavailable,
        &["PersistentVolumeClaim data", "waiting for first consumer", "once the pod is scheduled"],
    );
    let said =
        [("data", "FailedBinding", "no persistent volumes available for this claim and no storage class is set")];
    let outcome = unbound(&["data"], UNBOUND, &said);
    assert_says(
        &outcome,
        Verdict::Platform,
        Code::VolumeUnavailable,
        &["Claim data", "no storage class is set", "make a StorageClass the default"],
    );
}

#[test]
fn a_claim_of_which_nothing_was_said_is_named_where_it_is_the_only_one() {
    let outcome = unbound(&["data"], UNBOUND, &[]);
    assert_says(&outcome, Verdict::Platform, Code::VolumeUnavailable, &["PersistentVolumeClaim data: 0/1 nodes"]);
    let outcome = unbound(&["data", "cache"], UNBOUND, &[]);
    assert_says(&outcome, Verdict::Platform, Code::VolumeUnavailable, &["one of data, cache"]);
    let outcome = unbound(&["data", "cache"], "persistentvolumeclaim \"cache\" not found", &[]);
    assert_says(&outcome, Verdict::Platform, Code::VolumeUnavailable, &["Create PersistentVolumeClaim cache"]);
    let outcome =
        unbound(&["data"], "0/3 nodes are available: 3 node(s) didn't find available persistent volumes to bind.", &[]);
    assert_says(&outcome, Verdict::Platform, Code::VolumeUnavailable, &["PersistentVolumeClaim data"]);
}

#[test]
fn the_newest_word_on_a_claim_counts() {
    let said = [
        ("data", "WaitForFirstConsumer", "waiting for first consumer to be created before binding"),
        ("data", "ProvisioningFailed", "rpc error: quota of disks is used up"),
    ];
    let outcome = unbound(&["data"], UNBOUND, &said);
    assert_says(&outcome, Verdict::Platform, Code::VolumeUnavailable, &["quota of disks is used up"]);
}

#[test]
fn a_missing_secret_is_forgotten_once_it_came_and_the_image_is_pulled() {
    let ends = |moves_on: bool| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a").creating());
        story.event(
            "a",
            None,
            "FailedMount",
            "MountVolume.SetUp failed for volume \"tls\" : secret \"web-tls\" not found",
        );
        story.at(5.0);
        if moves_on {
            story.event("a", Some("app"), "Pulling", "Pulling image \"registry.example:5000/shop/web:v2\"");
        }
        story.ends().clone()
    };
    assert_says(&ends(false), Verdict::Failed, Code::ConfigMissing, &["Secret web-tls"]);
    assert_says(&ends(true), Verdict::TimedOut, Code::NotReady, &["ContainerCreating"]);
}

#[test]
fn a_missing_key_is_forgotten_once_the_container_is_made() {
    let ends = |moves_on: bool| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        let missing = "couldn't find key URL in Secret shop/db";
        story.at(1.0).pod(pod(&set, "a").waiting("app", "CreateContainerConfigError", missing));
        story.at(5.0).pod(pod(&set, "a").waiting("app", "ContainerCreating", ""));
        if moves_on {
            story.event("a", Some("app"), "Created", "Container created");
        }
        story.ends().clone()
    };
    assert_says(&ends(false), Verdict::Failed, Code::ConfigMissing, &["key URL"]);
    assert_eq!(ends(true).verdict, Verdict::TimedOut);
}
