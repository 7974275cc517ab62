//! Kinds that a cluster has only where they were added, served as their definitions describe them.

use crashgate::sandbox::Sandbox;
use http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::api::{Desk, names, still};

/// Recording, group and version, plural, kind, an object, short name.
type Served = (&'static str, &'static str, &'static str, &'static str, &'static str, Option<&'static str>);

const KINDS: [Served; 4] = [
    ("rollout-canary-step", "argoproj.io/v1alpha1", "rollouts", "Rollout", "checkout", Some("ro")),
    ("rollout-aborted", "argoproj.io/v1alpha1", "analysisruns", "AnalysisRun", "search-7c8cd557f5-2-1", Some("ar")),
    ("cloneset-inplace", "apps.kruise.io/v1alpha1", "clonesets", "CloneSet", "cart", Some("clone")),
    ("flagger-canary-ok", "flagger.app/v1beta1", "canaries", "Canary", "payments", None),
];

/// A moment after the last change of each of them.
const LATE: u64 = 60_000;

fn found<'a>(list: &'a Value, key: &str, name: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|item| item[key] == name).unwrap_or_else(|| panic!("{name} in {list}"))
}

#[tokio::test]
async fn recorded_custom_resources_are_listed_got_watched_and_discovered() {
    for (recording, api, plural, kind, name, short) in KINDS {
        let desk = Desk::still(recording, LATE).await;
        let path = format!("/apis/{api}/namespaces/rec-{recording}/{plural}");
        let list = desk.json(&path).await;
        assert_eq!((list["kind"].as_str(), list["apiVersion"].as_str()), (Some(&*format!("{kind}List")), Some(api)));
        assert_eq!(names(&list), [name]);
        let one = desk.json(&format!("{path}/{name}")).await;
        assert_eq!((one["kind"].as_str(), one["apiVersion"].as_str()), (Some(kind), Some(api)));
        let lines = desk.watch(&format!("{path}?watch=1&timeoutSeconds=1")).await;
        assert_eq!((lines.len(), &lines[0]["type"], &lines[0]["object"]), (1, &"ADDED".into(), &one));

        let resources = desk.json(&format!("/apis/{api}")).await;
        let resource = found(&resources["resources"], "name", plural);
        let shorts = short.map_or(Value::Null, |short| json!([short]));
        assert_eq!((&resource["kind"], &resource["namespaced"]), (&kind.into(), &true.into()));
        assert_eq!((&resource["singularName"], &resource["shortNames"]), (&kind.to_lowercase().into(), &shorts));
        let group = api.split('/').next().unwrap();
        assert_eq!(found(&desk.json("/apis").await["groups"], "name", group)["preferredVersion"]["groupVersion"], api);
        let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        let answer = desk.send(Method::GET, "/apis", accept).await.into_body().collect().await.unwrap().to_bytes();
        let groups: Value = serde_json::from_slice(&answer).unwrap();
        let items = groups["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["metadata"]["name"] == group).unwrap();
        let resource = found(&item["versions"][0]["resources"], "resource", plural);
        assert_eq!((&resource["responseKind"]["kind"], &resource["shortNames"]), (&kind.into(), &shorts));
    }
}

#[tokio::test]
async fn their_tables_have_the_columns_of_their_definitions() {
    let mut tables = Vec::new();
    for (recording, api, plural, ..) in KINDS {
        let desk = Desk::still(recording, LATE).await;
        let path = format!("/apis/{api}/namespaces/rec-{recording}/{plural}");
        let answer = desk.send(Method::GET, &path, "application/json;as=Table;v=v1;g=meta.k8s.io").await;
        let table: Value = serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
        let columns = table["columnDefinitions"].as_array().unwrap();
        let cells = table["rows"][0]["cells"].as_array().unwrap();
        assert_eq!(columns.len(), cells.len());
        let shown = columns.iter().zip(cells).filter(|(column, _)| column["priority"] == 0);
        // Times are those of the playback.
        let told = shown.map(|(column, cell)| match column["name"].as_str().unwrap() {
            title @ ("Age" | "AGE" | "LastTransitionTime") => format!("{title}={}", !cell.as_str().unwrap().is_empty()),
            title => format!("{title}={}", cell.as_str().map_or_else(|| cell.to_string(), str::to_owned)),
        });
        tables.push(told.collect::<Vec<_>>().join(" "));
    }
    assert_eq!(
        tables,
        [
            "Name=checkout Desired=3 Current=4 Up-to-date=1 Available=4 Age=true",
            "Name=search-7c8cd557f5-2-1 Status=Failed Age=true",
            "Name=cart DESIRED=3 UPDATED=3 UPDATED_READY=3 UPDATED_AVAILABLE=3 READY=3 TOTAL=3 AGE=true",
            "Name=payments Status=Progressing Weight=10 LastTransitionTime=true",
        ]
    );
}

/// A real API server without the definitions has nothing to answer with, and says so in plain text.
#[tokio::test]
async fn a_recording_without_them_is_a_cluster_without_their_definitions() {
    let desk = Desk::still("healthy", LATE).await;
    let no_such_page = (StatusCode::NOT_FOUND, "404 page not found\n".to_owned());
    let groups = desk.json("/apis").await;
    for (_, api, plural, _, name, _) in KINDS {
        let group = api.split('/').next().unwrap();
        assert!(groups["groups"].as_array().unwrap().iter().all(|known| known["name"] != group), "{group}");
        let path = format!("/apis/{api}/namespaces/rec-healthy/{plural}");
        for path in [
            format!("/apis/{group}"),
            format!("/apis/{api}"),
            path.clone(),
            format!("{path}/{name}"),
            format!("{path}?watch=1"),
        ] {
            assert_eq!(desk.text(&path).await, no_such_page, "{path}");
        }
    }
}

#[test]
fn the_commands_to_try_name_the_owner_and_no_label_of_its_controller() {
    for (recording, workload, selector) in [
        ("rollout-canary-step", "rollout/checkout", "app=checkout,version=v2"),
        ("rollout-workloadref", "rollout/checkout", "app=checkout,version=v2"),
        ("cloneset-inplace", "cloneset/cart", "app=cart,version=v2"),
        ("flagger-canary-ok", "canary/payments", "app=payments,version=v2"),
        ("canary-healthy", "deployment/checkout-v2", "app=checkout,version=v2"),
    ] {
        let path = format!("tests/recordings/{recording}.ndjson");
        let sample = Sandbox::load(std::path::Path::new(&path)).unwrap().sample();
        assert_eq!((sample.workload.as_deref(), sample.selector.as_deref()), (Some(workload), Some(selector)));
    }
}

/// The object and its scale, as a gate reads them of an owner whose kind it does not know.
#[tokio::test]
async fn the_scale_of_any_owner_is_served_as_it_was_read_last() {
    let object = json!({"kind": "RayCluster", "apiVersion": "ray.io/v1", "metadata": {"name": "c", "namespace": "a", "resourceVersion": "5"}});
    let scale =
        |replicas: u32| json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "spec": {"replicas": replicas}});
    let path = "/apis/ray.io/v1/namespaces/a/rayclusters/c";
    let lines = [
        json!({"crashgateRecording": 1, "startedAt": "2026-11-21T03:09:56Z", "namespace": "a"}),
        json!({"t": 1000, "get": {"path": format!("{path}/scale"), "body": scale(2)}}),
        json!({"t": 1500, "get": {"path": path, "body": object}}),
        json!({"t": 2000, "get": {"path": format!("{path}/scale"), "body": scale(3)}}),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recording.ndjson");
    std::fs::write(&file, lines.map(|line| line.to_string()).join("\n")).unwrap();
    for (at_ms, replicas) in [(0, 2), (1_999, 2), (2_000, 3), (9_000, 3)] {
        let desk = Desk::open(&file, still(at_ms)).await;
        assert_eq!(desk.json(&format!("{path}/scale")).await, scale(replicas), "{at_ms}");
    }
    let desk = Desk::open(&file, still(9_000)).await;
    assert_eq!(desk.json(path).await["kind"], "RayCluster");
    let resources = desk.json("/apis/ray.io/v1").await;
    assert_eq!(found(&resources["resources"], "name", "rayclusters")["kind"], "RayCluster");
    let subresource = found(&resources["resources"], "name", "rayclusters/scale");
    assert_eq!((&subresource["group"], &subresource["kind"]), (&"autoscaling".into(), &"Scale".into()));
    for path in [
        format!("{path}/status"),
        format!("{path}/other"),
        "/apis/ray.io/v1/namespaces/a/rayclusters/d/scale".to_owned(),
    ] {
        let expected = if path.ends_with("/status") { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(desk.text(&path).await.0, expected, "{path}");
    }
}
