//! The client against real servers: Prometheus and `VictoriaMetrics`, which scrape a target that the tests set.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use crashgate::gate::model::{
    Arm, Measurement, MetricAnswer, MetricData, MetricQuestion, MetricTroubleKind, Number, Series,
};
use crashgate::gate::spec::{Check, Count, Measure, MetricsSource, PodLabels, Undecided};
use crashgate::metrics::MetricsClient;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use super::source::{check, client, of_url, question};
use crate::cluster::tls::{authority, leaf};

/// So long may a server take for anything.
pub(super) const LIMIT: Duration = Duration::from_mins(1);
/// Between two looks at a condition.
pub(super) const LOOK: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backend {
    Prometheus,
    VictoriaMetrics,
}

impl Backend {
    pub(super) const BOTH: [Self; 2] = [Self::Prometheus, Self::VictoriaMetrics];

    const fn command(self) -> &'static str {
        match self {
            Self::Prometheus => "prometheus",
            Self::VictoriaMetrics => "victoria-metrics",
        }
    }
}

/// What is scraped: a page that the test sets.
struct Target {
    page: Arc<Mutex<String>>,
    addr: SocketAddr,
}

impl Target {
    async fn new() -> Self {
        let page: Arc<Mutex<String>> = Arc::default();
        let shown = Arc::clone(&page);
        let router = Router::new().fallback(move || {
            let page = shown.lock().unwrap().clone();
            async move { page }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { page, addr }
    }

    fn set(&self, lines: &[&str]) {
        *self.page.lock().unwrap() = lines.join("\n") + "\n";
    }
}

/// A server that this test started; it ends with it.
pub(super) struct Server {
    pub(super) url: String,
    pub(super) child: Child,
    _folder: tempfile::TempDir,
}

impl Server {
    pub(super) async fn start(backend: Backend, target: SocketAddr, flags: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("scrape.yaml");
        let text = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n- job_name: app\n  static_configs:\n  - targets: ['{target}']\n"
        );
        std::fs::write(&config, text).unwrap();
        // A port that is free now may be taken a moment later: then another one is tried.
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
            let mut command = Command::new(backend.command());
            let data = folder.path().join("data");
            match backend {
                Backend::Prometheus => command
                    .arg(format!("--config.file={}", config.display()))
                    .arg(format!("--storage.tsdb.path={}", data.display()))
                    .arg(format!("--web.listen-address=127.0.0.1:{port}")),
                // Its default shows nothing newer than 30 s.
                Backend::VictoriaMetrics => command
                    .arg(format!("-promscrape.config={}", config.display()))
                    .arg(format!("-storageDataPath={}", data.display()))
                    .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
                    .arg("-search.latencyOffset=1ms"),
            };
            command.args(flags).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
            let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", backend.command()));
            let begun = Instant::now();
            while begun.elapsed() < LIMIT && child.try_wait().unwrap().is_none() {
                if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                    return Self { url: format!("http://127.0.0.1:{port}"), child, _folder: folder };
                }
                tokio::time::sleep(LOOK).await;
            }
        }
        panic!("{backend:?} does not start");
    }

    pub(super) fn signal(&self, signal: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

async fn ask(client: &MetricsClient, check: &Check, question: &MetricQuestion) -> Measurement {
    client.measure(check, &PodLabels::default(), "shop", question).await
}

/// Asks until the answer is as it is expected, and returns it.
async fn until(
    client: &MetricsClient,
    check: &Check,
    question: &MetricQuestion,
    is_it: impl Fn(&MetricAnswer) -> bool,
) -> MetricAnswer {
    let begun = Instant::now();
    loop {
        let answer = ask(client, check, question).await.answer;
        match answer {
            Ok(answer) if is_it(&answer) => return answer,
            other => assert!(begun.elapsed() < LIMIT, "the last answer: {other:?}"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Asks until the server answers at all.
pub(super) async fn ready(client: &MetricsClient) {
    until(client, &check("vector(1)"), &question(Arm::Canary), |_| true).await;
}

fn about(pods: &[&str]) -> MetricQuestion {
    MetricQuestion {
        pods: pods.iter().map(|pod| (*pod).to_owned()).collect(),
        window: Duration::from_mins(1),
        ..question(Arm::Canary)
    }
}

fn share(count: Count) -> Check {
    let measure = Measure::Share { count, max: Some(Number(0.01)), versus: None, alpha: Number(0.05) };
    Check { name: "errors".to_owned(), measure, undecided: Undecided::Inconclusive }
}

fn series(answer: &MetricAnswer) -> &[Series] {
    match &answer.data {
        MetricData::Matrix(series) | MetricData::Vector(series) => series,
        other => panic!("{other:?}"),
    }
}

/// The values of the series with this label.
fn values(answer: &MetricAnswer, label: &str, value: &str) -> Vec<f64> {
    let of = |series: &&Series| series.labels.get(label).is_some_and(|known| known == value);
    let found = series(answer).iter().filter(of).flat_map(|series| &series.samples);
    found.map(|sample| sample.value.0).collect()
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored metric_servers"]
async fn a_series_that_is_born_at_37_arrives_as_it_was_scraped_and_a_reset_is_seen() {
    for backend in Backend::BOTH {
        let target = Target::new().await;
        let of = |code: &str, pod: &str, value: u32| {
            format!("http_requests_total{{namespace=\"shop\",pod=\"{pod}\",code=\"{code}\"}} {value}")
        };
        target.set(&[&of("200", "web-a", 100), &of("200", "web-b", 7), &of("500", "web-bb", 9)]);
        let server = Server::start(backend, target.addr, &[]).await;
        let client = client(&of_url(&server.url)).unwrap();
        let check = share(Count::Counters {
            bad: "http_requests_total{$pods,code=~\"5..\"}".parse().unwrap(),
            total: "http_requests_total{$pods}".parse().unwrap(),
        });
        let pods = about(&["web-a", "web-b"]);
        let first = until(&client, &check, &pods, |answer| values(answer, "code", "200").len() >= 2).await;
        assert!(values(&first, "code", "500").is_empty(), "{backend:?}: {first:?}");
        target.set(&[&of("200", "web-a", 160), &of("500", "web-a", 37), &of("200", "web-b", 7)]);
        until(&client, &check, &pods, |answer| !values(answer, "code", "500").is_empty()).await;
        target.set(&[&of("200", "web-a", 3), &of("500", "web-a", 40), &of("200", "web-b", 7)]);
        let last = until(&client, &check, &pods, |answer| values(answer, "code", "500").last() == Some(&40.0)).await;

        assert!(matches!(last.data, MetricData::Matrix(_)), "{backend:?}: {last:?}");
        assert_eq!(values(&last, "code", "500")[0].to_bits(), 37_f64.to_bits(), "{backend:?}: {last:?}");
        let mut total = values(&last, "pod", "web-a");
        total.retain(|value| [100.0, 160.0, 3.0].contains(value));
        total.dedup();
        assert_eq!(total, [100.0, 160.0, 3.0], "{backend:?}: a reset is no negative number here");
        assert_eq!(series(&last).len(), 3, "{backend:?}: no pod but those asked for: {last:?}");
        let newest = series(&last).iter().flat_map(|series| &series.samples).map(|sample| sample.at_ms).max().unwrap();
        let age = last.answered_at_ms.unwrap() - newest;
        assert!((-1_000..10_000).contains(&age), "{backend:?}: one clock tells both: {age} ms");
    }
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored metric_servers"]
async fn counters_of_different_names_and_buckets_of_any_spelling_come_in_one_answer() {
    for backend in Backend::BOTH {
        let target = Target::new().await;
        target.set(&[
            r#"app_errors_total{namespace="shop",pod="web-a"} 2"#,
            r#"app_requests_total{namespace="shop",pod="web-a"} 50"#,
            r#"app_requests_total{namespace="other",pod="web-a"} 51"#,
            r#"latency_bucket{namespace="shop",pod="web-a",le="0.1"} 1"#,
            r#"latency_bucket{namespace="shop",pod="web-a",le="0.50"} 4"#,
            r#"latency_bucket{namespace="shop",pod="web-a",le="1"} 5"#,
            r#"latency_bucket{namespace="shop",pod="web-a",le="+Inf"} 6"#,
            r#"latency_bucket{namespace="shop",pod="web-b",le="5e-01"} 3"#,
            r#"latency_bucket{namespace="shop",pod="web-b",le="+Inf"} 3"#,
        ]);
        let server = Server::start(backend, target.addr, &[]).await;
        let client = client(&of_url(&server.url)).unwrap();
        let pods = about(&["web-a", "web-b"]);
        let counters = share(Count::Counters {
            bad: "app_errors_total{$pods}".parse().unwrap(),
            total: "app_requests_total{$pods}".parse().unwrap(),
        });
        let answer = until(&client, &counters, &pods, |answer| series(answer).len() >= 2).await;
        assert_eq!(series(&answer).len(), 2, "{backend:?}: {answer:?}");
        assert_eq!(values(&answer, "__name__", "app_errors_total")[0].to_bits(), 2_f64.to_bits());
        assert_eq!(values(&answer, "__name__", "app_requests_total")[0].to_bits(), 50_f64.to_bits());
        let slower = share(Count::Slower { histogram: "latency_bucket{$pods}".parse().unwrap(), bound: Number(0.5) });
        let mut bounds: Vec<_> = series(&until(&client, &slower, &pods, |answer| !series(answer).is_empty()).await)
            .iter()
            .map(|series| format!("{} {}", series.labels["pod"], series.labels["le"]))
            .collect();
        bounds.sort_unstable();
        assert_eq!(bounds, ["web-a +Inf", "web-a 0.50", "web-b +Inf", "web-b 5e-01"], "{backend:?}");
        let every = MetricQuestion { every_bucket: true, ..pods };
        let answer = ask(&client, &slower, &every).await.answer.unwrap();
        assert_eq!(series(&answer).len(), 6, "{backend:?}: {answer:?}");
    }
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored metric_servers"]
async fn numbers_that_are_none_and_queries_that_are_none_are_told_as_each_server_tells_them() {
    for backend in Backend::BOTH {
        let target = Target::new().await;
        let server = Server::start(backend, target.addr, &[]).await;
        let client = client(&of_url(&server.url)).unwrap();
        ready(&client).await;
        let pods = about(&["web-a"]);
        let get = async |query: &str| ask(&client, &check(query), &pods).await.answer;
        // VictoriaMetrics has no scalars, and leaves out what is not a number.
        let scalar = get("scalar(vector(3))").await.unwrap();
        let nothing = get("vector(0) / vector(0)").await.unwrap();
        match backend {
            Backend::Prometheus => {
                assert!(matches!(scalar.data, MetricData::Scalar(sample) if sample.value == Number(3.0)), "{scalar:?}");
                assert!(series(&nothing)[0].samples[0].value.0.is_nan(), "{nothing:?}");
            }
            Backend::VictoriaMetrics => {
                assert_eq!(series(&scalar)[0].samples[0].value, Number(3.0), "{scalar:?}");
                assert_eq!(series(&nothing), [], "{nothing:?}");
            }
        }
        let infinite = get("vector(1) / vector(0)").await.unwrap();
        assert_eq!(series(&infinite)[0].samples[0].value, Number(f64::INFINITY), "{infinite:?}");
        assert_eq!(series(&get("max(no_such_series{$pods})").await.unwrap()), [], "no series is no error");
        let two = get(r#"label_replace(vector(1), "a", "b", "", "") or vector(2)"#).await.unwrap();
        assert_eq!(series(&two).len(), 2, "{backend:?}: {two:?}");
        let rejected = get("max(").await.unwrap_err();
        assert_eq!(rejected.kind, MetricTroubleKind::Rejected, "{backend:?}: {rejected:?}");
        assert!(rejected.message.contains("rejected the query: "), "{backend:?}: {rejected:?}");
        // Whatever a pod is called, the query is one.
        let counters = share(Count::Counters {
            bad: r#"e{$pods,path="a\"b\\c\n"}"#.parse().unwrap(),
            total: "e{$pods}".parse().unwrap(),
        });
        for name in ["we\"b", "a.b|c", "\\", "\n", "\u{7}", "{}", "(", "ä", "$pods", "`", "[a-"] {
            for names in [&[name][..], &[name, "other"]] {
                let answer = ask(&client, &counters, &about(names)).await.answer;
                assert_eq!(
                    answer.as_ref().map(|answer| series(answer).len()),
                    Ok(0),
                    "{backend:?} {name:?}: {answer:?}"
                );
            }
        }
    }
}

/// Writes a certificate of an authority for 127.0.0.1; returns the flags of a server that wants it and a password.
pub(super) fn guarded(backend: Backend, folder: &Path) -> Vec<String> {
    let own = authority();
    let (params, key) = leaf(&["127.0.0.1"], false);
    let certificate = params.signed_by(&key, &own).unwrap();
    let write = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name).display().to_string()
    };
    write("ca.pem", &own.as_ref().pem());
    write("other.pem", &authority().as_ref().pem());
    write("password", "correct horse\n");
    write("wrong", "correct donkey\n");
    let (certificate, key) = (write("server.pem", &certificate.pem()), write("server.key", &key.serialize_pem()));
    match backend {
        Backend::Prometheus => {
            // The password's bcrypt hash.
            let hash = "$2b$05$CzmuPzZrjTHQ/30hwh24b.cXEcBw3JC3sXlk16y3iibor25TG12/W";
            let text = format!(
                "basic_auth_users: {{ci: {hash}}}\ntls_server_config: {{cert_file: {certificate}, key_file: {key}}}\n"
            );
            vec![format!("--web.config.file={}", write("web.yaml", &text))]
        }
        Backend::VictoriaMetrics => vec![
            "-httpAuth.username=ci".to_owned(),
            "-httpAuth.password=correct horse".to_owned(),
            "-tls".to_owned(),
            format!("-tlsCertFile={certificate}"),
            format!("-tlsKeyFile={key}"),
        ],
    }
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored metric_servers"]
async fn passwords_and_certificates_are_asked_for_as_servers_do() {
    for backend in Backend::BOTH {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::new().await;
        let server = Server::start(backend, target.addr, &guarded(backend, folder.path())).await;
        let file = |name: &str| Some(folder.path().join(name).display().to_string());
        let with = |ca: &str, password: &str| MetricsSource {
            user: Some("ci".to_owned()),
            password_file: file(password),
            ca: file(ca),
            ..of_url(&server.url.replace("http:", "https:"))
        };
        ready(&client(&with("ca.pem", "password")).unwrap()).await;
        for (source, words) in [
            (with("ca.pem", "wrong"), "401 Unauthorized"),
            (with("ca.pem", "wrong"), "`user` with the password of `passwordFile` was sent"),
            (MetricsSource { user: None, password_file: None, ..with("ca.pem", "") }, "no credentials were sent"),
            (with("other.pem", "password"), "an authority that is not trusted"),
        ] {
            let trouble = ask(&client(&source).unwrap(), &check("vector(1)"), &about(&["a"])).await.answer.unwrap_err();
            assert!(
                trouble.message.contains(words) && !trouble.message.contains("correct"),
                "{backend:?}: {trouble:?}"
            );
        }
    }
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored metric_servers"]
async fn a_path_prefix_is_kept_and_one_that_is_missing_is_guessed() {
    for (backend, flag) in [
        (Backend::Prometheus, "--web.external-url=http://prom.example/pre"),
        (Backend::VictoriaMetrics, "-http.pathPrefix=/pre"),
    ] {
        let target = Target::new().await;
        let server = Server::start(backend, target.addr, &[flag.to_owned()]).await;
        for base in ["/pre", "/pre/"] {
            ready(&client(&of_url(&format!("{}{base}", server.url))).unwrap()).await;
        }
        for base in ["", "/other"] {
            let client = client(&of_url(&format!("{}{base}", server.url))).unwrap();
            let trouble = ask(&client, &check("vector(1)"), &about(&["a"])).await.answer.unwrap_err();
            assert_eq!(trouble.kind, MetricTroubleKind::Unreachable, "{backend:?}: {trouble:?}");
            let words = match backend {
                Backend::Prometheus => "is the path prefix missing in `url`?",
                Backend::VictoriaMetrics => "missing -http.pathPrefix",
            };
            assert!(trouble.message.contains(words), "{backend:?}: {trouble:?}");
        }
    }
}

#[tokio::test]
#[ignore = "needs prometheus and victoria-metrics: cargo test --test it -- --ignored metric_servers"]
async fn a_server_that_hangs_is_given_up_in_time_and_one_that_is_gone_refuses() {
    for backend in Backend::BOTH {
        let target = Target::new().await;
        let mut server = Server::start(backend, target.addr, &[]).await;
        let client = client(&of_url(&server.url)).unwrap().with_patience(Duration::from_secs(2));
        ready(&client).await;
        server.signal("-STOP");
        let begun = Instant::now();
        let trouble = ask(&client, &check("vector(1)"), &about(&["a"])).await.answer.unwrap_err();
        assert!(trouble.message.contains("no whole answer within 2 s"), "{backend:?}: {trouble:?}");
        assert!(begun.elapsed() < Duration::from_secs(10));
        server.signal("-CONT");
        ready(&client).await;
        server.child.kill().await.unwrap();
        let trouble = ask(&client, &check("vector(1)"), &about(&["a"])).await.answer.unwrap_err();
        assert!(trouble.message.contains("nothing listens there"), "{backend:?}: {trouble:?}");
    }
}
