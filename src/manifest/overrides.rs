//! What the flags say of a gate. They win over every file.

use std::collections::BTreeSet;

use crate::gate::spec::Until;

use super::definitions::Key;
use super::diagnostics::{Message, Problem, Problems, quoted};
use super::draft::Draft;
use super::keys::{Form, Group, KeyDefinition};

/// What the flags say. They win over every file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    draft: Draft,
    problems: Problems,
}

impl Overrides {
    /// Takes the text of a key's flag, as a manifest would write it. Lists and maps are taken once for each of their
    /// values, as `istio-proxy`, `ImagePull=30s`. What is wrong with a text is told by [`load`](super::load), together
    /// with the problems of the files.
    pub fn set(&mut self, key: Key, text: &str) {
        let flag = key.flag().unwrap_or(key.name());
        if let Err(message) = self.draft.take(key.name(), flag, key.definition(), text) {
            let reported = self.problems.report(None, message);
            self.draft.mention(key.name(), Err(reported));
        }
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
        !matches!(key.form, Form::Map(_)) && self.draft.has(path)
    }

    /// The namespace that a flag gives.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.is_taken("namespace").then_some(&*self.draft.plan.namespace)
    }

    /// The version that a flag gives.
    pub(super) fn version(&self) -> Option<&str> {
        self.is_taken("version").then_some(&*self.draft.plan.version)
    }

    /// The key of the version label that a flag gives.
    pub(super) fn version_label(&self) -> Option<&str> {
        self.is_taken("labels.version").then_some(&*self.draft.plan.version_label)
    }

    /// Returns true if a flag asks for a promotion.
    pub(super) fn promoted(&self) -> bool {
        self.is_taken("until") && self.draft.plan.until == Until::Promoted
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
            Form::Scalar(_, set) | Form::List { add: set, .. } => set(self, called, text)?,
            Form::Map(Group { none: Some(none), .. }) if text == "none" => none(self),
            Form::Map(group) => {
                let (name, text) = pair(called, group, text)?;
                let key = group.find(called, name)?;
                self.take(&format!("{path}.{}", key.name), called, key, text)?;
            }
        }
        self.mention(path, Ok(None));
        Ok(())
    }
}

fn pair<'t>(flag: &str, group: &Group, text: &'t str) -> Result<(&'t str, &'t str), Message> {
    text.split_once('=').ok_or_else(|| {
        let example = group.keys.first().map(|key| format!("{}={}", key.name, key.example)).unwrap_or_default();
        Message::new(format!("{} in `{flag}` has no `=`", quoted(text)), format!("write it as in `{example}`"))
    })
}
