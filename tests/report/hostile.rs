//! Hostile texts through every sink: nothing acts on a terminal, no CI system finds a command, no secret survives.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crashgate::cluster::drive::{Run, Sink as _};
use crashgate::gate::model::{Role, Source};
use crashgate::gate::result::{
    Background, Changed, CheckReport, Code, EvidenceKind, GateEvent, Notice, OlderRevision, Serving, TemplateChange,
    TemplateChanges, Verdict,
};
use crashgate::report::human::Human;
use crashgate::report::names;
use crashgate::report::printer::Look;
use crashgate::text::redact;
use serde_json::Value;

use super::build::{With as _, finding, gate, json, outcome, pod, printer, run, sink, state, warning};
use super::metrics::undecided;

/// What must not be read as it is.
pub const HOSTILE: &[&str] = &[
    // Terminals.
    "\x1b[2J\x1b[Hcleared",
    "\x1b[1A\x1b[2K✔ HEALTHY: payments v1",
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]52;c;cm0gLXJmIC8=\x07",
    "\x1b]1337;File=name=YQ==:AAAA\x07",
    "\x1b]9;4;1;50\x1b\\",
    "\x1bP$q\"p\x1b\\",
    "\x1bPtmux;\x1b\x1b[31m\x1b\\",
    "\x1b_Gf=24;AAAA\x1b\\",
    "\x1b[6n\x1b[c\x1b[0c",
    "\x1b[?1049h\x1b[?25l",
    "\x1b[8mhidden\x1b[28m",
    "\x1bc reset",
    "\x1b(0lqqk\x1b(B",
    "\x1b[20t\x1b[21t",
    "\x1b[5i print \x1b[4i",
    "\x1b[31mred\x1b[0m",
    "\u{9b}31m C1 colour \u{9d}0;t\u{9c}",
    "\u{90}dcs\u{9c}\u{85}next",
    "progress 10%\rprogress 20%\r\x1b[K",
    "fatal: x\rok: all is well",
    "over\x08\x08\x08\x08writ",
    "bell \x07\x07\x07",
    "form\x0cfeed\x0bvertical",
    "nul\0byte",
    "del\x7f\x7f",
    "shift\x0e\x0f",
    "tab\tseparated",
    "unit\x1c\x1d\x1e\x1f",
    "crlf\r\nsecond\r\n",
    // The order of what is read, and what nobody sees.
    "user\u{202e}nimda\u{202c}",
    "\u{2066}isolate\u{2069} \u{2067}x\u{2068}y",
    "\u{200e}\u{200f}\u{61c}marks",
    "zero\u{200b}width\u{200c}join\u{200d}er\u{2060}\u{feff}",
    "tags\u{e0001}\u{e0065}\u{e0076}\u{e007f}",
    "line\u{2028}separator\u{2029}paragraph",
    "soft\u{ad}hyphen\u{34f}\u{180e}",
    "filler\u{115f}\u{1160}\u{3164}\u{ffa0}",
    "selector\u{fe00}\u{e0100}\u{e01ef}",
    "annotation\u{fff9}\u{fffa}\u{fffb}",
    "lossy \u{fffd}\u{fffd}",
    // CI systems.
    "::error file=a.rs,line=1::pwned",
    "::set-output name=passed::true",
    "::add-mask::a",
    "::stop-commands::x",
    "   ::warning::indented",
    "\t\t::notice::tabbed",
    "\u{a0}\u{3000}::debug::wide blanks",
    "\r::error::behind a return",
    "first line\n::error::second line\n  ::group::third",
    "a sentence that is long enough to be wrapped somewhere about here so that ::error::begins a line",
    "x ::save-state name=a::b",
    "::ERROR::upper case",
    "##[error]anywhere",
    "text ##[group]fold",
    "###[section]x ####[command]y",
    "##vso[task.setvariable variable=a]b",
    "x ##vso[task.complete result=Succeeded;]done",
    "##teamcity[buildStatus text='ok' status='SUCCESS']",
    "section_start:1:a[collapsed=true]\r\x1b[0K",
    "\x1b[0Ksection_end:1:a\r\x1b[0K",
    ":\u{200b}:error::zero width between",
    ":\x1b[0m:error::colour between",
    "#\x1b[0m#[error]colour between",
    "::error::\n::error::\n::error::",
    "%0A::error::encoded",
    "--- group",
    "+++ open",
    "~~~ muted",
    "^^^ +++",
    "\x1b_bk;t=1700000000000\x07",
    "\x1b]1338;url=https://evil.example/a.png\x07",
    "\x1b]1339;url=https://evil.example;content=x\x07",
    "\x1b[8mha:////4AAAAA==\x1b[0m",
    "travis_fold:start:a\r\x1b[0K",
    // XML, HTML, Markdown, shells and printf.
    "]]><failure/>",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "&lt;&#x1b;&amp;",
    "<!-- --><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
    "```\n</details>\n# heading",
    "| a | b |\n|---|---|\n[x](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    "@everyone #1 closes #2",
    "$(rm -rf /) `id` ${IFS} ; && ||",
    "%s%n%x%p {0} {{7*7}} ${7*7} <%= 7 %>",
    "'; DROP TABLE pods; --",
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "EOF\nname<<EOF",
];

