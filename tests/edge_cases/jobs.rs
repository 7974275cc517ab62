//! Jobs and pods without an owner.

use std::time::Duration;

use crashgate::gate::model::{JobEnd, Phase, RestartPolicy, WorkloadKind};
use crashgate::gate::result::{Code, Verdict};

use super::{Case, ends};
use crate::scenario::objects::{Bend, bare_pod, job, pod};
use crate::scenario::{Scenario, lead, plan};

pub(super) const HOOK_BEFORE_THE_APP: Case = Case {
    happens: "A migration Job (helm.sh/hook) under the app's labels completes, and the Deployment after it never comes.",
    others: "pass: something of these labels has succeeded",
    verdict: Verdict::NothingMatched,
    code: Some(Code::NothingMatched),
    because: "A hook of a deploy tool does not stand for the app.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut migrate = job("migrate", "v2", Some(JobEnd::Complete));
        migrate.hook = true;
        story.workload(migrate);
        ends(&mut story)
    },
};

pub(super) const JOB_INSTEAD_OF_REPLICAS: Case = Case {
    happens: "replicas: 3, and all that is there is one completed Job.",
    others: "pass: nothing is unready",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "A Job that nobody pinned is no three pods.",
    tell: || {
        let mut plan = plan();
        plan.replicas = Some(3);
        let mut story = Scenario::new(plan);
        story.workload(job("migrate", "v2", Some(JobEnd::Complete)));
        ends(&mut story)
    },
};

pub(super) const JOB_PODS_DECIDE_NOTHING: Case = Case {
    happens: "The first pod of a Job fails, the retry succeeds, the Job completes.",
    others: "fail, or pass after 5 s of running",
    verdict: Verdict::Healthy,
    code: None,
    because: "Only the Job's own conditions decide.",
    tell: || {
        let mut story = Scenario::new(plan());
        story.workload(job("web", "v2", None));
        let mut failed = pod(&job("web", "v2", None), "web-a").terminated("app", 1, "Error");
        failed.restart_policy = RestartPolicy::Never;
        failed.phase = Some(Phase::Failed);
        story.at(2.0).pod(failed).still_open();
        story.at(9.0).workload(job("web", "v2", Some(JobEnd::Complete)));
        let outcome = ends(&mut story);
        assert_eq!(outcome.decided_after, Duration::from_secs(19), "other workloads may come after it");
        outcome
    },
};

pub(super) const JOB_BACKOFF_LIMIT_ZERO: Case = Case {
    happens: "A Job with backoffLimit 0 is running.",
    others: "fail at once: 0 >= 0; or hang",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "Failed is what the condition Failed says, and nothing else.",
    tell: || {
        let mut story = Scenario::new(plan());
        story.workload(job("web", "v2", None)).pod(pod(&job("web", "v2", None), "web-a"));
        ends(&mut story)
    },
};

pub(super) const BARE_POD_FAILED: Case = Case {
    happens: "A pod without an owner ends with exit code 3 under restartPolicy Never.",
    others: "pass (its status is 'Current'), or a warning",
    verdict: Verdict::Failed,
    code: Some(Code::PodFailed),
    because: "Nobody will restart or replace it.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut lonely = bare_pod("lonely").terminated("app", 3, "Error");
        lonely.restart_policy = RestartPolicy::Never;
        lonely.phase = Some(Phase::Failed);
        story.at(2.0).pod(lonely);
        assert_eq!(lead(story.ended().unwrap()).exit_status, Some(3));
        ends(&mut story)
    },
};

pub(super) const BARE_POD_SUCCEEDED: Case = Case {
    happens: "A pod without an owner ends with exit code 0 under restartPolicy Never.",
    others: "hang: it is never Ready",
    verdict: Verdict::Healthy,
    code: None,
    because: "It has done what it was made for.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut lonely = bare_pod("lonely").terminated("app", 0, "Completed");
        lonely.restart_policy = RestartPolicy::Never;
        lonely.phase = Some(Phase::Succeeded);
        story.at(2.0).pod(lonely);
        ends(&mut story)
    },
};

pub(super) const JOB_CLEANED_UP_AT_ONCE: Case = Case {
    happens: "A Job completes and is deleted in the same moment (ttlSecondsAfterFinished: 0).",
    others: "not found",
    verdict: Verdict::Healthy,
    code: None,
    because: "It has done what it was made for.",
    tell: || {
        let mut story = Scenario::new(plan());
        story.workload(job("web", "v2", None)).at(4.0);
        story.goes_dark().workload(job("web", "v2", Some(JobEnd::Complete)));
        story.workload_gone(WorkloadKind::Job, "job-web").at(5.0).list_all();
        ends(&mut story)
    },
};
