//! Autoscalers of nodes and of pods, and webhooks in the way.

use std::time::Duration;

use crashgate::gate::model::Detail;
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::spec::Grace;

use super::{Case, ends, patient, rolled_out, set_condition};
use crate::scenario::objects::{Bend, deployment, pod, replica_set};
use crate::scenario::{Scenario, plan};

pub(super) const AUTOSCALER_ADDS_A_NODE: Case = Case {
    happens: "No node takes the pod for 40 s while the autoscaler adds one; grace.Unschedulable is 20 s.",
    others: "fail: after 15 s or 3 min, hard-coded",
    verdict: Verdict::Healthy,
    code: None,
    because: "TriggeredScaleUp says that help is coming, and speaks for waiting on.",
    tell: || {
        let mut story = Scenario::new(patient(Grace::Unschedulable, 20));
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a").unschedulable("0/3 nodes are available: 3 Insufficient cpu."));
        story.at(2.0).event("a", None, "TriggeredScaleUp", "pod triggered scale-up: [{pool 3->4 (max: 9)}]");
        story.at(41.0).pod(pod(&set, "a"));
        ends(&mut story)
    },
};

pub(super) const AUTOSCALER_CANNOT_HELP: Case = Case {
    happens: "No node takes the pod, and the autoscaler says that it cannot help; grace.Unschedulable is 20 s.",
    others: "hang to the time-out",
    verdict: Verdict::Platform,
    code: Some(Code::Unschedulable),
    because: "NotTriggerScaleUp all through the grace speaks against waiting on.",
    tell: || {
        let mut story = Scenario::new(patient(Grace::Unschedulable, 20));
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a").unschedulable("0/3 nodes are available: 3 Insufficient cpu."));
        story.at(2.0).event(
            "a",
            None,
            "NotTriggerScaleUp",
            "pod didn't trigger scale-up: 1 max node group size reached",
        );
        let outcome = ends(&mut story);
        assert_eq!(outcome.decided_after, Duration::from_secs(21));
        outcome
    },
};

pub(super) const WEBHOOK_DENIES_EVERY_POD: Case = Case {
    happens: "An admission webhook refuses the pods, so there is none.",
    others: "hang: five of them",
    verdict: Verdict::Platform,
    code: Some(Code::AdmissionDenied),
    because: "The ReplicaSet's condition ReplicaFailure tells.",
    tell: || {
        let mut story = Scenario::new(plan());
        let web = deployment("web", "v2", 2);
        let mut set = replica_set(&web);
        let said = "admission webhook \"policy.example\" denied the request: no latest tag";
        set.detail = Detail::ReplicaSet { ready: None, replica_failure: Some(set_condition(said)) };
        story.workload(web).workload(set);
        ends(&mut story)
    },
};

pub(super) const AUTOSCALER_SCALES_UP_MID_WAIT: Case = Case {
    happens: "An autoscaler scales from 1 to 3 while the gate waits.",
    others: "hang, or pass with the old count",
    verdict: Verdict::Healthy,
    code: None,
    because: "The target is read live, and the new pods fill a window of their own.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "a")).at(5.0);
        rolled_out(&mut story, 3);
        story.at(9.0).pod(pod(&set, "b")).pod(pod(&set, "c"));
        let outcome = ends(&mut story);
        assert_eq!((outcome.decided_after, outcome.ready), (Duration::from_secs(19), 3));
        outcome
    },
};

pub(super) const AUTOSCALER_SCALES_DOWN_MID_WAIT: Case = Case {
    happens: "An autoscaler scales from 2 to 1 in the middle of the window.",
    others: "hang, or fail over the pod that goes",
    verdict: Verdict::Healthy,
    code: None,
    because: "A pod on its way out is no evidence, and the rest was well all along.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 2);
        story.pod(pod(&set, "a")).pod(pod(&set, "b")).at(5.0);
        rolled_out(&mut story, 1);
        story.pod(pod(&set, "b").deleting()).at(6.0).pod_gone("b");
        let outcome = ends(&mut story);
        assert_eq!(outcome.decided_after, Duration::from_secs(10), "the window went on");
        outcome
    },
};
