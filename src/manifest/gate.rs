//! A document that is a gate: its keys one by one, every problem gathered.

use std::collections::HashSet;

use super::diagnostics::{Fault, Problem, quoted};
use super::draft::{Draft, Label, Overrides};
use super::expand::{Env, expand};
use super::expect::Mark;
use super::keys::{Key, meant};
use super::node::{Node, Value};
use super::smoke::SmokeKey;
use super::values;

/// Reads a gate. What a flag replaces is not looked at: it may name variables that only the pipeline sets.
pub(super) fn read(root: &Node, flags: &Overrides, env: Env<'_>, problems: &mut Vec<Problem>) -> Draft {
    let mut reader = Reader { env, draft: Draft::default(), problems };
    match &root.value {
        Value::Map(entries) => reader.entries(entries, flags),
        _ => reader.no_map(root),
    }
    reader.draft
}

struct Reader<'r> {
    env: Env<'r>,
    draft: Draft,
    problems: &'r mut Vec<Problem>,
}

impl Reader<'_> {
    fn entries(&mut self, entries: &[(Node, Node)], flags: &Overrides) {
        let mut seen = HashSet::new();
        for (name, value) in entries {
            let Some(key) = self.key(name) else { continue };
            // The second of two is a duplicate, which the tree has told.
            if !seen.insert(key) {
                continue;
            }
            self.draft.give(key, Some(value.place));
            if flags.replaces(key) {
                continue;
            }
            match key {
                Key::Labels => self.labels(name, value),
                Key::Grace => self.graces(name, value),
                Key::IgnoreContainers => self.containers(name, value),
                Key::Expect => self.expectations(name, value),
                Key::Smoke => self.smoke(name, value),
                _ => self.scalar(key, name, value),
            }
        }
    }

    fn no_map(&mut self, root: &Node) {
        // That it has no app, and all else, need not be told as well.
        for key in Key::ALL {
            self.draft.give(key, None);
        }
        let remedy = match root.text() {
            Some(text) if text.contains(':') => "write a space after the `:`, as in `app: checkout`",
            _ => "write it as `key: value` lines, beginning with `app: checkout`",
        };
        let sentence = format!("this document is {}, and a gate is a map of keys", root.what());
        self.problems.push(Problem::at(root.place, Fault::new(sentence, remedy)));
    }

    fn key(&mut self, name: &Node) -> Option<Key> {
        let Some(text) = name.text() else {
            let fault =
                Fault::new(format!("{} cannot be a key", name.what()), "write a key of a gate, as in `app: checkout`");
            self.problems.push(Problem::at(name.place, fault));
            return None;
        };
        let key = Key::from_name(text);
        if key.is_none() {
            let remedy = match meant(text) {
                Some(near) => {
                    // It is misspelled, not missing: one message is enough.
                    self.draft.give(near, None);
                    format!("did you mean `{}`?", near.name())
                }
                None => format!("remove it; the keys of a gate are {}", Key::ALL.map(Key::name).join(", ")),
            };
            self.problems.push(Problem::at(
                name.place,
                Fault::new(format!("{} is not a known key of a gate", quoted(text)), remedy),
            ));
        }
        key
    }

    fn scalar(&mut self, key: Key, name: &Node, value: &Node) {
        let example = match key {
            Key::App => "app: checkout",
            Key::Version => "version: v2.3.1",
            Key::Namespace => "namespace: shop",
            Key::Delay => "delay: 10s",
            Key::WaitPeriod => "waitPeriod: 60s",
            Key::StableFor => "stableFor: 30s",
            Key::MaxRestarts => "maxRestarts: 0",
            Key::Workload => "workload: deployment/checkout",
            Key::Selector => "selector: app=checkout,version=v2.3.1",
            Key::Replicas => "replicas: 3",
            Key::MinReady | Key::Labels | Key::Grace | Key::IgnoreContainers | Key::Smoke | Key::Expect => {
                "minReady: 95%"
            }
        };
        if let Some(text) = self.text(key.name(), name, value, example) {
            self.keep(value, |draft| draft.set(key, key.name(), &text));
        }
    }

    fn labels(&mut self, name: &Node, value: &Node) {
        for (label, value) in self.map(Key::Labels, name, value, "labels: {app: app.kubernetes.io/name}") {
            let text = label.text().unwrap_or_default();
            match Label::from_name("labels", text) {
                Err(fault) => self.problems.push(Problem::at(label.place, fault)),
                Ok(which) => {
                    let name = format!("labels.{text}");
                    if let Some(key) = self.text(&name, label, value, "labels: {app: app.kubernetes.io/name}") {
                        self.keep(value, |draft| draft.set_label(which, &name, &key));
                    }
                }
            }
        }
    }

    fn graces(&mut self, name: &Node, value: &Node) {
        for (cause, value) in self.map(Key::Grace, name, value, "grace: {ImagePull: 30s}") {
            let text = cause.text().unwrap_or_default();
            match values::grace("grace", text) {
                Err(fault) => self.problems.push(Problem::at(cause.place, fault)),
                Ok(grace) => {
                    let name = format!("grace.{text}");
                    if let Some(patience) = self.text(&name, cause, value, "grace: {ImagePull: 30s}") {
                        self.keep(value, |draft| draft.set_grace(grace, &name, &patience));
                    }
                }
            }
        }
    }

    fn expectations(&mut self, name: &Node, value: &Node) {
        const EXAMPLE: &str = "expect: {server: https://prod.example.com:6443}";
        for (mark, value) in self.map(Key::Expect, name, value, EXAMPLE) {
            let text = mark.text().unwrap_or_default();
            match Mark::from_name("expect", text) {
                Err(fault) => self.problems.push(Problem::at(mark.place, fault)),
                Ok(which) => {
                    let name = format!("expect.{text}");
                    if let Some(mark) = self.text(&name, mark, value, EXAMPLE) {
                        self.keep(value, |draft| draft.expect(which, &name, &mark));
                    }
                }
            }
        }
    }

    fn containers(&mut self, name: &Node, value: &Node) {
        const EXAMPLE: &str = "ignoreContainers: [istio-proxy]";
        match &value.value {
            Value::List(items) if !items.is_empty() => {
                for item in items {
                    if let Some(text) = self.text("ignoreContainers", item, item, EXAMPLE) {
                        self.keep(item, |draft| draft.set(Key::IgnoreContainers, "ignoreContainers", &text));
                    }
                }
            }
            _ => self.wrong_shape(Key::IgnoreContainers, name, value, "a list", EXAMPLE),
        }
    }

    fn smoke(&mut self, name: &Node, value: &Node) {
        const EXAMPLE: &str = "smoke: {image: shop/smoke:1, timeout: 1m}";
        for (key, value) in self.map(Key::Smoke, name, value, EXAMPLE) {
            let text = key.text().unwrap_or_default();
            let which = match SmokeKey::from_name("smoke", text) {
                Ok(which) => which,
                Err(fault) => {
                    self.problems.push(Problem::at(key.place, fault));
                    continue;
                }
            };
            if which == SmokeKey::Image {
                self.draft.give_smoke_image();
            }
            let name = format!("smoke.{text}");
            let example = if which.is_list() { "command: [./smoke, --fast]" } else { EXAMPLE };
            match &value.value {
                Value::List(words) if which.is_list() => {
                    for word in words {
                        if let Some(text) = self.text(&name, word, word, example) {
                            self.keep(word, |draft| draft.set_smoke(which, &name, &text));
                        }
                    }
                }
                _ if which.is_list() => {
                    let fault = Fault::new(
                        format!("`{name}` is {}, and must be a list of strings", value.what()),
                        format!("write it as in `{example}`"),
                    );
                    self.problems.push(Problem::at(value.place, fault));
                }
                _ => {
                    if let Some(text) = self.text(&name, key, value, example) {
                        self.keep(value, |draft| draft.set_smoke(which, &name, &text));
                    }
                }
            }
        }
    }

    /// The entries of a key that holds a map, each key once; none where it holds something else.
    fn map<'n>(&mut self, key: Key, name: &Node, value: &'n Node, example: &str) -> Vec<(&'n Node, &'n Node)> {
        match &value.value {
            Value::Map(entries) if !entries.is_empty() => {
                let mut seen = HashSet::new();
                entries.iter().filter(|(name, _)| seen.insert(name.text())).map(|(name, value)| (name, value)).collect()
            }
            _ => {
                self.wrong_shape(key, name, value, "a map", example);
                Vec::new()
            }
        }
    }

    fn wrong_shape(&mut self, key: Key, name: &Node, value: &Node, wanted: &str, example: &str) {
        let key = key.name();
        let empty = match &value.value {
            Value::Null(_) => true,
            Value::List(items) => items.is_empty(),
            Value::Map(entries) => entries.is_empty(),
            Value::Text(_) => false,
        };
        let (place, sentence) = if empty {
            (name.place, format!("`{key}` is empty"))
        } else {
            (value.place, format!("`{key}` is {}, and must be {wanted}", value.what()))
        };
        let remedy = if empty {
            format!("remove it, or write it as in `{example}`")
        } else {
            format!("write it as in `{example}`")
        };
        self.problems.push(Problem::at(place, Fault::new(sentence, remedy)));
    }

    /// The text of a value, its variables filled in. `holder` is what to point at where there is no value.
    fn text(&mut self, name: &str, holder: &Node, value: &Node, example: &str) -> Option<String> {
        let problem = match &value.value {
            Value::Text(text) => match expand(text, self.env) {
                Ok(text) => return Some(text),
                Err(fault) => Problem::at(value.place, fault),
            },
            Value::Null(written) if written.is_empty() => Problem::at(
                holder.place,
                Fault::new(
                    format!("`{name}` has no value"),
                    format!("write one, as in `{example}`, or remove the key"),
                ),
            ),
            Value::Null(written) => Problem::at(
                value.place,
                Fault::new(
                    format!("`{name}` is `{written}`, which is YAML for no value at all"),
                    format!("write \"{written}\" in quotes if it is meant as a string"),
                ),
            ),
            Value::List(_) | Value::Map(_) => Problem::at(
                value.place,
                Fault::new(
                    format!("`{name}` is {}, and must be a single value", value.what()),
                    format!("write it as in `{example}`"),
                ),
            ),
        };
        self.problems.push(problem);
        None
    }

    fn keep(&mut self, value: &Node, set: impl FnOnce(&mut Draft) -> Result<(), Fault>) {
        if let Err(fault) = set(&mut self.draft) {
            self.problems.push(Problem::at(value.place, fault));
        }
    }
}
