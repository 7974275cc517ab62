//! The whole binary: what a user gets who is in a hurry, has no cluster, or makes a mistake.

#[cfg(unix)]
mod completions;
mod demo;
mod diagnostic_log;
mod feed_commands;
mod init;
mod kubectl_habits;
mod live_gates;
mod metrics;
mod recorded_gate;
pub mod run;
#[cfg(unix)]
mod unwritable_output;

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crashgate::report::files::Kind;

use crate::report::ci_log;

/// The binary, in surroundings that lead to no cluster.
pub fn crashgate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crashgate"));
    command.args(arguments).stdin(Stdio::null());
    for name in [
        "KUBECONFIG",
        "HTTPS_PROXY",
        "https_proxy",
        "KUBERNETES_SERVICE_HOST",
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "GITHUB_ACTIONS",
        "GITLAB_CI",
        "CI",
        "JENKINS_URL",
        "BUILDKITE",
        "CIRCLECI",
        "TF_BUILD",
        "TEAMCITY_VERSION",
        "RUST_LOG",
        "CRASHGATE_TOKEN",
    ] {
        command.env_remove(name);
    }
    command.env("HOME", "/nonexistent");
    command
}

/// Exit code, stdout and stderr.
pub fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn kubeconfig(server: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().unwrap();
    write!(
        file,
        "apiVersion: v1\nkind: Config\ncurrent-context: staging\n\
         clusters: [{{name: c, cluster: {{server: \"{server}\"}}}}]\n\
         users: [{{name: u, user: {{token: t}}}}]\n\
         contexts: [{{name: staging, context: {{cluster: c, user: u}}}}]\n"
    )
    .unwrap();
    file
}

/// The flags for every report there is, each in a file of its kind's name.
pub fn reports_in(folder: &Path) -> [String; 6] {
    Kind::ALL.map(|kind| format!("--report={}={}", kind.name(), folder.join(kind.name()).display()))
}

const GATE: [&str; 6] = ["--app", "web", "--version", "v2", "--namespace", "shop"];

#[test]
fn an_unreachable_cluster_is_inconclusive_in_good_time_and_is_named() {
    // Nobody listens at this port: it was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = kubeconfig(&format!("http://127.0.0.1:{port}"));
    let path = file.path().to_str().unwrap();
    let began = Instant::now();
    let output = crashgate(&["check", "--kubeconfig", path]).args(GATE).output().unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!(code, Some(7), "{stdout}{stderr}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    assert!(stdout.contains("ClusterUnreachable"), "{stdout}");
    for part in [&format!("127.0.0.1:{port}"), "staging", path] {
        assert!(stderr.contains(part), "{part} in {stderr}");
    }
}

#[test]
fn without_any_configuration_nothing_is_asked() {
    let (code, stdout, stderr) = told(&crashgate(&["check"]).args(GATE).output().unwrap());
    assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
    assert!(stderr.contains("kubeconfig"), "{stderr}");
}

#[test]
fn a_kubeconfig_that_is_not_there_and_a_context_that_does_not_exist_are_named() {
    let (code, _, stderr) =
        told(&crashgate(&["check", "--kubeconfig", "/nonexistent/kc"]).args(GATE).output().unwrap());
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("/nonexistent/kc"), "{stderr}");

    let file = kubeconfig("http://127.0.0.1:1");
    let arguments = ["check", "--kubeconfig", file.path().to_str().unwrap(), "--context", "stagging"];
    let (code, _, stderr) = told(&crashgate(&arguments).args(GATE).output().unwrap());
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("stagging") && stderr.contains("staging"), "{stderr}");
}

#[test]
fn a_wrong_flag_and_a_wrong_recording_are_usage_errors() {
    for arguments in [
        &["check", "--nonsense"][..],
        &["nonsense"],
        &["replay", "/nonexistent.ndjson", "--app", "a", "--version", "v"],
        &["replay", "README.md", "--app", "a", "--version", "v"],
        &["check", "--rehearse", "Cargo.toml", "--app", "a", "--version", "v"],
        &["replay", "tests/recordings/healthy.ndjson", "--app", "a"],
    ] {
        let (code, stdout, stderr) = told(&crashgate(arguments).output().unwrap());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}: {stderr}");
        assert!(!stderr.is_empty() && !stderr.contains("panicked"), "{arguments:?}: {stderr}");
    }
}

