//! `crashgate init`: a gate file for a workload that runs.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;

use super::cluster_flags::ClusterFlags;
use super::complain::complain;
use super::rehearsal::{self, Rehearsal, RehearsalFlags};
use crate::cluster::api::Connection;
use crate::cluster::{LiveWorkload, NoWorkload, live_workload, signals, stopped};
use crate::gate::model::is_dns_name;
use crate::gate::result::Verdict;
use crate::gate::spec::Pin;
use crate::manifest::{Live, Overrides, Starter, Target};
use crate::recording::reader::Reader;
use crate::recording::subject::Subject;
use crate::report::printer::Printer;
use crate::safe;
use crate::text::{Redaction, Untrusted};

const EXAMPLES: &str = "Examples:
  crashgate init deployment/checkout
  crashgate init sts db -n shop -f gate.yaml
  VERSION=v2.3.1 crashgate check -f gate.yaml";

/// How long the reads may take in all.
const PATIENCE: Duration = Duration::from_secs(30);

/// Write a gate file for a workload, with comments
///
/// App, labels and times are taken from the workload as it is now; the version comes from the environment variable VERSION, which the
/// deploy has to set. The kinds are those of `crashgate check KIND/NAME`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The workload, as in `deployment/checkout`; short and plural kinds work as in kubectl. With --rehearse it may be left
    /// out where the recording is about one
    #[arg(value_name = "KIND/NAME")]
    workload: Vec<String>,
    /// Its namespace [default: that of the context or of the recording]
    #[arg(short, long, value_name = "NAMESPACE", value_parser = namespace)]
    namespace: Option<String>,
    /// Write the gate into this file, which must not exist yet [default: stdout]
    #[arg(short = 'f', long, value_name = "FILE", visible_short_alias = 'o')]
    output: Option<PathBuf>,
    /// Overwrite the file
    #[arg(long, requires = "output")]
    force: bool,
    #[command(flatten)]
    rehearsal: RehearsalFlags,
    #[command(flatten)]
    cluster: ClusterFlags,
}

fn namespace(text: &str) -> Result<String, String> {
    let is_one = is_dns_name(text) && !text.contains('.') && text.len() <= 63;
    if is_one { Ok(text.to_owned()) } else { Err("not a valid name for a namespace".to_owned()) }
}

/// A sentence for stderr, and the exit code.
type Halt = (String, Verdict);

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(printer, Redaction::On, &format!("error: cannot start: {error}"));
            return Verdict::Inconclusive.exit_code();
        }
    };
    let ended = runtime.block_on(stoppable(args, printer));
    runtime.shutdown_background();
    ended.unwrap_or_else(|(message, verdict)| {
        complain(printer, Redaction::On, &message);
        verdict.exit_code()
    })
}

async fn stoppable(args: &Args, printer: &mut Printer) -> Result<u8, Halt> {
    let mut stop = signals::on_signals()
        .map_err(|error| (format!("error: cannot listen to signals: {error}"), Verdict::Inconclusive))?;
    tokio::select! {
        verdict = stopped(&mut stop) => Ok(verdict.exit_code()),
        written = write(args, printer) => written.map(|()| Verdict::Healthy.exit_code()),
    }
}

async fn write(args: &Args, printer: &mut Printer) -> Result<(), Halt> {
    let usage = |message: String| (message, Verdict::Usage);
    let live = Live::read(&args.workload, false, false, Overrides::default());
    let live = live.map_err(|problems| usage(problems.to_string()))?;
    let pin = match live.as_ref().map(Live::target) {
        Some(Target::One(pin)) => pin.clone(),
        _ => of_recording(args)?,
    };
    // Known before anything is asked.
    let file = args.output.as_deref().filter(|path| *path != Path::new("-"));
    if let Some(path) = file.filter(|path| !args.force && path.symlink_metadata().is_ok()) {
        return Err(usage(format!(
            "error: {} exists already\n  fix: name another file, or overwrite it with `--force`",
            path.display()
        )));
    }
    let (found, namespace) = find(args, &pin, printer).await?;
    let starter = Starter { pin: &pin, namespace: &namespace, pods: &found.workload, raw: &found.raw };
    let yaml = starter.yaml();
    match file {
        None => printer.result(&Untrusted::name(&yaml).whole()),
        Some(path) => put(path, &yaml, args.force)
            .map_err(|error| (format!("error: cannot write {}: {error}", path.display()), Verdict::Inconclusive))?,
    }
    let shown = Untrusted::path(file.unwrap_or(Path::new("gate.yaml"))).one_line();
    let first = match file {
        Some(_) => safe!("Wrote {}. ", shown),
        None => safe!("Save it as {}. ", shown),
    };
    let rehearse = args.rehearsal.recording().map(|path| safe!(" --rehearse {}", Untrusted::path(path).one_line()));
    match starter.version() {
        Some(version) => printer.say(&safe!(
            "{}Next: VERSION={} crashgate check -f {}{}",
            first,
            Untrusted::name(&version).line(),
            shown,
            rehearse.unwrap_or_default()
        )),
        None => printer.say(&safe!(
            "{}warning: nothing tells the version of its pods, and a gate that names one could not pass: see the comments in it",
            first
        )),
    }
    Ok(())
}

