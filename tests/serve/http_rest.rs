//! Gates for scripts and for Argo Rollouts.

use std::sync::Arc;
use std::time::Duration;

use crashgate::gate::result::Verdict;
use crashgate::serve::http::{Auth, Limits};
use crashgate::serve::{GateView, Mode, Refused};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::http_fake::{Served, call, get, log, post, run, send, served, served_as, view};

const BODY: &str = r#"{"plan":"pinned","namespace":"shop"}"#;

fn about(got: &super::http_fake::Got) -> (u16, Value, Value) {
    let json = got.json();
    (got.status, json["verdict"].clone(), json["exitCode"].clone())
}

#[tokio::test]
async fn a_call_begins_a_gate_and_the_next_one_joins_it() {
    let Served { gates, router, .. } = served(Auth::Open);
    let got = post(&router, "/v1/gates", BODY).await;
    let first = got.json();
    assert_eq!(about(&got), (200, json!("pending"), Value::Null));
    assert_eq!(first["summary"], json!({"verdict": "pending", "why": "waiting for 2 of 3 pods"}));
    assert_eq!((&first["schema"], &first["plan"], &first["revision"]), (&json!(1), &json!("pinned"), &json!("7d9f")));
    assert!(first.get("result").is_none(), "no round has ended");
    let again = post(&router, "/v1/gates", BODY).await.json();
    assert_eq!(again["id"], first["id"]);
    assert_eq!(gates.ids().len(), 1);
}

#[tokio::test]
async fn what_a_call_names_is_asked_for_and_workloads_are_called_as_kubectl_does() {
    let Served { gates, router, .. } = served(Auth::Open);
    let body =
        r#"{"plan":"web","namespace":"shop","workload":"deploy/web","revision":"7d9f","run":"uid-1","mode":"once"}"#;
    post(&router, "/v1/gates", body).await;
    let call = gates.calls().pop().unwrap();
    assert_eq!(call.workload.unwrap().to_string(), "deployment/web");
    assert_eq!((call.revision.as_deref(), call.run.as_deref(), call.mode), (Some("7d9f"), Some("uid-1"), Mode::Once));
}

#[tokio::test]
async fn each_verdict_is_told_with_its_exit_code_and_its_result() {
    for verdict in Verdict::ALL {
        let Served { gates, router, .. } = served(Auth::Open);
        gates.stands("g", call("pinned", "shop"), Some(verdict));
        for got in [post(&router, "/v1/gates", BODY).await, get(&router, "/v1/gates/g").await] {
            let json = got.json();
            if verdict.name() == "interrupted" {
                assert_eq!(about(&got), (200, json!("pending"), Value::Null), "a signal is no verdict");
                assert!(json.get("result").is_none());
            } else {
                assert_eq!(about(&got), (200, json!(verdict.name()), json!(verdict.exit_code())));
                assert_eq!(json["summary"]["verdict"], verdict.name());
                assert_eq!(json["result"]["verdict"], verdict.name());
                assert_eq!(json["result"]["exitCode"], verdict.exit_code());
            }
        }
    }
}

/// Who is told *healthy* sends traffic to what runs now.
#[tokio::test]
async fn a_verdict_on_what_does_not_run_now_is_pending_and_its_result_is_not_shown() {
    let named = |revision: Option<&str>, mode| crashgate::serve::Call {
        revision: revision.map(str::to_owned),
        mode,
        ..call("pinned", "shop")
    };
    for (verdict, revision, mode, by_call, by_id) in [
        (Verdict::Healthy, None, Mode::Standing, "pending", "pending"),
        (Verdict::Healthy, Some("7d9f"), Mode::Standing, "pending", "pending"),
        (Verdict::Failed, None, Mode::Standing, "pending", "failed"),
        (Verdict::Failed, Some("7d9f"), Mode::Standing, "failed", "failed"),
        (Verdict::Healthy, None, Mode::Once, "healthy", "healthy"),
        (Verdict::Failed, None, Mode::Once, "failed", "failed"),
    ] {
        let Served { gates, router, .. } = served(Auth::Open);
        let gate = gates.stands("g", named(revision, mode), Some(verdict));
        gate.send_modify(|view| view.is_current = false);
        for (got, told) in
            [(post(&router, "/v1/gates", BODY).await, by_call), (get(&router, "/v1/gates/g").await, by_id)]
        {
            let json = got.json();
            assert_eq!(json["verdict"], told, "{verdict} {revision:?} {mode:?}: {json}");
            assert_eq!(json["current"], false);
            assert_eq!(json.get("result").is_some(), told != "pending", "{json}");
            if told == "pending" {
                let why = json["summary"]["why"].as_str().unwrap();
                assert!(why.contains("not seen to run") && json["exitCode"].is_null(), "{json}");
            }
        }
    }
}

