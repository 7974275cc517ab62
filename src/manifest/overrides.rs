//! What the flags say of a gate. They win over every file.

use std::collections::BTreeSet;

use crate::gate::spec::Until;

use super::definitions::Key;
use super::diagnostics::{Diagnostic, Diagnostics, Message, Problem, Problems, quoted};
use super::draft::Draft;
use super::keys::{FlagTakes, Form, Group, KeyDefinition, Word};

/// What the flags say. They win over every file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    draft: Draft,
    problems: Problems,
    for_each: BTreeSet<Key>,
}

impl Overrides {
    /// Takes the text of a key's flag, as a manifest would write it. Lists and maps are taken once for each of their
    /// values, as `istio-proxy`, `ImagePull=30s`. What is wrong with a text is told by [`load`](super::load), together
    /// with the problems of the files.
    pub fn set(&mut self, key: Key, text: &str) {
        self.set_by(key.name(), key.flag().unwrap_or(key.name()), key.definition(), text);
    }

    /// The same for the key of a path. `called` is what messages call it.
    pub(super) fn set_by(&mut self, path: &str, called: &str, key: &KeyDefinition, text: &str) {
        if let Err(message) = self.draft.take(path, called, key, text) {
            let reported = self.problems.report(None, message);
            self.draft.mention(path, Err(reported));
        }
    }

    /// Returns what is wrong with the flags themselves.
    ///
    /// # Errors
    /// Every problem of theirs.
    pub fn check(&self) -> Result<(), Diagnostics> {
        let problems = self.problems.all().iter();
        Diagnostics::none_or_err(problems.map(|problem| Diagnostic::of_flags(&problem.message)).collect())
    }

    /// Returns true if no flag was given.
    pub(super) fn is_empty(&self) -> bool {
        self.draft.mentions.is_empty()
    }

    /// Returns true if the flag was given, well or badly.
    pub(super) fn has(&self, key: Key) -> bool {
        self.draft.has(key.name())
    }

    /// Returns true if the flag of a map gave this key of it.
    pub(super) fn has_entry(&self, path: &str) -> bool {
        self.draft.has(path)
    }

    /// Returns true if a flag takes the place of whatever a document says under the key.
    pub(super) fn replaces(&self, path: &str, key: &KeyDefinition) -> bool {
        let is_left_out = path == Key::Metrics.name() && self.draft.metrics.left_out;
        is_left_out || (!matches!(key.form, Form::Map(_)) && self.draft.has(path))
    }

    /// Takes the text of a key that otherwise is of one gate for as many as there are.
    pub fn set_for_each(&mut self, key: Key, text: &str) {
        self.set(key, text);
        self.for_each.insert(key);
    }

    /// Returns true if the flag was given and makes no sense for two gates at once.
    pub(super) fn is_of_one_gate(&self, key: Key) -> bool {
        key.definition().is_of_one_gate && self.has(key) && !self.for_each.contains(&key)
    }

    /// The app that a flag gives.
    #[must_use]
    pub fn app(&self) -> Option<&str> {
        self.is_taken("app").then_some(&*self.draft.plan.app)
    }

    /// Returns true if flags say all of which pods are meant: app and version, or in their own way.
    #[must_use]
    pub fn names_pods(&self) -> bool {
        let is_whole = self.has(Key::App) && self.has(Key::Version);
        is_whole || self.has(Key::Selector) || self.has(Key::Workload)
    }

    /// Returns true if a flag says that metrics are left out.
    #[must_use]
    pub fn leaves_out_metrics(&self) -> bool {
        self.draft.metrics.left_out
    }

