//! From sources and flags to plans.

use crate::gate::plan::Plan;

use super::diagnostics::{Diagnostic, Diagnostics, Fault, Place, Problem};
use super::draft::{Draft, Overrides};
use super::expand::Env;
use super::gate;
use super::keys::Key;
use super::source::{Source, Text};
use super::tree::{self, Node, Value};
use super::workload::{self, Object};

/// A plan, and where it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The plan.
    pub plan: Plan,
    /// Where its document begins. `None` where the flags alone made the gate.
    pub origin: Option<Origin>,
}

/// Where the document of a gate begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The path as it was given, or `<stdin>`.
    pub file: String,
    /// The line of its first key, from 1.
    pub line: usize,
}

/// Reads every source and lays the flags over each gate in it. Without sources the flags alone make one gate. `env`
/// reads an environment variable, `None` where it is not set.
///
/// # Errors
/// Every problem of all sources and flags together, in their order; see [`Diagnostics`].
pub fn load(sources: &[Source], flags: &Overrides, env: Env<'_>) -> Result<Vec<Loaded>, Diagnostics> {
    let mut problems: Vec<Diagnostic> = flags.faults().iter().map(Diagnostic::of_flags).collect();
    let mut gates = Vec::new();
    for (place, source) in sources.iter().enumerate() {
        if sources[..place].contains(source) {
            problems.push(Diagnostic::of_flags(&given_twice(source)));
            continue;
        }
        match source.read() {
            Ok(text) => gates.extend(read_text(&text, flags, env, &mut problems)),
            Err(problem) => problems.push(problem),
        }
    }
    if sources.is_empty() {
        match Draft::default().under(flags.draft()).finish(None) {
            Ok(plan) => gates.push(Some(Loaded { plan, origin: None })),
            Err(missing) => problems.extend(missing.into_iter().map(|problem| without_file(&problem.fault))),
        }
    }
    if gates.len() > 1 {
        for key in Key::OF_ONE_GATE.into_iter().filter(|key| flags.has(*key)) {
            problems.push(Diagnostic::of_flags(&Fault::new(
                format!("`{}` is given for one gate, and the manifests have {}", key.flag(), gates.len()),
                format!("write `{}` into each gate, or run one gate at a time", key.name()),
            )));
        }
    }
    Diagnostics::none_or_err(problems)?;
    Ok(gates.into_iter().flatten().collect())
}

fn given_twice(source: &Source) -> Fault {
    let name = match source {
        Source::Stdin => "-".to_owned(),
        Source::File(path) => path.display().to_string(),
    };
    Fault::new(format!("`-f {name}` is given twice"), "give each file once")
}

/// What a gate lacks that has no file to lack it.
fn without_file(fault: &Fault) -> Diagnostic {
    Diagnostic::of_flags(&Fault::new(
        fault.sentence.clone(),
        format!("{}, or a file with `-f gate.yaml`", fault.remedy),
    ))
}

/// The gates of one text: `None` for one that has problems, so that it still counts.
fn read_text(text: &Text, flags: &Overrides, env: Env<'_>, all: &mut Vec<Diagnostic>) -> Vec<Option<Loaded>> {
    let tree::Parsed { documents, mut problems } = tree::parse(&text.content);
    let mut gates = Vec::new();
    let mut others = Vec::new();
    let mut empty = Vec::new();
    for document in &documents {
        if matches!(document.value, Value::Null(_)) {
            empty.push(document.place);
            continue;
        }
        let drafts = match workload::objects(document) {
            Err(problem) => {
                problems.push(problem);
                continue;
            }
            Ok(objects) if objects.is_empty() => {
                let is_empty_list = document.get("items").is_some() && document.get("kind").is_some();
                if is_empty_list {
                    others.push("List");
                    continue;
                }
                vec![(gate::read(document, flags, env, &mut problems), start_of(document))]
            }
            Ok(objects) => objects
                .into_iter()
                .filter_map(|object| match object {
                    Object::Workload(kind, node) => {
                        Some((workload::read(kind, node, flags, &mut problems), start_of(node)))
                    }
                    Object::Other(kind) => {
                        others.push(kind);
                        None
                    }
                })
                .collect(),
        };
        for (draft, start) in drafts {
            gates.push(finish(draft, start, text, flags, &mut problems));
        }
    }
    if gates.is_empty() && problems.is_empty() {
        problems.push(Problem { place: None, fault: no_gate(&text.content, &others) });
    } else if others.is_empty() && !gates.is_empty() {
        // Rendered Kubernetes manifests are full of empty documents; between gates one is a gate that got lost.
        problems.extend(empty.into_iter().map(|place| Problem::at(in_text(place, &text.content), empty_document())));
    }
    problems.sort_by_key(|problem| problem.place);
    all.extend(problems.iter().map(|problem| Diagnostic::in_text(&text.name, &text.content, problem)));
    gates
}

fn finish(draft: Draft, start: Place, text: &Text, flags: &Overrides, problems: &mut Vec<Problem>) -> Option<Loaded> {
    match draft.under(flags.draft()).finish(Some(start)) {
        Ok(plan) => Some(Loaded { plan, origin: Some(Origin { file: text.name.clone(), line: start.line }) }),
        Err(missing) => {
            problems.extend(missing);
            None
        }
    }
}

/// Where a document begins: its first key.
fn start_of(document: &Node) -> Place {
    match &document.value {
        Value::Map(entries) => entries.first().map_or(document.place, |(key, _)| key.place),
        _ => document.place,
    }
}

/// The place, where the text has such a line; else its last line.
fn in_text(place: Place, text: &str) -> Place {
    Place { line: place.line.min(text.lines().count().max(1)), column: 1, width: 1 }
}

fn empty_document() -> Fault {
    Fault::new("a document between `---` lines is empty", "remove a `---` line, or write a gate there")
}

fn no_gate(text: &str, others: &[&str]) -> Fault {
    let sentence = if text.trim().is_empty() {
        "the file is empty".to_owned()
    } else if others.is_empty() {
        "the file holds nothing but comments".to_owned()
    } else {
        let mut kinds = others.to_vec();
        kinds.sort_unstable();
        kinds.dedup();
        format!("the file holds no gate and no workload, only {}", kinds.join(", "))
    };
    Fault::new(
        sentence,
        "write a gate (`app`, `version`, `namespace`), or give the manifest of a Deployment, StatefulSet, DaemonSet or Job",
    )
}
