//! Reports in files: complete whatever they hold, and inert whatever they quote.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crashgate::cluster::drive::{Run, Sink};
use crashgate::gate::model::Role;
use crashgate::gate::result::{CheckReport, Code, EvidenceKind, GateEvent, Notice, Verdict};
use crashgate::manifest::Origin;
use crashgate::report::files::{Files, Kind, Wanted};
use crashgate::report::github::{Step, Surroundings};
use crashgate::report::gitlab::Section;
use crashgate::report::run_log::{ReportInput, RunLog};
use crashgate::report::{markdown, model};

use super::build::{
    With as _, finding, gate, heard, json, outcome, pod, printer, run, shown, sink, state, verdict_of, warning,
};
use super::hostile::{HOSTILE, SECRETS, commands, run_of, run_of_names, unseen};
use super::metrics::undecided;

/// A log in which every word is this text.
pub fn log_of(run: &Run, text: &str) -> RunLog {
    let mut log = RunLog::default();
    let origin = Origin { file: text.to_owned(), line: 3 };
    log.plan(run.gates.iter().map(|gate| (model::Plan::of(&gate.plan), Some(origin.clone()))));
    for (second, event) in (1..).zip(events(run, text)) {
        log.hear(0, Duration::from_secs(second), &heard(&event));
    }
    log
}

fn events(run: &Run, text: &str) -> Vec<GateEvent> {
    let pod = || run.gates[0].outcome.findings.first().and_then(|f| f.place.pod.clone()).unwrap_or("p".to_owned());
    let text = || text.to_owned();
    vec![
        GateEvent::PodAppeared { pod: pod() },
        GateEvent::PodState { pod: pod(), state: state(&text()) },
        GateEvent::PodState { pod: pod(), state: state("ready") },
        GateEvent::WindowOpened { until: Duration::from_mins(1) },
        GateEvent::Crash {
            pod: pod(),
            container: "app".to_owned(),
            role: Role::App,
            how: text(),
            crashes: 1,
            allowed: 0,
        },
        GateEvent::WindowBroken { why: text() },
        GateEvent::Measured(Box::new(CheckReport { lacking: Some(text()), ..undecided("errors") })),
        GateEvent::PodGone { pod: pod(), why: text() },
        GateEvent::Decided { verdict: Verdict::Failed },
    ]
}

/// Every document of a run, by kind.
pub fn documents(run: &Run, text: &str) -> Vec<(Kind, String)> {
    let log = log_of(run, text);
    let run = shown(run);
    let document = ReportInput { run: &run, log: &log, error: None };
    Kind::ALL.iter().map(|kind| (*kind, kind.render(&document).to_string())).collect()
}

/// What a step of GitHub says on stderr, its summary and its outputs.
fn step(run: &Run, text: &str) -> (String, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (summary, output) = (folder.path().join("summary"), folder.path().join("output"));
    let surroundings = Surroundings { summary: Some(summary.clone()), output: Some(output.clone()), workspace: None };
    let (printer, _, stderr) = printer();
    let mut step = Step::new(printer, surroundings, vec![text.replace('\0', "").into(), "second.xml".into()]);
    let origin = Origin { file: text.to_owned(), line: 3 };
    step.plan(run.gates.iter().map(|gate| (model::Plan::of(&gate.plan), Some(origin.clone()))));
    let plans: Vec<_> = run.gates.iter().map(|gate| gate.plan.clone()).collect();
    let mut step = sink(step);
    step.begin(&run.target, &plans);
    for event in events(run, text) {
        step.event(0, Duration::from_secs(1), &event);
    }
    step.end(run);
    (stderr.text(), fs::read_to_string(summary).unwrap(), fs::read_to_string(output).unwrap())
}

/// The annotation of a command line, as the runner reads it: level, properties, data.
fn annotation(line: &str) -> Option<(&str, &str, &str)> {
    let (head, data) = line.strip_prefix("::")?.split_once("::")?;
    let (level, properties) = head.split_once(' ').unwrap_or((head, ""));
    Some((level, properties, data))
}

