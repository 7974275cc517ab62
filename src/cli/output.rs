//! The flags that say how a result is told, shared by the subcommands that judge.

use std::time::Duration;

use clap::ValueEnum;

use crate::gate::outcome::GateEvent;
use crate::gate::plan::Plan;
use crate::gate::verdict::Verdict;
use crate::report::human::Human;
use crate::report::json::{self, Json};
use crate::report::live::Live;
use crate::report::printer::Printer;
use crate::report::quote;
use crate::report::run::{Run, Sink, Target};

/// How the result is told.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputFlags {
    /// What stdout carries: the verdict for people, or the result as JSON
    #[arg(short, long, value_enum, default_value_t = Format::Human)]
    output: Format,
    /// Show all of the proof: whole logs, every event, no limit of lines
    #[arg(short, long)]
    verbose: bool,
    /// Show secrets in logs and messages as they are; recordings stay masked
    #[arg(long)]
    no_redact: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON object, with the schema that the documentation describes
    Json,
}

impl OutputFlags {
    /// The sinks that were asked for, as one. `live` allows a view that is drawn anew, where stderr can show one.
    pub(super) fn sinks(&self, printer: &mut Printer, live: bool) -> Sinks {
        if self.no_redact {
            quote::reveal_secrets();
            printer.say("warning: --no-redact: what follows may hold secrets; do not let it into a shared log");
        }
        let human = |printer: &Printer| match self.output {
            Format::Human => Human::new(printer.clone()),
            Format::Json => Human::progress_only(printer.clone()),
        };
        let mut sinks: Vec<Box<dyn Sink + Send>> = Vec::new();
        if live && printer.stderr_is_lively() {
            sinks.push(Box::new(Live::new(printer.clone())));
            if self.output == Format::Human {
                sinks.push(Box::new(Human::verdict_only(printer.clone()).whole(self.verbose)));
            }
        } else {
            sinks.push(Box::new(human(printer).whole(self.verbose)));
        }
        if self.output == Format::Json {
            sinks.push(Box::new(Json::new(printer.clone())));
        }
        Sinks(sinks)
    }

    /// Tells of a mistake of the user's, before anything was asked of the cluster, and returns its exit code.
    pub(super) fn usage(&self, printer: &mut Printer, error: &str) -> u8 {
        printer.say(error.trim_end());
        if self.output == Format::Json {
            printer.result(&json::usage(jiff::Timestamp::now(), error));
        }
        Verdict::Usage.exit_code()
    }
}

/// Several sinks that hear the same.
pub(super) struct Sinks(Vec<Box<dyn Sink + Send>>);

impl Sink for Sinks {
    fn begin(&mut self, target: &Target, plans: &[Plan]) {
        self.0.iter_mut().for_each(|sink| sink.begin(target, plans));
    }

    fn event(&mut self, gate: usize, at: Duration, event: &GateEvent) {
        self.0.iter_mut().for_each(|sink| sink.event(gate, at, event));
    }

    fn idle(&mut self, at: Duration) {
        self.0.iter_mut().for_each(|sink| sink.idle(at));
    }

    fn end(&mut self, run: &Run) {
        self.0.iter_mut().for_each(|sink| sink.end(run));
    }
}
