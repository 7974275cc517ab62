//! `crashgate pods`.

use std::time::Duration;

use clap::ValueEnum;
use tokio::time::Instant;

use super::cluster_flags::ClusterFlags;
use super::complain::{complain, redaction};
use super::rehearsal::{self, Rehearsal, RehearsalFlags};
use super::selection_flags::SelectionFlags;
use crate::cluster::api::Connection;
use crate::cluster::api::Failure;
use crate::cluster::look;
use crate::cluster::{signals, stopped};
use crate::gate::Sight;
use crate::gate::result::Verdict;
use crate::report::pods::{self, AllRunning, Layout};
use crate::report::printer::Printer;
use crate::report::{feed, words};
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// Show the pods as the gate sees them: owner, phase, readiness, restarts, and what is wrong
///
/// With --all-running it answers whether every pod is running and ready: exit code 0 for yes, 1 for no with a list of those
/// that are not, 4 if no pod should be running. Completed pods (of a Job, or without an owner and not to be restarted) do
/// not count either way; failed, evicted and terminating pods count as not running.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Answer whether every pod is running
    #[arg(long)]
    all_running: bool,
    /// What to print on stdout: a table for people, or one JSON object
    #[arg(short, long, value_enum, default_value_t = Format::Human)]
    output: Format,
    /// Look at this moment of the rehearsal's recording [default: its end]
    #[arg(long, value_name = "DURATION", value_parser = super::duration::duration, requires = "rehearse")]
    at: Option<Duration>,
    /// Show secrets in messages as they are
    #[arg(long)]
    no_redact: bool,
    #[command(flatten)]
    rehearsal: RehearsalFlags,
    #[command(flatten)]
    selection: SelectionFlags,
    #[command(flatten)]
    cluster: ClusterFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Human,
    /// One JSON object
    Json,
}

/// How long the reads may take in all.
const PATIENCE: Duration = Duration::from_secs(30);

type Halt = (String, Verdict);

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let redaction = redaction(args.no_redact, printer);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(printer, redaction, &format!("error: cannot start: {error}"));
            return Verdict::Inconclusive.exit_code();
        }
    };
    let looked = runtime.block_on(looked(args, redaction, printer));
    runtime.shutdown_background();
    looked.unwrap_or_else(|(message, verdict)| {
        complain(printer, redaction, &message);
        verdict.exit_code()
    })
}

async fn looked(args: &Args, redaction: Redaction, printer: &mut Printer) -> Result<u8, Halt> {
    let mut stop = signals::on_signals()
        .map_err(|error| (format!("error: cannot listen to signals: {error}"), Verdict::Inconclusive))?;
    tokio::select! {
        verdict = stopped(&mut stop) => Ok(verdict.exit_code()),
        told = told(args, redaction, printer) => told,
    }
}

async fn told(args: &Args, redaction: Redaction, printer: &mut Printer) -> Result<u8, Halt> {
    let usage = |error: &dyn std::fmt::Display| (format!("error: {error}"), Verdict::Usage);
    let offset = args.at.unwrap_or(Duration::MAX);
    let rehearsal = args.rehearsal.load(offset).await.map_err(|error| usage(&error))?;
    let (connection, default) = if let Some(rehearsal) = &rehearsal {
        (rehearsal.connect().await.map_err(|error| usage(&error))?, rehearsal.namespace.clone())
    } else {
        let opened = Connection::open(&args.cluster.options()).await;
        let connection = opened.map_err(|error| rehearsal::unopened(&error, redaction))?;
        let default = connection.namespace().to_owned();
        (connection, default)
    };
    printer.say(&feed::target(connection.target(), redaction));
    let collection = args.selection.pods(&default);
    let looked = look(&connection, &collection, Instant::now() + PATIENCE).await;
    if let Some(rehearsal) = rehearsal {
        Rehearsal::stop(rehearsal).await;
    }
    let looked = looked.map_err(|failure| blind(&failure, redaction))?;
    if let Some(why) = looked.without_events {
        let why = redaction.text(&why).line();
        printer.say(&safe!("warning: events could not be read, so some causes may be missing: {}", why));
    }
    let pods = looked.pods;
    let answer = args.all_running.then(|| AllRunning::of(&pods));
    let verdict = match answer {
        None | Some(AllRunning::Yes) => Verdict::Healthy,
        Some(AllRunning::No) => Verdict::Failed,
        Some(AllRunning::Nothing) => Verdict::NothingMatched,
    };
    let layout = Layout { namespaces: collection.namespace.is_empty(), look: printer.stdout(), redaction };
    let place = args.selection.words(&default);
    printer.result(&match args.output {
        Format::Json => pods::json(&pods, answer, verdict.exit_code(), redaction),
        Format::Human if args.all_running => pods::answer(&pods, &place, layout),
        Format::Human => pods::table(&pods, layout),
    });
    if args.output == Format::Human && !args.all_running {
        printer.say(&summary(&pods, &place));
    }
    Ok(verdict.exit_code())
}

fn summary(pods: &[Sight], place: &str) -> SafeText {
    let troubled = pods.iter().filter(|sight| !sight.findings.is_empty()).count();
    safe!("{} in {}, {} with findings", words::count(pods.len(), "pod"), Untrusted::name(place).line(), troubled)
}

fn blind(failure: &Failure, redaction: Redaction) -> Halt {
    let trouble = failure.trouble();
    let code = trouble.kind.code();
    let next = code.row().next_step;
    (format!("error: {code}: {}\n  Next: {next}", redaction.text(&trouble.message).line()), Verdict::Inconclusive)
}
