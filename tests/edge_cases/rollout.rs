//! Rollouts of Deployments: what counts as done, and whose pods count.

use crashgate::gate::model::{Detail, Source, WorkloadKind};
use crashgate::gate::result::{Code, Verdict};

use super::{Case, ends, rolled_out, set_condition};
use crate::scenario::objects::{Bend, deployment, pod, replica_set};
use crate::scenario::{Scenario, lead, plan};

pub(super) const READ_BEFORE_THE_CONTROLLER: Case = Case {
    happens: "Right after the apply every count still looks finished, for the controller has not seen the new spec.",
    others: "pass: those that never look at observedGeneration",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "observedGeneration must have caught up with generation before any count means anything.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut web = deployment("web", "v2", 1);
        let set = replica_set(&web);
        web.generation = Some(2);
        story.workload(web).workload(set.clone()).pod(pod(&set, "web-a"));
        ends(&mut story)
    },
};

pub(super) const STALE_PROGRESS_DEADLINE: Case = Case {
    happens: "The Deployment still says ProgressDeadlineExceeded of the try before.",
    others: "fail: four of them",
    verdict: Verdict::Healthy,
    code: None,
    because: "The condition alone decides nothing: the pods do.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (mut web, set) = rolled_out(&mut story, 1);
        let Detail::Deployment { progressing, .. } = &mut web.detail else { unreachable!() };
        *progressing = Some(set_condition("ProgressDeadlineExceeded"));
        story.workload(web).pod(pod(&set, "web-a"));
        ends(&mut story)
    },
};

pub(super) const OLD_REPLICA_SET_PODS: Case = Case {
    happens: "Three pods of the old ReplicaSet carry the same labels and are Ready; the new one has none yet.",
    others: "pass: those that count by selector",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "Pods are attributed by controllerRef and template, not by labels.",
    tell: || {
        let mut story = Scenario::new(plan());
        let old = deployment("web", "v2", 3);
        let mut old_set = replica_set(&old);
        old_set.template.fingerprint = 1;
        let mut web = old;
        web.generation = Some(2);
        web.observed_generation = Some(2);
        story.workload(web).workload(old_set.clone());
        story.pods(["a", "b", "c"].map(|name| pod(&old_set, name)));
        ends(&mut story)
    },
};

pub(super) const SELECTOR_MATCHES_NOTHING: Case = Case {
    happens: "The labels have a typo: app=wed.",
    others: "pass: exit code 0 where nothing matched (four of them)",
    verdict: Verdict::NothingMatched,
    code: Some(Code::NothingMatched),
    because: "No pod is no proof; the near label is named.",
    tell: || {
        let mut plan = plan();
        plan.selector = "app=wed,version=v2".parse().unwrap();
        let mut story = Scenario::new(plan);
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "web-a"));
        let outcome = ends(&mut story);
        assert!(lead(&outcome).message.contains("deployment/web has app=web"), "{}", lead(&outcome).message);
        outcome
    },
};

pub(super) const DEPLOYMENT_WITHOUT_PODS_YET: Case = Case {
    happens: "The Deployment is there, its pods are not.",
    others: "pass: an empty set counts as a success",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "What the owner asks for is compared with what is there.",
    tell: || {
        let mut story = Scenario::new(plan());
        rolled_out(&mut story, 2);
        ends(&mut story)
    },
};

pub(super) const SCALED_TO_ZERO: Case = Case {
    happens: "replicas: 0.",
    others: "pass: most",
    verdict: Verdict::NothingMatched,
    code: Some(Code::ScaledToZero),
    because: "Nothing runs, so nothing is proven.",
    tell: || {
        let mut story = Scenario::new(plan());
        rolled_out(&mut story, 0);
        ends(&mut story)
    },
};

pub(super) const MAX_UNAVAILABLE_COVERS_IT: Case = Case {
    happens: "replicas 1 and maxUnavailable 1: the Deployment is 'available' with no pod.",
    others: "pass: the legacy Helm waiter",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "maxUnavailable says how a rollout may proceed, not when it is done.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "web-a").unready());
        ends(&mut story)
    },
};

