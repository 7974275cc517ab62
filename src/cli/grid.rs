//! `crashgate replay` of several recordings, or with several settings: a grid of verdicts.

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use super::complain::complain;
use super::output::OutputFlags;
use super::overwriting;
use super::plan_flags::PlanFlags;
use crate::gate::result::Verdict;
use crate::manifest::{Axis, Setting};
use crate::report::files::Kind;
use crate::report::grid::{self as text, Layout};
use crate::report::html;
use crate::report::json::grid as json;
use crate::report::output_file::OutputFile;
use crate::report::printer::Printer;
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};
use crate::trial::asked::Asked;
use crate::trial::expected::Expected;
use crate::trial::grid::Grid;
use crate::trial::play;
use crate::trial::truth::Glob;

/// More settings than this are more than anybody compares.
const MOST_SETTINGS: usize = 100;

/// What is tried on past deployments, and what is known of them.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Grid")]
pub(super) struct GridFlags {
    /// Try each of these values of a key, as in `stableFor=10s,30s,60s`. Repeat it for every combination
    ///
    /// Any key of a gate that says how it judges and has a single value; that of a map is written `grace.ImagePull=0s,30s`.
    #[arg(long = "try", value_name = "KEY=VALUE,…")]
    axes: Vec<String>,
    /// Read which gates are right to pass from this table
    ///
    /// A row a line, its columns divided by tabs: recording, app, version, the exit codes that are right (`1`, `3|4`),
    /// anything, and the flags of this gate.
    #[arg(long, value_name = "FILE")]
    expected: Option<PathBuf>,
    /// These recordings (`*` and `?` for any letters) are of bad deployments. Repeat it for more
    #[arg(long, value_name = "NAME")]
    bad: Vec<Glob>,
    /// These recordings are of good deployments. Repeat it for more
    #[arg(long, value_name = "NAME")]
    good: Vec<Glob>,
}

impl GridFlags {
    /// True where one recording with one setting is not all that is asked for.
    pub(super) fn is_wanted(&self, recordings: &[PathBuf]) -> bool {
        let is_bare = self.axes.is_empty() && self.expected.is_none() && self.bad.is_empty() && self.good.is_empty();
        !is_bare || recordings.len() != 1 || recordings.iter().any(|path| path.is_dir())
    }
}

/// Judges, tells the grid and returns the exit code: 0 where every recording was judged.
pub(super) fn run(
    recordings: &[PathBuf],
    plan: &PlanFlags,
    flags: &GridFlags,
    output: &OutputFlags,
    printer: &mut Printer,
) -> u8 {
    let redaction = output.redaction(printer);
    let told = judged(recordings, plan, flags, output, redaction, printer);
    told.unwrap_or_else(|message| {
        complain(printer, redaction, &message);
        if let Some(syntax) = output.syntax() {
            printer.result(&syntax.of(json::unjudged(&redaction.text(&message))));
        }
        Verdict::Usage.exit_code()
    })
}

