//! The proof that is added at the end: what was said, the node, what a log gives away.

use crashgate::gate::Fact;
use crashgate::gate::model::{ClusterEvent, ContainerState, Node, Object, Role, Workload};
use crashgate::gate::result::{Code, Evidence, EvidenceKind};
use crashgate::gate::spec::Grace;

use crate::gate::{seconds, web};
use crate::scenario::objects::{Bend, container, deployment, pod, reference, replica_set, stateful_set};
use crate::scenario::{Scenario, lead, plan};

/// A warning about an object, at a second of the server's clock.
fn said(story: &mut Scenario, uid: &str, message: &str, second: u32) {
    let event = ClusterEvent {
        uid: format!("{uid}-{message}"),
        object_kind: String::new(),
        object_name: String::new(),
        object_uid: uid.to_owned(),
        container: None,
        reason: "Odd".to_owned(),
        message: message.to_owned(),
        warning: true,
        count: 1,
        last_seen: Some(format!("2026-11-21T03:00:{second:02}Z")),
    };
    story.tell(Fact::Seen(Box::new(Object::Event(event.into()))));
}

/// The pieces of one kind, once the gate is concluded.
fn proof(story: &mut Scenario, kind: EvidenceKind) -> Vec<String> {
    story.ends();
    story.gate.conclude();
    let evidence = &lead(story.ended().unwrap()).evidence;
    evidence.iter().filter(|piece| piece.kind == kind).map(|piece| piece.text.clone()).collect()
}

/// The pod `a` of this owner crashes, created at the 30th second.
fn crashes(story: &mut Scenario, owner: &Workload) {
    let mut one = pod(owner, "a").terminated("app", 1, "Error");
    one.created = Some("2026-11-21T03:00:30Z".to_owned());
    story.at(1.0).pod(one);
}

#[test]
fn what_was_said_of_the_owners_is_told_up_to_the_third() {
    let mut story = Scenario::new(plan());
    let mut above = Vec::new();
    let mut web = deployment("web", "v2", 1);
    for name in ["top", "higher"] {
        above.push(deployment(name, "v2", 1));
    }
    above[1].controller = Some(reference(&above[0]));
    web.controller = Some(reference(&above[1]));
    let set = replica_set(&web);
    for workload in [above[0].clone(), above[1].clone(), web, set.clone()] {
        story.workload(workload);
    }
    for (uid, words) in [
        ("a", "pod"),
        ("replicaset-web-v2", "set"),
        ("deployment-web", "web"),
        ("deployment-higher", "higher"),
        ("deployment-top", "top"),
    ] {
        said(&mut story, uid, words, 40);
    }
    crashes(&mut story, &set);
    assert_eq!(
        proof(&mut story, EvidenceKind::Event),
        ["Odd: pod\nreplicaset/web-v2: Odd: set\ndeployment/web: Odd: web\ndeployment/higher: Odd: higher"]
    );
}

#[test]
fn of_an_owner_that_outlives_its_version_only_what_is_younger_than_the_pod_is_told() {
    let mut story = Scenario::new(plan());
    let db = stateful_set("web", "v2", 1);
    story.workload(db.clone());
    said(&mut story, &db.uid, "older", 20);
    said(&mut story, &db.uid, "younger", 40);
    crashes(&mut story, &db);
    assert_eq!(proof(&mut story, EvidenceKind::Event), ["statefulset/web: Odd: younger"]);

    // A ReplicaSet is made for its version: what was said since it was created belongs to it.
    let mut story = Scenario::new(plan());
    let mut set = web(&mut story, 1);
    set.created = Some("2026-11-21T03:00:10Z".to_owned());
    story.workload(set.clone());
    said(&mut story, &set.uid, "before its time", 5);
    said(&mut story, &set.uid, "before the pod", 20);
    crashes(&mut story, &set);
    assert_eq!(proof(&mut story, EvidenceKind::Event), ["replicaset/web-v2: Odd: before the pod"]);
}

#[test]
fn what_the_finding_says_already_and_mere_echoes_are_left_out() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    for message in
        ["Back-off restarting failed container", "Error: ErrImagePull", "secret \"db\" not found", "the moon is full"]
    {
        said(&mut story, "a", message, 40);
    }
    story.at(1.0).pod(pod(&set, "a").waiting("app", "CreateContainerConfigError", "secret \"db\" not found"));
    assert_eq!(proof(&mut story, EvidenceKind::Event), ["Odd: the moon is full"]);
}

