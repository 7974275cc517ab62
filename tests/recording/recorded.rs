//! What `--record` writes: whole whenever the process is killed, and true for several gates at once.

mod degraded;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crashgate::gate::spec::Plan;
use crashgate::recording::reader::Reader;
use crashgate::recording::replay::replay;
use crashgate::recording::writer::Writer;

use crate::cli::crashgate;

const MOMENTS: u64 = 50;
/// The story is told by then.
const LENGTH_MICROS: u64 = 5_000_000;

fn recorded(file: &Path) -> Child {
    crashgate(&["check", "--rehearse", "tests/recordings/crash-loop.ndjson", "--app", "payments", "--version", "v1"])
        // One crash a pod is not enough, so that the run goes on.
        .args(["--delay", "1s", "--max-restarts", "9", "--record", file.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn a_run_that_is_killed_leaves_a_recording_that_reads_and_replays() {
    let folder = tempfile::tempdir().unwrap();
    let random = || RandomState::new().build_hasher().finish();
    let mut children: Vec<_> = (0..MOMENTS)
        .map(|number| {
            let path = folder.path().join(number.to_string());
            (recorded(&path), path, Duration::from_micros(random() % LENGTH_MICROS))
        })
        .collect();
    let began = Instant::now();
    let header = |path: &Path| std::fs::read(path).is_ok_and(|bytes| bytes.contains(&b'\n'));
    while !children.iter().all(|(_, path, _)| header(path)) {
        assert!(began.elapsed() < Duration::from_secs(30), "a run never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    let began = Instant::now();
    children.sort_by_key(|(_, _, at)| *at);
    let mut lines = 0;
    for (child, path, at) in &mut children {
        std::thread::sleep(at.saturating_sub(began.elapsed()));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut reader = Reader::open(path).unwrap();
        while reader.next_line().unwrap().is_some() {
            lines += 1;
        }
        let plan = Plan::new("payments", "v1", "rec-crash-loop");
        let outcomes = replay(&mut Reader::open(path).unwrap(), vec![plan], &mut |_, _, _| {}).unwrap();
        assert_eq!(outcomes.len(), 1);
    }
    assert!(lines > 50 * 7, "{lines} lines in all");
}

/// The recording as this program writes it: everything in it passes the writer.
fn rewritten(from: &Path, to: &Path) {
    let mut reader = Reader::open(from).unwrap();
    let mut writer = Writer::create(to, u64::MAX).unwrap();
    writer.begin(reader.header());
    while let Some(line) = reader.next_line().unwrap() {
        writer.traffic(Duration::from_millis(line.at_ms), &line.entry);
    }
    assert!(writer.failure().is_none());
}

#[test]
fn what_a_recording_leaves_out_changes_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for row in crate::recording::replay::rows() {
        let (from, to) =
            (Path::new("tests/recordings").join(format!("{}.ndjson", row.recording)), folder.path().join("r"));
        rewritten(&from, &to);
        let told = |path: &Path| {
            let outcomes = replay(&mut Reader::open(path).unwrap(), vec![row.plan.clone()], &mut |_, _, _| {}).unwrap();
            let codes: Vec<_> = outcomes[0].findings.iter().map(|finding| finding.code).collect();
            (outcomes[0].verdict, outcomes[0].decided_after, codes)
        };
        let (before, after) = (told(&from), told(&to));
        if before != after {
            wrong.push(format!("{}: {before:?} became {after:?}", row.recording));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn several_gates_in_a_namespace_record_no_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let (gates, record) = (folder.path().join("gates.yaml"), folder.path().join("run.ndjson"));
    let gate = |version: &str| {
        format!(
            "app: checkout\nversion: {version}\nnamespace: rec-canary-healthy\ndelay: 1s\nstableFor: 2s\nwaitPeriod: 15s\n"
        )
    };
    std::fs::write(&gates, format!("{}---\n{}", gate("v1"), gate("v2"))).unwrap();
    let told = |command: &mut Command| {
        let output = command.args(["-o", "json", "-f", gates.to_str().unwrap()]).output().unwrap();
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let gates = result["gates"].as_array().unwrap().clone();
        let told = gates.iter().map(|gate| (gate["verdict"].to_string(), gate["pods"].as_array().map_or(0, Vec::len)));
        told.collect::<Vec<_>>()
    };
    let live =
        told(crashgate(&["check", "--rehearse", "tests/recordings/canary-healthy.ndjson", "--record"]).arg(&record));
    let text = std::fs::read_to_string(&record).unwrap();
    assert!(text.contains(r#""query":{"labelSelector":"app=checkout,version=v2"}"#), "each LIST says what it is of");
    assert_eq!(told(crashgate(&["replay"]).arg(&record)), live);
    let again = told(crashgate(&["check", "--rehearse"]).arg(&record));
    assert_eq!(again, live, "and rehearses as it was");
}
