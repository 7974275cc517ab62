//! Discovery: which groups, versions and resources there are, and how the server is.

use std::collections::{BTreeMap, BTreeSet};

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::accept;
use super::kind::{Kind, Resource};
use super::shared::Shared;
use super::status::{json_response, typed_response};
use super::timeline::Timeline;

const READS: [&str; 3] = ["get", "list", "watch"];
const REVIEWS: [(&str, &str); 2] =
    [("selfsubjectaccessreviews", "SelfSubjectAccessReview"), ("selfsubjectrulesreviews", "SelfSubjectRulesReview")];
const REVIEW_GROUP: &str = "authorization.k8s.io";

/// The answer, where the path is one of discovery's.
pub(super) fn answer(shared: &Shared, path: &str, headers: &HeaderMap) -> Option<Response> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let value = match segments.as_slice() {
        ["healthz" | "livez" | "readyz", ..] => return Some(typed_response(StatusCode::OK, "text/plain", "ok")),
        ["version"] => version(&shared.timeline().header.server_version),
        [] => json!({"paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/readyz", "/version"]}),
        ["api"] => match accept::aggregated_discovery(headers) {
            Some(version) => return Some(aggregated(shared, version, true)),
            None => json!({
                "kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": shared.addr.to_string()}],
            }),
        },
        ["apis"] => {
            if let Some(version) = accept::aggregated_discovery(headers) {
                return Some(aggregated(shared, version, false));
            }
            let groups: Vec<Value> =
                groups(shared).iter().map(|(group, versions)| api_group(group, versions)).collect();
            json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        }
        ["apis", group] => {
            let mut described = api_group(group, groups(shared).get(*group)?);
            described["kind"] = "APIGroup".into();
            described["apiVersion"] = "v1".into();
            described
        }
        ["api", version] => resources(shared, "", version)?,
        ["apis", group, version] => resources(shared, group, version)?,
        _ => return None,
    };
    Some(json_response(StatusCode::OK, &value))
}

fn version(git_version: &str) -> Value {
    let mut numbers = git_version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    json!({
        "major": major, "minor": minor, "gitVersion": git_version, "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "", "platform": "",
    })
}

/// The groups, but for the core one, with their versions.
fn groups(shared: &Shared) -> BTreeMap<String, BTreeSet<String>> {
    let mut groups: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for Resource { group, version, .. } in shared.timeline().collections.keys() {
        groups.entry(group.clone()).or_default().insert(version.clone());
    }
    groups.remove("");
    groups.entry(REVIEW_GROUP.to_owned()).or_default().insert("v1".to_owned());
    groups
}

fn api_group(group: &str, versions: &BTreeSet<String>) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|version| json!({"groupVersion": format!("{group}/{version}"), "version": version}))
        .collect();
    json!({"name": group, "preferredVersion": versions.first(), "versions": versions})
}

fn kinds<'a>(timeline: &'a Timeline, group: &str, version: &str) -> Vec<&'a Kind> {
    let kinds = timeline.collections.values().map(|collection| &collection.kind);
    kinds.filter(|kind| kind.resource.group == group && kind.resource.version == version).collect()
}

/// Everything is read; pods are created and deleted where a script says how they live.
fn verbs(shared: &Shared, kind: &Kind) -> Vec<&'static str> {
    let writes: &[&str] =
        if shared.script.is_some() && kind.resource.is_core("pods") { &["create", "delete"] } else { &[] };
    READS.iter().chain(writes).copied().collect()
}