#[test]
fn nothing_said_is_no_evidence() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    crashes(&mut story, &set);
    assert!(proof(&mut story, EvidenceKind::Event).is_empty());
}

#[test]
fn a_finding_about_a_workload_is_told_with_what_was_said_of_its_newest_replica_set() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let other = deployment("other", "v1", 1);
    story.workload(other.clone());
    said(&mut story, &set.uid, "of the set", 40);
    said(&mut story, &other.uid, "of another", 40);
    let told = proof(&mut story, EvidenceKind::Event);
    assert_eq!(lead(story.ended().unwrap()).code, Code::NotReady);
    assert_eq!(told, ["replicaset/web-v2: Odd: of the set"]);
}

#[test]
fn a_node_that_may_be_to_blame_is_told_with_its_troubles() {
    let node = |troubles: &[&str]| Node {
        name: "node1".to_owned(),
        uid: "n".to_owned(),
        ready: Some(true),
        message: None,
        troubles: troubles.iter().map(|&trouble| trouble.to_owned()).collect(),
        architecture: None,
    };
    let told = |troubles: &[&str], crash: bool| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        story.tell(Fact::Seen(Box::new(Object::Node(node(troubles).into()))));
        if crash {
            crashes(&mut story, &set);
        } else {
            story.at(1.0).pod(pod(&set, "a").creating()).event(
                "a",
                None,
                "FailedCreatePodSandBox",
                "no address is left",
            );
        }
        proof(&mut story, EvidenceKind::Node)
    };
    assert_eq!(told(&["DiskPressure", "Ready is Unknown"], false), ["node1: DiskPressure; Ready is Unknown"]);
    assert_eq!(told(&[], false), ["node1 reports no problem"]);
    assert!(told(&["DiskPressure"], true).is_empty(), "a crash is not the node's");
}

#[test]
fn a_log_that_tells_of_a_wrong_architecture_names_the_image_of_the_container() {
    let after = |exit_reason: &str, log: &str| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        let mut two = pod(&set, "a");
        two.containers.insert(0, container("proxy", Role::App));
        two.containers[0].image = "proxy:1".to_owned();
        story.at(1.0).pod(two.terminated("app", 1, exit_reason));
        story.ends();
        story.gate.attach(0, vec![Evidence { kind: EvidenceKind::Log, text: log.to_owned() }]);
        let lead = lead(story.ended().unwrap());
        (lead.message.contains("exec format error"), lead.next_step.clone())
    };
    let (told, next_step) = after("Error", "exec /app: exec format error");
    assert!(told && next_step.starts_with("Build registry.example:5000/shop/web:v2 for"), "{next_step}");
    assert!(!after("Error", "no such table").0);
    assert!(!after("OOMKilled", "exec /app: exec format error").0, "its end says more");
}

#[test]
fn an_event_that_quotes_what_was_shown_is_left_out_unless_the_quote_is_a_mere_word() {
    let told = |last_words: &str| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        said(&mut story, "a", &format!("the container said: {last_words}"), 40);
        let mut one = pod(&set, "a").terminated("app", 1, "Error");
        let ContainerState::Terminated(ended) = &mut one.containers[0].status.as_mut().unwrap().state else { panic!() };
        ended.message = Some(last_words.to_owned());
        story.at(1.0).pod(one);
        proof(&mut story, EvidenceKind::Event).len()
    };
    assert_eq!(told("no such table: users, orders"), 0);
    assert_eq!(told("exactly 20 letters !"), 1);
    assert_eq!(told("no"), 1);
}

#[test]
fn what_comes_after_the_decision_leaves_the_leading_cause_in_its_place() {
    let mut plan = plan();
    plan.grace.insert(Grace::Quota, seconds(0));
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 2);
    story.at(1.0).pod(pod(&set, "a").waiting("app", "CreateContainerConfigError", "secret \"db\" not found"));
    let refused =
        "Error creating: pods \"x\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1";
    story.event(&set.uid, None, "FailedCreate", refused);
    let codes = |story: &Scenario| -> Vec<Code> {
        story.ended().unwrap().findings.iter().map(|finding| finding.code).collect()
    };
    assert_eq!(codes(&story), [Code::QuotaExceeded, Code::ConfigMissing]);
    story.event("a", None, "Odd", "the moon is full");
    assert_eq!(codes(&story), [Code::QuotaExceeded, Code::ConfigMissing]);
}
