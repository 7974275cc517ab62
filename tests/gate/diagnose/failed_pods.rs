//! Pods that ended as a whole and were replaced.

use crashgate::gate::model::{ContainerState, ControllerRef, Phase, Workload};
use crashgate::gate::result::{Code, PodState, Verdict};

use crate::gate::{assert_says, web};
use crate::scenario::objects::{Bend, bare_pod, daemon_set, pod, replica_set};
use crate::scenario::{Scenario, lead, plan};

const OVER: &str = "Pod ephemeral local storage usage exceeds the total limit of containers 20Mi. ";

fn patient(restarts: u32) -> Scenario {
    let mut plan = plan();
    plan.max_restarts = restarts;
    Scenario::new(plan)
}

/// Pods of a set that end one after the other, each replaced at once by the next; the last one stays.
fn one_after_the_other(
    story: &mut Scenario,
    set: &Workload,
    ends: u32,
    end: impl Fn(crashgate::gate::model::Pod) -> crashgate::gate::model::Pod,
) {
    for number in 0..ends {
        let (name, second) = (format!("web-{number}"), f64::from(number) * 3.0);
        story.at(second + 1.0).pod(pod(set, &name)).at(second + 2.0).pod(end(pod(set, &name)));
        if story.ended().is_some() {
            return;
        }
    }
    story.at(f64::from(ends) * 3.0 + 1.0).pod(pod(set, "web-last"));
}

#[test]
fn a_pod_that_outgrows_its_own_disk_limit_is_the_apps_fault_though_its_replacement_is_ready() {
    let table = [
        (OVER, "ephemeral-storage"),
        ("Container app exceeded its local ephemeral storage limit \"20Mi\". ", "ephemeral-storage` of container app"),
        ("Usage of EmptyDir volume \"cache\" exceeds the limit \"10Mi\". ", "`emptyDir.sizeLimit` of volume cache"),
    ];
    for (said, advice) in table {
        let mut story = Scenario::new(plan());
        let set = web(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a")).at(4.0).pod(pod(&set, "a").evicted(said)).at(5.0).pod(pod(&set, "b"));
        let outcome = story.ends();
        assert_says(outcome, Verdict::Failed, Code::DiskLimitExceeded, &[said.trim(), advice]);
        let all = format!("{:?}", outcome.findings);
        assert!(!all.contains("pressure") && !all.contains("CrashLoop") && !all.contains("PodDisrupted"), "{all}");
        assert_eq!(outcome.pods[0].state, PodState::OverDiskLimit, "{:?}", outcome.pods);
    }
}

#[test]
fn a_pod_that_was_evicted_before_the_gate_began_counts_as_long_as_it_is_there() {
    let mut story = Scenario::unlisted(plan());
    let deployed = crate::scenario::objects::deployment("web", "v2", 1);
    let set = replica_set(&deployed);
    for (uid, pod) in [("a", pod(&set, "a").evicted(OVER)), ("b", pod(&set, "b"))] {
        story.pods.insert(uid.to_owned(), pod);
    }
    story.workloads.extend([deployed, set].map(|workload| (workload.uid.clone(), workload)));
    story.list_all();
    assert_says(story.ends(), Verdict::Failed, Code::DiskLimitExceeded, &["20Mi"]);
}

#[test]
fn a_node_that_runs_out_of_room_is_not_the_apps_fault() {
    let low = "The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi, available: 900Mi. Container app was using 1Gi, request is 0, has larger consumption of ephemeral-storage. ";
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).pod(pod(&set, "a").evicted(low)).at(2.0).pod(pod(&set, "b"));
    let outcome = story.ends();
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
    assert_eq!(outcome.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["PodDisrupted"]);
    // Also where a pod says so of itself that was not evicted at all.
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let mut odd = pod(&set, "a");
    odd.message = Some(OVER.to_owned());
    story.at(1.0).pod(odd);
    assert_eq!(story.ends().verdict, Verdict::Healthy);
}

#[test]
fn a_bare_pod_over_its_disk_limit_says_so_and_nothing_of_a_crash() {
    let mut story = Scenario::new(plan());
    story.at(1.0).pod(bare_pod("lonely")).at(3.0).pod(bare_pod("lonely").evicted(OVER));
    let outcome = story.ends();
    assert_says(outcome, Verdict::Failed, Code::DiskLimitExceeded, &["20Mi"]);
    assert_eq!(outcome.findings.len(), 1, "{:?}", outcome.findings);
}

