//! Jobs beside the app, and in its place.

use crashgate::gate::model::{ControllerRef, Detail, JobEnd, Phase, RestartPolicy, WorkloadKind};
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::spec::Pin;

use crate::gate::{assert_says, seconds, web};
use crate::scenario::objects::{Bend, bare_pod, job, pod};
use crate::scenario::{Scenario, plan};

#[test]
fn a_completed_job_is_no_three_replicas() {
    let mut plan = plan();
    plan.replicas = Some(3);
    let mut story = Scenario::new(plan.clone());
    story.workload(job("web", "v2", Some(JobEnd::Complete)));
    assert_says(story.ends(), Verdict::TimedOut, Code::NotReady, &["0 pods are ready", "at least 3"]);

    // Who pins a Job asks for that Job.
    plan.workload = Some(Pin { kind: WorkloadKind::Job, name: "web".to_owned() });
    let mut story = Scenario::new(plan);
    story.workload(job("web", "v2", Some(JobEnd::Complete)));
    assert_eq!(story.ends().verdict, Verdict::Healthy);
}

#[test]
fn a_job_that_nobody_pinned_waits_for_what_may_come_after_it() {
    let mut story = Scenario::new(plan());
    story.workload(job("web", "v2", Some(JobEnd::Complete)));
    assert_eq!(story.ends().decided_after, seconds(10), "stableFor");

    let mut story = Scenario::new(plan());
    story.workload(job("migrate", "v2", Some(JobEnd::Complete))).at(8.0);
    let set = web(&mut story, 1);
    story.pod(pod(&set, "a").terminated("app", 1, "Error"));
    assert_says(story.ends(), Verdict::Failed, Code::CrashLoop, &["exit code 1"]);
}

#[test]
fn a_hook_never_speaks_for_the_app_alone() {
    let mut migrate = job("migrate", "v2", Some(JobEnd::Complete));
    migrate.hook = true;
    let mut story = Scenario::new(plan());
    story.workload(migrate.clone());
    assert_says(
        story.ends(),
        Verdict::NothingMatched,
        Code::NothingMatched,
        &["only job/migrate has the labels app=web,version=v2", "pin it, as in `workload: job/migrate`"],
    );

    // A pod that tests the release is one too.
    let mut story = Scenario::new(plan());
    let mut test = bare_pod("web-test");
    test.hook = true;
    test.phase = Some(Phase::Succeeded);
    test.restart_policy = RestartPolicy::Never;
    story.pod(test);
    assert_says(story.ends(), Verdict::NothingMatched, Code::NothingMatched, &["only pod/web-test has the labels"]);

    // Beside the app it is in nobody's way, and its tool may delete it before or after its end.
    let mut story = Scenario::new(plan());
    let set = web(&mut story, 1);
    migrate.detail = Detail::Job { end: None, suspended: false, failed: 0, succeeded: 0 };
    story.workload(migrate).pod(pod(&set, "a")).at(3.0).workload_gone(WorkloadKind::Job, "job-migrate");
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, seconds(13)), "{:?}", outcome.findings);
}

#[test]
fn a_pinned_hook_is_what_was_asked_for() {
    let mut plan = plan();
    plan.workload = Some(Pin { kind: WorkloadKind::Job, name: "migrate".to_owned() });
    let mut story = Scenario::new(plan);
    let mut migrate = job("migrate", "v2", Some(JobEnd::Complete));
    migrate.hook = true;
    story.at(1.0).workload(migrate);
    let outcome = story.ends();
    assert_eq!((outcome.verdict, outcome.decided_after), (Verdict::Healthy, seconds(1)), "{:?}", outcome.findings);
}

#[test]
fn a_hook_that_fails_fails_the_gate() {
    let mut story = Scenario::new(plan());
    let mut migrate = job("migrate", "v2", Some(JobEnd::Failed { reason: None, message: None }));
    migrate.hook = true;
    let set = web(&mut story, 1);
    story.pod(pod(&set, "a")).workload(migrate);
    assert_says(story.ends(), Verdict::Failed, Code::JobFailed, &["job/migrate failed"]);
}

#[test]
fn pods_of_a_cron_job_are_said_to_be_left_out() {
    let mut story = Scenario::new(plan());
    let mut nightly = job("nightly", "v2", None);
    nightly.controller = Some(ControllerRef {
        api_version: "v1".to_owned(),
        kind: "CronJob".to_owned(),
        name: "nightly".to_owned(),
        uid: "c".to_owned(),
    });
    story.workload(nightly.clone()).pod(pod(&nightly, "nightly-a"));
    assert_says(
        story.ends(),
        Verdict::NothingMatched,
        Code::NothingMatched,
        &["belong to Jobs of a CronJob", "nightly-a"],
    );
}
