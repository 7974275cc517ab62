//! The rights that `manifests/rbac-watch.yaml` gives are those that are used.

use std::time::Duration;

use crashgate::cluster::api::Collection;
use crashgate::cluster::look;
use crashgate::cluster::never;
use crashgate::cluster::{Followed, follow};
use crashgate::gate::model::Source;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding};
use serde_json::Value;
use tokio::time::Instant;

use super::Heard;
use crate::cluster::stub::{Stub, listed};

fn known<T: serde::Serialize + serde::de::DeserializeOwned>(document: &Value) -> T {
    let object: T = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(&serde_json::to_value(&object).unwrap(), document, "Kubernetes knows every field");
    object
}

/// `list pods`, …
fn rules() -> (Vec<String>, Vec<String>) {
    let told = |rules: Option<Vec<PolicyRule>>| {
        let rule = |rule: PolicyRule| {
            assert_eq!(rule.api_groups, Some(vec![String::new()]));
            let resources = rule.resources.unwrap();
            let of =
                move |verb: String| resources.clone().into_iter().map(move |resource| format!("{verb} {resource}"));
            rule.verbs.into_iter().flat_map(of).collect::<Vec<_>>()
        };
        let mut rules: Vec<String> = rules.unwrap().into_iter().flat_map(rule).collect();
        rules.sort();
        rules
    };
    let (mut role, mut cluster_role) = (None, None);
    for text in std::fs::read_to_string("manifests/rbac-watch.yaml").unwrap().split("\n---\n") {
        let document: Value = serde_yaml::from_str(text).unwrap();
        match document["kind"].as_str().unwrap() {
            "ServiceAccount" => drop(known::<ServiceAccount>(&document)),
            "Role" => role = Some(told(known::<Role>(&document).rules)),
            "RoleBinding" => drop(known::<RoleBinding>(&document)),
            "ClusterRole" => cluster_role = Some(told(known::<ClusterRole>(&document).rules)),
            "ClusterRoleBinding" => drop(known::<ClusterRoleBinding>(&document)),
            other => panic!("no type for {other}"),
        }
    }
    (role.unwrap(), cluster_role.unwrap())
}

#[tokio::test(start_paused = true)]
async fn no_other_right_is_used_and_none_is_given_in_vain() {
    // A pod that does not run: its events are asked for.
    let stub = Stub::new(|ask| (ask.verb == "LIST" && ask.resource == "pods").then(|| listed("pods", 9, &[("a", 1)])));
    let pods = Collection::whole(Source::Pods, "shop");
    let looked = look(&stub.connection(), &pods, Instant::now() + Duration::from_secs(30)).await.unwrap();
    assert_eq!((looked.pods.len(), looked.without_events), (1, None));
    let followed = Followed { pods, until_crash: false, lasting: Some(Duration::from_mins(2)), recording: None };
    follow(&stub.connection(), &followed, &mut Heard::default(), never()).await;
    let mut used: Vec<String> =
        stub.asks().iter().map(|ask| format!("{} {}", ask.verb.to_lowercase(), ask.resource)).collect();
    used.sort();
    used.dedup();
    let (role, cluster_role) = rules();
    assert_eq!(used, role);
    assert_eq!(role, cluster_role);
}

#[tokio::test(start_paused = true)]
async fn without_events_less_is_said_and_that_is_told() {
    let stub = Stub::new(|ask| match ask.resource.as_str() {
        "pods" => Some(listed("pods", 9, &[("a", 1)])),
        _ => Some(crate::cluster::stub::status(403, "events is forbidden")),
    });
    let pods = Collection::whole(Source::Pods, "shop");
    let looked = look(&stub.connection(), &pods, Instant::now() + Duration::from_secs(30)).await.unwrap();
    let why = looked.without_events.unwrap();
    assert!(why.contains("events is forbidden") && why.contains("resources: [\"events\"]"), "{why}");
    assert_eq!(looked.pods.len(), 1);
}