    /// The namespace that a flag gives.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.is_taken("namespace").then_some(&*self.draft.plan.namespace)
    }

    /// The version that a flag gives.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.is_taken("version").then_some(&*self.draft.plan.version)
    }

    /// The key of the app label that a flag gives.
    pub(super) fn app_label(&self) -> Option<&str> {
        self.is_taken("labels.app").then_some(&*self.draft.app_label)
    }

    /// The key of the version label that a flag gives.
    pub(super) fn version_label(&self) -> Option<&str> {
        self.is_taken("labels.version").then_some(&*self.draft.plan.version_label)
    }

    /// Returns true if a flag asks for a promotion.
    pub(super) fn promoted(&self) -> bool {
        self.is_taken("until") && self.draft.plan.until == Until::Promoted
    }

    /// What is said by flags of metrics that no gate has. Asked for on the command line, it must hold for something.
    pub(super) fn metrics_without_file(&self) -> Vec<Message> {
        let metrics = &self.draft.metrics;
        if metrics.left_out {
            return Vec::new();
        }
        let keys = [Key::Stable, Key::WatchFor, Key::Metrics].into_iter().filter(|key| self.has(*key));
        keys.map(|key| {
            let flag = key.flag().unwrap_or(key.name());
            Message::new(
                format!("`{flag}` is given, and no gate has metrics"),
                format!("leave out `{flag}`, or add `metrics` to the gate's file"),
            )
        })
        .collect()
    }

    fn is_taken(&self, path: &str) -> bool {
        matches!(self.draft.mentions.get(path), Some(Ok(_)))
    }

    /// The containers that flags ignore.
    pub(super) fn ignored_containers(&self) -> &BTreeSet<String> {
        &self.draft.plan.ignore_containers
    }

    /// Returns a gate of which nothing is said but by the flags. What a document says comes on top, where no flag says
    /// the same.
    pub(super) fn draft(&self) -> Draft {
        self.draft.clone()
    }

    /// What is wrong with the flags.
    pub(super) fn problems(&self) -> &[Problem] {
        self.problems.all()
    }
}

impl Draft {
    /// Takes the text of a key, as its flag gives it. `called` is what to call the key.
    pub(super) fn take(&mut self, path: &str, called: &str, key: &KeyDefinition, text: &str) -> Result<(), Message> {
        match &key.form {
            Form::Map(group) => match &group.flag {
                FlagTakes::Entries => self.take_entry(path, called, group, text)?,
                FlagTakes::EntriesOr(words) => match word(words, text) {
                    Some(apply) => apply(self),
                    None => self.take_entry(path, called, group, text)?,
                },
                FlagTakes::Words(words) => match word(words, text) {
                    Some(apply) => apply(self),
                    None => return Err(no_word(path, called, words, text)),
                },
            },
            Form::Either { group, .. } if text.contains('=') => self.take_entry(path, called, group, text)?,
            Form::Scalar(_, set) | Form::List { add: set, .. } | Form::Either { set, .. } => set(self, called, text)?,
            Form::Maps { .. } | Form::Entries { .. } => return Err(no_word(path, called, &[], text)),
        }
        self.mention(path, Ok(None));
        Ok(())
    }
}

impl Draft {
    fn take_entry(&mut self, path: &str, called: &str, group: &Group, text: &str) -> Result<(), Message> {
        let (name, text) = pair(called, group, text)?;
        let key = group.find(called, name)?;
        self.take(&format!("{path}.{}", key.name), called, key, text)
    }
}

fn word(words: &[Word], text: &str) -> Option<fn(&mut Draft)> {
    words.iter().find(|(word, _)| *word == text.trim()).map(|(_, apply)| *apply)
}

/// A flag whose map is too deep for it.
fn no_word(path: &str, called: &str, words: &[Word], text: &str) -> Message {
    let words: Vec<String> = words.iter().map(|(word, _)| format!("`{called} {word}`")).collect();
    Message::new(
        format!("`{called}` is {}, and `{path}` is more than a flag can say", quoted(text)),
        format!("write `{path}` into a gate file; the flag is {}", words.join(" or ")),
    )
}

fn pair<'t>(flag: &str, group: &Group, text: &'t str) -> Result<(&'t str, &'t str), Message> {
    text.split_once('=').ok_or_else(|| {
        let example = group.keys.first().map(|key| format!("{}={}", key.name, key.example)).unwrap_or_default();
        Message::new(format!("{} in `{flag}` has no `=`", quoted(text)), format!("write it as in `{example}`"))
    })
}
