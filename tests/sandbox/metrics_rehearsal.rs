//! Gates with metrics against recordings, through the real client and the sandbox: one recording is rehearsed against
//! several thresholds, and replayed against others.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::metrics_recording::{self, Traffic};
use crate::cli::crashgate;

/// One request in five fails from 22 s on; before, none does.
const LATE: Traffic =
    Traffic { pods: "checkout-v2", arm: "canary", requests: 100, bad: |at| if at < 22 { 0 } else { 200 } };
const GOOD: Traffic = Traffic { bad: |_| 0, ..LATE };
const BAD: Traffic = Traffic { bad: |_| 200, ..LATE };
const STABLE: Traffic = Traffic { pods: "checkout-v1", arm: "stable", requests: 100, bad: |_| 2 };

/// A gate of the second version of `canary-healthy`, whose pod is ready at 16 s.
fn gate(check: &str, stable: &str) -> String {
    format!(
        "app: checkout\nversion: v2\nnamespace: rec-canary-healthy\nwaitPeriod: 60s\ndelay: 2s\nstableFor: 2s\nwatchFor: 10s\n{stable}\
         metrics:\n  source: {{url: 'http://prometheus.invalid', tokenFile: no-such-file}}\n  checks:\n  - name: errors\n    \
         bad: 'http_requests_total{{$pods,code=~\"5..\"}}'\n    total: 'http_requests_total{{$pods}}'\n    {check}\n"
    )
}

struct Case {
    name: &'static str,
    traffic: Traffic,
    check: &'static str,
    stable: &'static str,
    exit_code: i32,
    cause: Option<&'static str>,
}

const OWN_VERSION: &str = "stable: {version: v1}\n";

const CASES: [Case; 6] = [
    Case { name: "good", traffic: GOOD, check: "max: 5%", stable: "", exit_code: 0, cause: None },
    Case {
        name: "mild",
        traffic: Traffic { bad: |_| 10, ..LATE },
        check: "max: 5%",
        stable: "",
        exit_code: 0,
        cause: None,
    },
    Case { name: "bad", traffic: BAD, check: "max: 5%", stable: "", exit_code: 1, cause: Some("MetricOverLimit") },
    Case { name: "late", traffic: LATE, check: "max: 0.1%", stable: "", exit_code: 1, cause: Some("MetricOverLimit") },
    Case {
        name: "worse",
        traffic: BAD,
        check: "versus: stable",
        stable: OWN_VERSION,
        exit_code: 1,
        cause: Some("CanaryWorse"),
    },
    Case {
        name: "idle",
        traffic: Traffic { requests: 0, ..GOOD },
        check: "max: 5%",
        stable: "",
        exit_code: 7,
        cause: Some("NoMetricData"),
    },
];

fn start(case: &Case, folder: &Path) -> Child {
    let folder = folder.join(case.name);
    fs::create_dir(&folder).unwrap();
    let recording = metrics_recording::write(&folder, "canary-healthy", &[case.traffic, STABLE], 60_000, &[]);
    fs::write(folder.join("gate.yaml"), gate(case.check, case.stable)).unwrap();
    crashgate(&["check", "-o", "json", "-f"])
        .arg(folder.join("gate.yaml"))
        .arg("--rehearse")
        .arg(recording)
        .arg("--record")
        .arg(folder.join("again.ndjson"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn replay(recording: &Path, gate: &str) -> (Option<i32>, Value) {
    let path = recording.with_file_name("replay.yaml");
    fs::write(&path, gate).unwrap();
    let run = crashgate(&["replay", "-o", "json"]).arg(recording).arg("-f").arg(path).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    (run.status.code(), serde_json::from_slice(&run.stdout).unwrap_or_else(|_| panic!("{said}")))
}

#[test]
fn a_source_that_fails_in_the_rehearsal_is_no_pass_and_an_outage_that_ends_is_no_failure() {
    let folder = TempDir::new().unwrap();
    let recording = metrics_recording::write(folder.path(), "canary-healthy", &[GOOD], 60_000, &[]);
    fs::write(folder.path().join("gate.yaml"), gate("max: 5%", "")).unwrap();
    let start = |name: &str, faults: &str| {
        let script = folder.path().join(name);
        fs::write(&script, format!("faults: [{faults}]\n")).unwrap();
        crashgate(&["check", "-o", "json", "-f"])
            .arg(folder.path().join("gate.yaml"))
            .arg("--rehearse")
            .arg(&recording)
            .arg("--faults")
            .arg(script)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let runs = [
        ("down", "{verb: query, fault: status, code: 503}", 7, Some("MetricsUnreachable")),
        ("page", "{verb: query, fault: login-page}", 7, Some("MetricsUnreachable")),
        ("outage", "{verb: query, for: 20s, fault: drop}", 0, None),
    ];
    let running: Vec<_> = runs.iter().map(|(name, faults, ..)| start(name, faults)).collect();
    for ((name, _, exit_code, cause), child) in runs.into_iter().zip(running) {
        let run = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&run.stdout).into_owned();
        assert_eq!(run.status.code(), Some(exit_code), "{name}: {told}");
        let result: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(result["gates"][0]["findings"][0]["code"].as_str(), cause, "{name}: {told}");
    }
}

#[test]
fn a_rehearsed_gate_asks_the_recording_for_its_metrics_and_what_it_recorded_can_be_replayed() {
    let folder = TempDir::new().unwrap();
    let running: Vec<Child> = CASES.iter().map(|case| start(case, folder.path())).collect();
    for (case, child) in CASES.iter().zip(running) {
        let run = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&run.stdout).into_owned();
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(case.exit_code), "{}: {told}\n{said}", case.name);
        let result: Value = serde_json::from_str(&told).unwrap();
        let gate_result = &result["gates"][0];
        assert_eq!(gate_result["findings"][0]["code"].as_str(), case.cause, "{}: {told}", case.name);
        assert_eq!(result["cluster"]["rehearsal"], "metrics.ndjson");
        // Its own recording says the same without any server, and yesterday's traffic meets another threshold.
        let recorded = folder.path().join(case.name).join("again.ndjson");
        let (code, again) = replay(&recorded, &gate(case.check, case.stable));
        assert_eq!(code, Some(case.exit_code), "{}: {again}", case.name);
        assert_eq!(again["gates"][0]["findings"][0]["code"].as_str(), case.cause, "{}", case.name);
    }
    let mild = folder.path().join("mild/again.ndjson");
    let (code, strict) = replay(&mild, &gate("max: 0.1%", ""));
    assert_eq!((code, &strict["gates"][0]["findings"][0]["code"]), (Some(1), &"MetricOverLimit".into()), "{strict}");
}