/// The result of an earlier round must not be taken for the verdict.
#[tokio::test]
async fn a_verdict_that_was_taken_back_is_pending_with_no_result() {
    let Served { gates, router, .. } = served(Auth::Open);
    let gate = gates.stands("g", call("pinned", "shop"), Some(Verdict::Healthy));
    gate.send_modify(|view| view.verdict = None);
    let json = post(&router, "/v1/gates", BODY).await.json();
    assert_eq!(json["verdict"], "pending");
    assert!(json.get("result").is_none(), "{json}");
    gate.send_modify(|view| view.verdict = Some(Verdict::Failed));
    let json = post(&router, "/v1/gates", BODY).await.json();
    assert_eq!(json["verdict"], "failed");
    assert!(json.get("result").is_none(), "the round that ended said healthy: {json}");
}

#[tokio::test]
async fn what_passes_is_pending_and_never_an_error() {
    for refused in [Refused::Busy { most: 5 }, Refused::Starting, Refused::Ending] {
        let Served { gates, router, .. } = served(Auth::Open);
        gates.refuse(Some(refused.clone()));
        let got = post(&router, "/v1/gates", BODY).await;
        assert_eq!(about(&got), (200, json!("pending"), Value::Null));
        let json = got.json();
        assert!(json["id"].is_null(), "{json}");
        assert_eq!(json["summary"]["why"].as_str().unwrap(), refused.to_string());
    }
}

#[tokio::test]
async fn a_panic_is_a_pending_gate_too() {
    let Served { gates, router, .. } = served(Auth::Open);
    gates.panic();
    for got in [post(&router, "/v1/gates", BODY).await, get(&router, "/v1/gates/g").await] {
        assert_eq!(about(&got), (200, json!("pending"), Value::Null));
    }
    for (method, path) in [("DELETE", "/v1/gates/g"), ("GET", "/v1/gates/g/report.json")] {
        assert_eq!(send(&router, method, path, &[], "").await.status, 409);
    }
}

