//! Past deployments judged again with other settings: the grid over the recordings, and what `replay` tells of it.

mod command;
mod hostile;
mod over_recordings;

use std::path::{Path, PathBuf};

use crashgate::gate::result::Verdict;
use crashgate::manifest::{Axis, Key, Overrides, Setting};
use crashgate::trial::asked::Asked;
use crashgate::trial::expected::Expected;
use crashgate::trial::grid::{Cell, Grid, Judgement, Row};
use crashgate::trial::play::play;

/// What is asked with these axes and flags, of what the table of this repository has.
pub fn asked(axes: &[&str], flags: &[(Key, &str)]) -> Asked<'static> {
    let axes: Vec<Axis> = axes.iter().map(|text| Axis::read("--try", text).unwrap()).collect();
    let mut overrides = Overrides::default();
    for (key, text) in flags {
        overrides.set(*key, text);
    }
    Asked {
        sources: Vec::new(),
        flags: overrides,
        settings: Setting::combinations(&axes),
        expected: None,
        bad: Vec::new(),
        good: Vec::new(),
        env: &|_| None,
    }
}

pub fn with_table(axes: &[&str], flags: &[(Key, &str)]) -> Asked<'static> {
    let table = Expected::load(Path::new("tests/recordings/expected.tsv")).unwrap();
    Asked { expected: Some(table), ..asked(axes, flags) }
}

pub fn recording(name: &str) -> PathBuf {
    Path::new("tests/recordings").join(format!("{name}.ndjson"))
}

pub fn all_recordings() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("tests/recordings").unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = entries.filter(|path| path.extension().is_some_and(|ending| ending == "ndjson")).collect();
    all.sort();
    assert!(all.len() >= 63, "{}", all.len());
    all
}

pub fn grid(names: &[&str], asked: &Asked<'_>) -> Grid {
    let recordings: Vec<PathBuf> = names.iter().map(|name| recording(name)).collect();
    play(&recordings, asked, 2).unwrap_or_else(|problems| panic!("{problems}"))
}

pub fn verdicts(row: &Row) -> Vec<Verdict> {
    row.cells.iter().map(|cell| cell.verdict().unwrap()).collect()
}

pub fn judgement(cell: &Cell) -> Judgement {
    match cell {
        Cell::Judged(judgement) => *judgement,
        Cell::Refused(why) => panic!("{why}"),
    }
}
