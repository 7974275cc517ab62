//! `crashgate demo`: recordings of a real cluster that come with the program, judged as any rehearsal is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;

use super::in_runtime::in_runtime;
use super::output::{Halt, OutputFlags, Sinks};
use super::plan_flags::PlanFlags;
use super::rehearsal::Rehearsal;
use crate::cluster::drive::{Run, session};
use crate::cluster::signals;
use crate::gate::result::Verdict;
use crate::manifest::Key;
use crate::report::files::{Kind, Wanted};
use crate::report::model::Border;
use crate::report::printer::Printer;
use crate::safe;
use crate::sandbox::{Options, Sandbox};
use crate::text::{SafeText, Untrusted};

/// See a verdict in seconds: a recording of a real cluster, no cluster needed
///
/// A recording that comes with crashgate is served as a Kubernetes API on 127.0.0.1 and judged by the same code as `check`. Nothing
/// else is contacted. The verdict is on stdout, and the last line of stderr says where the HTML report is.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// What happens
    #[arg(value_enum, value_name = "STORY", default_value_t = Name::Crash)]
    story: Name,
    #[command(flatten)]
    output: OutputFlags,
}

const EXAMPLES: &str = "Examples:
  crashgate demo
  crashgate demo healthy -o json
  crashgate demo canary --report html=canary.html";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    /// The app exits two seconds after each start
    Crash,
    /// Three pods start, and stay well
    Healthy,
    /// Beside three healthy pods of v1, the only pod of v2 crashes
    Canary,
    /// The image tag does not exist
    Image,
}

/// A recording and the gate over it.
struct Story {
    recording: &'static [u8],
    /// The file that the recording was taken from.
    name: &'static str,
    /// The moment of the recording that it begins with: what comes before takes time and shows nothing.
    begin: Duration,
    app: &'static str,
    version: &'static str,
    /// As in a gate. Short only where nothing crashes later: the demo of a crash must not race with it.
    stable_for: &'static str,
    /// What is seen, in a sentence or two.
    happens: &'static str,
}

impl Name {
    const fn story(self) -> Story {
        match self {
            Self::Crash => Story {
                recording: include_bytes!("demo/crash.ndjson"),
                name: "crash-loop.ndjson",
                begin: Duration::ZERO,
                app: "payments",
                version: "v1",
                stable_for: "10s",
                happens: "Two pods of payments v1 exit two seconds after each start. In between they are Running and Ready.",
            },
            Self::Healthy => Story {
                recording: include_bytes!("demo/healthy.ndjson"),
                name: "healthy.ndjson",
                begin: Duration::from_secs(4),
                app: "checkout",
                version: "v1",
                stable_for: "3s",
                happens: "Three pods of checkout v1 become ready. The gate passes once they have stayed so for 3 s.",
            },
            Self::Canary => Story {
                recording: include_bytes!("demo/canary.ndjson"),
                name: "canary-crash.ndjson",
                begin: Duration::from_secs(12),
                app: "checkout",
                version: "v2",
                stable_for: "10s",
                happens: "Beside three healthy pods of checkout v1, a canary of v2 starts, and crashes.",
            },
            Self::Image => Story {
                recording: include_bytes!("demo/image.ndjson"),
                name: "image-not-found.ndjson",
                begin: Duration::from_secs(3),
                app: "cart",
                version: "v2",
                stable_for: "10s",
                happens: "The Deployment of cart v2 names an image tag that its registry does not have.",
            },
        }
    }
}

/// What to do after a demo.
const NEXT: &str = "\nNext, with your own cluster:
  crashgate check deployment/NAME   # judge what runs now
  crashgate init deployment/NAME    # write a gate file for your pipeline";

pub(super) fn run(args: &Args, printer: &mut Printer) -> u8 {
    let story = args.story.story();
    printer.say(&safe!("Demo, with a recording of a real cluster: {}", SafeText::from(story.happens)));
    let (output, page) = with_page(&args.output, printer);
    let is_ours = page.is_some() && args.output.path_of(Kind::Html).is_none();
    let code = output.judged(printer, &[], |_, sinks| in_runtime(judge(&story, sinks)), true);
    if code == Verdict::Usage.exit_code() {
        // Nothing was played, and nobody is told of a report.
        if let Some(folder) = page.as_deref().filter(|_| is_ours).and_then(Path::parent) {
            let _ = fs::remove_dir_all(folder);
        }
        return code;
    }
    // Whoever ended it has seen enough.
    if code < Verdict::HungUp.exit_code() {
        printer.say(&NEXT.into());
    }
    if let Some(page) = page.filter(|page| page.is_file()) {
        printer.say(&safe!("HTML report: {}", Untrusted::path(&page).one_line()));
    }
    code
}

/// Returns what is asked for, with an HTML report if none is, and where that is written. It goes into a new folder of the user's
/// own below that of temporary files; where that cannot be, a demo is as good without it.
fn with_page(output: &OutputFlags, printer: &mut Printer) -> (OutputFlags, Option<PathBuf>) {
    if let Some(page) = output.path_of(Kind::Html) {
        return (output.clone(), Some(page.to_owned()));
    }
    match folder() {
        Ok(folder) => {
            let page = folder.join("report.html");
            (output.also(Wanted { kind: Kind::Html, path: page.clone() }), Some(page))
        }
        Err(error) => {
            printer.say(&safe!(
                "There will be no HTML report: cannot write into {}: {}; `--report html=demo.html` writes it elsewhere",
                Untrusted::path(&std::env::temp_dir()).line(),
                Untrusted::name(&error.to_string()).line()
            ));
            (output.clone(), None)
        }
    }
}

/// Makes a new folder that nobody else can write into.
fn folder() -> io::Result<PathBuf> {
    let unique = jiff::Timestamp::now().as_nanosecond();
    let folder = std::env::temp_dir().join(format!("crashgate-demo-{}-{unique:x}", std::process::id()));
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(&folder)?;
    Ok(folder)
}

async fn judge(story: &Story, sinks: &mut Border<Sinks>) -> Result<Run, Halt> {
    let system = |error: &dyn std::fmt::Display| Halt::System(format!("error: {error}"));
    let stop = signals::on_signals().map_err(|error| system(&format!("cannot listen to signals: {error}")))?;
    let sandbox = Sandbox::read(story.name, story.recording).map_err(|error| system(&error))?;
    let namespace = sandbox.header().namespace.clone();
    let flags = [
        (Key::App, story.app),
        (Key::Version, story.version),
        (Key::Namespace, &namespace),
        (Key::Delay, "2s"),
        (Key::StableFor, story.stable_for),
        (Key::WaitPeriod, "30s"),
    ];
    let flags = flags.into_iter().fold(PlanFlags::default(), |flags, (key, text)| flags.with(key, text));
    let gates = flags.load()?.gates;
    sinks.view.plan(&gates);
    let options = Options { offset: story.begin, ..Options::default() };
    let served = Rehearsal::serve(sandbox, story.name.to_owned(), options).await;
    let rehearsal = served.map_err(|error| system(&error))?;
    let connection = rehearsal.connect().await.map_err(|error| system(&error))?;
    let plans = gates.into_iter().map(|gate| gate.plan).collect();
    let length = rehearsal.length.saturating_sub(story.begin);
    rehearsal.start();
    let run = session::rehearse(Arc::new(connection), plans, length, sinks, stop).await;
    rehearsal.stop().await;
    Ok(run)
}
