//! Pods that are run for callers.

use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::api::Connection;
use crashgate::sandbox::{Options, Running, Sandbox};
use crashgate::serve::http::{AllowedImages, Auth, Limits, Runs};
use serde_json::Value;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::http_fake::{Served, post, served, served_as};

struct Cluster {
    running: Running,
    served: Served,
    tracker: TaskTracker,
}

/// A cluster whose pods live so, and a server that may run `hello` and `slow`.
async fn cluster(pods: &str) -> Cluster {
    let pods = Some(format!("pods:\n{pods}\n").parse().unwrap());
    let running = Sandbox::empty("shop").serve(Options { pods, ..Options::default() }).await.unwrap();
    let connection = Arc::new(Connection::to_url(&running.url(), "shop").await.unwrap());
    let images = AllowedImages::parse("hello:1\nslow:1\n").unwrap();
    let mut tracker = TaskTracker::new();
    let served = served_as(Auth::Open, Limits::default(), |service| {
        let runs = Runs::new(connection, images, service.stopping());
        tracker = runs.tracker();
        service.with_runs(Some(runs))
    });
    Cluster { running, served, tracker }
}

impl Cluster {
    async fn pods(&self) -> usize {
        let request = http::Request::get("/api/v1/namespaces/shop/pods").body(Vec::new()).unwrap();
        let list: Value = self.running.client().request(request).await.unwrap();
        list["items"].as_array().unwrap().len()
    }
}

const HELLO: &str = "- {image: 'hello:1', lasts: 0, log: [{text: \"Hello World\\n\"}]}";

#[tokio::test]
async fn a_pod_is_run_and_its_exit_code_and_its_output_are_answered() {
    let cluster = cluster(HELLO).await;
    let got = post(&cluster.served.router, "/v1/runs", r#"{"image":"hello:1","args":["-v"]}"#).await;
    let ran = got.json();
    assert_eq!((got.status, &ran["exit_code"], &ran["output"]), (200, &0.into(), &"Hello World\n".into()), "{ran}");
    assert_eq!((&ran["exitCode"], &ran["verdict"], &ran["namespace"]), (&0.into(), &"healthy".into(), &"shop".into()));
    assert_eq!(cluster.pods().await, 0, "it is deleted");
}

#[tokio::test]
async fn only_listed_images_are_run_and_none_without_a_list() {
    let cluster = cluster(HELLO).await;
    for image in ["hello", "hello:1 ", "HELLO:1", "hello:1@sha256:00", "other:1", ""] {
        let got = post(&cluster.served.router, "/v1/runs", &format!(r#"{{"image":"{image}"}}"#)).await;
        assert!(got.status == 403 && got.json()["error"].as_str().unwrap().contains("list"), "{image}: {got:?}");
    }
    for body in [
        r#"{"image":"hello:1","serviceAccount":"admin"}"#,
        r#"{"image":"hello:1","env":{"A":"b"}}"#,
        r#"{"image":"hello:1","command":"sh"}"#,
        r#"{"image":"hello:1","namespace":"kube_system"}"#,
        "{}",
    ] {
        assert_eq!(post(&cluster.served.router, "/v1/runs", body).await.status, 400, "{body}");
    }
    let without = served(Auth::Open);
    let got = post(&without.router, "/v1/runs", r#"{"image":"hello:1"}"#).await;
    assert!(got.status == 403 && got.body.contains("--allow-run"), "{got:?}");
}

#[tokio::test]
async fn the_pod_is_deleted_where_its_caller_hangs_up_and_where_the_server_ends() {
    for ends in ["caller", "server"] {
        let cluster = cluster("- {image: 'slow:1', lasts: forever}").await;
        let router = cluster.served.router.clone();
        let asking = tokio::spawn(async move { post(&router, "/v1/runs", r#"{"image":"slow:1"}"#).await });
        while cluster.pods().await == 0 {
            tokio::task::yield_now().await;
        }
        if ends == "caller" {
            asking.abort();
        } else {
            cluster.served.shutdown.stopping.cancel();
            let ran = asking.await.unwrap().json();
            assert_eq!((&ran["exit_code"], &ran["verdict"]), (&143.into(), &"interrupted".into()), "{ran}");
        }
        cluster.tracker.close();
        timeout(Duration::from_secs(20), cluster.tracker.wait()).await.expect("the run ends");
        assert_eq!(cluster.pods().await, 0, "{ends}");
    }
}
