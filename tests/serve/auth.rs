//! Who may do what, where, with which plan: tokens of a file.

use std::fs;
use std::sync::Arc;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crashgate::gate::result::Verdict;
use crashgate::serve::http::{Auth, Limits, Scope, TokenFile};

use super::http_fake::{Got, Served, call, send, served, served_as};

const TOKENS: &str = r#"
tokens:
- {name: all, token: all-all-all-all-all, namespaces: ["*"], plans: ["*"], may: [check, hold, rollback, event, gates, runs, page]}
- {name: flagger, token: flagger-of-the-shop, namespaces: [shop], plans: [web], may: [check, hold, rollback, event]}
- {name: argo, token: argo-of-shop-and-cart, namespaces: [shop, cart], plans: [web, pinned], may: [gates]}
- {name: eyes, token: eyes-of-everything, namespaces: ["*"], plans: ["*"], may: [page]}
"#;

/// Tokens: their name in the table, and the token.
const CALLERS: [(&str, &str); 6] = [
    ("all", "all-all-all-all-all"),
    ("flagger", "flagger-of-the-shop"),
    ("argo", "argo-of-shop-and-cart"),
    ("eyes", "eyes-of-everything"),
    ("unknown", "unknown-unknown-unknown"),
    ("none", ""),
];

fn tokens(text: &str) -> (tempfile::TempDir, Auth) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.yaml");
    fs::write(&path, text).unwrap();
    let file = TokenFile::load(&path).unwrap();
    (folder, Auth::Tokens(Arc::new(file)))
}

async fn ask(served: &Served, token: &str, method: &str, path: &str, body: String) -> Got {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str())];
    let headers = if token.is_empty() { &headers[..0] } else { &headers[..] };
    send(&served.router, method, path, headers, body).await
}

