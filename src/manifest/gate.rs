//! A document that is a gate: its keys one by one, every problem gathered.

use std::collections::HashSet;

use super::definitions::Key;
use super::diagnostics::{Message, Problems, Reported, quoted};
use super::draft::Draft;
use super::expand::{Env, expand};
use super::keys::{AddEntry, Form, Group, KeyDefinition, Set};
use super::node::{Node, Value};
use super::overrides::Overrides;

/// Reads a gate. What a flag replaces is not looked at: it may name variables that only the pipeline sets.
pub(super) fn read(root: &Node, flags: &Overrides, env: Env<'_>, problems: &mut Problems) -> Draft {
    let mut reader = Reader { flags, env, draft: flags.draft(), problems };
    match &root.value {
        Value::Map(entries) => reader.entries(entries),
        _ => reader.no_map(root),
    }
    reader.draft
}

struct Reader<'r> {
    flags: &'r Overrides,
    env: Env<'r>,
    draft: Draft,
    problems: &'r mut Problems,
}

/// A key of the document: its definition, what to call it, how to write it, and the node that spells it.
#[derive(Clone, Copy)]
struct Slot<'s> {
    key: &'static KeyDefinition,
    path: &'s str,
    example: &'s str,
    name: &'s Node,
}

impl Reader<'_> {
    fn entries(&mut self, entries: &[(Node, Node)]) {
        let mut seen = HashSet::new();
        for (name, value) in entries {
            // The second of two is a duplicate, which the tree has told.
            if let Some(key) = self.key(name)
                && seen.insert(key)
            {
                self.read(Slot { key: key.definition(), path: key.name(), example: &key.example(), name }, value);
            }
        }
    }

    fn no_map(&mut self, root: &Node) {
        let remedy = match root.text() {
            Some(text) if text.contains(':') => "write a space after the `:`, as in `app: checkout`",
            _ => "write it as `key: value` lines, beginning with `app: checkout`",
        };
        let sentence = format!("this document is {}, and a gate is a map of keys", root.what());
        let reported = self.problems.report(root.place, Message::new(sentence, remedy));
        // That it has no app, and all else, need not be told as well.
        for key in Key::ALL {
            self.draft.mention(key.name(), Err(reported));
        }
    }

    fn key(&mut self, name: &Node) -> Option<Key> {
        let Some(text) = name.text() else {
            let message = Message::new(
                format!("{} cannot be a key", name.what()),
                "write a key of a gate, as in `app: checkout`",
            );
            self.problems.report(name.place, message);
            return None;
        };
        let key = Key::from_name(text);
        if key.is_none() {
            let near = Key::meant(text);
            let remedy = match near {
                Some(near) => format!("did you mean `{}`?", near.name()),
                None => format!("remove it; the keys of a gate are {}", Key::ALL.map(Key::name).join(", ")),
            };
            let sentence = format!("{} is not a known key of a gate", quoted(text));
            let reported = self.problems.report(name.place, Message::new(sentence, remedy));
            if let Some(near) = near {
                // It is misspelled, not missing: one message is enough.
                self.draft.mention(near.name(), Err(reported));
            }
        }
        key
    }

    fn read(&mut self, slot: Slot<'_>, value: &Node) {
        if self.flags.replaces(slot.path, slot.key) {
            return;
        }
        let read = match &slot.key.form {
            Form::List { add, may_be_empty, .. } => self.list(slot, value, *add, *may_be_empty),
            Form::Map(group) => self.map(slot, value, group),
            Form::Maps { group, begin } => self.maps(slot, value, group, *begin),
            Form::Either { group, .. } if matches!(&value.value, Value::Map(entries) if !entries.is_empty()) => {
                self.map(slot, value, group)
            }
            Form::Scalar(_, set) | Form::Either { set, .. } => self.scalar(slot, value, *set),
            Form::Entries { add, .. } => self.any_entries(slot, value, *add),
        };
        self.draft.mention(slot.path, read.map(|()| Some(value.place)));
    }

    fn scalar(&mut self, slot: Slot<'_>, value: &Node, set: Set) -> Result<(), Reported> {
        let text = self.text(slot, value)?;
        set(&mut self.draft, slot.path, &text).map_err(|message| self.problems.report(value.place, message))
    }

    fn list(&mut self, slot: Slot<'_>, value: &Node, add: Set, may_be_empty: bool) -> Result<(), Reported> {
        let items = match &value.value {
            Value::List(items) if may_be_empty || !items.is_empty() => items,
            _ => return Err(self.wrong_shape(slot, value, "a list of strings")),
        };
        // Every item is read, also after a bad one.
        items.iter().map(|item| self.scalar(Slot { name: item, ..slot }, item, add)).fold(Ok(()), Result::and)
    }

    fn map(&mut self, slot: Slot<'_>, value: &Node, group: &Group) -> Result<(), Reported> {
        let entries = match &value.value {
            Value::Map(entries) if !entries.is_empty() => entries,
            _ => return Err(self.wrong_shape(slot, value, "a map")),
        };
        let mut read = Ok(());
        let mut seen = HashSet::new();
        for (name, value) in entries.iter().filter(|(name, _)| seen.insert(name.text())) {
            match group.find(slot.path, name.text().unwrap_or_default()) {
                Err(message) => read = Err(self.problems.report(name.place, message)),
                Ok(key) => {
                    let path = format!("{}.{}", slot.path, key.name);
                    let example = match slot.path.rsplit_once('[') {
                        Some((list, _)) => format!("{list}: [{{{}: {}}}]", key.name, key.example),
                        None => format!("{}: {{{}: {}}}", slot.path, key.name, key.example),
                    };
                    self.read(Slot { key, path: &path, example: &example, name }, value);
                }
            }
        }
        read
    }

    fn maps(&mut self, slot: Slot<'_>, value: &Node, group: &Group, begin: fn(&mut Draft)) -> Result<(), Reported> {
        let items = match &value.value {
            Value::List(items) if !items.is_empty() => items,
            _ => return Err(self.wrong_shape(slot, value, "a list of maps")),
        };
        // Every item is read, also after a bad one.
        for (index, item) in items.iter().enumerate() {
            begin(&mut self.draft);
            let path = format!("{}[{index}]", slot.path);
            let read = self.map(Slot { path: &path, name: item, ..slot }, item, group);
            self.draft.mention(&path, read.map(|()| Some(item.place)));
        }
        Ok(())
    }

    /// A map with any keys. What its values hold may be secret: nothing that is reported repeats them.
    fn any_entries(&mut self, slot: Slot<'_>, value: &Node, add: AddEntry) -> Result<(), Reported> {
        let entries = match &value.value {
            Value::Map(entries) if !entries.is_empty() => entries,
            _ => return Err(self.wrong_shape(slot, value, "a map")),
        };
        let mut read = Ok(());
        let mut seen = HashSet::new();
        for (name, value) in entries.iter().filter(|(name, _)| seen.insert(name.text())) {
            let key = name.text().unwrap_or_default();
            let path = format!("{}.{key}", slot.path);
            let taken = self.text(Slot { path: &path, name, ..slot }, value).and_then(|text| {
                add(&mut self.draft, slot.path, key, &text)
                    .map_err(|message| self.problems.report(value.place, message))
            });
            read = read.and(taken);
        }
        read
    }

    fn wrong_shape(&mut self, slot: Slot<'_>, value: &Node, wanted: &str) -> Reported {
        let Slot { path, example, .. } = slot;
        let is_empty = match &value.value {
            Value::Null(_) => true,
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            Value::Text(_) => false,
        };
        if is_empty {
            let remedy = format!("remove it, or write it as in `{example}`");
            return self.problems.report(slot.name.place, Message::new(format!("`{path}` is empty"), remedy));
        }
        let sentence = format!("`{path}` is {}, and must be {wanted}", value.what());
        self.problems.report(value.place, Message::new(sentence, format!("write it as in `{example}`")))
    }

    /// Returns the text of a value, its variables filled in.
    fn text(&mut self, slot: Slot<'_>, value: &Node) -> Result<String, Reported> {
        let Slot { path, example, .. } = slot;
        let (place, message) = match &value.value {
            Value::Text(text) => match expand(text, self.env) {
                Ok(text) => return Ok(text),
                Err(message) => (value.place, message),
            },
            Value::Null(written) if written.is_empty() => (
                slot.name.place,
                Message::new(
                    format!("`{path}` has no value"),
                    format!("write one, as in `{example}`, or remove the key"),
                ),
            ),
            Value::Null(written) => (
                value.place,
                Message::new(
                    format!("`{path}` is `{written}`, which is YAML for no value at all"),
                    format!("write \"{written}\" in quotes if it is meant as a string"),
                ),
            ),
            Value::List(_) | Value::Map(_) => (
                value.place,
                Message::new(
                    format!("`{path}` is {}, and must be a single value", value.what()),
                    format!("write it as in `{example}`"),
                ),
            ),
        };
        Err(self.problems.report(place, message))
    }
}
