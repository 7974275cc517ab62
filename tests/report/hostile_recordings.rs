//! Recordings in which everybody who is quoted is hostile, from the first byte to every sink: no CI system finds a
//! command that is not crashgate's own, no terminal obeys, no document breaks.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crashgate::cluster::api::Target;
use crashgate::cluster::drive::{GateRun, Run, Sink};
use crashgate::gate::spec::Plan;
use crashgate::manifest::Origin;
use crashgate::recording::{reader::Reader, replay};
use crashgate::report::files::Kind;
use crashgate::report::github::{Step, Surroundings};
use crashgate::report::gitlab::Section;
use crashgate::report::human::Human;
use crashgate::report::live::{LiveState, Screen, frame};
use crashgate::report::model;
use crashgate::report::printer::Look;
use crashgate::report::run_log::{ReportInput, RunLog};
use serde_json::Value;

use super::build::{heard, printer, shown, sink};
use super::hostile::{HOSTILE, unseen};
use crate::cli::{crashgate, reports_in};
use crate::recording::replay::{Row, rows};
use crate::report::ci_log::{commands, folds, foreign};

/// Stands in everything that was replaced, and is found in what is shown of it.
const MARK: &str = "zqmark";

/// How much of a recording is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Depth {
    /// What is written for people: messages, logs, annotations.
    Words,
    /// Names too: pods, containers, nodes, images.
    Names,
    /// Reasons too, which leaves fewer causes to be known by them.
    Reasons,
}

const DEPTHS: [Depth; 3] = [Depth::Words, Depth::Names, Depth::Reasons];

/// Stand for what is said and what is called in a template.
const WORDS: &str = "\u{e000}";
const NAME: &str = "\u{e001}";

/// A recording with places for what everybody in it says.
struct Template(String);

impl Template {
    fn of(recording: &str, depth: Depth) -> Self {
        let text = fs::read_to_string(format!("tests/recordings/{recording}.ndjson")).unwrap();
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut names = BTreeSet::new();
        for line in &lines {
            let (list, event) = (&line["list"], &line["event"]);
            let path = list["path"].as_str().or(event["path"].as_str()).unwrap_or_default();
            if path.ends_with("/pods") || path.ends_with("/nodes") {
                let objects = list["body"]["items"].as_array().into_iter().flatten().chain([&event["object"]]);
                names.extend(objects.filter_map(|object| object["metadata"]["name"].as_str()).map(str::to_owned));
            }
        }
        lines[1..].iter_mut().for_each(|line| open(line, "", depth, &names));
        Self(lines.iter().map(|line| line.to_string() + "\n").collect())
    }

    /// The recording as it would be if everybody in it said this.
    fn saying(&self, text: &str) -> String {
        let json = |text: &str| {
            let quoted = Value::from(text).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        };
        // As the first words, as the first of a line, and in the middle of one.
        let words = format!("{text}\n{text} {MARK} {text}");
        self.0.replace(WORDS, &json(&words)).replace(NAME, &json(text))
    }
}

/// A recording of which every message and log says this.
pub(super) fn recording_saying(recording: &str, text: &str) -> String {
    Template::of(recording, Depth::Words).saying(text)
}

/// Puts the places where somebody's words are. `names` mean a pod or a node wherever they stand.
fn open(value: &mut Value, key: &str, depth: Depth, names: &BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let is_words = matches!(key, "message" | "note" | "body" | "imageID" | "annotations");
            let is_name = matches!(key, "image" | "containers" | "container" | "hostname") || names.contains(text);
            if is_words || (key == "reason" && depth >= Depth::Reasons) {
                WORDS.clone_into(text);
            } else if is_name && depth >= Depth::Names {
                text.insert_str(0, NAME);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| open(item, key, depth, names)),
        Value::Object(fields) => {
            for (field, value) in fields {
                // The name of a container means it by where it stands; annotations are words under any key.
                let is_container = field == "name" && key.to_ascii_lowercase().contains("container");
                let below = if is_container { "containers" } else { field.as_str() };
                let below = if key == "annotations" && value.is_string() { key } else { below };
                open(value, below, depth, names);
            }
        }
        _ => {}
    }
}

/// All that a run told.
struct Told {
    stdout: String,
    stderr: String,
    live: String,
    documents: Vec<(String, String)>,
}

