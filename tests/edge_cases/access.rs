//! What may not be read, and what is not known.

use std::time::Duration;

use crashgate::gate::model::{Source, WorkloadKind};
use crashgate::gate::result::{Code, Verdict};

use super::{Case, ends, forbid_owners};
use crate::scenario::objects::{bare_pod, deployment, pod, reference, replica_set, rollout, rollout_set, state_of};
use crate::scenario::{Scenario, lead, plan};

pub(super) const OTHER_NAMESPACE: Case = Case {
    happens: "A pod of another namespace with the same labels is Ready.",
    others: "-",
    verdict: Verdict::NothingMatched,
    code: Some(Code::NothingMatched),
    because: "What is in another namespace is another app.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut there = bare_pod("web-a");
        "staging".clone_into(&mut there.namespace);
        story.pod(there);
        ends(&mut story)
    },
};

pub(super) const PODS_MAY_NOT_BE_LISTED: Case = Case {
    happens: "The identity may not list pods.",
    others: "fatal error, or wait for ever",
    verdict: Verdict::Inconclusive,
    code: Some(Code::Forbidden),
    because: "At once, with the rule to add.",
    tell: || {
        let mut story = Scenario::unlisted(plan());
        story.at(0.2).denied(Source::Pods);
        let outcome = ends(&mut story);
        assert_eq!(outcome.decided_after, Duration::from_millis(200));
        assert!(lead(&outcome).next_step.contains("resources: [\"pods\"]"), "{}", lead(&outcome).next_step);
        outcome
    },
};

pub(super) const OWNERS_MAY_NOT_BE_READ: Case = Case {
    happens: "The identity may not read Deployments and ReplicaSets, and no replicas are named.",
    others: "pass with whatever is there",
    verdict: Verdict::Inconclusive,
    code: Some(Code::Forbidden),
    because: "How many pods are wanted cannot be known.",
    tell: || {
        let mut story = Scenario::new(plan());
        forbid_owners(&mut story);
        story.pod(pod(&replica_set(&deployment("web", "v2", 1)), "a"));
        ends(&mut story)
    },
};

pub(super) const OWNERS_MAY_NOT_BE_READ_BUT_REPLICAS_ARE_NAMED: Case = Case {
    happens: "The same, with replicas: 1 in the manifest.",
    others: "-",
    verdict: Verdict::Healthy,
    code: None,
    because: "The number is known then; the missing right is told once.",
    tell: || {
        let mut plan = plan();
        plan.replicas = Some(1);
        let mut story = Scenario::new(plan);
        forbid_owners(&mut story);
        story.pod(pod(&replica_set(&deployment("web", "v2", 1)), "a"));
        let outcome = ends(&mut story);
        assert_eq!(outcome.warnings.iter().filter(|warning| warning.code == "OwnersForbidden").count(), 1);
        outcome
    },
};

pub(super) const ONLY_REPLICA_SETS_MAY_NOT_BE_READ: Case = Case {
    happens: "The identity may read Deployments but not ReplicaSets; replicas: 1 is in the manifest.",
    others: "-",
    verdict: Verdict::Healthy,
    code: None,
    because: "The pods cannot be attributed to the Deployment, and the number is known without it.",
    tell: || {
        let mut plan = plan();
        plan.replicas = Some(1);
        let mut story = Scenario::new(plan);
        story.denied(Source::Workloads(WorkloadKind::ReplicaSet)).workload(deployment("web", "v2", 1));
        story.pod(pod(&replica_set(&deployment("web", "v2", 1)), "a"));
        ends(&mut story)
    },
};

pub(super) const ONLY_REPLICA_SETS_MAY_NOT_BE_READ_AND_NO_NUMBER_IS_NAMED: Case = Case {
    happens: "The same without replicas.",
    others: "pass with whatever is there",
    verdict: Verdict::Inconclusive,
    code: Some(Code::Forbidden),
    because: "Which of the pods are of the newest template cannot be known.",
    tell: || {
        let mut story = Scenario::new(plan());
        story.denied(Source::Workloads(WorkloadKind::ReplicaSet)).workload(deployment("web", "v2", 1));
        story.pod(pod(&replica_set(&deployment("web", "v2", 1)), "a"));
        ends(&mut story)
    },
};

pub(super) const UNKNOWN_CUSTOM_RESOURCE: Case = Case {
    happens: "The pods belong to a custom resource that the gate does not know.",
    others: "pass: two of them",
    verdict: Verdict::Inconclusive,
    code: Some(Code::OwnerUnknown),
    because: "How many pods are wanted cannot be known, unless replicas says it.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut strange = bare_pod("a");
        let mut owner = reference(&deployment("web", "v2", 1));
        "GameServerSet".clone_into(&mut owner.kind);
        strange.controller = Some(owner);
        story.pod(strange);
        ends(&mut story)
    },
};

pub(super) const ARGO_ROLLOUT: Case = Case {
    happens: "An Argo Rollout waits at a step of its canary: 1 pod of the new version is ready, and the Rollout wants 3 in the end.",
    others: "wait for all three, or see nothing but the old ones",
    verdict: Verdict::Healthy,
    code: None,
    because: "The ReplicaSet of the new template says how many are wanted at this step; `until: promoted` waits for the end.",
    tell: || {
        let mut story = Scenario::new(plan());
        let rollout = rollout("web", "v2", 3);
        let set = rollout_set(&rollout, 1);
        story.workload(rollout).workload(set.clone()).pod(pod(&set, "a"));
        ends(&mut story)
    },
};

pub(super) const ARGO_ROLLOUT_ABORTED: Case = Case {
    happens: "An Argo Rollout was aborted by its analysis, and the ReplicaSet of the new version is at 0.",
    others: "nothing wanted, nothing wrong",
    verdict: Verdict::Failed,
    code: Some(Code::RolloutAborted),
    because: "The controller says why it gave the update up, and that no pod is wanted follows from that.",
    tell: || {
        let mut story = Scenario::new(plan());
        let mut aborted = rollout("web", "v2", 3);
        state_of(&mut aborted).aborted = true;
        let set = rollout_set(&aborted, 0);
        story.workload(aborted).workload(set);
        ends(&mut story)
    },
};

pub(super) const ARGO_ROLLOUT_THAT_MAY_NOT_BE_READ: Case = Case {
    happens: "The pods belong to an Argo Rollout that this identity may not read.",
    others: "pass: its ReplicaSet is ready",
    verdict: Verdict::Inconclusive,
    code: Some(Code::Forbidden),
    because: "Whether it was aborted, and which ReplicaSet is the newest, only the Rollout says.",
    tell: || {
        let mut story = Scenario::new(plan());
        story.denied(Source::Workloads(WorkloadKind::Rollout));
        let set = rollout_set(&rollout("web", "v2", 1), 1);
        story.workload(set.clone()).pod(pod(&set, "a"));
        ends(&mut story)
    },
};
