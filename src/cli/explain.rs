//! `crashgate explain`: the catalogue of causes, as people read it.

use std::fmt::Write as _;

use crate::gate::code::{CATALOGUE, Code, Counts, Fault, Row};
use crate::gate::plan::Grace;
use crate::gate::verdict::Verdict;
use crate::report::printer::Printer;

/// Explain the code of a finding, or list them all
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The code, as reports spell it (`CrashLoop`); upper and lower case are the same
    code: Option<String>,
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let Some(name) = &args.code else {
        printer.result(&list());
        return 0;
    };
    if let Some(code) = Code::from_name(name) {
        printer.result(&explain(code.row()));
        return 0;
    }
    let nearest =
        CATALOGUE.iter().min_by_key(|row| strsim::levenshtein(&row.name.to_lowercase(), &name.to_lowercase()));
    let hint = nearest.map_or_else(String::new, |row| format!("; did you mean `{}`?", row.name));
    let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    printer.say(&format!("error: there is no code `{shown}`{hint} `crashgate explain` lists them all"));
    Verdict::Usage.exit_code()
}

fn list() -> String {
    let mut text = String::new();
    for fault in [Fault::App, Fault::Platform, Fault::Outcome, Fault::Observation] {
        let heading = match fault {
            Fault::App => "The app, its image or its configuration:",
            Fault::Platform => "The cluster that should run it:",
            Fault::Outcome => "The version is not there, or not wanted:",
            Fault::Observation => "The cluster could not be observed well enough:",
        };
        let _ = writeln!(text, "{heading}");
        for row in CATALOGUE.iter().filter(|row| row.fault == fault) {
            let _ = writeln!(text, "  {:<20} exit {}  {}", row.name, row.verdict.exit_code(), row.meaning);
        }
        text.push('\n');
    }
    text.push_str("`crashgate explain CODE` tells what usually causes it, what to do, and what it rests on.\n");
    text
}

fn explain(row: &Row) -> String {
    format!(
        "{}: {} (exit {})\n\n{}\n\nUsual causes: {}\nWhat to do:   {}\nCounts:       {}\nRests on:     {}\n",
        row.name,
        row.verdict,
        row.verdict.exit_code(),
        row.meaning,
        row.causes,
        row.next_step,
        counts(row.counts),
        row.rests_on
    )
}

fn counts(counts: Counts) -> String {
    match counts {
        Counts::AtOnce => "as soon as it is seen".to_owned(),
        Counts::AtTheEnd => "when it still stands at the end of the wait period".to_owned(),
        Counts::AfterGrace(grace) => match grace.default_patience() {
            Some(patience) if patience.is_zero() => {
                format!("as soon as it is seen, or after `grace: {{{}: …}}`", grace.name())
            }
            Some(patience) => {
                format!("after {} s, or as `grace: {{{}: …}}` says", patience.as_secs(), Grace::name(grace))
            }
            None => format!("at the end of the wait period, or after `grace: {{{}: …}}`", grace.name()),
        },
    }
}
