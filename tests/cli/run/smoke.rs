//! The smoke runs of gates: a pass needs one, its failure is the app's, and what cannot be run proves nothing.

use std::path::Path;
use std::process::Child;

use crashgate::sandbox::Sandbox;
use serde_json::Value;

use super::{Cluster, told};

const RECORDING: &str = "tests/recordings/healthy.ndjson";
const GATE: [&str; 10] =
    ["--app", "checkout", "--version", "v1", "-n", "rec-healthy", "--delay", "1s", "--stable-for", "500ms"];

/// The healthy app at the end of its recording, and pods by a script.
fn healthy(pods: &str, faults: &str) -> Cluster {
    let sandbox = Sandbox::load(Path::new(RECORDING)).unwrap();
    let offset = sandbox.length();
    Cluster::at(sandbox, offset, pods, faults)
}

fn start(cluster: &Cluster, smoke: &[&str]) -> Child {
    let mut command = cluster.command(&["check", "-o", "json"]);
    command.args(GATE).args(smoke.iter().map(|entry| format!("--smoke={entry}")));
    command.spawn().unwrap()
}

fn ended(child: Child) -> (Option<i32>, Value, String) {
    let (code, stdout, stderr) = told(&child.wait_with_output().unwrap());
    (code, serde_json::from_str(&stdout).unwrap(), stderr)
}

fn pods(cluster: &Cluster) -> Vec<String> {
    let own = |name: &String| name.starts_with("crashgate-run-");
    cluster.pods_of("rec-healthy").into_iter().filter(own).collect()
}

#[test]
fn a_smoke_run_that_ends_well_lets_the_gate_pass_after_one_more_look() {
    let cluster = healthy("- {image: smoke, after: 100ms, lasts: 200ms, log: [{text: \"well\\n\"}]}", "");
    let (code, result, stderr) = ended(start(&cluster, &["image=smoke", "command=./smoke", "command=--fast"]));
    assert_eq!((code, &result["verdict"]), (Some(0), &"healthy".into()), "{result}{stderr}");
    assert!(stderr.contains("smoke run"), "{stderr}");
    assert_eq!(pods(&cluster), Vec::<String>::new());
    let requests = cluster.running.requests();
    let deleted = requests.iter().position(|request| request.method == "DELETE").unwrap();
    let looked = |request: &crashgate::sandbox::Request| {
        request.path.ends_with("/pods") && !request.query.contains("watch") && request.query.contains("checkout")
    };
    assert!(requests[deleted..].iter().any(looked), "the pass rests on a look after the smoke run: {requests:?}");
}

#[test]
fn a_smoke_run_that_fails_is_the_apps_failure_with_its_output() {
    let cluster = healthy(
        "- {image: smoke, exitCode: 3, log: [{text: \"GET /basket: 502\\n\"}]}\n- {image: hangs, lasts: forever}",
        "",
    );
    let (fails, hangs) = (start(&cluster, &["image=smoke"]), start(&cluster, &["image=hangs", "timeout=4s"]));
    let (code, result, stderr) = ended(fails);
    assert_eq!((code, &result["verdict"]), (Some(1), &"failed".into()), "{result}{stderr}");
    let finding = &result["gates"][0]["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["fault"], &finding["exitStatus"]),
        (&"SmokeFailed".into(), &"app".into(), &3.into())
    );
    assert_eq!(finding["evidence"][0], serde_json::json!({"kind": "log", "text": "GET /basket: 502\n"}));
    let (code, result, _) = ended(hangs);
    assert_eq!((code, &result["gates"][0]["findings"][0]["code"]), (Some(1), &"SmokeFailed".into()), "{result}");
    assert_eq!(pods(&cluster), Vec::<String>::new());
}

#[test]
fn a_smoke_run_that_cannot_be_is_told_by_its_cause() {
    let cluster = healthy(
        "- {image: quota, refused: 'exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3'}\n\
         - {image: rights, refused: 'User \"ci\" cannot create resource \"pods\" in API group \"\"'}\n\
         - {image: late, after: 1h}",
        "",
    );
    let cases = [
        ("quota", 5, "platform", "QuotaExceeded"),
        ("rights", 7, "inconclusive", "Forbidden"),
        ("late", 7, "inconclusive", "SmokeNotRun"),
        ("typo", 1, "failed", "ImageNotFound"),
    ];
    let running = cases.map(|case| (start(&cluster, &[&format!("image={}", case.0), "timeout=4s"]), case));
    for (child, (image, code, verdict, cause)) in running {
        let (ended, result, stderr) = ended(child);
        let gate = &result["gates"][0];
        assert_eq!((ended, &result["verdict"]), (Some(code), &verdict.into()), "{image}: {result}{stderr}");
        assert_eq!(gate["findings"][0]["code"], cause, "{image}: {result}");
    }
    assert_eq!(pods(&cluster), Vec::<String>::new());
}

#[test]
fn a_replay_proves_no_smoke_run() {
    let mut command = crate::cli::crashgate(&["replay", RECORDING, "--smoke", "image=smoke"]);
    let (code, stdout, _) = told(&command.args(GATE).output().unwrap());
    assert_eq!(code, Some(7), "{stdout}");
    assert!(stdout.contains("SmokeNotRun") && stdout.contains("--smoke none"), "{stdout}");
    let mut command = crate::cli::crashgate(&["replay", RECORDING, "--smoke", "image=smoke", "--smoke", "none"]);
    assert_eq!(told(&command.args(GATE).output().unwrap()).0, Some(0));
}

#[cfg(unix)]
#[test]
fn a_signal_during_the_smoke_run_leaves_no_pod() {
    for (signal, exit_code) in [("INT", 130), ("HUP", 129), ("QUIT", 131)] {
        let cluster = healthy("- {image: smoke, lasts: forever}", "");
        let child = cluster.command(&["check", "--smoke", "image=smoke"]).args(GATE).spawn().unwrap();
        cluster.wait_for("GET", "/log");
        let kill = std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        assert_eq!(told(&child.wait_with_output().unwrap()).0, Some(exit_code), "{signal}");
        assert_eq!(pods(&cluster), Vec::<String>::new(), "{signal}");
    }
}
