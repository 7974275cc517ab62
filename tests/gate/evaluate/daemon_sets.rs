//! `DaemonSet`s: which pods are of the newest template, and nodes that die.

use crashgate::gate::Fact;
use crashgate::gate::model::{Detail, Node, Object, Pod, Workload};
use crashgate::gate::result::{Code, Outcome, Verdict};

use crate::gate::{assert_says, seconds};
use crate::scenario::objects::{Bend, daemon_set, pod};
use crate::scenario::{Scenario, plan};

/// A `DaemonSet` of so many nodes that has no generation to tell its pods by.
fn unmarked(nodes: u32, updated: u32) -> Workload {
    let mut agent = daemon_set("agent", "v2", nodes);
    agent.detail = Detail::DaemonSet { on_delete: false, template_generation: None };
    (agent.updated, agent.generation, agent.observed_generation) = (Some(updated), Some(2), Some(2));
    agent
}

/// Its pod on the node of the same name, made from this revision.
fn pod_of(agent: &Workload, node: &str, hash: &str) -> Pod {
    let mut one = pod(agent, node);
    one.labels.remove("pod-template-generation");
    one.labels.insert("controller-revision-hash".to_owned(), hash.to_owned());
    one.node = Some(node.to_owned());
    one
}

#[test]
fn without_a_generation_pods_are_told_apart_by_their_revision() {
    let ends = |updated, hashes: &[&str]| {
        let mut story = Scenario::new(plan());
        let agent = unmarked(2, updated);
        story.workload(agent.clone());
        for (place, hash) in hashes.iter().enumerate() {
            story.pod(pod_of(&agent, &format!("n{place}"), hash));
        }
        story.ends().verdict
    };
    assert_eq!(ends(2, &["new", "new"]), Verdict::Healthy);
    assert_eq!(ends(0, &["old", "old"]), Verdict::TimedOut, "none is updated");
    assert_eq!(ends(1, &["old", "new"]), Verdict::TimedOut, "one is not updated");
    assert_eq!(ends(2, &["old", "new"]), Verdict::TimedOut, "the status is of a moment at which one more was there");
    assert_eq!(ends(2, &["new", "new", "old"]), Verdict::Healthy, "the old one is a surplus");
    assert_eq!(ends(2, &["new", "new", "old", "old"]), Verdict::TimedOut, "which of the two is the newest?");
}

#[test]
fn a_crash_of_the_one_updated_pod_is_seen_while_the_others_are_of_another_version() {
    let mut story = Scenario::new(plan());
    let agent = unmarked(2, 1);
    let mut old = pod_of(&agent, "n0", "old");
    old.labels.insert("version".to_owned(), "v1".to_owned());
    story.workload(agent.clone()).pod(old).at(4.0);
    story.pod(pod_of(&agent, "n1", "new").terminated("app", 1, "Error"));
    let outcome = story.ends();
    assert_says(outcome, Verdict::Failed, Code::CrashLoop, &["exit code 1"]);
    assert_eq!(outcome.decided_after, seconds(4));
}

/// How a gate ends over a `DaemonSet` of `nodes`, of which `before` did not answer when it began, and `die` stop answering
/// after 5 s.
fn dying(nodes: u32, before: u32, die: u32, min_ready: Option<u32>) -> Outcome {
    let mut plan = plan();
    plan.min_ready = min_ready.map(crashgate::gate::spec::MinReady::Count);
    let mut story = Scenario::new(plan);
    let mut agent = daemon_set("agent", "v2", nodes);
    agent.available = Some(nodes - before);
    story.workload(agent.clone());
    let on = |node: u32| {
        let mut one = pod(&agent, &format!("agent-{node}"));
        one.node = Some(format!("n{node}"));
        one
    };
    let lost = |mut one: Pod| {
        one.ready.as_mut().unwrap().status = false;
        one
    };
    for node in 0..nodes {
        story.pod(if node < before { lost(on(node)) } else { on(node) });
    }
    story.at(5.0);
    for node in before..before + die {
        story.pod(lost(on(node)));
    }
    agent.available = Some(nodes - before - die);
    story.workload(agent.clone());
    story.ends().clone()
}

