//! What becomes of a result that cannot be written, and of a report that is sent to where the result goes.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::cli::crashgate;

/// A verdict of 0 that needs no cluster.
const HEALTHY: [&str; 8] = [
    "replay",
    "tests/recordings/one-crash-then-healthy.ndjson",
    "--app=payments",
    "--version=v1",
    "--stable-for=10s",
    "--max-restarts=1",
    "--wait-period=1m",
    "--delay=10s",
];
/// A verdict of 1 that needs no cluster.
const FAILED: [&str; 4] = ["replay", "tests/recordings/crash-loop.ndjson", "--app=payments", "--version=v1"];

fn full() -> Stdio {
    fs::OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

fn stderr_of(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The command in a process that may write no file longer than this many bytes, as on a disk that is full.
fn with_little_room(command: &Command, blocks: u32) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
    shell.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

#[test]
fn a_pass_that_nobody_could_be_told_is_no_pass() {
    for flags in [&[][..], &["-o", "json"]] {
        let output = crashgate(&HEALTHY).args(flags).stdout(full()).output().unwrap();
        let stderr = stderr_of(&output);
        assert_eq!(output.status.code(), Some(7), "{flags:?}: {stderr}");
        assert!(stderr.contains("error: cannot write to stdout: No space left on device"), "{stderr}");
        assert!(stderr.contains("exit code 7 instead of 0"), "{stderr}");
    }
}

#[test]
fn a_verdict_that_says_no_keeps_its_exit_code_where_it_cannot_be_written() {
    let output = crashgate(&FAILED).args(["-o", "json"]).stdout(full()).output().unwrap();
    let stderr = stderr_of(&output);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("error: cannot write to stdout"), "{stderr}");
    assert!(!stderr.contains("instead of"), "{stderr}");
}

#[test]
fn no_command_ends_with_zero_where_its_result_could_not_be_written() {
    for arguments in [
        &["schema"][..],
        &["explain"],
        &["explain", "CrashLoop"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
        &["validate", "-f", "manifests/rehearsal.yaml"],
        &["pods", "--rehearse", "tests/recordings/crash-loop.ndjson"],
        &["watch", "--replay", "tests/recordings/crash-loop.ndjson", "-o", "json"],
    ] {
        let output = crashgate(arguments).stdout(full()).output().unwrap();
        let stderr = stderr_of(&output);
        assert_eq!(output.status.code(), Some(7), "{arguments:?}: {stderr}");
        assert_eq!(stderr.matches("error: cannot write to stdout").count(), 1, "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_report_that_could_not_be_written_turns_a_pass_into_seven_and_is_never_torn() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.html");
    fs::write(&report, "the report of another run: HEALTHY").unwrap();
    for (gate, code) in [(&HEALTHY[..], 7), (&FAILED[..], 1)] {
        let mut command = crashgate(gate);
        command.arg(format!("--report=html={}", report.display()));
        let output = with_little_room(&command, 4).output().unwrap();
        let stderr = stderr_of(&output);
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains("error: cannot write the html report to "), "{stderr}");
        assert!(output.stdout.starts_with("✔".as_bytes()) || output.stdout.starts_with("✘".as_bytes()));
        let left = fs::read_to_string(&report).unwrap();
        assert!(left.is_empty(), "neither a torn report nor that of another run: {left}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }
}

#[test]
fn outputs_and_summary_of_a_step_are_whole_or_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let (summary, outputs) = (folder.path().join("summary"), folder.path().join("outputs"));
    fs::write(&summary, "before\n").unwrap();
    fs::write(&outputs, format!("other={}\n", "x".repeat(2000))).unwrap();
    let mut command = crashgate(&HEALTHY);
    command.env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_OUTPUT", &outputs);
    let output = with_little_room(&command, 4).output().unwrap();
    let stderr = stderr_of(&output);
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    assert!(stderr.contains("error: cannot write the outputs of the step: "), "{stderr}");
    assert_eq!(fs::read_to_string(&outputs).unwrap(), format!("other={}\n", "x".repeat(2000)));
    assert!(fs::read_to_string(&summary).unwrap().starts_with("before\n"));
}

#[test]
fn a_recording_that_the_disk_cuts_off_is_whole_up_to_its_last_line_and_no_silent_zero() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("run.ndjson");
    let mut command = crashgate(&["check", "--rehearse", "tests/recordings/jobs-completed.ndjson"]);
    command.args(["--app=payments", "--version=v1"]);
    let known = with_little_room(&command, 1_000_000).output().unwrap();
    let mut command = crashgate(&["watch", "--rehearse", "tests/recordings/crash-loop.ndjson", "--for", "1s"]);
    command.arg(format!("--record={}", recording.display()));
    let output = with_little_room(&command, 4).output().unwrap();
    let stderr = stderr_of(&output);
    assert_eq!(output.status.code(), Some(7), "{stderr} {}", stderr_of(&known));
    assert!(stderr.contains("error: cannot write the recording"), "{stderr}");
    let left = fs::read_to_string(&recording).unwrap();
    assert!(left.is_empty() || left.ends_with('\n'), "no torn line: {left}");
}

#[test]
fn the_folders_of_an_output_are_made_and_one_that_cannot_be_made_is_named_before_the_wait() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "text").unwrap();
    let watch = ["watch", "--rehearse", "tests/recordings/crash-loop.ndjson", "--for", "1s"];
    let check = ["check", "--rehearse", "tests/recordings/crash-loop.ndjson", "--app=payments", "--version=v1"];
    let outputs: [(&[&str], &str, &str, i32); 4] = [
        (&FAILED, "--report=junit=", "the junit report to", 1),
        (&check, "--record=", "the recording", 1),
        (&watch, "--record=", "the recording", 0),
        (&watch, "--inventory=", "the inventory", 0),
    ];
    for (place, (command, flag, what, code)) in outputs.into_iter().enumerate() {
        let path = folder.path().join(format!("reports/{place}/result"));
        let output = crashgate(command).arg(format!("{flag}{}", path.display())).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{flag}: {}", stderr_of(&output));
        assert!(fs::metadata(&path).unwrap().len() > 0, "{flag}");
        let below = file.join("reports/result");
        let output = crashgate(command).arg(format!("{flag}{}", below.display())).output().unwrap();
        let (stderr, (below, file)) = (stderr_of(&output), (below.display(), file.display()));
        assert_eq!(output.status.code(), Some(2), "{flag}: {stderr}");
        assert_eq!(stderr, format!("error: cannot write {what} {below}: {file} is not a folder\n"), "{flag}");
    }
}