#[test]
fn a_usage_error_is_told_in_json_too() {
    let output = crashgate(&["replay", "README.md", "--app", "a", "--version", "v", "-o", "json"]).output().unwrap();
    let (code, stdout, _) = told(&output);
    let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((code, &result["verdict"], &result["exitCode"]), (Some(2), &"usage".into(), &2.into()));
}

#[cfg(unix)]
fn kill(child: &Child, signal: &str) {
    assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn signals_end_a_run_with_all_that_is_known() {
    signals_end_a_run(|_| ());
}

/// Ends runs by each signal; `also` checks the folder with the reports of each.
#[cfg(unix)]
pub fn signals_end_a_run(also: fn(&Path)) {
    for (signal, exit_code) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join("run.ndjson");
        let mut child = crashgate(&["check", "-f", "manifests/rehearsal.yaml", "-o", "json", "--stable-for", "60s"])
            .args(["--rehearse", "tests/recordings/healthy.ndjson", "--app", "checkout", "--namespace", "rec-healthy"])
            .args(["--record", record.to_str().unwrap()])
            .args(reports_in(folder.path()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The signal comes as soon as traffic was recorded, so the run has begun.
        let begun = Instant::now();
        while std::fs::read_to_string(&record).map_or(0, |text| text.lines().count()) < 8 {
            assert!(begun.elapsed() < Duration::from_secs(20), "the run never began");
            std::thread::sleep(Duration::from_millis(20));
        }
        let ended = Instant::now();
        kill(&child, signal);
        let code = child.wait().unwrap().code();
        assert!(ended.elapsed() < Duration::from_secs(10), "{signal}: {:?}", ended.elapsed());
        let (_, stdout, stderr) = told(&child.wait_with_output().unwrap());
        assert_eq!(code, Some(exit_code), "{signal}: {stderr}");
        let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!((&result["verdict"], &result["exitCode"]), (&"interrupted".into(), &exit_code.into()));
        crate::report::documents::check_complete(folder.path(), "interrupted");
        also(folder.path());
        assert_eq!(std::fs::read_to_string(folder.path().join("json")).unwrap(), stdout, "the same bytes");
        let recorded = std::fs::read_to_string(&record).unwrap();
        assert!(recorded.lines().last().unwrap().contains("\"gate\""), "the recording ends with the gate's own words");
    }
}

/// Only builds for development can be ordered to fail; see `src/cli/drill.rs`.
#[cfg(debug_assertions)]
#[test]
fn a_panic_in_the_wait_is_inconclusive_and_leaves_every_report_whole() {
    a_panic_in_the_wait(|_| ());
}

/// Lets runs panic; `also` checks the folder with the reports of each.
#[cfg(debug_assertions)]
pub fn a_panic_in_the_wait(also: fn(&Path)) {
    let recording = "tests/recordings/crash-loop.ndjson";
    for (place, arguments) in [
        &["check", "--rehearse", recording, "--delay", "2s"][..],
        &["check", "--rehearse", recording, "--delay", "2s", "-o", "json"],
        &["replay", recording],
        &["replay", recording, "-o", "json"],
    ]
    .into_iter()
    .enumerate()
    {
        let folder = tempfile::tempdir().unwrap();
        let output = crashgate(arguments)
            .args(["--app", "payments", "--version", "v1", "--namespace", "rec-crash-loop"])
            .args(reports_in(folder.path()))
            .envs([("CRASHGATE_DRILL", "4"), ("GITHUB_ACTIONS", "true"), ("GITLAB_CI", "true")])
            .env("GITHUB_STEP_SUMMARY", folder.path().join("summary"))
            .env("GITHUB_OUTPUT", folder.path().join("output"))
            .output()
            .unwrap();
        let (code, stdout, stderr) = told(&output);
        assert_eq!(code, Some(7), "{arguments:?}: {stderr}");
        assert!(stderr.contains("error: crashgate itself failed at src"), "{arguments:?}: {stderr}");
        // What the panic said is quoted, and it is inert; groups and sections are closed before the annotation.
        assert!(stderr.contains(r"a drill\n::error::pwned \x1b[2J ##\[error]pwned"), "{stderr}");
        let found = ci_log::commands(&stderr);
        let names: Vec<&str> = found.iter().map(|command| command.name).collect();
        assert_eq!(names, ["group", "endgroup", "error"], "{stderr}");
        assert!(found[2].data.contains("crashgate itself failed"), "{stderr}");
        assert_eq!((stderr.matches("section_start:").count(), stderr.matches("section_end:").count()), (1, 1));
        crate::report::documents::check_complete(folder.path(), "inconclusive");
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert!(read("html").contains("crashgate itself failed"));
        assert!(read("summary").contains("Inconclusive: payments v1") && read("output").contains("inconclusive"));
        if place % 2 == 1 {
            assert_eq!(stdout, read("json"), "stdout has the result, once");
        } else {
            assert!(stdout.starts_with("✘ INCONCLUSIVE") && stdout.contains("crashgate itself failed"), "{stdout}");
        }
        if place < 3 {
            also(folder.path());
        }
    }
}

/// Not even the gates are known then.
#[cfg(debug_assertions)]
#[test]
fn a_panic_before_the_wait_is_no_mistake_of_the_user() {
    a_panic_before_the_wait(|_| ());
}

/// The same before the gates are known.
#[cfg(debug_assertions)]
pub fn a_panic_before_the_wait(also: fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let output =
        crashgate(&["replay", "tests/recordings/crash-loop.ndjson", "--app", "a", "--version", "v", "-o", "json"])
            .args(reports_in(folder.path()))
            .envs([("CRASHGATE_DRILL", "1"), ("GITHUB_ACTIONS", "true")])
            .env("GITHUB_OUTPUT", folder.path().join("output"))
            .output()
            .unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!(code, Some(7), "{stderr}");
    let result: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&result["verdict"], &result["exitCode"]), (&"inconclusive".into(), &7.into()), "{stdout}");
    let names: Vec<&str> = ci_log::commands(&stderr).iter().map(|command| command.name).collect();
    assert_eq!(names, ["error"], "{stderr}");
    assert!(std::fs::read_to_string(folder.path().join("output")).unwrap().contains("\n7\n"));
    crate::report::documents::check_complete(folder.path(), "inconclusive");
    also(folder.path());
}

