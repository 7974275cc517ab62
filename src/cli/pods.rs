//! `crashgate pods`.

mod choice;
mod format;
mod watching;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use self::choice::Choice;
pub(super) use self::choice::POD_WORDS;
use self::format::Format;
use self::watching::Watching;
use super::cluster_flags::ClusterFlags;
use super::complain::{complain, redaction};
use super::rehearsal::{self, Rehearsal, RehearsalFlags};
use super::selection_flags::SelectionFlags;
use crate::cluster::api::Connection;
use crate::cluster::api::Failure;
use crate::cluster::{End, Followed, Stop, follow, look, signals, stopped};
use crate::gate::Sight;
use crate::gate::result::Verdict;
use crate::report::pods::{self, AllRunning, Layout};
use crate::report::printer::Printer;
use crate::report::{feed, words};
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// Show the pods as the gate sees them: owner, phase, readiness, restarts, and what is wrong
///
/// With --all-running it answers whether every pod is running and ready. Completed pods (of a Job, or without an owner and
/// not to be restarted) do not count either way; failed, evicted and terminating pods count as not running.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only these pods, or those of a workload, as in `web-0 web-1` or `deployment/web`
    ///
    /// Short and plural kinds work as in kubectl, and so do two words: `deploy web`.
    #[arg(value_name = "NAME|KIND/NAME")]
    names: Vec<String>,
    /// Answer whether every pod is running
    #[arg(long)]
    all_running: bool,
    /// Go on with a row for each change, until it is stopped or the recording is over
    ///
    /// Causes that only events tell are left out: `crashgate watch` tells more of what happens.
    #[arg(short, long, conflicts_with = "all_running")]
    watch: bool,
    /// Stop watching after this time
    #[arg(long = "for", value_name = "DURATION", value_parser = super::duration::duration, requires = "watch")]
    lasting: Option<Duration>,
    /// What to print on stdout
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Format::Human)]
    output: Format,
    /// Show the pods alone: say no more on stderr than errors and warnings
    #[arg(short, long)]
    quiet: bool,
    /// Look at this moment of the rehearsal's recording [default: its end; with --watch its start]
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

/// How long the reads may take in all.
const PATIENCE: Duration = Duration::from_secs(30);

type Halt = (String, Verdict);

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let redaction = redaction(args.no_redact, printer);
    if args.quiet {
        printer.hush();
    }
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
    let chosen = Choice::read(&args.names).map_err(|error| usage(&error))?;
    if args.watch {
        return watched(args, chosen, redaction, printer, stop).await;
    }
    tokio::select! {
        verdict = stopped(&mut stop) => Ok(verdict.exit_code()),
        told = told(args, &chosen, redaction, printer) => told,
    }
}

fn usage(error: &dyn std::fmt::Display) -> Halt {
    (format!("error: {error}"), Verdict::Usage)
}

/// The cluster to look at, from this moment on where it is a recording, and the namespace where none is named.
async fn opened(
    args: &Args,
    offset: Duration,
    redaction: Redaction,
) -> Result<(Option<Rehearsal>, Connection, String), Halt> {
    let rehearsal = args.rehearsal.load(offset).await.map_err(|error| usage(&error))?;
    if let Some(rehearsal) = rehearsal {
        let connection = rehearsal.connect().await.map_err(|error| usage(&error))?;
        let default = rehearsal.namespace.clone();
        return Ok((Some(rehearsal), connection, default));
    }
    let opened = Connection::open(&args.cluster.options()).await;
    let connection = opened.map_err(|error| rehearsal::unopened(&error, redaction))?;
    let default = connection.namespace().to_owned();
    Ok((None, connection, default))
}

