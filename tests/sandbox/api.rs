//! The sandbox over loopback, asked by a small HTTP client.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crashgate::sandbox::{AtEnd, Begin, Options, Running, Sandbox, ServeError};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PODS: &str = "/api/v1/namespaces/rec-crash-loop/pods";

/// A server and a client of it.
pub struct Desk {
    pub running: Running,
    client: kube::Client,
}

fn recording(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings").join(format!("{name}.ndjson"))
}

impl Desk {
    pub async fn open(path: &Path, options: Options) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let running = Sandbox::load(path).unwrap().serve(options).await.unwrap();
        let client = kube::Client::try_from(kube::Config::new(running.url().parse().unwrap())).unwrap();
        Self { running, client }
    }

    /// A recording that stands still at a moment.
    pub async fn still(name: &str, at_ms: u64) -> Self {
        Self::open(&recording(name), still(at_ms)).await
    }

    pub async fn send(&self, method: Method, path: &str, accept: &str) -> http::Response<Body> {
        let request = Request::builder().method(method).uri(path).header("accept", accept);
        self.client.send(request.body(Body::empty()).unwrap()).await.unwrap()
    }

    /// The answer to any request, as JSON where it is some.
    pub async fn answer(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.client.send(request).await.unwrap();
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| text()))
    }

    pub async fn text(&self, path: &str) -> (StatusCode, String) {
        let response = self.send(Method::GET, path, "application/json, */*").await;
        let status = response.status();
        (status, String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
    }

    pub async fn json(&self, path: &str) -> Value {
        let (status, text) = self.text(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn refusal(&self, path: &str) -> (u16, String) {
        let (status, text) = self.text(path).await;
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((told["kind"].as_str(), told["code"].as_u64()), (Some("Status"), Some(status.as_u16().into())));
        (status.as_u16(), told["reason"].as_str().unwrap().to_owned())
    }

    /// The lines of a watch, until its end.
    pub async fn watch(&self, path: &str) -> Vec<Value> {
        let (status, text) = self.text(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub fn still(at_ms: u64) -> Options {
    Options { begin: Begin::WhenTold, offset: Duration::from_millis(at_ms), ..Options::default() }
}

pub fn names(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect()
}

/// `TYPE name version` of each line.
fn told(lines: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    lines
        .iter()
        .map(|line| {
            let metadata = &line["object"]["metadata"];
            format!("{} {} {}", text(&line["type"]), text(&metadata["name"]), text(&metadata["resourceVersion"]))
        })
        .collect()
}

#[tokio::test]
async fn a_list_shows_the_moment() {
    let before = Desk::still("crash-loop", 902).await;
    assert!(names(&before.json(PODS).await).is_empty());
    let first = Desk::still("crash-loop", 903).await;
    let list = first.json(PODS).await;
    assert_eq!(names(&list), ["payments-5949ff565-m5qgg"]);
    assert_eq!((list["kind"].as_str(), list["metadata"]["resourceVersion"].as_str()), (Some("PodList"), Some("9207")));
    assert!(list["items"][0].get("kind").is_none(), "items carry no kind, as a real server tells them");
    let later = Desk::still("crash-loop", 6_000).await;
    for path in ["/api/v1/pods", "/api/v1/pods?labelSelector=app%20in%20(payments),version=v1,!old", PODS] {
        assert_eq!(names(&later.json(path).await).len(), 2, "{path}");
    }
    for (query, found) in [
        ("labelSelector=app%3Dother", 0),
        ("fieldSelector=status.phase!=Running", 0),
        ("fieldSelector=metadata.name=payments-5949ff565-m5qgg,spec.nodeName=node1", 1),
    ] {
        assert_eq!(names(&later.json(&format!("{PODS}?{query}")).await).len(), found, "{query}");
    }
    let events = "/api/v1/namespaces/rec-crash-loop/events?fieldSelector=involvedObject.kind=Deployment";
    assert_eq!(names(&later.json(events).await).len(), 1);
    for (path, found) in [("/api/v1/configmaps", 0), ("/api/v1/nodes", 1), ("/api/v1/namespaces", 1)] {
        assert_eq!(names(&later.json(path).await).len(), found, "{path}");
    }
    assert_eq!(later.refusal(&format!("{PODS}?labelSelector=%3D")).await, (400, "BadRequest".to_owned()));
    assert_eq!(later.refusal(&format!("{PODS}/nobody")).await, (404, "NotFound".to_owned()));
    let no_such_kind = (StatusCode::NOT_FOUND, "404 page not found\n".to_owned());
    assert_eq!(later.text("/apis/x.io/v1/widgets").await, no_such_kind, "in plain text, as a real server says it");
    assert_eq!(later.refusal("/api/v1/secrets").await, (403, "Forbidden".to_owned()));
    assert_eq!(later.json(&format!("{PODS}/payments-5949ff565-m5qgg")).await["kind"], "Pod");
    assert_eq!(later.running.request_count(), 15);
    assert_eq!(later.running.requests()[0].path, "/api/v1/pods");
}

#[tokio::test]
async fn pages_show_one_moment() {
    let desk = Desk::open(&recording("scaled-up"), still(30_000)).await;
    let path = "/api/v1/pods?limit=2";
    let mut seen: Vec<String> = Vec::new();
    let mut page = desk.json(path).await;
    assert_eq!(page["metadata"]["remainingItemCount"], 3);
    loop {
        seen.extend(names(&page).into_iter().map(str::to_owned));
        let Some(token) = page["metadata"]["continue"].as_str() else { break };
        page = desk.json(&format!("{path}&continue={token}")).await;
    }
    let whole = desk.json("/api/v1/pods").await;
    assert_eq!(seen, names(&whole));
    assert_eq!(desk.refusal(&format!("{path}&continue=zz")).await.0, 400);
    let token = desk.json(path).await["metadata"]["continue"].as_str().unwrap().to_owned();
    let another = Desk::open(&recording("scaled-up"), still(30_000)).await;
    assert_eq!(another.refusal(&format!("{path}&continue={token}")).await, (410, "Expired".to_owned()));
}

#[tokio::test]
async fn a_watch_resumes_without_loss_or_repeat() {
    let desk = Desk::still("crash-loop", 100_000).await;
    let recorded = std::fs::read_to_string(recording("crash-loop")).unwrap();
    let recorded: Vec<Value> = recorded
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].take())
        .filter(|event| event["path"] == PODS && event["type"] != "BOOKMARK")
        .collect();
    let all = told(&desk.watch(&format!("{PODS}?watch=1&resourceVersion=9202&timeoutSeconds=1")).await);
    assert_eq!(all, told(&recorded));
    assert!(all.len() > 20);
    let middle = all[10].rsplit(' ').next().unwrap();
    let path = format!("{PODS}?watch=true&resourceVersion={middle}&timeoutSeconds=1&allowWatchBookmarks=true");
    let rest = told(&desk.watch(&path).await);
    let (bookmark, rest) = rest.split_last().unwrap();
    assert_eq!(rest, &all[11..]);
    let newest = all.last().unwrap().rsplit(' ').next().unwrap();
    assert_eq!(*bookmark, format!("BOOKMARK - {newest}"));
}

#[tokio::test]
async fn a_watch_begins_with_the_state_where_it_is_asked_to() {
    let desk = Desk::still("crash-loop", 6_000).await;
    let added = ["ADDED payments-5949ff565-fnj7t 9289", "ADDED payments-5949ff565-m5qgg 9292"];
    let path = format!("{PODS}?watch=1&timeoutSeconds=1");
    assert_eq!(told(&desk.watch(&path).await), added);
    let streaming = format!("{path}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
    let lines = desk.watch(&streaming).await;
    assert_eq!(told(&lines[..3]), [added[0], added[1], "BOOKMARK - 9292"]);
    assert_eq!(lines[2]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(desk.refusal(&format!("{path}&sendInitialEvents=true")).await.0, 422);
    let too_old = desk.watch(&format!("{PODS}?watch=1&resourceVersion=9000")).await;
    assert_eq!((too_old.len(), too_old[0]["type"].as_str()), (1, Some("ERROR")));
    assert_eq!(
        (too_old[0]["object"]["code"].as_u64(), &too_old[0]["object"]["reason"]),
        (Some(410), &"Expired".into())
    );
}

#[tokio::test]
async fn a_watch_goes_on_live() {
    let desk = Desk::still("crash-loop", 4_400).await;
    let path = format!("{PODS}?watch=1&resourceVersion=9229&timeoutSeconds=1");
    let (lines, ()) = tokio::join!(desk.watch(&path), async { desk.running.start() });
    let changed = ["MODIFIED payments-5949ff565-fnj7t 9242", "MODIFIED payments-5949ff565-m5qgg 9245"];
    // A second of a busy machine may reach the changes after these two, but never tells others before.
    assert_eq!(told(&lines)[..2], changed);
    assert!(desk.running.position() >= Duration::from_millis(5_400));
}

#[tokio::test]
async fn an_object_that_stops_matching_is_deleted_for_the_watch() {
    let pod = |at_ms: u64, kind: &str, version: u64, color: &str| {
        format!(
            r#"{{"t":{at_ms},"event":{{"path":"/api/v1/namespaces/a/pods","type":"{kind}","object":{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"p","namespace":"a","uid":"u","resourceVersion":"{version}","labels":{{"color":"{color}"}}}}}}}}}}"#
        )
    };
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, r#"{{"crashgateRecording":1,"startedAt":"2026-11-21T03:09:56Z","namespace":"a"}}"#).unwrap();
    for line in [
        pod(1, "ADDED", 5, "red"),
        pod(2, "MODIFIED", 6, "blue"),
        pod(3, "MODIFIED", 7, "red"),
        pod(4, "DELETED", 8, "red"),
    ] {
        writeln!(file, "{line}").unwrap();
    }
    let desk = Desk::open(file.path(), still(9)).await;
    let path = "/api/v1/namespaces/a/pods?watch=1&resourceVersion=4&timeoutSeconds=1";
    let red = desk.watch(&format!("{path}&labelSelector=color%3Dred")).await;
    assert_eq!(told(&red), ["ADDED p 5", "DELETED p 6", "ADDED p 7", "DELETED p 8"]);
    assert_eq!(red[1]["object"]["metadata"]["labels"]["color"], "red", "the last state that matched");
    let blue = desk.watch(&format!("{path}&labelSelector=color%3Dblue")).await;
    assert_eq!(told(&blue), ["ADDED p 6", "DELETED p 7"]);
}

#[tokio::test]
async fn logs_belong_to_the_moment() {
    let log = |at_ms: u64, query: &'static str| async move {
        let desk = Desk::still("crash-loop", at_ms).await;
        desk.text(&format!("{PODS}/payments-5949ff565-fnj7t/log?{query}")).await
    };
    let (status, text) = log(1_100, "").await;
    assert!(status == 400 && text.contains("waiting to start: ContainerCreating"), "{text}");
    let (status, text) = log(4_500, "").await;
    assert!(status == 200 && text.ends_with("fatal: DATABASE_URL is not set\n"), "{text}");
    let (status, text) = log(4_500, "previous=true").await;
    assert!(status == 400 && text.contains("previous terminated container"), "{text}");
    let (_, text) = log(6_000, "container=app").await;
    assert_eq!(text, "2026-11-21T03:10:01Z INFO payments v1 starting\n", "the second start has not crashed yet");
    let (_, text) = log(6_000, "previous=true&tailLines=1").await;
    assert_eq!(text, "2026-11-21T03:10:00Z fatal: DATABASE_URL is not set\n");
    let (status, text) = log(9_000, "previous=true").await;
    assert!(status == 200 && text.starts_with("unable to retrieve container logs for containerd://"), "{text}");
    let (_, text) = log(9_000, "limitBytes=10").await;
    assert_eq!(text, "2026-11-21");
    let (status, text) = log(9_000, "container=nobody").await;
    assert!(status == 400 && text.contains("container nobody is not valid"), "{text}");
}

#[tokio::test]
async fn a_followed_log_ends_with_its_container() {
    let desk = Desk::still("crash-loop", 7_000).await;
    let path = format!("{PODS}/payments-5949ff565-fnj7t/log?follow=true");
    desk.running.start();
    let (_, text) = tokio::time::timeout(Duration::from_secs(3), desk.text(&path)).await.unwrap();
    assert_eq!(
        text,
        "2026-11-21T03:10:01Z INFO payments v1 starting\n2026-11-21T03:10:03Z fatal: DATABASE_URL is not set\n"
    );
    let both = Desk::still("sidecar-crash", 6_000).await;
    let pods = both.json("/api/v1/pods").await;
    let path = format!("/api/v1/namespaces/rec-sidecar-crash/pods/{}/log", names(&pods)[0]);
    let (status, _) = both.text(&path).await;
    assert_eq!(status, StatusCode::OK, "a sidecar is an init container: the app is the default");
}

#[tokio::test]
async fn times_are_those_of_the_playback() {
    let desk =
        Desk::open(&recording("crash-loop"), Options { offset: Duration::from_secs(20), ..Options::default() }).await;
    let pod = desk.json(&format!("{PODS}/payments-5949ff565-m5qgg")).await;
    let created: jiff::Timestamp = pod["metadata"]["creationTimestamp"].as_str().unwrap().parse().unwrap();
    let age = jiff::Timestamp::now().duration_since(created).as_millis();
    assert!((18_000..25_000).contains(&age), "{age} ms");
    assert!(pod["spec"]["containers"][0]["command"][2].as_str().unwrap().contains("date -u"));
}

#[tokio::test]
async fn nothing_can_be_written_and_what_may_be_read_is_told() {
    let desk = Desk::still("crash-loop", 6_000).await;
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let response = desk.send(method, PODS, "application/json").await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
    let review = |resource: &str, verb: &str| {
        let body = format!(r#"{{"spec":{{"resourceAttributes":{{"verb":"{verb}","resource":"{resource}"}}}}}}"#);
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let request = Request::post(path).header("content-type", "application/json").body(body.into_bytes().into());
        let sent = desk.client.send(request.unwrap());
        async move {
            let bytes = sent.await.unwrap().into_body().collect().await.unwrap().to_bytes();
            serde_json::from_slice::<Value>(&bytes).unwrap()["status"]["allowed"] == true
        }
    };
    assert!(review("pods", "watch").await);
    assert!(!review("pods", "delete").await);
    assert!(!review("secrets", "get").await);
    let rules = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let request = Request::post(rules).header("content-type", "application/json");
    let rules =
        desk.client.send(request.body(br#"{"spec":{"namespace":"a"}}"#.to_vec().into()).unwrap()).await.unwrap();
    assert_eq!(rules.status(), StatusCode::CREATED);
    assert_eq!(desk.client.apiserver_version().await.unwrap().git_version, "v1.35.6");
    assert!(
        desk.client.list_core_api_resources("v1").await.unwrap().resources.iter().any(|known| known.name == "pods/log")
    );
}

#[tokio::test]
async fn only_loopback_is_bound_and_a_taken_port_is_told() {
    let desk = Desk::still("nothing-matches", 0).await;
    assert_eq!(desk.running.addr().ip().to_string(), "127.0.0.1");
    let port = desk.running.addr().port();
    let elsewhere = tokio::net::TcpStream::connect(("127.0.0.2", port)).await;
    assert!(elsewhere.is_err(), "another address of the machine reaches nothing");
    let sandbox = Sandbox::load(&recording("nothing-matches")).unwrap();
    let taken = sandbox.serve(Options { port: Some(port), ..Options::default() }).await;
    assert!(matches!(taken, Err(ServeError::PortInUse { port: told }) if told == port));
    let began = Instant::now();
    let stream = desk.client.send(Request::get("/api/v1/pods?watch=1").body(Body::empty()).unwrap()).await.unwrap();
    desk.running.stop().await;
    stream.into_body().collect().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "an open watch does not hold the stop up");
}

#[tokio::test]
async fn the_end_is_kept_or_refused_and_the_first_request_can_start() {
    let options = |at_end| Options {
        at_end,
        begin: Begin::AtFirstRequest,
        offset: Duration::from_secs(70),
        port: None,
        ..Options::default()
    };
    let kept = Desk::open(&recording("crash-loop"), options(AtEnd::Keep)).await;
    assert_eq!(names(&kept.json("/api/v1/pods").await).len(), 2);
    assert!(kept.running.has_ended());
    let refused = Desk::open(&recording("crash-loop"), options(AtEnd::Refuse)).await;
    // By hand: the client would ask again for minutes, as a 503 tells it to.
    let mut stream = tokio::net::TcpStream::connect(refused.running.addr()).await.unwrap();
    stream.write_all(b"GET /api/v1/pods HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 503 ") && text.contains("the recording has ended"), "{text}");
}

#[tokio::test]
async fn every_recording_is_served() {
    let folder = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")).unwrap();
    let files =
        folder.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|kind| kind == "ndjson"));
    let mut count = 0;
    for path in files {
        let desk = Desk::open(&path, still(20_000)).await;
        for resource in ["/api/v1/pods", "/api/v1/events", "/apis/apps/v1/deployments", "/apis/batch/v1/jobs"] {
            let table = desk.send(Method::GET, resource, "application/json;as=Table;v=v1;g=meta.k8s.io").await;
            let table: Value = serde_json::from_slice(&table.into_body().collect().await.unwrap().to_bytes()).unwrap();
            let columns = table["columnDefinitions"].as_array().unwrap().len();
            for row in table["rows"].as_array().unwrap() {
                assert_eq!(row["cells"].as_array().unwrap().len(), columns, "{resource} of {}", path.display());
            }
        }
        count += 1;
    }
    assert!(count >= 32, "{count}");
}

#[test]
fn the_command_says_how_to_use_it_and_cleans_up() {
    let crashgate = || Command::new(env!("CARGO_BIN_EXE_crashgate"));
    let wrong = crashgate().args(["sandbox", "no-such-file.ndjson"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("no-such-file.ndjson"));

    let path = recording("crash-loop");
    let mut child = crashgate().arg("sandbox").arg(&path).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let head: Vec<String> = lines.by_ref().take(7).collect();
    let port = head[0].rsplit(':').next().unwrap();
    let kubeconfig = PathBuf::from(head[4].strip_prefix("export KUBECONFIG=").unwrap());
    assert!(head[0].contains("http://127.0.0.1:") && kubeconfig.exists(), "{head:?}");
    assert_eq!(
        head[5..],
        ["kubectl get pods -l app=payments,version=v1 -w", "kubectl rollout status deployment/payments"]
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(kubeconfig.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let taken = crashgate().arg("sandbox").arg(&path).args(["--port", port]).output().unwrap();
    assert_eq!(taken.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&taken.stderr).contains("the port is in use"));

    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(!kubeconfig.exists(), "the kubeconfig goes with the server");
}

const SCRIPT: &str = "pods:\n- {image: 'tool:*', after: 300ms, lasts: 300ms, exitCode: 3, log: [{text: \"one\\n\"}, {at: 200ms, text: \"two\\n\"}]}\n- {image: full, refused: 'exceeded quota: q'}\n- {image: stays, lasts: forever}\n";

fn scripted() -> Options {
    Options { pods: Some(SCRIPT.parse().unwrap()), ..Options::default() }
}

impl Desk {
    async fn create(&self, name: &str, image: &str) -> (StatusCode, Value) {
        let spec = serde_json::json!({"restartPolicy": "Never", "containers": [{"name": "run", "image": image}]});
        let pod = serde_json::json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name}, "spec": spec});
        self.write(Method::POST, PODS, &pod).await
    }

    async fn write(&self, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        let response =
            self.client.send(request.body(Body::from(body.to_string().into_bytes())).unwrap()).await.unwrap();
        let status = response.status();
        (status, serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap())
    }
}

#[tokio::test]
async fn a_created_pod_lives_as_its_script_says_and_every_watch_tells_it() {
    let desk = Desk::open(&recording("crash-loop"), scripted()).await;
    let version = desk.json(PODS).await["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
    let (status, pod) = desk.create("own", "tool:1").await;
    assert_eq!((status, pod["status"]["phase"].as_str()), (StatusCode::CREATED, Some("Pending")));
    assert_eq!(desk.create("own", "tool:1").await.0, StatusCode::CONFLICT);
    let phase = async |wanted: &str| {
        while desk.json(&format!("{PODS}/own")).await["status"]["phase"] != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    phase("Running").await;
    // A log that is followed ends with its container.
    let log = desk.text(&format!("{PODS}/own/log?follow=true&timestamps=true")).await.1;
    phase("Failed").await;
    let watch = format!("{PODS}?watch=true&resourceVersion={version}&timeoutSeconds=1&fieldSelector=metadata.name=own");
    let lines = desk.watch(&watch).await;
    let phases: Vec<&str> = lines.iter().map(|line| line["object"]["status"]["phase"].as_str().unwrap()).collect();
    assert_eq!(phases, ["Pending", "Pending", "Pending", "Running", "Running", "Failed"]);
    let versions: Vec<u64> = lines
        .iter()
        .map(|line| line["object"]["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(versions.is_sorted() && versions[0] > version.parse().unwrap(), "{versions:?} after {version}");
    let state = &lines.last().unwrap()["object"]["status"]["containerStatuses"][0]["state"]["terminated"];
    assert_eq!((&state["exitCode"], &state["reason"]), (&3.into(), &"Error".into()));
    let words: Vec<&str> = log.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(words, ["one", "two"], "{log}");
    let second = log.lines().nth(1).unwrap().split_once('.').unwrap().0;
    let rest = desk.text(&format!("{PODS}/own/log?sinceTime={second}.999999999Z")).await.1;
    assert!(rest.ends_with("two\n"), "whole seconds are asked for, as API servers do: {rest}");
}

#[tokio::test]
async fn pods_are_deleted_by_their_uid_and_what_was_recorded_stays() {
    let desk = Desk::open(&recording("crash-loop"), Options { offset: Duration::from_secs(6), ..scripted() }).await;
    let recorded = names(&desk.json(PODS).await)[0].to_owned();
    let none = Value::Null;
    assert_eq!(desk.write(Method::DELETE, &format!("{PODS}/{recorded}"), &none).await.0, StatusCode::FORBIDDEN);
    let (status, refusal) = desk.create("own", "full").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(refusal["message"], "pods \"own\" is forbidden: exceeded quota: q");
    let (_, pod) = desk.create("own", "stays").await;
    let path = format!("{PODS}/own");
    let options = |uid: &str| serde_json::json!({"kind": "DeleteOptions", "preconditions": {"uid": uid}});
    assert_eq!(desk.write(Method::DELETE, &path, &options("another")).await.0, StatusCode::CONFLICT);
    let uid = pod["metadata"]["uid"].as_str().unwrap();
    assert_eq!(desk.write(Method::DELETE, &path, &options(uid)).await.0, StatusCode::OK);
    assert_eq!(desk.refusal(&path).await, (404, "NotFound".to_owned()));
    let elsewhere = PODS.replace("rec-crash-loop", "nowhere");
    assert_eq!(desk.write(Method::POST, &elsewhere, &pod).await.0, StatusCode::NOT_FOUND);
    assert_eq!(desk.write(Method::POST, "/api/v1/namespaces", &pod).await.0, StatusCode::METHOD_NOT_ALLOWED);
    // Without a script nothing is written at all.
    let still = Desk::still("crash-loop", 6_000).await;
    assert_eq!(still.create("own", "stays").await.0, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn pages_of_other_sites_read_and_write_nothing() {
    let desk = Desk::still("crash-loop", 60_000).await;
    let ask = async |head: &str| {
        let mut socket = tokio::net::TcpStream::connect(desk.running.addr()).await.unwrap();
        socket.write_all(format!("{head}\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let port = desk.running.addr().port();
    for host in [format!("127.0.0.1:{port}"), "localhost".to_owned()] {
        assert!(ask(&format!("GET {PODS} HTTP/1.1\r\nhost: {host}")).await.starts_with("HTTP/1.1 200"), "{host}");
    }
    let rebound = ask(&format!("GET {PODS} HTTP/1.1\r\nhost: evil.example:{port}")).await;
    assert!(rebound.starts_with("HTTP/1.1 403") && rebound.contains("\"kind\":\"Status\""), "{rebound}");
    assert!(!rebound.contains("payments"), "{rebound}");
    let review =
        "POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0";
    let foreign = ask(&format!("{review}\r\norigin: https://evil.example\r\ncontent-type: application/json")).await;
    assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
    let form = ask(&format!("{review}\r\ncontent-type: text/plain")).await;
    assert!(form.starts_with("HTTP/1.1 415"), "{form}");
}