#[test]
fn a_recording_that_reaches_its_own_limit_is_only_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("run.ndjson");
    let output = crashgate(&["watch", "--rehearse", "tests/recordings/crash-loop.ndjson", "--for", "1s"])
        .args([format!("--record={}", recording.display()), "--record-limit=0".to_owned()])
        .output()
        .unwrap();
    let stderr = stderr_of(&output);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("warning: the recording") && stderr.contains("--record-limit"), "{stderr}");
}

#[test]
fn an_inventory_that_could_not_be_written_is_no_zero() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = folder.path().join("pods.json");
    let mut command = crashgate(&["watch", "--replay", "tests/recordings/many-pods.ndjson"]);
    command.arg(format!("--inventory={}", inventory.display()));
    let output = with_little_room(&command, 2).output().unwrap();
    let stderr = stderr_of(&output);
    assert_eq!(output.status.code(), Some(7), "{stderr}");
    assert!(stderr.contains("error: cannot write the inventory"), "{stderr}");
    let left = fs::read_to_string(&inventory).unwrap_or_default();
    assert!(left.is_empty() || serde_json::from_str::<serde_json::Value>(&left).is_ok(), "never torn: {left}");
}

#[test]
fn an_inventory_of_a_feed_that_never_began_leaves_no_empty_file() {
    let folder = tempfile::tempdir().unwrap();
    let inventory = folder.path().join("pods.json");
    let output = crashgate(&["watch", "--replay", "tests/recordings/crash-loop.ndjson", "-n", "wrong"])
        .arg(format!("--inventory={}", inventory.display()))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7), "{}", stderr_of(&output));
    assert!(!inventory.exists(), "{}", fs::read_to_string(&inventory).unwrap());
}

