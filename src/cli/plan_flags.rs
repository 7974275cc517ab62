//! The flags that make or change a gate, shared by the subcommands that judge one.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command, Error, FromArgMatches, value_parser};

use crate::manifest::{self, Diagnostics, FlagValue, Key, Live, Manifests, Overrides, Source};

/// The gate: files, and a flag for each key of a file. Flags win.
#[derive(Debug, Clone, Default)]
pub(super) struct PlanFlags {
    files: Vec<PathBuf>,
    /// Every flag that was given, with its text; a flag of several values once for each.
    texts: Vec<(Key, String)>,
}

impl clap::Args for PlanFlags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("files")
            .short('f')
            .long("file")
            .value_name("PATH")
            .action(ArgAction::Append)
            .value_parser(value_parser!(PathBuf))
            .help("A gate or Kubernetes workload manifest; `-` reads stdin. Repeat it for more");
        let keys = Key::ALL.into_iter().filter_map(argument);
        [file].into_iter().chain(keys).fold(command, |command, argument| command.arg(argument.help_heading("Gate")))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for PlanFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.files = matches.get_many("files").into_iter().flatten().cloned().collect();
        self.texts = Key::ALL
            .into_iter()
            .filter(|key| key.flag().is_some())
            .flat_map(|key| {
                let texts = matches.get_many::<String>(key.name()).into_iter().flatten();
                texts.map(move |text| (key, text.clone()))
            })
            .collect();
        Ok(())
    }
}

/// The flag of a key, for clap.
fn argument(key: Key) -> Option<Arg> {
    let long = key.flag()?.trim_start_matches('-');
    let argument = Arg::new(key.name()).long(long).short(key.short()).value_name(key.value_name()).help(key.help());
    let argument = match key.flag_alias() {
        Some(alias) => argument.visible_alias(alias.trim_start_matches('-')),
        None => argument,
    };
    Some(match key.flag_value() {
        FlagValue::Text => argument,
        FlagValue::Quantity => argument.allow_hyphen_values(true),
        FlagValue::Repeated => argument.action(ArgAction::Append),
        FlagValue::List => argument.action(ArgAction::Append).value_delimiter(','),
    })
}

impl PlanFlags {
    /// The files that are named, `-` among them.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(PathBuf::as_path)
    }

    /// True where neither a file nor a flag says anything of a gate.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.texts.is_empty()
    }

    /// The text that the flag of a key was given last.
    pub(super) fn given(&self, key: Key) -> Option<&str> {
        self.texts.iter().rev().find(|(given, _)| *given == key).map(|(_, text)| text.as_str())
    }

    /// The same flags and one more.
    #[must_use]
    pub(super) fn with(mut self, key: Key, text: &str) -> Self {
        self.texts.push((key, text.to_owned()));
        self
    }

    /// The gates of the files with the flags laid over them, or the one gate that the flags make.
    ///
    /// # Errors
    /// Every problem of files and flags, in one answer.
    pub(super) fn load(&self) -> Result<Manifests, Diagnostics> {
        self.load_for("")
    }

    /// The same, with the namespace of a recording where nothing but flags make the gate and they name none.
    ///
    /// # Errors
    /// Every problem of files and flags, in one answer.
    pub(super) fn load_for(&self, recorded_namespace: &str) -> Result<Manifests, Diagnostics> {
        let sources: Vec<Source> = self.files.iter().cloned().map(Source::named).collect();
        let mut flags = self.overrides();
        let names_none = !self.texts.iter().any(|(key, _)| *key == Key::Namespace);
        if self.files.is_empty() && names_none && !recorded_namespace.is_empty() {
            flags.set(Key::Namespace, recorded_namespace);
        }
        manifest::load(&sources, &flags, &|name| std::env::var(name).ok())
    }

    /// The gates of what runs in the cluster now, where the command line asks for them: `words` are its arguments that are
    /// no flags, `all` stands for `--all`.
    ///
    /// # Errors
    /// Every problem of words and flags, in one answer.
    pub(super) fn live(&self, words: &[String], all: bool) -> Result<Option<Live>, Diagnostics> {
        Live::read(words, all, !self.files.is_empty(), self.overrides())
    }

    /// The files, each read once, so that gates can be made of them again and again.
    ///
    /// # Errors
    /// Every file that cannot be read.
    pub(super) fn sources(&self) -> Result<Vec<Source>, Diagnostics> {
        let texts = self.files.iter().cloned().map(|path| Source::named(path).read());
        manifest::texts(texts)
    }

    /// What the flags lay over every gate.
    pub(super) fn overrides(&self) -> Overrides {
        let mut flags = Overrides::default();
        for (key, text) in &self.texts {
            flags.set(*key, text);
        }
        flags
    }
}
