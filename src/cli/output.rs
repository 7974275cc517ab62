//! The flags that say how a result is told, shared by the subcommands that judge.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;

use super::complain::{complain, redaction};
use super::overwriting;
use super::panic_injection::{self, PanicInjection};
use crate::cluster::drive::Run;
use crate::gate::result::Verdict;
use crate::manifest::{Diagnostics, Loaded, Origin};
use crate::report::files::{BROKE, Files, Kind, Wanted};
use crate::report::github::{Step, Surroundings};
use crate::report::gitlab::Section;
use crate::report::human::Human;
use crate::report::json::{self, Json, Syntax};
use crate::report::live::Live;
use crate::report::model::{self, Border, Event, Plan, Target, View};
use crate::report::names;
use crate::report::printer::Printer;
use crate::report::run_log::Mistake;
use crate::text::Redaction;

/// How the result is told.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputFlags {
    /// What to print on stdout: the verdict for people, the result as JSON or YAML, or names
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Format::Human)]
    output: Format,
    /// Show no progress: only the verdict, errors, and warnings that change what it means
    #[arg(short, long)]
    quiet: bool,
    /// Show all evidence (whole logs, every event, no limit on lines), and all that is left out
    #[arg(short, long)]
    verbose: bool,
    /// Show secrets in logs and messages as they are; recordings stay masked
    #[arg(long)]
    no_redact: bool,
    /// Also write a report to a file (`-` is stdout): json, junit, markdown, html, github (job summary) or gitlab
    /// (dotenv). Repeat it for more
    ///
    /// A report that cannot be written turns exit code 0 into 7.
    #[arg(long = "report", value_name = "KIND=PATH")]
    reports: Vec<Wanted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON object, with the schema that the documentation describes
    Json,
    /// The same document as YAML
    Yaml,
    /// The objects that the exit code is about, as kubectl names them: what passed, or what stands against a pass
    Name,
}

impl Format {
    /// The language, where it is a document.
    const fn syntax(self) -> Option<Syntax> {
        match self {
            Self::Json => Some(Syntax::Json),
            Self::Yaml => Some(Syntax::Yaml),
            Self::Human | Self::Name => None,
        }
    }
}

impl OutputFlags {
    /// True where all evidence is asked for.
    pub(super) const fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// The language of the document on stdout, where it has one.
    pub(super) fn syntax(&self) -> Option<Syntax> {
        self.output.syntax()
    }

    /// True where stdout has names.
    pub(super) fn is_names(&self) -> bool {
        self.output == Format::Name
    }

    /// The reports that are wanted in files.
    pub(super) fn reports(&self) -> &[Wanted] {
        &self.reports
    }

    /// What `--no-redact` stands for; warns where it is given.
    pub(super) fn redaction(&self, printer: &mut Printer) -> Redaction {
        redaction(self.no_redact, printer)
    }

    /// Where a report of this kind is written, if one is.
    pub(super) fn path_of(&self, kind: Kind) -> Option<&Path> {
        self.reports.iter().find(|wanted| wanted.kind == kind).map(|wanted| wanted.path.as_path())
    }

    /// The same, with one more report.
    #[must_use]
    pub(super) fn also(&self, report: Wanted) -> Self {
        let mut output = self.clone();
        output.reports.push(report);
        output
    }

    /// The sinks that were asked for, as one. `live` allows a view that is drawn anew, where stderr can show one. The
    /// files of reports are there from here on.
    ///
    /// # Errors
    /// A sentence about the file that cannot be written.
    fn open(&self, printer: &mut Printer, inputs: &[&Path], live: bool) -> Result<Sinks, String> {
        for Wanted { kind, path } in &self.reports {
            overwriting::refuse(&format!("the {} report", kind.name()), path, inputs)
                .map_err(|error| format!("error: {error}"))?;
        }
        let env = |name: &str| std::env::var(name).ok();
        let paths = self.reports.iter().map(|wanted| wanted.path.clone()).collect();
        Ok(Sinks {
            github: Surroundings::of(&env).map(|surroundings| {
                let step = Step::new(printer.clone(), surroundings, paths);
                if self.quiet { step.unfolded() } else { step }
            }),
            gitlab: (!self.quiet && env("GITLAB_CI").as_deref() == Some("true")).then(|| Section::new(printer.clone())),
            stdout: self.for_people(printer, live),
            json: self.output.syntax().map(|syntax| Json::written_in(syntax, printer.clone())),
            names: (self.output == Format::Name).then(|| printer.clone()),
            files: Files::create(&self.reports, printer).map_err(|error| error.to_string())?,
            ended: None,
            told: false,
            panic_injection: panic_injection::ordered(&env),
        })
    }