/// Texts with a secret, and the secret.
pub const SECRETS: &[(&str, &str)] = &[
    ("DB_PASSWORD=hunter2secret", "hunter2secret"),
    ("connecting with password: hunter2secret", "hunter2secret"),
    ("{\"password\":\"hunter2secret\",\"user\":\"app\"}", "hunter2secret"),
    ("passwd='hunter2secret'", "hunter2secret"),
    ("api_key: hunter2secret", "hunter2secret"),
    ("GET /v1?access_token=hunter2secret&x=1", "hunter2secret"),
    ("--client-secret hunter2secret", "hunter2secret"),
    ("\x1b[36mtoken\x1b[0m=hunter2\x1b[1msecret", "secret"),
    ("postgres://app:hunter2secret@db:5432/orders", "hunter2secret"),
    ("mongodb+srv://app:hunter2%40secret@db.example/x", "hunter2%40secret"),
    ("Authorization: Bearer hunter2secret", "hunter2secret"),
    ("authorization=Basic aHVudGVyMnNlY3JldA==", "aHVudGVyMnNlY3JldA"),
    ("ghp_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX", "0aB1cD2eF3gH4"),
    ("remote: glpat-0aB1cD2eF3gH4iJ5kL6m denied", "0aB1cD2eF3gH4"),
    ("slack xoxb-123456789012-0aB1cD2eF3gH4iJ5kL6m", "0aB1cD2eF3gH4"),
    ("AWS AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    ("key AIzaSyA0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0u", "SyA0aB1cD2eF3"),
    ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "eyJzdWIiOiIxMjM0In0"),
    ("stripe sk_live_0aB1cD2eF3gH4iJ5kL6mN7", "0aB1cD2eF3gH4"),
    ("//registry.npmjs.org/:_authToken=npm_0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX", "0aB1cD2eF3gH4"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEhunter2secret\n-----END PRIVATE KEY-----", "hunter2secret"),
    ("- name: DB_PASSWORD\n  value: hunter2secret", "hunter2secret"),
    ("https://hooks.slack.com/services/T000/B000/hunter2secret", "hunter2secret"),
];

/// A run in which every word that somebody else says is this text.
pub fn run_of(text: &str) -> Run {
    let cause = |code| {
        [EvidenceKind::Log, EvidenceKind::TerminationMessage, EvidenceKind::Event, EvidenceKind::Status]
            .iter()
            .fold(finding(code, text), |cause, kind| cause.proof(*kind, text))
            .next(text)
    };
    let mut outcome = outcome(Verdict::Failed, 4470, vec![cause(Code::CrashLoop), cause(Code::NotReady)]);
    outcome.pods = vec![pod("a", text, false, 1, None), pod("b", "ready", true, 0, None)];
    outcome.warnings = vec![warning(Notice::RestartTolerated, text)];
    outcome.checks = vec![CheckReport { lacking: Some(text.to_owned()), ..undecided("errors") }];
    outcome.background = background_of(text, "v0");
    run(vec![gate("payments", "v1", "shop", outcome)])
}

/// What stands behind a failure, with this text for values and that for names.
fn background_of(text: &str, name: &str) -> Background {
    let change = |how, container: Option<&str>| TemplateChange {
        container: container.map(str::to_owned),
        part: format!("label {name}"),
        how,
        before: Some(text.to_owned()),
        after: Some(format!("{text} ")),
    };
    let revision = || OlderRevision { version: Some(name.to_owned()), name: name.to_owned(), ready: 3 };
    let workload = || format!("deployment/{name}");
    let changes = [change(Changed::Changed, Some(name)), change(Changed::Added, None), change(Changed::Removed, None)];
    Background {
        serving: vec![
            Serving { workload: workload(), older: vec![revision()] },
            Serving { workload: workload(), older: Vec::new() },
        ],
        changes: vec![TemplateChanges { workload: workload(), from: revision(), changes: changes.to_vec() }],
    }
}

/// The same where names are hostile too; secrets are not looked for in names.
pub fn run_of_names(text: &str) -> Run {
    let mut run = run_of(text);
    for gate in &mut run.gates {
        (gate.plan.app, gate.plan.namespace) = (text.to_owned(), text.to_owned());
        for finding in &mut gate.outcome.findings {
            *finding =
                finding.clone().in_pod(text, Some(text)).in_container(Role::App, text).of(text).also(&[text, text]);
        }
        gate.outcome.background = background_of(text, text);
        gate.outcome.pods = vec![pod(text, text, false, 1, Some(text)), pod("b", "ready", true, 0, Some(text))];
        for check in &mut gate.outcome.checks {
            text.clone_into(&mut check.name);
        }
    }
    text.clone_into(&mut run.target.server);
    text.clone_into(&mut run.target.context);
    run
}

/// All that people see of a run, at this width: stdout and stderr.
fn seen(run: &Run, text: &str, columns: usize) -> String {
    let (printer, stdout, stderr) = printer();
    let mut human = sink(Human::new(printer.with_look(Look { columns, ..Look::PLAIN })));
    let plans: Vec<_> = run.gates.iter().map(|gate| gate.plan.clone()).collect();
    human.begin(&run.target, &plans);
    let finding = run.gates[0].outcome.findings[0].clone();
    let pod = || finding.place.pod.clone().unwrap_or_else(|| "payments-x".to_owned());
    let text = || text.to_owned();
    let events = [
        GateEvent::PodAppeared { pod: pod() },
        GateEvent::PodState { pod: pod(), state: state(&text()) },
        GateEvent::Crash {
            pod: pod(),
            container: "app".to_owned(),
            role: Role::App,
            how: text(),
            crashes: 1,
            allowed: 0,
        },
        GateEvent::Cause { finding: Box::new(finding.clone()), counts_at: None },
        GateEvent::WindowBroken { why: text() },
        GateEvent::Trouble { source: Source::Pods, message: text() },
        GateEvent::Warned(warning(Notice::EventsForbidden, &text())),
        GateEvent::Measured(Box::new(run.gates[0].outcome.checks[0].clone())),
        GateEvent::PodGone { pod: pod(), why: text() },
        GateEvent::PodState { pod: pod(), state: state(&text()) },
    ];
    for event in events {
        human.event(0, Duration::from_secs(1), &event);
    }
    human.idle(Duration::from_mins(5));
    human.end(run);
    stdout.text() + &stderr.text()
}

/// The commands that runners of CI systems would find. GitHub's takes `::name …::` at the beginning of a line, white
/// space apart, and `##[name]` anywhere; the others take theirs anywhere.
pub fn commands(text: &str) -> Vec<&str> {
    text.split(['\n', '\r'])
        .filter(|line| {
            let new_style = line.trim_start().strip_prefix("::").is_some_and(|rest| rest.contains("::"));
            let old_style = line.find("##[").is_some_and(|place| line[place..].contains(']'));
            let others =
                ["##vso[", "##teamcity[", "section_start:", "section_end:"].iter().any(|mark| line.contains(mark));
            new_style || old_style || others
        })
        .collect()
}

pub fn unseen(text: &str) -> Option<char> {
    text.chars().find(|c| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    })
}

