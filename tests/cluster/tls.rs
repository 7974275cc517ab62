//! TLS and credentials for real: API servers on loopback with certificates of every kind, and users of every kind. Each
//! run ends in bounded time, with the right exit code and the right words.
#![cfg(unix)]

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::cli::crashgate;
use crate::cluster::stub::{Ask, Stub, status};

/// An authority that signs certificates.
pub type Authority = CertifiedIssuer<'static, KeyPair>;

pub fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub fn leaf(names: &[&str], expired: bool) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    if expired {
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    }
    (params, KeyPair::generate().unwrap())
}

/// A certificate of a server.
pub enum Kind {
    Good,
    Expired,
    WrongHost,
    SelfSigned,
    Stranger,
}

/// Serves over TLS; only to clients with a certificate of the authority, where that is asked for.
pub async fn serve(router: axum::Router, authority: &Authority, kind: &Kind, clients_too: bool) -> SocketAddr {
    let (params, key) = match kind {
        Kind::WrongHost => leaf(&["other.example"], false),
        Kind::Expired => leaf(&["127.0.0.1"], true),
        Kind::Good | Kind::SelfSigned | Kind::Stranger => leaf(&["127.0.0.1"], false),
    };
    let certificate = match kind {
        Kind::SelfSigned => params.self_signed(&key).unwrap(),
        Kind::Stranger => params.signed_by(&key, &self::authority()).unwrap(),
        Kind::Good | Kind::Expired | Kind::WrongHost => params.signed_by(&key, authority).unwrap(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = if clients_too {
        let mut roots = RootCertStore::empty();
        roots.add(authority.as_ref().der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (acceptor, router) = (acceptor.clone(), router.clone());
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(socket).await else { return };
                let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    router.clone().oneshot(request.map(axum::body::Body::new))
                });
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    addr
}

/// A folder with the authority's certificate and a kubeconfig for each case.
struct Desk {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Desk {
    fn new() -> Self {
        let (folder, authority) = (tempfile::tempdir().unwrap(), authority());
        std::fs::write(folder.path().join("ca.crt"), authority.as_ref().pem()).unwrap();
        Self { folder, authority }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn kubeconfig(&self, name: &str, addr: SocketAddr, user: &str) -> PathBuf {
        let authority = self.folder.path().join("ca.crt");
        self.file(
            name,
            &format!(
                r#"{{"current-context":"c","contexts":[{{"name":"c","context":{{"cluster":"c","user":"u"}}}}],"clusters":[{{"name":"c","cluster":{{"server":"https://{addr}","certificate-authority":"{}"}}}}],"users":[{{"name":"u","user":{{{user}}}}}]}}"#,
                authority.display()
            ),
        )
    }

    /// A credential plugin.
    fn plugin(&self, name: &str, script: &str) -> String {
        let path = self.file(name, &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        format!(
            r#""exec":{{"apiVersion":"client.authentication.k8s.io/v1","command":"{}","interactiveMode":"Never"}}"#,
            path.display()
        )
    }
}

/// Runs a gate that finds nothing in 3 s where it can ask: exit code 4.
fn check(kubeconfig: &Path, more: &[&str]) -> (Option<i32>, String, Duration) {
    let began = Instant::now();
    let output = crashgate(&["check", "--kubeconfig", kubeconfig.to_str().unwrap()])
        .args(["--app", "web", "--version", "v2", "--namespace", "shop", "--delay", "1s"])
        .args(["--request-timeout", "2s", "--wait-period", if more.is_empty() { "3s" } else { more[1] }])
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text, began.elapsed())
}

/// Answers 401 to whoever has not one of the tokens.
fn guarded(is_good: impl Fn(&Ask) -> bool + Send + 'static) -> Stub {
    Stub::new(move |ask| (!is_good(ask)).then(|| status(401, "Unauthorized")))
}

/// What is expected of a run: exit code, words, and the seconds that it may take.
async fn expect(kubeconfig: PathBuf, more: &'static [&'static str], code: i32, words: &[&str], seconds: u64) {
    let (got, text, took) = tokio::task::spawn_blocking(move || check(&kubeconfig, more)).await.unwrap();
    assert_eq!(got, Some(code), "{text}");
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(took < Duration::from_secs(seconds), "{took:?}: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_told_in_words() {
    let desk = Desk::new();
    let stub = Stub::quiet();
    let mut runs = Vec::new();
    for (name, kind, code, words) in [
        ("good", Kind::Good, 4, &["NothingMatched"][..]),
        ("expired", Kind::Expired, 7, &["ClusterUnreachable", "its certificate has expired"]),
        ("wrong-host", Kind::WrongHost, 7, &["ClusterUnreachable", "its certificate is for another name"]),
        ("self-signed", Kind::SelfSigned, 7, &["ClusterUnreachable", "an authority that is not trusted"]),
        ("stranger", Kind::Stranger, 7, &["ClusterUnreachable", "an authority that is not trusted"]),
    ] {
        let addr = serve(stub.router(), &desk.authority, &kind, false).await;
        runs.push(expect(desk.kubeconfig(name, addr, ""), &[], code, words, 12));
    }
    futures::future::join_all(runs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_certificate_opens_what_is_shut_without_it() {
    let desk = Desk::new();
    let addr = serve(Stub::quiet().router(), &desk.authority, &Kind::Good, true).await;
    let (params, key) = leaf(&["client"], false);
    let certificate = desk.file("client.crt", &params.signed_by(&key, &desk.authority).unwrap().pem());
    let key = desk.file("client.key", &key.serialize_pem());
    let user = format!(r#""client-certificate":"{}","client-key":"{}""#, certificate.display(), key.display());
    tokio::join!(
        expect(desk.kubeconfig("with", addr, &user), &[], 4, &["NothingMatched"], 12),
        expect(desk.kubeconfig("without", addr, ""), &[], 7, &["ClusterUnreachable", "client certificate"], 20),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_used_refused_and_read_anew() {
    let desk = Desk::new();
    let good = guarded(|ask| ask.authorization == "Bearer good");
    let addr = serve(good.router(), &desk.authority, &Kind::Good, false).await;
    // Only one of the two is good at a time. The file follows in the moment in which the pods are listed again.
    let token = desk.file("token", "first");
    let written = token.clone();
    let mut second = false;
    let rotating = Stub::new(move |ask| {
        if !second && (ask.verb, ask.resource.as_str(), ask.nth) == ("LIST", "pods", 1) {
            std::fs::write(&written, "second").unwrap();
            second = true;
        }
        let is_good = ask.authorization == if second { "Bearer second" } else { "Bearer first" };
        (!is_good).then(|| status(401, "Unauthorized"))
    });
    let rotated = serve(rotating.router(), &desk.authority, &Kind::Good, false).await;
    let user = format!(r#""tokenFile":"{}""#, token.display());
    tokio::join!(
        expect(desk.kubeconfig("token-good", addr, r#""token":"good""#), &[], 4, &["NothingMatched"], 12),
        expect(desk.kubeconfig("token-bad", addr, r#""token":"bad""#), &[], 7, &["Unauthorized", "log in again"], 12),
        expect(desk.kubeconfig("rotating", rotated, &user), &["--wait-period", "6s"], 4, &["NothingMatched"], 15),
    );
    let with = |token: &str| rotating.asks().iter().filter(|ask| ask.authorization == token).count();
    assert!(with("Bearer second") > 0, "the token was read anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credential_plugins_of_every_kind_come_to_an_end() {
    let desk = Desk::new();
    // A token is good for five seconds from its birth.
    let stub = guarded(|ask| {
        let born = ask.authorization.strip_prefix("Bearer t").and_then(|born| born.parse::<i64>().ok());
        let now = jiff::Timestamp::now().as_second();
        born.is_some_and(|born| (0..=5).contains(&(now - born)))
    });
    let addr = serve(stub.router(), &desk.authority, &Kind::Good, false).await;
    let lasting = desk.plugin(
        "lasting",
        r#"printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t%s","expirationTimestamp":"%s"}}' "$(date +%s)" "$(date -u -d '+5 seconds' +%Y-%m-%dT%H:%M:%SZ)""#,
    );
    let hanging = desk.plugin("hanging", "exec sleep 50");
    let failing = desk.plugin("failing", "echo 'no session' >&2; exit 3");
    let junk = desk.plugin("junk", "echo 'Welcome to the tenant!'");
    let missing = r#""exec":{"apiVersion":"client.authentication.k8s.io/v1","command":"no-such-plugin","installHint":"brew install it"}"#;
    let config = |name: &str, user: &str| desk.kubeconfig(name, addr, user);
    tokio::join!(
        expect(config("k-lasting", &lasting), &["--wait-period", "9s"], 4, &["NothingMatched"], 20),
        expect(config("k-hanging", &hanging), &[], 7, &["Unauthorized", "hanging", "no answer within"], 40),
        expect(config("k-failing", &failing), &[], 7, &["Unauthorized", "failing", "exit code 3", "no session"], 12),
        expect(config("k-junk", &junk), &[], 7, &["Unauthorized", "junk", "not an"], 12),
        expect(config("k-missing", missing), &[], 2, &["no-such-plugin", "cannot be found", "brew install it"], 12),
    );
}

#[test]
fn what_a_plugin_writes_and_is_given_reaches_no_result() {
    let desk = Desk::new();
    let addr = SocketAddr::from(([127, 0, 0, 1], 9));
    // Arguments, environment, stdout and stderr of it: its words alone are told, masked and on stderr alone.
    let script = "echo zq7marker-out; echo \"Error: session ended password=zq7marker-masked\" >&2; exit 3";
    let user = format!(
        r#""exec":{{"apiVersion":"client.authentication.k8s.io/v1","command":"sh","args":["-c",{},"zq7marker-arg"],"env":[{{"name":"X","value":"zq7marker-env"}}],"interactiveMode":"Never"}}"#,
        serde_json::Value::from(script)
    );
    let kubeconfig = desk.kubeconfig("k", addr, &user);
    let record = desk.folder.path().join("run.ndjson");
    for format in ["human", "json"] {
        let mut command = crashgate(&["check", "--app", "web", "--version", "v2", "--namespace", "shop", "-o", format]);
        command.args(["--kubeconfig", kubeconfig.to_str().unwrap(), "--record", record.to_str().unwrap()]);
        for kind in ["json", "junit", "markdown", "html", "github", "gitlab"] {
            command
                .arg("--report")
                .arg(format!("{kind}={}", desk.folder.path().join(format!("report-{kind}")).display()));
        }
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(7), "{stderr}");
        assert!(stdout.contains("exit code 3") && stderr.contains("said │ Error: session ended"), "{stdout}{stderr}");
        assert!(!stdout.contains("session ended"), "{stdout}");
        assert!(!format!("{stdout}{stderr}").contains("zq7marker"), "{stdout}{stderr}");
    }
    for file in std::fs::read_dir(desk.folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path != kubeconfig {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(!text.contains("zq7marker") && !text.contains("session ended"), "{}: {text}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_may_end_with_a_line_break() {
    let desk = Desk::new();
    let stub = guarded(|ask| ask.authorization == "Bearer good");
    let addr = serve(stub.router(), &desk.authority, &Kind::Good, false).await;
    let file = desk.file("token", "good\n");
    tokio::join!(
        expect(desk.kubeconfig("inline", addr, r#""token":"good\n""#), &[], 4, &["NothingMatched"], 12),
        expect(
            desk.kubeconfig("file", addr, &format!(r#""tokenFile":"{}""#, file.display())),
            &[],
            4,
            &["NothingMatched"],
            12
        ),
        expect(desk.kubeconfig("torn", addr, r#""token":"go\nod""#), &[], 2, &["not allowed in an HTTP header"], 12),
    );
}

/// Variables of the environment.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// A gate of a server that is named by flags alone: exit code 4 where it can be asked.
fn check_server(addr: SocketAddr, more: &[&str], env: Variables<'_>) -> (Option<i32>, String) {
    let server = format!("https://{addr}");
    let output = crashgate(&["check", "--server", &server])
        .args(["--app", "web", "--version", "v2", "--namespace", "shop", "--delay", "1s"])
        .args(["--request-timeout", "2s", "--wait-period", "3s"])
        .args(more)
        .envs(env.iter().copied())
        .output()
        .unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_and_a_token_on_the_command_line_need_no_kubeconfig() {
    let desk = Desk::new();
    let stub = guarded(|ask| ask.authorization == "Bearer hunter2good");
    let addr = serve(stub.router(), &desk.authority, &Kind::Good, false).await;
    let authority = desk.folder.path().join("ca.crt").display().to_string();
    let file = desk.file("token", "hunter2good\n").display().to_string();
    let record = desk.folder.path().join("run.ndjson").display().to_string();
    let config = desk.kubeconfig("k", addr, r#""token":"hunter2bad""#).display().to_string();
    let told = tokio::task::spawn_blocking(move || {
        let ca = ["--certificate-authority", &authority];
        let none: Variables<'_> = &[];
        let env = &[("CRASHGATE_TOKEN", "hunter2good")][..];
        let runs: [(i32, &[&str], Variables<'_>); 10] = [
            (4, &[ca[0], ca[1], "--token", "hunter2good", "--record", &record], none),
            (4, &[ca[0], ca[1], "--token-file", &file], none),
            (4, &ca, env),
            (4, &["--insecure-skip-tls-verify"], env),
            (4, &["--kubeconfig", &config], env),
            (7, &ca, none),
            (7, &[ca[0], ca[1], "--token", "hunter2wrong"], env),
            (7, &["--token", "hunter2good"], none),
            (2, &[ca[0], ca[1], "--token", ""], env),
            (2, &ca, &[("CRASHGATE_TOKEN", "")]),
        ];
        std::thread::scope(|scope| {
            let started = runs.map(|(code, more, env)| (code, scope.spawn(move || check_server(addr, more, env))));
            started.map(|(code, run)| (code, run.join().unwrap()))
        })
    })
    .await
    .unwrap();
    for (place, (expected, (code, text))) in told.iter().enumerate() {
        assert_eq!(code, &Some(*expected), "{place}: {text}");
        assert!(!text.contains("hunter2"), "{place}: {text}");
    }
    assert!(told[7].1.1.contains("an authority that is not trusted"), "{}", told[7].1.1);
    assert!(told[8].1.1.contains("--token: the token is empty"), "{}", told[8].1.1);
    assert!(told[9].1.1.contains("CRASHGATE_TOKEN: the token is empty"), "{}", told[9].1.1);
    let recorded = std::fs::read_to_string(desk.folder.path().join("run.ndjson")).unwrap();
    assert!(recorded.contains("\"list\"") && !recorded.contains("hunter2"), "{recorded}");
}
