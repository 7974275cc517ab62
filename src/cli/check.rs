//! `crashgate check`: the main job.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::output::{OutputFlags, Sinks};
use super::plan_flags::PlanFlags;
use crate::cluster::connect::{ConnectError, ConnectOptions, Connection, REQUEST_TIMEOUT};
use crate::cluster::rehearsed::Rehearsed;
use crate::cluster::{session, signals, unconnected};
use crate::gate::machine::Gate;
use crate::gate::plan::Plan;
use crate::gate::verdict::Verdict;
use crate::recording::line::{Entry, FORMAT, Header};
use crate::recording::writer::Writer;
use crate::report::json;
use crate::report::printer::Printer;
use crate::report::run::{Run, Sink};
use crate::sandbox::{Begin, Faults, Options, Running, Sandbox};

/// Judge a fresh deploy: the main job
///
/// Exits 0 where the version is healthy. See `crashgate explain` for every other ending.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    plan: PlanFlags,
    #[command(flatten)]
    cluster: ClusterFlags,
    /// Write the traffic of the run, without secrets, into this file
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// At most so many MiB of recording
    #[arg(long, value_name = "MIB", default_value_t = 256, requires = "record")]
    record_limit: u64,
    /// Judge a recording, served as a cluster on loopback in its own timing
    #[arg(long, value_name = "RECORDING", conflicts_with_all = ["kubeconfig", "context", "in_cluster"])]
    rehearse: Option<PathBuf>,
    /// Let the rehearsal's cluster fail as this script says
    #[arg(long, value_name = "FILE", requires = "rehearse")]
    faults: Option<PathBuf>,
    #[command(flatten)]
    output: OutputFlags,
}

/// Which cluster to ask.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
struct ClusterFlags {
    /// The kubeconfig [default: $KUBECONFIG, ~/.kube/config, else the pod's service account]
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The kubeconfig's context [default: its current one]
    #[arg(long, value_name = "NAME")]
    context: Option<String>,
    /// Use the pod's service account and nothing else
    #[arg(long, conflicts_with_all = ["kubeconfig", "context"])]
    in_cluster: bool,
    /// Ask as this user, as `kubectl --as` does
    #[arg(long = "as", value_name = "USER")]
    impersonate: Option<String>,
    /// Ask as a member of this group; repeat it for more
    #[arg(long = "as-group", value_name = "GROUP", requires = "impersonate")]
    impersonate_groups: Vec<String>,
    /// How long a request may take
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "10s")]
    request_timeout: Duration,
}

/// What ends a check before it is one.
enum Halt {
    /// The user's mistake: nothing was asked of the cluster.
    Usage(String),
    /// The system's: no runtime, no signals.
    System(String),
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let mut sinks = match args.output.open(printer, true) {
        Ok(sinks) => sinks,
        Err(message) => return args.output.usage(printer, None, &message),
    };
    // A panic is no verdict, and no exit code of a panic is in the contract.
    let judged = catch_unwind(AssertUnwindSafe(|| within_runtime(args, printer, &mut sinks)));
    let judged = judged.unwrap_or_else(|_| Err(Halt::System("error: crashgate itself failed".to_owned())));
    match judged {
        Ok(run) => run.verdict().exit_code(),
        Err(Halt::Usage(message)) => args.output.usage(printer, Some(&mut sinks), &message),
        Err(Halt::System(message)) => {
            printer.say(&message);
            sinks.abandon();
            Verdict::Inconclusive.exit_code()
        }
    }
}

fn within_runtime(args: &Args, printer: &mut Printer, sinks: &mut Sinks) -> Result<Run, Halt> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Halt::System(format!("error: cannot start: {error}")))?;
    let judged = runtime.block_on(judge(args, printer, sinks));
    // A request that hangs must not hold up the end of a run that is decided.
    runtime.shutdown_background();
    judged
}

