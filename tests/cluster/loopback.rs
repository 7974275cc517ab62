//! Real sockets, where the bytes matter.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crashgate::cluster::api::Collection;
use crashgate::cluster::api::FailureKind;
use crashgate::cluster::api::{ConnectError, ConnectOptions, Connection, RequestCounter};
use crashgate::cluster::drive::judge_deciders;
use crashgate::cluster::never;
use crashgate::gate::Fact;
use crashgate::gate::model::Source;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::stub::{Counting, Fake, Stub, status};

fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A server that sends these bytes, piece by piece, to whoever connects, and then closes.
async fn raw(pieces: &'static [&'static [u8]]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            for piece in pieces {
                let _ = socket.write_all(piece).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    });
    url
}

/// The stub at a port of its own.
async fn serve(stub: &Stub) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = stub.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test]
async fn lines_survive_any_cut_and_a_torn_chunk_is_told() {
    install_tls();
    let url = raw(&[
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        b"10\r\n{\"type\":\"ADDED\",\r\n",
        b"12\r\n\"object\":{\"a\":\"\xc3\xa4\"\r\n",
        b"3\r\n}}\n\r\n",
        b"9\r\n{\"ty",
    ])
    .await;
    let connection = Connection::to_url(&url, "shop").await.unwrap();
    let pods = Collection::whole(Source::Pods, "shop");
    let meter = RequestCounter::default();
    let mut watch = connection.watch(&pods, "1", Duration::from_mins(1), &meter).await.unwrap();
    let line = watch.next().await.unwrap().unwrap();
    assert_eq!((line.kind.as_str(), line.object.get()), ("ADDED", "{\"a\":\"ä\"}"));
    let failure = watch.next().await.unwrap_err();
    assert!(matches!(failure.kind, FailureKind::Unreachable { .. }), "{failure}");
}

#[tokio::test]
async fn connections_that_cannot_be_made_are_told_in_words() {
    install_tls();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let plain = raw(&[b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"]).await;
    let cases = [
        (format!("http://{closed}"), "refused"),
        ("http://nobody.invalid".to_owned(), "its name cannot be resolved"),
        (plain.replace("http://", "https://"), "does not speak TLS"),
        (plain, "is not a Kubernetes API server"),
    ];
    for (url, words) in cases {
        let connection = Connection::to_url(&url, "shop").await.unwrap();
        assert_eq!(connection.target().version, "");
        let failure = connection.version().await.unwrap_err();
        assert!(failure.to_string().contains(words), "{url}: {failure}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_makes_no_storm() {
    install_tls();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let connection = Arc::new(Connection::to_url(&format!("http://{closed}"), "shop").await.unwrap());
    let mut gate = Fake::until(2);
    gate.plan.delay = Duration::from_secs(1);
    let facts = Arc::clone(&gate.facts);
    let run = judge_deciders(connection, vec![gate], &mut Counting::default(), never()).await;
    assert!((8..=16 + 4).contains(&run.gates[0].requests), "{}", run.gates[0].requests);
    // A kind that nobody needs is not asked for.
    let is_lost_or_rests = |fact: &Fact| matches!(fact, Fact::Lost { .. } | Fact::Rested { .. });
    assert!(facts.lock().unwrap().iter().all(|(_, fact)| is_lost_or_rests(fact)));
}

#[tokio::test]
async fn a_whole_session_over_real_sockets() {
    install_tls();
    let stub = Stub::quiet();
    let url = serve(&stub).await;
    let connection = Arc::new(Connection::to_url(&url, "shop").await.unwrap().with_rehearsal("quiet.ndjson"));
    assert_eq!(connection.target().version, "v1.35.6");
    assert_eq!(connection.target().rehearsal.as_deref(), Some("quiet.ndjson"));
    let mut gate = Fake::until(2);
    gate.plan.delay = Duration::from_millis(500);
    let run = judge_deciders(connection, vec![gate], &mut Counting::default(), never()).await;
    assert_eq!(run.gates[0].requests, stub.asks().len() as u64);
    assert!((18..=16 + 8).contains(&run.gates[0].requests), "{}", run.gates[0].requests);
}

#[tokio::test]
async fn a_url_without_a_host_is_refused_before_anything_is_asked() {
    install_tls();
    for url in ["localhost:6443", "ftp://x", "", "/x"] {
        let error = Connection::to_url(url, "shop").await.unwrap_err();
        assert!(error.is_usage(), "{error}");
    }
}

/// A kubeconfig whose user gets its token from a plugin.
#[cfg(unix)]
fn kubeconfig(folder: &Path, server: &str, command: &str, argument: &Path) -> ConnectOptions {
    let path = folder.join("config");
    let text = format!(
        r#"{{"current-context":"c","contexts":[{{"name":"c","context":{{"cluster":"c","user":"u"}}}}],"clusters":[{{"name":"c","cluster":{{"server":"{server}"}}}}],"users":[{{"name":"u","user":{{"exec":{{"apiVersion":"client.authentication.k8s.io/v1","command":"{command}","args":["{}"],"interactiveMode":"Always"}}}}}}]}}"#,
        argument.display()
    );
    fs::write(&path, text).unwrap();
    ConnectOptions { kubeconfig: Some(path), ..ConnectOptions::default() }
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_that_died_is_asked_for_again_once() {
    install_tls();
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    let issue = |value: &str| {
        let text = format!(
            r#"{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{"token":"{value}"}}}}"#
        );
        fs::write(&token, text).unwrap();
    };
    issue("old");
    let stub = Stub::new(|ask| {
        let dead = ask.authorization != "Bearer new" && ask.verb != "VERSION";
        dead.then(|| status(401, "Unauthorized"))
    });
    let url = serve(&stub).await;
    let connection = Connection::open(&kubeconfig(folder.path(), &url, "cat", &token)).await.unwrap();
    assert_eq!((connection.target().version.as_str(), connection.target().context.as_str()), ("v1.35.6", "c"));
    issue("new");
    let gate = Fake::until(1);
    let facts = Arc::clone(&gate.facts);
    judge_deciders(Arc::new(connection), vec![gate], &mut Counting::default(), never()).await;
    let facts = facts.lock().unwrap();
    let listed = facts.iter().filter(|(_, fact)| matches!(fact, Fact::Listed { .. })).count();
    // The kinds of custom resources are not asked for before somebody needs them.
    let rest = facts.iter().filter(|(_, fact)| matches!(fact, Fact::Rested { .. })).count();
    assert_eq!((listed, rest, facts.len()), (7, 3, 10), "{facts:?}");
    let refused = stub.asks().iter().filter(|ask| ask.authorization == "Bearer old" && ask.verb != "VERSION").count();
    assert!(refused <= 7, "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_that_fails_is_no_error_of_usage() {
    install_tls();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let options = kubeconfig(folder.path(), "https://127.0.0.1:1", "cat", &missing);
    let error = Connection::open(&options).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Plugin(error) if error.command == "cat"), "{error}");
    assert!(error.to_string().contains("exit code 1") && error.plugin_words().unwrap().contains("missing"), "{error}");
    assert!(!error.is_usage());
    let nobody = ConnectOptions { kubeconfig: Some(missing), ..ConnectOptions::default() };
    assert!(Connection::open(&nobody).await.unwrap_err().is_usage());
}
