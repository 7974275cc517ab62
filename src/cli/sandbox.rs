//! `crashgate sandbox`.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::complain::complain;
use crate::cluster::signals;
use crate::gate::result::Verdict;
use crate::report::printer::Printer;
use crate::sandbox::{Begin, Faults, Options, PodScript, Running, Sample, Sandbox};
use crate::text::{Redaction, Untrusted};

/// Serve a recording as a Kubernetes API on loopback
///
/// The recording plays in its own timing, and its final state stays. kubectl and all other clients work with it as long as
/// they only read. With --pods they can also create and delete pods.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The recording; optional with --pods
    #[arg(required_unless_present = "pods")]
    recording: Option<PathBuf>,
    /// The port on 127.0.0.1 [default: any free one]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Start at this moment of the recording, as in `20s`
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = super::duration::duration)]
    at: Duration,
    /// Inject the faults that this file describes
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Let clients create pods, which behave as this file describes
    #[arg(long, value_name = "FILE")]
    pods: Option<PathBuf>,
}

pub(super) fn run(args: Args, printer: &mut Printer) -> u8 {
    let Args { recording, port, at, faults, pods } = args;
    let pods = pods.as_deref().map(PodScript::load).transpose().map_err(|error| error.to_string());
    let faults = faults.as_deref().map(Faults::load).transpose().map_err(|error| error.to_string());
    let served = faults.and_then(|faults| {
        let faults = faults.unwrap_or_default();
        let options = Options { port, begin: Begin::Now, offset: at, faults, pods: pods?, ..Options::default() };
        serve(recording.as_deref(), options, printer)
    });
    match served {
        Ok(()) => 0,
        Err(message) => {
            complain(printer, Redaction::On, &format!("error: {message}"));
            Verdict::Usage.exit_code()
        }
    }
}

fn serve(recording: Option<&Path>, options: Options, printer: &mut Printer) -> Result<(), String> {
    let sandbox = match recording {
        Some(recording) => Sandbox::load(recording).map_err(|error| error.to_string())?,
        None => Sandbox::empty("default"),
    };
    if sandbox.is_torn() {
        printer.say(&"warning: the recording's last line is incomplete; everything before it is served".into());
    }
    let (sample, length, has_metrics) = (sandbox.sample(), sandbox.length(), sandbox.has_metrics());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async {
        // Asked for before anything is announced, so that no signal finds the process unprepared.
        let mut stop = signals::on_signals().map_err(|error| format!("cannot wait for signals: {error}"))?;
        let running = sandbox.serve(options).await.map_err(|error| error.to_string())?;
        let kubeconfig = Kubeconfig::write(&running.kubeconfig_yaml())
            .map_err(|error| format!("cannot write a kubeconfig into {}: {error}", std::env::temp_dir().display()))?;
        // The names in it are those of the recording.
        printer.result(&Untrusted::name(&usage(&running, &kubeconfig.path, &sample, length, has_metrics)).whole());
        signals::stopped(&mut stop).await;
        running.stop().await;
        Ok(())
    })
}

/// The kinds whose rollout kubectl can follow.
const ROLLED_OUT: [&str; 3] = ["deployment/", "statefulset/", "daemonset/"];

fn usage(running: &Running, kubeconfig: &Path, sample: &Sample, length: Duration, has_metrics: bool) -> String {
    let selector = sample.selector.as_ref().map(|selector| format!(" -l {selector}")).unwrap_or_default();
    let second = match (&sample.workload, &sample.pod) {
        (Some(workload), _) if ROLLED_OUT.iter().any(|kind| workload.starts_with(kind)) => {
            format!("kubectl rollout status {workload}")
        }
        (Some(workload), _) if !workload.starts_with("job/") => format!("kubectl get {workload} -w"),
        (_, Some(pod)) => format!("kubectl describe pod {pod}"),
        _ => "kubectl get events".to_owned(),
    };
    // What a gate's `metrics.source.url` asks for as `${PROM_URL}`.
    let (metrics, export) = if has_metrics {
        let url = running.prometheus_url();
        (format!("metrics     {url}\n"), format!("export PROM_URL={url}\n"))
    } else {
        (String::new(), String::new())
    };
    format!(
        "server      {}\n{metrics}kubeconfig  {}\nlength      {} s, then its final state stays\n\n\
         export KUBECONFIG={}\n{export}kubectl get pods{selector} -w\n{second}\n",
        running.url(),
        kubeconfig.display(),
        length.as_secs(),
        kubeconfig.display(),
    )
}

/// A kubeconfig in a file of its own, which goes with it.
struct Kubeconfig {
    path: PathBuf,
}

impl Kubeconfig {
    fn write(yaml: &str) -> io::Result<Self> {
        let unique = jiff::Timestamp::now().as_nanosecond();
        let path = std::env::temp_dir().join(format!("crashgate-sandbox-{}-{unique:x}.kubeconfig", std::process::id()));
        // Only a new file: whatever waits under that name, a link too, is an error.
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        let kubeconfig = Self { path };
        file.write_all(yaml.as_bytes())?;
        Ok(kubeconfig)
    }
}

impl Drop for Kubeconfig {
    fn drop(&mut self) {
        // Where somebody was quicker, it is gone all the same.
        let _ = fs::remove_file(&self.path);
    }
}
