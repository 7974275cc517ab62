//! The HTML page by its structure: it asks nobody for anything, and says itself to those who hear it. How it looks is
//! seen in a browser; see `tests/browser/README.md`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use crashgate::cluster::api::Target;
use crashgate::cluster::drive::{GateRun, Run};
use crashgate::recording::{reader::Reader, replay};
use crashgate::report::files::Kind;
use crashgate::report::model;
use crashgate::report::run_log::{Mistake, ReportInput, RunLog};

use super::build::{heard, shown};
use super::documents::{documents, fleet};
use super::metrics::{document, failed};
use crate::recording::replay::rows;

/// Pages of every kind: each recording's, a large one, one of several gates, and that of a mistake.
fn pages() -> &'static [(String, String)] {
    static PAGES: OnceLock<Vec<(String, String)>> = OnceLock::new();
    PAGES.get_or_init(drawn)
}

fn drawn() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for row in rows() {
        let path = format!("tests/recordings/{}.ndjson", row.recording);
        let mut reader = Reader::open(Path::new(&path)).unwrap();
        let started_at = reader.header().started_at;
        let mut log = RunLog::default();
        log.begin(&model::Target::default(), &[model::Plan::of(&row.plan)]);
        let mut tell = |gate: usize, at, event: &_| log.hear(gate, at, &heard(event));
        let outcome = replay::replay(&mut reader, vec![row.plan.clone()], &mut tell).unwrap().remove(0);
        let duration = outcome.decided_after;
        let gates = vec![GateRun { plan: row.plan, outcome, requests: 0 }];
        let run = Run { started_at, duration, target: Target::default(), gates };
        pages.push((
            row.recording,
            Kind::Html.render(&ReportInput { run: &shown(&run), log: &log, error: None }).to_string(),
        ));
    }
    let mut several = fleet(50);
    several.gates.extend(fleet(2).gates);
    for (name, run) in [("fleet", fleet(50)), ("several", several)] {
        pages.push((name.to_owned(), documents(&run, "running, not ready").swap_remove(3).1));
    }
    pages.push(("metrics".to_owned(), document(&failed(), Kind::Html)));
    let empty = Run { gates: Vec::new(), ..fleet(0) };
    let mistake = Mistake::usage("`versoin` is not a known key of a gate".into(), None);
    let mistake = ReportInput { run: &shown(&empty), log: &RunLog::default(), error: Some(&mistake) };
    pages.push(("mistake".to_owned(), Kind::Html.render(&mistake).to_string()));
    pages
}

/// The tags of a page, without their brackets.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    let body = page.split_once("<body>").unwrap().1.strip_suffix("</body>\n</html>\n").unwrap();
    body.split('<').skip(1).map(|tag| tag.split_once('>').unwrap().0)
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let value = tag.split_once(&format!(" {name}=\""))?.1;
    Some(value.split_once('"').unwrap().0)
}

#[test]
fn a_page_asks_nobody_for_anything() {
    for (name, page) in pages() {
        let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">";
        assert!(page.contains(policy) && page.contains("content=\"no-referrer\""), "{name}");
        let style = page.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        assert!(!style.contains("url(") && !style.contains("@import") && !style.contains("//"), "{name}");
        let head = page.split_once("<style>").unwrap().0;
        assert!(!head.contains("http:") && !head.contains("https:"), "{name}");
        for tag in tags(page) {
            let element = tag.split([' ', '/']).next().unwrap();
            let loads = ["script", "img", "image", "iframe", "object", "embed", "link", "form", "input", "use", "base"];
            assert!(!loads.contains(&element), "<{tag}> of {name}");
            assert!(attribute(tag, "src").is_none() && attribute(tag, "style").is_none(), "<{tag}> of {name}");
            assert!(attribute(tag, "href").is_none_or(|target| target.starts_with('#')), "<{tag}> of {name}");
        }
    }
}

#[test]
fn a_page_is_in_order_for_those_who_hear_it() {
    for (name, page) in pages() {
        assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">"), "{name}");
        let mut ids = BTreeSet::new();
        let mut targets = Vec::new();
        let (mut level, mut first_levels, mut open_details) = (0, 0, 0);
        let mut after_details = false;
        let mut stack = Vec::new();
        for tag in tags(page) {
            if let Some(closed) = tag.strip_prefix('/') {
                assert_eq!(stack.pop(), Some(closed), "{name}: what is opened is closed, in order");
                open_details -= i32::from(closed == "details");
                continue;
            }
            let element = tag.split([' ', '/']).next().unwrap();
            if !tag.ends_with('/') {
                stack.push(element);
            }
            if let Some(id) = attribute(tag, "id") {
                assert!(ids.insert(id), "{name} has the id {id} twice");
            }
            targets.extend(attribute(tag, "href"));
            if let ["h", digit] = [&element[..1], &element[1..]]
                && let Ok(new) = digit.parse::<u32>()
            {
                assert!(new <= level + 1, "{name}: from <h{level}> to <h{new}>");
                first_levels += u32::from(new == 1);
                level = new;
            }
            let in_svg = stack[..stack.len().saturating_sub(1)].contains(&"svg");
            if element == "svg" && !in_svg {
                let label = attribute(tag, "aria-label").unwrap_or_default();
                let is_told = tag.contains("role=\"img\"") && !label.is_empty();
                assert!(is_told || tag.contains("aria-hidden=\"true\""), "{name}: <{tag}>");
            }
            if element == "pre" || element == "table" && tag.contains("role=") {
                assert!(attribute(tag, "aria-label").is_some_and(|label| !label.is_empty()), "{name}: <{tag}>");
            }
            assert!(!after_details || element == "summary", "{name}: <details> without a summary");
            after_details = element == "details";
            open_details += i32::from(after_details);
        }
        assert_eq!((first_levels, open_details, stack.len()), (1, 0, 0), "{name}: {stack:?}");
        assert!(targets.iter().all(|target| ids.contains(&target[1..])), "{name}: {targets:?} of {ids:?}");
    }
}
