//! `validate --online`: what the checks of a manifest find at their source.

use std::fs;
use std::path::Path;

use crashgate::sandbox::Sandbox;

use super::{crashgate, told};
use crate::sandbox::api::still;
use crate::sandbox::metrics_recording::{self, Traffic};

const GATE: &str = "
app: checkout
version: v2
namespace: rec-canary-healthy
stable: {version: v1}
metrics:
  source: {url: 'URL'}
  checks:
    - name: errors
      bad: 'http_requests_total{$pods,code=~\"5..\"}'
      total: 'http_requests_total{$pods}'
      max: 5%
      versus: stable
";

/// What the manifest's checks find where both versions get this traffic for 40 s.
async fn validate(gate: &str) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let traffic = [("checkout-v2", "canary"), ("checkout-v1", "stable")];
    let traffic = traffic.map(|(pods, arm)| Traffic { pods, arm, requests: 100, bad: |_| 10 });
    let path = metrics_recording::write(folder.path(), "canary-healthy", &traffic, 60_000, &[]);
    let running = Sandbox::load(&path).unwrap().serve(still(40_000)).await.unwrap();
    let output = validate_at(folder.path(), &gate.replace("URL", &running.prometheus_url())).await;
    running.stop().await;
    output
}

async fn validate_at(folder: &Path, gate: &str) -> (Option<i32>, String, String) {
    let path = folder.join("gate.yaml");
    fs::write(&path, gate).unwrap();
    let command = move || crashgate(&["validate", "--online", "-f", path.to_str().unwrap()]).output().unwrap();
    told(&tokio::task::spawn_blocking(command).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_says_what_it_finds_and_how_long_a_proof_would_take() {
    let (code, stdout, stderr) = validate(GATE).await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    for part in [
        "check errors\n",
        "8 series of 4 pods, the newest sample is ",
        "scraped every 1 s",
        "1.000% of them bad; 371.1 requests/s over all pods",
        "a clean version is proven good after 76 requests: about 0 s at this rate",
        "one with as many bad requests as now, after ",
        "compared: with a tenth of the traffic and no difference, good after ",
    ] {
        assert!(stdout.contains(part), "{part:?} in {stdout}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_finds_nothing_or_nobody_is_told_and_is_no_success() {
    for (gate, problem) in [
        (GATE.replace("http_requests_total", "requests_total"), "problem: no series is matched"),
        (GATE.replace("metrics:\n", "metrics:\n  podLabels: {pod: pod_name}\n"), "problem: no series is matched"),
        (GATE.replace("URL", "http://127.0.0.1:9"), "problem: POST 127.0.0.1:9/api/v1/query: nothing listens there"),
    ] {
        let (code, stdout, stderr) = validate(&gate).await;
        assert_eq!(code, Some(7), "{stdout}{stderr}");
        assert!(stdout.contains(problem), "{problem:?} in {stdout}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_source_is_told_before_anything_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let gate = GATE.replace("{url: 'URL'}", "{url: 'http://127.0.0.1:9', tokenFile: /nowhere/token}");
    let (code, stdout, stderr) = validate_at(folder.path(), &gate).await;
    assert_eq!(code, Some(2), "{stdout}{stderr}");
    assert!(stderr.contains("metrics.source.tokenFile: /nowhere/token"), "{stderr}");
}
