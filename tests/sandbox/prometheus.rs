//! What a recording has of its metrics source, served as Prometheus' API serves it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crashgate::sandbox::{Faults, Options};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::api::{Desk, still};
use super::metrics_recording::{self, Traffic};

const POD: &str = "checkout-v2-7c95899798-hxdb8";
const CANARY: Traffic = Traffic { pods: "checkout-v2", arm: "canary", requests: 100, bad: |_| 10 };
const STABLE: Traffic = Traffic { pods: "checkout-v1", arm: "stable", requests: 100, bad: |_| 10 };
/// The recording begins at 2026-11-21T03:11:24.095Z.
const START_MS: i64 = 1_795_230_684_095;

fn recording(folder: &Path, more: &[Value]) -> std::path::PathBuf {
    metrics_recording::write(folder, "canary-healthy", &[CANARY, STABLE], 60_000, more)
}

async fn desk(at_ms: u64, more: &[Value]) -> (Desk, TempDir) {
    let folder = TempDir::new().unwrap();
    let path = recording(folder.path(), more);
    (Desk::open(&path, still(at_ms)).await, folder)
}

/// A query by GET, with more parameters.
async fn get(desk: &Desk, query: &str, more: &str) -> (StatusCode, Value) {
    let (status, text) = desk.text(&format!("/prometheus/api/v1/query?query={}{more}", encoded(query))).await;
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A query by GET over a connection of its own: the client of the cluster would ask again after a 503.
async fn get_once(desk: &Desk, query: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(desk.running.addr()).await.unwrap();
    let path = format!("/prometheus/api/v1/query?query={}", encoded(query));
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap())
}

async fn data(desk: &Desk, query: &str) -> Value {
    let (status, answer) = get(desk, query, "").await;
    assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("success")), "{query}: {answer}");
    answer["data"].clone()
}

