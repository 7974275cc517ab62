//! `crashgate replay`.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::grid::{self, GridFlags};
use super::left_out;
use super::output::{Halt, OutputFlags, Sinks};
use super::plan_flags::PlanFlags;
use super::recorded_gate;
use super::rehearsal;
use crate::cluster::api::Target;
use crate::cluster::drive::{GateRun, Run, Sink};
use crate::gate::result::Code;
use crate::manifest::Manifests;
use crate::recording::reader::{ReadError, Reader};
use crate::recording::replay;
use crate::recording::subject::Subject;
use crate::report::model::Border;
use crate::report::printer::Printer;

/// Judge a recording again, offline and in virtual time
///
/// Without a gate, app, version and namespace are taken from the recording.
///
/// With several recordings, a folder of them, or `--try`, it prints a grid: a verdict for each gate and setting, and what
/// each setting comes to. The gates are then those of `-f`, of `--expected`, those that were recorded, the one that the flags
/// name, or what the recording is about, in this order. A grid exits with 0 where every recording was judged, whatever the
/// verdicts.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The recording; for a grid several, or folders of them
    #[arg(value_name = "RECORDING", required = true)]
    recordings: Vec<PathBuf>,
    #[command(flatten)]
    grid: GridFlags,
    #[command(flatten)]
    plan: PlanFlags,
    #[command(flatten)]
    output: OutputFlags,
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let recording = match args.recordings.as_slice() {
        [recording] if !args.grid.is_wanted(&args.recordings) => recording.as_path(),
        recordings => return grid::run(recordings, &args.plan, &args.grid, &args.output, printer),
    };
    let inputs: Vec<&Path> = args.plan.files().chain([recording]).collect();
    args.output.judged(printer, &inputs, |printer, sinks| judge(recording, args, printer, sinks), false)
}

/// Opens the recording. Where the flags leave open which gate is meant, it is read to its end for that first: into memory, for
/// a pipe can be read but once.
fn open(path: &Path, args: &Args, printer: &mut Printer) -> Result<(Reader<Box<dyn Read>>, PlanFlags), Halt> {
    let words = |error: ReadError| Halt::from(format!("error: {error}"));
    let io = |source| words(ReadError::Io { path: path.to_owned(), source });
    let mut file = File::open(path).map_err(io)?;
    if !recorded_gate::is_open(&args.plan) {
        return Ok((Reader::new(path, Box::new(file) as Box<dyn Read>).map_err(words)?, args.plan.clone()));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(io)?;
    let subject = Reader::new(path, &bytes[..]).and_then(|mut reader| Subject::read(&mut reader)).map_err(words)?;
    let plan = recorded_gate::completed(&args.plan, &subject, path, printer)?;
    Ok((Reader::new(path, Box::new(Cursor::new(bytes)) as Box<dyn Read>).map_err(words)?, plan))
}

fn judge(recording: &Path, args: &Args, printer: &mut Printer, sinks: &mut Border<Sinks>) -> Result<Run, Halt> {
    let words = |error: ReadError| Halt::from(format!("error: {error}"));
    let (mut reader, plan) = open(recording, args, printer)?;
    let header = reader.header().clone();
    let Manifests { gates, left_out } = plan.load_for(&header.namespace)?;
    left_out::tell(&left_out, args.output.is_verbose(), printer);
    sinks.view.plan(&gates);
    let plans: Vec<_> = gates.into_iter().map(|gate| gate.plan).collect();
    let target = Target {
        server: String::new(),
        version: header.server_version.clone(),
        context: String::new(),
        config: String::new(),
        rehearsal: Some(recording.file_name().unwrap_or_default().to_string_lossy().into_owned()),
    };
    sinks.begin(&target, &plans);
    let outcomes = replay::replay(&mut reader, plans.clone(), &mut |gate, at, event| sinks.event(gate, at, event))
        .map_err(words)?;
    if reader.is_torn() {
        printer.say(&"warning: the last line of the recording is incomplete: its recorder was killed".into());
    }
    let mut outcomes = outcomes;
    for (plan, outcome) in plans.iter().zip(&mut outcomes) {
        // The gate knows nothing of recordings: to it, pods that were never listed are an API server that is slow.
        let is_elsewhere = !header.namespace.is_empty() && plan.namespace != header.namespace;
        let is_blind = |code: Code| matches!(code, Code::StaleData | Code::RecordingEnded);
        if let Some(finding) = outcome.findings.first_mut().filter(|lead| is_elsewhere && is_blind(lead.code)) {
            finding.next_step = rehearsal::other_namespace(&header.namespace, &plan.namespace);
        }
    }
    let duration = outcomes.iter().map(|outcome| outcome.decided_after).max().unwrap_or(Duration::ZERO);
    let gates = plans.into_iter().zip(outcomes).map(|(plan, outcome)| GateRun { plan, outcome, requests: 0 });
    let run = Run { started_at: header.started_at, duration, target, gates: gates.collect() };
    sinks.end(&run);
    Ok(run)
}
