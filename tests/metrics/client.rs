//! The client against a scripted source on loopback: what it sends, what it takes for an answer, and what it says.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashgate::cluster::api::ProxyVariables;
use crashgate::gate::model::{Arm, MetricData, MetricTroubleKind, Number, Sample};
use crashgate::gate::spec::{MetricsSource, PodLabels};
use crashgate::metrics::MetricsClient;
use crashgate::recording::line::{AnsweredAt, Entry, Header};
use crashgate::recording::mapping::metrics::measurement;
use crashgate::recording::writer::Writer;
use futures::FutureExt as _;
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::source::{ONE, Source, answer, check, client, json, measure, of_url, question, raw, response, tap, trouble};

fn one() -> Source {
    Source::new(|_| json(200, ONE))
}

#[tokio::test]
async fn a_query_is_posted_whole_and_its_answer_is_dated_by_the_source() {
    let source = Source::new(|_| {
        let mut response = json(200, ONE);
        response.headers_mut().insert("date", "Sun, 06 Nov 1994 08:49:37 GMT".parse().unwrap());
        response
    });
    let url = source.serve().await;
    for base in [url.clone(), format!("{url}/"), format!("{url}/select/0/prometheus"), format!("{url}/pre/")] {
        let answer = answer(&of_url(&base)).await;
        assert_eq!(answer.answered_at_ms, Some(784_111_777_000));
        let MetricData::Vector(series) = answer.data else { panic!("{answer:?}") };
        assert_eq!(series[0].samples, [Sample { at_ms: 5_000, value: Number(0.25) }]);
    }
    let asked = source.asked();
    let paths: Vec<_> = asked.iter().map(|asked| asked.path.as_str()).collect();
    assert_eq!(paths, ["/api/v1/query", "/api/v1/query", "/select/0/prometheus/api/v1/query", "/pre/api/v1/query"]);
    let expected: BTreeMap<String, String> = [
        ("query", r#"max(open{namespace="shop",pod=~"web-a|web-b"})"#),
        ("timeout", "10s"),
        ("partial_response", "false"),
        ("dedup", "true"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into();
    for one in &asked {
        assert_eq!((&one.method, &one.query, &one.form), (&Method::POST, &None, &expected));
        assert_eq!(one.header("accept"), "application/json");
        assert_eq!(one.header("content-type"), "application/x-www-form-urlencoded");
        assert_eq!((one.header("accept-encoding"), one.header("authorization")), ("", ""));
        assert!(one.header("user-agent").starts_with("crashgate/"));
    }
}

#[tokio::test]
async fn credentials_are_read_for_each_request_and_headers_are_sent() {
    let source = one();
    let url = source.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "first\n").unwrap();
    let bearer = MetricsSource {
        token_file: Some(token.display().to_string()),
        headers: [("X-Scope-OrgID".to_owned(), "shop|infra".to_owned())].into(),
        ..of_url(&url)
    };
    let bearing = client(&bearer).unwrap();
    measure(&bearing).await.answer.unwrap();
    std::fs::write(&token, " second \r\n").unwrap();
    measure(&bearing).await.answer.unwrap();
    assert_eq!(bearing.requests(), 2);
    std::fs::remove_file(&token).unwrap();
    let words = measure(&bearing).await.answer.unwrap_err().message;
    assert!(words.contains("metrics.source.tokenFile") && words.contains("cannot be read"), "{words}");
    assert_eq!(bearing.requests(), 2, "nothing was asked without its credentials");

    let password = folder.path().join("password");
    std::fs::write(&password, "pässword: x\n").unwrap();
    let basic =
        MetricsSource { user: Some("ci".to_owned()), password_file: Some("password".to_owned()), ..of_url(&url) };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let basic = MetricsClient::with_proxies(&basic, folder.path(), &ProxyVariables::default()).unwrap();
    measure(&basic).await.answer.unwrap();
    let own = MetricsSource { headers: [("authorization".to_owned(), "Custom abc".to_owned())].into(), ..of_url(&url) };
    answer(&own).await;
    let sent: Vec<_> = source.asked().iter().map(|asked| asked.header("authorization").to_owned()).collect();
    assert_eq!(sent, ["Bearer first", "Bearer second", "Basic Y2k6cMOkc3N3b3JkOiB4", "Custom abc"]);
    assert_eq!(source.asked()[0].header("x-scope-orgid"), "shop|infra");
}

#[tokio::test]
async fn a_source_that_cannot_be_asked_is_known_before_anything_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Some(path.display().to_string())
    };
    let good = || of_url("http://prom.example");
    let header =
        |name: &str, value: &str| MetricsSource { headers: [(name.to_owned(), value.to_owned())].into(), ..good() };
    let token = file("token", "hunter2");
    let cases = [
        (of_url("prom.example:9090"), "is not a URL"),
        (of_url("ftp://prom.example"), "is not a URL"),
        (of_url(""), "is not a URL"),
        (of_url("http://"), "is not a URL"),
        (of_url("http://prom example?token=hunter2"), "`http://prom example` is not a URL"),
        (of_url("https://ci:hunter2@prom.example/x"), "leave out the credentials in front of `prom.example`"),
        (of_url("https://ci:hunt@er2@prom.example?x"), "leave out the credentials in front of `prom.example`"),
        (of_url("https://hunter2@prom.example"), "leave out the credentials"),
        (of_url("https://prom.example/x?token=hunter2"), "leave out what follows `https://prom.example/x`"),
        (of_url("https://prom.example/#hunter2"), "leave out what follows"),
        (of_url("https://prom.example/x/api/v1/query"), "which is added to every base URL: `https://prom.example/x`"),
        (of_url("https://prom.example/api/v1/"), "which is added to every base URL: `https://prom.example`"),
        (
            MetricsSource { token_file: Some("/nonexistent/token".to_owned()), ..good() },
            "tokenFile: /nonexistent/token cannot be read",
        ),
        (MetricsSource { token_file: file("empty", " \n"), ..good() }, "empty is empty"),
        (MetricsSource { token_file: file("lines", "hunter2\nhunter2"), ..good() }, "no HTTP header may have"),
        (MetricsSource { token_file: file("long", &"hunter2".repeat(10_000)), ..good() }, "is longer than 65536 bytes"),
        (MetricsSource { token_file: Some(folder.path().display().to_string()), ..good() }, "is not a regular file"),
        (MetricsSource { user: Some("ci".to_owned()), ..good() }, "`user` needs `passwordFile`"),
        (MetricsSource { password_file: token.clone(), ..good() }, "`passwordFile` needs `user`"),
        (
            MetricsSource { user: Some("c:i".to_owned()), password_file: token.clone(), ..good() },
            "must not contain a colon",
        ),
        (
            MetricsSource {
                user: Some("ci".to_owned()),
                password_file: token.clone(),
                token_file: token.clone(),
                ..good()
            },
            "not both",
        ),
        (
            MetricsSource { token_file: token.clone(), ..header("Authorization", "Bearer hunter2") },
            "leave it out of `headers`",
        ),
        (header("X-A", "hunter2\nX-B: hunter2"), "no HTTP header may have"),
        (header("X A", "hunter2"), "not the name of a header"),
        (header("Host", "hunter2"), "crashgate sets this header itself"),
        (header("accept-encoding", "gzip"), "crashgate sets this header itself"),
        (MetricsSource { ca: file("ca", "hunter2"), ..good() }, "is no certificate in PEM"),
        (MetricsSource { ca: Some("/nonexistent/ca".to_owned()), ..good() }, "ca: /nonexistent/ca cannot be read"),
        (MetricsSource { cert: token.clone(), ..good() }, "`cert` and `key` need each other"),
        (MetricsSource { cert: token.clone(), key: token, ..good() }, "is no certificate in PEM"),
    ];
    for (source, words) in cases {
        let error = client(&source).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains(words), "{words}: {said}");
        assert!(said.contains("metrics.source") && !said.contains("hunter2") && !said.contains("er2@"), "{said}");
    }
}

