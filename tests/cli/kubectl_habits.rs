//! What those type who know kubectl: names, forms of output, quiet, watched pods.

use serde_json::Value;

use crate::cli::{crashgate, told};

const CRASH_LOOP: [&str; 6] = ["replay", "tests/recordings/crash-loop.ndjson", "--app", "payments", "--version", "v1"];
const HEALTHY: [&str; 6] = ["replay", "tests/recordings/healthy.ndjson", "--app", "checkout", "--version", "v1"];

fn run(arguments: &[&str], more: &[&str]) -> (Option<i32>, String, String) {
    told(&crashgate(arguments).args(more).output().unwrap())
}

#[test]
fn yaml_is_the_same_document_as_json() {
    for recording in [CRASH_LOOP, HEALTHY] {
        let (code, json, _) = run(&recording, &["-o", "json"]);
        let (same_code, yaml, _) = run(&recording, &["-o", "yaml"]);
        let read = |text: &str| serde_yaml::from_str::<Value>(text).unwrap();
        assert_eq!((code, read(&json)), (same_code, read(&yaml)), "{yaml}");
        assert!(yaml.starts_with("schema: 1\nverdict: "), "in the order of the contract: {yaml}");
    }
    let (code, yaml, _) = run(&["replay", "README.md", "--app", "a", "--version", "v"], &["-o", "yaml"]);
    let result: Value = serde_yaml::from_str(&yaml).unwrap();
    assert_eq!((code, &result["verdict"], &result["exitCode"]), (Some(2), &"usage".into(), &2.into()));
}

