//! Which version it is that runs.

use std::time::Duration;

use crashgate::gate::model::WorkloadKind;
use crashgate::gate::result::{Code, Verdict};
use crashgate::gate::spec::ManifestTemplate;

use super::{Case, ends, pinned, rolled_out};
use crate::scenario::objects::{Bend, deployment, pod, replica_set};
use crate::scenario::{Scenario, lead, plan};

pub(super) const OLD_VERSION_UNDER_A_LOOSE_SELECTOR: Case = Case {
    happens: "selector: app=web names no version, and only v1 runs.",
    others: "pass: every Ready pod of the selector counts",
    verdict: Verdict::NothingMatched,
    code: Some(Code::NothingMatched),
    because: "The version must stand in the version label, or in the tag or digest of the app's image.",
    tell: || {
        let mut plan = plan();
        plan.selector = "app=web".parse().unwrap();
        let mut story = Scenario::new(plan);
        let old = deployment("web", "v1", 1);
        let set = replica_set(&old);
        story.workload(old).workload(set.clone()).pod(pod(&set, "web-a"));
        ends(&mut story)
    },
};

pub(super) const TAG_OF_A_SIDECAR: Case = Case {
    happens: "The gate is pinned to v2; the proxy beside the app is at v2 by chance, and the app still at v1.",
    others: "pass: they look for the tag in any container",
    verdict: Verdict::NothingMatched,
    code: Some(Code::NothingMatched),
    because: "Only the image of the app's own container speaks for the version.",
    tell: || {
        let mut story = Scenario::new(pinned(WorkloadKind::Deployment, "web"));
        let mut web = deployment("web", "v1", 1);
        web.template.labels.remove("version");
        let mut proxy = web.template.containers[0].clone();
        (proxy.name, proxy.image) = ("proxy".to_owned(), "mesh/proxy:v2".to_owned());
        web.template.containers.push(proxy);
        let mut set = replica_set(&deployment("web", "v1", 1));
        set.template = web.template.clone();
        story.workload(web).workload(set.clone()).pod(pod(&set, "web-a"));
        ends(&mut story)
    },
};

pub(super) const CHART_LABEL_STAYS_THE_SAME: Case = Case {
    happens: "A manifest says image v3; its version label never changes, and the cluster still runs v2.",
    others: "pass: the label is right",
    verdict: Verdict::NothingMatched,
    code: Some(Code::NothingMatched),
    because: "The live template must have every image of the manifest, container by container.",
    tell: || {
        let mut plan = pinned(WorkloadKind::Deployment, "web");
        let images = [("app".to_owned(), "registry.example:5000/shop/web:v3".to_owned())].into();
        plan.template = Some(ManifestTemplate { images, version_label: true });
        let mut story = Scenario::new(plan);
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "web-a"));
        ends(&mut story)
    },
};

pub(super) const REGISTRY_MIRRORED_BY_A_WEBHOOK: Case = Case {
    happens: "An admission webhook has rewritten the registry of the manifest's image.",
    others: "-",
    verdict: Verdict::NothingMatched,
    code: Some(Code::NothingMatched),
    because: "Another registry is another image; what differs is told.",
    tell: || {
        let mut plan = pinned(WorkloadKind::Deployment, "web");
        let images = [("app".to_owned(), "shop/web:v2".to_owned())].into();
        plan.template = Some(ManifestTemplate { images, version_label: false });
        let mut story = Scenario::new(plan);
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "web-a"));
        ends(&mut story)
    },
};

pub(super) const LABEL_AGAINST_TAG: Case = Case {
    happens: "The image's tag is v2, and the version label says v1.",
    others: "pass, by whichever they read",
    verdict: Verdict::NothingMatched,
    code: Some(Code::NothingMatched),
    because: "A version label decides where there is one, for and against.",
    tell: || {
        let mut story = Scenario::new(pinned(WorkloadKind::Deployment, "web"));
        let mut web = deployment("web", "v2", 1);
        web.template.labels.insert("version".to_owned(), "v1".to_owned());
        let mut set = replica_set(&deployment("web", "v2", 1));
        set.template = web.template.clone();
        story.workload(web).workload(set.clone()).pod(pod(&set, "web-a"));
        ends(&mut story)
    },
};

pub(super) const IMAGE_CHANGED_BY_HAND: Case = Case {
    happens: "Somebody sets the image of a running pod to another tag; its ReplicaSet does not mind.",
    others: "pass: the pod is Ready, and its labels are right",
    verdict: Verdict::TimedOut,
    code: Some(Code::NotReady),
    because: "A pod that runs another tag or digest than its template asks for is not of this version.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        let mut patched = pod(&set, "web-a");
        "registry.example:5000/shop/web:v1".clone_into(&mut patched.containers[0].image);
        story.pod(patched);
        ends(&mut story)
    },
};

pub(super) const SUPERSEDED_BY_ANOTHER_PUSH: Case = Case {
    happens: "v3 is pushed before v2 was ready.",
    others: "judge the wrong revision: all of them",
    verdict: Verdict::Superseded,
    code: Some(Code::Superseded),
    because: "The template no longer carries the gated version.",
    tell: || {
        let mut story = Scenario::new(plan());
        let (_, set) = rolled_out(&mut story, 1);
        story.pod(pod(&set, "a").unready()).at(5.0).workload(deployment("web", "v3", 1));
        assert_eq!(story.ended().unwrap().decided_after, Duration::from_secs(5), "at once");
        ends(&mut story)
    },
};

pub(super) const VERSION_NOT_THERE_YET: Case = Case {
    happens: "The gate starts before the deploy: v1 runs, v2 comes 10 s later.",
    others: "judge v1",
    verdict: Verdict::Healthy,
    code: None,
    because: "A version not seen yet is never superseded.",
    tell: || {
        let mut story = Scenario::new(plan());
        story.workload(deployment("web", "v1", 1)).at(10.0);
        let (_, set) = rolled_out(&mut story, 1);
        story.at(12.0).pod(pod(&set, "a"));
        ends(&mut story)
    },
};

pub(super) const PINNED_WORKLOAD_RUNS_ANOTHER_VERSION: Case = Case {
    happens: "The gate is pinned to deployment/web at v2, which still runs v1.",
    others: "pass: they look at the workload, not at the version",
    verdict: Verdict::NothingMatched,
    code: Some(Code::NothingMatched),
    because: "The version must stand in the template's label or in an image.",
    tell: || {
        let mut story = Scenario::new(pinned(WorkloadKind::Deployment, "web"));
        let old = deployment("web", "v1", 1);
        let set = replica_set(&old);
        story.workload(old).workload(set.clone()).pod(pod(&set, "a"));
        let outcome = ends(&mut story);
        assert!(lead(&outcome).message.contains("deployment/web runs v1"), "{}", lead(&outcome).message);
        outcome
    },
};

pub(super) const PINNED_WORKLOAD_WITHOUT_VERSION_LABEL: Case = Case {
    happens: "The gate is pinned, and the version stands in the image's tag only (registry with a port).",
    others: "-",
    verdict: Verdict::Healthy,
    code: None,
    because: "The tag is read after the last slash.",
    tell: || {
        let mut story = Scenario::new(pinned(WorkloadKind::Deployment, "web"));
        let mut web = deployment("web", "v2", 1);
        web.template.labels.remove("version");
        let mut set = replica_set(&deployment("web", "v2", 1));
        set.template.labels.remove("version");
        story.workload(web).workload(set.clone()).pod(pod(&set, "a"));
        ends(&mut story)
    },
};