fn encoded(text: &str) -> String {
    text.bytes()
        .flat_map(|byte| [b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Seconds since 1970 with their milliseconds, in milliseconds.
fn milliseconds(value: &Value) -> i64 {
    let text = value.to_string();
    let (seconds, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{seconds}{fraction:0<3}").parse().unwrap()
}

#[tokio::test]
async fn a_selector_is_answered_with_the_samples_of_its_window_up_to_the_moment() {
    let (desk, _folder) = desk(20_000, &[]).await;
    let query = format!("http_requests_total{{namespace=\"rec-canary-healthy\",pod=\"{POD}\"}}[3s]");
    let data = data(&desk, &query).await;
    assert_eq!(data["resultType"], "matrix");
    let series = data["result"].as_array().unwrap();
    let codes: Vec<&str> = series.iter().map(|series| series["metric"]["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["200", "500"]);
    // The pod came at 12,966 ms: at 18, 19 and 20 s the counter has 6, 7 and 8 scrapes of 99 good requests and 1 bad one.
    let counts: Vec<&str> =
        series[0]["values"].as_array().unwrap().iter().map(|value| value[1].as_str().unwrap()).collect();
    assert_eq!(counts, ["594", "693", "792"]);
    assert_eq!(series[1]["values"][2][1], "8");
    // Other pods, windows and matchers than the recorded ones can be asked for.
    let stable = self::data(&desk, "http_requests_total{pod=~\"checkout-v1-.*\",code=~\"5..\"}[1m]").await;
    assert_eq!(stable["result"].as_array().unwrap().len(), 3);
    assert_eq!(stable["result"][0]["values"].as_array().unwrap().len(), 19);
    assert_eq!(self::data(&desk, "http_requests_total{pod=\"other\"}[1m]").await["result"], json!([]));
    assert_eq!(self::data(&desk, "no_such_metric{pod=~\".+\"}[1m]").await["result"], json!([]));
}

#[tokio::test]
async fn times_are_those_of_the_playback_and_so_is_the_date() {
    let (desk, _folder) = desk(20_000, &[]).await;
    let query = format!(
        "/api/v1/query?query={}",
        encoded(&format!("http_requests_total{{pod=\"{POD}\",code=\"200\"}}[500ms]"))
    );
    let before = jiff::Timestamp::now();
    let response = desk.send(Method::GET, &query, "*/*").await;
    let after = jiff::Timestamp::now();
    let date = jiff::fmt::rfc2822::parse(response.headers()["date"].to_str().unwrap()).unwrap().timestamp();
    let answer: Value = serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let newest = milliseconds(&answer["data"]["result"][0]["values"][0][0]);
    // The recording stands still at 20 s, which is now.
    assert!((before.as_millisecond() - 1..=after.as_millisecond() + 1).contains(&newest), "{newest}");
    assert!((before.as_second() - 1..=after.as_second()).contains(&date.as_second()), "{date}");
}

#[tokio::test]
async fn an_instant_query_gives_the_newest_sample_of_the_last_five_minutes() {
    let (desk, _folder) = desk(20_000, &[]).await;
    let query = format!("http_requests_total{{pod=\"{POD}\",code=\"200\"}}");
    let newest = data(&desk, &query).await;
    assert_eq!((&newest["resultType"], &newest["result"][0]["value"][1]), (&json!("vector"), &json!("792")));
    // At a time of one's own; what is still to come is not there.
    let (_, answer) = get(&desk, &format!("{query}[2s]"), "&time=99999999999").await;
    assert_eq!(answer["data"]["result"][0]["values"][1][1], "792");
    let past = jiff::Timestamp::now().as_second() - 60;
    let (_, answer) = get(&desk, &query, &format!("&time={past}")).await;
    assert_eq!(answer["data"]["result"], json!([]), "the pod was not there a minute ago");
    let (status, answer) = get(&desk, &query, "&time=noon").await;
    assert_eq!((status.as_u16(), &answer["errorType"]), (400, &json!("bad_data")));
    // Six minutes after the last scrape there is nothing.
    let (desk, _folder) = self::desk(60_000 + 299_000, &[]).await;
    assert_eq!(data(&desk, &query).await["result"].as_array().unwrap().len(), 1);
    let (desk, _folder) = self::desk(60_000 + 301_000, &[]).await;
    assert_eq!(data(&desk, &query).await["result"], json!([]));
}

#[tokio::test]
async fn a_long_query_comes_as_a_form_and_anything_else_is_an_error_of_the_api() {
    let (desk, _folder) = desk(20_000, &[]).await;
    let names = vec![POD; 4_000].join("|");
    let query = format!("query={}", encoded(&format!("http_requests_total{{pod=~\"{names}\"}}[3s]")));
    assert!(query.len() > 100_000);
    for (path, body, kind, status) in [
        ("/api/v1/query", query.as_str(), "application/x-www-form-urlencoded", 200),
        ("/prometheus/api/v1/query", &query, "application/x-www-form-urlencoded", 200),
        ("/prometheus/api/v1/query", "query=", "application/x-www-form-urlencoded", 400),
        ("/prometheus/api/v1/query", "", "application/x-www-form-urlencoded", 400),
        ("/prometheus/api/v1/query", "{}", "application/json", 400),
    ] {
        let request =
            Request::post(path).header("content-type", kind).body(Body::from(body.as_bytes().to_vec())).unwrap();
        let (told, answer) = desk.answer(request).await;
        assert_eq!(told.as_u16(), status, "{path} {kind}: {answer}");
        let expected = if status == 200 { "success" } else { "error" };
        assert_eq!(answer["status"], expected, "{answer}");
    }
    // The rest of the API is not there, and the cluster's own paths stay what they are.
    assert_eq!(desk.text("/prometheus/api/v1/query_range?query=up").await.0.as_u16(), 404);
    let request = Request::post("/api/v1/pods").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(desk.answer(request.body(Body::empty()).unwrap()).await.0.as_u16(), 415);
}

/// A line of a recorded look at a query of one number.
fn look(at: u64, pods: &str, body: &Value) -> Value {
    let query = format!("max(a{{pod={pods}}} / b{{pod={pods}}})");
    json!({"t": at, "metrics": {"arm": "canary", "check": "files", "query": query, "body": body}})
}

fn vector(at: u64, value: &str) -> Value {
    let at = START_MS + i64::try_from(at).unwrap();
    let at: Value = format!("{}.{:03}", at / 1_000, at % 1_000).parse().unwrap();
    json!({"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [at, value]}]}})
}

#[tokio::test]
async fn any_other_query_is_answered_as_it_was_recorded_last() {
    let pod = format!("{POD:?}");
    let looks = [
        look(20_000, &pod, &vector(20_000, "0.25")),
        look(30_000, &format!("~\"{POD}|checkout-v1-75f8757c77-ngwtc\""), &vector(30_000, "0.5")),
        look(40_000, &pod, &json!({"status": "error", "errorType": "execution", "error": "found duplicate series"})),
    ];
    let query = format!("max(a{{pod={pod}}} / b{{pod={pod}}})");
    for (at_ms, value) in [(19_000, None), (20_000, Some("0.25")), (29_999, Some("0.25")), (35_000, Some("0.5"))] {
        let (desk, _folder) = desk(at_ms, &looks).await;
        let data = data(&desk, &query).await;
        assert_eq!(data["result"][0]["value"][1].as_str(), value, "{at_ms}");
        if value == Some("0.5") {
            let age = jiff::Timestamp::now().as_millisecond() - milliseconds(&data["result"][0]["value"][0]);
            assert!((4_990..8_000).contains(&age), "as old as it was: {age} ms");
        }
    }
    let (desk, _folder) = desk(40_000, &looks).await;
    let (status, answer) = get(&desk, &query, "").await;
    assert_eq!((status.as_u16(), answer["error"].as_str()), (422, Some("found duplicate series")));
    let (status, answer) = get(&desk, "sum(rate(http_requests_total[1m]))", "").await;
    assert_eq!((status.as_u16(), &answer["status"]), (422, &json!("error")));
    assert!(answer["error"].as_str().unwrap().contains("the recording has no answer to this query"), "{answer}");
}

#[tokio::test]
async fn a_recording_without_metrics_says_so_and_is_no_source_without_data() {
    let desk = Desk::still("canary-healthy", 20_000).await;
    let (status, answer) = get(&desk, "up{}[1m]", "").await;
    assert_eq!((status.as_u16(), &answer["errorType"]), (422, &json!("execution")));
    assert_eq!(answer["error"], "the recording has no answers of a metrics source");
}

#[tokio::test]
async fn what_went_wrong_with_the_source_goes_wrong_again() {
    let query = format!("http_requests_total{{pod=\"{POD}\"}}[5s]");
    let line = |at: u64, fields: Value| {
        let mut line = json!({"t": at, "metrics": {"arm": "canary", "check": "errors", "query": query}});
        line["metrics"].as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        line
    };
    let good = json!({"status": "success", "data": {"resultType": "matrix", "result": []}});
    let mut warned = good.clone();
    warned["warnings"] = json!(["store a: unavailable"]);
    let lines = [
        line(20_000, json!({"error": "the source did not answer"})),
        line(21_000, json!({"status": 502, "error": "the source answered with status 502"})),
        line(
            22_000,
            json!({"status": 503, "body": {"status": "error", "errorType": "timeout", "error": "query timed out"}}),
        ),
        line(23_000, json!({"body": warned})),
        line(24_000, json!({"body": good})),
    ];
    for (at_ms, status, words) in [
        (20_500, 503, "did not answer"),
        (21_500, 502, "did not answer"),
        (22_500, 503, "query timed out"),
        (23_500, 200, ""),
        (24_500, 200, ""),
    ] {
        let (desk, _folder) = desk(at_ms, &lines).await;
        // Whatever window the next look has.
        let (told, answer) = get_once(&desk, &query.replace("[5s]", "[90s]")).await;
        assert_eq!(told, status, "{at_ms}: {answer}");
        assert!(answer["error"].as_str().unwrap_or_default().contains(words), "{answer}");
        assert_eq!(answer["warnings"].is_array(), at_ms == 23_500, "{answer}");
        // The other arm was well.
        let stable = "http_requests_total{pod=\"checkout-v1-75f8757c77-ngwtc\"}[90s]";
        assert_eq!(data(&desk, stable).await["result"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_fault_script_strikes_the_source_too() {
    let folder = TempDir::new().unwrap();
    let path = recording(folder.path(), &[]);
    let query = format!("http_requests_total{{pod=\"{POD}\",code=\"200\"}}[3s]");
    for (rule, judge) in [
        ("{verb: query, fault: status, code: 502}", (|status, _| status == 502) as fn(u16, &Value) -> bool),
        ("{path: '*/prometheus/*', fault: login-page}", |_, answer| {
            answer.as_str().is_some_and(|page| page.contains("<html>"))
        }),
        ("{verb: query, fault: garbage}", |_, answer| answer.is_string()),
        ("{verb: query, fault: truncate, after: 30}", |_, answer| answer.as_str().is_some_and(|text| text.len() == 30)),
        ("{verb: query, fault: nan}", |_, answer| answer["data"]["result"][0]["values"][2][1] == "NaN"),
        // The newest sample is of six seconds ago.
        ("{verb: query, fault: behind, by: 6s}", |_, answer| {
            answer["data"]["result"][0]["values"].as_array().unwrap().last().unwrap()[1] == "198"
        }),
        ("{verb: list, fault: status, code: 502}", |status, _| status == 200),
    ] {
        let faults: Faults = format!("faults: [{rule}]").parse().unwrap();
        let desk = Desk::open(&path, Options { faults, ..still(20_000) }).await;
        let (status, answer) = get(&desk, &query, "").await;
        assert!(judge(status.as_u16(), &answer), "{rule}: {status} {answer}");
    }
}

#[test]
fn the_command_names_the_url_that_a_gate_asks_for() {
    let folder = TempDir::new().unwrap();
    let path = recording(folder.path(), &[]);
    let mut child =
        Command::new(env!("CARGO_BIN_EXE_crashgate")).arg("sandbox").arg(&path).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let head: Vec<String> = lines.take(8).collect();
    let server = head[0].strip_prefix("server      ").unwrap();
    assert_eq!(head[1], format!("metrics     {server}/prometheus"));
    assert_eq!(head[6], format!("export PROM_URL={server}/prometheus"), "{head:?}");
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn the_recordings_clock_decides_what_has_been_scraped() {
    let folder = TempDir::new().unwrap();
    let path = recording(folder.path(), &[]);
    let query = format!("http_requests_total{{pod=\"{POD}\",code=\"200\"}}[1h]");
    let mut seen = Vec::new();
    for at_ms in [10_000, 14_000, 18_000] {
        let desk = Desk::open(&path, Options { offset: Duration::from_millis(at_ms), ..still(at_ms) }).await;
        let result = data(&desk, &query).await["result"].clone();
        seen.push(result[0]["values"].as_array().map_or(0, Vec::len));
    }
    assert_eq!(seen, [0, 2, 6]);
}
