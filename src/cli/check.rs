//! `crashgate check`: the main job.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

use super::cluster_flags::ClusterFlags;
use super::output::{Halt, OutputFlags, Sinks};
use super::plan_flags::PlanFlags;
use super::recorder::{About, RecordFlags, Recorder};
use super::rehearsal;
use crate::cluster::api::Expect;
use crate::cluster::api::{ConnectError, ConnectOptions, Connection};
use crate::cluster::drive::{Run, Sink};
use crate::cluster::drive::{session, unconnected};
use crate::cluster::signals;
use crate::gate::result::Verdict;
use crate::gate::spec::Plan;
use crate::manifest::Loaded;
use crate::report::json;
use crate::report::model::{self, Border};
use crate::report::printer::Printer;
use crate::sandbox::{Begin, Faults, Options, PodScript, Running, Sandbox};
use crate::text::Redaction;

/// Judge a fresh deploy: the main job
///
/// Exits 0 if the version is healthy. See `crashgate explain` for all other exit codes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    plan: PlanFlags,
    #[command(flatten)]
    cluster: ClusterFlags,
    #[command(flatten)]
    record: RecordFlags,
    /// Judge a recording, served as a cluster on loopback in its own timing
    #[arg(long, value_name = "RECORDING", conflicts_with_all = ["kubeconfig", "context", "in_cluster"])]
    rehearse: Option<PathBuf>,
    /// Let the rehearsal's cluster fail as this script says
    #[arg(long, value_name = "FILE", requires = "rehearse")]
    faults: Option<PathBuf>,
    /// Let the rehearsal's cluster run pods (of `smoke:`) as this script says
    #[arg(long, value_name = "FILE", requires = "rehearse")]
    pods: Option<PathBuf>,
    #[command(flatten)]
    output: OutputFlags,
}

impl Args {
    /// The files that are read.
    fn inputs(&self) -> impl Iterator<Item = &Path> {
        let scripts = [&self.rehearse, &self.faults, &self.pods].into_iter().filter_map(|path| path.as_deref());
        self.plan.files().chain(scripts)
    }
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let inputs: Vec<&Path> = args.inputs().chain(args.record.path()).collect();
    args.output.judged(printer, &inputs, |printer, sinks| within_runtime(args, printer, sinks), true)
}

fn within_runtime(args: &Args, printer: &mut Printer, sinks: &mut Border<Sinks>) -> Result<Run, Halt> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Halt::System(format!("error: cannot start: {error}")))?;
    let judged = catch_unwind(AssertUnwindSafe(|| runtime.block_on(judge(args, printer, sinks))));
    // A request that hangs must not hold up the end of a run that is decided, nor of one that failed.
    runtime.shutdown_background();
    judged.unwrap_or_else(|panic| resume_unwind(panic))
}

async fn judge(args: &Args, printer: &mut Printer, sinks: &mut Border<Sinks>) -> Result<Run, Halt> {
    let stop =
        signals::on_signals().map_err(|error| Halt::System(format!("error: cannot listen to signals: {error}")))?;
    let sandbox = args.rehearse.as_deref().map(Sandbox::load).transpose();
    let sandbox = sandbox.map_err(|error| Halt::from(format!("error: {error}")))?;
    let faults = args.faults.as_deref().map(Faults::load).transpose();
    let faults = faults.map_err(|error| Halt::from(format!("error: {error}")))?.unwrap_or_default();
    let pods = args.pods.as_deref().map(PodScript::load).transpose();
    let pods = pods.map_err(|error| Halt::from(format!("error: {error}")))?;
    let recorded_namespace = sandbox.as_ref().map_or_else(String::new, |sandbox| sandbox.header().namespace.clone());
    let gates = args.plan.load_for(&recorded_namespace)?;
    sinks.view.plan(&gates);
    let expect = expected(&gates);
    let plans: Vec<Plan> = gates.into_iter().map(|gate| gate.plan).collect();
    let mut recorder = Recorder::create(&args.record, &args.inputs().collect::<Vec<_>>(), printer)
        .map_err(|error| Halt::from(format!("error: {error}")))?;

    let run = match (sandbox, args.rehearse.as_deref()) {
        (Some(sandbox), Some(path)) => {
            let length = sandbox.length();
            let options = Options { begin: Begin::WhenTold, faults, pods, ..Options::default() };
            let running = sandbox.serve(options).await.map_err(|error| Halt::System(format!("error: {error}")))?;
            let connection = rehearsal(&running, path).await.map_err(|error| usage(&error))?;
            let connection = recorder.listen_on(connection, about(&plans));
            running.start();
            let run = session::rehearse(connection, plans, length, sinks, stop).await;
            running.stop().await;
            run
        }
        _ => match open(&ConnectOptions { expect, ..args.cluster.options() }, stop.clone()).await {
            Err(Unopened::Stopped(verdict)) => {
                let run = unconnected::ended(plans, verdict);
                sinks.begin(&run.target, &run.gates.iter().map(|gate| gate.plan.clone()).collect::<Vec<_>>());
                sinks.end(&run);
                run
            }
            Ok(connection) => {
                let connection = recorder.listen_on(connection, about(&plans));
                session::judge(connection, plans, sinks, stop).await
            }
            Err(Unopened::Error(error)) if error.is_usage() => return Err(usage(&error)),
            Err(Unopened::Error(error)) => {
                if error.plugin_words().is_some() {
                    printer.say(&rehearsal::told(&error, sinks.redaction));
                }
                let run = unconnected::run(plans, &error);
                sinks.begin(&run.target, &run.gates.iter().map(|gate| gate.plan.clone()).collect::<Vec<_>>());
                sinks.end(&run);
                run
            }
        },
    };
    recorder.finish(
        || serde_json::from_str(&json::render(&model::Run::of(&run, Redaction::On))).unwrap_or_default(),
        printer,
    );
    Ok(run)
}

/// What the cluster must be known by, each expectation once.
fn expected(gates: &[Loaded]) -> Vec<Expect> {
    let mut all: Vec<Expect> = Vec::new();
    for Loaded { expect, .. } in gates {
        let expect = Expect { server: expect.server.clone(), cluster_uid: expect.cluster_uid.clone() };
        if !all.contains(&expect) {
            all.push(expect);
        }
    }
    all
}

/// What a recording of this run is about.
fn about(plans: &[Plan]) -> About<'_> {
    About {
        namespace: plans.first().map_or("", |plan| &plan.namespace),
        title: plans.iter().map(|plan| format!("{} {}", plan.app, plan.version)).collect::<Vec<_>>().join(", "),
        command: "check",
    }
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
    Halt::from(format!("error: {error}"))
}

async fn rehearsal(running: &Running, path: &Path) -> Result<Connection, ConnectError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Connection::to_url(&running.url(), "").await?.with_rehearsal(&name))
}