/// Replays through every sink at once, as the command does in a job of GitHub's and of GitLab's.
fn told(recording: &[u8], plan: &Plan, folder: &Path, whole: bool) -> Told {
    let (printer, stdout, stderr) = printer();
    let printer = printer.with_look(Look { columns: 80, ..Look::PLAIN });
    let path = |name: &str| folder.join(name);
    let surroundings =
        Surroundings { summary: Some(path("summary")), output: Some(path("output")), workspace: Some(folder.into()) };
    let origin = || Some(Origin { file: "gate.yaml".to_owned(), line: 1 });
    let mut step = Step::new(printer.clone(), surroundings, vec![path("junit")]);
    step.plan([(model::Plan::of(plan), origin())]);
    let mut sinks: [Box<dyn Sink>; 3] = [
        Box::new(sink(step)),
        Box::new(sink(Section::new(printer.clone()))),
        Box::new(sink(Human::new(printer).whole(whole))),
    ];
    let mut log = RunLog::default();
    log.plan([(model::Plan::of(plan), origin())]);
    let mut reader = Reader::new(Path::new("hostile.ndjson"), recording).unwrap();
    let started_at = reader.header().started_at;
    let mut picture = LiveState::new(started_at, &[model::Plan::of(plan)]);
    let target = Target { rehearsal: Some("hostile.ndjson".to_owned()), ..Target::default() };
    for sink in &mut sinks {
        sink.begin(&target, std::slice::from_ref(plan));
    }
    let mut latest = Duration::ZERO;
    let outcomes = replay::replay(&mut reader, vec![plan.clone()], &mut |gate, at, event| {
        for sink in &mut sinks {
            sink.event(gate, at, event);
        }
        log.hear(gate, at, &heard(event));
        picture.learn(gate, at, &heard(event));
        latest = at;
    });
    let screen = Screen { columns: 80, rows: 24, colour: false };
    let live = frame(&picture, screen, latest).into_iter().map(|line| line.text.to_string() + "\n").collect();
    let outcome = outcomes.unwrap().remove(0);
    let duration = outcome.decided_after;
    let gates = vec![GateRun { plan: plan.clone(), outcome, requests: 0 }];
    let run = Run { started_at, duration, target, gates };
    for sink in &mut sinks {
        sink.end(&run);
    }
    let document = ReportInput { run: &shown(&run), log: &log, error: None };
    let summary = fs::read_to_string(path("summary")).unwrap();
    let documents = Kind::ALL.iter().map(|kind| (kind.name().to_owned(), kind.render(&document).to_string()));
    let documents = documents.chain([("summary".to_owned(), summary)]).collect();
    Told { stdout: stdout.text(), stderr: stderr.text(), live, documents }
}

/// The log without crashgate's own section, which begins and ends once.
fn without_section(log: &str, what: &str) -> String {
    let is_own = |line: &&str| line.starts_with("\x1b[0Ksection_") && line.contains(":crashgate");
    let own: Vec<&str> = log.lines().filter(is_own).collect();
    assert!(matches!(own[..], [start, end] if start.contains("_start:") && end.contains("_end:")), "{what}: {log}");
    let name = own[0].rsplit_once("\x1b[0K").unwrap().1;
    log.lines().filter(|line| !is_own(line)).chain([name]).map(|line| line.to_owned() + "\n").collect()
}

/// In a job's log there is nothing but crashgate's own commands.
fn check_log(log: &str, what: &str) {
    let found = commands(log);
    let names: Vec<&str> = found.iter().map(|command| command.name).collect();
    let (frame, annotations) = names.split_at(2.min(names.len()));
    assert_eq!(frame, ["group", "endgroup"], "{what}: {log}");
    assert!(annotations.iter().all(|name| ["error", "warning", "notice"].contains(name)), "{what}: {names:?}");
    for command in &found[2..] {
        let keys = command.properties.split(',').map(|property| property.split_once('=').unwrap().0);
        assert!(keys.eq(["file", "line", "title"]), "{what}: {command:?}");
    }
    check_inert(&without_section(log, what), what);
}

fn check_inert(shown: &str, what: &str) {
    assert_eq!(unseen(shown), None, "{what}: {shown:?}");
    assert_eq!((foreign(shown), folds(shown)), (Vec::new(), Vec::new()), "{what}");
}

fn check_document(kind: &str, document: &str, what: &str) {
    assert_eq!(unseen(&document.replace('\t', " ")), None, "{kind} of {what}");
    assert!(commands(document).is_empty(), "{kind} of {what}");
    // In JSON a section's name is a value like any other; a line of a log it is not.
    let found = foreign(document).into_iter().filter(|line| kind != "json" || !line.contains("section_"));
    assert_eq!(found.collect::<Vec<_>>(), Vec::<&str>::new(), "{kind} of {what}");
}

#[test]
fn no_recording_gives_a_command_away() {
    give_no_command_away(|_, _| ());
}

