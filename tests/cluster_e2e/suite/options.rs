//! The suite's own arguments and variables.

/// What is asked of the suite.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    pub mode: Mode,
    /// Parts of the names of the stories to play; all where there is none.
    pub filters: Vec<String>,
    /// Keep the namespaces.
    pub keep: bool,
    /// How many stories are played at once.
    pub jobs: usize,
}

#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Mode {
    /// Play stories on the cluster.
    Play,
    /// Play them on recordings.
    Sandbox,
    /// Print the plan.
    List,
    /// Print the objects.
    Manifests,
    /// Remove what earlier runs left behind.
    Clean,
    /// Print the arguments.
    Help,
    /// Nothing: these arguments are meant for tests of another kind.
    Nothing,
}

pub const HELP: &str = "\
cargo test --test cluster_e2e -- [--list | --manifests | --sandbox | --clean] [--jobs N] [--keep] [NAME…]

  --list      print what would be played, and what crashgate must say
  --manifests print the objects that would be applied
  --sandbox   play the stories for which there is a recording on `crashgate sandbox`: no cluster is touched
  --clean     remove every namespace that runs of this suite left behind
  --jobs N    play so many stories at once [default: 4]
  --keep      do not remove the namespaces of the stories
  NAME…       play the stories whose names contain one of these

KUBECONFIG             the cluster: stories are played on its current context
CRASHGATE_E2E          1: play without KUBECONFIG too, on kubectl's own default; 0: never play
KUBECTL                the kubectl to use [default: kubectl]
CRASHGATE_E2E_IMAGE    an image with busybox' sh that the nodes have or can pull [default: busybox:1.36];
                       with a tag other than latest: nodes always pull that one for smoke runs
";

/// Flags of the usual test harness that change nothing here, by themselves or with a value.
const WITHOUT_MEANING: [&str; 6] = ["--nocapture", "--no-capture", "--show-output", "--quiet", "-q", "--exact"];
const WITH_A_VALUE: [&str; 4] = ["--color", "--format", "--logfile", "-Z"];

impl Options {
    /// Reads the arguments.
    ///
    /// # Errors
    /// What cannot be understood.
    pub fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { mode: Mode::Play, filters: Vec::new(), keep: false, jobs: 4 };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (argument.clone(), None),
            };
            let mut value = || value.clone().or_else(|| arguments.next());
            match name.as_str() {
                "--list" => options.mode = Mode::List,
                "--sandbox" => options.mode = Mode::Sandbox,
                "--manifests" => options.mode = Mode::Manifests,
                "--clean" => options.mode = Mode::Clean,
                "--help" | "-h" => options.mode = Mode::Help,
                // Nothing here is ignored, and nothing is a benchmark.
                "--ignored" | "--bench" => options.mode = Mode::Nothing,
                "--include-ignored" | "--test" => {}
                "--keep" => options.keep = true,
                "--jobs" | "-j" | "--test-threads" => {
                    let count = value().and_then(|value| value.parse().ok()).filter(|count| *count > 0);
                    options.jobs = count.ok_or_else(|| format!("{name} needs a number from 1 on"))?;
                }
                name if WITHOUT_MEANING.contains(&name) => {}
                name if WITH_A_VALUE.contains(&name) => drop(value()),
                "--skip" => return Err("--skip is not understood; name the stories to play instead".to_owned()),
                name if name.starts_with('-') => return Err(format!("{name} is not understood")),
                _ => options.filters.push(argument),
            }
        }
        Ok(options)
    }
}

/// Where stories are played, by the environment: `None` where nothing asks for it.
pub fn is_asked_for(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    match set("CRASHGATE_E2E").as_deref() {
        Some("0" | "false" | "no") => false,
        Some(_) => true,
        None => set("KUBECONFIG").is_some(),
    }
}