pub(super) const ONE_OWNER_FAILS_BESIDE_A_SLOW_ONE: Case = Case {
    happens: "Two Deployments carry the labels; one crashes while the other is still starting.",
    others: "wait for the rest: Helm 4",
    verdict: Verdict::Failed,
    code: Some(Code::CrashLoop),
    because: "Every owner under the labels must be healthy, and one cause is enough.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let worker = deployment("worker", "v2", 1);
        let worker_set = replica_set(&worker);
        story.workload(worker).workload(worker_set.clone());
        story.pod(pod(&set, "a").creating()).at(4.0).pod(pod(&worker_set, "w").terminated("app", 1, "Error"));
        ends(&mut story)
    },
};

pub(super) const ONE_OWNER_IS_HEALTHY_THE_OTHER_IS_NOT: Case = Case {
    happens: "Two Deployments carry the labels; only one has its pods.",
    others: "pass: those that look at pods alone",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "Each owner must have what it asks for.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let worker = deployment("worker", "v2", 1);
        let worker_set = replica_set(&worker);
        story.workload(worker).workload(worker_set).pod(pod(&set, "a"));
        ends(&mut story)
    },
};

pub(super) const PAUSED_DEPLOYMENT: Case = Case {
    happens: "The rollout is paused before this version got any pod.",
    others: "pass: three of them; hang: three others",
    verdict: Verdict::NothingMatched,
    code: Some(Code::Paused),
    because: "Paused is an outcome of its own: nothing was rolled out.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut web = deployment("web", "v2", 2);
        web.detail = Detail::Deployment { paused: true, progressing: None, replica_failure: None };
        story.workload(web);
        ends(&mut story)
    },
};

pub(super) const PAUSED_BUT_ROLLED_OUT: Case = Case {
    happens: "The Deployment is paused, and this version is fully rolled out.",
    others: "hang",
    verdict: Verdict::Healthy,
    code: None,
    because: "All that is wanted is there; the pause is told as a warning.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (mut web, set) = rolled_out(&mut story, 1);
        web.detail = Detail::Deployment { paused: true, progressing: None, replica_failure: None };
        story.workload(web).pod(pod(&set, "a"));
        let outcome = ends(&mut story);
        assert!(outcome.warnings.iter().any(|warning| warning.code == "Paused"));
        outcome
    },
};

pub(super) const TERMINATING_OLD_PODS: Case = Case {
    happens: "Old pods are still shutting down, and crash while they do.",
    others: "pass or fail by counting them",
    verdict: Verdict::Healthy,
    code: None,
    because: "Anything with a deletionTimestamp is no evidence.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "a")).pod(pod(&set, "old").terminated("app", 137, "Error").deleting());
        ends(&mut story)
    },
};

pub(super) const WORKLOAD_DELETED: Case = Case {
    happens: "Somebody deletes the Deployment in the middle of the window.",
    others: "error, or wait for ever",
    verdict: Verdict::Superseded,
    code: Some(Code::WorkloadDeleted),
    because: "It is gone: an outcome of its own.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "a")).at(5.0).workload_gone(WorkloadKind::Deployment, "deployment-web");
        ends(&mut story)
    },
};

pub(super) const WORKLOAD_RECREATED: Case = Case {
    happens: "The Deployment is deleted and created anew under the same name, unseen between two lists.",
    others: "judge the new one as if it were the old",
    verdict: Verdict::Superseded,
    code: Some(Code::WorkloadDeleted),
    because: "The UID is another.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (web, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "a")).at(5.0);
        story.workloads.remove(&web.uid);
        let mut anew = web;
        "another".clone_into(&mut anew.uid);
        story.workloads.insert(anew.uid.clone(), anew);
        story.list(Source::Workloads(WorkloadKind::Deployment));
        ends(&mut story)
    },
};
