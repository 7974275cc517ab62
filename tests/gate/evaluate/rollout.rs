//! How many pods are wanted.

use crashgate::gate::model::{Detail, JobEnd, Phase, RestartPolicy, Workload, WorkloadKind};
use crashgate::gate::result::{Code, Outcome, Verdict};
use crashgate::gate::spec::{MinReady, Pin};

use crate::gate::{assert_says, seconds, web};
use crate::scenario::objects::{Bend, bare_pod, daemon_set, deployment, job, pod, replica_set, stateful_set};
use crate::scenario::{Scenario, lead, plan};

#[test]
fn min_ready_asks_for_a_part_of_the_target() {
    let run = |min_ready, ready: usize| {
        let mut plan = plan();
        plan.min_ready = Some(min_ready);
        let mut story = Scenario::new(plan);
        let mut deployed = deployment("web", "v2", 3);
        deployed.available = Some(u32::try_from(ready).unwrap());
        let set = replica_set(&deployed);
        let set = Workload { available: deployed.available, ..set };
        story.workload(deployed).workload(set.clone());
        for (place, name) in ["a", "b", "c"].into_iter().enumerate() {
            story.pod(if place < ready { pod(&set, name) } else { pod(&set, name).unschedulable("no node") });
        }
        story.ends().clone()
    };
    assert_eq!(run(MinReady::Percent(60), 2).verdict, Verdict::Healthy);
    assert_eq!(
        run(MinReady::Percent(60), 2).warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(),
        ["Unschedulable"]
    );
    assert_eq!(run(MinReady::Percent(67), 2).verdict, Verdict::Platform);
    assert_eq!(run(MinReady::Count(1), 1).verdict, Verdict::Healthy);
    assert_eq!(run(MinReady::Count(2), 1).verdict, Verdict::Platform);
}

#[test]
fn replicas_is_a_floor() {
    let mut plan = plan();
    plan.replicas = Some(3);
    let mut story = Scenario::new(plan);
    let set = web(&mut story, 2);
    story.pod(pod(&set, "a")).pod(pod(&set, "b"));
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["2 pods are ready", "at least 3"]);
}

#[test]
fn a_daemon_set_on_delete_and_a_partition_above_all_block_the_update() {
    let mut story = Scenario::new(plan());
    let mut agent = daemon_set("agent", "v2", 2);
    agent.updated = Some(0);
    (agent.generation, agent.observed_generation) = (Some(2), Some(2));
    agent.detail = Detail::DaemonSet { on_delete: true, template_generation: Some("2".to_owned()) };
    story.workload(agent);
    assert_says(story.ends(), Verdict::NothingMatched, Code::UpdateBlocked, &["OnDelete"]);

    let mut story = Scenario::new(plan());
    let mut db = stateful_set("db", "v2", 2);
    let Detail::StatefulSet { current_revision, partition, .. } = &mut db.detail else { panic!() };
    *current_revision = Some("db-v1".to_owned());
    *partition = 5;
    story.workload(db);
    assert_says(story.ends(), Verdict::NothingMatched, Code::UpdateBlocked, &["partition 5"]);
}

#[test]
fn only_pods_of_the_newest_revision_count() {
    let mut story = Scenario::new(plan());
    let db = stateful_set("db", "v2", 1);
    let mut old = pod(&db, "db-0");
    old.labels.insert("controller-revision-hash".to_owned(), "db-v1".to_owned());
    story.workload(db).pod(old);
    assert_eq!(story.ends().verdict, Verdict::TimedOut);

    let mut story = Scenario::new(plan());
    let agent = daemon_set("agent", "v2", 1);
    let mut old = pod(&agent, "x");
    old.labels.insert("pod-template-generation".to_owned(), "0".to_owned());
    story.workload(agent).pod(old);
    assert_eq!(story.ends().verdict, Verdict::TimedOut);
}

#[test]
fn the_jobs_of_a_cron_job_are_left_out_unless_pinned() {
    let run = |pin: bool| {
        let mut plan = plan();
        plan.workload = pin.then(|| Pin { kind: WorkloadKind::Job, name: "nightly".to_owned() });
        let mut story = Scenario::new(plan);
        let mut nightly = job("nightly", "v2", Some(JobEnd::Complete));
        nightly.controller = Some(crashgate::gate::model::ControllerRef {
            api_version: "v1".to_owned(),
            kind: "CronJob".to_owned(),
            name: "nightly".to_owned(),
            uid: "cron".to_owned(),
        });
        story.workload(nightly);
        story.ends().verdict
    };
    assert_eq!((run(false), run(true)), (Verdict::NothingMatched, Verdict::Healthy));
}