    /// Judges, and ends in good order whatever becomes of it: a panic is no verdict, and no exit code of a panic is in
    /// the contract. Returns the process's exit code. `inputs` are the files that the run needs, which no report may
    /// overwrite.
    pub(super) fn judged(
        &self,
        printer: &mut Printer,
        inputs: &[&Path],
        judge: impl FnOnce(&mut Printer, &mut Border<Sinks>) -> Result<Run, Halt>,
        live: bool,
    ) -> u8 {
        if self.quiet {
            printer.hush();
        }
        let opened = self.open(printer, inputs, live);
        let redaction = redaction(self.no_redact, printer);
        let mut sinks = match opened {
            Ok(view) => Border { view, redaction },
            Err(message) => return self.usage(printer, None, redaction, &Halt::usage(message)),
        };
        match catch_unwind(AssertUnwindSafe(|| judge(printer, &mut sinks))) {
            Ok(Ok(run)) => {
                sinks.view.conclude();
                return run.verdict().exit_code();
            }
            Ok(Err(Halt::Usage(mistake))) => return self.usage(printer, Some(&mut sinks.view), redaction, &mistake),
            Ok(Err(Halt::System(message))) => complain(printer, redaction, &message),
            // The panic has said so itself.
            Err(_) => {}
        }
        if !sinks.view.abandon() {
            self.unjudged(printer, &Mistake::broke(BROKE.into()));
        }
        Verdict::Inconclusive.exit_code()
    }

    /// What stdout and stderr show.
    fn for_people(&self, printer: &Printer, live: bool) -> Vec<Box<dyn View + Send>> {
        let mut sinks: Vec<Box<dyn View + Send>> = Vec::new();
        let is_for_people = self.output == Format::Human;
        if self.quiet {
            if is_for_people {
                sinks.push(Box::new(Human::verdict_only(printer.clone()).whole(self.verbose)));
            }
        } else if live && printer.stderr_is_lively() {
            sinks.push(Box::new(Live::new(printer.clone())));
            if is_for_people {
                sinks.push(Box::new(Human::verdict_only(printer.clone()).whole(self.verbose)));
            }
        } else if is_for_people {
            sinks.push(Box::new(Human::new(printer.clone()).whole(self.verbose)));
        } else {
            sinks.push(Box::new(Human::progress_only(printer.clone())));
        }
        sinks
    }

    /// Tells of a mistake of the user's, before anything was asked of the cluster, and returns its exit code.
    fn usage(
        &self,
        printer: &mut Printer,
        sinks: Option<&mut Sinks>,
        redaction: Redaction,
        mistake: &UsageError,
    ) -> u8 {
        complain(printer, redaction, &mistake.message);
        let mistake = Mistake::usage(redaction.text(&mistake.message), mistake.origin.clone());
        self.unjudged(printer, &mistake);
        if let Some(sinks) = sinks {
            sinks.files.usage(&mistake);
            if let Some(step) = &mut sinks.github {
                step.usage(&mistake);
            }
        }
        Verdict::Usage.exit_code()
    }

    /// Writes the document of a run that never began, where one is wanted.
    fn unjudged(&self, printer: &mut Printer, mistake: &Mistake) {
        if let Some(syntax) = self.output.syntax() {
            printer.result(&syntax.of(json::unjudged(jiff::Timestamp::now(), mistake)));
        }
    }
}

/// What ends a run before it is one.
pub(super) enum Halt {
    /// The user's mistake: nothing was asked of the cluster.
    Usage(UsageError),
    /// The system's: no runtime, no signals.
    System(String),
}

