//! The replays: each recording once, with the plans of all settings side by side, several recordings at a time.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::asked::Asked;
use super::cases::{Case, NoCases, Recording};
use super::grid::{Cell, Grid, Judgement, Row, Unjudged};
use crate::gate::result::Outcome;
use crate::gate::spec::Plan;
use crate::manifest::Diagnostics;
use crate::recording::judged;
use crate::recording::reader::Reader;
use crate::recording::replay::replay;

/// What became of one recording.
enum Played {
    Rows { rows: Vec<Row>, torn: bool },
    Unjudged(String),
    Usage(Diagnostics),
}

/// Judges every recording with every setting, on so many threads. What cannot be judged is in the grid with the reason.
///
/// # Errors
///
/// What is wrong with files, flags and settings, whatever is recorded.
pub fn play(recordings: &[PathBuf], asked: &Asked<'_>, threads: usize) -> Result<Grid, Diagnostics> {
    asked.flags.check()?;
    let names = names(recordings);
    let next = AtomicUsize::new(0);
    let played: Mutex<Vec<Option<Played>>> = Mutex::new(recordings.iter().map(|_| None).collect());
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = recordings.get(place) else { break };
            let one = catch_unwind(AssertUnwindSafe(|| one(path, &names[place], asked)));
            let one = one.unwrap_or_else(|_| Played::Unjudged("crashgate itself failed on it".to_owned()));
            played.lock().unwrap_or_else(PoisonError::into_inner)[place] = Some(one);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads.clamp(1, recordings.len().max(1)) {
            scope.spawn(work);
        }
        work();
    });
    let mut grid = Grid { settings: asked.settings.clone(), rows: Vec::new(), unjudged: Vec::new(), torn: Vec::new() };
    let played = played.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (recording, played) in names.into_iter().zip(played) {
        match played {
            Some(Played::Rows { rows, torn }) => {
                grid.rows.extend(rows);
                grid.torn.extend(torn.then_some(recording));
            }
            Some(Played::Unjudged(why)) => grid.unjudged.push(Unjudged { recording, why }),
            Some(Played::Usage(problems)) => return Err(problems),
            None => grid.unjudged.push(Unjudged { recording, why: "it was not looked at".to_owned() }),
        }
    }
    Ok(grid)
}

/// The names of the recordings: those of their files, and the whole path where two files have one name.
fn names(recordings: &[PathBuf]) -> Vec<String> {
    let stems: Vec<String> = recordings.iter().map(|path| stem(path)).collect();
    let name = |(path, own): (&PathBuf, &String)| {
        let is_unique = stems.iter().filter(|stem| *stem == own).count() == 1;
        if is_unique { own.clone() } else { path.with_extension("").display().to_string() }
    };
    recordings.iter().zip(&stems).map(name).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn one(path: &Path, name: &str, asked: &Asked<'_>) -> Played {
    let mut reader = match Reader::open(path) {
        Ok(reader) => reader,
        Err(error) => return Played::Unjudged(error.to_string()),
    };
    let judged = match judged::read(path) {
        Ok(judged) => judged,
        Err(error) => return Played::Unjudged(error.to_string()),
    };
    let namespace = reader.header().namespace.clone();
    let recording = Recording { path, stem: &stem(path), namespace: &namespace, judged };
    match recording.cases(asked) {
        Ok(cases) => judge(&mut reader, name, cases),
        Err(NoCases::Unjudged(why)) => Played::Unjudged(why),
        Err(NoCases::Usage(problems)) => Played::Usage(problems),
    }
}

fn judge(reader: &mut Reader<File>, name: &str, cases: Vec<Case>) -> Played {
    // Settings that come to the same plan are judged once.
    let mut plans: Vec<&Plan> = Vec::new();
    for plan in cases.iter().flat_map(|case| &case.plans).flatten() {
        if !plans.contains(&plan) {
            plans.push(plan);
        }
    }
    let outcomes = match replay(reader, plans.iter().map(|plan| (*plan).clone()).collect(), &mut |_, _, _| {}) {
        Ok(outcomes) if outcomes.len() == plans.len() => outcomes,
        Ok(_) => return Played::Unjudged("a gate came to no end".to_owned()),
        Err(error) => return Played::Unjudged(error.to_string()),
    };
    let cell = |plan: &Result<Plan, String>| match plan {
        Ok(plan) => {
            let outcome = plans.iter().position(|other| *other == plan).and_then(|place| outcomes.get(place));
            outcome.map_or_else(|| Cell::Refused(String::new()), |outcome| Cell::Judged(judgement(outcome)))
        }
        Err(why) => Cell::Refused(why.clone()),
    };
    let cells: Vec<Vec<Cell>> = cases.iter().map(|case| case.plans.iter().map(cell).collect()).collect();
    let rows = cases.into_iter().zip(cells).map(|(case, cells)| Row {
        recording: name.to_owned(),
        app: case.app,
        version: case.version,
        namespace: case.namespace,
        truth: case.truth,
        recorded: case.recorded,
        cells,
    });
    Played::Rows { rows: rows.collect(), torn: reader.is_torn() }
}

fn judgement(outcome: &Outcome) -> Judgement {
    Judgement {
        verdict: outcome.verdict,
        decided_after: outcome.decided_after,
        code: outcome.findings.first().map(|finding| finding.code),
    }
}
