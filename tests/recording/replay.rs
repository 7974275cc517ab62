//! Every recording gives the verdict and the root cause that `expected.tsv` demands.

pub mod proof;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crashgate::gate::result::Outcome;
use crashgate::gate::spec::{Grace, Plan, Until};
use crashgate::recording::reader::Reader;
use crashgate::recording::replay;

/// A row of the table.
pub struct Row {
    pub recording: String,
    /// The flags of the table, as they are written there.
    pub flags: String,
    pub plan: Plan,
    pub exit_codes: Vec<u8>,
    /// The codes that may lead; none where any may.
    first_codes: Vec<String>,
}

impl Row {
    /// The outcome has one of the exit codes, and one of the codes leads.
    pub fn allows(&self, outcome: &Outcome) -> bool {
        let first = outcome.findings.first().map_or("-", |finding| finding.code.name());
        self.exit_codes.contains(&outcome.verdict.exit_code())
            && (self.first_codes.is_empty() || self.first_codes.iter().any(|code| code == first))
    }
}

fn recording(name: &str) -> PathBuf {
    Path::new("tests/recordings").join(format!("{name}.ndjson"))
}

pub fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string("tests/recordings/expected.tsv").unwrap();
    let rows: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(row).collect();
    assert!(rows.len() >= 72, "the whole table is read: {} rows", rows.len());
    rows
}

fn row(line: &str) -> Row {
    let columns: Vec<&str> = line.split('\t').collect();
    let [recording, app, version, exit_codes, first_code, flags] = columns[..] else { panic!("six columns: {line}") };
    let namespace = Reader::open(&self::recording(recording)).unwrap().header().namespace.clone();
    let mut plan = Plan::new(app, version, &namespace);
    plan.delay = Duration::from_secs(2);
    plan.stable_for = Duration::from_secs(10);
    let written = flags.to_owned();
    let mut flags = flags.split_whitespace();
    while let Some(flag) = flags.next() {
        let value = flags.next().unwrap();
        let seconds = || Duration::from_secs(value.trim_end_matches('s').parse().unwrap());
        match flag {
            "--wait-period" => plan.wait_period = seconds(),
            "--stable-for" => plan.stable_for = seconds(),
            "--max-restarts" => plan.max_restarts = value.parse().unwrap(),
            "--grace" => {
                let (name, time) = value.split_once('=').unwrap();
                let grace = Grace::ALL.into_iter().find(|grace| grace.name() == name).unwrap();
                plan.grace.insert(grace, Duration::from_secs(time.trim_end_matches('s').parse().unwrap()));
            }
            "--until" => plan.until = Until::ALL.into_iter().find(|until| until.name() == value).unwrap(),
            other => panic!("an unknown flag in the table: {other}"),
        }
    }
    let exit_codes = exit_codes.split([',', '|']).map(|code| code.trim().parse().unwrap()).collect();
    // `-`, `^Code$` or `^(One|Other)$`: all the patterns that the table has.
    let codes = first_code.trim_matches(['^', '$', '(', ')']).split('|').filter(|code| *code != "-");
    let first_codes = codes.map(str::to_owned).collect();
    Row { recording: recording.to_owned(), flags: written, plan, exit_codes, first_codes }
}

pub fn outcome(name: &str, plan: Plan) -> Outcome {
    let mut reader = Reader::open(&recording(name)).unwrap();
    let print = std::env::var_os("CRASHGATE_TEST_TELL").is_some();
    let mut tell = |_: usize, at: Duration, event: &crashgate::gate::result::GateEvent| {
        if print {
            println!("  {:>8.3} {event:?}", at.as_secs_f64());
        }
    };
    let mut outcomes = replay::replay(&mut reader, vec![plan], &mut tell).unwrap();
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

#[test]
fn every_row_of_the_table_holds() {
    let mut wrong = Vec::new();
    for row in rows() {
        let outcome = outcome(&row.recording, row.plan.clone());
        let first = outcome.findings.first().map_or("-", |finding| finding.code.name());
        let good = row.allows(&outcome);
        let message = outcome.findings.first().map_or("", |finding| finding.message.as_str());
        let line = format!(
            "{} {} {}: {} after {:.1} s, {first}: {message}",
            row.recording,
            row.plan.app,
            row.plan.version,
            outcome.verdict,
            outcome.decided_after.as_secs_f64()
        );
        println!("{} {line}", if good { "ok   " } else { "WRONG" });
        if !good {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_pass_tells_of_the_pod_that_was_evicted_on_the_way() {
    let row = rows().into_iter().find(|row| row.recording == "pod-evicted").unwrap();
    let outcome = outcome(&row.recording, row.plan);
    let warnings: Vec<_> =
        outcome.warnings.iter().map(|warning| (warning.code.name(), warning.message.as_str())).collect();
    assert!(matches!(warnings[..], [("PodDisrupted", message)] if message.contains("eviction API")), "{warnings:?}");
}
