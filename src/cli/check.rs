//! `crashgate check`: the main job.

use std::path::{Path, PathBuf};

use super::cluster_flags::ClusterFlags;
use super::in_runtime::in_runtime;
use super::left_out;
use super::live_gates::{self, Surroundings};
use super::output::{Halt, OutputFlags, Sinks};
use super::plan_flags::PlanFlags;
use super::recorded_gate;
use super::recorder::{About, RecordFlags, Recorder};
use super::rehearsal::{self, Rehearsal};
use crate::cluster::api::Expect;
use crate::cluster::api::{ConnectError, ConnectOptions, Connection};
use crate::cluster::drive::{Run, Sink};
use crate::cluster::drive::{metrics_sources, session, unconnected};
use crate::cluster::signals;
use crate::gate::result::Verdict;
use crate::gate::spec::Plan;
use crate::manifest::{Expected, Live, Loaded, Manifests, Target};
use crate::recording::judged;
use crate::recording::subject::Subject;
use crate::report::json;
use crate::report::model::{self, Border};
use crate::report::printer::Printer;
use crate::sandbox::{Faults, Options, PodScript, Sandbox};
use crate::text::Redaction;

/// Judge a fresh deploy: the main job
///
/// The gate passes when every pod of the version is ready and has stayed so; anything else is told with its cause.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Judge this workload by its current pod template, as in `deployment/checkout`
    ///
    /// Short and plural kinds work as in kubectl, and so do two words: `deploy checkout`. The namespace is that of
    /// `--namespace` or of the context; app and version are taken from the live pod template.
    #[arg(value_name = "KIND/NAME")]
    live: Vec<String>,
    /// Judge every workload of the namespace by its current pod template
    #[arg(long, help_heading = "Gate")]
    all: bool,
    #[command(flatten)]
    plan: PlanFlags,
    #[command(flatten)]
    cluster: ClusterFlags,
    #[command(flatten)]
    record: RecordFlags,
    /// Judge a recording, served as a cluster on loopback in its own timing
    ///
    /// Without a gate, app, version and namespace are taken from the recording. A gate that is about another app, version or
    /// namespace is refused.
    #[arg(long, value_name = "RECORDING", conflicts_with_all = ["kubeconfig", "context", "in_cluster"])]
    rehearse: Option<PathBuf>,
    /// Inject the faults that this file describes into the rehearsal
    #[arg(long, value_name = "FILE", requires = "rehearse")]
    faults: Option<PathBuf>,
    /// Let pods (of `smoke:`) behave in the rehearsal as this file describes
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
    args.output.judged(printer, &inputs, |printer, sinks| in_runtime(judge(args, printer, sinks)), true)
}

async fn judge(args: &Args, printer: &mut Printer, sinks: &mut Border<Sinks>) -> Result<Run, Halt> {
    let stop =
        signals::on_signals().map_err(|error| Halt::System(format!("error: cannot listen to signals: {error}")))?;
    let sandbox = args.rehearse.as_deref().map(Sandbox::load_with_subject).transpose();
    let (sandbox, subject) = sandbox.map_err(|error| Halt::from(format!("error: {error}")))?.unzip();
    let faults = args.faults.as_deref().map(Faults::load).transpose();
    let faults = faults.map_err(|error| Halt::from(format!("error: {error}")))?.unwrap_or_default();
    let pods = args.pods.as_deref().map(PodScript::load).transpose();
    let pods = pods.map_err(|error| Halt::from(format!("error: {error}")))?;
    let recorded_namespace = sandbox.as_ref().map_or_else(String::new, |sandbox| sandbox.header().namespace.clone());
    let asked = if let Some(live) = args.plan.live(&args.live, args.all)? {
        Asked::Live(Box::new(live))
    } else {
        let Manifests { gates, left_out } = gates(args, &recorded_namespace, subject.as_ref(), printer)?;
        left_out::tell(&left_out, args.output.is_verbose(), printer);
        sinks.view.plan(&gates);
        Asked::Gates(gates)
    };
    // What a manifest says of its source of metrics is checked before anything is asked.
    if sandbox.is_none()
        && let Asked::Gates(gates) = &asked
    {
        let plans: Vec<Plan> = gates.iter().map(|gate| gate.plan.clone()).collect();
        metrics_sources::clients(&plans, None).map_err(|error| Halt::from(format!("error: {error}")))?;
    }
    let mut recorder = Recorder::create(&args.record, &args.inputs().collect::<Vec<_>>(), printer)
        .map_err(|error| Halt::from(format!("error: {error}")))?;

    let (connection, rehearsal) = match (sandbox, args.rehearse.as_deref()) {
        (Some(sandbox), Some(path)) => {
            let options = Options { faults, pods, ..Options::default() };
            let served = Rehearsal::serve(sandbox, rehearsal::file_name(path), options).await;
            let rehearsal = served.map_err(|error| Halt::System(format!("error: {error}")))?;
            (rehearsal.connect().await.map_err(|error| usage(&error))?, Some(rehearsal))
        }
        _ => match open(&ConnectOptions { expect: asked.expect(), ..args.cluster.options() }, stop.clone()).await {
            Ok(connection) => (connection, None),
            Err(Unopened::Error(error)) if error.is_usage() => return Err(usage(&error)),
            Err(unopened) => {
                let plans = asked.plans(&Connection::namespace_of(&args.cluster.options()));
                let run = match unopened {
                    Unopened::Stopped(verdict) => unconnected::ended(plans, verdict),
                    Unopened::Error(error) => {
                        if error.plugin_words().is_some() {
                            printer.say(&rehearsal::told(&error, sinks.redaction));
                        }
                        unconnected::run(plans, &error)
                    }
                };
                sinks.begin(&run.target, &run.gates.iter().map(|gate| gate.plan.clone()).collect::<Vec<_>>());
                sinks.end(&run);
                finish(&recorder, &run, printer);
                return Ok(run);
            }
        },
    };
    let default = match &rehearsal {
        Some(rehearsal) if !rehearsal.namespace.is_empty() => rehearsal.namespace.clone(),
        _ => connection.namespace().to_owned(),
    };
    let plans = asked.plans(&default);
    let connection = recorder.listen_on(connection, about(&asked, &plans));
    let length = rehearsal.as_ref().map(|rehearsal| rehearsal.length);
    if let Some(rehearsal) = &rehearsal {
        rehearsal.start();
    }
    let run = match (&asked, length) {
        (Asked::Live(live), length) => {
            let around = Surroundings {
                namespace: live.namespace().unwrap_or(&default),
                connection,
                length,
                sink: sinks,
                printer: printer.clone(),
                verbose: args.output.is_verbose(),
                stop,
            };
            live_gates::judge(live, around).await
        }
        (Asked::Gates(_), length) => {
            let rehearsed = rehearsal.as_ref().map(Rehearsal::prometheus_url);
            let clients = metrics_sources::clients(&plans, rehearsed.as_deref())
                .map_err(|error| Halt::from(format!("error: {error}")))?;
            let gates = metrics_sources::with_sources(plans, clients, &connection);
            session::judge_measured(connection, gates, length, sinks, stop).await
        }
    };
    if let Some(rehearsal) = rehearsal {
        rehearsal.stop().await;
    }
    finish(&recorder, &run, printer);
    Ok(run)
}

