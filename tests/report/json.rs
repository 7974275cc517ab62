//! The JSON result: its schema, its values, and that nothing is missing.

use std::fs;

use crashgate::cluster::drive::Sink as _;
use crashgate::gate::model::Role;
use crashgate::gate::result::{
    Background, Changed, Code, EvidenceKind, Notice, OlderRevision, Serving, TemplateChange, TemplateChanges, Verdict,
};
use crashgate::report::files::Kind;
use crashgate::report::human::Human;
use crashgate::report::json::{self, Json};
use crashgate::report::run_log::Mistake;
use serde_json::{Value, json};

use super::build::{self, With as _, finding, gate, outcome, pod, printer, run, warning};
use super::documents::documents;

fn crash() -> crashgate::cluster::drive::Run {
    let mut cause = finding(Code::CrashLoop, "Ended with exit code 1.")
        .in_pod("payments-x", Some("node1"))
        .in_container(Role::App, "app")
        .of("deployment/payments")
        .also(&["payments-y"])
        .proof(EvidenceKind::Log, "fatal: no url\nDB_PASSWORD=hunter2\u{202e}\n")
        .next("Set it.");
    cause.exit_status = Some(1);
    cause.restarts = Some(1);
    let mut outcome = outcome(Verdict::Failed, 4470, vec![cause]);
    outcome.pods =
        vec![pod("payments-x", "ended", false, 1, Some("node1")), pod("payments-y", "pulling", false, 0, None)];
    outcome.warnings = vec![warning(Notice::NodesForbidden, "nodes cannot be read")];
    let mut run = run(vec![gate("payments", "v1", "shop", outcome)]);
    run.target.rehearsal = Some("crash-loop.ndjson".to_owned());
    run
}

#[test]
fn the_result_has_the_documented_shape() {
    let result: Value = serde_json::from_str(&build::json(&crash())).unwrap();
    let expected = json!({
        "schema": 1, "verdict": "failed", "exitCode": 1, "startedAt": "2026-01-02T03:04:05Z", "durationMs": 4490,
        "cluster": {"server": "https://10.0.0.1:6443", "version": "v1.35.6", "context": "shop", "rehearsal": "crash-loop.ndjson"},
        "gates": [{
            "app": "payments", "version": "v1", "namespace": "shop", "selector": "app=payments,version=v1",
            "verdict": "failed", "exitCode": 1, "decidedAfterMs": 4470, "readyPods": 0, "wantedPods": 2,
            "findings": [{
                "code": "CrashLoop", "fault": "app", "workload": "deployment/payments", "pod": "payments-x",
                "alsoPods": ["payments-y"], "container": "app", "role": "app", "node": "node1",
                "message": "Ended with exit code 1.", "exitStatus": 1, "restarts": 1, "nextStep": "Set it.",
                "evidence": [{"kind": "log", "text": "fatal: no url\nDB_PASSWORD=***\n"}],
            }],
            "pods": [
                {"name": "payments-x", "phase": "Running", "state": "ended", "ready": false, "restarts": 1, "node": "node1"},
                {"name": "payments-y", "phase": "Running", "state": "pulling", "ready": false, "restarts": 0},
            ],
            "warnings": [{"code": "NodesForbidden", "message": "nodes cannot be read"}], "requests": 9,
        }],
    });
    assert_eq!(result, expected);
}

/// Who serves and what was changed, of a gate that failed.
fn background() -> Background {
    let from = || OlderRevision { version: Some("v0".to_owned()), name: "payments-5949".to_owned(), ready: 3 };
    let change = |container: Option<&str>, part: &str, how, values: [Option<&str>; 2]| TemplateChange {
        container: container.map(str::to_owned),
        part: part.to_owned(),
        how,
        before: values[0].map(str::to_owned),
        after: values[1].map(str::to_owned),
    };
    let changes = vec![
        change(Some("app"), "image", Changed::Changed, [Some("shop/payments:1"), Some("shop/payments:2")]),
        change(Some("app"), "env DATABASE_URL", Changed::Removed, [None, None]),
        change(None, "volume config", Changed::Added, [None, Some("configMap payments")]),
    ];
    let workload = || "deployment/payments".to_owned();
    Background {
        serving: vec![
            Serving { workload: workload(), older: vec![from()] },
            Serving { workload: "deployment/worker".to_owned(), older: Vec::new() },
        ],
        changes: vec![TemplateChanges { workload: workload(), from: from(), changes }],
    }
}

