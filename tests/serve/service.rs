//! The whole service in memory: plans in a folder, gates over a cluster, HTTP without sockets.

use std::fs;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use crashgate::cluster::api::Connection;
use crashgate::cluster::drive::Hub;
use crashgate::gate::result::Verdict;
use crashgate::serve::http::{self, Auth, Extras, Limits, Shutdown};
use crashgate::serve::plans::Plans;
use crashgate::serve::registry::{Registry, Settings};
use http_types::Request;
use http_types::header::{CONTENT_TYPE, HOST};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt;

use ::http as http_types;

/// A replica of the service. All its gates end where it and its routers are dropped.
pub struct Service {
    router: Router,
    shutdown: Shutdown,
    _plans: TempDir,
    _stop: watch::Sender<Option<Verdict>>,
}

impl Service {
    /// Serves these plans over a connection.
    pub fn over(connection: Arc<Connection>, plans: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in plans {
            fs::write(folder.path().join(format!("{name}.yaml")), content).unwrap();
        }
        let plans = Arc::new(Plans::open(folder.path().to_owned(), |_| None).unwrap());
        assert_eq!(plans.problems(), []);
        let (stopper, stop) = watch::channel(None);
        let hub = Arc::new(Hub::new(connection));
        let registry = Registry::new(hub, plans, Settings::default(), stop).unwrap();
        let shutdown = Shutdown::default();
        let service = http::Service::new(Arc::new(registry), Auth::Open, Limits::default(), shutdown.clone());
        Self { router: http::router(service, Extras::default()), shutdown, _plans: folder, _stop: stopper }
    }

    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The process is told to end.
    pub fn stop(&self) {
        self.shutdown.stopping.cancel();
    }

    /// A POST as a script makes it.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, String) {
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/json")
            .header(HOST, "127.0.0.1")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.router().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 24).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// A hook of Flagger, for the canary of this name in namespace `shop`.
    pub async fn flagger(&self, path: &str, name: &str, phase: &str) -> (u16, String) {
        let body = json!({"name": name, "namespace": "shop", "phase": phase, "checksum": "1", "metadata": {}});
        self.post(path, &body).await
    }

    /// A gate as a script asks for it.
    pub async fn gate(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.post(path, body).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }
}