impl Halt {
    fn usage(message: String) -> UsageError {
        UsageError { message, origin: None }
    }
}

/// A mistake of the user's.
pub(super) struct UsageError {
    message: String,
    /// Where it is, where it has a line in a manifest.
    origin: Option<Origin>,
}

impl From<String> for Halt {
    fn from(message: String) -> Self {
        Self::Usage(Self::usage(message))
    }
}

impl From<Diagnostics> for Halt {
    fn from(problems: Diagnostics) -> Self {
        Self::Usage(UsageError { message: problems.to_string(), origin: problems.origin() })
    }
}

/// Several sinks that hear the same.
pub(super) struct Sinks {
    github: Option<Step>,
    gitlab: Option<Section>,
    stdout: Vec<Box<dyn View + Send>>,
    /// The result on stdout, written last: it holds the exit code, which anything that could not be written changes.
    json: Option<Json>,
    /// The same where it is names.
    names: Option<Printer>,
    files: Files,
    /// The run as the view was told of its end.
    ended: Option<model::Run>,
    /// True once those who read along were told of an end: nobody is told of two.
    told: bool,
    panic_injection: PanicInjection,
}

impl Sinks {
    /// What will be judged, and where that was written down.
    pub(super) fn plan(&mut self, gates: &[Loaded]) {
        self.panic_injection.event();
        let planned = || gates.iter().map(|gate| (Plan::of(&gate.plan), gate.origin.clone()));
        self.files.plan(planned());
        if let Some(step) = &mut self.github {
            step.plan(planned());
        }
    }

    /// Writes what is kept and what programs read, after all else that can fail: whatever could not be written changes
    /// the exit code, and these hold it.
    fn conclude(&mut self) {
        let Some(run) = self.ended.take() else { return };
        self.files.end(&run);
        if let Some(step) = &mut self.github {
            step.conclude(&run);
        }
        if let Some(json) = &mut self.json {
            json.end(&run);
        }
        if let Some(printer) = &mut self.names {
            printer.result(&names::of(&run));
        }
    }

    /// The run ends here without an outcome. False where not even its gates are known, so that stdout holds no result.
    fn abandon(&mut self) -> bool {
        let unfinished = self.files.unfinished();
        if let Some(run) = &unfinished
            && !std::mem::replace(&mut self.told, true)
        {
            for sink in self.each_in_the_log() {
                // It may be the one that failed.
                let _ = catch_unwind(AssertUnwindSafe(|| sink.end(run)));
            }
        }
        self.files.abandon();
        if let Some(step) = &mut self.github {
            step.abandon();
        }
        if let Some((json, run)) = self.json.as_mut().zip(unfinished.as_ref()) {
            json.end(run);
        }
        unfinished.is_some()
    }

    /// Groups and sections stand around what people read.
    fn each_in_the_log(&mut self) -> impl Iterator<Item = &mut dyn View> {
        let github = self.github.iter_mut().map(|sink| sink as &mut dyn View);
        let gitlab = self.gitlab.iter_mut().map(|sink| sink as &mut dyn View);
        let stdout = self.stdout.iter_mut().map(|sink| sink.as_mut() as &mut dyn View);
        github.chain(gitlab).chain(stdout)
    }

    /// Tells every sink; the files come last.
    fn each(&mut self, tell: impl Fn(&mut dyn View)) {
        for sink in self.each_in_the_log() {
            tell(sink);
        }
        tell(&mut self.files);
    }
}

impl View for Sinks {
    fn begin(&mut self, target: &Target, plans: &[Plan]) {
        self.each(|sink| sink.begin(target, plans));
    }

    fn event(&mut self, gate: usize, at: Duration, event: &Event) {
        self.each(|sink| sink.event(gate, at, event));
        self.panic_injection.event();
    }

    fn idle(&mut self, at: Duration) {
        self.each(|sink| sink.idle(at));
    }

    fn end(&mut self, run: &model::Run) {
        self.told = true;
        // The files and the JSON on stdout follow when the run is concluded.
        for sink in self.each_in_the_log() {
            sink.end(run);
        }
        self.ended = Some(run.clone());
    }
}
