//! `crashgate watch` and `crashgate pods` as a user runs them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cli::crashgate;

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    told(&crashgate(arguments).output().unwrap())
}

fn lines(ndjson: &str) -> Vec<Value> {
    ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const CRASH_LOOP: &str = "tests/recordings/crash-loop.ndjson";

#[test]
fn the_first_crash_loop_ends_it_with_1() {
    let (code, stdout, _) = run(&["watch", "--replay", CRASH_LOOP, "--only", "crash-loops", "--until-crash"]);
    assert_eq!((code, stdout.lines().count()), (Some(1), 1), "{stdout}");
    for part in ["payments-5949ff565-fnj7t", "CRASH LOOP", "namespace rec-crash-loop", "phase Running", "exit code 1"] {
        assert!(stdout.contains(part), "{part} in {stdout}");
    }
    let (code, stdout, _) = run(&["watch", "--replay", CRASH_LOOP, "--until-crash", "--for", "5s"]);
    assert_eq!(code, Some(0), "none in the first five seconds: {stdout}");
    let (code, stdout, _) = run(&["watch", "--replay", CRASH_LOOP, "--until-crash", "-l", "app=other"]);
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "and none of another app");
}

#[test]
fn events_are_lines_of_json() {
    let (code, stdout, _) = run(&["watch", "--replay", CRASH_LOOP, "-A", "-o", "json"]);
    assert_eq!(code, Some(0));
    let events = lines(&stdout);
    let first = &events[0];
    assert_eq!((&first["event"], &first["phase"]), (&"created".into(), &"Pending".into()));
    assert_eq!((&first["owner"]["kind"], &first["owner"]["name"]), (&"Deployment".into(), &"payments".into()));
    let phase = events.iter().find(|event| event["event"] == "phase").unwrap();
    assert_eq!((&phase["previousPhase"], &phase["phase"]), (&"Pending".into(), &"Running".into()));
    let crash = events.iter().find(|event| event["event"] == "crash-loop").unwrap();
    for (key, value) in [
        ("namespace", Value::from("rec-crash-loop")),
        ("code", "CrashLoop".into()),
        ("sign", "terminated".into()),
        ("container", "app".into()),
        ("exitCode", 1.into()),
        ("crashes", 2.into()),
        ("phase", "Running".into()),
    ] {
        assert_eq!(crash[key], value, "{key} in {crash}");
    }
    let (_, lifecycle, _) = run(&["watch", "--replay", CRASH_LOOP, "-o", "json", "--only", "lifecycle"]);
    assert!(lines(&lifecycle).iter().all(|event| event["event"] == "created" || event["event"] == "phase"));
}