/// Stdout into a file that holds something already, as in `>> log`.
fn onto(path: &Path) -> File {
    fs::OpenOptions::new().append(true).create(true).open(path).unwrap()
}

#[test]
fn a_report_to_stdout_comes_after_the_verdict_and_destroys_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let named = log.display().to_string();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&log, &link).unwrap();
    for path in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", &named, &link.display().to_string()] {
        fs::write(&log, "what was there before\n").unwrap();
        let output = crashgate(&FAILED).arg(format!("--report=gitlab={path}")).stdout(onto(&log)).output().unwrap();
        let text = fs::read_to_string(&log).unwrap();
        assert_eq!(output.status.code(), Some(1), "{path}: {}", stderr_of(&output));
        assert!(text.starts_with("what was there before\n✘ FAILED: payments v1"), "{path}: {text}");
        assert!(text.ends_with('\n') && text.contains("\nCRASHGATE_EXIT_CODE=1\n"), "{path}: {text}");
    }
    assert!(!Path::new("-").exists());
}

#[test]
fn a_report_to_stdout_that_was_truncated_by_the_shell_keeps_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    for path in ["-", "/dev/stdout"] {
        let stdout = File::create(&log).unwrap();
        crashgate(&FAILED).arg(format!("--report=gitlab={path}")).stdout(stdout).status().unwrap();
        let text = fs::read_to_string(&log).unwrap();
        assert!(text.starts_with("✘ FAILED: payments v1"), "{path}: {text}");
        assert!(text.contains("\nCRASHGATE_EXIT_CODE=1\n"), "{path}: {text}");
    }
}

#[test]
fn a_report_to_an_open_file_or_to_stderr_is_appended() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    for path in ["/dev/stderr", "/dev/fd/2"] {
        fs::write(&log, "what was there before\n").unwrap();
        crashgate(&FAILED).arg(format!("--report=gitlab={path}")).stderr(onto(&log)).output().unwrap();
        let text = fs::read_to_string(&log).unwrap();
        assert!(text.starts_with("what was there before\n"), "{path}: {text}");
        assert!(text.contains("CRASHGATE_EXIT_CODE=1\n"), "{path}: {text}");
    }
    fs::write(&log, "what was there before\n").unwrap();
    let shell = "exec 3>>\"$1\"; exec \"$0\" replay tests/recordings/crash-loop.ndjson --app payments --version v1 \
                 --report gitlab=/dev/fd/3";
    let program = env!("CARGO_BIN_EXE_crashgate");
    Command::new("sh").args(["-c", shell, program]).arg(&log).output().unwrap();
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.starts_with("what was there before\n"), "{text}");
    assert!(text.contains("CRASHGATE_EXIT_CODE=1\n"), "{text}");
}

