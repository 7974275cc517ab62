//! The rehearsal, through the real client and the sandbox, says the same as the replay of the same recording.

use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::cli::crashgate;

/// Recording, app, version, further flags. Each decides within 20 s of its recording; they run side by side.
const RUNS: [(&str, &str, &str, &str); 18] = [
    ("bad-command", "search", "v1", ""),
    ("crash-loop", "payments", "v1", ""),
    ("crash-loop-exit-0", "search", "v1", ""),
    ("daemonset-healthy", "search", "v1", "--stable-for 3s"),
    ("healthy", "checkout", "v1", "--stable-for 3s"),
    ("image-not-found", "cart", "v2", ""),
    ("init-crash", "ledger", "v1", ""),
    ("invalid-image-name", "cart", "v2", ""),
    ("job-completes", "ledger", "v1", ""),
    ("liveness-kill", "payments", "v1", ""),
    ("missing-configmap", "checkout", "v1", "--grace Config=3s"),
    ("missing-secret-volume", "payments", "v1", "--grace Config=3s"),
    ("nothing-matches", "checkout", "v9", "--wait-period 4s"),
    ("oom-killed", "ledger", "v1", ""),
    ("quota-no-pods", "cart", "v1", "--wait-period 5s"),
    ("startup-probe-kill", "search", "v1", ""),
    ("statefulset-second-crashes", "ledger", "v1", ""),
    ("unschedulable-cpu", "ledger", "v1", "--grace Unschedulable=4s"),
];

fn arguments(run: (&str, &str, &str, &str)) -> Vec<String> {
    let (_, app, version, flags) = run;
    let mut all = vec!["--app", app, "--version", version, "--delay", "2s", "-o", "json"];
    if !flags.contains("--stable-for") {
        all.extend(["--stable-for", "10s"]);
    }
    all.extend(flags.split_whitespace());
    all.into_iter().map(str::to_owned).collect()
}

fn rehearse(run: (&str, &str, &str, &str), folder: &Path) -> Child {
    let path = format!("tests/recordings/{}.ndjson", run.0);
    crashgate(&["check", "--rehearse", &path])
        .args(arguments(run))
        .arg("--record")
        .arg(folder.join(run.0))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn result(stdout: &[u8]) -> Value {
    serde_json::from_slice(stdout).unwrap()
}

/// Verdict, exit code, and of the leading finding: code, container, exit status and evidence of its last words.
fn told(result: &Value) -> Value {
    let gate = &result["gates"][0];
    let lead = &gate["findings"][0];
    let log = lead["evidence"].as_array().into_iter().flatten().find(|evidence| evidence["kind"] == "log");
    serde_json::json!([
        result["verdict"],
        result["exitCode"],
        lead["code"],
        lead["container"],
        lead["exitStatus"],
        log.and_then(|log| log["text"].as_str()?.trim_end().lines().last().map(str::to_owned)),
    ])
}

#[test]
fn rehearsal_and_replay_agree() {
    let folder = tempfile::tempdir().unwrap();
    let children: Vec<_> = RUNS.map(|run| (run, rehearse(run, folder.path()))).into();
    for (run, child) in children {
        let path = format!("tests/recordings/{}.ndjson", run.0);
        let replay = crashgate(&["replay", &path]).args(arguments(run)).output().unwrap();
        let rehearsal = child.wait_with_output().unwrap();
        let (rehearsed, replayed) = (result(&rehearsal.stdout), result(&replay.stdout));
        assert_eq!(rehearsal.status.code(), replay.status.code(), "{}", run.0);
        assert_eq!(told(&rehearsed), told(&replayed), "{}", run.0);
        let again = crashgate(&["replay"]).arg(folder.path().join(run.0)).args(arguments(run)).output().unwrap();
        assert_eq!(told(&result(&again.stdout)), told(&rehearsed), "{} as it was recorded here", run.0);
        let millis = |result: &Value| result["gates"][0]["decidedAfterMs"].as_u64().unwrap();
        // How fast it is, a benchmark says; this says that nothing was decided before its moment of the story.
        assert!(millis(&rehearsed) + 1_500 > millis(&replayed), "{}: earlier than in the replay", run.0);
        let gate = &rehearsed["gates"][0];
        let findings = gate["findings"].as_array().map_or(0, |findings| findings.len() as u64);
        let delays = millis(&rehearsed) / 2000 + 1;
        let confirming = u64::from(rehearsed["verdict"] == "healthy") * 4;
        let allowed = 16 + 2 * delays + confirming + 10 * findings;
        let requests = gate["requests"].as_u64().unwrap();
        assert!(requests <= allowed, "{}: {requests} requests, and {allowed} are allowed", run.0);
        assert_eq!(rehearsed["cluster"]["rehearsal"], format!("{}.ndjson", run.0), "a rehearsal says that it is one");
    }
}

#[test]
fn a_crash_is_judged_and_told_with_its_proof() {
    let run = crashgate(&[
        "check",
        "-f",
        "manifests/rehearsal.yaml",
        "--rehearse",
        "tests/recordings/crash-loop.ndjson",
        "-o",
        "json",
    ])
    .output()
    .unwrap();
    assert_eq!(run.status.code(), Some(1));
    let result = result(&run.stdout);
    let gate = &result["gates"][0];
    let lead = &gate["findings"][0];
    // The first crash shows at 4465 ms of the recording.
    let decided = gate["decidedAfterMs"].as_u64().unwrap();
    assert!(decided >= 4400, "{decided} ms");
    assert_eq!(
        (&lead["code"], &lead["exitStatus"], &lead["container"]),
        (&"CrashLoop".into(), &1.into(), &"app".into())
    );
    assert!(lead["pod"].as_str().unwrap().starts_with("payments-"));
    assert!(lead["evidence"].to_string().contains("fatal: DATABASE_URL is not set"), "{lead}");
    let requests = gate["requests"].as_u64().unwrap();
    assert!(requests <= 16 + 2 * 3 + 4, "16 to start, 2 per delay, a few for evidence: {requests}");
}

#[test]
fn a_recording_that_ends_too_early_is_no_pass() {
    let arguments = ["--app", "checkout", "--version", "v1", "--stable-for", "1h", "--wait-period", "1h"];
    let output = crashgate(&["replay", "tests/recordings/healthy.ndjson"]).args(arguments).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(7), "{stdout}");
    assert!(stdout.contains("RecordingEnded"), "{stdout}");
}

