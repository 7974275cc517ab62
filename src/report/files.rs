//! Reports in files (`--report KIND=PATH`): there before the wait begins, and complete whatever ends the run.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::model::{Event, Plan, Run, Target, View};
use super::output_file::OutputFile;
use super::printer::Printer;
use super::run_log::{Mistake, ReportInput, RunLog};
use super::{gitlab, html, json, junit, markdown};
use crate::manifest::Origin;
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// What a file holds until the run has ended, and for ever where the process is killed.
const NOT_ENDED: &str = "This run has not ended: crashgate is still running, or was killed";
/// What a file holds where the run ended without an outcome.
pub const BROKE: &str = "crashgate itself failed before the run had ended, so nothing is proven";

/// The kinds of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The result, the same as `-o json` prints.
    Json,
    /// `JUnit` XML.
    Junit,
    /// Markdown.
    Markdown,
    /// One page of HTML.
    Html,
    /// GitHub's job summary.
    Github,
    /// GitLab's dotenv report.
    Gitlab,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 6] = [Self::Json, Self::Junit, Self::Markdown, Self::Html, Self::Github, Self::Gitlab];

    /// The name, as `--report` takes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Junit => "junit",
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
        }
    }

    /// The report of a run whose process ends with the verdict's own exit code.
    #[must_use]
    pub fn render(self, document: &ReportInput<'_>) -> SafeText {
        self.render_ended(document, document.verdict().exit_code())
    }

    /// True where the report holds the exit code of the process.
    const fn has_exit_code(self) -> bool {
        matches!(self, Self::Json | Self::Gitlab)
    }

    /// The report of a run whose process ends with this exit code.
    fn render_ended(self, document: &ReportInput<'_>, exit_code: u8) -> SafeText {
        match self {
            Self::Json => match document.error {
                Some(error) => json::unjudged(document.run.started_at, error),
                None => json::ended(document.run, exit_code),
            },
            Self::Junit => junit::render(document),
            Self::Markdown => markdown::render(document, markdown::Flavour::Plain, markdown::LARGEST),
            Self::Html => html::render(document),
            Self::Github => markdown::render(document, markdown::Flavour::Github, markdown::LARGEST),
            Self::Gitlab => gitlab::dotenv(document, exit_code),
        }
    }
}

/// A report that is wanted, as `KIND=PATH`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its kind.
    pub kind: Kind,
    /// Where it is wanted.
    pub path: PathBuf,
}

/// Why a text names no report.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WantedError {
    /// No `=`, or nothing behind it.
    #[error("write KIND=PATH, as in junit=crashgate.xml")]
    Shape,
    /// Not one of the kinds.
    #[error("there is no kind `{0}`: json, junit, markdown, html, github or gitlab")]
    Kind(SafeText),
}

impl FromStr for Wanted {
    type Err = WantedError;

    fn from_str(text: &str) -> Result<Self, WantedError> {
        let (kind, path) = text.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or(WantedError::Shape)?;
        let known = Kind::ALL.into_iter().find(|known| known.name() == kind);
        let kind = known.ok_or_else(|| WantedError::Kind(Redaction::On.text(kind).line()))?;
        Ok(Self { kind, path: PathBuf::from(path) })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.kind.name(), self.path.display())
    }
}

/// The sink that writes the files.
pub struct Files {
    outputs: Vec<(Kind, OutputFile)>,
    log: RunLog,
    started_at: jiff::Timestamp,
    printer: Printer,
    ended: bool,
}

impl Files {
    /// Creates every file, so that a path that cannot be written is found before the wait, and none holds the report of
    /// another run from here on.
    ///
    /// # Errors
    ///
    /// A sentence about the first file that cannot be written.
    pub fn create(wanted: &[Wanted], printer: &Printer) -> Result<Self, SafeText> {
        let mut files: Vec<(Kind, OutputFile)> = Vec::new();
        for Wanted { kind, path } in wanted {
            let file = OutputFile::create(path, printer).map_err(|error| {
                safe!("error: cannot write the {} report to {}: {}", kind.name(), shown(path), reason(&error))
            })?;
            if files.iter().any(|(_, other)| other.is_same_as(&file)) {
                return Err(safe!("error: two reports would be written to {}; give each its own file", shown(path)));
            }
            files.push((*kind, file));
        }
        let mut files = Self {
            outputs: files,
            log: RunLog::default(),
            started_at: jiff::Timestamp::now(),
            printer: printer.clone(),
            ended: false,
        };
        let run = files.log.unfinished(files.started_at, &NOT_ENDED.into());
        files.begin_reports(&run, Some(&Mistake::broke(NOT_ENDED.into())));
        Ok(files)
    }

