//! `crashgate serve`: flags in, a server wired together, its end waited for.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, sleep, timeout_at};

use super::cluster_flags::ClusterFlags;
use super::complain::complain;
use super::duration::duration;
use super::notify_flags::NotifyFlags;
use super::rehearsal::{Rehearsal, RehearsalFlags, told};
use crate::cluster::api::{Connection, Reachable};
use crate::cluster::drive::Hub;
use crate::cluster::signals::{self, Stop};
use crate::gate::result::Verdict;
use crate::manifest::asked;
use crate::report::diagnostic_log::{self, Format};
use crate::report::printer::Printer;
use crate::safe;
use crate::serve::http::{
    AllowedImages, Auth, Extras, Limits, Readiness, Reviews, Runs, Scope, Service, Shutdown, TokenFile, router, serve,
};
use crate::serve::notify::AT_THE_END;
use crate::serve::observer::Observer;
use crate::serve::page::Page;
use crate::serve::plans::{EVERY, Plans};
use crate::serve::registry::{Registry, Settings};
use crate::serve::telemetry::{Metrics, Now};
use crate::serve::{AroundCalls, Gates, Refused, onlookers};
use crate::text::{Redaction, SafeText, Untrusted};

/// How long to wait before credentials are asked for again at the start.
const RETRY: Duration = Duration::from_secs(3);

/// Serve gates over HTTP, for Flagger, Argo Rollouts and scripts
///
/// Callers ask for a gate by the name of its file in the folder of plans. A plan may leave out what the caller says: the
/// workload, the namespace and the version. Changed files are read again.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder with the plans, which are gate files
    #[arg(long, value_name = "DIR")]
    plans: PathBuf,
    /// The address to listen on; one that other machines can reach needs --auth
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    listen: SocketAddr,
    /// Who may call: a file of tokens, `tokenreview` for service accounts with a token for the audience `crashgate`, or `none`
    /// for anybody [default: none, on a loopback address]
    #[arg(long, value_name = "FILE|tokenreview|none")]
    auth: Option<PathBuf>,
    /// Serve only these namespaces, whoever calls [default: all]
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = namespace)]
    namespaces: Vec<String>,
    /// Run pods for callers, but only of the images in this file, one a line [default: none are run]
    #[arg(long, value_name = "FILE")]
    allow_run: Option<PathBuf>,
    /// The longest that a call may wait for a verdict, whatever it asks for
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration)]
    max_wait: Duration,
    /// How many gates may exist at a time
    #[arg(long, value_name = "N", default_value_t = Settings::default().most)]
    max_gates: usize,
    /// How long new connections are still accepted after SIGTERM: a Service goes on sending them for a while
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    drain: Duration,
    /// How long shutting down may take
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = duration)]
    grace: Duration,
    /// The format of the log on stderr
    #[arg(long, value_name = "text|json", default_value = "text", value_parser = log_format)]
    log_format: Format,
    #[command(flatten)]
    notify: NotifyFlags,
    #[command(flatten)]
    cluster: ClusterFlags,
    #[command(flatten)]
    rehearsal: RehearsalFlags,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let local = || Some(SocketAddr::from((Ipv4Addr::LOCALHOST, text.strip_prefix("localhost:")?.parse().ok()?)));
    text.parse().ok().or_else(local).ok_or_else(|| "write an address and a port, as in `0.0.0.0:8080`".to_owned())
}

fn log_format(text: &str) -> Result<Format, String> {
    match text {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err("write `text` or `json`".to_owned()),
    }
}

fn namespace(text: &str) -> Result<String, String> {
    asked::namespace("--namespaces", text)
}

/// Why nothing is served.
struct Halt {
    words: String,
    verdict: Verdict,
}

impl Halt {
    fn usage(words: impl Into<String>) -> Self {
        Self { words: words.into(), verdict: Verdict::Usage }
    }
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let served = match runtime {
        Ok(runtime) => {
            let served = runtime.block_on(within_runtime(args, printer));
            // A request that hangs must not hold up the end.
            runtime.shutdown_background();
            served
        }
        Err(error) => Err(Halt { words: format!("cannot start: {error}"), verdict: Verdict::Inconclusive }),
    };
    match served {
        Ok(()) => Verdict::Healthy.exit_code(),
        Err(Halt { words, verdict }) => {
            complain(printer, Redaction::On, &format!("error: {words}"));
            verdict.exit_code()
        }
    }
}

/// Who may ask, as far as that is known without the cluster.
enum Asking {
    Anybody,
    Tokens(TokenFile),
    Reviewed,
}

