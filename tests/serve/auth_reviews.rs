//! Who may do what, where the API server is asked.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use crashgate::cluster::api::{Connection, Target};
use crashgate::gate::result::Verdict;
use crashgate::serve::http::{Auth, Reviews};
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::http_fake::{Got, Served, call, send, served};

const ARGO: &str = "aaaa.argo.cccc";
const OTHER: &str = "aaaa.other.cccc";

/// What was asked, and whether the server is down.
#[derive(Default)]
struct Server {
    asked: Mutex<Vec<Value>>,
    is_down: Mutex<bool>,
}

impl Server {
    fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn answer(&self, path: &str, review: &Value) -> (StatusCode, Value) {
        self.asked.lock().unwrap().push(review.clone());
        if *self.is_down.lock().unwrap() {
            return (
                StatusCode::INTERNAL_SERVER_ERROR,
                json!({"kind": "Status", "message": "etcd is away", "code": 500}),
            );
        }
        let spec = &review["spec"];
        let status = if path.ends_with("/tokenreviews") {
            assert_eq!(spec["audiences"], json!(["crashgate"]));
            let user = |name: &str| json!({"username": name, "uid": "u-1", "groups": ["system:serviceaccounts"], "extra": {"a": ["b"]}});
            match spec["token"].as_str().unwrap() {
                ARGO => json!({"authenticated": true, "audiences": ["crashgate"], "user": user("argo")}),
                OTHER => {
                    json!({"authenticated": true, "audiences": ["https://kubernetes.default.svc"], "user": user("other")})
                }
                "aaaa.old.cccc" => json!({"authenticated": true, "user": user("old")}),
                _ => json!({"authenticated": false, "error": "invalid bearer token"}),
            }
        } else {
            assert_eq!(path, "/apis/authorization.k8s.io/v1/subjectaccessreviews");
            assert_eq!(
                (&spec["user"], &spec["uid"], &spec["extra"]),
                (&json!("argo"), &json!("u-1"), &json!({"a": ["b"]}))
            );
            let asked = &spec["resourceAttributes"];
            let allowed = asked["verb"] == "create"
                && asked["group"] == "crashgate.dev"
                && asked["resource"] == "gates"
                && asked["namespace"] == "shop"
                && matches!(asked["subresource"].as_str(), Some("" | "check" | "rollback"))
                && asked["name"] == "web";
            json!({"allowed": allowed})
        };
        (StatusCode::CREATED, json!({"kind": "Review", "status": status}))
    }
}

fn reviewed() -> (Arc<Server>, Served) {
    let api = Arc::new(Server::default());
    let answering = Arc::clone(&api);
    let service = tower::service_fn(move |request: Request<kube::client::Body>| {
        let api = Arc::clone(&answering);
        async move {
            let (parts, body) = request.into_parts();
            let bytes = to_bytes(Body::new(body), 1 << 20).await.unwrap();
            let (status, answer) = api.answer(parts.uri.path(), &serde_json::from_slice(&bytes).unwrap());
            let mut response = Response::new(Body::from(answer.to_string()));
            *response.status_mut() = status;
            response.headers_mut().insert("content-type", "application/json".parse().unwrap());
            Ok::<_, Infallible>(response)
        }
    });
    let client = kube::Client::new(service, "default");
    let connection = Connection::with_client(client, Target::default(), Duration::from_secs(5), "default");
    let served = served(Auth::Reviews(Arc::new(Reviews::new(Arc::new(connection)))));
    (api, served)
}

async fn ask(served: &Served, token: &str, method: &str, path: &str, body: &str) -> Got {
    let bearer = format!("Bearer {token}");
    send(&served.router, method, path, &[("authorization", &bearer)], body.to_owned()).await
}

