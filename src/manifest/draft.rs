//! A gate on its way to a plan: what the flags and a document say of it so far.

use std::collections::{BTreeMap, BTreeSet};

use crate::gate::model::{Selector, is_label_value};
use crate::gate::spec::{Plan, PodOrder};

use super::definitions::Key;
use super::diagnostics::{Message, Place, Problem, Problems, Reported, quoted};
use super::expect::Expected;
use super::keys::{Form, Group, KeyDefinition, Need};
use super::smoke::DEFAULT_TIMEOUT;
use super::values::LABEL_VALUE_RULE;

/// A key that was read well, and where its value is, or the proof that what is wrong with it was reported. Flags have no
/// place.
pub(super) type Mention = Result<Option<Place>, Reported>;

/// What was said of one gate.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The plan so far, with the default of all that was not said. What has no default is empty.
    pub plan: Plan,
    /// The key of the label that holds the app.
    pub app_label: String,
    /// The cluster that must be asked.
    pub expect: Expected,
    /// There is to be no smoke run, whatever else is said of it.
    pub without_smoke: bool,
    /// Every key that was said, the keys of maps as `smoke.image`.
    mentions: BTreeMap<String, Mention>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            plan: Plan::new("", "", ""),
            app_label: "app".to_owned(),
            expect: Expected::default(),
            without_smoke: false,
            mentions: BTreeMap::new(),
        }
    }
}

/// Stores a value that could be read.
pub(super) fn put<T>(slot: &mut T, value: Result<T, Message>) -> Result<(), Message> {
    *slot = value?;
    Ok(())
}

impl Draft {
    /// Notes that a key was said. What was refused once stays so.
    pub(super) fn mention(&mut self, path: &str, mention: Mention) {
        if !matches!(self.mentions.get(path), Some(Err(_))) {
            self.mentions.insert(path.to_owned(), mention);
        }
    }

    /// Returns true if the key was said, well or badly.
    pub(super) fn has(&self, path: &str) -> bool {
        self.mentions.contains_key(path)
    }

    /// The smoke run, of which something is said.
    pub(super) fn smoke(&mut self) -> &mut PodOrder {
        self.plan.smoke.get_or_insert_with(|| PodOrder { timeout: DEFAULT_TIMEOUT, ..PodOrder::new("") })
    }

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

    /// Returns the plan. `start` is where the document begins, if there is one.
    ///
    /// # Errors
    /// The proof that something was reported: before, or now every required key that was not said, and names that no
    /// label can carry where labels find the pods.
    pub(super) fn finish(
        mut self,
        start: Option<Place>,
        problems: &mut Problems,
    ) -> Result<(Plan, Expected), Reported> {
        for key in Key::ALL.into_iter().filter(|key| key.definition().need != Need::Optional) {
            if !self.has(key.name()) {
                let reported = problems.report(start, missing(key, start.is_some()));
                self.mention(key.name(), Err(reported));
            }
        }
        // Only the default selector makes labels of the two.
        if !self.has(Key::Selector.name()) && !self.has(Key::Workload.name()) {
            for (key, value) in [(Key::App, self.plan.app.clone()), (Key::Version, self.plan.version.clone())] {
                if let Some(Ok(place)) = self.mentions.get(key.name())
                    && !is_label_value(&value)
                {
                    let reported = problems.report(*place, no_label(key, &value));
                    self.mention(key.name(), Err(reported));
                }
            }
        }
        if self.without_smoke {
            self.plan.smoke = None;
        } else if let Some(Ok(place)) = self.mentions.get(Key::Smoke.name())
            && !self.has("smoke.image")
        {
            let message = Message::new("`smoke` names no image", "add one, as in `smoke: {image: shop/smoke:1}`");
            let reported = problems.report(*place, message);
            self.mention("smoke.image", Err(reported));
        }
        if let Some(reported) = self.mentions.values().find_map(|mention| mention.err()) {
            return Err(reported);
        }
        let mut plan = self.plan;
        if let Some(order) = &mut plan.smoke {
            order.grace.extend(&plan.grace);
        }
        if !self.mentions.contains_key(Key::Selector.name()) {
            plan.selector =
                Selector::equals([(self.app_label.as_str(), &*plan.app), (&plan.version_label, &plan.version)]);
        }
        Ok((plan, self.expect))
    }
}

fn missing(key: Key, is_in_file: bool) -> Message {
    let flag = key.flag().map(|flag| format!("give `{flag} {}`", key.definition().example));
    let remedy = match (is_in_file, flag) {
        (true, Some(flag)) => format!("add `{}`, or {flag}", key.example()),
        (false, Some(flag)) => flag,
        (_, None) => format!("add `{}`", key.example()),
    };
    Message::new(format!("the gate has no `{}`", key.name()), remedy)
}

fn pair<'t>(flag: &str, group: &Group, text: &'t str) -> Result<(&'t str, &'t str), Message> {
    text.split_once('=').ok_or_else(|| {
        let example = group.keys.first().map(|key| format!("{}={}", key.name, key.example)).unwrap_or_default();
        Message::new(format!("{} in `{flag}` has no `=`", quoted(text)), format!("write it as in `{example}`"))
    })
}

fn no_label(key: Key, value: &str) -> Message {
    let other = match key {
        Key::Version => {
            "or pin the gate to a workload, as in `workload: deployment/checkout`, to find its pods by image"
        }
        _ => "or name the pods' labels with `selector`",
    };
    Message::new(
        format!("`{}` is {}, which is not a valid label value", key.name(), quoted(value)),
        format!("write it as the pods' label has it ({LABEL_VALUE_RULE}), {other}"),
    )
}

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

    /// The version that a flag gives.
    pub(super) fn version(&self) -> Option<&str> {
        self.is_taken("version").then_some(&*self.draft.plan.version)
    }

    /// The key of the version label that a flag gives.
    pub(super) fn version_label(&self) -> Option<&str> {
        self.is_taken("labels.version").then_some(&*self.draft.plan.version_label)
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