#[tokio::test]
async fn an_answer_that_is_none_is_told_with_cause_and_next_step() {
    let page = "<!DOCTYPE html><html><head><title>Sign in</title></head></html>";
    let error = |kind: &str| format!(r#"{{"status":"error","errorType":"{kind}","error":"too much"}}"#);
    let (html, text, api) = ("text/html; charset=utf-8", "text/plain", "application/json");
    let cases: Vec<(u16, &str, String, &[&str])> = vec![
        (404, html, page.to_owned(), &["404 Not Found", "Sign in", "is the path prefix missing"]),
        (
            404,
            text,
            "404 page not found".to_owned(),
            &["404 Not Found (404 page not found)", "is the path prefix missing"],
        ),
        (
            200,
            html,
            page.to_owned(),
            &["an HTML page, \"Sign in\", not with Prometheus' API", "is the path prefix missing"],
        ),
        (200, text, "hello".to_owned(), &["something else than JSON (hello)", "check `url`"]),
        (200, api, String::new(), &["an empty answer"]),
        (204, api, String::new(), &["status 204 with an empty answer"]),
        (200, api, "{\"status\":\"success\",\"data\"".to_owned(), &["something else than JSON"]),
        (200, api, r#"{"status":"success"}"#.to_owned(), &["cannot be read: it has no `data`"]),
        (200, api, r#"{"hello":1}"#.to_owned(), &["something else than JSON ({\"hello\":1})"]),
        (401, html, page.to_owned(), &["401 Unauthorized", "no credentials were sent"]),
        (401, api, error("bad_data"), &["401 Unauthorized", "no credentials were sent"]),
        (
            403,
            text,
            "RBAC: access denied".to_owned(),
            &["403 Forbidden (RBAC: access denied)", "no credentials were sent"],
        ),
        (
            400,
            text,
            "missing -http.pathPrefix".to_owned(),
            &["status 400 with something else than JSON (missing -http.pathPrefix)"],
        ),
        (422, html, page.to_owned(), &["status 422 with an HTML page"]),
        (429, text, "slow down".to_owned(), &["429 Too Many Requests (slow down)"]),
        (502, html, page.to_owned(), &["status 502", "Sign in"]),
        (503, text, "no healthy upstream".to_owned(), &["status 503 (no healthy upstream)"]),
        (503, api, error("timeout"), &["could not answer the query: timeout: too much"]),
        (500, api, error("internal"), &["could not answer the query: internal: too much"]),
        (200, api, error("unavailable"), &["could not answer the query: unavailable: too much"]),
    ];
    for (status, content_type, body, words) in cases {
        let said = body.clone();
        let kind = content_type.to_owned();
        let source = Source::new(move |_| response(status, &kind, said.clone()));
        let url = source.serve().await;
        let message = trouble(&of_url(&format!("{url}/pre"))).await;
        let operation = format!("POST {}/pre/api/v1/query: ", url.trim_start_matches("http://"));
        assert!(message.starts_with(&operation), "{message}");
        for word in words {
            assert!(message.contains(word), "{status} {body}: {message}");
        }
    }
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_rejected_with_the_sources_words() {
    for (status, kind) in [(400, "bad_data"), (422, "execution"), (422, "422"), (200, "bad_data")] {
        let source = Source::new(move |_| {
            json(
                status,
                &format!(r#"{{"status":"error","errorType":"{kind}","error":"1:5: parse error: unexpected <op:->"}}"#),
            )
        });
        let measured = measure(&client(&of_url(&source.serve().await)).unwrap()).await;
        let trouble = measured.answer.unwrap_err();
        assert_eq!(trouble.kind, MetricTroubleKind::Rejected, "{status} {kind}");
        let words = format!("rejected the query: {kind}: 1:5: parse error: unexpected <op:->");
        assert!(trouble.message.starts_with("POST 127.0.0.1:") && trouble.message.ends_with(&words), "{trouble:?}");
    }
}

#[tokio::test]
async fn values_and_warnings_come_as_they_were_sent() {
    for (body, expected) in [
        (r#"{"status":"success","data":{"resultType":"scalar","result":[1,"NaN"]}}"#, "NaN"),
        (
            r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"pod":"a"},"value":[1,"+Inf"]},{"metric":{"pod":"b"},"value":[1,"2"]}]},"warnings":["store down"]}"#,
            "store down",
        ),
    ] {
        let source = Source::new(move |_| json(200, body));
        let answer = answer(&of_url(&source.serve().await)).await;
        assert!(answer.answered_at_ms.is_some(), "the server tells the date");
        assert!(format!("{answer:?}").contains(expected), "{answer:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_names_its_host_alone() {
    let elsewhere = one();
    let target = elsewhere.serve().await;
    for (location, words) in [
        (format!("{}/login?next=hunter2", target.replace("//", "//ci:hunter2@")), target.as_str()),
        ("https://login.example/x?hunter2".to_owned(), "https://login.example"),
        ("/elsewhere?hunter2".to_owned(), "another path of the same host"),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let location = location.clone();
            let source = Source::new(move |_| {
                let mut response = response(status, "text/plain", "");
                response.headers_mut().insert("location", location.parse().unwrap());
                response
            });
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("t"), "hunter2").unwrap();
            let token_file = Some(folder.path().join("t").display().to_string());
            let message = trouble(&MetricsSource { token_file, ..of_url(&source.serve().await) }).await;
            assert!(message.contains(&format!("{status}: it redirects to {words};")), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
            assert_eq!(source.asked().len(), 1);
        }
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&sent);
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 16 * 1024]).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        let piece = vec![b' '; 1024 * 1024];
        for _ in 0..100 {
            if socket.write_all(&piece).await.is_err() {
                break;
            }
            counts.fetch_add(1, Ordering::Relaxed);
        }
    });
    let message = trouble(&of_url(&url)).await;
    assert!(message.contains("the answer is larger than 8 MiB; narrow the selector"), "{message}");
    server.await.unwrap();
    assert!(sent.load(Ordering::Relaxed) < 40, "the rest was never taken: {sent:?} MiB");
}