fn asking(args: &Args) -> Result<Asking, Halt> {
    match args.auth.as_deref() {
        None if args.listen.ip().to_canonical().is_loopback() => Ok(Asking::Anybody),
        None => Err(Halt::usage(format!(
            "whoever reaches {} could ask; say who may with `--auth FILE` or `--auth tokenreview`, or with `--auth none` that anybody may",
            args.listen
        ))),
        Some(none) if none == Path::new("none") => Ok(Asking::Anybody),
        Some(review) if review == Path::new("tokenreview") => Ok(Asking::Reviewed),
        Some(file) => TokenFile::load(file).map(Asking::Tokens).map_err(Halt::usage),
    }
}

async fn within_runtime(args: &Args, printer: &mut Printer) -> Result<(), Halt> {
    // Asked for before anything is announced, so that no signal finds the process unprepared.
    let mut stop = signals::on_signals().map_err(|error| Halt::usage(format!("cannot listen to signals: {error}")))?;
    diagnostic_log::serve(args.log_format);
    let asking = asking(args)?;
    let receivers = args.notify.read().map_err(Halt::usage)?;
    let metrics = Metrics::new();
    let notifier = receivers.notifier(metrics.clone()).map_err(Halt::usage)?;
    let images = args.allow_run.as_deref().map(AllowedImages::load).transpose().map_err(Halt::usage)?;
    let plans = Plans::open(args.plans.clone(), |name| std::env::var(name).ok())
        .map_err(|error| Halt::usage(format!("cannot read the plans in {}: {error}", args.plans.display())))?;
    let plans = Arc::new(plans);
    for problem in plans.problems() {
        complain(printer, Redaction::On, &format!("warning: {problem}"));
    }
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        Halt::usage(format!("cannot listen on {}: {error}; choose another `--listen`", args.listen))
    })?;
    let rehearsal = args.rehearsal.load(Duration::ZERO).await.map_err(|error| Halt::usage(error.to_string()))?;
    let rehearsal = rehearsal.map(Arc::new);
    let mut stopped_early = stop.clone();
    let opened = tokio::select! {
        opened = open(args, rehearsal.as_deref(), printer) => opened?,
        _ = signals::stopped(&mut stopped_early) => return Ok(()),
    };
    let connection = Arc::new(opened);
    let shutdown = Shutdown::default();
    let runs = images.map(|images| Runs::new(Arc::clone(&connection), images, shutdown.stopping.clone()));
    let under_way = runs.as_ref().map(Runs::tracker);
    let hub = Arc::new(Hub::new(Arc::clone(&connection)));
    // A recording is there, and stands still until somebody calls.
    let reachable = Arc::new(if rehearsal.is_some() { Reachable::at_once() } else { Reachable::default() });
    tokio::spawn(Arc::clone(&reachable).follow(Arc::clone(&connection)));
    let gates = gates(args, &hub, &plans, rehearsal.as_ref(), &reachable, stop.clone())?;
    let (auth, is_local) = match asking {
        Asking::Anybody => (Auth::Open, args.auth.is_none()),
        Asking::Tokens(file) => {
            let file = Arc::new(file);
            tokio::spawn(Arc::clone(&file).follow(EVERY));
            (Auth::Tokens(file), false)
        }
        Asking::Reviewed => (Auth::Reviews(Arc::new(Reviews::new(Arc::clone(&connection)))), false),
    };
    tokio::spawn(Arc::clone(&plans).follow(EVERY));
    let limits = Limits { longest_wait: args.max_wait, ..Limits::default() };
    let namespaces = if args.namespaces.is_empty() { Scope::All } else { Scope::of(args.namespaces.iter().cloned()) };
    let known = Arc::clone(&plans);
    let page = Page::new(Arc::clone(&gates), shutdown.stopping.clone());
    let figures = Arc::clone(&plans);
    let now = move || Now {
        requests: hub.connection().requests(),
        watches: hub.sources(),
        plan_problems: figures.problems().len(),
        ..Now::default()
    };
    let extras = Extras { routes: Some(onlookers::routes(Arc::clone(&gates), page, metrics.clone(), now)) };
    let observer = Observer::new(notifier, metrics.clone());
    let observing = tokio::spawn(observer.follow(Arc::clone(&gates), shutdown.stopping.clone(), AT_THE_END));
    let service = Service::new(gates, auth, limits.clone(), shutdown.clone())
        .within(namespaces)
        .with_runs(runs)
        .local_only(is_local)
        .counting(metrics)
        .ready_where(Box::new(move || readiness(&known, &reachable)));
    let app = router(service, extras);
    announce(&listener, &plans, &connection, printer);
    let ending = {
        let (shutdown, drain, grace) = (shutdown.clone(), args.drain, args.grace);
        async move {
            let verdict = signals::stopped(&mut stop).await;
            // A person at a terminal waits for no Service.
            let drain = if verdict == Verdict::Terminated { drain } else { Duration::ZERO };
            shutdown.run(drain, grace).await;
        }
    };
    let until = shutdown.clone();
    let ending = tokio::spawn(ending);
    serve(listener, app, &limits, &until).await;
    if let Some(tracker) = under_way {
        tracker.close();
        tokio::select! {
            () = tracker.wait() => {}
            () = shutdown.over.cancelled() => {}
        }
    }
    tokio::select! {
        _ = observing => {}
        () = shutdown.over.cancelled() => {}
    }
    ending.abort();
    if let Some(rehearsal) = rehearsal.and_then(Arc::into_inner) {
        // It ends with the process too.
        let _ = timeout_at(Instant::now() + Duration::from_secs(1), rehearsal.stop()).await;
    }
    printer.say(&"stopped".into());
    Ok(())
}