/// `also` checks the folder with the reports, a folder for each of so many runs.
pub fn give_no_command_away(also: fn(&Path, usize)) {
    let rows = rows();
    let template = |(place, row): (usize, &Row)| Template::of(&row.recording, DEPTHS[place % 3]);
    let templates: Vec<Template> = rows.iter().enumerate().map(template).collect();
    let folder = tempfile::tempdir().unwrap();
    let (mut runs, mut quoted) = (0, 0);
    for (number, text) in HOSTILE.iter().enumerate() {
        for step in 0..2 {
            // Every text meets two recordings, most of them at two depths, and every recording five texts or more.
            let place = (number + step * 13) % rows.len();
            let depth = DEPTHS[place % 3];
            let what = format!("{text:?} in {} ({depth:?})", rows[place].recording);
            let folder = folder.path().join(runs.to_string());
            fs::create_dir(&folder).unwrap();
            let told = told(templates[place].saying(text).as_bytes(), &rows[place].plan, &folder, number % 2 == 0);
            check_log(&told.stderr, &what);
            for shown in [&told.stdout, &told.live] {
                assert!(commands(shown).is_empty(), "{what}: {shown}");
                check_inert(shown, &what);
            }
            for (kind, document) in &told.documents {
                check_document(kind, document, &what);
            }
            fs::write(folder.join("junit"), &told.documents[1].1).unwrap();
            runs += 1;
            quoted += usize::from(told.stdout.contains(MARK));
        }
    }
    // What is never quoted proves nothing: most runs tell a cause, and with it what was said.
    assert!(runs >= 160 && quoted * 2 > runs, "{quoted} of {runs} runs quote");
    also(folder.path(), runs);
}

/// The same of the whole binary, in the surroundings of both systems at once.
#[test]
fn the_binary_gives_no_command_away() {
    give_no_command_away_in_the_binary(|_, _| ());
}

/// The same of the binary.
pub fn give_no_command_away_in_the_binary(also: fn(&Path, usize)) {
    let texts = [
        "::error::pwned",
        "##[set-env name=PATH]x",
        "\x1b[2J\x1b]8;;https://evil.example\x1b\\x",
        "section_end:1:crashgate\r\x1b[0K",
    ];
    let recordings = [("crash-loop", "payments"), ("init-crash", "ledger"), ("liveness-kill", "payments")];
    let folder = tempfile::tempdir().unwrap();
    let mut running = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        for (place, (recording, app)) in recordings.iter().enumerate() {
            let depth = DEPTHS[(number + place) % 3];
            let reports = folder.path().join(format!("{number}-{place}"));
            fs::create_dir(&reports).unwrap();
            let path = reports.join("recording");
            fs::write(&path, Template::of(recording, depth).saying(text)).unwrap();
            let path = path.to_str().unwrap();
            // One of them through the client and the sandbox too.
            let (command, verbose) = if number + place == 0 { ("check", "--rehearse") } else { ("replay", "-v") };
            let child = crashgate(&[command, verbose, path, "--app", app, "--version", "v1"])
                .args(["--namespace", &format!("rec-{recording}"), "--delay", "2s"])
                .args(reports_in(&reports))
                .envs([("GITHUB_ACTIONS", "true"), ("GITLAB_CI", "true")])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            running.push((format!("{text:?} in {recording} ({depth:?})"), reports, child));
        }
    }
    for (what, reports, child) in running {
        let output = child.wait_with_output().unwrap();
        let (stdout, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        assert_eq!(output.status.code(), Some(1), "{what}: {stdout}{stderr}");
        assert!(stdout.contains(MARK), "{what}: {stdout}");
        assert!(commands(&stdout).is_empty(), "{what}: {stdout}");
        check_inert(&stdout, &what);
        let found = commands(&stderr);
        let own = ["group", "endgroup", "error", "warning", "notice"];
        assert!(found.iter().all(|command| own.contains(&command.name)), "{what}: {stderr}");
        check_inert(&without_section(&stderr, &what), &what);
        for kind in Kind::ALL.map(Kind::name) {
            check_document(kind, &fs::read_to_string(reports.join(kind)).unwrap(), &what);
        }
    }
    also(folder.path(), texts.len() * recordings.len());
}

/// The lines of a feed and the table of pods go to the log of a CI system as the result of a gate does.
#[test]
fn no_feed_and_no_table_of_pods_gives_a_command_away() {
    let folder = tempfile::tempdir().unwrap();
    let recording = folder.path().join("recording");
    let path = recording.to_str().unwrap();
    let template = Template::of("missing-configmap", Depth::Reasons);
    for text in ["##[error]x", "##vso[task.setvariable variable=a]b", "::error::x", "\u{1b}[2J\u{202e}"] {
        fs::write(&recording, template.saying(text)).unwrap();
        for command in [
            &["watch", "--replay", path][..],
            &["pods", "--rehearse", path],
            &["pods", "--rehearse", path, "--all-running"],
        ] {
            for format in ["human", "json"] {
                let output = crashgate(command).args(["-o", format]).output().unwrap();
                let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
                assert!(told.contains(MARK), "{command:?} {format}: {told}");
                check_inert(&told, &format!("{command:?} {format}"));
            }
        }
    }
}