#[tokio::test]
async fn mistakes_are_told_with_what_to_write() {
    let Served { gates, router, .. } = served(Auth::Open);
    for (body, status, said) in [
        (r#"{"plan":"other","namespace":"shop"}"#, 404, "did you mean web?"),
        (r#"{"plan":"web","namespace":"shop"}"#, 400, "names a workload"),
        (r#"{"plan":"web","namespace":"Shop","workload":"deploy/a"}"#, 400, "cannot be the name of a namespace"),
        (r#"{"plan":"web","namespace":"shop","workload":"deploymnt/a"}"#, 400, "did you mean `deployment/a`?"),
        (r#"{"plan":"web","namespace":"shop","workload":""}"#, 400, "`workload` is empty"),
        (r#"{"plan":"web","namespace":"shop","revision":""}"#, 400, "`revision` is empty"),
        (r#"{"plan":"","namespace":"shop"}"#, 400, "`plan` is empty"),
        ("{\"plan\":\"a\\u0000b\",\"namespace\":\"shop\"}", 400, "is no name"),
        (r#"{"plan":"web","namespace":"shop","smoke":{}}"#, 400, "unknown field `smoke`"),
        (r#"{"plan":"web","namespace":"shop","waitPeriod":"10h"}"#, 400, "unknown field `waitPeriod`"),
        ("nonsense", 400, "send a JSON object"),
    ] {
        let got = post(&router, "/v1/gates", body).await;
        let error = got.json()["error"].as_str().unwrap().to_owned();
        assert!(got.status == status && error.contains(said), "{body}: {got:?}");
    }
    assert_eq!(gates.calls(), [], "nothing was begun");
    for query in ["wait=8", "wait=soon", "wait=-1s", "wait=25h", "wiat=8s", "wait=1s&wait=2s", "wait", "wait=%ff"] {
        let got = post(&router, &format!("/v1/gates?{query}"), BODY).await;
        assert_eq!(got.status, 400, "{query}: {got:?}");
    }
    let got = send(&router, "POST", "/v1/gates", &[("content-type", "text/plain")], BODY).await;
    assert_eq!(got.status, 415);
    let got = send(&router, "POST", "/v1/gates", &[("content-encoding", "gzip")], BODY).await;
    assert_eq!(got.status, 415);
    let large = format!(r#"{{"plan":"{}"}}"#, "x".repeat(70_000));
    assert_eq!(post(&router, "/v1/gates", &large).await.status, 413);
    assert_eq!(post(&router, "/v1/gates", &"x".repeat(10_000_000)).await.status, 413);
    for (method, path, status) in [
        ("GET", "/v1/gates", 405),
        ("PUT", "/v1/gates/g", 405),
        ("OPTIONS", "/v1/gates", 405),
        ("GET", "/v1/gates/", 404),
        ("GET", "/v1/gates/none", 404),
        ("DELETE", "/v1/gates/none", 404),
        ("GET", "/v1/gates/none/report.html", 404),
        ("GET", "/v1/gates/none/report.pdf", 404),
        ("GET", "/v1/gates/%ff", 400),
        ("GET", "/v2/gates", 404),
    ] {
        let got = send(&router, method, path, &[], "").await;
        assert_eq!(got.status, status, "{method} {path}: {got:?}");
        assert!(!got.json()["error"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn the_summary_is_one_short_line_whatever_is_in_it() {
    for said in [
        "x".repeat(5000),
        "\"\\".repeat(3000),
        "a\nb\r\n\u{1b}[2J\u{202e}<script>&amp;".repeat(100),
        "ü\u{0}".repeat(900),
    ] {
        let Served { gates, router, .. } = served(Auth::Open);
        let mut gate = view("g", call("pinned", "shop"));
        gate.why = crashgate::text::Redaction::On.text(&said);
        gates.put(gate);
        let json = post(&router, "/v1/gates", BODY).await.json();
        let summary = serde_json::to_string(&json["summary"]).unwrap();
        let by_go = summary.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        assert!(by_go.len() <= 900, "{}: {summary}", by_go.len());
        let why = json["summary"]["why"].as_str().unwrap();
        assert!(!why.contains(['\n', '\r', '\u{1b}', '\u{202e}', '<', '\0']), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_the_verdict_and_with_the_time_and_is_cut_to_the_longest() {
    let Served { gates, router, .. } = served(Auth::Open);
    let gate = gates.stands("g", call("pinned", "shop"), None);
    for (wait, seconds) in [("8s", 8), ("1h", 60), ("0s", 0)] {
        for path in [format!("/v1/gates?wait={wait}"), format!("/v1/gates/g?wait={wait}")] {
            let begun = Instant::now();
            let got = if path.starts_with("/v1/gates?") {
                post(&router, &path, BODY).await
            } else {
                get(&router, &path).await
            };
            assert_eq!((got.json()["verdict"].as_str().unwrap(), begun.elapsed().as_secs()), ("pending", seconds));
        }
    }
    let begun = Instant::now();
    let passing = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        // News that are no verdict wake nobody up.
        gate.send_modify(|view| view.heard += 1);
        tokio::time::sleep(Duration::from_secs(2)).await;
        gate.send_modify(|view| view.verdict = Some(Verdict::Failed));
    };
    let (got, ()) = tokio::join!(post(&router, "/v1/gates?wait=50s", BODY), passing);
    assert_eq!((got.json()["verdict"].as_str().unwrap(), begun.elapsed().as_secs()), ("failed", 5));
}

#[tokio::test(start_paused = true)]
async fn where_too_many_wait_the_next_is_answered_at_once_and_as_pending() {
    let limits = Limits { waits: 1, ..Limits::default() };
    let Served { gates, router, .. } = served_as(Auth::Open, limits, |service| service);
    gates.stands("g", call("pinned", "shop"), None);
    let begun = Instant::now();
    let second = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let got = post(&router, "/v1/gates?wait=30s", BODY).await;
        (about(&got), begun.elapsed().as_secs())
    };
    let (first, second) = tokio::join!(post(&router, "/v1/gates?wait=30s", BODY), second);
    assert_eq!(second, ((200, json!("pending"), Value::Null), 1));
    assert_eq!((first.status, begun.elapsed().as_secs()), (200, 30));
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_is_forgotten_while_somebody_waits_is_told_as_it_was() {
    let Served { gates, router, .. } = served(Auth::Open);
    drop(gates.stands("g", call("pinned", "shop"), None));
    let forget = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(send(&router, "DELETE", "/v1/gates/g", &[], "").await.status, 204);
    };
    let begun = Instant::now();
    let (got, ()) = tokio::join!(get(&router, "/v1/gates/g?wait=30s"), forget);
    assert_eq!((got.json()["verdict"].as_str().unwrap(), begun.elapsed().as_secs()), ("pending", 2));
    assert_eq!(get(&router, "/v1/gates/g").await.status, 404);
    assert_eq!(send(&router, "DELETE", "/v1/gates/g", &[], "").await.status, 404);
}

#[tokio::test]
async fn looking_at_a_gate_keeps_it_and_reading_its_reports_does_not() {
    let Served { gates, router, .. } = served(Auth::Open);
    gates.stands("g", call("pinned", "shop"), Some(Verdict::Failed));
    get(&router, "/v1/gates/g/report.json").await;
    assert_eq!(gates.looks(), 0);
    get(&router, "/v1/gates/g").await;
    assert_eq!(gates.looks(), 1);
}

#[tokio::test]
async fn reports_have_their_types_and_nothing_in_them_acts() {
    let Served { gates, router, .. } = served(Auth::Open);
    gates.put(GateView {
        verdict: Some(Verdict::Failed),
        run: Some(Arc::new(run(Verdict::Failed))),
        log: Arc::new(std::sync::Mutex::new(log())),
        ..view("g", call("pinned", "shop"))
    });
    for (ending, kind) in [
        ("json", "application/json"),
        ("md", "text/markdown; charset=utf-8"),
        ("html", "text/html; charset=utf-8"),
        ("xml", "application/xml"),
    ] {
        let got = get(&router, &format!("/v1/gates/g/report.{ending}")).await;
        assert_eq!((got.status, got.header("content-type")), (200, kind));
        assert!(got.body.contains("exit code 1") && !got.body.contains("hunter2"), "{}", got.body);
        assert!(got.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(ending != "html" || !got.body.contains("<b>password"), "{}", got.body);
    }
    assert_eq!(get(&router, "/v1/gates/g/report.json").await.json()["verdict"], "failed");
    let head = send(&router, "HEAD", "/v1/gates/g/report.html", &[], "").await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[tokio::test]
async fn the_report_of_a_pending_gate_holds_what_was_heard_and_looks_like_no_verdict() {
    let Served { gates, router, .. } = served(Auth::Open);
    // An earlier round passed, and that was taken back.
    gates.put(GateView {
        run: Some(Arc::new(run(Verdict::Healthy))),
        log: Arc::new(std::sync::Mutex::new(log())),
        ..view("g", call("pinned", "shop"))
    });
    let json = get(&router, "/v1/gates/g/report.json").await.json();
    assert!(json["error"].as_str().unwrap().starts_with("This gate is pending"), "{json}");
    for ending in ["json", "md", "html", "xml"] {
        let got = get(&router, &format!("/v1/gates/g/report.{ending}")).await;
        assert!(got.body.contains("pending") && got.body.contains("waiting for 2 of 3 pods"), "{}", got.body);
        for word in ["value=\"healthy\"", "\"verdict\": \"healthy\"", "Healthy", "Look at the output of the step"] {
            assert!(!got.body.contains(word), "{word}: {}", got.body);
        }
    }
}
