//! `crashgate watch`.

mod format;
mod watch_output;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use jiff::Timestamp;

use self::format::Format;
use self::watch_output::WatchOutput;
use super::cluster_flags::ClusterFlags;
use super::complain::{complain, redaction};
use super::recorder::{About, RecordFlags, Recorder};
use super::rehearsal::{self, RehearsalFlags};
use super::selection_flags::SelectionFlags;
use crate::cluster::api::Connection;
use crate::cluster::{End, Followed, Listener, follow};
use crate::cluster::{Stop, signals, stopped};
use crate::feed::event::{Change, Only};
use crate::feed::machine::{Feed, trim};
use crate::gate::result::Verdict;
use crate::recording::pods;
use crate::recording::reader::Reader;
use crate::report::feed;
use crate::report::hook::Hook;
use crate::report::printer::Printer;
use crate::safe;
use crate::text::Redaction;

/// Follow what happens to pods: created and by whom, phases, restarts, crash loops, deleted
///
/// It reconnects and continues by itself, without losing or repeating events. Pods that existed before are not reported,
/// except for their crash loops.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which events to report
    #[arg(long, value_enum, default_value_t = Wanted::All)]
    only: Wanted,
    /// End with exit code 1 at the first crash loop, including one that already exists
    #[arg(long)]
    until_crash: bool,
    /// End after this time
    #[arg(long = "for", value_name = "DURATION", value_parser = super::duration::duration)]
    lasting: Option<Duration>,
    /// What to print on stdout for each event
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Format::Human)]
    output: Format,
    /// Show the events alone: say no more on stderr than errors and warnings
    #[arg(short, long)]
    quiet: bool,
    /// Keep a list of the existing pods in this file, as JSON; the file is complete at every moment
    #[arg(long, value_name = "FILE")]
    inventory: Option<PathBuf>,
    /// Run this command for every event that is reported, with the event as JSON on its stdin
    ///
    /// It is split at white space into a program and its arguments, without a shell. Four run at a time, for 30 s at most
    /// each; their stdout is dropped, their stderr is shown.
    #[arg(long = "exec", value_name = "COMMAND")]
    command: Option<String>,
    /// One more argument of that command, taken as it is; repeat it for more
    #[arg(long = "exec-arg", value_name = "ARG", requires = "command", allow_hyphen_values = true)]
    command_arguments: Vec<String>,
    /// Report what happens in a recording, all at once instead of in its own timing
    #[arg(long, value_name = "RECORDING", conflicts_with_all = ["rehearse", "record", "kubeconfig", "context", "in_cluster"])]
    replay: Option<PathBuf>,
    /// Show secrets in messages as they are; recordings stay masked
    #[arg(long)]
    no_redact: bool,
    #[command(flatten)]
    rehearsal: RehearsalFlags,
    #[command(flatten)]
    record: RecordFlags,
    #[command(flatten)]
    selection: SelectionFlags,
    #[command(flatten)]
    cluster: ClusterFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// Crash loops only
    CrashLoops,
    /// Created, phases, terminating, deleted
    Lifecycle,
    /// Readiness, waiting, ends and restarts of containers too
    All,
}

/// What ends a feed before it is one.
type Halt = (String, Verdict);

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let redaction = redaction(args.no_redact, printer);
    if args.quiet {
        printer.hush();
    }
    within_runtime(args, redaction, printer).unwrap_or_else(|(message, verdict)| {
        complain(printer, redaction, &message);
        verdict.exit_code()
    })
}

fn usage(error: &dyn std::fmt::Display) -> Halt {
    (format!("error: {error}"), Verdict::Usage)
}

fn within_runtime(args: &Args, redaction: Redaction, printer: &mut Printer) -> Result<u8, Halt> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| (format!("error: cannot start: {error}"), Verdict::Inconclusive))?;
    let watched = runtime.block_on(async {
        match &args.replay {
            Some(path) => replayed(args, path, redaction, printer).await,
            None => watched(args, redaction, printer).await,
        }
    });
    runtime.shutdown_background();
    watched
}

async fn watched(args: &Args, redaction: Redaction, printer: &mut Printer) -> Result<u8, Halt> {
    let mut stop = signals::on_signals()
        .map_err(|error| (format!("error: cannot listen to signals: {error}"), Verdict::Inconclusive))?;
    let inputs: Vec<&Path> = args.rehearsal.inputs().collect();
    let mut recorder = Recorder::create(&args.record, &inputs, printer).map_err(|error| usage(&error))?;
    let inputs: Vec<&Path> = args.rehearsal.inputs().chain(args.record.path()).collect();
    let inventory =
        WatchOutput::inventory(args.inventory.as_deref(), &inputs, printer).map_err(|error| usage(&error))?;
    let hook = hook(args, printer)?;
    let rehearsal = args.rehearsal.load(Duration::ZERO).await.map_err(|error| usage(&error))?;
    let (connection, default) = if let Some(rehearsal) = &rehearsal {
        (rehearsal.connect().await.map_err(|error| usage(&error))?, rehearsal.namespace.clone())
    } else {
        let connection = match opened(args, redaction, &mut stop).await {
            Ok(connection) => connection?,
            Err(verdict) => return Ok(verdict.exit_code()),
        };
        let default = connection.namespace().to_owned();
        (connection, default)
    };
    let namespace = args.selection.namespace(&default);
    printer.mention(&feed::target(connection.target(), redaction));
    let mut output = WatchOutput { inventory, hook, ..output(args, redaction, printer, &default, Timestamp::now()) };
    let about = About { namespace: &namespace, title: format!("pods of {}", output.place), command: "watch" };
    let connection: Arc<Connection> = recorder.listen_on(connection.trimming(trim), about);
    let followed = Followed {
        pods: args.selection.pods(&default),
        until_crash: args.until_crash,
        lasting: args.lasting,
        recording: rehearsal.as_ref().map(|rehearsal| rehearsal.length),
    };
    if let Some(rehearsal) = &rehearsal {
        rehearsal.start();
    }
    output.began_at = Timestamp::now();
    let end = follow(&connection, &followed, &mut output, stop).await;
    if let Some(rehearsal) = rehearsal {
        rehearsal.stop().await;
    }
    output.finish().await;
    let exit_code = told(&end, args.until_crash, redaction, printer);
    recorder.finish(|| serde_json::json!({"command": "watch", "exitCode": exit_code}), printer);
    Ok(exit_code)
}