fn judged(
    recordings: &[PathBuf],
    plan: &PlanFlags,
    flags: &GridFlags,
    output: &OutputFlags,
    redaction: Redaction,
    printer: &mut Printer,
) -> Result<u8, String> {
    // Everything that can be known to be wrong is told before the work begins.
    if output.is_names() {
        return Err(
            "error: a grid is about no object that could be named\n  fix: use `-o json` or `-o yaml`".to_owned()
        );
    }
    let settings = settings(&flags.axes)?;
    let files = files(recordings)?;
    let expected = flags.expected.as_deref().map(Expected::load).transpose();
    let expected = expected.map_err(|error| format!("error: {error}"))?;
    let sources = plan.sources().map_err(|problems| problems.to_string())?;
    let inputs: Vec<&Path> =
        plan.files().chain(files.iter().map(PathBuf::as_path)).chain(flags.expected.as_deref()).collect();
    let reports = reports(output, &inputs, printer)?;
    let asked = Asked {
        sources,
        flags: plan.overrides(),
        settings,
        expected,
        bad: flags.bad.clone(),
        good: flags.good.clone(),
        env: &|name| std::env::var(name).ok(),
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let grid = play::play(&files, &asked, threads).map_err(|problems| problems.to_string())?;
    for name in &grid.torn {
        let name = Untrusted::name(name).line();
        printer.say(&safe!("warning: the last line of {} is incomplete: its recorder was killed", name));
    }
    Ok(tell(&grid, output, reports, redaction, printer))
}

/// Tells the grid wherever it is wanted. Whatever could not be written or judged makes the exit code.
fn tell(
    grid: &Grid,
    output: &OutputFlags,
    reports: Vec<(Kind, OutputFile)>,
    redaction: Redaction,
    printer: &mut Printer,
) -> u8 {
    let unjudged = grid.rows.iter().find_map(|row| Some((row, row.unjudged()?)));
    let is_judged = grid.unjudged.is_empty() && unjudged.is_none();
    let exit_code = if is_judged { Verdict::Healthy } else { Verdict::Usage }.exit_code();
    if output.syntax().is_none() {
        let layout = Layout { look: printer.stdout(), whole: output.is_verbose(), redaction };
        printer.result(&text::text(grid, layout));
    }
    for (kind, mut file) in reports {
        let report = match kind {
            Kind::Html => html::grid::render(grid, redaction),
            _ => json::render(grid, exit_code, redaction),
        };
        if let Err(error) = file.finish(&report) {
            let what = safe!("the {} report {}", kind.name(), Untrusted::path(file.path()).line());
            printer.could_not_write(&what, &error);
        }
    }
    if let Some(syntax) = output.syntax() {
        // What could not be written changes the exit code, and this holds it.
        let exit_code = if exit_code == 0 { printer.exit_code_of(Verdict::Healthy) } else { exit_code };
        printer.result(&syntax.of(json::render(grid, exit_code, redaction)));
    }
    if let Some((row, why)) = unjudged {
        let why = redaction.text(why).one_line();
        printer.say(&safe!("error: no setting could judge {}: {}", text::name(grid, row), why));
    }
    if !grid.unjudged.is_empty() {
        let first = text::unjudged(grid, redaction).into_iter().next().unwrap_or_default();
        let more = match grid.unjudged.len() {
            1 => SafeText::EMPTY,
            count => safe!(" (and {} more)", count - 1),
        };
        printer.say(&safe!("error: not judged: {}{}", first, more));
    }
    exit_code
}

/// Every combination of the values that are tried.
fn settings(texts: &[String]) -> Result<Vec<Setting>, String> {
    let mut read: Vec<Axis> = Vec::new();
    let mut wrong = Vec::new();
    for text in texts {
        match Axis::read("--try", text) {
            Ok(axis) if read.iter().any(|other| other.path() == axis.path()) => wrong.push(format!(
                "error: `{}` is tried twice\n  fix: give all of its values at once, as in `--try {}=…,…`",
                axis.path(),
                axis.path()
            )),
            Ok(axis) => read.push(axis),
            Err(problems) => wrong.push(problems.to_string()),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n\n"));
    }
    let count = read.iter().fold(1_usize, |count, axis| count.saturating_mul(axis.values().len()));
    if count > MOST_SETTINGS {
        let each: Vec<String> = read.iter().map(|axis| format!("{} of {}", axis.values().len(), axis.path())).collect();
        return Err(format!(
            "error: `--try` asks for {count} settings ({}), and {MOST_SETTINGS} is the most\n  fix: try fewer values at \
             a time, as in `--try stableFor=10s,30s`",
            each.join(" × ")
        ));
    }
    Ok(Setting::combinations(&read))
}

/// The recordings, each once: those that are named, and those in the folders that are.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files: Vec<PathBuf> = Vec::new();
    for path in paths {
        let found = if path.is_dir() { in_folder(path)? } else { vec![path.clone()] };
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let unreadable = |error: std::io::Error| format!("error: cannot read the folder {}: {error}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "ndjson") && !path.is_dir() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(format!("error: the folder {} has no recording (*.ndjson)", folder.display()));
    }
    files.sort();
    Ok(files)
}

/// The reports that are wanted, which can be written.
fn reports(output: &OutputFlags, inputs: &[&Path], printer: &Printer) -> Result<Vec<(Kind, OutputFile)>, String> {
    let mut files = Vec::new();
    for wanted in output.reports() {
        let name = wanted.kind.name();
        if !matches!(wanted.kind, Kind::Html | Kind::Json) {
            return Err(format!(
                "error: there is no {name} report of a grid\n  fix: use `--report html=PATH` or `--report json=PATH`"
            ));
        }
        overwriting::refuse(&format!("the {name} report"), &wanted.path, inputs)
            .map_err(|error| format!("error: {error}"))?;
        let file = OutputFile::create(&wanted.path, printer);
        let file = file.map_err(|error| format!("error: cannot write {}: {error}", wanted.path.display()))?;
        files.push((wanted.kind, file));
    }
    Ok(files)
}