#[test]
fn the_inventory_holds_the_pods_that_exist() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pods.json");
    let arguments = ["watch", "--replay", "tests/recordings/pod-evicted.ndjson", "--inventory", path.to_str().unwrap()];
    let (code, _, stderr) = run(&arguments);
    assert_eq!(code, Some(0), "{stderr}");
    let register: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let pods = register["pods"].as_array().unwrap();
    let names: Vec<&str> = pods.iter().map(|pod| pod["pod"].as_str().unwrap()).collect();
    assert_eq!(names, ["cart-fdffb755f-pfkfv", "cart-fdffb755f-ztwts"], "the evicted one is gone");
    assert!(pods.iter().all(|pod| pod["ready"] == true && pod["owner"]["name"] == "cart"), "{register}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let (code, _, stderr) = run(&["watch", "--replay", CRASH_LOOP, "--inventory", "Cargo.toml/pods.json"]);
    assert_eq!(code, Some(2), "found before anything is told: {stderr}");
    assert!(stderr.contains("Cargo.toml/pods.json"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_command_hears_of_every_event_and_no_shell_is_between() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let heard = folder.path().join("heard");
    std::fs::create_dir(&heard).unwrap();
    let script = folder.path().join("hook");
    std::fs::write(&script, "#!/bin/sh\nf=$(mktemp \"$1/XXXXXXXX\")\nprintf '%s\\n' \"$2\" >\"$f\"\ncat >>\"$f\"\n")
        .unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let command = format!("{} {}", script.display(), heard.display());
    let literal = "$(id); `id` \"x\" > y";
    let (code, stdout, stderr) =
        run(&["watch", "--replay", CRASH_LOOP, "-o", "json", "--exec", &command, "--exec-arg", literal]);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(!stderr.contains("warning"), "{stderr}");
    let mut handed = Vec::new();
    for entry in std::fs::read_dir(&heard).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let (argument, event) = text.split_once('\n').unwrap();
        assert_eq!(argument, literal, "as it is");
        handed.push(event.trim_end().to_owned());
    }
    let mut printed: Vec<&str> = stdout.lines().collect();
    printed.sort_unstable();
    handed.sort_unstable();
    assert_eq!(handed, printed, "each event once");
}

#[test]
fn a_command_that_fails_is_told_and_ends_nothing() {
    let (code, stdout, stderr) = run(&["watch", "--replay", CRASH_LOOP, "--only", "lifecycle", "--exec", "false"]);
    assert_eq!((code, stdout.lines().count()), (Some(0), 4), "{stderr}");
    assert_eq!(stderr.matches("`false` failed").count(), 4, "{stderr}");
    let (code, _, stderr) = run(&["watch", "--replay", CRASH_LOOP, "--exec", "/nonexistent/hook"]);
    assert_eq!(code, Some(0));
    assert!(stderr.contains("cannot be started") && stderr.contains("more times"), "{stderr}");
    let (code, _, stderr) = run(&["watch", "--replay", CRASH_LOOP, "--exec", " "]);
    assert_eq!(code, Some(2), "{stderr}");
}

#[cfg(unix)]
#[test]
fn signals_end_a_feed_cleanly() {
    for (signal, exit_code) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let folder = tempfile::tempdir().unwrap();
        let (record, inventory) = (folder.path().join("run.ndjson"), folder.path().join("pods.json"));
        let mut child = crashgate(&["watch", "--rehearse", "tests/recordings/healthy.ndjson", "-o", "json"])
            .args(["--record", record.to_str().unwrap(), "--inventory", inventory.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The signal comes as soon as an event was told.
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        assert!(first.contains("created"), "{first}");
        let kill = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut stdout, &mut rest).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(exit_code), "{signal}: {}", String::from_utf8_lossy(&output.stderr));
        lines(&rest);
        let register: Value = serde_json::from_str(&std::fs::read_to_string(&inventory).unwrap()).unwrap();
        assert!(!register["pods"].as_array().unwrap().is_empty(), "{register}");
        // What was recorded tells the same again.
        let (code, replayed, stderr) = run(&["watch", "--replay", record.to_str().unwrap(), "-o", "json"]);
        assert_eq!(code, Some(0), "{stderr}");
        let names = |ndjson: &str| {
            let event = |line: &Value| format!("{} {} {}", line["pod"], line["event"], line["message"]);
            lines(ndjson).iter().map(event).collect::<Vec<_>>()
        };
        let told = names(&format!("{first}{rest}"));
        assert!(names(&replayed).starts_with(&told), "{replayed}\ndoes not begin with\n{told:?}");
    }
}

#[test]
fn a_cluster_that_cannot_be_observed_is_7_with_a_cause_and_a_next_step() {
    let mut faults = tempfile::NamedTempFile::new().unwrap();
    write!(faults, "faults:\n- {{verb: list, path: '*/pods', fault: status, code: 403}}\n").unwrap();
    let faults = faults.path().to_str().unwrap();
    for command in ["watch", "pods"] {
        let (code, stdout, stderr) = run(&[command, "--rehearse", CRASH_LOOP, "--faults", faults]);
        assert_eq!((code, stdout.as_str()), (Some(7), ""), "{stderr}");
        assert!(stderr.contains("Forbidden") && stderr.contains("Next: Add the rule"), "{stderr}");
    }
    // Nobody listens at this port: it was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut config = tempfile::NamedTempFile::new().unwrap();
    write!(
        config,
        "{{current-context: c, contexts: [{{name: c, context: {{cluster: c, user: u}}}}], users: [{{name: u, user: {{token: t}}}}], clusters: [{{name: c, cluster: {{server: 'http://127.0.0.1:{port}'}}}}]}}"
    )
    .unwrap();
    let config = config.path().to_str().unwrap();
    for arguments in
        [&["watch", "-A", "--for", "5s", "--kubeconfig", config][..], &["pods", "-A", "--kubeconfig", config]]
    {
        let began = Instant::now();
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(7), ""), "{stderr}");
        assert!(stderr.contains("ClusterUnreachable") && stderr.contains("refused"), "{stderr}");
        assert!(stderr.contains(&format!("127.0.0.1:{port}")), "{stderr}");
        assert!(began.elapsed() < Duration::from_secs(40), "in bounded time");
    }
}

