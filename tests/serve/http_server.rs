//! What the server says about itself, and to whom it speaks.

use std::fs;

use crashgate::serve::http::{Auth, Limits, Readiness, document};

use super::http_fake::{get, send, served, served_as};

/// `UPDATE_SCHEMA=1 cargo test --test it serve::http_server` writes it.
#[test]
fn the_document_has_not_drifted() {
    let path = "manifests/openapi.json";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(path, document()).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(committed == document(), "run with UPDATE_SCHEMA=1 and commit {path}");
}

#[tokio::test]
async fn the_document_is_served_as_it_is_committed() {
    let served = served(Auth::Open);
    let got = get(&served.router, "/openapi.json").await;
    assert_eq!((got.status, got.header("content-type")), (200, "application/json"));
    assert_eq!(got.body, document());
}

#[tokio::test]
async fn it_is_ready_until_something_keeps_it_from_that() {
    let served = served(Auth::Open);
    assert_eq!(get(&served.router, "/healthz").await.line(), "ok");
    assert_eq!(get(&served.router, "/readyz").await.line(), "ok");
    served.shutdown.stopping.cancel();
    let got = get(&served.router, "/readyz").await;
    assert_eq!((got.status, got.line()), (503, "not ready: the server is shutting down"));
    assert_eq!(got.header("connection"), "close");
    assert_eq!(get(&served.router, "/healthz").await.status, 200, "it is no reason to be killed");

    let said = |obstacles: Vec<&'static str>, notes: Vec<&'static str>| Readiness {
        obstacles: obstacles.into_iter().map(Into::into).collect(),
        notes: notes.into_iter().map(Into::into).collect(),
    };
    for (readiness, status, line) in [
        (said(vec![], vec!["web.yaml: line 3: …"]), 200, "ok; web.yaml: line 3: …"),
        (said(vec!["no plan can be read"], vec!["x"]), 503, "not ready: no plan can be read; x"),
    ] {
        let ready = Box::new(move || readiness.clone());
        let served = served_as(Auth::Open, Limits::default(), |service| service.ready_where(ready));
        let got = get(&served.router, "/readyz").await;
        assert_eq!((got.status, got.line()), (status, line));
    }
}

#[tokio::test]
async fn a_server_that_asks_nobody_who_they_are_answers_to_names_of_this_machine_alone() {
    let served = served_as(Auth::Open, Limits::default(), |service| service.local_only(true));
    assert_eq!(get(&served.router, "/healthz").await.status, 200);
    for host in ["evil.example", "127.0.0.1.nip.io", "10.0.0.1:8080"] {
        let got = send_as(&served.router, host).await;
        assert_eq!(got, 403, "{host}");
    }
    for host in ["localhost", "[::1]:8080", "127.0.0.1"] {
        assert_eq!(send_as(&served.router, host).await, 200, "{host}");
    }
}

async fn send_as(router: &axum::Router, host: &str) -> u16 {
    use tower::ServiceExt as _;
    let request = http::Request::get("/healthz").header("host", host).body(axum::body::Body::empty()).unwrap();
    router.clone().oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn pages_of_other_sites_ask_nothing_and_the_own_page_may() {
    let served = served(Auth::Open);
    let body = r#"{"plan":"pinned","namespace":"shop"}"#;
    for (name, value, status) in [
        ("origin", "http://127.0.0.1:8080", 200),
        ("sec-fetch-site", "same-origin", 200),
        ("sec-fetch-site", "none", 200),
        ("origin", "null", 403),
        ("origin", "http://127.0.0.1:9999", 403),
        ("sec-fetch-site", "same-site", 403),
    ] {
        let got = send(&served.router, "POST", "/v1/gates", &[(name, value)], body).await;
        assert_eq!(got.status, status, "{name}: {value}: {got:?}");
    }
}