#[test]
fn no_document_of_any_text_gives_a_command_away() {
    for text in HOSTILE.iter().chain(SECRETS.iter().map(|(text, _)| text)) {
        for run in [run_of(text), run_of_names(text)] {
            for (kind, document) in documents(&run, text) {
                assert_eq!(unseen(&document.replace('\t', " ")), None, "{kind:?} of {text:?}");
                let found: Vec<_> = commands(&document)
                    .into_iter()
                    .filter(|line| kind != Kind::Json || !line.contains("section_"))
                    .collect();
                assert_eq!(found, Vec::<&str>::new(), "{kind:?} of {text:?}");
            }
        }
    }
}

#[test]
fn a_step_says_its_own_commands_and_no_others() {
    for text in HOSTILE {
        for run in [run_of(text), run_of_names(text)] {
            let (said, summary, output) = step(&run, text);
            let found = commands(&said);
            let levels: Vec<_> = found.iter().map(|line| annotation(line).unwrap().0).collect();
            assert_eq!(levels, ["group", "endgroup", "error", "warning", "warning"], "of {text:?}: {said}");
            assert_eq!(commands(&summary), Vec::<&str>::new(), "of {text:?}");
            assert_eq!(unseen(&summary), None, "of {text:?}");
            let names: Vec<_> = read_outputs(&output).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, ["verdict", "exit-code", "cause", "report"], "of {text:?}: {output}");
        }
    }
}

/// Reads outputs as the runner does.
pub fn read_outputs(text: &str) -> Vec<(String, String)> {
    let mut lines = text.lines();
    let mut outputs = Vec::new();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").unwrap();
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        outputs.push((name.to_owned(), value.join("\n")));
    }
    outputs
}

#[test]
fn no_secret_survives_in_any_document() {
    for (text, secret) in SECRETS {
        let run = run_of(text);
        let (said, summary, output) = step(&run, "short");
        let told = documents(&run, text).into_iter().map(|(_, document)| document);
        for document in told.chain([said, summary, output]) {
            assert!(!document.contains(secret), "{secret} of {text:?} in {document}");
        }
    }
}

#[test]
fn annotations_keep_to_the_limits_and_point_at_the_manifest() {
    let gates = (0..14).map(|n| {
        let causes = (0..3).map(|_| finding(Code::CrashLoop, "It ended.").proof(EvidenceKind::Log, "a\nlast words"));
        gate(&format!("app-{n}"), "v1", "shop", outcome(Verdict::Failed, 1, causes.collect()))
    });
    let run = run(gates.collect());
    let (said, summary, output) = step(&run, "deploy/gate.yaml");
    let annotations: Vec<_> = said.lines().filter_map(annotation).collect();
    for level in ["error", "warning"] {
        let of_level: Vec<_> = annotations.iter().filter(|(of, _, _)| *of == level).collect();
        assert_eq!(of_level.len(), 10, "{said}");
        assert!(of_level[9].2.contains("more"), "{of_level:?}");
        assert!(of_level.iter().all(|(_, properties, _)| properties.contains("file=deploy/gate.yaml,line=3,title=")));
    }
    assert!(annotations.iter().any(|(_, _, data)| data.contains("last words%0ANext: ")), "{said}");
    assert!(summary.contains("14 gates"), "{summary}");
    let outputs = read_outputs(&output);
    assert_eq!(outputs[0].1, "failed");
    assert_eq!(outputs[2].1, "CrashLoop: It ended.");
    assert_eq!(outputs[3].1, "deploy/gate.yaml\nsecond.xml");
}

#[test]
fn a_summary_is_whole_and_fits_whatever_there_is_to_tell() {
    let log = "x".repeat(400) + "\n";
    let causes: Vec<_> = (0..25)
        .map(|n| {
            (0..3).fold(finding(Code::CrashLoop, &"long ".repeat(100)), |cause, _| {
                cause.proof(EvidenceKind::Log, &log.repeat(120).replace("xxx", &format!("{n}x")))
            })
        })
        .collect();
    let mut outcome = outcome(Verdict::Failed, 1, causes);
    outcome.pods = (0..3000).map(|n| pod(&format!("pod-{n}"), &"state ".repeat(80), false, 1, None)).collect();
    let run = run(vec![gate("a", "v1", "n", outcome)]);
    let log = RunLog::default();
    let run = shown(&run);
    let document = ReportInput { run: &run, log: &log, error: None };
    for largest in [markdown::LARGEST, 60_000, 20_000] {
        let text = markdown::render(&document, markdown::Flavour::Github, largest);
        assert!(text.len() <= largest, "{} of {largest}", text.len());
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
        assert!(text.trim_end().ends_with("</sub>"), "the end is there");
    }
}