#[test]
fn a_report_or_a_recording_never_overwrites_what_the_run_reads() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate.yaml");
    let recording = folder.path().join("crash-loop.ndjson");
    fs::copy("manifests/rehearsal.yaml", &gate).unwrap();
    fs::copy("tests/recordings/crash-loop.ndjson", &recording).unwrap();
    let before = (fs::read(&gate).unwrap(), fs::read(&recording).unwrap());
    let (gate, recording) = (gate.display().to_string(), recording.display().to_string());
    let dotted = format!("{}/./gate.yaml", folder.path().display());
    for flags in [
        vec!["replay".to_owned(), recording.clone(), "-f".into(), gate.clone(), format!("--report=json={gate}")],
        vec!["replay".to_owned(), recording.clone(), "-f".into(), gate.clone(), format!("--report=json={dotted}")],
        vec!["replay".to_owned(), recording.clone(), "-f".into(), gate.clone(), format!("--report=json={recording}")],
        vec![
            "check".to_owned(),
            "--rehearse".into(),
            recording.clone(),
            "-f".into(),
            gate.clone(),
            format!("--record={gate}"),
        ],
        vec![
            "check".to_owned(),
            "--rehearse".into(),
            recording.clone(),
            "-f".into(),
            gate.clone(),
            format!("--record={recording}"),
        ],
        vec!["watch".to_owned(), "--replay".into(), recording.clone(), format!("--inventory={recording}")],
        vec!["watch".to_owned(), "--rehearse".into(), recording.clone(), format!("--record={recording}")],
    ] {
        let output = crashgate(&flags.iter().map(String::as_str).collect::<Vec<_>>()).output().unwrap();
        let stderr = stderr_of(&output);
        assert_eq!(output.status.code(), Some(2), "{flags:?}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains("would overwrite"), "{flags:?}: {stderr}");
        assert_eq!((fs::read(&gate).unwrap(), fs::read(&recording).unwrap()), before, "{flags:?}");
    }
}

#[test]
fn a_recording_does_not_go_to_stdout() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    for path in ["-", "/dev/stdout"] {
        let mut file = File::create(&log).unwrap();
        file.write_all(b"what was there before\n").unwrap();
        let output = crashgate(&["check", "--rehearse", "tests/recordings/crash-loop.ndjson"])
            .args(["--app=payments", "--version=v1", "--record", path])
            .stdout(file)
            .output()
            .unwrap();
        let stderr = stderr_of(&output);
        assert_eq!(output.status.code(), Some(2), "{path}: {stderr}");
        assert!(stderr.contains("error: cannot record to stdout"), "{stderr}");
        assert_eq!(fs::read_to_string(&log).unwrap(), "what was there before\n");
    }
}

#[test]
fn every_exit_code_that_is_written_is_the_one_that_the_process_ends_with() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    for report in ["html", "json", "gitlab"] {
        let mut command = crashgate(&HEALTHY);
        command.args(["-o", "json", "--report=json=-"]);
        command.arg(format!("--report=gitlab={}", file("dotenv").display()));
        command.arg(format!("--report=json={}", file("result.json").display()));
        command.arg(format!("--report={report}=/dev/full"));
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", file("outputs"));
        fs::write(file("outputs"), "").unwrap();
        let output = command.output().unwrap();
        let stderr = stderr_of(&output);
        assert_eq!(output.status.code(), Some(7), "{report}: {stderr}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let last = printed.rfind("\n{\n").map_or(printed.as_str(), |place| &printed[place..]);
        let exit_code = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["exitCode"].clone();
        assert_eq!(exit_code(last), 7, "{report}: stdout");
        assert_eq!(exit_code(&fs::read_to_string(file("result.json")).unwrap()), 7, "{report}: the file");
        let dotenv = fs::read_to_string(file("dotenv")).unwrap();
        assert!(dotenv.contains("CRASHGATE_EXIT_CODE=7\n"), "{report}: {dotenv}");
        let outputs = fs::read_to_string(file("outputs")).unwrap();
        let last = outputs.rsplit_once("exit-code<<").unwrap().1;
        assert_eq!(last.lines().nth(1), Some("7"), "{report}: the runner takes the last: {outputs}");
    }
}

#[test]
fn a_recording_that_could_not_be_written_is_in_the_exit_code_of_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("run.ndjson");
    let mut command = crashgate(&["check", "--rehearse", "tests/recordings/job-completes.ndjson", "-o", "json"]);
    command.args(["--app=ledger", "--version=v1", "--workload=job/ledger", "--stable-for=1s", "--delay=2s"]);
    command.arg(format!("--record={}", recording.display()));
    let output = with_little_room(&command, 4).output().unwrap();
    let stderr = stderr_of(&output);
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["verdict"], "healthy", "{result} {stderr}");
    assert!(stderr.contains("error: cannot write the recording"), "{stderr}");
    assert_eq!((output.status.code(), &result["exitCode"]), (Some(7), &serde_json::json!(7)), "{stderr}");
}