#[test]
fn who_serves_and_what_was_changed_are_told_in_every_report() {
    let mut run = crash();
    run.gates[0].outcome.background = background();
    let result: Value = serde_json::from_str(&build::json(&run)).unwrap();
    let from = json!({"version": "v0", "name": "payments-5949", "readyPods": 3});
    let serving = json!([
        {"workload": "deployment/payments", "older": [from]}, {"workload": "deployment/worker", "older": []}
    ]);
    assert_eq!(result["gates"][0]["serving"], serving);
    let changes = json!([
        {"container": "app", "part": "image", "how": "changed", "before": "shop/payments:1", "after": "shop/payments:2"},
        {"container": "app", "part": "env DATABASE_URL", "how": "removed"},
        {"part": "volume config", "how": "added", "after": "configMap payments"},
    ]);
    let expected = json!([{"workload": "deployment/payments", "from": from, "changes": changes}]);
    assert_eq!(result["gates"][0]["templateChanges"], expected);
    let words =
        ["deployment/payments: v0 still serves with 3 pods.", "Nothing serves: no pod of deployment/worker is ready."];
    let lines = [
        "Changed since v0",
        "app: image shop/payments:1 → shop/payments:2",
        "app: env DATABASE_URL removed",
        "pod: volume config configMap payments added",
    ];
    // Markdown escapes what may mean something in it.
    let plain = |text: &str| {
        let text = text.replace("&#58;", ":").replace("&#95;", "_");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (kind, text) in documents(&run, "x").into_iter().chain([(Kind::Json, build::verdict_of(&run, 100))]) {
        let (is_json, is_text) = (text.starts_with('{'), text.starts_with('✘'));
        let has_serving = matches!(kind, Kind::Junit | Kind::Markdown | Kind::Html | Kind::Github) || is_text;
        for word in words {
            assert!(!has_serving || plain(&text).contains(word), "{kind:?} lacks `{word}`: {text}");
        }
        let has_changes = has_serving && kind != Kind::Junit;
        for line in lines {
            assert!(!has_changes || is_json || plain(&text).contains(line), "{kind:?} lacks `{line}`: {text}");
        }
    }
}

#[test]
fn of_many_changes_the_first_are_shown_and_all_with_verbose() {
    let mut run = crash();
    let mut background = background();
    let many: Vec<_> = (0..30)
        .map(|number| TemplateChange {
            container: Some("app".to_owned()),
            part: format!("env VARIABLE_{number:02}"),
            how: Changed::Added,
            before: None,
            after: None,
        })
        .collect();
    background.changes[0].changes = many;
    run.gates[0].outcome.background = background;
    let text = build::verdict_of(&run, 100);
    assert!(text.contains("  app: env VARIABLE_03 added\n  … and 26 more\n"), "{text}");
    assert!(text.lines().count() <= 25, "{text}");
    let (printer, stdout, _) = printer();
    build::sink(Human::new(printer).whole(true)).end(&run);
    assert!(stdout.text().contains("VARIABLE_29 added"), "{}", stdout.text());
}

#[test]
fn nothing_is_null_and_the_sink_prints_the_same_bytes_once() {
    let mut bare = run(vec![gate(
        "a",
        "v1",
        "shop",
        outcome(Verdict::NothingMatched, 1, vec![finding(Code::NothingMatched, "None.")]),
    )]);
    bare.gates[0].outcome.wanted = None;
    bare.target = crashgate::cluster::api::Target::default();
    let text = build::json(&bare);
    assert!(!text.contains("null"), "{text}");
    let (printer, stdout, stderr) = printer();
    let mut sink = build::sink(Json::new(printer));
    sink.begin(&bare.target, &[]);
    sink.end(&bare);
    assert_eq!(stdout.text(), text);
    assert_eq!(stderr.text(), "");
}

#[test]
fn wrong_usage_has_a_result_too() {
    let text =
        json::unjudged("2026-01-02T03:04:05Z".parse().unwrap(), &Mistake::usage("unknown key `aap`".into(), None));
    let result: Value = serde_json::from_str(&text).unwrap();
    let expected = json!({
        "schema": 1, "verdict": "usage", "exitCode": 2, "startedAt": "2026-01-02T03:04:05Z", "durationMs": 0,
        "cluster": {}, "gates": [], "error": "unknown key `aap`",
    });
    assert_eq!(result, expected);
}

/// Every verdict and every role, kind and fault is spelled as the gate spells it.
#[test]
fn names_are_those_of_the_gate() {
    for verdict in [
        Verdict::Healthy,
        Verdict::Failed,
        Verdict::Usage,
        Verdict::TimedOut,
        Verdict::NothingMatched,
        Verdict::Platform,
        Verdict::Superseded,
        Verdict::Inconclusive,
        Verdict::Interrupted,
        Verdict::Terminated,
        Verdict::HungUp,
        Verdict::Quit,
    ] {
        let result: Value =
            serde_json::from_str(&build::json(&run(vec![gate("a", "v", "n", outcome(verdict, 1, Vec::new()))])))
                .unwrap();
        assert_eq!(result["verdict"], verdict.name());
        assert_eq!(result["exitCode"], verdict.exit_code());
    }
    let kinds = [
        EvidenceKind::Log,
        EvidenceKind::TerminationMessage,
        EvidenceKind::Event,
        EvidenceKind::Probe,
        EvidenceKind::Node,
        EvidenceKind::Status,
        EvidenceKind::Missing,
    ];
    for code in [Code::CrashLoop, Code::QuotaExceeded, Code::Superseded, Code::Forbidden] {
        for role in [Role::Init, Role::Sidecar, Role::App] {
            let cause =
                kinds.iter().fold(finding(code, "x").in_container(role, "c"), |cause, kind| cause.proof(*kind, "y"));
            let text = build::json(&run(vec![gate("a", "v", "n", outcome(Verdict::Failed, 1, vec![cause]))]));
            let result: Value = serde_json::from_str(&text).unwrap();
            let cause = &result["gates"][0]["findings"][0];
            assert_eq!(cause["code"], code.name());
            assert_eq!(cause["fault"], code.row().fault.name());
            assert_eq!(cause["role"], role.name());
            for (place, kind) in kinds.iter().enumerate() {
                assert_eq!(cause["evidence"][place]["kind"], kind.name());
            }
        }
    }
}

/// The committed schema is the one that the types make. `UPDATE_SCHEMA=1 cargo test --test it report::json` writes it.
#[test]
fn the_schema_has_not_drifted() {
    let path = "manifests/result.schema.json";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::create_dir_all("manifests").unwrap();
        fs::write(path, json::schema()).unwrap();
    }
    assert!(!json::schema().contains("null"), "what is absent is left out");
    assert_eq!(fs::read_to_string(path).unwrap(), json::schema(), "run with UPDATE_SCHEMA=1 and commit {path}");
}