async fn told(args: &Args, chosen: &[Choice], redaction: Redaction, printer: &mut Printer) -> Result<u8, Halt> {
    let (rehearsal, connection, default) = opened(args, args.at.unwrap_or(Duration::MAX), redaction).await?;
    printer.mention(&feed::target(connection.target(), redaction));
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
    let (pods, missing) = chosen_of(looked.pods, chosen);
    let place = place(&args.selection.words(&default), chosen);
    let answer = args.all_running.then(|| match AllRunning::of(&pods) {
        // What is not there does not run.
        AllRunning::Yes if !missing.is_empty() => AllRunning::Nothing,
        answer => answer,
    });
    let verdict = match answer {
        Some(AllRunning::No) => Verdict::Failed,
        None | Some(AllRunning::Yes) if missing.is_empty() => Verdict::Healthy,
        None | Some(AllRunning::Yes | AllRunning::Nothing) => Verdict::NothingMatched,
    };
    let layout = Layout { namespaces: collection.namespace.is_empty(), look: printer.stdout(), redaction };
    let json = || pods::json(&pods, answer, verdict.exit_code(), redaction);
    let is_told_below = !missing.is_empty() && answer == Some(AllRunning::Nothing);
    let result = match args.output {
        Format::Json => json(),
        Format::Yaml => json().json_as_yaml(),
        Format::Name if args.all_running => pods::names_of_those_not_running(&pods),
        Format::Name => pods::names(&pods),
        Format::Human if is_told_below => SafeText::EMPTY,
        Format::Human if args.all_running => pods::answer(&pods, &place, layout),
        Format::Human => pods::table(&pods, layout),
    };
    printer.result(&result);
    if args.output == Format::Human && !args.all_running {
        printer.mention(&summary(&pods, &place));
    }
    for (choice, near) in missing {
        complain(printer, redaction, &format!("error: {}", absent(&choice, &near, &args.selection.words(&default))));
    }
    Ok(verdict.exit_code())
}

/// The pods that were chosen, and the choices that no pod fits, each with the pods of similar names.
fn chosen_of(pods: Vec<Sight>, chosen: &[Choice]) -> (Vec<Sight>, Vec<(Choice, Vec<String>)>) {
    let fits = |choice: &Choice| pods.iter().any(|sight| choice.takes(&sight.pod));
    let missing: Vec<(Choice, Vec<String>)> =
        chosen.iter().filter(|choice| !fits(choice)).map(|choice| (choice.clone(), choice.near(&pods))).collect();
    let is_chosen = |sight: &Sight| chosen.is_empty() || chosen.iter().any(|choice| choice.takes(&sight.pod));
    (pods.into_iter().filter(is_chosen).collect(), missing)
}

/// Says that there is no such pod, and which ones come near.
fn absent(choice: &Choice, near: &[String], place: &str) -> String {
    let what = match choice {
        Choice::Pod(name) => format!("no pod `{name}`"),
        Choice::Workload(..) => format!("no pod of {choice}"),
    };
    let near = if near.is_empty() { String::new() } else { format!("; near it: {}", near.join(", ")) };
    format!("there is {what} in {place}{near}")
}

/// Where is looked, in words.
fn place(selection: &str, chosen: &[Choice]) -> String {
    if chosen.is_empty() {
        return selection.to_owned();
    }
    let names: Vec<String> = chosen.iter().map(ToString::to_string).collect();
    format!("{selection} ({})", names.join(", "))
}

/// Follows the pods.
async fn watched(
    args: &Args,
    chosen: Vec<Choice>,
    redaction: Redaction,
    printer: &mut Printer,
    mut stop: Stop,
) -> Result<u8, Halt> {
    let offset = args.at.unwrap_or_default();
    let (rehearsal, connection, default) = tokio::select! {
        opened = opened(args, offset, redaction) => opened?,
        verdict = stopped(&mut stop) => return Ok(verdict.exit_code()),
    };
    printer.mention(&feed::target(connection.target(), redaction));
    let pods = args.selection.pods(&default);
    let layout = Layout { namespaces: pods.namespace.is_empty(), look: printer.stdout(), redaction };
    let followed = Followed {
        pods,
        until_crash: false,
        lasting: args.lasting,
        recording: rehearsal.as_ref().map(|rehearsal| rehearsal.length.saturating_sub(offset)),
    };
    if let Some(rehearsal) = &rehearsal {
        rehearsal.start();
    }
    let mut watching = Watching::new(printer.clone(), args.output, chosen, layout);
    let end = follow(&Arc::new(connection), &followed, &mut watching, stop).await;
    if let Some(rehearsal) = rehearsal {
        rehearsal.stop().await;
    }
    match end {
        End::Blind(code, message) => {
            let next = code.row().next_step;
            let message = format!("error: {code}: {}\n  Next: {next}", redaction.text(&message).line());
            Err((message, Verdict::Inconclusive))
        }
        End::Stopped(verdict) => Ok(verdict.exit_code()),
        End::CrashLoop | End::TimeIsUp | End::RecordingEnded | End::Unheard => Ok(Verdict::Healthy.exit_code()),
    }
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
