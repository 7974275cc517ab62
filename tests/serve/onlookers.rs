//! What is served to those who look on, behind the door that callers pass.

use std::sync::Arc;

use axum::body::Body;
use crashgate::serve::http::{Auth, Extras, Limits, Service, Shutdown, router};
use crashgate::serve::onlookers;
use crashgate::serve::page::Page;
use crashgate::serve::telemetry::{Metrics, Now};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::fake::{FakeGates, pending};

#[tokio::test]
async fn the_page_and_the_figures_are_served_beside_the_gates() {
    let gates = FakeGates::with([pending("aa", "cart", "shop", "cart")]);
    let shutdown = Shutdown::default();
    let page = Page::new(Arc::clone(&gates) as _, shutdown.stopping.clone());
    let now = || Now { plan_problems: 2, ..Now::default() };
    let routes = onlookers::routes(Arc::clone(&gates) as _, page, Metrics::new(), now);
    let service = Service::new(gates, Auth::Open, Limits::default(), shutdown);
    let all = router(service, Extras { routes: Some(routes) });
    let ask = async |path: &str| {
        let answer = all.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (kind, policy, String::from_utf8(bytes.to_vec()).unwrap())
    };
    let (_, policy, list) = ask("/").await;
    assert!(policy.contains("script-src 'nonce-") && list.contains("/gates/aa"), "{policy}\n{list}");
    assert!(ask("/gates/aa").await.2.contains("deployment/cart"));
    let (kind, _, figures) = ask("/metrics").await;
    assert!(kind.starts_with("application/openmetrics-text"));
    assert!(
        figures.contains("crashgate_gates{verdict=\"pending\"} 1\n") && figures.contains("crashgate_plan_problems 2\n")
    );
}
