//! The flags that make or change a gate, shared by the subcommands that judge one.

use std::path::{Path, PathBuf};

use crate::manifest::{self, Diagnostics, Key, Loaded, Overrides, Source};

/// The gate: files, and a flag for each key of a file. Flags win.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Gate")]
pub(super) struct PlanFlags {
    /// A gate or Kubernetes workload manifest; `-` reads stdin. Repeat it for more
    #[arg(short = 'f', long = "file", value_name = "PATH")]
    files: Vec<PathBuf>,
    /// The app's name
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// The version of the app that must become healthy
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// The namespace of the pods
    #[arg(short, long)]
    namespace: Option<String>,
    /// How old the data of a pass may be; also the polling interval where watching is not allowed [default: 10s]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    delay: Option<String>,
    /// How long the app may take to become healthy [default: 60s]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    wait_period: Option<String>,
    /// How long the app must stay healthy before it passes [default: 30s]
    #[arg(long, value_name = "DURATION", allow_hyphen_values = true)]
    stable_for: Option<String>,
    /// Crashes allowed per container [default: 0]
    #[arg(long, value_name = "COUNT", allow_hyphen_values = true)]
    max_restarts: Option<String>,
    /// Pin the gate to one workload, as in `deployment/checkout`
    #[arg(long, value_name = "KIND/NAME")]
    workload: Option<String>,
    /// Find the pods by this label selector [default: app=APP,version=VERSION]
    #[arg(long)]
    selector: Option<String>,
    /// Other label keys for the default selector, as in `app=app.kubernetes.io/name`
    #[arg(long, value_name = "LABEL=KEY", value_delimiter = ',')]
    labels: Vec<String>,
    /// The minimum number of pods
    #[arg(long, value_name = "COUNT", allow_hyphen_values = true)]
    replicas: Option<String>,
    /// How much of the target must be ready, as in `95%` or `3` [default: all]
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    min_ready: Option<String>,
    /// How long a cause may last before it counts, as in `ImagePull=30s`
    #[arg(long, value_name = "CAUSE=DURATION", value_delimiter = ',')]
    grace: Vec<String>,
    /// Containers to ignore
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    ignore_containers: Vec<String>,
    /// Refuse any other cluster than this, as in `server=https://prod.example.com:6443` or `clusterUid=UID`
    #[arg(long, value_name = "MARK=VALUE", value_delimiter = ',')]
    expect: Vec<String>,
    /// Run this pod before a pass, as in `image=shop/smoke:1`, or `none`. Repeat it for more keys
    #[arg(long, value_name = "KEY=VALUE")]
    smoke: Vec<String>,
}

impl PlanFlags {
    /// The files that are named, `-` among them.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path)
    }

    /// The gates of the files with the flags laid over them, or the one gate that the flags make.
    ///
    /// # Errors
    /// Every problem of files and flags, in one answer.
    pub(super) fn load(&self) -> Result<Vec<Loaded>, Diagnostics> {
        self.load_for("")
    }

    /// The same, with the namespace of a recording where nothing but flags make the gate and they name none.
    ///
    /// # Errors
    /// Every problem of files and flags, in one answer.
    pub(super) fn load_for(&self, recorded_namespace: &str) -> Result<Vec<Loaded>, Diagnostics> {
        let sources: Vec<Source> = self.files.iter().cloned().map(Source::named).collect();
        let mut flags = Overrides::default();
        for (key, text) in self.texts() {
            flags.set(key, text);
        }
        if self.files.is_empty() && self.namespace.is_none() && !recorded_namespace.is_empty() {
            flags.set(Key::Namespace, recorded_namespace);
        }
        manifest::load(&sources, &flags, &|name| std::env::var(name).ok())
    }

    /// Every flag that was given, with its text.
    fn texts(&self) -> impl Iterator<Item = (Key, &str)> {
        let single = [
            (Key::App, &self.app),
            (Key::Version, &self.version),
            (Key::Namespace, &self.namespace),
            (Key::Delay, &self.delay),
            (Key::WaitPeriod, &self.wait_period),
            (Key::StableFor, &self.stable_for),
            (Key::MaxRestarts, &self.max_restarts),
            (Key::Workload, &self.workload),
            (Key::Selector, &self.selector),
            (Key::Replicas, &self.replicas),
            (Key::MinReady, &self.min_ready),
        ];
        let several = [
            (Key::Labels, &self.labels),
            (Key::Grace, &self.grace),
            (Key::IgnoreContainers, &self.ignore_containers),
            (Key::Expect, &self.expect),
            (Key::Smoke, &self.smoke),
        ];
        let single = single.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?)));
        single.chain(several.into_iter().flat_map(|(key, texts)| texts.iter().map(move |text| (key, text.as_str()))))
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::PlanFlags;
    use crate::manifest::Key;

    #[test]
    fn every_key_has_its_flag() {
        let command = PlanFlags::augment_args(Command::new("check"));
        command.clone().debug_assert();
        let flags: Vec<String> =
            command.get_arguments().filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect();
        for key in Key::ALL {
            assert!(flags.iter().any(|flag| flag == key.flag()), "{}", key.flag());
        }
    }
}