fn check_seen(run: &Run, text: &str) {
    for columns in [60, 100] {
        let seen = seen(run, text, columns);
        assert_eq!(unseen(&seen), None, "{text:?} gave {seen:?}");
        assert_eq!(commands(&seen), Vec::<&str>::new(), "of {text:?}");
        let live = super::live::seen(text, columns);
        assert_eq!((unseen(&live), commands(&live)), (None, Vec::new()), "{text:?} gave {live:?}");
    }
}

#[test]
fn the_parsers_here_find_what_runners_find() {
    for text in ["::error::x", " \t::a b=c::d", "x ##[error]y", "##vso[a]b", "\r::error::x", "a\n::error::"] {
        assert!(!commands(text).is_empty(), "{text:?}");
    }
    assert!(commands("std::io ::1 # [x]").is_empty());
    assert!(unseen("\x1b").is_some() && unseen("\t").is_some() && unseen("a\nb").is_none());
}

#[test]
fn nothing_acts_on_a_terminal_or_a_ci_system() {
    assert!(HOSTILE.len() + SECRETS.len() >= 100, "the corpus only grows");
    for text in HOSTILE.iter().chain(SECRETS.iter().map(|(text, _)| text)) {
        check_seen(&run_of(text), text);
        check_seen(&run_of_names(text), text);
    }
}