fn rest(plan: &str, namespace: &str) -> String {
    format!(r#"{{"plan":"{plan}","namespace":"{namespace}","workload":"deploy/web"}}"#)
}

const HOOK: &str = r#"{"name":"web","namespace":"shop","phase":"Progressing"}"#;

#[tokio::test]
async fn a_token_of_the_audience_may_what_a_role_allows() {
    let (_, served) = reviewed();
    served.gates.stands("g", call("web", "shop"), Some(Verdict::Failed));
    for (method, path, body, status) in [
        ("POST", "/v1/gates", rest("web", "shop"), 200),
        ("POST", "/v1/gates", rest("web", "cart"), 403),
        ("POST", "/v1/gates", rest("pinned", "shop"), 403),
        ("POST", "/flagger/web/check", HOOK.to_owned(), 409),
        ("POST", "/flagger/web/rollback", HOOK.to_owned(), 200),
        ("POST", "/flagger/web/hold", HOOK.to_owned(), 403),
        ("POST", "/flagger/web/event", HOOK.to_owned(), 403),
        ("GET", "/v1/gates/g", String::new(), 200),
    ] {
        let got = ask(&served, ARGO, method, path, &body).await;
        assert_eq!(got.status, status, "{path} {body}: {got:?}");
    }
    served.gates.stands("foreign", call("web", "cart"), Some(Verdict::Failed));
    assert_eq!(ask(&served, ARGO, "GET", "/v1/gates/foreign", "").await.status, 404);
}

/// A token for the API server itself, which every pod has, must not be good here: who gets it could use it there.
#[tokio::test]
async fn a_token_of_another_audience_is_unknown() {
    let (api, served) = reviewed();
    for token in [OTHER, "aaaa.old.cccc", "aaaa.forged.cccc"] {
        assert_eq!(ask(&served, token, "POST", "/v1/gates", &rest("web", "shop")).await.status, 401, "{token}");
    }
    assert_eq!(api.count(), 3);
    for token in ["", "no-token-at-all", "a.b"] {
        assert_eq!(ask(&served, token, "POST", "/v1/gates", &rest("web", "shop")).await.status, 401, "{token}");
    }
    assert_eq!(api.count(), 3, "what is no token is not asked about");
}

#[tokio::test(start_paused = true)]
async fn answers_are_good_for_a_minute_and_no_longer() {
    let (api, served) = reviewed();
    let asked = async || ask(&served, ARGO, "POST", "/v1/gates", &rest("web", "shop")).await.status;
    for _ in 0..20 {
        assert_eq!(asked().await, 200);
    }
    assert_eq!(api.count(), 2, "who it is, and whether they may");
    tokio::time::advance(Duration::from_secs(59)).await;
    asked().await;
    assert_eq!(api.count(), 2);
    tokio::time::advance(Duration::from_secs(2)).await;
    asked().await;
    assert_eq!(api.count(), 4);
}

/// Who asks is not known, so nobody hears anything of a gate; and nobody acts on what they hear.
#[tokio::test]
async fn while_the_api_server_cannot_be_asked_everything_is_pending_and_nothing_is_rolled_back() {
    let (api, served) = reviewed();
    *api.is_down.lock().unwrap() = true;
    served.gates.stands("g", call("web", "shop"), Some(Verdict::Failed));
    for (method, path, body, status) in [
        ("POST", "/v1/gates", rest("web", "shop"), 200),
        ("GET", "/v1/gates/g", String::new(), 200),
        ("DELETE", "/v1/gates/g", String::new(), 409),
        ("GET", "/v1/gates/g/report.json", String::new(), 409),
        ("POST", "/flagger/web/check", HOOK.to_owned(), 425),
        ("POST", "/flagger/web/hold", HOOK.to_owned(), 409),
        ("POST", "/flagger/web/rollback", HOOK.to_owned(), 409),
        ("POST", "/flagger/web/event", HOOK.to_owned(), 202),
        ("POST", "/v1/runs", r#"{"image":"a"}"#.to_owned(), 409),
    ] {
        let got = ask(&served, ARGO, method, path, &body).await;
        assert_eq!(got.status, status, "{path}: {got:?}");
        assert!(!got.body.contains("exit code") && got.body.contains("cannot be found out"), "{path}: {got:?}");
        if status == 200 {
            assert_eq!(got.json()["verdict"], "pending");
        }
    }
    assert_eq!(served.gates.calls(), []);
    *api.is_down.lock().unwrap() = false;
    assert_eq!(ask(&served, ARGO, "POST", "/flagger/web/rollback", HOOK).await.status, 200, "no failure was kept");
}