#[test]
fn markdown_is_text_and_nothing_else() {
    for text in HOSTILE {
        let (_, rendered) = documents(&run_of_names(text), text).swap_remove(2);
        let mut fence = None;
        for line in rendered.lines() {
            match fence {
                // In a fence all is text, up to a line of as many backticks.
                Some(open) if line == open => fence = None,
                Some(_) => {}
                None if line.starts_with("```") => fence = Some(line.trim_end_matches(char::is_alphabetic)),
                None => {
                    assert!(!line.contains("<script") && !line.contains("<img") && !line.contains("]("), "{line}");
                    assert!(!line.contains('@') && !line.contains("https:"), "{line}");
                }
            }
        }
        assert_eq!(fence, None, "every fence is closed: {rendered}");
    }
}

#[test]
fn html_is_one_file_without_a_script() {
    for text in HOSTILE {
        let (_, page) = documents(&run_of_names(text), text).swap_remove(3);
        let (style, body) = page.split_once("</style>").unwrap();
        assert!(!style.contains("url(") && !style.contains("@import"));
        for part in ["<script", "<img", "<link rel=\"stylesheet", "<iframe", "<!--", "<failure"] {
            assert!(!body.contains(part), "{part} of {text:?}");
        }
        // Every attribute is quoted and every `<` opens a tag of ours.
        for tag in body.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap();
            let unquoted: String = tag.split('"').step_by(2).collect();
            let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "<{tag}>");
            assert!(!unquoted.contains(" on") && !unquoted.contains(" src"), "<{tag}> of {text:?}");
        }
    }
}

#[test]
fn a_fleet_is_drawn_in_little_time_and_space() {
    let run = fleet(500);
    let began = std::time::Instant::now();
    let (_, page) = documents(&run, "app: CrashLoopBackOff").swap_remove(3);
    assert!(page.len() < 1024 * 1024, "{}", page.len());
    assert!(began.elapsed() < Duration::from_secs(30));
    assert!(page.contains("460 more pods") || page.contains("461 more pods"), "all but the first are folded");
}

/// A gate of many pods of which some crash.
pub fn fleet(pods: u32) -> Run {
    let causes: Vec<_> = (0..3)
        .map(|n| {
            finding(Code::CrashLoop, "container app ended with exit code 1, 2 s after its start")
                .in_pod(&format!("web-7d4b9c6f5-{n:05}"), Some("node1"))
                .in_container(Role::App, "app")
                .proof(EvidenceKind::Log, "starting\nfatal: DATABASE_URL is not set")
        })
        .collect();
    let mut outcome = outcome(Verdict::Failed, 64_000, causes);
    outcome.pods = (0..pods)
        .map(|n| {
            pod(
                &format!("web-7d4b9c6f5-{n:05}"),
                if n < 3 { "app: CrashLoopBackOff" } else { "ready" },
                n >= 3,
                u32::from(n < 3),
                Some("node1"),
            )
        })
        .collect();
    run(vec![gate("web", "v2", "shop", outcome)])
}

fn wanted(folder: &std::path::Path) -> Vec<Wanted> {
    Kind::ALL.iter().map(|kind| Wanted { kind: *kind, path: folder.join(kind.name()) }).collect()
}

/// What each file has to be, whatever ended the run.
pub fn check_complete(folder: &std::path::Path, verdict: &str) {
    let read = |kind: Kind| fs::read_to_string(folder.join(kind.name())).unwrap();
    let result: serde_json::Value = serde_json::from_str(&read(Kind::Json)).unwrap();
    assert_eq!(result["verdict"], verdict);
    assert!(read(Kind::Junit).ends_with("</testsuites>\n"), "{}", read(Kind::Junit));
    assert!(read(Kind::Html).ends_with("</html>\n"));
    assert!(read(Kind::Markdown).ends_with("</sub>\n"));
    assert!(read(Kind::Github).ends_with("</sub>\n"));
    assert!(read(Kind::Gitlab).starts_with(&format!("CRASHGATE_VERDICT={verdict}\n")));
}