/// The connection, unless a signal comes first.
async fn opened(args: &Args, redaction: Redaction, stop: &mut Stop) -> Result<Result<Connection, Halt>, Verdict> {
    let options = args.cluster.options();
    tokio::select! {
        opened = Connection::open(&options) => Ok(opened.map_err(|error| rehearsal::unopened(&error, redaction))),
        verdict = stopped(stop) => Err(verdict),
    }
}

/// The command that hears of events, where one is named: its words, and the arguments after them.
fn hook(args: &Args, printer: &Printer) -> Result<Option<Hook>, Halt> {
    let Some(command) = &args.command else { return Ok(None) };
    let mut words: Vec<String> = command.split_whitespace().map(str::to_owned).collect();
    if words.is_empty() {
        return Err(usage(&"--exec names no program"));
    }
    words.extend(args.command_arguments.iter().cloned());
    Ok(Hook::new(words, printer.clone()))
}

/// Says why a feed ended, where that is news, and gives the exit code.
fn told(end: &End, until_crash: bool, redaction: Redaction, printer: &mut Printer) -> u8 {
    let verdict = match end {
        End::CrashLoop => Verdict::Failed,
        // Without a reader nothing was shown that could be proof.
        End::Unheard if until_crash => Verdict::Inconclusive,
        End::TimeIsUp | End::RecordingEnded | End::Unheard => Verdict::Healthy,
        End::Stopped(verdict) => *verdict,
        End::Blind(code, message) => {
            printer.say(&safe!("error: {}: {}", code, redaction.text(message).line()));
            printer.say(&safe!("  Next: {}", code.row().next_step));
            Verdict::Inconclusive
        }
    };
    verdict.exit_code()
}

/// Who tells of the pods, in `default` where no namespace is named. It keeps no register and runs no command yet.
fn output(args: &Args, redaction: Redaction, printer: &Printer, default: &str, began_at: Timestamp) -> WatchOutput {
    WatchOutput {
        printer: printer.clone(),
        format: args.output,
        only: args.only.into(),
        until_crash: args.until_crash,
        namespaces: args.selection.namespace(default).is_empty(),
        place: args.selection.words(default),
        began_at,
        redaction,
        inventory: None,
        hook: None,
    }
}

/// Tells a recording in virtual time.
async fn replayed(args: &Args, path: &Path, redaction: Redaction, printer: &mut Printer) -> Result<u8, Halt> {
    let mut reader = Reader::open(path).map_err(|error| usage(&error))?;
    let header = reader.header().clone();
    let namespace = args.selection.namespace(&header.namespace);
    let mut output = WatchOutput {
        inventory: WatchOutput::inventory(args.inventory.as_deref(), &[path], printer)
            .map_err(|error| usage(&error))?,
        hook: hook(args, printer)?,
        ..output(args, redaction, printer, &header.namespace, header.started_at)
    };
    let mut feed = Feed::default();
    let mut end = End::RecordingEnded;
    let mut tell = |at: Duration, fact| {
        if args.lasting.is_some_and(|lasting| at > lasting) {
            end = End::TimeIsUp;
            return false;
        }
        let begins = !feed.has_begun();
        let events = feed.observe(fact);
        if begins && feed.has_begun() {
            output.begun(&feed);
        }
        for event in &events {
            if !output.event(at, event) {
                end = End::Unheard;
                return false;
            }
            if args.until_crash && matches!(event.change, Change::CrashLoop { .. }) {
                end = End::CrashLoop;
                return false;
            }
        }
        true
    };
    pods::play(&mut reader, &namespace, args.selection.selector(), &mut tell).map_err(|error| usage(&error))?;
    if reader.is_torn() {
        printer.say(&"warning: the last line of the recording is incomplete: its recorder was killed".into());
    }
    if feed.has_begun() {
        output.ended(&feed);
    } else {
        output.finish().await;
        printer.say(&safe!("error: the recording has no pods in {}", redaction.text(&output.place).line()));
        let next = rehearsal::other_namespace(&header.namespace, &namespace);
        printer.say(&safe!("  Next: {}", redaction.text(&next).line()));
        return Ok(Verdict::Inconclusive.exit_code());
    }
    output.finish().await;
    Ok(told(&end, args.until_crash, redaction, printer))
}

impl From<Wanted> for Only {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::CrashLoops => Self::CrashLoops,
            Wanted::Lifecycle => Self::Lifecycle,
            Wanted::All => Self::All,
        }
    }
}
