//! Pods that their nodes lose, evict, refuse or restart.

use std::time::Duration;

use crashgate::gate::result::{Code, Verdict};

use super::{Case, ends, rolled_out};
use crate::scenario::objects::{Bend, pod};
use crate::scenario::{Scenario, plan};

pub(super) const EVICTED_POD_IS_REPLACED: Case = Case {
    happens: "A pod is evicted by its node and its replacement gets ready.",
    others: "fail: three of them",
    verdict: Verdict::Healthy,
    code: None,
    because: "A disturbed pod is left out, its replacement counts.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "a")).at(5.0).pod(pod(&set, "a").failed_by_node("Evicted")).at(6.0).pod(pod(&set, "b"));
        let outcome = ends(&mut story);
        assert_eq!(outcome.decided_after, Duration::from_secs(16), "the window began anew");
        assert!(outcome.warnings.iter().any(|warning| warning.code == "PodDisrupted"));
        outcome
    },
};

pub(super) const EVICTED_POD_IS_NOT_REPLACED: Case = Case {
    happens: "A pod is evicted, and no replacement gets ready.",
    others: "fail with the app to blame",
    verdict: Verdict::Platform,
    code: Some(Code::PodDisrupted),
    because: "Nothing says that the app is at fault.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "a")).at(5.0).pod(pod(&set, "a").failed_by_node("NodeShutdown"));
        ends(&mut story)
    },
};

pub(super) const TOMBSTONES_LEFT_BEHIND: Case = Case {
    happens: "Two Failed pods of an earlier node shutdown are still listed beside the healthy one.",
    others: "fail, or count them",
    verdict: Verdict::Healthy,
    code: None,
    because: "A controlled pod that has ended is replaced by its controller and is no evidence.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.pods(["x", "y"].map(|name| pod(&set, name).failed_by_node("NodeShutdown"))).pod(pod(&set, "a"));
        ends(&mut story)
    },
};

pub(super) const NODE_REBOOT: Case = Case {
    happens: "The node reboots: the container is restarted with exit code 255, reason Unknown.",
    others: "fail: any restart is fatal",
    verdict: Verdict::Healthy,
    code: None,
    because: "Such an end is not the app's.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a")).at(4.0).pod(pod(&set, "a").restarted("app", 1, 255, "Unknown"));
        let outcome = ends(&mut story);
        assert_eq!(outcome.decided_after, Duration::from_secs(14), "the window began anew all the same");
        outcome
    },
};

pub(super) const EVICTED_FOR_ITS_OWN_DISK_LIMIT: Case = Case {
    happens: "The pod writes more than its ephemeral-storage limit and is Evicted; its replacement is Ready for a while.",
    others: "pass, or blame the node's pressure",
    verdict: Verdict::Failed,
    code: Some(Code::DiskLimitExceeded),
    because: "The kubelet's message says whose limit it was; a node that is short of disk says something else.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a"));
        let said = "Pod ephemeral local storage usage exceeds the total limit of containers 20Mi. ";
        story.at(3.0).pod(pod(&set, "a").evicted(said)).at(4.0).pod(pod(&set, "b"));
        ends(&mut story)
    },
};

pub(super) const START_THAT_ITS_NODE_FAILED: Case = Case {
    happens: "The runtime cannot start the container: no space left on device.",
    others: "fail with the app's command to blame",
    verdict: Verdict::Platform,
    code: Some(Code::SandboxFailed),
    because: "The words are about the node, and not about the image.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let said = "failed to create containerd task: mkdir /run/containerd/x: no space left on device";
        story.at(1.0).pod(pod(&set, "a").waiting("app", "RunContainerError", said));
        ends(&mut story)
    },
};

pub(super) const REBOOTED_TWICE: Case = Case {
    happens: "The node was rebooted twice before the gate began: restartCount 2, the last end 255 (Unknown).",
    others: "fail: any restart is fatal",
    verdict: Verdict::Healthy,
    code: None,
    because: "Ends that the runtime made up are not the app's; they are told as a warning.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.at(1.0).pod(pod(&set, "a").restarted("app", 2, 255, "Unknown"));
        ends(&mut story)
    },
};

pub(super) const REFUSED_BY_ITS_NODE_AGAIN_AND_AGAIN: Case = Case {
    happens: "The node refuses each pod with OutOfcpu, and the ReplicaSet goes on making new ones.",
    others: "fail with the app to blame, or count for ever",
    verdict: Verdict::Platform,
    code: Some(Code::PodDisrupted),
    because: "A refusal of the node is not the app's fault; the same cause is told once, with a count.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        for number in 0..40 {
            story.pod(pod(&set, &format!("web-{number}")).failed_by_node("OutOfcpu"));
        }
        let outcome = ends(&mut story);
        assert_eq!((outcome.findings.len(), outcome.findings[0].also.len()), (1, 39));
        outcome
    },
};