    /// What will be judged, and where that was written down.
    pub fn plan(&mut self, gates: impl IntoIterator<Item = (Plan, Option<Origin>)>) {
        self.log.plan(gates);
    }

    /// The arguments or the manifest were wrong, and nothing is judged.
    pub fn usage(&mut self, mistake: &Mistake) {
        self.log.gates.clear();
        let run = self.log.unfinished(self.started_at, &mistake.text);
        self.finish(&run, Some(mistake));
        self.ended = true;
    }

    /// The run as it stands, where it ends without an outcome; `None` where not even its gates are known.
    #[must_use]
    pub fn unfinished(&self) -> Option<Run> {
        (!self.log.gates.is_empty()).then(|| self.log.unfinished(self.started_at, &BROKE.into()))
    }

    /// The run ends here without an outcome.
    pub fn abandon(&mut self) {
        if !self.ended {
            self.ended = true;
            let run = self.log.unfinished(self.started_at, &BROKE.into());
            let mistake = Mistake::broke(BROKE.into());
            let error = self.log.gates.is_empty().then_some(&mistake);
            self.finish(&run, error);
        }
    }

    /// Writes what the reports say while the run has not ended. That it could not be written is told, and is mended by
    /// the end if that can be.
    fn begin_reports(&mut self, run: &Run, error: Option<&Mistake>) {
        let document = ReportInput { run, log: &self.log, error };
        for (kind, file) in &mut self.outputs {
            if let Err(error) = file.replace(&kind.render(&document)) {
                let path = shown(file.path());
                self.printer.say(&safe!(
                    "warning: cannot write the {} report to {} yet: {}",
                    kind.name(),
                    path,
                    reason(&error)
                ));
            }
        }
    }

    fn finish(&mut self, run: &Run, error: Option<&Mistake>) {
        let document = ReportInput { run, log: &self.log, error };
        // Those that hold the exit code come last: one that cannot be written changes it.
        self.outputs.sort_by_key(|(kind, _)| kind.has_exit_code());
        let exit_code = |printer: &Printer| printer.exit_code_of(document.verdict());
        for (kind, file) in &mut self.outputs {
            if let Err(error) = file.finish(&kind.render_ended(&document, exit_code(&self.printer))) {
                let what = safe!("the {} report to {}", kind.name(), shown(file.path()));
                self.printer.could_not_write(&what, &error);
            }
        }
        if exit_code(&self.printer) != document.verdict().exit_code() {
            for (kind, file) in self.outputs.iter_mut().filter(|(kind, _)| kind.has_exit_code()) {
                // That it cannot be written, it was said already.
                let _ = file.replace(&kind.render_ended(&document, exit_code(&self.printer)));
            }
        }
    }
}

fn shown(path: &Path) -> SafeText {
    Untrusted::path(path).line()
}

/// Why the system did not do it. Its words quote nobody but paths.
fn reason(error: &std::io::Error) -> SafeText {
    Redaction::On.text(&error.to_string()).line()
}

impl View for Files {
    fn begin(&mut self, target: &Target, plans: &[Plan]) {
        self.log.begin(target, plans);
        if !self.outputs.is_empty() {
            let run = self.log.unfinished(self.started_at, &NOT_ENDED.into());
            self.begin_reports(&run, None);
        }
    }

    fn event(&mut self, gate: usize, at: Duration, event: &Event) {
        if self.outputs.is_empty() {
            self.log.idle(at);
        } else {
            self.log.hear(gate, at, event);
        }
    }

    fn idle(&mut self, at: Duration) {
        self.log.idle(at);
    }

    fn end(&mut self, run: &Run) {
        self.finish(run, None);
        self.ended = true;
    }
}

/// A panic unwinds through here, and the reports say so.
impl Drop for Files {
    fn drop(&mut self) {
        self.abandon();
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Wanted, WantedError};

    #[test]
    fn a_report_is_a_kind_and_a_path() {
        for kind in Kind::ALL {
            let text = format!("{}=a=b.txt", kind.name());
            let wanted: Wanted = text.parse().unwrap();
            assert_eq!((wanted.kind, wanted.path.to_str().unwrap()), (kind, "a=b.txt"));
            assert_eq!(wanted.to_string(), text);
        }
        assert_eq!("junit".parse::<Wanted>(), Err(WantedError::Shape));
        assert_eq!("junit=".parse::<Wanted>(), Err(WantedError::Shape));
        assert_eq!("xml=a".parse::<Wanted>(), Err(WantedError::Kind("xml".into())));
    }
}