/// The connection to the cluster, which need not be reached yet. Credentials that cannot be had are asked for again and again.
async fn open(args: &Args, rehearsal: Option<&Rehearsal>, printer: &mut Printer) -> Result<Connection, Halt> {
    let options = args.cluster.options();
    let mut was_told = false;
    loop {
        let opened = match rehearsal {
            Some(rehearsal) => rehearsal.connect().await,
            None => Connection::prepare(&options).await,
        };
        match opened {
            Ok(connection) => return Ok(connection),
            Err(error) if error.is_usage() => return Err(Halt::usage(told(&error, Redaction::On).to_string())),
            Err(error) => {
                if !was_told {
                    was_told = true;
                    printer.say(&safe!(
                        "warning: there are no credentials for the cluster yet, and they are asked for again: {}",
                        told(&error, Redaction::On)
                    ));
                }
                sleep(RETRY).await;
            }
        }
    }
}

/// The gates. A recording begins to play when the first one is called.
fn gates(
    args: &Args,
    hub: &Arc<Hub>,
    plans: &Arc<Plans>,
    rehearsal: Option<&Arc<Rehearsal>>,
    reachable: &Arc<Reachable>,
    stop: Stop,
) -> Result<Arc<dyn Gates>, Halt> {
    let settings = Settings {
        most: args.max_gates,
        rehearsed: rehearsal.map(|rehearsal| rehearsal.prometheus_url()),
        ..Settings::default()
    };
    let registry = Registry::new(Arc::clone(hub), Arc::clone(plans), settings, stop)
        .map_err(|error| Halt { words: format!("cannot start: {error}"), verdict: Verdict::Inconclusive })?;
    let (is_reached, rehearsal) = (Arc::clone(reachable), rehearsal.map(Arc::downgrade));
    // Until the API server has answered once, the time that a gate has would pass without anything to judge.
    let admit = move || if is_reached.has_answered() { Ok(()) } else { Err(Refused::Starting) };
    // A recording stands still until somebody asks; after that it goes on.
    let called = move || {
        if let Some(rehearsal) = rehearsal.as_ref().and_then(Weak::upgrade) {
            rehearsal.start();
        }
    };
    Ok(Arc::new(AroundCalls::new(registry, Box::new(admit), Box::new(called))))
}

/// An API server that has never been reached keeps callers away. One that cannot be reached any more is a note: were all
/// replicas not ready because of it, no caller would hear *pending*, and Argo Rollouts aborts after five errors.
fn readiness(plans: &Plans, reachable: &Reachable) -> Readiness {
    let inert = |words: String| Redaction::On.text(&words).one_line();
    let problems = plans.problems().into_iter().map(|problem| inert(problem.to_string()));
    let mut readiness = Readiness { obstacles: Vec::new(), notes: problems.collect() };
    if plans.names().is_empty() {
        readiness.obstacles.push("there is no plan that can be called for".into());
    }
    let failure = reachable.failure().map(inert);
    match failure {
        Some(why) if reachable.has_answered() => {
            readiness.notes.push(safe!("the API server does not answer: {}", why));
        }
        None if reachable.has_answered() => {}
        Some(why) => readiness.obstacles.push(safe!("the API server cannot be reached yet: {}", why)),
        None => readiness.obstacles.push("the API server has not answered yet".into()),
    }
    readiness
}

fn announce(listener: &TcpListener, plans: &Plans, connection: &Connection, printer: &mut Printer) {
    let name = |text: &str| Untrusted::name(text).line();
    let names = plans.names();
    let listed = SafeText::joined(names.iter().map(|plan| name(plan)), ", ");
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let target = connection.target();
    let cluster = match &target.rehearsal {
        Some(recording) => safe!("the recording {}, which begins at the first call", name(recording)),
        None => safe!("{}", name(&target.server)),
    };
    printer.say(&safe!("serving on http://{}", name(&address)));
    printer.say(&safe!("plans: {}", if names.is_empty() { "none".into() } else { listed }));
    printer.say(&safe!("cluster: {}", cluster));
}
