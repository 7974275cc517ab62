//! Ranking.

use crashgate::gate::Fact;
use crashgate::gate::model::{Object, Source};
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::spec::Grace;

use crate::gate::{assert_says, seconds, web};
use crate::scenario::objects::{Bend, deployment, pod};
use crate::scenario::{Scenario, lead, plan};

#[test]
fn the_root_cause_leads_and_the_same_cause_is_told_once() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 4);
    let missing = "secret \"s\" not found";
    story.at(1.0).pods(["a", "b"].map(|name| pod(&set, name).waiting("app", "CreateContainerConfigError", missing)));
    story.pod(pod(&set, "c").unready()).pod(pod(&set, "d").unschedulable("no node"));
    let outcome = story.ends();
    assert_says(outcome, Verdict::Failed, Code::ConfigMissing, &["Secret s"]);
    let findings: Vec<_> = outcome.findings.iter().map(|finding| (finding.code, finding.also.len())).collect();
    assert_eq!(findings, [(Code::ConfigMissing, 1), (Code::Unschedulable, 0)]);
}

#[test]
fn superseded_says_what_runs_instead() {
    let mut story = Scenario::new(plan());
    web(&mut story, 1);
    story.at(3.0).workload(deployment("web", "v3", 1));
    assert_says(story.ends(), Verdict::Superseded, Code::Superseded, &["deployment/web now runs v3 instead of v2"]);
    let mut story = Scenario::new(plan());
    let mut going = deployment("web", "v2", 1);
    story.workload(going.clone());
    going.deleting = true;
    story.at(3.0).workload(going);
    assert_says(story.ends(), Verdict::Superseded, Code::WorkloadDeleted, &["is being deleted"]);
}

#[test]
fn a_pod_whose_image_is_missing_is_not_told_to_be_unready_as_well() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 2);
    story.at(1.0).pods([pod(&set, "a").waiting("app", "ErrImagePull", "not found"), pod(&set, "b").unready()]);
    let codes: Vec<Code> = story.ends().findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [Code::ImageNotFound]);

    // At the end of the wait the other pod is told too: nothing explains it.
    let mut plan = plan();
    plan.grace.insert(Grace::ImagePull, seconds(60));
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 2);
    story.at(1.0).pods([pod(&set, "a").waiting("app", "ErrImagePull", "not found"), pod(&set, "b").unready()]);
    let told: Vec<_> =
        story.ends().findings.iter().map(|found| (found.code, found.place.pod.clone().unwrap())).collect();
    assert_eq!(told, [(Code::ImageNotFound, "a".to_owned()), (Code::NotReady, "b".to_owned())]);
}

#[test]
fn of_two_faults_that_count_at_once_the_apps_is_the_verdict() {
    let mut plan = plan();
    plan.grace.insert(Grace::Unschedulable, seconds(0));
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 2);
    let facts = [pod(&set, "a").unschedulable("0/1 nodes are available"), pod(&set, "b").terminated("app", 1, "Error")];
    let objects = facts.into_iter().map(|object| Object::Pod(object.into())).collect();
    story.at(1.0).tell(Fact::Listed { source: Source::Pods, objects });
    let outcome = story.ends().clone();
    assert_eq!((outcome.verdict, lead(&outcome).code), (Verdict::Failed, Code::CrashLoop));
    assert_eq!(outcome.findings.len(), 2, "both are told: {:?}", outcome.findings);
}