fn resources(shared: &Shared, group: &str, version: &str) -> Option<Value> {
    let mut resources = Vec::new();
    for kind in kinds(&shared.timeline(), group, version) {
        let mut resource = json!({
            "name": kind.resource.plural, "singularName": kind.singular(), "namespaced": kind.namespaced,
            "kind": kind.name, "verbs": verbs(shared, kind),
        });
        if !kind.short.is_empty() {
            resource["shortNames"] = json!([kind.short]);
        }
        if kind.in_all {
            resource["categories"] = json!(["all"]);
        }
        resources.push(resource);
        if kind.resource.is_core("pods") {
            let log =
                json!({"name": "pods/log", "singularName": "", "namespaced": true, "kind": "Pod", "verbs": ["get"]});
            resources.push(log);
        }
        for (subresource, read) in shared.timeline().subresources_of(&kind.resource) {
            let (of_group, of_version, of_kind) = kind_of(read);
            resources.push(json!({
                "name": format!("{}/{subresource}", kind.resource.plural), "singularName": "",
                "namespaced": kind.namespaced, "group": of_group, "version": of_version, "kind": of_kind,
                "verbs": ["get"],
            }));
        }
    }
    if group == REVIEW_GROUP && version == "v1" {
        resources.extend(REVIEWS.iter().map(|(plural, kind)| {
            json!({"name": plural, "singularName": kind.to_lowercase(), "namespaced": false, "kind": kind, "verbs": ["create"]})
        }));
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    (!resources.is_empty()).then(|| {
        json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources})
    })
}

/// The group, version and kind of an object: `autoscaling`, `v1`, `Scale`.
fn kind_of(object: &Value) -> (&str, &str, &str) {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let (group, version) = text("apiVersion").split_once('/').unwrap_or(("", text("apiVersion")));
    (group, version, text("kind"))
}

/// All of it in one answer, as newer clients ask for it.
fn aggregated(shared: &Shared, list_version: &'static str, core: bool) -> Response {
    let groups =
        if core { BTreeMap::from([(String::new(), BTreeSet::from(["v1".to_owned()]))]) } else { groups(shared) };
    let items: Vec<Value> = groups
        .iter()
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|version| {
                    let resources = aggregated_resources(shared, group, version);
                    json!({"version": version, "freshness": "Current", "resources": resources})
                })
                .collect();
            let metadata = if group.is_empty() { json!({}) } else { json!({"name": group}) };
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    let list = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": format!("apidiscovery.k8s.io/{list_version}"), "metadata": {},
        "items": items,
    });
    let content_type = match list_version {
        "v2" => "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        _ => "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
    };
    typed_response(StatusCode::OK, content_type, list.to_string())
}

fn aggregated_resources(shared: &Shared, group: &str, version: &str) -> Vec<Value> {
    let response_kind = |kind: &str| json!({"group": group, "version": version, "kind": kind});
    let mut resources = Vec::new();
    for kind in kinds(&shared.timeline(), group, version) {
        let mut resource = json!({
            "resource": kind.resource.plural, "responseKind": response_kind(&kind.name),
            "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
            "singularResource": kind.singular(), "verbs": verbs(shared, kind),
        });
        if !kind.short.is_empty() {
            resource["shortNames"] = json!([kind.short]);
        }
        if kind.in_all {
            resource["categories"] = json!(["all"]);
        }
        if kind.resource.is_core("pods") {
            resource["subresources"] =
                json!([{"subresource": "log", "responseKind": response_kind("Pod"), "verbs": ["get"]}]);
        }
        let timeline = shared.timeline();
        let read = timeline.subresources_of(&kind.resource).into_iter().map(|(subresource, read)| {
            let (group, version, kind) = kind_of(read);
            let kind = json!({"group": group, "version": version, "kind": kind});
            json!({"subresource": subresource, "responseKind": kind, "verbs": ["get"]})
        });
        let read: Vec<Value> = read.collect();
        if !read.is_empty() {
            resource["subresources"] = read.into();
        }
        resources.push(resource);
    }
    if group == REVIEW_GROUP {
        resources.extend(REVIEWS.iter().map(|(plural, kind)| {
            json!({
                "resource": plural, "responseKind": response_kind(kind), "scope": "Cluster",
                "singularResource": kind.to_lowercase(), "verbs": ["create"],
            })
        }));
    }
    resources
}