#[test]
fn a_panic_in_the_wait_leaves_complete_reports_that_prove_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (printer, _, stderr) = printer();
    let run = fleet(3);
    let mut files = sink(Files::create(&wanted(folder.path()), &printer).unwrap());
    for kind in Kind::ALL {
        assert!(folder.path().join(kind.name()).exists(), "the files are there before anything begins");
    }
    let mut section = sink(Section::new(printer.clone()));
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let panicked = catch_unwind(AssertUnwindSafe(move || {
        let plans: Vec<_> = run.gates.iter().map(|gate| gate.plan.clone()).collect();
        section.begin(&run.target, &plans);
        files.begin(&run.target, &plans);
        // A kill comes without a warning: what is there now is what stays.
        check_complete(folder.path(), "inconclusive");
        files.event(0, Duration::from_secs(3), &GateEvent::PodAppeared { pod: "web-1".to_owned() });
        let keep = folder;
        std::panic::resume_unwind(Box::new(keep));
    }));
    std::panic::set_hook(hook);
    let folder = panicked.unwrap_err().downcast::<tempfile::TempDir>().unwrap();
    check_complete(folder.path(), "inconclusive");
    let page = fs::read_to_string(folder.path().join("html")).unwrap();
    assert!(page.contains("crashgate itself failed") && page.contains("web-1"), "{page}");
    assert!(stderr.text().contains("section_end:"), "what comes after is not folded away");
}

#[test]
fn the_json_file_is_what_stdout_has() {
    let run = fleet(2);
    let (_, document) = documents(&run, "x").swap_remove(0);
    assert_eq!(document, json(&run));
}

#[test]
fn dotenv_is_small_and_of_plain_lines() {
    for text in HOSTILE {
        let (_, document) = documents(&run_of_names(text), text).swap_remove(5);
        assert!(document.len() < 5 * 1024);
        assert_eq!(document.lines().count(), 5, "{document:?}");
        for line in document.lines() {
            assert!(line.starts_with("CRASHGATE_") && line.contains('='), "{line}");
            assert!(!line.contains(['"', '\'', '`', '$', '\\', '#']), "{line}");
        }
    }
}

#[test]
fn warnings_of_one_kind_are_one_line_with_their_number_and_the_timeline_stays_on_the_page() {
    let mut outcome = outcome(Verdict::Healthy, 64_470, Vec::new());
    outcome.pods = vec![pod("web-1", "ready", true, 1, Some("node1"))];
    let tolerated = (0..59).map(|n| warning(Notice::RestartTolerated, &format!("container app of web-{n} crashed")));
    let forbidden = (0..4).map(|n| warning(Notice::OwnersForbidden, &format!("kind {n} may not be listed")));
    outcome.warnings = tolerated.chain(forbidden).collect();
    let run = run(vec![gate("web", "v1", "shop", outcome)]);
    let mut log = log_of(&run, "running, not ready");
    for warning in &run.gates[0].outcome.warnings {
        log.hear(0, Duration::from_secs(9), &heard(&GateEvent::Warned(warning.clone())));
    }
    let document = ReportInput { run: &shown(&run), log: &log, error: None };
    let words = [
        "container app of web-0 crashed (RestartTolerated, and 58 more of this kind)",
        "kind 0 may not be listed (OwnersForbidden, and 3 more of this kind)",
    ];
    for kind in [Kind::Html, Kind::Markdown, Kind::Github, Kind::Junit] {
        let text = kind.render(&document);
        for words in words {
            assert_eq!(text.matches(words).count(), 1, "{kind:?}: {words} in {text}");
        }
    }
    let html = Kind::Html.render(&document);
    let (before, timeline) = html.split_once("Pods over time").unwrap();
    let folded = before.split("<details>").map(|part| part.split_once("</details>").map_or(part, |(_, after)| after));
    let shown: String = folded.collect();
    assert_eq!(shown.matches("may not be listed").count() + shown.matches("crashed").count(), 2, "{shown}");
    let notes = timeline.split_once("notes\">").unwrap().1.split_once("</ul>").unwrap().0;
    assert_eq!(notes.matches(" warning: ").count(), 2, "{notes}");
    assert_eq!(notes.matches("<li>").count(), 3, "beside them, how a check stands: {notes}");
    let human = verdict_of(&run, 100);
    assert_eq!(human.matches("Warning: ").count(), 2, "{human}");
    assert!(human.contains("RestartTolerated, and 58 more"), "{human}");
}
