//! The pages of the service in a real browser: see `tests/browser/README.md`. Not run without being asked for.

use std::sync::Arc;

use axum::routing::post;
use crashgate::gate::result::{PodState, Verdict};

use super::fake::{FakeGates, decided, hear, moment, pending, recorded};
use super::page::open;
use crate::docs::browser::tools;

/// Serves pages on loopback and has them looked at by `tests/browser/serve.mjs`.
#[ignore = "needs Node, npm, Chromium and the network: cargo test --test it -- --ignored browser"]
#[tokio::test]
async fn the_pages_of_the_service_look_right_and_are_accessible_in_a_browser() {
    let why = "pod payments-6c9f-x2x7k, container app: it crashed 3 times within 41 s with exit code 1, and 0 crashes are allowed";
    let named = [
        recorded(decided("crash", "payments", Verdict::Failed, why), "crash-loop"),
        recorded(decided("well", "checkout", Verdict::Healthy, "2 of 2 pods stayed ready for 10 s"), "healthy"),
        recorded(decided("full", "search", Verdict::TimedOut, "1 of 2 pods never became ready"), "never-ready"),
        decided("gone", "cart", Verdict::Superseded, "deployment/cart now runs v3 instead of v2"),
        pending(
            "wait",
            "ledger-with-a-name-that-is-quite-long-indeed-and-goes-on",
            "a-namespace-of-a-large-company",
            "ledger",
        ),
    ];
    let many = (0..1000).map(|number| {
        let verdicts =
            [None, Some(Verdict::Healthy), Some(Verdict::Healthy), Some(Verdict::Failed), Some(Verdict::Platform)];
        let mut view =
            pending(&format!("n{number}"), &format!("service-{number}"), &format!("team-{}", number % 50), "web");
        (view.verdict, view.changed) = (verdicts[number % verdicts.len()], moment(-1 - i64::try_from(number).unwrap()));
        view
    });
    let few = FakeGates::with(named.clone());
    let all = FakeGates::with(named.into_iter().chain(many));
    let changing = Arc::clone(&few);
    let fail = post(move || async move {
        changing.change("wait", |view| {
            hear(view, 5, "ledger-1", PodState::Disturbed("CrashLoopBackOff".to_owned()));
            (view.verdict, view.changed) = (Some(Verdict::Failed), moment(30));
            view.why = "pod ledger-1 crashed".into();
        });
    });
    let mut served = Vec::new();
    for routes in [open(few).route("/test/fail", fail), open(all)] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        served.push(format!("http://{}", listener.local_addr().unwrap()));
        tokio::spawn(async move { axum::serve(listener, routes).await });
    }
    let (chromium, tools) = tokio::task::spawn_blocking(tools).await.unwrap();
    let mut browser = tokio::process::Command::new("node");
    let browser = browser.arg("tests/browser/serve.mjs").args(&served).arg(chromium).arg(tools).status();
    assert!(browser.await.unwrap().success(), "what it said is above");
}
