//! One answer to whether secrets are shown, from the flag to every sink of every subcommand.

use std::fs;
use std::path::Path;

use super::hostile_recordings::recording_saying;
use crate::cli::run::Cluster;
use crate::cli::{crashgate, reports_in};

const SECRET: &str = "hunter2secret";
const WORDS: &str = "DB_PASSWORD=hunter2secret";

/// Recordings in which every message and log says the secret: one whose cause is a log, one whose cause is a message.
const RECORDINGS: [(&str, &str, &str); 2] = [("crash-loop", "payments", "v1"), ("missing-configmap", "checkout", "v1")];

/// What a command says on stdout and stderr, with and without the flag.
fn check(what: &str, arguments: &[&str], streams: [bool; 2]) {
    for shown in [false, true] {
        let output = crashgate(arguments).args(shown.then_some("--no-redact")).output().unwrap();
        for (name, bytes, says_it) in [("stdout", output.stdout, streams[0]), ("stderr", output.stderr, streams[1])] {
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(text.contains(SECRET), shown && says_it, "{name} of {what}, --no-redact {shown}: {text}");
            assert_eq!(text.contains("***"), !shown && says_it, "{name} of {what}, --no-redact {shown}: {text}");
        }
    }
}

/// Every text that a judging command leaves behind, by the name of its sink.
fn sinks(arguments: &[&str], folder: &Path) -> Vec<(String, String)> {
    fs::create_dir(folder).unwrap();
    let path = |name: &str| folder.join(name);
    let output = crashgate(arguments)
        .args(reports_in(folder))
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", path("summary"))
        .env("GITHUB_OUTPUT", path("output"))
        .env("GITLAB_CI", "true")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let mut sinks = vec![("stdout".to_owned(), output.stdout), ("stderr".to_owned(), output.stderr)];
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    sinks.extend(files.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap())));
    sinks.into_iter().map(|(name, bytes)| (name, String::from_utf8(bytes).unwrap())).collect()
}

#[test]
fn a_judged_secret_is_in_every_sink_with_the_flag_and_in_none_without() {
    let folder = tempfile::tempdir().unwrap();
    for (recording, app, version) in RECORDINGS {
        let path = folder.path().join(format!("{recording}.ndjson"));
        fs::write(&path, recording_saying(recording, WORDS)).unwrap();
        let gate = ["--app", app, "--version", version, "--stable-for", "5s", "--wait-period", "30s"];
        let rehearse = ["check", "--rehearse", path.to_str().unwrap()];
        let replay = ["replay", path.to_str().unwrap()];
        for (place, command) in [&rehearse[..], &replay[..]].into_iter().enumerate() {
            for format in ["human", "json"] {
                for shown in [false, true] {
                    let flags: &[&str] =
                        if shown { &["-v", "--no-redact", "-o", format] } else { &["-v", "-o", format] };
                    let arguments = [command, &gate, flags].concat();
                    let name = format!("{recording}-{place}-{format}-{shown}");
                    let told = sinks(&arguments, &folder.path().join(&name));
                    assert_eq!(told.len(), 10, "{told:?}");
                    for (sink, text) in told {
                        // What is told by one line has no room for a log.
                        let one_line = ["output", "gitlab"].contains(&sink.as_str()) && recording == "crash-loop";
                        assert_eq!(text.contains(SECRET), shown && !one_line, "{sink} of {name}: {text}");
                    }
                }
            }
        }
    }
}

#[test]
fn pods_and_feeds_show_a_secret_only_with_the_flag() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.ndjson");
    fs::write(&path, recording_saying("missing-configmap", WORDS)).unwrap();
    let path = path.to_str().unwrap();
    for output in ["human", "json"] {
        check("pods", &["pods", "--rehearse", path, "-o", output], [true, false]);
        check("watch", &["watch", "--replay", path, "-o", output], [true, false]);
    }
    check("pods", &["pods", "--rehearse", path, "--all-running"], [true, false]);
    let hook = folder.path().join("hook");
    let teed = format!("tee -a {}", hook.display());
    for shown in [false, true] {
        let output =
            crashgate(&["watch", "--replay", path, "--exec", &teed]).args(shown.then_some("--no-redact")).output();
        assert!(output.unwrap().status.success());
        let heard = fs::read_to_string(&hook).unwrap();
        assert_eq!(heard.contains(SECRET), shown, "{heard}");
        fs::remove_file(&hook).unwrap();
    }
}

#[test]
fn a_pod_that_is_run_shows_its_secrets_only_with_the_flag() {
    let script = format!("- {{image: leaky, log: [{{text: \"{WORDS}\\n\"}}]}}");
    let cluster = Cluster::with(&script, "");
    for output in ["text", "json"] {
        for shown in [false, true] {
            let flag = shown.then_some("--no-redact");
            let told = cluster.command(&["run", "leaky", "-o", output]).args(flag).output().unwrap();
            let stdout = String::from_utf8(told.stdout).unwrap();
            assert_eq!((stdout.contains(SECRET), stdout.contains("***")), (shown, !shown), "{output}: {stdout}");
        }
    }
}

/// What is wrong with a manifest is told with its line, which may hold what no log should.
#[test]
fn a_secret_in_a_manifest_or_a_flag_is_not_told_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gate.yaml");
    fs::write(&path, format!("app: a\nversion: v1\nnamespace: n\ndelay: {WORDS}\n")).unwrap();
    let path = path.to_str().unwrap();
    for arguments in [
        &["validate", "-f", path][..],
        &["validate", "--app", "a", "--version", "v1", "-n", "n", "--delay", WORDS],
        &["explain", WORDS],
    ] {
        let output = crashgate(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!stderr.contains(SECRET), "{arguments:?}: {stderr}");
        assert!(stderr.contains("***"), "{arguments:?}: {stderr}");
    }
    for shown in [false, true] {
        let flag: &[&str] = if shown { &["--no-redact"] } else { &[] };
        let arguments = [&["check", "-f", path, "-o", "json"], flag].concat();
        let reports = folder.path().join(format!("reports-{shown}"));
        fs::create_dir(&reports).unwrap();
        let output = crashgate(&arguments).args(reports_in(&reports)).env("GITHUB_ACTIONS", "true").output().unwrap();
        let mut told = vec![("stdout".to_owned(), output.stdout), ("stderr".to_owned(), output.stderr)];
        let files = fs::read_dir(&reports).unwrap().map(|file| file.unwrap().path());
        told.extend(files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())));
        for (sink, bytes) in told {
            let text = String::from_utf8(bytes).unwrap();
            assert_eq!(text.contains(SECRET), shown, "{sink}: {text}");
        }
    }
}