#[test]
fn names_are_of_the_pods_at_fault_or_of_what_has_passed() {
    let (code, stdout, _) = run(&CRASH_LOOP, &["-o", "name"]);
    assert_eq!((code, stdout.as_str()), (Some(1), "pod/payments-5949ff565-fnj7t\n"));
    let (code, stdout, _) = run(&HEALTHY, &["-o", "name", "--stable-for", "5s", "--workload", "deployment/checkout"]);
    assert_eq!((code, stdout.as_str()), (Some(0), "deployment.apps/checkout\n"));
    let (code, stdout, _) = run(&["replay", "README.md", "--app", "a", "--version", "v"], &["-o", "name"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
}

#[test]
fn quiet_leaves_the_verdict_and_what_is_wrong() {
    for form in ["human", "json", "yaml", "name"] {
        let (code, loud, progress) = run(&CRASH_LOOP, &["-o", form]);
        let (same_code, quiet, nothing) = run(&CRASH_LOOP, &["-o", form, "-q"]);
        assert_eq!((code, &loud), (same_code, &quiet), "{form}");
        assert_eq!((progress.is_empty(), nothing.as_str()), (false, ""), "{form}");
    }
    // A runner's log has no empty folds, and its annotations all the same.
    let folded = crashgate(&CRASH_LOOP).arg("-q").env("GITHUB_ACTIONS", "true").output().unwrap();
    let (_, _, stderr) = told(&folded);
    assert!(!stderr.contains("::group::") && stderr.contains("::error"), "{stderr}");
    let (code, stdout, stderr) = run(&["replay", "README.md", "--app", "a", "--version", "v"], &["--quiet"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("README.md"), "{stderr}");
    let torn = tempfile::NamedTempFile::new().unwrap();
    let recording = std::fs::read_to_string(CRASH_LOOP[1]).unwrap();
    std::fs::write(torn.path(), &recording[..recording.len() / 8]).unwrap();
    let path = torn.path().to_str().unwrap();
    let (_, _, stderr) = run(&["replay", path, "--app", "payments", "--version", "v1"], &["-q"]);
    assert!(stderr.starts_with("warning: the last line of the recording is incomplete"), "{stderr}");
}

const PODS: [&str; 3] = ["pods", "--rehearse", "tests/recordings/canary-crash.ndjson"];

#[test]
fn pods_are_chosen_by_name_and_by_workload() {
    let (code, all, _) = run(&PODS, &["-o", "name"]);
    let all: Vec<&str> = all.lines().collect();
    assert_eq!((code, all.len()), (Some(0), 4), "{all:?}");
    let (code, json, stderr) = run(&PODS, &["-o", "json", "-q"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let pods: Value = serde_json::from_str(&json).unwrap();
    let owners: Vec<&str> =
        pods["pods"].as_array().unwrap().iter().map(|pod| pod["owner"]["name"].as_str().unwrap()).collect();
    let canary = *owners.iter().find(|owner| owners.iter().filter(|other| other == owner).count() == 1).unwrap();
    for words in [&[format!("deployment/{canary}")][..], &["deploy".to_owned(), canary.to_owned()]] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (code, chosen, _) = run(&PODS, &[&words[..], &["-o", "name"]].concat());
        assert_eq!((code, chosen.lines().count()), (Some(0), 1), "{words:?}: {chosen}");
    }
    let (first, second) = (all[0].strip_prefix("pod/").unwrap(), all[1]);
    let (code, two, stderr) = run(&PODS, &[first, second]);
    assert_eq!((code, two.lines().filter(|line| !line.starts_with(' ')).count()), (Some(0), 3), "{two}");
    assert!(
        stderr.contains(&format!("2 pods in namespace rec-canary-crash ({first}, {first}"))
            || stderr.contains("2 pods"),
        "{stderr}"
    );
}

#[test]
fn a_pod_that_is_not_there_is_an_error_and_never_running() {
    let (_, all, _) = run(&PODS, &["-o", "name"]);
    let ready = "deployment/checkout";
    for flags in [&[][..], &["--all-running"], &["--all-running", "-o", "json"], &["-o", "name"]] {
        let (code, stdout, stderr) = run(&PODS, &[&["nonexistent-0"], flags].concat());
        assert_eq!(code, Some(4), "{flags:?}: {stdout}{stderr}");
        assert!(stderr.contains("there is no pod `nonexistent-0` in namespace rec-canary-crash"), "{stderr}");
        assert!(!stdout.contains("YES") && !stdout.contains("\"yes\""), "{stdout}");
    }
    // One that runs beside one that is not there.
    let running = all
        .lines()
        .map(|name| name.trim_start_matches("pod/"))
        .find(|name| run(&PODS, &[name, "--all-running"]).0 == Some(0));
    let running = running.unwrap_or_else(|| panic!("{ready}: {all}"));
    let (code, stdout, stderr) = run(&PODS, &[running, "nonexistent-0", "--all-running"]);
    assert_eq!((code, stdout.as_str()), (Some(4), ""), "{stderr}");
    let slip = format!("{running}x");
    let (_, _, stderr) = run(&PODS, &[&slip]);
    assert!(stderr.contains(&format!("near it: {running}")), "{stderr}");
    let (code, _, stderr) = run(&PODS, &["deploymnt/checkout"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("did you mean `deployment/checkout`?"), "{stderr}");
}

#[test]
fn watched_pods_get_a_row_for_each_change() {
    let watched = ["pods", "-w", "--rehearse", "tests/recordings/statefulset-second-crashes.ndjson", "--at", "7s"];
    let (code, stdout, stderr) = run(&watched, &["ledger-1", "-q", "--for", "6s"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "it ends with its time");
    let rows: Vec<&str> = stdout.lines().filter(|line| !line.starts_with("  ")).skip(1).collect();
    assert!(rows.len() > 2 && rows.iter().all(|row| row.starts_with("ledger-1")), "{stdout}");
    assert!(rows.iter().zip(rows.iter().skip(1)).all(|(one, next)| one != next || stdout.contains("  ")), "{stdout}");
    assert!(stdout.contains("\n  CrashLoop: "), "{stdout}");
    let (code, lines, _) = run(&watched, &["-o", "json", "-q", "sts/ledger", "--for", "6s"]);
    assert_eq!(code, Some(0));
    let pods: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(pods.iter().any(|pod| pod["pod"] == "ledger-0") && pods.iter().any(|pod| pod["restarts"] == 1), "{lines}");
}

#[test]
fn a_rehearsal_asks_no_other_cluster() {
    for flag in [
        &["--server", "https://prod.example"][..],
        &["--token", "hunter2"],
        &["--token-file", "f"],
        &["--cluster", "c"],
        &["--user", "u"],
        &["--context", "c"],
        &["--insecure-skip-tls-verify"],
    ] {
        for command in
            [&PODS[..], &["watch", "--rehearse", CRASH_LOOP[1]], &["check", "--rehearse", CRASH_LOOP[1], "--all"]]
        {
            let (code, stdout, stderr) = run(command, flag);
            assert_eq!((code, stdout.as_str()), (Some(2), ""), "{command:?} {flag:?}: {stderr}");
            assert!(stderr.contains("cannot be used with") && !stderr.contains("hunter2"), "{stderr}");
        }
    }
}

#[test]
fn a_namespace_is_a_name_wherever_it_is_given() {
    for command in [&["pods"][..], &["watch"], &["run", "busybox"], &["check", "deployment/web"]] {
        let (code, _, stderr) = run(command, &["-n", "Shop/../x", "--kubeconfig", "/nonexistent"]);
        assert!(matches!(code, Some(2 | 125)), "{command:?}: {stderr}");
        assert!(stderr.contains("Shop/../x") && !stderr.contains("/nonexistent"), "{command:?}: {stderr}");
    }
}