#[test]
fn json_says_the_same_and_gives_no_command_away() {
    for text in HOSTILE {
        for run in [run_of(text), run_of_names(text)] {
            let rendered = json(&run);
            assert_eq!(unseen(&rendered), None, "{text:?}");
            let found: Vec<&str> = commands(&rendered).into_iter().filter(|line| !line.contains("section_")).collect();
            assert_eq!(found, Vec::<&str>::new(), "of {text:?}");
            let value: Value = serde_json::from_str(&rendered).unwrap();
            let yaml = crashgate::report::json::render(&super::build::shown(&run)).json_as_yaml();
            assert_eq!(unseen(&yaml), None, "{text:?}");
            let found: Vec<&str> = commands(&yaml).into_iter().filter(|line| !line.contains("section_")).collect();
            assert_eq!(found, Vec::<&str>::new(), "of {text:?}");
            let same: Value = serde_yaml::from_str(&yaml).unwrap();
            assert_eq!(same, value, "{text:?} in {yaml}");
            let named = names::of(&super::build::shown(&run));
            assert_eq!((unseen(&named), commands(&named)), (None, Vec::new()), "{text:?}");
            let message = value["gates"][0]["findings"][0]["message"].as_str().unwrap();
            assert_eq!(unseen(&message.replace('\t', " ")), None, "{text:?}");
        }
    }
    let kept = "##[x] \"quoted\" \\ <&> ::error::";
    let value: Value = serde_json::from_str(&json(&run_of(kept))).unwrap();
    assert_eq!(value["gates"][0]["findings"][0]["message"], kept, "the value is what was said");
}

#[test]
fn no_secret_survives() {
    for (text, secret) in SECRETS {
        let run = run_of(text);
        for shown in [seen(&run, text, 60), seen(&run, text, 100), json(&run)] {
            assert!(!shown.contains(secret), "{secret} of {text:?} in {shown}");
            assert!(shown.contains("***"), "{text:?}");
        }
        // Names are shown as they are; in what is said, secrets are masked.
        let live = super::live::said(text, 200);
        assert!(!live.contains(secret), "{secret} of {text:?} in {live}");
    }
}