async fn judge(args: &Args, printer: &mut Printer, sinks: &mut Sinks) -> Result<Run, Halt> {
    let stop =
        signals::on_signals().map_err(|error| Halt::System(format!("error: cannot listen to signals: {error}")))?;
    let sandbox = args.rehearse.as_deref().map(Sandbox::load).transpose();
    let sandbox = sandbox.map_err(|error| Halt::Usage(format!("error: {error}")))?;
    let faults = args.faults.as_deref().map(Faults::load).transpose();
    let faults = faults.map_err(|error| Halt::Usage(format!("error: {error}")))?.unwrap_or_default();
    let recorded_namespace = sandbox.as_ref().map_or_else(String::new, |sandbox| sandbox.header().namespace.clone());
    let gates = args.plan.load_for(&recorded_namespace).map_err(|problems| Halt::Usage(problems.to_string()))?;
    sinks.plan(&gates);
    let plans: Vec<Plan> = gates.into_iter().map(|gate| gate.plan).collect();
    let mut recorder = Recorder::create(args)?;

    let run = match (sandbox, args.rehearse.as_deref()) {
        (Some(sandbox), Some(path)) => {
            let length = sandbox.length();
            let options = Options { begin: Begin::WhenTold, faults, ..Options::default() };
            let running = sandbox.serve(options).await.map_err(|error| Halt::System(format!("error: {error}")))?;
            let connection = rehearsal(&running, path).await.map_err(|error| usage(&error))?;
            let machines = plans.iter().cloned().map(|plan| Rehearsed::new(Gate::new(plan), length)).collect();
            let connection = recorder.listen_on(connection, &plans);
            running.start();
            let run = session::judge_machines(connection, machines, sinks, stop).await;
            running.stop().await;
            run
        }
        _ => match open(&args.cluster.options(), stop.clone()).await {
            Err(Unopened::Stopped(verdict)) => {
                let run = unconnected::ended(plans, verdict);
                sinks.begin(&run.target, &run.gates.iter().map(|gate| gate.plan.clone()).collect::<Vec<_>>());
                sinks.end(&run);
                run
            }
            Ok(connection) => {
                let connection = recorder.listen_on(connection, &plans);
                session::judge(connection, plans, sinks, stop).await
            }
            Err(Unopened::Error(error)) if error.is_usage() => return Err(usage(&error)),
            Err(Unopened::Error(error)) => {
                let run = unconnected::run(plans, &error);
                sinks.begin(&run.target, &run.gates.iter().map(|gate| gate.plan.clone()).collect::<Vec<_>>());
                sinks.end(&run);
                run
            }
        },
    };
    recorder.finish(&run, printer);
    Ok(run)
}

/// Why there is no connection.
enum Unopened {
    /// It cannot be had.
    Error(ConnectError),
    /// A signal came first.
    Stopped(Verdict),
}

async fn open(options: &ConnectOptions, mut stop: signals::Stop) -> Result<Connection, Unopened> {
    tokio::select! {
        opened = Connection::open(options) => opened.map_err(Unopened::Error),
        verdict = signals::stopped(&mut stop) => Err(Unopened::Stopped(verdict)),
    }
}

fn usage(error: &ConnectError) -> Halt {
    Halt::Usage(format!("error: {error}"))
}

async fn rehearsal(running: &Running, path: &Path) -> Result<Connection, ConnectError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Connection::to_url(&running.url(), "").await?.with_rehearsal(&name))
}

impl ClusterFlags {
    fn options(&self) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            in_cluster: self.in_cluster,
            impersonate: self.impersonate.clone(),
            impersonate_groups: self.impersonate_groups.clone(),
            request_timeout: if self.request_timeout.is_zero() { REQUEST_TIMEOUT } else { self.request_timeout },
        }
    }
}

/// The recording of this run, where one was asked for.
struct Recorder {
    writer: Option<Arc<Mutex<Writer>>>,
    began: Instant,
}

impl Recorder {
    fn create(args: &Args) -> Result<Self, Halt> {
        let began = Instant::now();
        let Some(path) = &args.record else { return Ok(Self { writer: None, began }) };
        let limit = args.record_limit.saturating_mul(1024 * 1024);
        let writer = Writer::create(path, limit).map_err(|error| Halt::Usage(format!("error: {error}")))?;
        Ok(Self { writer: Some(Arc::new(Mutex::new(writer))), began })
    }

    /// The connection with this recorder at its tap. The recording begins now.
    fn listen_on(&mut self, connection: Connection, plans: &[Plan]) -> Arc<Connection> {
        let Some(writer) = self.writer.clone() else { return Arc::new(connection) };
        self.began = Instant::now();
        let began = self.began;
        writer.lock().unwrap_or_else(PoisonError::into_inner).begin(&Header {
            format: FORMAT,
            started_at: jiff::Timestamp::now(),
            server_version: connection.target().version.clone(),
            namespace: plans.first().map_or_else(String::new, |plan| plan.namespace.clone()),
            title: plans.iter().map(|plan| format!("{} {}", plan.app, plan.version)).collect::<Vec<_>>().join(", "),
            description: "recorded by crashgate check --record".to_owned(),
        });
        let tap = move |at: Instant, entry: &Entry| {
            writer.lock().unwrap_or_else(PoisonError::into_inner).traffic(at.saturating_duration_since(began), entry);
        };
        Arc::new(connection.with_tap(Arc::new(Mutex::new(tap))))
    }

    fn finish(&self, run: &Run, printer: &mut Printer) {
        let Some(writer) = &self.writer else { return };
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(result) = serde_json::from_str(&json::render(run)) {
            writer.gate(self.began.elapsed(), &result);
        }
        if let Some(failure) = writer.failure() {
            printer.say(&format!("warning: {failure}"));
        }
    }
}
