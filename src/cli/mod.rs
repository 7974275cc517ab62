//! The command line: clap types, one file a subcommand; wiring, nothing else.

use std::ffi::{OsStr, OsString};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use self::complain::complain;
use crate::gate::result::Verdict;
use crate::report::colour::Colour;
use crate::report::pod_run::NOT_RUN;
use crate::report::printer::Printer;
use crate::safe;
use crate::text::{Redaction, SafeText};

mod check;
mod cluster_flags;
mod complain;
mod completions;
mod demo;
mod duration;
mod explain;
mod grid;
mod help;
mod hints;
mod in_runtime;
mod init;
mod left_out;
mod live_gates;
mod man;
mod notify_flags;
mod output;
mod overwriting;
mod panic_injection;
mod plan_flags;
mod pods;
mod recorded_gate;
mod recorder;
mod rehearsal;
mod replay;
mod run;
mod sandbox;
mod schema;
mod selection_flags;
mod serve;
mod validate;
mod watch;

/// A deployment gate for Kubernetes: says yes only with proof, and no only with a cause.
#[derive(Debug, Parser)]
#[command(name = "crashgate", version, about, propagate_version = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to colour: on a terminal (`auto`), also in the log of a CI system or a file (`always`), or `never`
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = When::Auto, help_heading = "Output",
        hide_possible_values = true)]
    color: When,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

impl From<When> for Colour {
    fn from(when: When) -> Self {
        match when {
            When::Auto => Self::Auto,
            When::Always => Self::Always,
            When::Never => Self::Never,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(Box<demo::Args>),
    Init(Box<init::Args>),
    Check(Box<check::Args>),
    Replay(Box<replay::Args>),
    Run(Box<run::Args>),
    Sandbox(sandbox::Args),
    Serve(Box<serve::Args>),
    Watch(Box<watch::Args>),
    Pods(Box<pods::Args>),
    Validate(Box<validate::Args>),
    Schema(schema::Args),
    Explain(explain::Args),
    Completions(completions::Args),
    Man(man::Args),
}

/// The file that kubectl looks for when it is asked for `kubectl crashgate`; krew names it so.
const PLUGIN: &str = "kubectl-crashgate";

/// Parses the arguments, runs the subcommand and returns the process's exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>, printer: &mut Printer) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some((shell, words)) = completions::asked(&arguments) {
        return completions::answer(&shell, words, command(), printer);
    }
    let cli = match parsed(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            let mut text = error.render().to_string();
            if error.use_stderr() {
                let words: Vec<String> =
                    arguments.iter().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
                let command = command();
                let commands: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
                if let Some(hint) = hints::hint(&words, &commands, &error) {
                    text = format!("{}\n\nhint: {hint}", text.trim_end());
                }
                complain(printer, Redaction::On, &text);
                return Verdict::Usage.exit_code();
            }
            printer.result(&SafeText::rearranged(text));
            return exit_code_of(0, false, printer);
        }
    };
    printer.colour(cli.color.into());
    let is_run = matches!(cli.command, Command::Run(_));
    // No exit code of a panic is in the contract. Those that write reports catch their own, to end them well.
    let ended = catch_unwind(AssertUnwindSafe(|| match cli.command {
        Command::Demo(args) => demo::run(&args, printer),
        Command::Init(args) => init::run(&args, printer),
        Command::Check(args) => check::run(&args, printer),
        Command::Replay(args) => replay::run(&args, printer),
        Command::Run(args) => run::run(&args, printer),
        Command::Sandbox(args) => sandbox::run(args, printer),
        Command::Serve(args) => serve::run(&args, printer),
        Command::Watch(args) => watch::run(&args, printer),
        Command::Pods(args) => pods::run(&args, printer),
        Command::Validate(args) => validate::run(&args, printer),
        Command::Schema(args) => schema::run(&args, printer),
        Command::Explain(args) => explain::run(&args, printer),
        Command::Completions(args) => completions::run(&args, printer),
        Command::Man(args) => man::run(&args, command(), printer),
    }));
    let exit_code = ended.unwrap_or(Verdict::Inconclusive.exit_code());
    exit_code_of(exit_code, is_run, printer)
}

/// The command line as it is understood.
fn command() -> clap::Command {
    help::with_endings(Cli::command()).mut_subcommands(|command| {
        let has = |name: &str| command.get_arguments().any(|argument| argument.get_id() == name);
        if has("rehearse") && has("server") {
            // A recording is the cluster, and nobody else is asked.
            return command.mut_arg("rehearse", |argument| argument.conflicts_with_all(cluster_flags::CHOOSING));
        }
        command
    })
}

/// Returns what the command line says. Usage lines name the program as the user called it, `kubectl crashgate` where kubectl did.
fn parsed(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = command();
    let called = arguments.first().and_then(|program| Path::new(program).file_stem());
    if called == Some(OsStr::new(PLUGIN)) {
        command = command.bin_name("kubectl crashgate");
    }
    let matches = command.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Returns the exit code of a command that would end with this one: 0 stands for a result that was told. `run` has a
/// code of its own where the pod's own would be wrong.
fn exit_code_of(exit_code: u8, is_run: bool, printer: &mut Printer) -> u8 {
    if exit_code != 0 || printer.is_complete() {
        return exit_code;
    }
    let instead = if is_run { NOT_RUN } else { Verdict::Inconclusive.exit_code() };
    printer.say(&safe!("error: exit code {} instead of 0, because part of the result could not be written", instead));
    instead
}
