//! A `ConfigMap` or a Secret that is missing, or late.

use serde_json::json;

use crate::suite::ask::check;
use crate::suite::condition::Condition::Waits;
use crate::suite::expect::Holds::{Container, Shows};
use crate::suite::expect::{failed, healthy};
use crate::suite::objects::{SERVES, config_map, deployment, pod, probed, with};
use crate::suite::step::Step;
use crate::suite::story::Story;

pub fn stories() -> Vec<Story> {
    let configured = || {
        let app = with(probed(SERVES), "envFrom", json!([{"configMapRef": {"name": "checkout-config"}}]));
        deployment("checkout", "v1", 2, pod([app]))
    };
    vec![
        Story::new(
            "config-missing",
            "envFrom names a ConfigMap that does not exist",
            check("checkout", "v1").and("--stable-for 5s --wait-period 40s"),
            failed(&["ConfigMissing"]).holds([Container("app"), Shows("checkout-config")]),
        )
        .applying([configured()])
        .recorded("missing-configmap"),
        Story::new(
            "config-late",
            "the ConfigMap comes while crashgate waits, within the grace",
            check("checkout", "v1").and("--stable-for 5s --wait-period 90s --grace Config=80s"),
            healthy().within(125),
        )
        .applying([configured()])
        .during(Step::until(Waits { pods: "app=checkout", reason: "CreateContainerConfigError" }))
        .during(Step::Named("app=checkout"))
        .during(Step::Apply(vec![config_map("checkout-config", &json!({"MODE": "live"}))])),
        Story::new(
            "secret-volume-missing",
            "a volume names a Secret that does not exist; only the event FailedMount tells",
            check("payments", "v1").and("--stable-for 5s --wait-period 40s"),
            failed(&["ConfigMissing"]).holds([Shows("payments-tls")]),
        )
        .applying([deployment("payments", "v1", 1, {
            let app = with(probed(SERVES), "volumeMounts", json!([{"name": "tls", "mountPath": "/tls"}]));
            with(pod([app]), "volumes", json!([{"name": "tls", "secret": {"secretName": "payments-tls"}}]))
        })])
        .recorded("missing-secret-volume"),
    ]
}