/// A recording of a crash whose log holds this line.
fn recording_with_log(line: &str) -> tempfile::NamedTempFile {
    let whole = std::fs::read_to_string("tests/recordings/crash-loop.ndjson").unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), whole.replace("fatal: DATABASE_URL is not set", line)).unwrap();
    file
}

fn replayed(file: &tempfile::NamedTempFile, flags: &[&str]) -> (String, String) {
    let path = file.path().to_str().unwrap();
    let output = crashgate(&["replay", path, "--app", "payments", "--version", "v1"]).args(flags).output().unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!(code, Some(1), "{stderr}");
    (stdout, stderr)
}

#[test]
fn secrets_are_masked_unless_somebody_asks_for_them_and_is_warned() {
    let file = recording_with_log("fatal: no answer from postgres://app:hunter2secret@db:5432/orders");
    for flags in [&[][..], &["-v"], &["-o", "json"]] {
        let (stdout, stderr) = replayed(&file, flags);
        assert!(!stdout.contains("hunter2secret") && stdout.contains("***"), "{flags:?}: {stdout}");
        assert!(!stderr.contains("hunter2secret") && !stderr.contains("--no-redact"), "{flags:?}: {stderr}");
    }
    for flags in [&["--no-redact"][..], &["--no-redact", "-o", "json"]] {
        let (stdout, stderr) = replayed(&file, flags);
        assert!(stdout.contains("hunter2secret"), "{flags:?}: {stdout}");
        assert!(stderr.contains("warning: --no-redact"), "{stderr}");
    }
}

#[test]
fn verbose_shows_the_whole_log() {
    let lines: Vec<String> = (0..80).map(|n| format!("{n}: frame of a long story")).collect();
    let file = recording_with_log(&lines.join("\\n"));
    let (short, _) = replayed(&file, &[]);
    assert!(short.lines().count() <= 25 && !short.contains("40: frame"), "{short}");
    let (whole, _) = replayed(&file, &["--verbose"]);
    assert!(lines.iter().all(|line| whole.contains(line)), "{whole}");
}

