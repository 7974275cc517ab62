//! The model of `kubectl rollout status` against kubectl itself, which follows every recording as its sandbox plays it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crashgate::sandbox::{Options, Sandbox};

use super::story::{BUDGET, End, Said, Story, stories};
use super::tools::RULES;

/// How far a real process may be behind the model, which has no process to start and no request to make.
const SLACK: Duration = Duration::from_secs(6);

async fn real(story: &Story) -> Said {
    let path = Path::new("tests/recordings").join(format!("{}.ndjson", story.recording));
    let options = Options { offset: Duration::from_millis(story.applied_ms), ..Options::default() };
    let running = Sandbox::load(&path).unwrap().serve(options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, running.kubeconfig_yaml()).unwrap();
    let kind = story.target.plural.trim_end_matches('s').to_owned();
    let arguments = [
        "rollout".to_owned(),
        "status".to_owned(),
        format!("{kind}/{}", story.target.name),
        "--timeout=60s".to_owned(),
    ];
    let home = folder.path().to_owned();
    let said = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        let mut command = Command::new("kubectl");
        command.args(arguments).env("KUBECONFIG", kubeconfig).env("HOME", home).stdin(Stdio::null());
        let output = command.output().unwrap();
        let after = began.elapsed();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let end = match output.status.success() {
            true => End::Pass,
            false if stderr.contains("timed out") => End::TimedOut,
            false => End::No,
        };
        (Said { end, after, names_cause: false }, stderr)
    });
    let (said, stderr) = said.await.unwrap();
    running.stop().await;
    println!("{:32} {:?} {:>5.1} s {}", story.recording, said.end, said.after.as_secs_f64(), stderr.trim());
    said
}

/// All of them at once, for they wait most of the time: a minute and a half.
#[ignore = "needs kubectl: cargo test --test it -- --ignored kubectl"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_model_of_rollout_status_ends_as_kubectl_does_on_every_recording() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let stories = stories();
    let told = futures::future::join_all(stories.iter().map(real)).await;
    let mut wrong = Vec::new();
    for (story, real) in stories.iter().zip(told) {
        let model = story.told_by(&RULES[0]);
        let early = real.after + Duration::from_secs(1) < model.after;
        // Where the progress deadline and the time of the tool run out in the same second, either comes first.
        let is_last_second = real.after >= BUDGET && model.after >= BUDGET;
        let same_end = real.end == model.end || (is_last_second && real.end != End::Pass && model.end != End::Pass);
        let is_alike = same_end && !early && real.after < model.after + SLACK;
        if !is_alike {
            wrong.push(format!("{} {}: kubectl {real:?}, the model {model:?}", story.recording, story.target.version));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(stories.iter().all(|story| story.told_by(&RULES[0]).after <= BUDGET));
}
