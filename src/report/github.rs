//! GitHub Actions: what a step tells the runner besides its exit code.
//!
//! Progress in a group, annotations at the line of the manifest, a job summary, and outputs for the steps that follow.
//! Everything goes to stderr, which the runner reads like stdout, so that stdout stays the result.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::files::BROKE;
use super::markdown::{self, Flavour};
use super::model::{Event, Plan, Run, Target, View};
use super::printer::Printer;
use super::progress;
use super::run_log::{Mistake, ReportInput, RunLog};
use crate::manifest::Origin;
use crate::safe;
use crate::text::SafeText;

mod annotations;
mod command;
mod fence;
mod outputs;

pub use fence::Fence;

/// Where the runner wants to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The file of the job summary (`GITHUB_STEP_SUMMARY`).
    pub summary: Option<PathBuf>,
    /// The file of the step's outputs (`GITHUB_OUTPUT`).
    pub output: Option<PathBuf>,
    /// The root of the repository (`GITHUB_WORKSPACE`), which paths in annotations begin at.
    pub workspace: Option<PathBuf>,
}

impl Surroundings {
    /// What the environment says; `None` where this is no step of GitHub Actions.
    #[must_use]
    pub fn of(env: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        if env("GITHUB_ACTIONS").as_deref() != Some("true") {
            return None;
        }
        let path = |name: &str| env(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        Some(Self {
            summary: path("GITHUB_STEP_SUMMARY"),
            output: path("GITHUB_OUTPUT"),
            workspace: path("GITHUB_WORKSPACE"),
        })
    }
}

/// The sink for a step of GitHub Actions.
pub struct Step {
    printer: Printer,
    surroundings: Surroundings,
    reports: Vec<PathBuf>,
    log: RunLog,
    folds: bool,
    grouped: bool,
    ended: bool,
    /// The exit code that the runner was told.
    exit_code: Option<u8>,
}

impl Step {
    /// A sink that tells the runner, and names these files as the step's reports.
    #[must_use]
    pub fn new(printer: Printer, surroundings: Surroundings, reports: Vec<PathBuf>) -> Self {
        Self {
            printer,
            surroundings,
            reports,
            log: RunLog::default(),
            folds: true,
            grouped: false,
            ended: false,
            exit_code: None,
        }
    }

    /// The same without a group in the log: for where no progress is shown that it could fold.
    #[must_use]
    pub fn unfolded(mut self) -> Self {
        self.folds = false;
        self
    }

    /// What will be judged, and where that was written down.
    pub fn plan(&mut self, gates: impl IntoIterator<Item = (Plan, Option<Origin>)>) {
        self.log.plan(gates);
    }

    /// The arguments or the manifest were wrong, and nothing is judged.
    pub fn usage(&mut self, mistake: &Mistake) {
        self.log.gates.clear();
        let run = self.log.unfinished(jiff::Timestamp::now(), &mistake.text);
        self.tell(&run, Some(mistake));
    }

    /// The run ends here without an outcome.
    pub fn abandon(&mut self) {
        if !self.ended {
            let run = self.log.unfinished(jiff::Timestamp::now(), &BROKE.into());
            let mistake = Mistake::broke(BROKE.into());
            let error = self.log.gates.is_empty().then_some(&mistake);
            self.tell(&run, error);
        }
    }

    fn tell(&mut self, run: &Run, error: Option<&Mistake>) {
        self.ended = true;
        if std::mem::take(&mut self.grouped) {
            self.printer.say(&command::plain("endgroup", &SafeText::EMPTY));
        }
        let log = std::mem::take(&mut self.log);
        let document = ReportInput { run, log: &log, error };
        for line in annotations::of(&document, self.surroundings.workspace.as_deref()) {
            self.printer.say(&line);
        }
        if let Some(path) = &self.surroundings.summary {
            // The steps of an action that is made of several share the file, and the runner's limit is for all of it.
            let used = fs::metadata(path).map_or(0, |file| usize::try_from(file.len()).unwrap_or(usize::MAX));
            let room = markdown::LARGEST.saturating_sub(used);
            let text = markdown::render(&document, Flavour::Github, room);
            let text = if text.len() <= room { safe!("{}\n", text) } else { SafeText::EMPTY };
            if let Err(error) = append(path, &text) {
                self.printer.could_not_write(&"the job summary of the step".into(), &error);
            }
        }
        self.put_out(&document);
        self.log = log;
    }

    /// Writes the outputs of the step. Of two values of one output the runner takes the later.
    fn put_out(&mut self, document: &ReportInput<'_>) {
        let Some(path) = &self.surroundings.output else { return };
        let exit_code = self.printer.exit_code_of(document.verdict());
        self.exit_code = Some(exit_code);
        let text = outputs::of(document, &self.reports, exit_code);
        if let Err(error) = append(path, &text) {
            self.printer.could_not_write(&"the outputs of the step".into(), &error);
        }
    }

    /// Every other part of the result is written. Where one could not be, the exit code is not the one that the runner
    /// was told.
    pub fn conclude(&mut self, run: &Run) {
        if self.exit_code.is_some_and(|told| told != self.printer.exit_code_of(run.verdict())) {
            let log = std::mem::take(&mut self.log);
            self.put_out(&ReportInput { run, log: &log, error: None });
            self.log = log;
        }
    }
}

/// Appends the text as a whole or not at all: half an output would make the runner refuse those of other steps too.
fn append(path: &Path, text: &SafeText) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let before = file.metadata()?;
    let written = file.write_all(text.as_bytes());
    if written.is_err() && before.is_file() {
        let _ = file.set_len(before.len());
    }
    written
}

impl View for Step {
    fn begin(&mut self, target: &Target, plans: &[Plan]) {
        self.log.begin(target, plans);
        self.grouped = self.folds;
        if self.grouped {
            self.printer.say(&command::plain("group", &progress::watched(plans)));
        }
    }

    fn event(&mut self, gate: usize, at: Duration, event: &Event) {
        self.log.hear(gate, at, event);
    }

    fn idle(&mut self, at: Duration) {
        self.log.idle(at);
    }

    fn end(&mut self, run: &Run) {
        self.tell(run, None);
    }
}

/// A panic unwinds through here, and the step says so.
impl Drop for Step {
    fn drop(&mut self) {
        self.abandon();
    }
}
