//! Flagger's hooks. It takes any status up to 202 for yes.

use std::time::Duration;

use crashgate::gate::result::Verdict;
use crashgate::serve::http::Auth;
use crashgate::serve::{GateView, Refused};
use tokio::time::Instant;

use super::http_fake::{Served, call, post, send, served, view};

fn hook(phase: &str) -> String {
    format!(r#"{{"name":"web","namespace":"shop","phase":"{phase}","checksum":"v2:sha256:00","metadata":{{}}}}"#)
}

const PHASES: [&str; 12] = [
    "",
    "Initializing",
    "Initialized",
    "Waiting",
    "Progressing",
    "WaitingPromotion",
    "Promoting",
    "Finalising",
    "Succeeded",
    "Failed",
    "Terminating",
    "Terminated",
];

#[tokio::test]
async fn check_is_200_for_healthy_425_for_pending_and_409_for_the_rest() {
    for verdict in Verdict::ALL.map(Some).into_iter().chain([None]) {
        let Served { gates, router, .. } = served(Auth::Open);
        gates.stands("g", call("web", "shop"), verdict);
        let (check, hold) = match verdict {
            Some(Verdict::Healthy) => (200, 200),
            None => (425, 409),
            Some(verdict) if verdict.name() == "interrupted" => (425, 409),
            Some(_) => (409, 409),
        };
        for (path, status) in [("check", check), ("hold", hold)] {
            let got = post(&router, &format!("/flagger/web/{path}"), &hook("Progressing")).await;
            assert_eq!(got.status, status, "{verdict:?} {path}: {got:?}");
            let word = verdict.filter(|verdict| verdict.name() != "interrupted").map_or("pending", Verdict::name);
            assert!(got.line().starts_with(word), "{got:?}");
        }
    }
}

#[tokio::test]
async fn a_pass_of_what_does_not_run_now_confirms_nothing() {
    let Served { gates, router, .. } = served(Auth::Open);
    let gate = gates.stands("g", call("web", "shop"), Some(Verdict::Healthy));
    gate.send_modify(|view| view.is_current = false);
    for (path, status) in [("check", 425), ("hold", 409)] {
        let got = post(&router, &format!("/flagger/web/{path}"), &hook("Progressing")).await;
        assert!(got.status == status && got.line().contains("not seen to run"), "{got:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn check_waits_as_long_as_it_is_asked_to() {
    let Served { gates, router, .. } = served(Auth::Open);
    let gate = gates.stands("g", call("web", "shop"), None);
    let begun = Instant::now();
    assert_eq!(post(&router, "/flagger/web/check?wait=5s", &hook("Progressing")).await.status, 425);
    assert_eq!(begun.elapsed().as_secs(), 5);
    let passes = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        gate.send_modify(|view| view.verdict = Some(Verdict::Healthy));
    };
    let asked = hook("Progressing");
    let (got, ()) = tokio::join!(post(&router, "/flagger/web/check?wait=5s", &asked), passes);
    assert_eq!((got.status, begun.elapsed().as_secs()), (200, 7));
    assert_eq!(post(&router, "/flagger/web/hold?wait=5s", &asked).await.status, 400, "hold is asked again and again");
}

#[tokio::test]
async fn a_hook_that_comes_without_pods_is_told_which_one_to_use_and_begins_nothing() {
    let Served { gates, router, .. } = served(Auth::Open);
    for phase in PHASES {
        for path in ["check", "hold"] {
            let got = post(&router, &format!("/flagger/web/{path}"), &hook(phase)).await;
            assert!(matches!(got.status, 409 | 425), "{phase}: {got:?}");
            if matches!(phase, "Initialized" | "Waiting" | "Succeeded" | "Failed" | "Finalising") {
                let line = got.line();
                assert!(got.status == 409 && line.contains("pre-rollout") && line.contains(phase), "{line}");
                assert!(line.contains("confirm-traffic-increase"), "{line}");
            }
        }
    }
    assert_eq!(gates.calls().len(), 8, "'', Progressing, WaitingPromotion and Promoting, twice each");
}

#[tokio::test]
async fn the_workload_is_that_of_the_metadata_else_of_the_plan_else_the_deployment_of_that_name() {
    let Served { gates, router, .. } = served(Auth::Open);
    for (plan, metadata, workload) in [
        ("web", r#"{"workload":"sts/db"}"#, Some("statefulset/db")),
        ("pinned", r#"{"workload":"sts/db"}"#, Some("statefulset/db")),
        ("pinned", "{}", None),
        ("web", "{}", Some("deployment/web")),
        ("web", r#"{"workload":null,"other":"x"}"#, Some("deployment/web")),
    ] {
        let body = format!(r#"{{"name":"web","namespace":"shop","phase":"Progressing","metadata":{metadata}}}"#);
        post(&router, &format!("/flagger/{plan}/hold"), &body).await;
        let call = gates.calls().pop().unwrap();
        assert_eq!(call.workload.map(|pin| pin.to_string()).as_deref(), workload, "{plan} {metadata}");
    }
    for metadata in [r#"{"workload":"db"}"#, r#"{"workload":3}"#, r#"{"workload":["a"]}"#] {
        let body = format!(r#"{{"name":"web","namespace":"shop","phase":"Progressing","metadata":{metadata}}}"#);
        let got = post(&router, "/flagger/web/hold", &body).await;
        assert!(got.status == 400 && got.line().contains("metadata.workload"), "{got:?}");
    }
}

#[tokio::test]
async fn what_passes_keeps_the_reason_and_decides_nothing() {
    for refused in [Refused::Busy { most: 3 }, Refused::Starting, Refused::Ending] {
        let Served { gates, router, .. } = served(Auth::Open);
        gates.refuse(Some(refused.clone()));
        for (path, status) in [("check", 425), ("hold", 409), ("rollback", 409), ("event", 202)] {
            let got = post(&router, &format!("/flagger/web/{path}"), &hook("Progressing")).await;
            assert_eq!(got.status, status, "{got:?}");
            assert!(path == "event" || got.line() == refused.to_string(), "{got:?}");
        }
    }
    let Served { gates, router, .. } = served(Auth::Open);
    gates.panic();
    for (path, status) in [("check", 425), ("hold", 409), ("rollback", 409)] {
        let got = post(&router, &format!("/flagger/web/{path}"), &hook("Progressing")).await;
        assert!(got.status == status && got.line().contains("crashgate itself failed"), "{got:?}");
    }
}

#[tokio::test]
async fn an_event_is_taken_whatever_it_says() {
    let Served { gates, router, .. } = served(Auth::Open);
    let body = r#"{"name":"web","namespace":"shop","phase":"Progressing","metadata":
        {"eventMessage":"Halt \u001b[2J advancement","eventType":"Warning","timestamp":"1700000000000"}}"#;
    assert_eq!(post(&router, "/flagger/web/event", body).await.status, 202);
    assert_eq!(gates.calls(), []);
}

#[tokio::test]
async fn rollback_is_200_for_a_current_failure_in_its_three_phases_and_for_nothing_else() {
    for verdict in Verdict::ALL.map(Some).into_iter().chain([None]) {
        for phase in PHASES {
            for is_current in [true, false] {
                let Served { gates, router, .. } = served(Auth::Open);
                gates.put(GateView { verdict, is_current, ..view("g", call("web", "shop")) });
                let got = post(&router, "/flagger/web/rollback", &hook(phase)).await;
                let rolls_back = verdict == Some(Verdict::Failed)
                    && is_current
                    && matches!(phase, "Progressing" | "Waiting" | "WaitingPromotion");
                assert_eq!(got.status, if rolls_back { 200 } else { 409 }, "{verdict:?} {phase} {is_current}: {got:?}");
                got.line();
            }
        }
    }
}

#[tokio::test]
async fn a_rollback_is_confirmed_by_a_read_of_what_the_workload_has_now() {
    let Served { gates, router, .. } = served(Auth::Open);
    gates.stands("g", call("web", "shop"), Some(Verdict::Failed));
    assert_eq!(post(&router, "/flagger/web/rollback", &hook("Progressing")).await.status, 200);
    gates.move_on();
    let got = post(&router, "/flagger/web/rollback", &hook("Progressing")).await;
    assert_eq!(got.status, 409);
    assert!(got.line().contains("could not be confirmed"), "{got:?}");
}

/// Whatever else is asked there: no answer is 2xx or 3xx, even while the gate has failed.
#[tokio::test]
async fn nothing_else_on_the_rollback_route_is_ever_a_yes_or_a_redirect() {
    let Served { gates, router, .. } = served(Auth::Open);
    gates.stands("g", call("web", "shop"), Some(Verdict::Failed));
    let good = hook("Progressing");
    assert_eq!(post(&router, "/flagger/web/rollback", &good).await.status, 200, "the gate did fail");
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"] {
        let got =
            send(&router, method, "/flagger/web/rollback", &[("content-type", "application/json")], good.clone()).await;
        assert_eq!(got.status, 405, "{method}: {got:?}");
    }
    let deep = format!(
        r#"{{"name":"web","namespace":"shop","phase":"Progressing","x":{}{}}}"#,
        "[".repeat(9000),
        "]".repeat(9000)
    );
    let large = format!(r#"{{"name":"web","namespace":"shop","phase":"Progressing","x":"{}"}}"#, "x".repeat(70_000));
    for body in [
        "",
        "null",
        "[]",
        "{}",
        "\"Progressing\"",
        "true",
        "phase=Progressing",
        r#"{"name":"web","namespace":"shop"}"#,
        r#"{"name":"web","namespace":"shop","phase":null}"#,
        r#"{"name":"web","namespace":"shop","phase":"progressing"}"#,
        r#"{"name":"web","namespace":"shop","phase":"Progressing "}"#,
        r#"{"name":"web","namespace":"shop","phase":["Progressing"]}"#,
        r#"{"name":"web","namespace":"shop","phase":"Failed","phase":"Progressing"}"#,
        r#"{"name":"web","phase":"Progressing"}"#,
        r#"{"namespace":"shop","phase":"Progressing"}"#,
        r#"{"name":"../web","namespace":"shop","phase":"Progressing"}"#,
        r#"{"name":"web","namespace":"*","phase":"Progressing"}"#,
        r#"{"name":"web","namespace":"","phase":"Progressing"}"#,
        "{\"name\":\"web\\u0000\",\"namespace\":\"shop\",\"phase\":\"Progressing\"}",
        &deep,
        &large,
        &"x".repeat(10_000_000),
    ] {
        let got = post(&router, "/flagger/web/rollback", body).await;
        assert!(matches!(got.status, 400 | 409 | 413), "{}: {got:?}", &body[..body.len().min(80)]);
        got.line();
    }
    let not_text = send(&router, "POST", "/flagger/web/rollback", &[], b"{\"name\":\"\xff\"}".to_vec()).await;
    assert_eq!(not_text.status, 400);
    for path in [
        "/flagger/other/rollback",
        "/flagger/web/rollback/",
        "/flagger//rollback",
        "/flagger/web/rollback/x",
        "/flagger/web%2Frollback",
        "/flagger/web/rollb%61ck",
        "/flagger/%77eb/rollback/",
        "/flagger/web/Rollback",
        "/FLAGGER/web/rollback",
        "/flagger/web/../web/rollback",
        "/flagger/rollback",
        "/flagger/%00/rollback",
        "/flagger/%ff/rollback",
        "//flagger/web/rollback",
        "/flagger/web/rollback?wait=5s",
        "/flagger/web/rollback?x",
    ] {
        let got = post(&router, path, &good).await;
        assert!(matches!(got.status, 400 | 404), "{path}: {got:?}");
    }
    for headers in [
        [("content-type", "text/plain"), ("x", "y")],
        [("content-type", "application/x-www-form-urlencoded"), ("x", "y")],
        [("content-type", "application/json"), ("content-encoding", "gzip")],
        [("content-type", "application/json"), ("origin", "https://evil.example")],
        [("content-type", "application/json"), ("sec-fetch-site", "cross-site")],
    ] {
        let got = send(&router, "POST", "/flagger/web/rollback", &headers, good.clone()).await;
        assert!(matches!(got.status, 403 | 415), "{headers:?}: {got:?}");
    }
}

#[tokio::test]
async fn a_gate_that_a_rollback_begins_is_no_reason_to_roll_back() {
    let Served { gates, router, .. } = served(Auth::Open);
    let got = post(&router, "/flagger/web/rollback", &hook("Progressing")).await;
    assert!(got.status == 409 && got.line().contains("pending"), "{got:?}");
    assert_eq!(gates.ids().len(), 1);
}

#[tokio::test]
async fn the_reason_is_one_line_in_which_nothing_acts() {
    let Served { gates, router, .. } = served(Auth::Open);
    let said = format!("a\nb \u{1b}[2J \u{202e} <!channel> \"it's\" \0 token=abcdefgh12345 {}", "ü".repeat(2000));
    gates.put(GateView {
        verdict: Some(Verdict::Failed),
        why: crashgate::text::Redaction::On.text(&said),
        ..view("g", call("web", "shop"))
    });
    let got = post(&router, "/flagger/web/check", &hook("Progressing")).await;
    let line = got.line();
    assert!(line.starts_with(r#"failed: a\nb \x1b[2J \u{202e} ‹!channel› "it's" \x00 token=***"#), "{line}");
    assert!(line.ends_with('…'), "{line}");
    for path in ["/flagger/\u{1b}/check", "/flagger/%1b%0a%3Cb%3E/check"] {
        if let Ok(uri) = path.parse::<http::Uri>() {
            let got = post(&router, &uri.to_string(), &hook("Progressing")).await;
            assert!(matches!(got.status, 400 | 404), "{got:?}");
            assert!(!got.line().contains(['<', '\u{1b}']), "{got:?}");
        }
    }
}