#[test]
fn mistakes_are_usage_errors() {
    for arguments in [
        &["watch", "-n", "shop", "-A", "--replay", CRASH_LOOP][..],
        &["watch", "-n", "Shop_1", "--replay", CRASH_LOOP],
        &["watch", "-l", "app in (", "--replay", CRASH_LOOP],
        &["watch", "--replay", "README.md"],
        &["watch", "--rehearse", "README.md"],
        &["watch", "--kubeconfig", "/nonexistent/kc"],
        &["watch"],
        &["pods", "--at", "3s"],
        &["pods"],
        &["pods", "--rehearse", "README.md"],
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}: {stderr}");
        assert!(!stderr.is_empty() && !stderr.contains("panicked"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn whether_every_pod_is_running_is_answered_with_proof() {
    let ask = |recording: &str, more: &[&str]| {
        let path = format!("tests/recordings/{recording}.ndjson");
        let arguments = [&["pods", "--all-running", "--rehearse", &path][..], more].concat();
        run(&arguments)
    };
    let cases = [
        ("healthy", &[][..], 0, "✔ YES: all 3 pods in namespace rec-healthy, running and ready\n"),
        ("healthy", &["--at", "5s"], 1, "✘ NO: not running and ready in namespace rec-healthy: 3 of 3 pods\n"),
        ("healthy", &["--at", "0s"], 4, "✘ NOTHING MATCHED"),
        ("healthy", &["-l", "app=other"], 4, "with app=other"),
        ("nothing-matches", &[], 4, "✘ NOTHING MATCHED"),
        ("crash-loop", &[], 1, "payments-5949ff565-fnj7t: CrashLoop: container app ended with exit code 1"),
        // Running as its phase says, between two crashes.
        ("late-crash", &["-A"], 1, "rec-late-crash/checkout-"),
        ("canary-crash", &[], 1, "1 of 4 pods\n"),
        ("job-completes", &[], 4, "1 pod completed"),
        ("job-fails", &[], 1, "PodFailed: the pod failed: container app ended with exit code 1"),
        ("pod-evicted", &["--at", "14700ms"], 1, "evicted through the eviction API"),
        ("pod-evicted", &[], 0, "all 2 pods"),
        ("never-ready", &[], 1, "readiness probe does not succeed"),
        ("missing-secret-volume", &[], 1, "ConfigMissing: a volume of the pod needs Secret payments-tls"),
    ];
    for (recording, more, code, words) in cases {
        let (told, stdout, stderr) = ask(recording, more);
        assert_eq!(told, Some(code), "{recording} {more:?}: {stdout}{stderr}");
        assert!(stdout.contains(words), "{recording} {more:?}: {stdout}");
    }
}

#[test]
fn pods_are_shown_with_owner_phase_restarts_and_finding() {
    let path = "tests/recordings/statefulset-second-crashes.ndjson";
    let (code, table, stderr) = run(&["pods", "--rehearse", path]);
    assert_eq!(code, Some(0), "what is wrong with pods is no failure of showing them: {stderr}");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true, snapshot_path => "../snapshots" }, {
        insta::assert_snapshot!("pods-table", table);
    });
    let (code, json, _) = run(&["pods", "--rehearse", path, "-o", "json", "--all-running"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["allRunning"], &json["exitCode"]), (Some(1), &"no".into(), &1.into()));
    let second = &json["pods"][1];
    assert_eq!((&second["pod"], &second["restarts"]), (&"ledger-1".into(), &3.into()));
    assert_eq!((&second["owner"]["kind"], &second["standing"]), (&"StatefulSet".into(), &"not-running".into()));
    assert_eq!(
        (&second["findings"][0]["code"], &second["findings"][0]["exitStatus"]),
        (&"CrashLoop".into(), &1.into())
    );
    assert_eq!(json["pods"][0]["standing"], "running");
}

#[test]
fn hostile_names_are_inert_in_every_line() {
    let whole = std::fs::read_to_string("tests/recordings/image-not-found.ndjson").unwrap();
    let evil = "\\u001b[2J::error::x\\n::add-mask::y password=hunter2hunter2";
    let text = whole.replace("\"reason\":\"ErrImagePull\"", &format!("\"reason\":\"{evil}\""));
    assert_ne!(text, whole);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let path = file.path().to_str().unwrap();
    for arguments in [
        &["watch", "--replay", path][..],
        &["watch", "--replay", path, "-o", "json"],
        &["pods", "--rehearse", path, "--at", "7s"],
        &["pods", "--rehearse", path, "--at", "7s", "-o", "json"],
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stdout.contains("add-mask"), "it is told: {stdout}");
        assert!(!stdout.contains('\x1b') && !stdout.contains("hunter2"), "{stdout}");
        assert!(!stdout.lines().any(|line| line.trim_start().starts_with("::")), "{stdout}");
    }
}
