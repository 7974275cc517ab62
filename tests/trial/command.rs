//! `crashgate replay` with several recordings or settings: what is read, and the exit code.

use std::path::Path;

use serde_json::Value;

use crate::cli::{crashgate, told};

const TABLE: [&str; 6] = ["--expected", "tests/recordings/expected.tsv", "--delay", "2s", "--stable-for", "10s"];

fn shows(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots" }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn the_grid_over_the_folder_of_recordings_reads_as_shown() {
    let output = crashgate(&["replay", "tests/recordings", "--try", "stableFor=5s,15s"]).args(TABLE).output().unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    shows("grid-all-recordings", &stdout);
}

#[test]
fn many_settings_are_listed_below_each_gate_and_no_line_is_wider_than_a_hundred_columns() {
    let tries = ["--try", "stableFor=5s,10s,15s", "--try", "maxRestarts=0,1,2", "--try", "grace.ImagePull=0s,30s"];
    let names = ["late-crash", "image-fixed", "one-crash-then-healthy", "healthy"];
    let paths = names.map(|name| format!("tests/recordings/{name}.ndjson"));
    let output = crashgate(&["replay"]).args(&paths).args(tries).args(TABLE).output().unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    for line in stdout.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
    shows("grid-many-settings", &stdout);
}

#[test]
fn the_json_has_every_cell_and_the_report_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("grid.json");
    let output =
        crashgate(&["replay", "tests/recordings/late-crash.ndjson", "-o", "json", "--try", "stableFor=5s,15s"])
            .args(TABLE)
            .arg(format!("--report=json={}", report.display()))
            .output()
            .unwrap();
    let (code, stdout, _) = told(&output);
    assert_eq!(code, Some(0));
    assert_eq!(std::fs::read_to_string(report).unwrap(), stdout);
    let grid: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(grid["settings"], serde_json::json!([{"stableFor": "5s"}, {"stableFor": "15s"}]));
    let row = &grid["rows"][0];
    assert_eq!((&row["recording"], &row["truth"]), (&"late-crash".into(), &"bad".into()));
    let cell = |column: usize| (row["cells"][column]["verdict"].as_str(), row["cells"][column]["wrong"].as_str());
    assert_eq!(cell(0), (Some("healthy"), Some("false-pass")));
    assert_eq!(cell(1), (Some("failed"), None));
    assert_eq!(row["cells"][1]["changed"], true);
    assert_eq!((&grid["sums"][0]["badPassed"], &grid["sums"][1]["badPassed"]), (&1.into(), &0.into()));
}

/// The committed schema is the one that the types make. `UPDATE_SCHEMA=1 cargo test --test it trial::command` writes it.
#[test]
fn the_schema_of_the_grid_is_committed() {
    let path = "manifests/grid.schema.json";
    let schema = crashgate::report::json::grid::schema();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), schema, "run with UPDATE_SCHEMA=1 and commit {path}");
}

#[test]
fn a_run_that_recorded_itself_is_tried_with_other_numbers_and_compared_with_its_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.ndjson");
    let recorded = crashgate(&["check", "--rehearse", "tests/recordings/crash-loop.ndjson", "--app", "payments"])
        .args(["--version", "v1", "--delay", "1s", "--stable-for", "3s", "--record", path.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(recorded.status.code(), Some(1), "{}", String::from_utf8_lossy(&recorded.stderr));
    // Nothing is said but what is tried: the plan is the recorded one.
    let output = crashgate(&["replay", "-o", "json", "--try", "maxRestarts=0,9"]).arg(folder.path()).output().unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    let grid: Value = serde_json::from_str(&stdout).unwrap();
    let row = &grid["rows"][0];
    assert_eq!(
        (&row["app"], &row["recorded"]["verdict"], &row["truth"]),
        (&"payments".into(), &"failed".into(), &"bad".into())
    );
    assert_eq!((&row["cells"][0]["verdict"], &row["cells"][0]["changed"]), (&"failed".into(), &false.into()));
    assert_eq!(row["cells"][1]["changed"], true, "{row}");
}

#[test]
fn what_is_wrong_is_told_before_anything_is_judged() {
    let recordings = ["tests/recordings/healthy.ndjson", "tests/recordings/crash-loop.ndjson"];
    let folder = tempfile::tempdir().unwrap();
    let overwritten = format!("html={}", recordings[0]);
    let empty = folder.path().to_str().unwrap().to_owned();
    for (arguments, part) in [
        (&["--try", "stabelFor=3s"][..], "did you mean `stableFor`?"),
        (&["--try", "stableFor=3s", "--try", "stableFor=5s"], "is tried twice"),
        (
            &["--try", "maxRestarts=0,1,2,3,4,5,6,7,8,9,10", "--try", "replicas=1,2,3,4,5,6,7,8,9,10"],
            "asks for 110 settings (11 of maxRestarts × 10 of replicas)",
        ),
        (&["--expected", "Cargo.toml"], "Cargo.toml:1: a row has four to six columns"),
        (&["--expected", "nowhere.tsv"], "cannot read nowhere.tsv"),
        (&["--report", "junit=x.xml"], "no junit report of a grid"),
        (&["--report", &overwritten], "would overwrite"),
        (&["--stable-for", "soon"], "`--stable-for` is `soon`"),
        (&[&empty], "has no recording (*.ndjson)"),
        (&["-f", "nowhere.yaml"], "no such file"),
    ] {
        let output = crashgate(&["replay", "-o", "json"]).args(recordings).args(arguments).output().unwrap();
        let (code, stdout, stderr) = told(&output);
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(part), "{arguments:?}: {stderr}");
        let grid: Value = serde_json::from_str(&stdout).unwrap();
        assert!(grid["error"].as_str().unwrap().contains(part.split('(').next().unwrap()), "{stdout}");
    }
}

