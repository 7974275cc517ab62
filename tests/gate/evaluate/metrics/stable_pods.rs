//! Who the stable pods are.

use crashgate::gate::model::{CanaryPhase, Phase, Pod, Selector, Workload, WorkloadKind};
use crashgate::gate::spec::{Plan, StableArm};
use crashgate::gate::{Fact, StableQuestion};

use crate::gate::web;
use crate::scenario::objects::{Bend, canary, deployment, pod, replica_set, rollout, rollout_set, stateful_set};
use crate::scenario::prometheus::{errors, metrics};
use crate::scenario::{Scenario, plan};

fn comparing(stable: StableArm) -> Plan {
    let mut metrics = metrics(vec![errors(None, true)], 60);
    metrics.stable = stable;
    Plan { metrics: Some(metrics), ..plan() }
}

/// The names of the stable pods among these, as the gate asks about them.
fn stable_among(story: &mut Scenario, pods: Vec<Pod>) -> Vec<String> {
    story.at(2.0).tell(Fact::StableListed(pods));
    let questions = story.gate.metric_questions(&|_, _| false);
    let stable = questions.into_iter().filter(|question| question.arm == crashgate::gate::model::Arm::Stable);
    stable.flat_map(|question| question.pods).collect()
}

fn of_app() -> StableQuestion {
    StableQuestion::Pods(Selector::equals([("app", "web")]))
}

/// A set of an older template of the Deployment `web`, and a pod of it.
fn older(story: &mut Scenario, name: &str) -> (Workload, Pod) {
    let set = replica_set(&deployment("web", "v1", 2));
    story.workload(set.clone());
    let pod = pod(&set, name);
    (set, pod)
}

#[test]
fn previous_are_the_pods_of_older_sets_of_the_same_deployment() {
    let mut story = Scenario::new(comparing(StableArm::Previous));
    let set = web(&mut story, 1);
    let (_, old) = older(&mut story, "old");
    let (_, leaving) = older(&mut story, "leaving");
    let mut starting = older(&mut story, "starting").1;
    starting.phase = Some(Phase::Pending);
    let stranger = pod(&replica_set(&deployment("other", "v1", 1)), "stranger");
    let new = pod(&set, "new");
    story.at(1.0).pod(new.clone());
    assert_eq!(story.gate.stable_question(), Some(of_app()));
    let all = vec![new, old, leaving.deleting(), starting, stranger];
    assert_eq!(stable_among(&mut story, all), ["old"]);
}

#[test]
fn previous_of_a_rollout_are_the_pods_of_its_stable_set() {
    let mut story = Scenario::new(comparing(StableArm::Previous));
    let web = rollout("web", "v2", 2);
    let set = rollout_set(&web, 1);
    let mut stable_set = rollout_set(&rollout("web", "stable", 2), 2);
    stable_set.uid = "stable-set".to_owned();
    let mut aborted_set = rollout_set(&rollout("web", "v0", 2), 1);
    aborted_set.uid = "aborted-set".to_owned();
    story.workload(web).workload(set.clone()).workload(stable_set.clone()).workload(aborted_set.clone());
    let with_hash = |set: &Workload, hash: &str| {
        let mut pod = pod(set, hash);
        pod.labels.insert("rollouts-pod-template-hash".to_owned(), hash.to_owned());
        pod
    };
    let new = with_hash(&set, "v2");
    story.at(1.0).pod(new.clone());
    let all = vec![new, with_hash(&stable_set, "stable"), with_hash(&aborted_set, "v0")];
    assert_eq!(stable_among(&mut story, all), ["stable"]);
}

#[test]
fn previous_of_a_canary_of_flagger_are_the_pods_of_the_primary() {
    let mut story = Scenario::new(comparing(StableArm::Previous));
    let target = deployment("web", "v2", 1);
    let set = replica_set(&target);
    let mut primary = deployment("web-primary", "v1", 2);
    primary.match_labels = [("app".to_owned(), "web-primary".to_owned())].into();
    let primary_set = replica_set(&primary);
    story.workload(canary(&target, CanaryPhase::Progressing)).workload(target).workload(set.clone());
    story.workload(primary).workload(primary_set.clone());
    let new = pod(&set, "new");
    story.at(1.0).pod(new.clone());
    let asked = StableQuestion::Pods(Selector::equals([("app", "web-primary")]));
    assert_eq!(story.gate.stable_question(), Some(asked));
    assert_eq!(stable_among(&mut story, vec![pod(&primary_set, "primary"), new]), ["primary"]);
}

#[test]
fn previous_of_a_stateful_set_are_its_pods_of_another_revision() {
    let mut story = Scenario::new(comparing(StableArm::Previous));
    let mut web = stateful_set("web", "v2", 2);
    web.updated = Some(1);
    let mut old = pod(&web, "web-0");
    old.labels.insert("controller-revision-hash".to_owned(), "web-v1".to_owned());
    story.workload(web.clone());
    let new = pod(&web, "web-1");
    story.at(1.0).pod(new.clone()).pod(old.clone());
    assert_eq!(stable_among(&mut story, vec![new, old]), ["web-0"]);
}

#[test]
fn another_version_another_workload_and_another_selector_are_asked_for_as_they_are_named() {
    let asked = |stable| {
        let mut story = Scenario::new(comparing(stable));
        web(&mut story, 1);
        story.gate.stable_question()
    };
    let labels = StableQuestion::Pods(Selector::equals([("app", "web"), ("version", "v1")]));
    assert_eq!(asked(StableArm::Version("v1".to_owned())), Some(labels));
    let workload = StableArm::Workload(WorkloadKind::Deployment, "web-stable".to_owned());
    assert_eq!(asked(workload), Some(StableQuestion::Workload(WorkloadKind::Deployment, "web-stable".to_owned())));
    let selector = Selector::equals([("track", "stable")]);
    assert_eq!(asked(StableArm::Selector(selector.clone())), Some(StableQuestion::Pods(selector)));
    // Nothing is compared.
    let mut plain = comparing(StableArm::Previous);
    plain.metrics = Some(metrics(vec![errors(Some(0.01), false)], 60));
    let mut story = Scenario::new(plain);
    web(&mut story, 1);
    assert_eq!(story.gate.stable_question(), None);
}
