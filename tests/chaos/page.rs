//! The table of outcomes, and the tests that hold it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use super::faults::Moment;
use super::matrix::{Cell, STORIES, cells, run};

/// One cell of so many is run where nothing else is asked for.
const SAMPLE: usize = 5;

const HEAD: &str = "# What crashgate says when the network or the API server fails

Every row is a fault of `--faults` (see `src/sandbox/faults/mod.rs`), every column a moment at which it strikes for three
seconds, or for good. Each cell is a run of the real session against the sandbox, in virtual time, with every timing of the
gate as it is by default (`delay` 10 s, 60 s to wait, 30 s to stay stable). A gate either says what
it says without the fault (**as without**) or that it could not see (the code of an inconclusive end, exit code 7). It
never passes without proof, never names another cause, never takes longer than its bound; but where watches are
given up for lists, a version that came and went between two lists was never seen, and `superseded` reads `nothing-matched`. A pass is
late by no more than the outage and five seconds, and by what `tests/chaos/faults.rs` says where silence must be noticed
first; its requests are counted against the budget. Where two answers stand in a
cell, the jitter of the retries decides which one it is.

`CRASHGATE_CHAOS=full cargo test chaos` runs every cell, without the variable every fifth one is run;
`UPDATE_PAGES=1 CRASHGATE_CHAOS=full cargo test chaos` writes this page.
";

fn wrong(results: &BTreeMap<Cell, Result<String, String>>) -> Vec<&str> {
    results.values().filter_map(|result| result.as_ref().err()).map(String::as_str).collect()
}

#[test]
fn no_fault_makes_a_false_pass_or_a_wrong_cause() {
    let is_full = std::env::var_os("CRASHGATE_CHAOS").is_some_and(|value| value == "full");
    let updates = std::env::var_os("UPDATE_PAGES").is_some();
    let all_cells = cells();
    // A prime step takes every fault and every moment in turn.
    let chosen: Vec<Cell> = if is_full { all_cells } else { all_cells.into_iter().step_by(SAMPLE).collect() };
    let results = run(&chosen);
    let wrong = wrong(&results);
    assert!(wrong.is_empty(), "{} of {} cells:\n{}", wrong.len(), chosen.len(), wrong.join("\n"));
    let said = results.into_iter().map(|(cell, said)| (cell, short(cell, &said.unwrap()))).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/CHAOS.md");
    let known = read(&std::fs::read_to_string(&path).unwrap_or_default());
    if is_full && updates {
        let merged = merge(&known, &said);
        std::fs::write(&path, page(&merged)).unwrap();
        let _ = writeln!(std::io::stderr(), "as without: {:.1} %", share_as_without(&merged));
        let _ = writeln!(std::io::stderr(), "{}", page(&merged));
        return;
    }
    assert_eq!(known.len(), cells().len(), "tests/CHAOS.md has another shape: write it anew as it says");
    assert!(share_as_without(&known) >= 95.0, "{:.1} % of the cells with faults of 3 s", share_as_without(&known));
    // What a gate may say was asserted above. Jitter may bring a cell to the other of the two, but not many.
    let others = said.iter().filter(|(cell, said)| !known[cell].split(" or ").any(|known| known == said.as_str()));
    let others: Vec<String> = others.map(|(cell, said)| told(*cell, said, &known[cell])).collect();
    assert!(others.len() * 30 <= said.len(), "tests/CHAOS.md is not current:\n{}", others.join("\n"));
}

fn told((story, fault, moment): Cell, said: &str, known: &str) -> String {
    let fault = STORIES[story].faults()[fault].words;
    format!("{} × {fault} × {}: {said}, and was {known}", STORIES[story].name, Moment::ALL[moment].words())
}

/// The share of the cells whose fault passes in which nothing else is said than without it, in percent.
fn share_as_without(said: &BTreeMap<Cell, String>) -> f64 {
    let passing = said.iter().filter(|((_, _, moment), _)| Moment::ALL[*moment] != Moment::ForGood);
    let (as_without, all) =
        passing.fold((0_u32, 0_u32), |(count, all), (_, said)| (count + u32::from(said == AS_WITHOUT), all + 1));
    f64::from(as_without) * 100.0 / f64::from(all.max(1))
}

const AS_WITHOUT: &str = "as without";

fn short((story, ..): Cell, said: &str) -> String {
    if let Some(code) = said.strip_prefix("inconclusive, ") {
        return code.to_owned();
    }
    if said == STORIES[story].verdict.to_string() { AS_WITHOUT.to_owned() } else { said.to_owned() }
}

/// What was said before stays beside what is said now.
fn merge(known: &BTreeMap<Cell, String>, said: &BTreeMap<Cell, String>) -> BTreeMap<Cell, String> {
    let merged = said.iter().map(|(cell, said)| {
        let mut words: Vec<&str> = known.get(cell).map(|known| known.split(" or ").collect()).unwrap_or_default();
        words.push(said);
        words.sort_unstable();
        words.dedup();
        (*cell, words.join(" or "))
    });
    merged.collect()
}

fn page(said: &BTreeMap<Cell, String>) -> String {
    let mut page = HEAD.to_owned();
    for (story_place, story) in STORIES.iter().enumerate() {
        let code = story.code.map_or_else(String::new, |code| format!(", {code}"));
        let _ = writeln!(page, "\n## {}: without a fault {}{code}\n", story.name, story.verdict);
        let _ = writeln!(page, "| fault | {} |", Moment::ALL.map(Moment::words).join(" | "));
        let _ = writeln!(page, "|---{}|", "|---".repeat(Moment::ALL.len()));
        for (fault_place, fault) in story.faults().into_iter().enumerate() {
            let row: Vec<&str> =
                (0..Moment::ALL.len()).map(|moment| said[&(story_place, fault_place, moment)].as_str()).collect();
            let _ = writeln!(page, "| {} | {} |", fault.words, row.join(" | "));
        }
    }
    page
}

/// The cells of the page.
fn read(page: &str) -> BTreeMap<Cell, String> {
    let mut cells = BTreeMap::new();
    let mut story = None;
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            story = STORIES.iter().position(|story| title.starts_with(&format!("{}:", story.name)));
        }
        let mut parts = line.trim_matches('|').split('|').map(str::trim);
        let words = parts.next();
        let fault = |story: usize| STORIES[story].faults().iter().position(|fault| Some(fault.words) == words);
        if let Some((story, fault)) = story.and_then(|story| Some((story, fault(story)?))) {
            cells.extend(parts.enumerate().map(|(moment, said)| ((story, fault, moment), said.to_owned())));
        }
    }
    cells
}