#[test]
fn a_broken_recording_is_told_last_and_makes_the_exit_code() {
    let arguments =
        ["replay", "tests/recordings/crash-loop.ndjson", "Cargo.toml", "--app", "payments", "--version", "v1"];
    let (code, stdout, stderr) = told(&crashgate(&arguments).output().unwrap());
    assert_eq!(code, Some(2));
    assert!(
        stdout.contains("failed") && stdout.contains("Not judged: 1 recording\n  Cargo: Cargo.toml is not a recording"),
        "{stdout}"
    );
    assert!(stderr.contains("error: not judged: Cargo:"), "{stderr}");
}

#[test]
fn one_recording_without_anything_to_try_is_judged_as_ever() {
    let arguments = ["replay", "tests/recordings/crash-loop.ndjson", "-f", "manifests/rehearsal.yaml"];
    let (code, stdout, _) = told(&crashgate(&arguments).output().unwrap());
    assert_eq!(code, Some(1));
    assert!(stdout.starts_with("✘ FAILED: payments v1"), "{stdout}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_no_exit_code_0() {
    let output = crashgate(&["replay", "tests/recordings/late-crash.ndjson", "-o", "json", "--report=html=/dev/full"])
        .args(TABLE)
        .output()
        .unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!(code, Some(7), "{stderr}");
    let grid: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(grid["exitCode"], 7);
    assert!(stderr.contains("the html report /dev/full"), "{stderr}");
}

#[test]
fn the_page_has_no_script_and_asks_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grid.html");
    let output = crashgate(&["replay", "tests/recordings", "--try", "stableFor=5s,15s"])
        .args(TABLE)
        .arg(format!("--report=html={}", path.display()))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    page_is_closed(&path);
}

fn page_is_closed(path: &Path) {
    let page = std::fs::read_to_string(path).unwrap();
    for part in ["<script", "http://", "https://", "url(", "@import", "javascript:"] {
        assert!(!page.contains(part), "{part}");
    }
    assert!(page.contains("default-src 'none'") && page.contains("a bad one passed"), "{page}");
    assert_eq!(page.matches("<h1").count(), 1);
}

#[test]
fn a_gate_that_no_setting_could_judge_is_told_and_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("odd.ndjson");
    let mut text = std::fs::read_to_string("tests/recordings/crash-loop.ndjson").unwrap();
    // The environment of whoever replays a stranger's recording is not read.
    text += r#"{"t":9999999,"gate":{"verdict":"failed","gates":[{"app":"${HOME}","version":"v1","namespace":"rec-crash-loop","exitCode":1,"decidedAfterMs":4470}],"plans":[{"gate":{"app":"${HOME}","version":"v1","namespace":"rec-crash-loop"}}]}}"#;
    std::fs::write(&recording, text + "\n").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_crashgate"))
        .args(["replay", recording.to_str().unwrap(), "--try", "stableFor=5s,10s"])
        .env("HOME", "/a/home/of/somebody")
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(2), "{stdout}{stderr}");
    assert!(stdout.contains("does not fit") && !stdout.contains("nothing differs"), "{stdout}");
    assert!(stderr.contains("no setting could judge odd") && stderr.contains("`HOME` is not set"), "{stderr}");
    assert!(!format!("{stdout}{stderr}").contains("/a/home/of/somebody"), "{stdout}{stderr}");
}
