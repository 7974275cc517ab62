//! `crashgate run`: one pod to its end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::PossibleValuesParser;

use super::cluster_flags::ClusterFlags;
use super::complain::{complain, redaction};
use super::recorder::{About, RecordFlags, Recorder};
use super::rehearsal;
use crate::cluster::api::Connection;
use crate::cluster::run::pod_run;
use crate::cluster::signals;
use crate::gate::spec::{Grace, PodOrder, Security};
use crate::report::json::Syntax;
use crate::report::json::pod_run::{Setting, render};
use crate::report::names;
use crate::report::pod_run::{Form, NOT_RUN, Show, exit_code, last_words};
use crate::report::printer::Printer;
use crate::safe;
use crate::text::{Redaction, Untrusted};

/// Run one pod to completion: its output, its exit code, cleaned up
///
/// The pod is deleted in every case, after Ctrl-C too; a second Ctrl-C exits at once and may leave the pod behind for its node
/// to end.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The image
    #[arg(value_name = "IMAGE")]
    image: String,
    /// The arguments of the container, or its command with --command [default: the image's own]
    #[arg(last = true, value_name = "CMD")]
    words: Vec<String>,
    /// Take what follows `--` as the command, in place of the image's entry point
    #[arg(long)]
    command: bool,
    /// The pod's name [default: a new one for each run]
    #[arg(long, value_name = "NAME", value_parser = pod_name)]
    name: Option<String>,
    /// The pod's namespace [default: the context's]
    #[arg(short, long, value_parser = super::selection_flags::namespace)]
    namespace: Option<String>,
    /// An environment variable of the container; repeat it for more
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    env: Vec<(String, String)>,
    /// The service account whose token the container gets [default: none]
    #[arg(long, value_name = "NAME")]
    service_account: Option<String>,
    /// Limits of the container, which are its requests too, as in `cpu=500m,memory=256Mi`
    #[arg(long, value_name = "RESOURCE=AMOUNT", value_delimiter = ',', value_parser = pair)]
    limits: Vec<(String, String)>,
    /// When the node pulls the image
    #[arg(long, value_name = "POLICY", value_parser = ["Always", "IfNotPresent", "Never"])]
    pull_policy: Option<String>,
    /// What the container may do: `restricted` as the Pod Security Standard says (no root), `root` the same but for root,
    /// `unset` whatever the image and the cluster want
    #[arg(long, value_name = "LEVEL", default_value = "restricted",
        value_parser = PossibleValuesParser::new(Security::ALL.map(Security::name)))]
    security: String,
    /// How long the pod may take from its creation to its end
    #[arg(long, value_name = "DURATION", value_parser = super::duration::duration, default_value = "5m")]
    timeout: Duration,
    /// How long a cause may last before it counts, as in `Unschedulable=30s`
    #[arg(long, value_name = "CAUSE=DURATION", value_delimiter = ',', value_parser = grace)]
    grace: Vec<(Grace, Duration)>,
    /// Do not delete the pod afterwards
    #[arg(long)]
    keep: bool,
    /// What to print on stdout
    #[arg(short, long, value_enum, value_name = "FORM", default_value_t = Wanted::Auto, help_heading = "Output")]
    output: Wanted,
    /// Say nothing of crashgate's own on stderr but errors and warnings
    #[arg(short, long, help_heading = "Output")]
    quiet: bool,
    /// Show secrets in text and JSON as they are; raw output is never masked
    #[arg(long, help_heading = "Output")]
    no_redact: bool,
    #[command(flatten)]
    cluster: ClusterFlags,
    #[command(flatten)]
    record: RecordFlags,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// `text` on a terminal and in every CI job, `raw` for files and programs elsewhere
    Auto,
    /// The container's bytes, unchanged, wherever they lead
    Raw,
    /// The output as text in which nothing acts on a terminal or a CI system, secrets masked
    Text,
    /// One JSON object at the end, with the output in it
    Json,
    /// The same document as YAML
    Yaml,
    /// The pod's name at the end, as in `pod/NAME`, and not its output: for a pod that --keep keeps
    Name,
}

