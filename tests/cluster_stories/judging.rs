//! The judge of the suite: what it complains about, and how a failure is told.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use crate::suite::child::End;
use crate::suite::expect::Holds::{
    Container, Event, ExitStatus, Gates, Inert, Names, NoLine, Nowhere, ReadyPods, Role, Says, Shows, Stdout, Top,
    Warning,
};
use crate::suite::expect::{Expect, exit, failed, healthy};
use crate::suite::judge::complaints;
use crate::suite::report::{Outcome, Report};
use crate::suite::said::Said;
use crate::suite::{table, text};

fn said(exit_code: i32, result: Value) -> Said {
    Said {
        end: End::Exited(Some(exit_code)),
        stdout: "✘ FAILED: payments\n".to_owned(),
        stderr: String::new(),
        result: Some(result),
        events: vec![json!({"event": "created"})],
        took: Duration::from_secs(5),
    }
}

fn crash() -> Value {
    json!({"verdict": "failed", "exitCode": 1, "gates": [{
        "verdict": "failed", "readyPods": 1, "wantedPods": 2,
        "findings": [{
            "code": "CrashLoop", "pod": "payments-x", "container": "app", "role": "app", "exitStatus": 1,
            "message": "container app ended with exit code 1", "nextStep": "Fix it",
            "evidence": [{"kind": "log", "text": "fatal: DATABASE_URL is not set\n"}],
        }],
        "warnings": [{"code": "NodesForbidden", "message": "…"}],
    }]})
}

fn wrong(expect: &Expect, said: &Said) -> Vec<String> {
    complaints(expect, said, Path::new("/nowhere"))
}

#[test]
fn what_is_as_expected_is_not_complained_about() {
    let expect = failed(&["OomKilled", "CrashLoop"]).holds([
        Container("app"),
        Role("app"),
        Names("payments-"),
        ExitStatus(1),
        Shows("DATABASE_URL is not set"),
        Shows("Fix it"),
        Warning("NodesForbidden"),
        Gates(1),
        Top("verdict", "failed"),
        Top("exitCode", "1"),
        Event("created"),
        Stdout("✘ FAILED"),
        Says("payments"),
        Nowhere("hunter2"),
        NoLine("::error"),
        Inert,
    ]);
    assert_eq!(wrong(&expect, &said(1, crash())), [""; 0]);
    assert_eq!(wrong(&exit(0).holds([Stdout("FAILED")]), &said(0, Value::Null)), [""; 0]);
}

#[test]
fn every_difference_is_told_with_what_was_there_instead() {
    for (holds, told) in [
        (Container("cache"), "container cache: \"app\""),
        (Role("init"), "\"app\""),
        (Names("web-"), "pod \"payments-x\", workload null"),
        (ExitStatus(137), "exit status 137: 1"),
        (Shows("out of memory"), "not shown"),
        (Warning("RestartTolerated"), "warnings: [NodesForbidden]"),
        (ReadyPods(2), "readyPods 1, wantedPods 2"),
        (Gates(2), "2 gates are judged: 1"),
        (Top("verdict", "healthy"), "failed"),
        (Event("deleted"), "events: [created]"),
        (Stdout("HEALTHY"), "not there"),
        (Says("HEALTHY"), "not there"),
        (Nowhere("FAILED"), "it is in stdout"),
        (NoLine("✘"), "✘ FAILED: payments"),
    ] {
        let all = wrong(&failed(&["CrashLoop"]).holds([holds]), &said(1, crash()));
        assert!(all.len() == 1 && all[0].contains(told), "{told}: {all:?}");
    }
    let colourful = Said { stdout: "\u{1b}[31mred".to_owned(), ..said(1, crash()) };
    assert!(wrong(&failed(&["CrashLoop"]).holds([Inert]), &colourful)[0].contains("\\u{1b}"));
}

#[test]
fn a_false_pass_is_called_one_and_so_is_silence() {
    let pass = json!({"verdict": "healthy", "exitCode": 0, "gates": [{"verdict": "healthy", "findings": []}]});
    let all = wrong(&failed(&["CrashLoop"]), &said(0, pass));
    assert_eq!(
        all,
        [
            "A FALSE PASS: exit code: expected 1, was 0",
            "verdict: expected failed, was healthy",
            "leading finding: expected CrashLoop, there is none",
        ]
    );
    let all = wrong(&healthy(), &said(1, crash()));
    assert_eq!(all.len(), 3, "{all:?}");
    let silent = Said { result: None, ..said(0, Value::Null) };
    assert_eq!(wrong(&healthy(), &silent), ["verdict: expected healthy, but there is no JSON result to read"]);
    let endless = Said { end: End::TimedOut, ..said(0, Value::Null) };
    assert_eq!(wrong(&healthy(), &endless), ["it did not end within 90 s and was killed"]);
    let killed = Said { end: End::Exited(None), ..said(0, crash()) };
    assert_eq!(wrong(&failed(&["CrashLoop"]), &killed), ["exit code: expected 1, was none (a signal ended it)"]);
}

#[test]
fn what_is_printed_commands_neither_a_terminal_nor_a_ci_job() {
    let hostile = "::set-output name=x::y\n##[error]boo\n\u{1b}[31mred\u{7}\n";
    let shown = text::block(hostile, "FILE");
    assert!(shown.lines().all(|line| line.starts_with("    | ")), "{shown}");
    assert!(!shown.chars().any(|character| character.is_control() && character != '\n'), "{shown:?}");
    let long = text::block(&"line\n".repeat(1000), "FILE");
    assert!(long.lines().count() < 200 && long.ends_with("more lines in FILE\n"), "{long}");
    assert!(text::line("a\nb\u{1b}").ends_with("a / b\\u{1b}"));
}

#[test]
fn the_table_never_shows_what_was_skipped_as_passed() {
    let report = |name, outcome| Report {
        name,
        expected: "healthy".to_owned(),
        said: String::new(),
        seconds: 1.25,
        outcome,
        explanation: String::new(),
    };
    let reports = [
        report("a", Outcome::Passed),
        report("b", Outcome::Skipped("no registry".to_owned())),
        report("c", Outcome::Failed(vec!["one".to_owned(), "two".to_owned()])),
        report("d", Outcome::Interrupted),
    ];
    assert_eq!(table::summary(&reports), "1 passed, 1 failed, 1 skipped, 1 interrupted");
    let table = table::table(&reports);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["STORY", "EXPECTED", "SAID", "SECONDS", "RESULT", "WHY"]);
    assert_eq!(rows[1][3], "ok", "{table}");
    assert_eq!(rows[2][3..], ["skipped", "no", "registry"], "{table}");
    assert_eq!(rows[3][3..], ["FAILED", "one;", "two"], "{table}");
}