/// The workload that the recording is about, where none is named.
fn of_recording(args: &Args) -> Result<Pin, Halt> {
    let usage = |message: String| (message, Verdict::Usage);
    let Some(path) = args.rehearsal.recording() else {
        return Err(usage(
            "error: no workload is named\n  fix: name one, as in `crashgate init deployment/checkout`; \
             `kubectl get deployments,statefulsets,daemonsets` lists them"
                .to_owned(),
        ));
    };
    let read = Reader::open(path).and_then(|mut reader| Subject::read(&mut reader));
    let subject = read.map_err(|error| usage(format!("error: {error}")))?;
    let choices = subject.choices(None, args.namespace.as_deref());
    let mut pins: Vec<Pin> = choices.into_iter().filter_map(|choice| choice.pin).collect();
    match (pins.pop(), &pins[..]) {
        (Some(pin), []) => Ok(pin),
        (last, _) => {
            let names: Vec<String> = pins.iter().chain(&last).map(ToString::to_string).collect();
            let fix = match &names[..] {
                [] => "it shows none: use another recording".to_owned(),
                names => format!("name one of {}", names.join(", ")),
            };
            Err(usage(format!("error: {} is not about one workload\n  fix: {fix}", rehearsal::file_name(path))))
        }
    }
}

/// Reads the workload, and the namespace that it is in.
async fn find(args: &Args, pin: &Pin, printer: &mut Printer) -> Result<(LiveWorkload, String), Halt> {
    let usage = |error: &dyn std::fmt::Display| (format!("error: {error}"), Verdict::Usage);
    let rehearsal = args.rehearsal.load(Duration::MAX).await.map_err(|error| usage(&error))?;
    let (connection, default) = if let Some(rehearsal) = &rehearsal {
        (rehearsal.connect().await.map_err(|error| usage(&error))?, rehearsal.namespace.clone())
    } else {
        let opened = Connection::open(&args.cluster.options()).await;
        let connection = opened.map_err(|error| rehearsal::unopened(&error, Redaction::On))?;
        let default = connection.namespace().to_owned();
        (connection, default)
    };
    let namespace = args.namespace.clone().unwrap_or(default);
    // That of a flag was looked at; a kubeconfig or a recording may say anything.
    self::namespace(&namespace).map_err(|error| usage(&format!("the namespace is {error}; name one with `-n`")))?;
    printer.say(&crate::report::feed::target(connection.target(), Redaction::On));
    let read = live_workload(&connection, &namespace, pin, Instant::now() + PATIENCE).await;
    if let Some(rehearsal) = rehearsal {
        Rehearsal::stop(rehearsal).await;
    }
    read.map(|found| (found, namespace.clone())).map_err(|none| nothing(none, pin, &namespace))
}

fn nothing(none: NoWorkload, asked: &Pin, namespace: &str) -> Halt {
    match none {
        NoWorkload::Missing { pin, others } => {
            let what = if pin == *asked { String::new() } else { format!(", which {asked} refers to,") };
            let mut others = others;
            others.sort_by_key(|name| strsim::levenshtein(name, &pin.name));
            others.truncate(5);
            let others: Vec<String> = others.iter().map(|name| format!("{}/{name}", pin.kind)).collect();
            let near = match &others[..] {
                [] => format!("there is no {} at all", pin.kind),
                others => format!("there is {}", others.join(", ")),
            };
            (format!("error: {pin}{what} does not exist in namespace {namespace}; {near}"), Verdict::NothingMatched)
        }
        NoWorkload::Failed(failure) => {
            let trouble = failure.trouble();
            let code = trouble.kind.code();
            (format!("error: {code}: {}\n  Next: {}", trouble.message, code.row().next_step), Verdict::Inconclusive)
        }
    }
}

fn put(path: &Path, yaml: &str, force: bool) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    if force {
        options.write(true).create(true).truncate(true);
    } else {
        options.write(true).create_new(true);
    }
    options.open(path)?.write_all(yaml.as_bytes())
}
