//! Crashes: how they are counted, and what hides them.

use std::time::Duration;

use crashgate::gate::model::{Phase, RestartPolicy, RestartRule};
use crashgate::gate::result::{Code, Verdict};

use super::{Case, ends, rolled_out};
use crate::scenario::objects::{Bend, deployment, pod};
use crate::scenario::{Scenario, plan};

pub(super) const CRASH_AFTER_READY: Case = Case {
    happens: "An app without a probe is Ready at once and crashes 8 s later.",
    others: "pass: all but two, which look at Ready once",
    verdict: Verdict::Failed,
    code: Some(Code::CrashLoop),
    because: "The stability window is still open, and any crash beyond maxRestarts fails at once.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(2.0).pod(pod(&set, "web-a")).at(10.0).pod(pod(&set, "web-a").terminated("app", 1, "Error"));
        assert_eq!(story.ended().unwrap().decided_after, Duration::from_secs(10), "at once");
        ends(&mut story)
    },
};

pub(super) const ONE_FAILED_ATTEMPT_ALLOWED: Case = Case {
    happens: "The first start fails while the database comes up, the second runs; maxRestarts is 1.",
    others: "fail: three of them, without a knob",
    verdict: Verdict::Healthy,
    code: None,
    because: "maxRestarts counts crashes, and what was tolerated is told as a warning.",
    tell: || {
        let mut plan = plan();
        plan.max_restarts = 1;
        let mut story = Scenario::new(plan);
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "web-a").terminated("app", 1, "Error"));
        story.at(2.0).pod(pod(&set, "web-a").restarted("app", 1, 1, "Error"));
        let outcome = ends(&mut story);
        assert_eq!(outcome.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["RestartTolerated"]);
        assert_eq!(outcome.decided_after, Duration::from_secs(12), "the window began when it ran again");
        outcome
    },
};

pub(super) const CRASH_LOOP_WITHOUT_ITS_REASON: Case = Case {
    happens: "The waiting reason CrashLoopBackOff never shows; only restartCount grows.",
    others: "pass or hang: those that read waiting reasons",
    verdict: Verdict::Failed,
    code: Some(Code::CrashLoop),
    because: "Crashes are counted from restartCount, state and lastState together.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "web-a")).at(5.0).pod(pod(&set, "web-a").restarted("app", 1, 1, "Error"));
        ends(&mut story)
    },
};

pub(super) const ONE_OF_MANY_PODS_CRASHES: Case = Case {
    happens: "One pod of three crashes, one is still pending.",
    others: "hang: krane fails only when all pods have",
    verdict: Verdict::Failed,
    code: Some(Code::CrashLoop),
    because: "One crash loop is a cause, whatever the others do.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 3);
        story
            .pod(pod(&set, "a"))
            .pod(pod(&set, "b").creating())
            .at(3.0)
            .pod(pod(&set, "c").terminated("app", 1, "Error"));
        ends(&mut story)
    },
};

pub(super) const CRASH_WHILE_NOBODY_LOOKED: Case = Case {
    happens: "A container crashed and came back while the API server was away.",
    others: "pass: it is Ready before and after",
    verdict: Verdict::Failed,
    code: Some(Code::CrashLoop),
    because: "restartCount tells of it.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a")).at(5.0).goes_dark();
        story.pods.insert("a".to_owned(), pod(&set, "a").restarted("app", 1, 1, "Error"));
        story.at(9.0).list_all();
        ends(&mut story)
    },
};

pub(super) const ROLLBACK_DESTROYS_THE_EVIDENCE: Case = Case {
    happens: "The app crashes, and a rollback replaces it 2 s later.",
    others: "evidence lost: two of them",
    verdict: Verdict::Failed,
    code: Some(Code::CrashLoop),
    because: "Once decided, a verdict stays.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(3.0).pod(pod(&set, "a").terminated("app", 1, "Error"));
        story.at(5.0).workload(deployment("web", "v1", 1)).pod_gone("a");
        ends(&mut story)
    },
};

pub(super) const EXIT_CODE_ZERO_AGAIN_AND_AGAIN: Case = Case {
    happens: "The process ends with exit code 0, and is restarted.",
    others: "pass: it is no error",
    verdict: Verdict::Failed,
    code: Some(Code::CrashLoop),
    because: "Under restartPolicy Always any end is a crash.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(3.0).pod(pod(&set, "a").terminated("app", 0, "Completed"));
        ends(&mut story)
    },
};

pub(super) const RESTARTED_BY_A_RULE_OF_ITS_OWN: Case = Case {
    happens: "The container's restartPolicy is Never, and a rule of its restartPolicyRules restarts it five times.",
    others: "pass: policy Never restarts nothing",
    verdict: Verdict::Failed,
    code: Some(Code::CrashLoop),
    because: "Whatever was restarted had ended; restartCount says so.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let mut ruled = pod(&set, "a").restarted("app", 5, 42, "Error");
        ruled.containers[0].restart_policy = Some(RestartPolicy::Never);
        ruled.containers[0].restart_rules = vec![RestartRule { restarts: true, all_but: false, exit_codes: vec![42] }];
        story.at(1.0).pod(ruled);
        ends(&mut story)
    },
};

pub(super) const FAILED_AND_REPLACED_FIVE_TIMES: Case = Case {
    happens: "Each pod of the ReplicaSet ends in phase Failed, and is replaced by one that is Ready for a while.",
    others: "pass: the newest pod is ready, and restartCount is 0",
    verdict: Verdict::Failed,
    code: Some(Code::PodFailed),
    because: "A pod that failed by its own fault is a crash of its owner's revision.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        for number in 0..5 {
            story.pod(pod(&set, &format!("web-{number}")).over(Phase::Failed, 1));
        }
        story.at(1.0).pod(pod(&set, "web-5"));
        ends(&mut story)
    },
};
