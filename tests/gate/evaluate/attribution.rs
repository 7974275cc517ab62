//! Whose pods belong to the gate.

use crashgate::gate::model::{ControllerRef, Detail, Source, WorkloadKind};
use crashgate::gate::result::Verdict;
use crashgate::gate::spec::Pin;

use crate::gate::web;
use crate::scenario::objects::{Bend, bare_pod, daemon_set, deployment, pod, replica_set};
use crate::scenario::{Scenario, lead, plan};

#[test]
fn a_pin_has_no_eye_for_pods_of_nobody() {
    let mut plan = plan();
    plan.workload = Some(Pin { kind: WorkloadKind::Deployment, name: "web".to_owned() });
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a")).pod(bare_pod("debug").unready());
    let outcome = story.ends().clone();
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
}

#[test]
fn pods_of_one_owner_that_cannot_be_read_are_one_group() {
    let mut plan = plan();
    plan.replicas = Some(2);
    let mut story = Scenario::new(plan);
    let rollout = ControllerRef {
        api_version: "v1".to_owned(),
        kind: "Fleet".to_owned(),
        name: "web".to_owned(),
        uid: "r".to_owned(),
    };
    for name in ["a", "b"] {
        let mut one = bare_pod(name);
        one.controller = Some(rollout.clone());
        story.pod(one);
    }
    let outcome = story.ends().clone();
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
}

#[test]
fn a_deployment_without_pods_is_waited_for_though_replica_sets_may_not_be_read() {
    let mut story = Scenario::new(plan());
    story.denied(Source::Workloads(WorkloadKind::ReplicaSet));
    web(&mut story, 1);
    assert_eq!(story.ends().verdict, Verdict::TimedOut);
}

#[test]
fn pods_of_a_daemon_set_that_cannot_be_told_apart_count_once_all_are_updated() {
    let ends = |updated| {
        let mut story = Scenario::new(plan());
        let mut agent = daemon_set("agent", "v2", 1);
        agent.detail = Detail::DaemonSet { on_delete: false, template_generation: None };
        agent.updated = updated;
        story.workload(agent.clone()).at(1.0).pod(pod(&agent, "a"));
        story.ends().verdict
    };
    assert_eq!(ends(Some(1)), Verdict::Healthy);
    assert_eq!(ends(Some(0)), Verdict::TimedOut, "the pod may be an old one");
    assert_eq!(ends(None), Verdict::TimedOut);
}

#[test]
fn owners_that_lead_in_a_circle_lead_nowhere() {
    let mut story = Scenario::new(plan());
    let mut set = replica_set(&deployment("web", "v2", 1));
    // It says that a Deployment controls it, under its own UID.
    set.controller.as_mut().unwrap().uid.clone_from(&set.uid);
    story.workload(set.clone()).at(1.0).pod(pod(&set, "a"));
    assert_eq!(story.ends().verdict, Verdict::TimedOut);
}

#[test]
fn objects_of_another_namespace_are_never_evidence() {
    let mut story = Scenario::new(plan());
    let mut elsewhere = deployment("web", "v2", 1);
    elsewhere.namespace = "staging".to_owned();
    let mut set = replica_set(&elsewhere);
    set.namespace = "staging".to_owned();
    let mut there = pod(&set, "a");
    there.namespace = "staging".to_owned();
    story.workload(elsewhere).workload(set).pod(there.clone());
    let mut lonely = bare_pod("b");
    lonely.namespace = "staging".to_owned();
    story.pod(lonely).list_all();
    assert_eq!(story.ends().verdict, Verdict::NothingMatched);

    // Nor against the app.
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    there.uid = "c".to_owned();
    story.pod(pod(&set, "a")).pod(there.terminated("app", 1, "Error"));
    assert_eq!(story.ends().verdict, Verdict::Healthy);
}

#[test]
fn a_pod_whose_image_was_changed_by_hand_is_not_of_its_template() {
    let ends = |image: &str| {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        let mut patched = pod(&set, "a");
        patched.containers[0].image = image.to_owned();
        story.pod(patched);
        story.ends().verdict
    };
    assert_eq!(ends("registry.example:5000/shop/web:v1"), Verdict::TimedOut);
    assert_eq!(ends("mirror.example/shop/web:v1"), Verdict::TimedOut);
    for same in [
        "registry.example:5000/shop/web:v2",
        "mirror.example/shop/web:v2",
        "registry.example:5000/shop/web@sha256:0a",
        "registry.example:5000/shop/web:v2@sha256:0a",
        "mesh/injected:1",
    ] {
        assert_eq!(ends(same), Verdict::Healthy, "{same}: an admission webhook does that");
    }
}

#[test]
fn a_replica_set_by_itself_keeps_the_pods_of_its_older_template() {
    let mut plan = plan();
    plan.workload = Some(Pin { kind: WorkloadKind::ReplicaSet, name: "web".to_owned() });
    let mut set = replica_set(&deployment("web", "v1", 1));
    "web".clone_into(&mut set.name);
    set.controller = None;
    let mut old = pod(&set, "a");
    set.template = deployment("web", "v2", 1).template;
    // Only the label tells: the same image runs under both versions.
    old.containers[0].image.clone_from(&set.template.containers[0].image);
    let mut story = Scenario::new(plan);
    story.workload(set.clone()).pod(old.clone()).at(20.0).still_open();
    story.pod_gone("a").pod(pod(&set, "b"));
    assert_eq!(story.ends().decided_after, crate::gate::seconds(30));
}

#[test]
fn pods_of_an_older_replica_set_prove_nothing_where_their_deployment_may_not_be_read() {
    for newer_pods in [false, true] {
        let mut plan = plan();
        plan.replicas = Some(1);
        let mut story = Scenario::new(plan);
        story.denied(Source::Workloads(WorkloadKind::Deployment));
        // The same version again, with another configuration.
        let web = deployment("web", "v2", 1);
        let older = replica_set(&web);
        let mut newer = replica_set(&web);
        (newer.uid, newer.name, newer.revision) = ("newer".to_owned(), "web-newer".to_owned(), Some(2));
        story.workload(older.clone()).workload(newer.clone()).at(1.0).pod(pod(&older, "a"));
        if newer_pods {
            story.pod(pod(&newer, "b"));
        }
        let outcome = story.ends();
        let expected = if newer_pods { Verdict::Healthy } else { Verdict::TimedOut };
        assert_eq!(outcome.verdict, expected, "{:?}", outcome.findings);
        if !newer_pods {
            assert!(lead(outcome).message.contains("0 of the 1 pods that deployment/web needs"), "{outcome:?}");
        }
    }
}

#[test]
fn a_deployment_says_itself_whether_its_pods_are_of_its_newest_template_where_replica_sets_may_not_be_read() {
    for (updated, observed, verdict) in
        [(Some(1), 2, Verdict::Healthy), (Some(0), 2, Verdict::TimedOut), (Some(1), 1, Verdict::TimedOut)]
    {
        let mut plan = plan();
        plan.replicas = Some(1);
        let mut story = Scenario::new(plan);
        story.denied(Source::Workloads(WorkloadKind::ReplicaSet));
        let mut web = deployment("web", "v2", 1);
        let set = replica_set(&web);
        (web.updated, web.generation, web.observed_generation) = (updated, Some(2), Some(observed));
        story.workload(web).at(1.0).pod(pod(&set, "a"));
        assert_eq!(story.ends().verdict, verdict, "{updated:?} {observed}");
    }
}