#[test]
fn a_job_that_failed_is_told_with_the_end_of_its_last_pod() {
    let mut story = Scenario::new(plan());
    story.workload(job("web", "v2", None));
    for (name, code) in [("web-a", 3), ("web-b", 4)] {
        let mut failed = pod(&job("web", "v2", None), name).terminated("app", code, "Error");
        failed.restart_policy = RestartPolicy::Never;
        failed.phase = Some(Phase::Failed);
        story.pod(failed);
    }
    let end = JobEnd::Failed { reason: Some("BackoffLimitExceeded".to_owned()), message: Some("two tries".to_owned()) };
    story.at(9.0).workload(job("web", "v2", Some(end)));
    let outcome = story.ends();
    assert_says(
        outcome,
        Verdict::Failed,
        Code::JobFailed,
        &["job/web failed: BackoffLimitExceeded (two tries)", "exit code 4", "kubectl logs -n shop web-b"],
    );
    assert_eq!((lead(outcome).exit_status, outcome.decided_after), (Some(4), seconds(9)));
    assert_eq!(outcome.findings.len(), 1, "its pods decide nothing: {:?}", outcome.findings);
}

#[test]
fn a_suspended_job_is_paused() {
    let mut story = Scenario::new(plan());
    let mut resting = job("web", "v2", None);
    resting.detail = Detail::Job { end: None, suspended: true, failed: 0, succeeded: 0 };
    story.workload(resting);
    assert_says(story.ends(), Verdict::NothingMatched, Code::Paused, &["job/web is suspended"]);
}

#[test]
fn a_bare_pod_is_ready_or_failed_by_itself() {
    let mut story = Scenario::new(plan());
    story.at(2.0).pod(bare_pod("lonely"));
    assert_eq!(story.ends().decided_after, seconds(12));
    let mut story = Scenario::new(plan());
    story.at(2.0).pod(bare_pod("lonely").unready());
    assert_eq!(lead(story.ends()).code, Code::NotReady);
    let mut story = Scenario::new(plan());
    story.at(2.0).pod(bare_pod("lonely").failed_by_node("Evicted"));
    assert_says(story.ends(), Verdict::Platform, Code::PodDisrupted, &["evicted by its node"]);
}

#[test]
fn a_refused_creation_names_its_workload() {
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    story.at(1.0).event(&set.uid, None, "FailedCreate", "Error creating: pods \"x\" is forbidden: exceeded quota: q");
    assert_eq!(lead(story.ends()).place.workload.as_deref(), Some("deployment/web"));
}

#[test]
fn a_daemon_set_without_a_node_for_it_is_told_from_one_scaled_to_zero() {
    let mut story = Scenario::new(plan());
    story.workload(daemon_set("web", "v2", 0));
    assert_says(&story.ends().clone(), Verdict::NothingMatched, Code::ScaledToZero, &["daemonset/web fits no node"]);
    let mut story = Scenario::new(plan());
    web(&mut story, 0);
    assert_says(&story.ends().clone(), Verdict::NothingMatched, Code::ScaledToZero, &["deployment/web is scaled to 0"]);
}

/// How a `StatefulSet` of 3 ends whose partition leaves one pod to the gated version, by what it counts as available.
fn partitioned(available: u32, min_ready_seconds: u32) -> Outcome {
    let mut story = Scenario::new(plan());
    let mut db = stateful_set("db", "v2", 3);
    let Detail::StatefulSet { current_revision, partition, .. } = &mut db.detail else { panic!() };
    *current_revision = Some("db-v1".to_owned());
    *partition = 2;
    db.available = Some(available);
    db.min_ready_seconds = min_ready_seconds;
    story.workload(db.clone()).pod(pod(&db, "db-2"));
    story.ends().clone()
}

#[test]
fn the_old_pods_of_a_partition_do_not_stand_for_the_new_one() {
    assert_eq!(partitioned(3, 300).verdict, Verdict::Healthy);
    let outcome = partitioned(2, 300);
    assert_says(&outcome, Verdict::TimedOut, Code::NotReady, &["0 of 1 pods as available", "minReadySeconds"]);
    assert_eq!(partitioned(1, 0).verdict, Verdict::Healthy, "an old pod may be down: Ready is all that is asked for");
}

#[test]
fn where_all_pods_are_seen_only_old_ones_that_are_ready_are_taken_off() {
    let ends = |available, old_ready| {
        let mut plan = plan();
        plan.workload = Some(Pin { kind: WorkloadKind::StatefulSet, name: "db".to_owned() });
        let mut story = Scenario::new(plan);
        let mut db = stateful_set("db", "v2", 2);
        let Detail::StatefulSet { current_revision, partition, .. } = &mut db.detail else { panic!() };
        *current_revision = Some("db-v1".to_owned());
        *partition = 1;
        (db.available, db.min_ready_seconds) = (Some(available), 300);
        let mut old = pod(&db, "db-0");
        old.labels.insert("controller-revision-hash".to_owned(), "db-v1".to_owned());
        story.workload(db.clone()).pod(pod(&db, "db-1")).pod(if old_ready { old } else { old.unready() });
        story.ends().verdict
    };
    assert_eq!((ends(1, true), ends(1, false), ends(2, true)), (Verdict::TimedOut, Verdict::Healthy, Verdict::Healthy));
}
