//! The page for people: what stands on it, what those who follow it are sent, and what nobody can smuggle into it. How it
//! looks is seen in a browser: see the test that is ignored.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::response::Response;
use crashgate::gate::result::{PodState, Verdict};
use crashgate::serve::page::{FOLLOWERS, Page, Sight, router};
use crashgate::text::Redaction;
use futures::StreamExt as _;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, BodyStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::fake::{FakeGates, decided, hear, moment, pending, recorded};

/// A page that everybody may see.
pub fn open(gates: Arc<FakeGates>) -> axum::Router {
    router(Page::new(gates, CancellationToken::new())).layer(Extension(Sight::all()))
}

async fn ask(page: &axum::Router, path: &str) -> Response {
    page.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(page: &axum::Router, path: &str) -> String {
    let bytes = ask(page, path).await.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What somebody who follows is sent.
struct Followed(BodyStream<Body>);

impl Followed {
    async fn begin(page: &axum::Router, path: &str) -> Self {
        let answer = ask(page, path).await;
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self(BodyStream::new(answer.into_body()))
    }

    /// The next piece: an event or a heartbeat. `None` at the end.
    async fn next(&mut self) -> Option<String> {
        let frame = self.0.next().await?.unwrap().into_data().unwrap();
        Some(String::from_utf8(frame.to_vec()).unwrap())
    }

    /// The data of the next event.
    async fn event(&mut self) -> serde_json::Value {
        loop {
            let piece = self.next().await.expect("there is more to come");
            if let Some(data) = piece.lines().find_map(|line| line.strip_prefix("data: ")) {
                return serde_json::from_str(data).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn the_list_says_of_each_gate_what_it_is_and_how_it_stands() {
    let failed = decided("aa", "checkout", Verdict::Failed, "pod checkout-1 crashed");
    let mut past = decided("bb", "till", Verdict::Healthy, "all pods are ready");
    past.is_current = false;
    let page = open(FakeGates::with([failed, past, pending("cc", "cart", "shop", "cart")]));
    let list = text(&page, "/").await;
    for part in [
        "<title>1 gate in trouble · crashgate</title>",
        "3 gates: 1 failed, 1 pending, 1 healthy",
        "href=\"/gates/aa\">checkout</a>",
        "deployment/checkout",
        "in shop · 7d9c6f5b48",
        "pod checkout-1 crashed",
        "not running now",
        "<time datetime=\"2026-11-22T03:30:00Z\">2026-11-22 03:30:00 UTC</time>",
        "<noscript><meta http-equiv=\"refresh\"",
    ] {
        assert!(list.contains(part), "{part}\n{list}");
    }
    assert!(text(&open(FakeGates::with([])), "/").await.contains("No gate has been asked for yet"));
}

#[tokio::test]
async fn a_page_allows_nothing_but_its_own_style_and_script() {
    let page = open(FakeGates::with([pending("aa", "cart", "shop", "cart")]));
    let mut nonces = Vec::new();
    for path in ["/", "/", "/gates/aa", "/gates/none"] {
        let answer = ask(&page, path).await;
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        let body = String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let nonce = policy.split_once("script-src 'nonce-").unwrap().1.split_once('\'').unwrap().0.to_owned();
        assert!(policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(nonce.len(), 22);
        let allowed = format!(" nonce=\"{nonce}\"");
        assert_eq!(body.matches("<script").count(), body.matches(&format!("<script{allowed}")).count());
        assert_eq!((body.matches("<style").count(), body.matches(&allowed).count()), (1, 2));
        let outside = body.split(['"', '\'']).find(|part| part.starts_with("http") || part.starts_with("//"));
        assert_eq!(outside, None);
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 4, "each answer has its own");
}

#[tokio::test]
async fn a_gate_has_a_page_with_its_findings_its_pods_and_its_reports() {
    let page =
        open(FakeGates::with([recorded(decided("aa", "payments", Verdict::Failed, "it crashes"), "crash-loop")]));
    let gate = text(&page, "/gates/aa").await;
    for part in ["CrashLoop", "Pods over time", "What happened", "Next:", "The last log lines of the container"] {
        assert!(gate.contains(part), "{part}");
    }
    for ending in ["html", "json", "md", "xml"] {
        assert!(gate.contains(&format!("href=\"/v1/gates/aa/report.{ending}\"")), "{ending}");
    }
    assert_eq!(gate.matches("<h1").count(), 1);
    assert!(gate.contains("data-events=\"/gates/aa/events\""));
    let part = text(&page, "/gates/aa?live").await;
    assert!(part.starts_with("<section") && part.ends_with("</section>") && gate.contains(&part));
    assert_eq!(ask(&page, "/gates/zz").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(ask(&page, "/gates/zz/events").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_gate_that_goes_on_shows_its_pods_until_now_and_no_verdict() {
    let mut view = pending("aa", "cart", "shop", "cart");
    hear(&mut view, 1, "cart-1", PodState::Unscheduled { reason: None });
    hear(&mut view, 3, "cart-1", PodState::Ready);
    let gate = text(&open(FakeGates::with([view])), "/gates/aa").await;
    assert!(gate.contains("Pods over time") && gate.contains("cart-1") && gate.contains("Pending"), "{gate}");
    assert!(!gate.contains("/report."), "there is nothing to report yet");
    assert!(!gate.contains("the gate decided"), "{gate}");
}

#[tokio::test]
async fn a_new_round_after_a_verdict_is_drawn_for_itself() {
    let mut view = recorded(decided("aa", "payments", Verdict::Failed, "it crashes"), "crash-loop");
    let fresh = pending("aa", "payments", "shop", "payments");
    view.log = Arc::clone(&fresh.log);
    hear(&mut view, 2, "payments-new", PodState::Ready);
    let gate = text(&open(FakeGates::with([view.clone()])), "/gates/aa").await;
    assert!(gate.contains("payments-new") && gate.contains("CrashLoop"), "both are told");
    assert_eq!(gate.matches("Pods over time</h2>").count(), 1, "the old findings are not drawn over the new round");
    view.verdict = None;
    let taken_back = text(&open(FakeGates::with([view])), "/gates/aa").await;
    assert!(!taken_back.contains("CrashLoop"), "a verdict that was taken back shows no cause");
}

#[tokio::test]
async fn names_of_others_are_words_and_nothing_else() {
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\n\r\ndata: x\u{1b}[2J\u{202e}";
    let mut view = pending("aa", hostile, hostile, hostile);
    view.revision = Some(hostile.to_owned());
    view.why = Redaction::On.text(&format!("password=hunter2secret {hostile}"));
    Arc::make_mut(&mut view.call).run = Some(hostile.to_owned());
    hear(&mut view, 1, hostile, PodState::Disturbed(hostile.to_owned()));
    let gates = FakeGates::with([view.clone()]);
    let page = open(Arc::clone(&gates));
    let mut followed = Followed::begin(&page, "/events").await;
    let row = followed.next().await.unwrap();
    assert_eq!(row.lines().filter(|line| line.starts_with("data:")).count(), 1, "{row}");
    for shown in [
        text(&page, "/").await,
        text(&page, "/gates/aa").await,
        text(&page, &format!("/?q={}", "%3Cscript%3E%22")).await,
        row,
    ] {
        assert!(!shown.contains("<script>alert") && !shown.contains("<img"), "{shown}");
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}') && !shown.contains("hunter2"), "{shown}");
    }
}

#[tokio::test]
async fn a_filter_finds_gates_by_any_of_their_names_and_pages_hold_two_hundred() {
    let gates = (0..450).map(|number| {
        let mut view = pending(&format!("g{number}"), &format!("plan-{number}"), "shop", &format!("app-{number}"));
        view.changed = moment(number);
        view
    });
    let page = open(FakeGates::with(gates));
    let rows = |page: &str| page.matches("<tr id=\"g-").count();
    let first = text(&page, "/").await;
    assert_eq!(rows(&first), 200);
    assert!(first.contains("plan-449") && !first.contains("plan-249<"), "the newest first");
    assert!(first.contains("Page 1 of 3") && first.contains("href=\"/?page=2\"") && !first.contains("Newer"));
    let last = text(&page, "/?page=3").await;
    assert_eq!(rows(&last), 50);
    assert!(last.contains("Newer") && !last.contains("Older"));
    let beyond = text(&page, "/?page=99").await;
    assert!(beyond.contains("This page has no gates any more.") && beyond.contains("href=\"/?page=3\""));
    let found = text(&page, "/?q=PLAN-44+pending").await;
    assert_eq!(rows(&found), 11, "44 and 440 to 449");
    assert!(
        found.contains("value=\"PLAN-44 pending\"") && found.contains("data-events=\"/events?q=PLAN-44%20pending\"")
    );
    assert!(text(&page, "/?q=nothing-has-this").await.contains("No gate fits this filter."));
    assert_eq!(rows(&text(&page, "/?page=x").await), 200, "what makes no sense is passed over");
}

#[tokio::test]
async fn only_what_may_be_seen_is_there() {
    let gates = FakeGates::with([pending("aa", "cart", "shop", "cart"), pending("bb", "till", "bank", "till")]);
    let bare = router(Page::new(gates, CancellationToken::new()));
    assert!(text(&bare, "/").await.contains("No gate has been asked for yet"), "nobody said what may be seen");
    assert_eq!(ask(&bare, "/gates/aa").await.status(), StatusCode::NOT_FOUND);
    let shop = bare.layer(Extension(Sight::of(|call| call.namespace == "shop")));
    let list = text(&shop, "/").await;
    assert!(list.contains("cart") && !list.contains("till") && !list.contains("bank"), "{list}");
    assert_eq!(ask(&shop, "/gates/bb").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(ask(&shop, "/gates/bb/events").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(Followed::begin(&shop, "/events").await.event().await["rows"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn those_who_follow_the_list_are_told_what_changed_and_verdicts_aloud() {
    let gates = FakeGates::with([pending("aa", "cart", "shop", "cart"), pending("bb", "till", "shop", "till")]);
    let page = open(Arc::clone(&gates));
    let mut followed = Followed::begin(&page, "/events").await;
    let all = followed.event().await;
    assert_eq!((all["rows"].as_array().unwrap().len(), all["said"].as_str()), (2, Some("")));
    gates.change("bb", |view| view.why = "still starting".into());
    let change = followed.event().await;
    assert_eq!((change["rows"][0]["id"].as_str(), change["said"].as_str()), (Some("bb"), Some("")));
    gates.change("aa", |view| (view.verdict, view.changed) = (Some(Verdict::Failed), moment(9)));
    let change = followed.event().await;
    assert_eq!(change["said"], "cart in shop: failed");
    assert_eq!(change["counts"], "2 gates: 1 failed, 1 pending");
    assert!(change["rows"][0]["html"].as_str().unwrap().starts_with("<tr id=\"g-aa\">"));
    gates.put(pending("cc", "new", "shop", "new"));
    assert_eq!(followed.event().await["rows"][0]["id"], "cc");
    assert!(crashgate::serve::Gates::forget(&*gates, &crashgate::serve::GateId::of("bb")));
    assert_eq!(followed.event().await["gone"][0], "bb");
}

#[tokio::test(start_paused = true)]
async fn those_who_follow_a_gate_are_told_of_its_changes_and_of_its_end() {
    let gates = FakeGates::with([pending("aa", "cart", "shop", "cart")]);
    let page = open(Arc::clone(&gates));
    let mut followed = Followed::begin(&page, "/gates/aa/events").await;
    assert_eq!(followed.event().await["said"], "");
    gates.change("aa", |view| view.heard += 1);
    assert_eq!(followed.event().await["said"], "");
    gates.change("aa", |view| view.verdict = Some(Verdict::Healthy));
    assert_eq!(followed.event().await["said"], "cart in shop: healthy");
    assert!(crashgate::serve::Gates::forget(&*gates, &crashgate::serve::GateId::of("aa")));
    assert_eq!(followed.event().await["said"], "This gate was forgotten");
    assert_eq!(followed.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_line_has_a_heartbeat_and_ends_with_the_server() {
    let stopping = CancellationToken::new();
    let page = Page::new(FakeGates::with([pending("aa", "cart", "shop", "cart")]), stopping.clone());
    let routes = router(page.clone()).layer(Extension(Sight::all()));
    for path in ["/events", "/gates/aa/events"] {
        let mut followed = Followed::begin(&routes, path).await;
        followed.event().await;
        let before = tokio::time::Instant::now();
        assert_eq!(followed.next().await.unwrap().trim(), ":", "{path}");
        assert!(before.elapsed() <= Duration::from_secs(15), "{path}");
    }
    let mut followed = Followed::begin(&routes, "/events").await;
    followed.event().await;
    stopping.cancel();
    assert_eq!(followed.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn followers_are_so_many_and_one_who_does_not_read_is_let_go() {
    let gates = FakeGates::with([pending("aa", "cart", "shop", "cart")]);
    let page = Page::new(Arc::clone(&gates) as _, CancellationToken::new());
    let routes = router(page.clone()).layer(Extension(Sight::all()));
    let mut readers = Vec::new();
    for _ in 0..FOLLOWERS {
        readers.push(Followed::begin(&routes, "/events").await);
    }
    let refused = ask(&routes, "/events").await;
    assert_eq!(refused.status(), StatusCode::NO_CONTENT, "a browser does not come back after that");
    assert_eq!(page.following(), FOLLOWERS);
    // Nobody reads, and the gate goes on changing.
    for number in 0..60 {
        gates.change("aa", |view| view.why = Redaction::On.text(&format!("look {number}")));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(page.following(), 0);
    drop(readers);
    Followed::begin(&routes, "/events").await.event().await;
}