/// What a command says on stderr of this text in a manifest, a flag or an argument.
fn complaints(text: &str, folder: &Path) -> Vec<String> {
    let quoted = Value::from(text).to_string();
    let manifest = folder.join("gate.yaml");
    let kubeconfig = folder.join("kubeconfig");
    fs::write(&kubeconfig, "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n").unwrap();
    let (path, kubeconfig) = (manifest.to_str().unwrap(), kubeconfig.to_str().unwrap());
    let mut told = Vec::new();
    let mut tell = |arguments: &[&str]| {
        let (mut printer, _, stderr) = printer();
        let arguments = ["crashgate"].iter().chain(arguments).map(|argument| (*argument).into());
        let code = crashgate::cli::run(arguments, &mut printer);
        assert_eq!(code, 2, "of {text:?}: {}", stderr.text());
        told.push(stderr.text());
    };
    let whole = "app: a\nversion: v1\nnamespace: n\n";
    for content in [
        format!("{whole}delay: {quoted}\n"),
        format!("{whole}{quoted}: 1\n"),
        format!("{whole}workload: {quoted}\nselector: {quoted}\n"),
        format!("{whole}delay: [ {text}\n"),
    ] {
        fs::write(&manifest, content).unwrap();
        tell(&["validate", "-f", path]);
    }
    fs::write(&manifest, whole).unwrap();
    tell(&["validate", "-f", path, "--delay", text]);
    tell(&["validate", "-f", path, &format!("--grace={text}")]);
    if !text.contains('\0') {
        tell(&["validate", "-f", &format!("{}/{text}", folder.display())]);
        tell(&["check", "-f", path, "--kubeconfig", kubeconfig, &format!("--context={text}")]);
    }
    tell(&[&format!("--{text}")]);
    tell(&["validate", "--output", text]);
    tell(&["explain", &format!("X{text}")]);
    told
}

/// A fork's pull request writes the manifest, and sometimes what stands in the flags.
#[test]
fn no_manifest_and_no_flag_gives_a_command_away() {
    let folder = tempfile::tempdir().unwrap();
    for text in HOSTILE {
        for told in complaints(text, folder.path()) {
            assert_eq!(unseen(&told.replace('\t', " ")), None, "{text:?} gave {told:?}");
            assert_eq!(commands(&told), Vec::<&str>::new(), "{text:?} gave {told}");
        }
    }
}

#[test]
fn long_lines_and_whole_log_files_are_cut() {
    for text in [
        "x".repeat(60_000),
        "\x1b[2J".repeat(15_000),
        "::error::".repeat(7000),
        "line\n".repeat(12_000),
        "a b ".repeat(15_000),
    ] {
        let run = run_of(&text);
        let seen = seen(&run, "short", 100);
        assert_eq!((unseen(&seen), commands(&seen)), (None, Vec::new()));
        let (printer, stdout, _) = printer();
        sink(Human::new(printer)).end(&run);
        assert!(stdout.text().lines().count() <= 27, "{}", stdout.text());
        assert!(stdout.text().len() < 20_000);
    }
}

/// What real clusters and apps said in the recordings tells causes, and holds no secret: all of it stays.
#[test]
fn no_word_of_a_recording_is_lost() {
    let mut checked = 0;
    for entry in fs::read_dir("tests/recordings").unwrap() {
        let path = entry.unwrap().path();
        // The app of one of them writes secrets on purpose.
        if path.extension().is_none_or(|extension| extension != "ndjson") || path.ends_with("hostile-logs.ndjson") {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            for said in [&line["event"]["object"]["message"], &line["log"]["body"]] {
                if let Some(said) = said.as_str() {
                    assert_eq!(redact::text(said), said, "{}", path.display());
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 300, "{checked}");
}
