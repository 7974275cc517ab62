//! Graces.

use crashgate::gate::model::Pod;
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::spec::Grace;

use crate::gate::{assert_says, one_pod, seconds, web};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::{Scenario, lead, plan};

#[test]
fn a_grace_runs_from_first_sight_through_all_signs_of_the_cause() {
    let mut plan = plan();
    plan.grace.insert(Grace::ImagePull, seconds(20));
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    let said = "failed to resolve image: x: not found";
    story.at(1.0).pod(pod(&set, "a").waiting("app", "ErrImagePull", said));
    story.at(9.0).pod(pod(&set, "a").waiting("app", "ImagePullBackOff", "Back-off pulling image \"x\""));
    story.at(15.0).pod(pod(&set, "a").waiting("app", "ContainerCreating", ""));
    story.at(16.0).pod(pod(&set, "a").waiting("app", "ErrImagePull", said)).at(20.9).still_open();
    let outcome = story.ends();
    assert_eq!((lead(outcome).code, outcome.decided_after), (Code::ImageNotFound, seconds(21)));
}

#[test]
fn a_grace_begins_anew_once_the_container_has_run() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let missing = || pod(&set, "a").waiting("app", "CreateContainerConfigError", "secret \"s\" not found");
    story.at(1.0).pod(missing()).at(10.0).pod(pod(&set, "a").unready()).at(20.0).pod(missing()).at(30.0).still_open();
    assert_eq!(story.ends().decided_after, seconds(35));
}

type Happens = fn(&mut Scenario, Pod);

#[test]
fn every_grace_can_be_set() {
    let cases: [(Grace, Happens, Code); 8] = [
        (
            Grace::ImagePull,
            |story, pod| {
                story.pod(pod.waiting("app", "ErrImagePull", "x: not found"));
            },
            Code::ImageNotFound,
        ),
        (
            Grace::Registry,
            |story, pod| {
                story.pod(pod.waiting("app", "ErrImagePull", "429 Too Many Requests"));
            },
            Code::RegistryUnavailable,
        ),
        (
            Grace::Config,
            |story, pod| {
                story.pod(pod.waiting("app", "CreateContainerConfigError", "secret \"s\" not found"));
            },
            Code::ConfigMissing,
        ),
        (
            Grace::Unschedulable,
            |story, pod| {
                story.pod(pod.unschedulable("0/1 nodes are available: 1 Insufficient cpu."));
            },
            Code::Unschedulable,
        ),
        (
            Grace::Volume,
            |story, pod| {
                story.pod(pod.unschedulable("pod has unbound immediate PersistentVolumeClaims"));
            },
            Code::VolumeUnavailable,
        ),
        (
            Grace::Quota,
            |story, _| {
                story.event("replicaset-web-v2", None, "FailedCreate", "pods \"x\" is forbidden: exceeded quota: q");
            },
            Code::QuotaExceeded,
        ),
        (
            Grace::Admission,
            |story, _| {
                story.event("replicaset-web-v2", None, "FailedCreate", "admission webhook \"w\" denied the request");
            },
            Code::AdmissionDenied,
        ),
        (
            Grace::Sandbox,
            |story, pod| {
                story.pod(pod.creating());
                story.event("a", None, "FailedCreatePodSandBox", "failed to set up sandbox: no IP addresses");
            },
            Code::SandboxFailed,
        ),
    ];
    for (grace, happens, code) in cases {
        let mut plan = plan();
        plan.grace.insert(grace, seconds(7));
        let mut story = Scenario::new(plan);
        let set = web(&mut story, 1);
        story.at(1.0);
        happens(&mut story, pod(&set, "a"));
        story.at(7.9).still_open();
        let outcome = story.ends();
        assert_eq!((lead(outcome).code, outcome.decided_after), (code, seconds(8)), "{grace:?}");
        assert_eq!(outcome.verdict, code.row().verdict);
    }
}

#[test]
fn what_has_no_grace_of_its_own_counts_at_the_end_of_the_wait() {
    let outcome = one_pod(|pod| pod.unschedulable("0/1 nodes are available: 1 Insufficient cpu. preemption: no help."));
    assert_says(&outcome, Verdict::Platform, Code::Unschedulable, &["too little cpu"]);
    assert_eq!(outcome.decided_after, seconds(60));
    assert!(!lead(&outcome).message.contains("preemption"), "{}", lead(&outcome).message);
}