/// What a newcomer is told who says nothing.
const NOTHING_SAID: &str = "error: nothing says which gate is meant
  fix: name what you deployed, as in `crashgate check deployment/checkout`; or give a file with `-f gate.yaml`, which
       `crashgate init deployment/checkout` writes; or `--app`, `--version` and `--namespace`. `crashgate demo` needs none";

/// Loads the gates of files and flags. Over a recording, what is not said of a gate is taken from it, and a gate that is about
/// something else is refused.
fn gates(
    args: &Args,
    recorded_namespace: &str,
    subject: Option<&Subject>,
    printer: &mut Printer,
) -> Result<Manifests, Halt> {
    let Some((path, subject)) = args.rehearse.as_deref().zip(subject) else {
        return if args.plan.is_empty() { Err(Halt::from(NOTHING_SAID.to_owned())) } else { Ok(args.plan.load()?) };
    };
    let plan = recorded_gate::completed(&args.plan, subject, path, printer)?;
    let manifests = plan.load_for(recorded_namespace)?;
    let plans: Vec<Plan> = manifests.gates.iter().map(|gate| gate.plan.clone()).collect();
    recorded_gate::refuse_others(subject, &plans, path, printer)?;
    Ok(manifests)
}

/// Writes the end of a recording.
fn finish(recorder: &Recorder, run: &Run, printer: &mut Printer) {
    let words = || {
        let result = json::render(&model::Run::of(run, Redaction::On));
        let mut words: serde_json::Value = serde_json::from_str(&result).unwrap_or_default();
        // What other numbers would have made of it can be tried.
        words["plans"] = judged::plans(run.gates.iter().map(|gate| &gate.plan));
        words
    };
    recorder.finish(words, printer);
}

/// What is to be judged.
enum Asked {
    /// Gates that files or flags make.
    Gates(Vec<Loaded>),
    /// What runs in the cluster.
    Live(Box<Live>),
}

impl Asked {
    /// What the cluster must be known by, each expectation once.
    fn expect(&self) -> Vec<Expect> {
        let all: Vec<&Expected> = match self {
            Self::Gates(gates) => gates.iter().map(|gate| &gate.expect).collect(),
            Self::Live(live) => vec![live.expect()],
        };
        let mut each: Vec<Expect> = Vec::new();
        for expect in all {
            let expect = Expect { server: expect.server.clone(), cluster_uid: expect.cluster_uid.clone() };
            if !each.contains(&expect) {
                each.push(expect);
            }
        }
        each
    }

    /// The plans as far as they are known without the cluster. `default` is the namespace where none is named.
    fn plans(&self, default: &str) -> Vec<Plan> {
        match self {
            Self::Gates(gates) => gates.iter().map(|gate| gate.plan.clone()).collect(),
            Self::Live(live) => vec![live.unseen(live.namespace().unwrap_or(default))],
        }
    }
}

/// What a recording of this run is about.
fn about<'p>(asked: &Asked, plans: &'p [Plan]) -> About<'p> {
    let title = match asked {
        Asked::Gates(_) => {
            plans.iter().map(|plan| format!("{} {}", plan.app, plan.version)).collect::<Vec<_>>().join(", ")
        }
        Asked::Live(live) => match live.target() {
            Target::One(pin) => pin.to_string(),
            Target::All => "all workloads".to_owned(),
        },
    };
    About { namespace: plans.first().map_or("", |plan| &plan.namespace), title, command: "check" }
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
