//! One look at the folder: which files are plans, what they hold, and what is wrong with the others.
//!
//! The kubelet mounts a `ConfigMap` as symbolic links `x.yaml` → `..data/x.yaml`, and `..data` → a folder of its own, which it
//! swaps for another one. Links are followed, so that a look after the swap sees the new files; what is hidden is passed over.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use super::problem::PlanProblem;
use crate::manifest::{Source, Text};

/// How many plans there may be.
const MOST: usize = 1_000;
/// How long a plan's name may be: as long as a key of a `ConfigMap`.
const LONGEST: usize = 253;

/// What a look found.
pub(super) struct Found {
    /// The plans by their names, each with its content, or with why it cannot be read.
    pub plans: BTreeMap<String, Result<Text, PlanProblem>>,
    /// What is wrong beside them.
    pub others: Vec<PlanProblem>,
}

/// Reads the folder.
///
/// # Errors
/// Where it cannot be listed.
pub(super) fn look(folder: &Path) -> io::Result<Found> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if let Some(stem) = stem(&name) {
            files.push((stem.to_owned(), name));
        }
    }
    files.sort();
    let mut found = Found { plans: BTreeMap::new(), others: Vec::new() };
    for (stem, name) in files {
        let path = folder.join(&name);
        if path.is_dir() {
            continue;
        }
        let file = name.to_string_lossy().into_owned();
        let Some(plan) = stem.to_str().filter(|stem| is_name(stem)).map(str::to_owned) else {
            found.others.push(problem(
                file,
                "this cannot be the name of a plan (fix: call the file by letters, digits, `-`, `_` and `.`, beginning with a \
                 letter or digit)",
            ));
            continue;
        };
        if let Some(other) = found.plans.get_mut(&plan) {
            *other = Err(problem(
                file,
                format!(
                    "{plan}.yaml and {plan}.yml are both there, and either is the plan {plan} (fix: remove one of them)"
                ),
            ));
        } else if found.plans.len() == MOST {
            found.others.push(problem(String::new(), format!("it has more than {MOST} plans, and {file} is not read")));
            break;
        } else {
            found.plans.insert(plan, read(&path, file));
        }
    }
    if found.plans.is_empty() && found.others.is_empty() {
        let words = "it has no plan (fix: put gate files into it whose names end with .yaml)";
        found.others.push(problem(String::new(), words));
    }
    Ok(found)
}

/// The name without the ending of a plan; `None` for what is hidden, and for all other files.
fn stem(name: &OsStr) -> Option<&OsStr> {
    let path = Path::new(name);
    let is_hidden = name.as_encoded_bytes().starts_with(b".");
    let is_yaml = matches!(path.extension().and_then(OsStr::to_str), Some("yaml" | "yml"));
    path.file_stem().filter(|_| is_yaml && !is_hidden)
}

/// True for what is a path segment of a URL as it is.
fn is_name(text: &str) -> bool {
    text.len() <= LONGEST
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn read(path: &Path, file: String) -> Result<Text, PlanProblem> {
    // A pipe would be waited for without end.
    let metadata = fs::metadata(path).map_err(|error| problem(file.clone(), format!("it cannot be read: {error}")))?;
    if !metadata.is_file() {
        return Err(problem(file, "this is no file"));
    }
    match Source::File(path.to_owned()).read() {
        Ok(text) => Ok(Text { name: file, ..text }),
        Err(wrong) => {
            let place = wrong.position.map(|(line, column)| format!("line {line}, column {column}: "));
            Err(problem(file, format!("{}{}", place.unwrap_or_default(), wrong.sentence)))
        }
    }
}

fn problem(file: String, words: impl Into<String>) -> PlanProblem {
    PlanProblem { file, words: words.into(), serves_on: false }
}