#[test]
fn a_program_for_another_processor_is_told_from_its_log() {
    let file = recording_with_log("exec /app/payments: exec format error");
    let (stdout, _) = replayed(&file, &[]);
    let words = stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("its program is built for another processor architecture"), "{stdout}");
    assert!(words.contains("kubernetes.io/arch"), "{stdout}");
}

#[test]
fn a_report_that_cannot_be_written_ends_the_run_before_it_begins() {
    let replay = ["replay", "tests/recordings/healthy.ndjson", "--app", "checkout", "--version", "v1"];
    for report in ["html=Cargo.toml/report.html", "html=tests", "xml=a.xml", "junit"] {
        let (code, stdout, stderr) = told(&crashgate(&replay).args(["--report", report]).output().unwrap());
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{report}: {stderr}");
        assert!(!stderr.contains("Gate "), "nothing began: {stderr}");
    }
}

#[test]
fn a_wrong_manifest_is_told_in_every_report_and_at_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate.yaml");
    std::fs::write(&gate, "app: checkout\nversoin: v1\nnamespace: shop\n").unwrap();
    let output = crashgate(&["replay", "tests/recordings/healthy.ndjson", "-f", gate.to_str().unwrap()])
        .args(reports_in(folder.path()))
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_WORKSPACE", folder.path())
        .output()
        .unwrap();
    let (code, _, stderr) = told(&output);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("::error file=gate.yaml,line="), "{stderr}");
    crate::report::documents::check_complete(folder.path(), "usage");
}

#[test]
fn shells_get_completions_and_packages_get_man_pages() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, stdout, _) = told(&crashgate(&["completions", shell]).output().unwrap());
        assert_eq!(code, Some(0));
        assert!(stdout.contains("CRASHGATE_COMPLETE") && stdout.contains(shell), "{shell}: {stdout}");
    }
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man/man1");
    let (code, _, stderr) = told(&crashgate(&["man", pages.to_str().unwrap()]).output().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    let page = std::fs::read_to_string(pages.join("crashgate-check.1")).unwrap();
    assert!(page.contains("wait\\-period") && page.contains("Examples:"), "{page}");
    let (code, list, _) = told(&crashgate(&["--help"]).output().unwrap());
    assert_eq!(code, Some(0));
    let commands = list.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for name in names.map(|line| line.split_whitespace().next().unwrap()) {
        assert!(name == "help" || pages.join(format!("crashgate-{name}.1")).exists(), "{name}");
    }
    assert!(commands.contains("\n  man "), "{commands}");
    let (code, page, _) = told(&crashgate(&["man"]).output().unwrap());
    assert!(code == Some(0) && page.contains(".TH crashgate 1"), "{page}");
}

