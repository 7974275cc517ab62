//! Ranking.

use crashgate::gate::code::Code;
use crashgate::gate::verdict::Verdict;

use super::{assert_says, web};
use crate::story::objects::{Bend, deployment, pod};
use crate::story::{Story, plan};

#[test]
fn the_root_cause_leads_and_the_same_cause_is_told_once() {
    let mut story = Story::new(plan());
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
    let mut story = Story::new(plan());
    web(&mut story, 1);
    story.at(3.0).workload(deployment("web", "v3", 1));
    assert_says(story.ends(), Verdict::Superseded, Code::Superseded, &["deployment/web now runs v3 instead of v2"]);
    let mut story = Story::new(plan());
    let mut going = deployment("web", "v2", 1);
    story.workload(going.clone());
    going.deleting = true;
    story.at(3.0).workload(going);
    assert_says(story.ends(), Verdict::Superseded, Code::WorkloadDeleted, &["is being deleted"]);
}