#[test]
fn one_node_or_a_tenth_of_them_may_die_while_the_gate_looks() {
    for (nodes, before, die) in [(5, 0, 0), (5, 0, 1), (2, 0, 1), (20, 0, 2), (5, 3, 0), (5, 3, 1)] {
        let outcome = dying(nodes, before, die, None);
        assert_eq!(outcome.verdict, Verdict::Healthy, "{nodes} {before} {die}: {:?}", outcome.findings);
    }
    for (nodes, before, die) in [(5, 0, 4), (5, 0, 2), (20, 0, 3), (5, 2, 2), (2, 0, 2)] {
        let outcome = dying(nodes, before, die, None);
        assert_eq!(outcome.verdict, Verdict::Platform, "{nodes} {before} {die}: {:?}", outcome.findings);
        assert_eq!(outcome.findings[0].code, Code::NodeNotReady, "{:?}", outcome.findings);
        let bound =
            format!("{die} of the {nodes} nodes of daemonset/agent stopped responding while the gate was watching");
        let told = outcome.findings.iter().any(|finding| finding.message.contains(&bound));
        assert!(told, "{:?}", outcome.findings);
    }
    assert_eq!(dying(5, 0, 2, Some(3)).verdict, Verdict::Healthy, "who says that three are enough is believed");
}

#[test]
fn a_node_that_says_itself_that_it_was_well_has_died_too() {
    let node = |name: &str, ready| {
        Fact::Seen(Box::new(Object::Node(
            Node {
                name: name.to_owned(),
                uid: name.to_owned(),
                ready: Some(ready),
                message: None,
                troubles: Vec::new(),
                architecture: None,
            }
            .into(),
        )))
    };
    let ends = |well_before: bool| {
        let mut story = Scenario::new(plan());
        let agent = daemon_set("agent", "v2", 5);
        for name in ["n1", "n2"] {
            story.tell(node(name, well_before));
        }
        story.workload(agent.clone());
        for place in 0..5 {
            let mut one = pod(&agent, &format!("agent-{place}"));
            one.node = Some(format!("n{place}"));
            // Its pod was never Ready there.
            story.pod(if place == 1 || place == 2 { one.unready() } else { one });
        }
        story.at(2.0);
        for name in ["n1", "n2"] {
            story.tell(node(name, false));
        }
        story.ends().verdict
    };
    assert_eq!((ends(true), ends(false)), (Verdict::Platform, Verdict::Healthy));
}

#[test]
fn an_old_pod_that_is_available_does_not_stand_for_a_new_one() {
    // With maxSurge both run on the node, and the controller counts the older of the two.
    let ends = |updated| {
        let mut story = Scenario::new(plan());
        let mut agent = daemon_set("agent", "v2", 1);
        agent.updated = Some(updated);
        story.workload(agent.clone()).pod(pod(&agent, "new"));
        story.ends().verdict
    };
    assert_eq!((ends(0), ends(1)), (Verdict::TimedOut, Verdict::Healthy));
}

/// A DaemonSet of three nodes: this pod is on the third, which does not answer from the first.
fn with_a_silent_node(bend: impl FnOnce(Pod) -> Pod) -> Outcome {
    let mut story = Scenario::new(plan());
    let mut agent = daemon_set("agent", "v2", 3);
    (agent.updated, agent.available) = (Some(2), Some(2));
    story.workload(agent.clone());
    for node in ["n1", "n2"] {
        let mut one = pod(&agent, &format!("agent-{node}"));
        one.node = Some(node.to_owned());
        story.pod(one);
    }
    let mut silent = pod(&daemon_set("agent", "v1", 3), "agent-n3");
    silent.labels.insert("pod-template-generation".to_owned(), "0".to_owned());
    silent.node = Some("n3".to_owned());
    silent.ready.as_mut().unwrap().status = false;
    story.pod(bend(silent));
    story.ends().clone()
}

#[test]
fn an_older_pod_on_a_node_that_does_not_answer_is_the_nodes_fault() {
    for bend in [|pod: Pod| pod, |pod: Pod| pod.deleting()] {
        let outcome = with_a_silent_node(bend);
        assert_says(&outcome, Verdict::Platform, Code::NodeNotReady, &["1 of the 3 nodes of daemonset/agent"]);
    }
    // On a node that answers it is only late.
    let outcome = with_a_silent_node(|mut pod| {
        pod.ready.as_mut().unwrap().reason = Some("ContainersNotReady".to_owned());
        pod
    });
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["2 of the 3 pods that daemonset/agent needs"]);
}

#[test]
fn where_no_node_answers_no_update_is_said_to_be_blocked() {
    let outcome = dying(1, 1, 0, None);
    assert_eq!(outcome.verdict, Verdict::Platform);
    let codes: Vec<_> = outcome.findings.iter().map(|finding| finding.code).collect();
    assert!(codes.iter().all(|code| *code == Code::NodeNotReady), "{:?}", outcome.findings);
}

#[test]
fn as_many_as_min_ready_says_must_be_ready_whatever_became_of_the_nodes() {
    assert_eq!(dying(5, 3, 0, Some(3)).verdict, Verdict::Platform, "two are not three");
    assert_eq!(dying(5, 2, 0, Some(3)).verdict, Verdict::Healthy);
    assert_eq!(dying(5, 2, 1, Some(3)).verdict, Verdict::Platform);
}