#[test]
fn help_of_a_command_is_asked_for_in_either_way() {
    for name in ["check", "pods", "replay", "demo"] {
        let by_word = told(&crashgate(&["help", name]).output().unwrap());
        let by_flag = told(&crashgate(&[name, "--help"]).output().unwrap());
        assert_eq!(by_word, by_flag, "{name}");
        assert_eq!((by_word.0, by_word.1.contains("Exit codes:")), (Some(0), true), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn signals_end_a_process_that_is_still_connecting() {
    // The API server takes connections and answers nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let file = kubeconfig(&format!("http://{}", listener.local_addr().unwrap()));
    let mut child = crashgate(&["check", "--kubeconfig", file.path().to_str().unwrap()])
        .args(GATE)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _held = listener.accept().unwrap();
    let began = Instant::now();
    kill(&child, "INT");
    // Whether the second one still finds it or not, the exit code is the same.
    kill(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[cfg(unix)]
#[test]
fn a_second_signal_ends_a_process_that_cannot_end_by_itself() {
    use std::io::{BufRead, BufReader, ErrorKind, Write};
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;

    // Nobody reads its result, and there is no room for it.
    let (_reader, mut writer) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    while writer.write(&[b'.'; 4096]).map_or_else(|error| error.kind() != ErrorKind::WouldBlock, |_| true) {}
    writer.set_nonblocking(false).unwrap();
    let mut child = crashgate(&["check", "--rehearse", "tests/recordings/never-ready.ndjson", "--app", "search"])
        .args(["--version", "v1", "--wait-period", "10m"])
        .stdout(OwnedFd::from(writer))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut words = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(words.any(|line| line.contains("Gate search v1")), "it has begun");
    kill(&child, "INT");
    assert!(words.any(|line| line.contains("interrupted")), "the first one is told");
    kill(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143), "the second one ended it");
}

#[cfg(unix)]
#[test]
fn a_reader_that_went_away_is_no_panic() {
    let arguments = ["replay", "tests/recordings/crash-loop.ndjson", "--app", "payments", "--version", "v1"];
    let mut child = crashgate(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let (code, _, stderr) = told(&child.wait_with_output().unwrap());
    assert_eq!(code, Some(1), "the verdict stands: {stderr}");
    assert!(!stderr.contains("panicked") && !stderr.contains("Broken pipe"), "{stderr}");
}

#[test]
fn every_code_is_explained() {
    let (code, list, _) = told(&crashgate(&["explain"]).output().unwrap());
    assert_eq!(code, Some(0));
    for row in crashgate::gate::result::CATALOGUE {
        assert!(list.contains(row.name), "{}", row.name);
        let (code, text, _) = told(&crashgate(&["explain", row.name]).output().unwrap());
        assert_eq!(code, Some(0));
        for part in [row.meaning, row.causes, row.next_step, row.rests_on] {
            assert!(text.contains(part), "{part}");
        }
    }
    for row in crashgate::gate::result::NOTICES {
        assert!(list.contains(row.name), "{}", row.name);
        let (code, text, _) = told(&crashgate(&["explain", row.name]).output().unwrap());
        assert_eq!(code, Some(0));
        for part in [row.meaning, row.causes, row.next_step] {
            assert!(text.contains(part), "{part}");
        }
    }
}

#[test]
fn verdicts_exit_codes_and_the_reasons_of_kubernetes_are_explained() {
    for (name, says) in [
        ("timed-out", "Verdict timed-out: exit code 3"),
        ("TimedOut", "Verdict timed-out: exit code 3"),
        ("5", "Verdict platform: exit code 5"),
        ("exit 5", "Verdict platform: exit code 5"),
        ("0", "Verdict healthy: exit code 0"),
        ("125", "of `crashgate run` only"),
        ("137", "SIGKILL: killed from outside"),
        ("143", "Verdict interrupted: exit code 143"),
        ("143", "SIGTERM: it was asked to end"),
        ("superseded", "Superseded: superseded (exit 6)"),
        ("superseded", "Verdict superseded: exit code 6"),
        ("oomkilled", "OomKilled: failed (exit 1)"),
        ("OOMKilled", "state.terminated.reason of a container"),
        ("Evicted", "PodDisrupted         exit 5"),
        ("CreateContainerConfigError", "ConfigMissing        exit 1"),
        ("NewReplicaSetAvailable", "It is not a cause by itself"),
        ("CanaryWorse", "E is the weight of the evidence"),
        ("MetricOverLimit", "at most 1 of N runs"),
        ("MetricUndecided", "to the end of the time that metrics are watched (`watchFor`)"),
    ] {
        let (code, text, stderr) = told(&crashgate(&["explain", name]).output().unwrap());
        assert_eq!(code, Some(0), "{name}: {stderr}");
        assert!(text.contains(says), "{name}: {text}");
    }
    for reason in crashgate::gate::REASONS {
        let (code, text, _) = told(&crashgate(&["explain", reason.name]).output().unwrap());
        assert!(code == Some(0) && text.contains(reason.says), "{}", reason.name);
    }
}

#[test]
fn what_cannot_be_explained_is_answered_with_the_nearest_name() {
    for (name, nearest) in [
        ("CrashLop", "CrashLoop"),
        ("RestartTolerate", "RestartTolerated"),
        ("timedot", "timed-out"),
        ("ErrImagPull", "ErrImagePull"),
    ] {
        let (code, _, stderr) = told(&crashgate(&["explain", name]).output().unwrap());
        assert_eq!(code, Some(2));
        assert!(stderr.contains(&format!("did you mean `{nearest}`?")), "{stderr}");
    }
    for name in ["99", "", "🦀", "\u{1b}[31mred"] {
        let (code, _, stderr) = told(&crashgate(&["explain", name]).output().unwrap());
        assert!(code == Some(2) && !stderr.contains('\u{1b}'), "{stderr}");
    }
}

/// Stopped and continued as a laptop is that sleeps: what happened meanwhile must be read again before anything passes.
#[cfg(unix)]
#[test]
fn a_gate_that_slept_reads_everything_anew() {
    use std::io::{BufRead, BufReader};

    let mut child = crashgate(&["check", "--rehearse", "tests/recordings/healthy.ndjson", "--app", "checkout"])
        .args(["--version", "v1", "--delay", "1s", "--stable-for", "6s"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut words = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(words.any(|line| line.contains("everything is ready")), "the window is open");
    kill(&child, "STOP");
    // No condition stands for it: the time that passes meanwhile is what is tested.
    std::thread::sleep(Duration::from_secs(3));
    kill(&child, "CONT");
    let after: Vec<String> = words.collect();
    let at = |part: &str| after.iter().position(|line| line.contains(part));
    let (asleep, sure) = (at("was asleep"), at("confirming with one more read"));
    assert!(asleep.is_some() && asleep < sure, "{after:#?}");
    assert_eq!(child.wait().unwrap().code(), Some(0), "{after:#?}");
}

/// What a user types who has the wrong namespace in mind, with the advice that leads on.
#[test]
fn a_recording_of_another_namespace_says_which_one_it_has() {
    let recording = "tests/recordings/crash-loop.ndjson";
    for arguments in [
        &["replay", recording, "--app=payments", "--version=v1", "-n", "other"][..],
        &["watch", "--replay", recording, "-n", "other"],
    ] {
        let (code, stdout, stderr) = told(&crashgate(arguments).output().unwrap());
        assert_eq!(code, Some(7), "{stderr}");
        let text = stdout + &stderr;
        assert!(text.contains("Next: It was recorded in namespace rec-crash-loop: use `-n rec-crash-loop`."), "{text}");
    }
}

#[test]
fn a_smoke_run_in_a_rehearsal_without_pods_is_told_how_to_get_them() {
    let (code, stdout, stderr) = told(
        &crashgate(&["check", "--rehearse", "tests/recordings/one-crash-then-healthy.ndjson", "--app=payments"])
            .args(["--version=v1", "--max-restarts=1", "--stable-for=1s", "--smoke", "image=shop/smoke:1"])
            .output()
            .unwrap(),
    );
    assert_eq!(code, Some(7), "{stderr}");
    assert!(stdout.contains("`--pods FILE`") && stdout.contains("`--smoke none`"), "{stdout}");
    assert!(!stdout.contains("Role"), "no right is missing: {stdout}");
}

#[test]
fn durations_of_all_flags_have_one_grammar() {
    let recording = "tests/recordings/crash-loop.ndjson";
    for arguments in [
        &["pods", "--rehearse", recording, "--at", "10"][..],
        &["sandbox", recording, "--at", "10"],
        &["watch", "--replay", recording, "--for", "10"],
        &["run", "shop/web:1", "--timeout", "10"],
        &["run", "shop/web:1", "--grace", "ImagePull=10"],
        &["check", "--request-timeout", "10"],
        &["check", "--app=a", "--version=b", "-n=c", "--delay", "10"],
    ] {
        let (code, _, stderr) = told(&crashgate(arguments).output().unwrap());
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains("write `10s`"), "{arguments:?}: {stderr}");
    }
}

/// Three gates in a run: the reader of the headline wants to know how bad it is.
#[test]
fn the_headline_of_several_gates_says_how_many_ended_how() {
    let folder = tempfile::tempdir().unwrap();
    let gates = folder.path().join("gates.yaml");
    let gate = |version: &str| format!("app: payments\nversion: {version}\nnamespace: rec-crash-loop\n");
    std::fs::write(&gates, format!("{}---\n{}---\n{}", gate("v1"), gate("v8"), gate("v9"))).unwrap();
    let report = folder.path().join("report");
    for kind in ["markdown", "html"] {
        crashgate(&["replay", "tests/recordings/crash-loop.ndjson", "-f", &gates.display().to_string()])
            .arg(format!("--report={kind}={}", report.display()))
            .output()
            .unwrap();
        let text = std::fs::read_to_string(&report).unwrap();
        assert!(text.contains("3 gates, 1 failed, 2 "), "{kind}: {}", &text[..text.len().min(2000)]);
    }
}

/// The escapes that colour text.
const COLOUR: &str = "\u{1b}[";

#[test]
fn colour_is_for_terminals_unless_somebody_asks_for_it_anywhere() {
    let replay = ["replay", "tests/recordings/crash-loop.ndjson", "--app", "payments", "--version", "v1"];
    let shown = |flags: &[&str], set: &[(&str, &str)]| {
        let output = crashgate(&replay).args(flags).envs(set.iter().copied()).output().unwrap();
        let (code, stdout, stderr) = told(&output);
        assert_eq!(code, Some(1), "{stderr}");
        (stdout.contains(COLOUR), stderr.contains(COLOUR))
    };
    assert_eq!(shown(&[], &[]), (false, false));
    assert_eq!(shown(&["--color", "always"], &[("NO_COLOR", "1")]), (true, true));
    assert_eq!(shown(&["--color=always"], &[("GITHUB_ACTIONS", "true")]), (true, true), "a CI log shows colours");
    assert_eq!(shown(&[], &[("CLICOLOR_FORCE", "1")]), (true, true));
    assert_eq!(shown(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]), (false, false));
    assert_eq!(shown(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]), (false, false));
    assert_eq!(shown(&["--color", "always", "-o", "json"], &[]), (false, true), "a document has no colours");
}

#[test]
fn explanations_and_errors_obey_the_same_flag() {
    for (arguments, is_on_stderr) in [
        (&["explain", "CrashLoop"][..], false),
        (&["explain"], false),
        (&["explain", "CrashLop"], true),
        (&["pods", "--kubeconfig", "/nonexistent.yaml"], true),
        (&["pods", "--rehearse", "tests/recordings/crash-loop.ndjson", "--color", "auto"], false),
        (&["watch", "--replay", "tests/recordings/crash-loop.ndjson"], false),
    ] {
        let plain = told(&crashgate(arguments).output().unwrap());
        let forced = told(&crashgate(arguments).env("CLICOLOR_FORCE", "1").output().unwrap());
        assert_eq!(plain.0, forced.0);
        assert!(!plain.1.contains(COLOUR) && !plain.2.contains(COLOUR), "{arguments:?}");
        let text = if is_on_stderr { &forced.2 } else { &forced.1 };
        assert!(text.contains(COLOUR), "{arguments:?}: {text}");
    }
}

#[test]
fn colour_on_purpose_gives_a_pod_no_way_to_colour_anything() {
    let arguments = ["replay", "tests/recordings/hostile-logs.ndjson", "--app", "search", "--version", "v1", "-v"];
    let output = crashgate(&arguments).args(["--color", "always"]).output().unwrap();
    let (_, stdout, stderr) = told(&output);
    let plain = told(&crashgate(&arguments).output().unwrap());
    let ours = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    assert!(stdout.contains(COLOUR) && plain.1.contains("\\x1b"), "{}", plain.1);
    assert_eq!(ours.replace_all(&stdout, ""), plain.1, "what is left without the colours is what is told without them");
    assert_eq!(ours.replace_all(&stderr, ""), plain.2);
}

#[test]
fn the_timeout_of_kubectl_is_the_wait_period() {
    let replay = |flags: &[&str]| {
        let arguments = ["replay", "tests/recordings/never-ready.ndjson", "--app", "search", "--version", "v1"];
        let output = crashgate(&arguments).args(flags).output().unwrap();
        told(&output)
    };
    let (code, by_habit, _) = replay(&["--timeout=20s"]);
    assert_eq!((code, by_habit), (Some(3), replay(&["--wait-period", "20s"]).1));
    let (code, stdout, stderr) = replay(&["--timeout", "20s", "--wait-period", "30s"]);
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.contains("hint: `--timeout` is another name of `--wait-period`"), "{stderr}");
    let (code, _, stderr) = replay(&["--timeout", "20"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("20s"), "{stderr}");
}

#[test]
fn a_habit_of_kubectl_is_answered_with_the_command_that_is_meant() {
    let (code, stdout, stderr) = told(&crashgate(&["rollout", "status", "deployment/x"]).output().unwrap());
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(stderr.trim_end().ends_with("hint: here that is `crashgate check deployment/x`"), "{stderr}");
}
