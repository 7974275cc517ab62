//! What a cluster keeps from running: quota, admission, scheduling, volumes.

use serde_json::json;

use crate::suite::ask::check;
use crate::suite::condition::Condition::Field;
use crate::suite::expect::Holds::{Names, Shows};
use crate::suite::expect::platform;
use crate::suite::objects::{SERVES, claim, deployment, pod, pod_quota, probed, with};
use crate::suite::step::Step;
use crate::suite::story::Story;

/// How long a cause of the platform is waited out: a story in which nothing else happens.
const SHORT: &str = "--stable-for 5s --wait-period 15s";

pub fn stories() -> Vec<Story> {
    let unschedulable = |name, what, app: &str, spec| {
        Story::new(name, what, check(app, "v1").and(SHORT), platform(&["Unschedulable"]))
            .applying([deployment(app, "v1", 1, spec)])
    };
    vec![
        Story::new(
            "quota",
            "a ResourceQuota allows no pods, so that the ReplicaSet cannot create any",
            check("cart", "v1").and(SHORT),
            platform(&["QuotaExceeded"]).holds([Shows("team-quota")]),
        )
        .applying([pod_quota("team-quota", 0)])
        // Before its status is there, admission refuses with other words.
        .before(Step::until(Field { object: "resourcequota/team-quota", pointer: "/status/hard/pods", value: "0" }))
        .applying([deployment("cart", "v1", 2, pod([probed(SERVES)]))])
        .recorded("quota-no-pods"),
        Story::new(
            "admission",
            "the namespace enforces the Pod Security Standard `restricted`, which the pods do not meet",
            check("cart", "v1").and(SHORT),
            platform(&["AdmissionDenied"]).holds([Shows("PodSecurity")]),
        )
        .enforcing("restricted")
        .applying([deployment("cart", "v1", 1, pod([probed(SERVES)]))]),
        Story::new(
            "service-account-missing",
            "the pods name a ServiceAccount that does not exist",
            check("cart", "v1").and(SHORT),
            platform(&["AdmissionDenied"]).holds([Shows("no-such-account")]),
        )
        .applying([deployment("cart", "v1", 1, {
            with(pod([probed(SERVES)]), "serviceAccountName", "no-such-account")
        })]),
        unschedulable(
            "unschedulable-cpu",
            "the pod asks for 9000 CPUs, which no node has",
            "ledger",
            pod([with(probed(SERVES), "resources", json!({"requests": {"cpu": "9000"}}))]),
        )
        .recorded("unschedulable-cpu"),
        unschedulable(
            "unschedulable-selector",
            "no node has the label that the nodeSelector asks for",
            "search",
            with(pod([probed(SERVES)]), "nodeSelector", json!({"crashgate-e2e/no-such-node": "true"})),
        )
        .recorded("node-selector-no-node"),
        Story::new(
            "claim-unbound",
            "the pod's PersistentVolumeClaim names a storage class that does not exist",
            check("ledger", "v1").and("--stable-for 5s --wait-period 20s"),
            platform(&["VolumeUnavailable", "Unschedulable"]).holds([Names("ledger-")]),
        )
        .applying([
            claim("ledger-data", "crashgate-e2e-no-such-class"),
            deployment("ledger", "v1", 1, {
                let app = with(probed(SERVES), "volumeMounts", json!([{"name": "data", "mountPath": "/data"}]));
                with(
                    pod([app]),
                    "volumes",
                    json!([{"name": "data", "persistentVolumeClaim": {"claimName": "ledger-data"}}]),
                )
            }),
        ])
        .recorded("pvc-unbound"),
    ]
}