#[tokio::test]
async fn an_answer_that_stops_or_never_comes_is_told_in_bounded_time() {
    const CHUNKED: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{\"status\":\"succe\r\n";
    let message = trouble(&of_url(&format!("http://{}", raw(CHUNKED, true).await))).await;
    assert!(message.contains("the answer broke off after 16 bytes"), "{message}");
    for bytes in [CHUNKED, b"", b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 10\r\n\r\n"] {
        let hung = client(&of_url(&format!("http://{}", raw(bytes, false).await))).unwrap();
        let hung = hung.with_patience(Duration::from_millis(300));
        let message = measure(&hung).await.answer.unwrap_err().message;
        assert!(message.contains("no whole answer within 0.3 s"), "{message}");
    }
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let message = trouble(&of_url(&format!("http://{closed}"))).await;
    assert!(message.contains("nothing listens there") && message.contains("check `url`"), "{message}");
    let message = trouble(&of_url("http://nowhere.invalid")).await;
    assert!(message.contains("its name cannot be resolved"), "{message}");
    let message = trouble(&of_url(&format!("https://{}", raw(b"HTTP/1.1 400 Bad Request\r\n\r\n", true).await))).await;
    assert!(message.contains("is it http:// rather than https://?"), "{message}");
}

#[tokio::test]
async fn a_compressed_answer_is_none() {
    let source = Source::new(|_| {
        let mut response = json(200, "\u{1f}");
        response.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        response
    });
    let message = trouble(&of_url(&source.serve().await)).await;
    assert!(message.contains("a compressed answer, which was not asked for"), "{message}");
}

#[tokio::test]
async fn questions_about_one_check_and_arm_take_turns() {
    let gate = Arc::new(Semaphore::new(0));
    let (opened, inside) = (Arc::clone(&gate), Arc::new(Mutex::new((0, 0))));
    let counted = Arc::clone(&inside);
    let source = Source::later(move |asked| {
        let (gate, inside) = (Arc::clone(&gate), Arc::clone(&counted));
        async move {
            if asked.form["query"].contains("stable") {
                return json(200, ONE);
            }
            {
                let (now, most) = &mut *inside.lock().unwrap();
                *now += 1;
                *most = (*now).max(*most);
            }
            gate.acquire().await.unwrap().forget();
            inside.lock().unwrap().0 -= 1;
            json(200, ONE)
        }
        .boxed()
    });
    let client = client(&of_url(&source.serve().await)).unwrap();
    let (labels, canary) = (PodLabels::default(), check("canary{$pods}"));
    let asked = question(Arm::Canary);
    let ask = || client.measure(&canary, &labels, "shop", &asked);
    let (first, second) = (ask(), ask());
    let stable = async {
        let stable = check("stable{$pods}");
        // It is answered while the others are not, and is no proof that they were sent: so it asks until one was.
        while inside.lock().unwrap().0 == 0 {
            client.measure(&stable, &labels, "shop", &question(Arm::Stable)).await.answer.unwrap();
        }
        client.measure(&stable, &labels, "shop", &question(Arm::Stable)).await.answer.unwrap();
        opened.add_permits(2);
    };
    let (first, second, ()) = tokio::join!(first, second, stable);
    assert!(first.answer.is_ok() && second.answer.is_ok());
    assert_eq!(inside.lock().unwrap().1, 1, "never two at a time");
}

#[tokio::test]
async fn a_proxy_of_the_environment_is_used_as_for_the_cluster() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = listener.local_addr().unwrap();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = vec![0; 16 * 1024];
            let read = socket.read(&mut buffer).await.unwrap();
            heard.lock().unwrap().push(String::from_utf8_lossy(&buffer[..read]).into_owned());
            if heard.lock().unwrap().len() > 1 {
                let _ =
                    socket.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await;
                continue;
            }
            socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let read = socket.read(&mut buffer).await.unwrap();
            heard.lock().unwrap().push(String::from_utf8_lossy(&buffer[..read]).into_owned());
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{ONE}", ONE.len());
            socket.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    let variables = ProxyVariables { http: Some(format!("http://ci:hunter2@{proxy}")), ..ProxyVariables::default() };
    let source = of_url("http://prometheus.example:9090/pre");
    let asks = MetricsClient::with_proxies(&source, Path::new("/"), &variables).unwrap();
    measure(&asks).await.answer.unwrap();
    {
        let heads = heads.lock().unwrap();
        assert!(heads[0].starts_with("CONNECT prometheus.example:9090 "), "{heads:?}");
        assert!(heads[1].starts_with("POST /pre/api/v1/query "), "{heads:?}");
    }
    let message = measure(&asks).await.answer.unwrap_err().message;
    assert!(message.contains("check HTTPS_PROXY and NO_PROXY") && !message.contains("hunter2"), "{message}");
    let direct = ProxyVariables { except: Some("prometheus.example".to_owned()), ..variables };
    let asks = MetricsClient::with_proxies(&source, Path::new("/"), &direct).unwrap();
    let message = measure(&asks).await.answer.unwrap_err().message;
    assert!(!message.contains("proxy"), "{message}");
}

