//! `expect`: the wrong cluster is refused before anything is judged.

use std::path::{Path, PathBuf};

use tokio::net::TcpListener;

use super::stub::{Ask, Reply, Stub, json, status};
use crate::cli::crashgate;

const UID: &str = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";

/// A cluster that says who it is, and where it is served.
async fn cluster(answer: impl Fn(&Ask) -> Option<Reply> + Send + 'static) -> (Stub, String) {
    let stub = Stub::new(move |ask| if ask.path.ends_with("/namespaces/kube-system") { answer(ask) } else { None });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = stub.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (stub, url)
}

fn kube_system() -> Reply {
    json(200, &format!(r#"{{"kind":"Namespace","apiVersion":"v1","metadata":{{"name":"kube-system","uid":"{UID}"}}}}"#))
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Runs a gate with this `expect` that finds nothing in 3 s where it is let: exit code 4.
async fn check(url: &str, expect: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        r#"{{"current-context":"prod","contexts":[{{"name":"prod","context":{{"cluster":"c"}}}}],"clusters":[{{"name":"c","cluster":{{"server":"{url}"}}}}]}}"#
    );
    let kubeconfig = written(folder.path(), "config", &config);
    let gate = format!("app: web\nversion: v2\nnamespace: shop\ndelay: 1s\nwaitPeriod: 3s\nexpect: {expect}\n");
    let gate = written(folder.path(), "gate.yaml", &gate);
    let output = tokio::task::spawn_blocking(move || {
        crashgate(&["check", "--kubeconfig", kubeconfig.to_str().unwrap(), "-f", gate.to_str().unwrap()])
            .output()
            .unwrap()
    });
    let output = output.await.unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap(), text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_right_cluster_is_judged_and_the_wrong_one_is_refused() {
    let (stub, url) = cluster(|_| Some(kube_system())).await;
    let (code, text) = check(&url, &format!("{{server: {url}/, clusterUid: {UID}}}")).await;
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("NothingMatched"), "{text}");
    assert!(stub.asks()[0].path.ends_with("/namespaces/kube-system"), "who it is comes first");

    let before = stub.asks().len();
    let (code, text) = check(&url, "{server: https://prod.example.com}").await;
    assert_eq!(code, 2, "{text}");
    for word in ["expects the server https://prod.example.com", &url, "--context"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(stub.asks().len(), before, "nothing was asked of the wrong server");

    let (code, text) = check(&url, "{clusterUid: 00000000-4f89-11d3-9a0c-0305e82c3301}").await;
    assert_eq!(code, 2, "{text}");
    for word in ["00000000-4f89-11d3-9a0c-0305e82c3301", UID, "--context"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(stub.asks().len(), before + 1, "only who it is was asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_does_not_say_who_it_is_proves_nothing() {
    let (stub, url) = cluster(|_| Some(status(403, "namespaces \\\"kube-system\\\" is forbidden"))).await;
    let (code, text) = check(&url, &format!("{{clusterUid: {UID}}}")).await;
    assert_eq!(code, 7, "{text}");
    for word in ["INCONCLUSIVE", "does not say which it is", "kube-system"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(stub.asks().len(), 1);

    // What a moment may mend is asked again.
    let (stub, url) =
        cluster(|ask| if ask.nth == 0 { Some(status(503, "starting")) } else { Some(kube_system()) }).await;
    let (code, text) = check(&url, &format!("{{clusterUid: {UID}}}")).await;
    assert_eq!(code, 4, "{text}");
    assert_eq!(stub.asks().iter().filter(|ask| ask.path.ends_with("kube-system")).count(), 2);
}