#[test]
fn five_pods_that_ended_in_failure_and_were_replaced_do_not_pass() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    one_after_the_other(&mut story, &set, 5, |pod| pod.over(Phase::Failed, 3));
    let outcome = story.ends();
    assert_says(outcome, Verdict::Failed, Code::PodFailed, &["container app ended with exit code 3"]);
    assert_eq!(lead(outcome).exit_status, Some(3));
    // And those that ended well, although their controller wants them to run.
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    one_after_the_other(&mut story, &set, 5, |pod| pod.over(Phase::Succeeded, 0));
    assert_says(story.ends(), Verdict::Failed, Code::CrashLoop, &["exit code 0", "should keep running"]);
}

#[test]
fn as_many_failed_pods_as_max_restarts_are_tolerated_and_told_in_one_line() {
    for (allowed, verdict) in [(4, Verdict::Failed), (5, Verdict::Healthy)] {
        let mut story = patient(allowed);
        let set = web(&mut story, 1);
        one_after_the_other(&mut story, &set, 5, |pod| pod.over(Phase::Failed, 3));
        let outcome = story.ends();
        assert_eq!(outcome.verdict, verdict, "{:?}", outcome.findings);
        if verdict == Verdict::Healthy {
            let told: Vec<_> = outcome.warnings.iter().map(|warning| (warning.code, &warning.message)).collect();
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(
                told[0].0 == "PodFailed" && told[0].1.contains("5 pods (web-0, web-1, web-2 and 2 more)"),
                "{told:?}"
            );
        }
    }
}

#[test]
fn a_failed_pod_that_its_controller_deletes_at_once_is_remembered() {
    let mut story = patient(1);
    let agent = daemon_set("agent", "v2", 1);
    story.workload(agent.clone());
    for name in ["a", "b"] {
        story.pod(pod(&agent, name).over(Phase::Failed, 1)).pod(pod(&agent, name).over(Phase::Failed, 1).deleting());
        story.pod_gone(name);
    }
    assert_says(story.ended().unwrap(), Verdict::Failed, Code::PodFailed, &["exit code 1"]);
}

#[test]
fn failed_pods_of_an_owner_that_is_not_known_count_too() {
    let mut plan = plan();
    plan.replicas = Some(1);
    let mut story = Scenario::new(plan);
    let of_rollout = |name: &str| {
        let mut pod = bare_pod(name);
        let reference = ControllerRef {
            api_version: "v1".to_owned(),
            kind: "GameServerSet".to_owned(),
            name: "web".to_owned(),
            uid: "c".to_owned(),
        };
        pod.controller = Some(reference);
        pod
    };
    story.pod(of_rollout("a").over(Phase::Failed, 1)).pod(of_rollout("b"));
    assert_says(story.ends(), Verdict::Failed, Code::PodFailed, &["exit code 1"]);
}

#[test]
fn pods_that_ended_for_no_fault_of_their_own_or_of_an_older_revision_do_not_count() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    let old = crate::scenario::objects::deployment("web", "v1", 1);
    let old_set = replica_set(&old);
    story.workload(old_set.clone()).pod(pod(&old_set, "old").over(Phase::Failed, 1));
    // Scaled down while it ran, and so ended on its way out.
    story.pod(pod(&set, "less").deleting()).pod(pod(&set, "less").over(Phase::Failed, 143).deleting());
    story.pod(pod(&set, "drained").failed_by_node("NodeShutdown"));
    let mut lost = pod(&set, "lost").over(Phase::Failed, 137);
    let ContainerState::Terminated(ended) = &mut lost.containers[0].status.as_mut().unwrap().state else { panic!() };
    ended.reason = Some("ContainerStatusUnknown".to_owned());
    story.pod(lost).at(1.0).pod(pod(&set, "a"));
    let outcome = story.ends();
    assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
    let told: Vec<_> = outcome.warnings.iter().map(|warning| (warning.code, warning.message.as_str())).collect();
    assert_eq!(told.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["PodDisrupted", "PodFailed"], "{told:?}");
    assert!(told[1].1.contains("pod lost") && told[1].1.contains("phase Failed"), "{told:?}");
}

#[test]
fn a_pod_that_its_node_does_not_admit_is_the_platforms_fault_and_says_why() {
    for reason in ["SysctlForbidden", "AppArmor", "NodeName", "TaintToleration", "SMTAlignmentError", "OutOfcpu"] {
        let outcome = crate::gate::one_pod(|mut pod| {
            pod = pod.unready();
            (pod.phase, pod.reason) = (Some(Phase::Failed), Some(reason.to_owned()));
            pod.message = Some("Pod was rejected: it asks for too much".to_owned());
            pod.containers[0].status = None;
            pod
        });
        assert_says(&outcome, Verdict::Platform, Code::PodDisrupted, &[reason]);
        let evidence = &lead(&outcome).evidence;
        assert!(evidence.iter().any(|piece| piece.text == format!("{reason}: Pod was rejected: it asks for too much")));
    }
}