#[test]
fn a_log_that_cannot_be_had_at_first_is_asked_for_again() {
    // What a kubelet does in a bad moment: words in the place of the log, then a refusal, then the log.
    let no_log = "unable to retrieve container logs for containerd://0a";
    let refused = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","code":400,"message":"previous terminated container not found"}"#;
    let log = "starting\nfatal: the disk is on fire\n";
    let whole = std::fs::read_to_string("tests/recordings/crash-loop.ndjson").unwrap();
    let parsed = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let mut lines: Vec<(u64, String)> = whole
        .lines()
        .skip(1)
        .filter(|line| parsed(line).get("log").is_none())
        .map(|line| (parsed(line)["t"].as_u64().unwrap(), line.to_owned()))
        .collect();
    // The crash shows at 4465 ms, in its first attempt.
    for (at, status, body) in [(4470, 200, no_log), (4900, 400, refused), (5300, 200, log)] {
        let entry = serde_json::json!({"t": at, "log": {
            "pod": "payments-5949ff565-fnj7t", "container": "app", "previous": false, "restartCount": 0, "status": status, "body": body,
        }});
        lines.push((at, entry.to_string()));
    }
    lines.sort_by_key(|(at, _)| *at);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("race.ndjson");
    let body: Vec<_> =
        whole.lines().take(1).map(str::to_owned).chain(lines.into_iter().map(|(_, line)| line)).collect();
    std::fs::write(&path, body.join("\n")).unwrap();
    let run =
        crashgate(&["check", "-f", "manifests/rehearsal.yaml", "--rehearse", path.to_str().unwrap(), "-o", "json"])
            .output()
            .unwrap();
    let result = result(&run.stdout);
    let evidence = &result["gates"][0]["findings"][0]["evidence"];
    assert_eq!((run.status.code(), &result["gates"][0]["findings"][0]["code"]), (Some(1), &"CrashLoop".into()));
    assert!(evidence.to_string().contains("fatal: the disk is on fire"), "{evidence}");
    assert!(!evidence.to_string().contains("unable to retrieve"), "{evidence}");
}
