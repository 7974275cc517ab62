//! The flags that say how a result is told, shared by the subcommands that judge.

use std::time::Duration;

use clap::ValueEnum;

use crate::gate::outcome::GateEvent;
use crate::gate::plan::Plan;
use crate::gate::verdict::Verdict;
use crate::report::human::Human;
use crate::report::json::{self, Json};
use crate::report::printer::Printer;
use crate::report::run::{Run, Sink, Target};

/// How the result is told.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputFlags {
    /// What stdout carries: the verdict for people, or the result as JSON
    #[arg(short, long, value_enum, default_value_t = Format::Human)]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON object, with the schema that the documentation describes
    Json,
}

impl OutputFlags {
    /// The sinks that were asked for, as one.
    pub(super) fn sinks(&self, printer: &Printer) -> Sinks {
        Sinks(match self.output {
            Format::Human => vec![Box::new(Human::new(printer.clone()))],
            Format::Json => {
                vec![Box::new(Human::progress_only(printer.clone())), Box::new(Json::new(printer.clone()))]
            }
        })
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
