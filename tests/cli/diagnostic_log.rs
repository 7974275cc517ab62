//! `RUST_LOG`: what crashgate does is told on stderr where it is asked for, and nowhere else.

use super::{crashgate, told};

const CHECK: [&str; 11] = [
    "check",
    "--rehearse",
    "tests/recordings/crash-loop.ndjson",
    "--app",
    "payments",
    "--version",
    "v1",
    "--namespace",
    "rec-crash-loop",
    "--delay",
    "2s",
];

#[test]
fn requests_watches_and_decisions_are_logged_on_stderr_where_they_are_asked_for() {
    let silent = crashgate(&CHECK).arg("-ojson").env_remove("RUST_LOG").output().unwrap();
    let logged = crashgate(&CHECK).arg("-ojson").env("RUST_LOG", "crashgate=debug").output().unwrap();
    let ((code, quiet, without), (code_too, stdout, with)) = (told(&silent), told(&logged));
    assert_eq!((code, code_too), (Some(1), Some(1)), "{with}");
    for part in [
        "DEBUG crashgate::cluster::api::request",
        "request sent method=GET path=\"/",
        "request answered method=GET",
        "status=200 took=",
        "watch opened watch=",
        "INFO crashgate::cluster::drive",
        "gate decided app=\"payments\" version=\"v1\" namespace=\"rec-crash-loop\" verdict=failed cause=\"CrashLoop\"",
    ] {
        assert!(with.contains(part), "{part} in {with}");
        assert!(!without.contains(part), "{part} in {without}");
    }
    let result = |text: &str| -> serde_json::Value { serde_json::from_str(text).unwrap() };
    assert_eq!(
        result(&stdout)["gates"][0]["findings"],
        result(&quiet)["gates"][0]["findings"],
        "stdout is the result's"
    );
    assert!(!stdout.contains("DEBUG"), "{stdout}");
}

#[test]
fn a_log_line_obeys_nobody_and_gives_no_secret_away() {
    let output = crashgate(&["check", "--app", "a", "--version", "password=hunter2secret", "--wait-period", "1s"])
        .args(["--rehearse", "tests/recordings/crash-loop.ndjson", "--selector", "app=x", "--delay", "1s"])
        .args(["--namespace", "rec-crash-loop"])
        .env("RUST_LOG", "crashgate=trace")
        .output()
        .unwrap();
    let (_, _, stderr) = told(&output);
    assert!(stderr.contains("gate decided app=\"a\" version=\"password=***"), "{stderr}");
    let logged: Vec<&str> = stderr.lines().filter(|line| line.contains(" crashgate::")).collect();
    assert!(logged.len() > 10 && !logged.concat().contains("hunter2secret"), "{logged:#?}");
}

#[test]
fn a_filter_that_cannot_be_read_is_complained_of_and_logs_nothing() {
    let output = crashgate(&["explain", "OomKilled"]).env("RUST_LOG", "crashgate=loudly\u{1b}[2J").output().unwrap();
    let (code, stdout, stderr) = told(&output);
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with("OomKilled"), "{stdout}");
    assert!(stderr.starts_with("warning: RUST_LOG cannot be read") && !stderr.contains('\u{1b}'), "{stderr}");
}