/// A DNS subdomain (RFC 1123), as the API server wants it.
fn pod_name(text: &str) -> Result<String, String> {
    let is_plain = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_part = |part: &str| {
        let dashed = part.bytes().all(|byte| byte == b'-' || is_plain(Some(byte)));
        dashed && is_plain(part.bytes().next()) && is_plain(part.bytes().last())
    };
    if text.len() <= 253 && text.split('.').all(is_part) {
        Ok(text.to_owned())
    } else {
        Err("a pod's name has lower-case letters, digits, `-` and `.`, and a letter or digit at either end".to_owned())
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

fn grace(text: &str) -> Result<(Grace, Duration), String> {
    let names = || Grace::ALL.map(Grace::name).join(", ");
    let (cause, patience) = text.split_once('=').ok_or("write it as CAUSE=DURATION")?;
    let cause = Grace::ALL.into_iter().find(|grace| grace.name() == cause);
    let cause = cause.ok_or_else(|| format!("the causes are {}", names()))?;
    Ok((cause, super::duration::duration(patience)?))
}

impl Args {
    fn order(&self) -> PodOrder {
        let (command, args) =
            if self.command { (self.words.clone(), Vec::new()) } else { (Vec::new(), self.words.clone()) };
        let security = Security::ALL.into_iter().find(|security| security.name() == self.security);
        let mut order = PodOrder {
            name: self.name.clone(),
            command,
            args,
            env: self.env.clone(),
            service_account: self.service_account.clone(),
            limits: self.limits.iter().cloned().collect(),
            pull_policy: self.pull_policy.clone(),
            security: security.unwrap_or_default(),
            timeout: self.timeout,
            ..PodOrder::new(&self.image)
        };
        order.grace.extend(self.grace.iter().copied());
        order
    }

    fn form(&self, printer: &Printer) -> Form {
        match self.output {
            Wanted::Raw => Form::Raw,
            Wanted::Text => Form::Inert,
            Wanted::Json | Wanted::Yaml | Wanted::Name => Form::Json,
            Wanted::Auto => Form::suited(printer.stdout_is_terminal(), &|name| std::env::var(name).ok()),
        }
    }
}

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let redaction = redaction(args.no_redact, printer);
    if args.quiet {
        printer.hush();
    }
    let ran = catch_unwind(AssertUnwindSafe(|| within_runtime(args, redaction, printer)));
    match ran.unwrap_or_else(|_| Err("crashgate itself failed".to_owned())) {
        Ok(code) => code,
        Err(message) => {
            complain(printer, redaction, &format!("error: {message}"));
            NOT_RUN
        }
    }
}

fn within_runtime(args: &Args, redaction: Redaction, printer: &mut Printer) -> Result<u8, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let ran = runtime.block_on(run_pod(args, redaction, printer));
    // A request that hangs must not hold up the end of a run that is over.
    runtime.shutdown_background();
    ran
}

async fn run_pod(args: &Args, redaction: Redaction, printer: &mut Printer) -> Result<u8, String> {
    if args.timeout.is_zero() {
        return Err("--timeout must be longer than nothing".to_owned());
    }
    let mut stop = signals::on_signals().map_err(|error| format!("cannot listen to signals: {error}"))?;
    let started_at = jiff::Timestamp::now();
    let mut recorder = Recorder::create(&args.record, &[], printer)?;
    let mut options = args.cluster.options();
    // Nothing before the pod's creation may take longer than the run.
    options.request_timeout = options.request_timeout.min(args.timeout);
    options.plugin_timeout = options.plugin_timeout.min(args.timeout);
    let connection = tokio::select! {
        opened = Connection::open(&options) => opened.map_err(|error| rehearsal::told(&error, redaction).to_string())?,
        verdict = signals::stopped(&mut stop) => return Ok(verdict.exit_code()),
    };
    let namespace = args.namespace.clone().unwrap_or_else(|| connection.namespace().to_owned());
    let about = About { namespace: &namespace, title: format!("run {}", args.image), command: "run" };
    let connection = recorder.listen_on(connection, about);
    let mut show = Show::new(printer.clone(), args.form(printer), redaction);
    let report = pod_run::run(&connection, &namespace, &args.order(), args.keep, &mut show, stop).await;
    show.finish();
    for line in last_words(&report, redaction) {
        printer.say(&line);
    }
    let setting =
        Setting { started_at, target: connection.target(), namespace: &namespace, image: &args.image, redaction };
    let result = render(setting, &report, show.kept());
    recorder.finish(|| serde_json::from_str(&result).unwrap_or_default(), printer);
    match args.output {
        Wanted::Json => printer.result(&result),
        Wanted::Yaml => printer.result(&Syntax::Yaml.of(result)),
        Wanted::Name => printer.result(&safe!("{}\n", names::pod(&Untrusted::name(&report.pod)))),
        Wanted::Auto | Wanted::Raw | Wanted::Text => {}
    }
    Ok(exit_code(&report))
}
