//! Tolerance.

use crashgate::gate::model::Detail;
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::spec::{Grace, MinReady};

use crate::gate::{assert_says, one_pod, seconds, web};
use crate::scenario::objects::{Bend, pod, stateful_set};
use crate::scenario::{Scenario, lead, plan};

#[test]
fn what_enough_others_make_up_for_does_not_fail_the_gate_at_the_end_of_its_grace() {
    let mut plan = plan();
    plan.min_ready = Some(MinReady::Count(1));
    plan.grace.insert(Grace::Unschedulable, seconds(5));
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 2);
    story.at(1.0).pod(pod(&set, "a")).pod(pod(&set, "b").unschedulable("0/1 nodes are available: 1 Insufficient cpu."));
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, seconds(11)));
}

#[test]
fn the_grace_of_a_refused_creation_begins_anew_after_a_success() {
    let mut plan = plan();
    plan.grace.insert(Grace::Quota, seconds(20));
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 1);
    let refused = "pods \"web-x\" is forbidden: exceeded quota: q";
    story.at(1.0).event(&set.uid, None, "FailedCreate", refused);
    story.at(10.0).event(&set.uid, None, "SuccessfulCreate", "Created pod: a").pod(pod(&set, "a").unready());
    story.at(15.0).pod_gone("a").event(
        &set.uid,
        None,
        "FailedCreate",
        "pods \"web-y\" is forbidden: exceeded quota: q",
    );
    let outcome = story.ends();
    assert_eq!((lead(outcome).code, outcome.decided_after), (Code::QuotaExceeded, seconds(35)));
}

#[test]
fn a_stateful_set_is_partitioned_only_while_revisions_differ() {
    let warnings = |new_partition: u32, current: &str, pods: &[&str]| {
        let mut story = Scenario::new(plan());
        let mut db = stateful_set("db", "v2", 2);
        let Detail::StatefulSet { current_revision, partition, .. } = &mut db.detail else { panic!() };
        *current_revision = Some(current.to_owned());
        *partition = new_partition;
        story.workload(db.clone()).pods(pods.iter().map(|name| pod(&db, name)));
        let outcome = story.ends();
        assert_eq!(outcome.verdict, Verdict::Healthy, "{:?}", outcome.findings);
        outcome.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(warnings(1, "db-v1", &["db-1"]), ["PartitionedRollout"]);
    assert!(warnings(1, "db-v2", &["db-0", "db-1"]).is_empty(), "all are of one revision");
    assert!(warnings(0, "db-v1", &["db-0", "db-1"]).is_empty());
}

#[test]
fn a_disturbed_pod_says_by_whom() {
    let table = [
        ("EvictionByEvictionAPI", "eviction API"),
        ("PreemptionByScheduler", "higher priority"),
        ("DeletionByTaintManager", "taint"),
        ("DeletionByPodGC", "node is gone"),
        ("TerminationByKubelet", "evicted by its node"),
        ("SomethingElse", "SomethingElse"),
    ];
    for (reason, words) in table {
        let outcome = one_pod(|mut pod| {
            let mut target = pod.ready.clone().unwrap();
            target.reason = Some(reason.to_owned());
            pod.disruption = Some(target);
            pod
        });
        assert_says(&outcome, Verdict::Platform, Code::PodDisrupted, &[words, "nothing has taken its place"]);
    }
    // A failure of its own is none of the node's.
    let outcome = one_pod(|pod| pod.failed_by_node("DeadlineExceeded"));
    assert_says(&outcome, Verdict::Failed, Code::PodFailed, &["DeadlineExceeded"]);
}