fn hook(namespace: &str) -> String {
    format!(r#"{{"name":"web","namespace":"{namespace}","phase":"Progressing"}}"#)
}

fn rest(plan: &str, namespace: &str) -> String {
    format!(r#"{{"plan":"{plan}","namespace":"{namespace}","workload":"deploy/web"}}"#)
}

/// Who may use a route in a namespace with a plan.
fn may(caller: &str, route: &str, namespace: &str, plan: &str) -> bool {
    match (caller, route) {
        ("all", _) => true,
        ("flagger", "check" | "hold" | "rollback" | "event") => namespace == "shop" && plan == "web",
        ("argo", "gates") => matches!(namespace, "shop" | "cart") && matches!(plan, "web" | "pinned"),
        _ => false,
    }
}

#[tokio::test]
async fn each_token_does_what_it_may_where_it_may_and_nothing_else() {
    let (_folder, auth) = tokens(TOKENS);
    for (caller, token) in CALLERS {
        for namespace in ["shop", "cart", "bank"] {
            for plan in ["web", "pinned"] {
                let served = served(auth.clone());
                served.gates.stands("g", call(plan, namespace), Some(Verdict::Failed));
                for route in ["check", "hold", "rollback", "event", "gates"] {
                    let got = match route {
                        "gates" => ask(&served, token, "POST", "/v1/gates", rest(plan, namespace)).await,
                        route => {
                            ask(&served, token, "POST", &format!("/flagger/{plan}/{route}"), hook(namespace)).await
                        }
                    };
                    let good = match route {
                        "check" | "hold" => 409,
                        "event" => 202,
                        _ => 200,
                    };
                    let about = format!("{caller} {namespace} {plan} {route}: {got:?}");
                    if matches!(caller, "none" | "unknown") {
                        assert_eq!(got.status, 401, "{about}");
                        assert_eq!(got.headers.get_all("www-authenticate").iter().count(), 2, "{about}");
                    } else if may(caller, route, namespace, plan) {
                        assert_eq!(got.status, good, "{about}");
                    } else {
                        assert_eq!(got.status, 403, "{about}");
                        assert!(got.body.contains(caller) && !got.body.contains("exit code"), "{about}");
                    }
                }
                // Gates of others are as unknown as those that are not there; the right to gates is told apart.
                for path in ["/v1/gates/g", "/v1/gates/g/report.json", "/v1/gates/g/report.html"] {
                    let got = ask(&served, token, "GET", path, String::new()).await;
                    let status = match caller {
                        "none" | "unknown" => 401,
                        "all" => 200,
                        "argo" if may(caller, "gates", namespace, plan) => 200,
                        "argo" => 404,
                        _ => 403,
                    };
                    assert_eq!(got.status, status, "{caller} {namespace} {plan} {path}: {got:?}");
                    let unknown = ask(
                        &served,
                        token,
                        "GET",
                        &path.replace("/g", "/x").replace("/xates", "/gates"),
                        String::new(),
                    )
                    .await;
                    assert!(status != 404 || unknown.body == got.body, "{got:?} {unknown:?}");
                }
                let forgotten = ask(&served, token, "DELETE", "/v1/gates/g", String::new()).await.status;
                assert_eq!(forgotten == 204, may(caller, "gates", namespace, plan), "{caller} {namespace} {plan}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_has_to_say_who_they_are_for_health_and_the_document() {
    let (_folder, auth) = tokens(TOKENS);
    let served = served(auth);
    for path in ["/healthz", "/readyz", "/openapi.json"] {
        assert_eq!(ask(&served, "", "GET", path, String::new()).await.status, 200);
    }
}

/// Flagger can send a password in a URL and nothing else.
#[tokio::test]
async fn a_token_may_come_as_a_password_whoever_the_user_is() {
    let (_folder, auth) = tokens(TOKENS);
    let served = served(auth);
    for (pair, status) in [
        ("flagger:flagger-of-the-shop", 425),
        (":flagger-of-the-shop", 425),
        ("flagger-of-the-shop:", 401),
        ("flagger:flagger-of-the-shoq", 401),
        ("flagger:flagger-of-the-sho", 401),
        ("flagger:flagger-of-the-shop ", 401),
    ] {
        let header = format!("Basic {}", STANDARD.encode(pair));
        let got = send(&served.router, "POST", "/flagger/web/check", &[("authorization", &header)], hook("shop")).await;
        assert_eq!(got.status, status, "{pair}: {got:?}");
    }
}

#[tokio::test]
async fn a_server_of_some_namespaces_answers_nobody_about_others() {
    let (_folder, auth) = tokens(TOKENS);
    let within = || Scope::of(["shop".to_owned()]);
    for (auth, token) in [(auth, "all-all-all-all-all"), (Auth::Open, "")] {
        let served = served_as(auth, Limits::default(), |service| service.within(within()));
        assert_eq!(ask(&served, token, "POST", "/v1/gates", rest("web", "shop")).await.status, 200);
        let got = ask(&served, token, "POST", "/v1/gates", rest("web", "cart")).await;
        assert!(got.status == 403 && got.body.contains("--namespaces"), "{got:?}");
        assert_eq!(ask(&served, token, "POST", "/flagger/web/rollback", hook("cart")).await.status, 403);
        served.gates.stands("foreign", call("web", "cart"), Some(Verdict::Healthy));
        assert_eq!(ask(&served, token, "GET", "/v1/gates/foreign", String::new()).await.status, 404);
    }
}

/// A body of somebody who may not ask is not even read.
#[tokio::test]
async fn who_may_not_ask_at_all_hears_so_before_the_body_is_read() {
    let (_folder, auth) = tokens(TOKENS);
    let served = served(auth);
    for (token, status) in [("", 401), ("eyes-of-everything", 403)] {
        let bearer = format!("Bearer {token}");
        let endless = Body::from_stream(futures::stream::pending::<Result<bytes::Bytes, std::io::Error>>());
        let got = send(&served.router, "POST", "/v1/gates", &[("authorization", &bearer)], endless).await;
        assert_eq!(got.status, status);
    }
}

#[tokio::test]
async fn a_token_that_is_taken_out_of_the_file_is_good_for_nothing_and_a_bad_file_is_told_by_readyz() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.yaml");
    fs::write(&path, TOKENS).unwrap();
    let file = Arc::new(TokenFile::load(&path).unwrap());
    let served = served(Auth::Tokens(Arc::clone(&file)));
    let status = async || ask(&served, "argo-of-shop-and-cart", "POST", "/v1/gates", rest("web", "shop")).await.status;
    assert_eq!(status().await, 200);
    fs::write(&path, "tokens: nonsense").unwrap();
    file.reread();
    assert_eq!(status().await, 200, "the tokens that were known stay good");
    let ready = ask(&served, "", "GET", "/readyz", String::new()).await;
    assert!(
        ready.status == 200 && ready.line().contains("the file of tokens cannot be read as it is now"),
        "{ready:?}"
    );
    fs::write(&path, TOKENS.replace("argo-of-shop-and-cart", "another-one-of-argo")).unwrap();
    file.reread();
    assert_eq!(status().await, 401);
    assert_eq!(ask(&served, "", "GET", "/readyz", String::new()).await.line(), "ok");
}

#[tokio::test]
async fn pages_beside_the_table_take_the_right_page() {
    use axum::routing::get;
    use crashgate::serve::Gates;
    use crashgate::serve::http::{Extras, Service, Shutdown, router};
    let (_folder, auth) = tokens(TOKENS);
    let gates: Arc<dyn Gates> = Arc::new(super::http_fake::Fake::default());
    let service = Service::new(gates, auth, Limits::default(), Shutdown::default());
    let page = axum::Router::new().route("/metrics", get(async || "figures"));
    let router = router(service, Extras { routes: Some(page) });
    for (caller, token) in CALLERS {
        let request = http::Request::get("/metrics").header("host", "localhost");
        let request =
            if token.is_empty() { request } else { request.header("authorization", format!("Bearer {token}")) };
        let response = tower::ServiceExt::oneshot(router.clone(), request.body(Body::empty()).unwrap()).await.unwrap();
        let status = match caller {
            "all" | "eyes" => 200,
            "none" | "unknown" => 401,
            _ => 403,
        };
        assert_eq!(response.status().as_u16(), status, "{caller}");
    }
}