#[tokio::test]
async fn what_was_measured_is_told_to_the_tap_and_decides_the_same_again() {
    let bodies = [
        (200, ONE),
        (422, r#"{"status":"error","errorType":"execution","error":"found duplicate series"}"#),
        (503, r#"{"status":"error","errorType":"timeout","error":"query timed out"}"#),
        (502, "<html>bad gateway</html>"),
        (400, "<html>bad request</html>"),
        (200, r#"{"status":"success"}"#),
    ];
    for (status, body) in bodies {
        let source = Source::new(move |_| json(status, body));
        let (tap, heard) = tap();
        let client = client(&of_url(&source.serve().await)).unwrap().with_tap(tap, "checkout");
        let measured = measure(&client).await;
        let heard = heard.lock().unwrap();
        let [Entry::Metrics(entry)] = &heard[..] else { panic!("{heard:?}") };
        assert_eq!((entry.app.as_deref(), entry.namespace.as_deref()), (Some("checkout"), Some("shop")));
        assert_eq!((entry.arm, entry.check.as_str()), (Arm::Canary, "files"));
        assert!(entry.query.as_deref().is_some_and(|query| query.contains("web-a|web-b")));
        assert!(matches!(entry.answered_at, AnsweredAt::Told(_)), "{entry:?}");
        assert_eq!(measurement(entry, 77), measured, "{status} {body}");
    }
}

/// Everything that could end in a log, an error or a recording.
async fn told(source: &MetricsSource) -> String {
    let (tap, heard) = tap();
    let client = client(source).unwrap().with_tap(tap, "checkout");
    let measured = measure(&client).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ndjson");
    let mut writer = Writer::create(&path, 1 << 20).unwrap();
    writer.begin(&Header {
        format: 1,
        started_at: jiff::Timestamp::UNIX_EPOCH,
        server_version: String::new(),
        namespace: String::new(),
        recorder: String::new(),
        title: String::new(),
        description: String::new(),
    });
    for entry in heard.lock().unwrap().iter() {
        writer.traffic(Duration::ZERO, entry);
    }
    format!("{measured:?} {client:?} {heard:?} {}", std::fs::read_to_string(path).unwrap())
}

#[tokio::test]
async fn no_secret_is_in_any_output_even_where_the_source_quotes_it() {
    /// How a source quotes what was sent to it.
    type Say = fn(&str) -> String;
    let logs = Logs::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(logs.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "hunter2-file").unwrap();
    let file = Some(secret.display().to_string());
    let with = |base: MetricsSource, name: &str, value: &str| MetricsSource {
        headers: [(name.to_owned(), value.to_owned())].into(),
        ..base
    };
    let answers: [(u16, &str, Say); 7] = [
        (401, "text/plain", |sent| format!("invalid credentials: {sent}")),
        (403, "text/html", |sent| format!("<html><title>{sent}</title></html>")),
        (404, "text/plain", |sent| sent.to_owned()),
        (500, "text/plain", |sent| format!("x {sent} x")),
        (400, "application/json", |sent| format!(r#"{{"status":"error","errorType":"bad_data","error":"{sent}"}}"#)),
        (200, "text/plain", |sent| sent.to_owned()),
        (200, "application/json", |sent| {
            format!(
                r#"{{"status":"success","warnings":["{sent}"],"data":{{"resultType":"string","result":[1,"{sent}"]}}}}"#
            )
        }),
    ];
    for (status, content_type, say) in answers {
        let source = Source::new(move |asked| {
            response(
                status,
                content_type,
                say(&format!("{} and {}", asked.header("authorization"), asked.header("x-key"))),
            )
        });
        let url = source.serve().await;
        let token = MetricsSource { token_file: file.clone(), ..of_url(&url) };
        let basic = MetricsSource { user: Some("ci".to_owned()), password_file: file.clone(), ..of_url(&url) };
        let own = with(of_url(&url), "Authorization", "Custom hunter2-own");
        let mut sources = vec![token, basic, own];
        if status != 200 {
            // What a source answers may well hold the value of such a header, which can be a word of every day.
            sources.push(with(of_url(&url), "X-Key", "hunter2-key"));
        }
        for source in sources {
            let told = format!("{source:?} {}", told(&source).await);
            assert!(!told.contains("hunter2") && !told.contains("Y2k6aHVudGVyMi1maWxl"), "{status}: {told}");
        }
        assert_eq!(source.asked().len(), if status == 200 { 3 } else { 4 });
    }
    let logs = logs.text();
    assert!(logs.contains("request sent") && logs.contains("/api/v1/query"), "the log is read: {logs}");
    assert!(!logs.contains("hunter2") && !logs.contains("Y2k6aHVudGVyMi1maWxl"), "{logs}");
}

/// What was logged.
#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl Logs {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Logs {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
