//! `check --rehearse` and `replay` of a recording alone, and of one that is about something else.

use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{crashgate, told};

const CRASH_LOOP: &str = "tests/recordings/crash-loop.ndjson";

#[test]
fn a_recording_alone_is_judged_by_its_own_app_version_and_namespace() {
    let taken = "crash-loop.ndjson is about payments v1 in namespace rec-crash-loop: \
                 --app payments --version v1 --namespace rec-crash-loop\n";
    let children = [&["check", "--rehearse", CRASH_LOOP][..], &["replay", CRASH_LOOP]].map(|arguments| {
        let child = crashgate(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        (arguments, child)
    });
    for (arguments, child) in children {
        let (code, stdout, stderr) = told(&child.wait_with_output().unwrap());
        assert_eq!(code, Some(1), "{arguments:?}: {stdout}{stderr}");
        assert!(stdout.starts_with("✘ FAILED: payments v1 in namespace rec-crash-loop"), "{arguments:?}: {stdout}");
        assert!(stderr.starts_with(taken), "{arguments:?}: {stderr}");
    }
}

#[test]
fn what_flags_say_is_kept_and_the_rest_is_taken() {
    let recording = "tests/recordings/canary-crash.ndjson";
    let run = |arguments: &[&str]| told(&crashgate(&["replay", recording]).args(arguments).output().unwrap());
    let (code, stdout, stderr) = run(&["--version", "v1", "--stable-for", "20s"]);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    assert!(stdout.starts_with("✔ HEALTHY: checkout v1 in namespace rec-canary-crash"), "{stdout}");
    assert!(stderr.contains(": --app checkout --namespace rec-canary-crash\n"), "{stderr}");
    let (code, stdout, stderr) = run(&["--app", "checkout"]);
    assert_eq!(code, Some(1), "the newest version: {stdout}{stderr}");
    assert!(stdout.starts_with("✘ FAILED: checkout v2 "), "{stdout}");
    assert!(stderr.contains(": --version v2 --namespace rec-canary-crash\n"), "{stderr}");
    let (code, stdout, stderr) = run(&["--app", "checkout", "--version", "v2"]);
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert!(!stderr.contains("is about"), "nothing is taken: {stderr}");
}

#[cfg(unix)]
#[test]
fn a_recording_may_be_a_pipe() {
    let script = format!("{} replay /dev/stdin", env!("CARGO_BIN_EXE_crashgate"));
    for script in [script.clone(), script.replace("replay", "check --delay 2s --rehearse")] {
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &format!("cat {CRASH_LOOP} | {script}")]);
        let (code, stdout, stderr) = told(&command.output().unwrap());
        assert_eq!(code, Some(1), "{script}: {stdout}{stderr}");
        assert!(stdout.starts_with("✘ FAILED: payments v1"), "{script}: {stdout}");
    }
}

#[test]
fn a_rehearsal_of_another_app_version_or_namespace_is_refused_at_once_with_both_names() {
    let began = Instant::now();
    for (flags, names) in [
        (["--app", "web", "--version", "v1", "--namespace", "rec-crash-loop"], ["app web", "about payments"]),
        (["--app", "payments", "--version", "v7", "--namespace", "rec-crash-loop"], ["version v7", "about v1"]),
        (["--app", "payments", "--version", "v1", "--namespace", "shop"], ["namespace shop", "about rec-crash-loop"]),
    ] {
        let output = crashgate(&["check", "--rehearse", CRASH_LOOP]).args(flags).output().unwrap();
        let (code, stdout, stderr) = told(&output);
        assert_eq!((code, &*stdout), (Some(2), ""), "{flags:?}: {stderr}");
        for part in names {
            assert!(stderr.contains(part), "{part} in {stderr}");
        }
        let fix = "fix: judge what it shows: `--app payments --version v1 --namespace rec-crash-loop`";
        assert!(stderr.contains(fix), "{stderr}");
    }
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    write!(file, "app: web\nversion: v1\nnamespace: rec-crash-loop\n").unwrap();
    let path = file.path().to_str().unwrap();
    let output = crashgate(&["check", "-f", path, "--rehearse", CRASH_LOOP, "-o", "json"]).output().unwrap();
    let (code, stdout, stderr) = told(&output);
    let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &result["verdict"]), (Some(2), &"usage".into()), "{stdout}{stderr}");
    assert!(result["error"].as_str().unwrap().contains("about app web, and the recording about payments"), "{stdout}");
    assert!(began.elapsed() < Duration::from_secs(20), "nobody waits for nothing: {:?}", began.elapsed());
}

#[test]
fn what_a_recording_leaves_open_is_asked_for() {
    let (code, stdout, stderr) =
        told(&crashgate(&["check", "--rehearse", "tests/recordings/nothing-matches.ndjson"]).output().unwrap());
    assert_eq!((code, &*stdout), (Some(2), ""), "{stderr}");
    assert!(
        stderr.contains("shows no workload and no pod") && stderr.contains("`--app checkout --version"),
        "{stderr}"
    );

    let (code, _, stderr) = told(&crashgate(&["replay", CRASH_LOOP, "--app", "web"]).output().unwrap());
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains("shows nothing of app web: it is about payments v1 in namespace rec-crash-loop"),
        "{stderr}"
    );

    let deployment = |name: &str| {
        serde_json::json!({"t": 1, "event": {"path": "/apis/apps/v1/namespaces/shop/deployments", "type": "ADDED", "object": {
            "metadata": {"name": name, "namespace": "shop", "uid": name},
            "spec": {"replicas": 1, "template": {"metadata": {"labels": {"app": name, "version": "v1"}}, "spec": {"containers": [{"name": "main", "image": "web:1"}]}}},
        }}})
    };
    let mut file = tempfile::NamedTempFile::new().unwrap();
    let header = r#"{"crashgateRecording":1,"startedAt":"2026-11-21T03:00:00Z","namespace":"shop"}"#;
    writeln!(file, "{header}\n{}\n{}", deployment("web"), deployment("worker")).unwrap();
    let (code, stdout, stderr) = told(&crashgate(&["replay", file.path().to_str().unwrap()]).output().unwrap());
    assert_eq!((code, &*stdout), (Some(2), ""), "{stderr}");
    let choices = "is about 2 apps\n  fix: choose one of them:\n    --app web --version v1 --namespace shop\n    \
                   --app worker --version v1 --namespace shop\n";
    assert!(stderr.ends_with(choices), "{stderr}");
}

#[test]
fn a_newcomer_who_says_nothing_is_told_each_way_to_begin() {
    let (code, stdout, stderr) = told(&crashgate(&["check"]).output().unwrap());
    assert_eq!((code, &*stdout), (Some(2), ""), "{stderr}");
    for way in
        ["`crashgate check deployment/checkout`", "`-f gate.yaml`", "`crashgate init ", "`--app`", "`crashgate demo`"]
    {
        assert!(stderr.contains(way), "{way} in {stderr}");
    }
    let (code, _, stderr) = told(&crashgate(&[]).output().unwrap());
    assert_eq!(code, Some(2), "{stderr}");
    let commands: Vec<&str> = stderr
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.split_whitespace().next())
        .take(3)
        .collect();
    assert_eq!(commands, ["demo", "init", "check"], "what a newcomer needs comes first: {stderr}");
}
