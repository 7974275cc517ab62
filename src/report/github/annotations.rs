//! Annotations: the causes, at the line of the manifest. The runner keeps ten of a level and loses the others without a
//! word, so the most important come first and the last one says how many there are.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::command;
use crate::cluster::drive::GateRun;
use crate::gate::result::{EvidenceKind, Finding, Verdict};
use crate::manifest::Origin;
use crate::report::story::Document;
use crate::report::{headline, progress, quote, words};

/// What the runner keeps of each level and step.
const MOST: usize = 10;
/// Lines of a log that an annotation shows.
const LOG_LINES: usize = 5;

struct Annotation {
    title: String,
    origin: Option<Origin>,
    message: String,
}

pub(super) fn of(document: &Document<'_>, workspace: Option<&Path>) -> Vec<String> {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    if let Some(error) = document.error {
        let message = quote::block(error.text, 600).join("\n");
        let title = format!("crashgate: {}", headline::title(error.verdict).to_lowercase());
        errors.push(Annotation { title, origin: place_in(error.text), message });
    }
    let gates = document.worst_first();
    // The root cause of every gate comes before the second cause of any.
    for (gate, story) in &gates {
        let verdict = gate.outcome.verdict;
        if verdict == Verdict::Healthy {
            continue;
        }
        let origin = story.and_then(|story| story.origin.clone());
        let leading = Annotation { title: title(gate), origin, message: leading(gate) };
        if matches!(
            verdict,
            Verdict::Superseded | Verdict::Interrupted | Verdict::Terminated | Verdict::HungUp | Verdict::Quit
        ) {
            warnings.push(leading);
        } else {
            errors.push(leading);
        }
    }
    for (gate, story) in &gates {
        let origin = || story.and_then(|story| story.origin.clone());
        for finding in gate.outcome.findings.iter().skip(1) {
            let title = format!("{}: also {}", progress::app(&gate.plan), finding.code);
            warnings.push(Annotation { title, origin: origin(), message: cause(finding) });
        }
    }
    for (gate, story) in &gates {
        for warning in &gate.outcome.warnings {
            let title = format!("{}: {}", progress::app(&gate.plan), warning.code);
            let origin = story.and_then(|story| story.origin.clone());
            warnings.push(Annotation { title, origin, message: quote::line(&warning.message) });
        }
    }
    let mut lines = level("error", errors, workspace);
    lines.extend(level("warning", warnings, workspace));
    lines
}

fn level(name: &str, mut annotations: Vec<Annotation>, workspace: Option<&Path>) -> Vec<String> {
    let left_out = annotations.len().saturating_sub(MOST);
    annotations.truncate(MOST);
    if let Some(last) = annotations.last_mut().filter(|_| left_out > 0) {
        let more = words::count(left_out, &format!("more {name}"));
        let _ = write!(last.message, "\nAnd {more}: see the job summary.");
    }
    annotations.into_iter().map(|annotation| annotation.line(name, workspace)).collect()
}

impl Annotation {
    fn line(&self, level: &str, workspace: Option<&Path>) -> String {
        let mut properties = Vec::new();
        if let Some(origin) = &self.origin
            && let Some(file) = in_repository(&origin.file, workspace)
        {
            properties.push(("file", quote::name(&file)));
            properties.push(("line", origin.line.to_string()));
        }
        properties.push(("title", self.title.clone()));
        command::with(level, &properties, &self.message)
    }
}

fn title(gate: &GateRun) -> String {
    let verdict = headline::title(gate.outcome.verdict);
    match gate.outcome.findings.first() {
        Some(finding) => format!("{}: {} ({})", progress::app(&gate.plan), verdict.to_lowercase(), finding.code),
        None => format!("{}: {}", progress::app(&gate.plan), verdict.to_lowercase()),
    }
}

fn leading(gate: &GateRun) -> String {
    let Some(finding) = gate.outcome.findings.first() else {
        return headline::meaning(gate.outcome.verdict).to_owned();
    };
    let mut message = cause(finding);
    if let Some(log) = finding.evidence.iter().find(|piece| piece.kind == EvidenceKind::Log) {
        let lines = headline::proof(log);
        for line in &lines[lines.len().saturating_sub(LOG_LINES)..] {
            let _ = write!(message, "\n  {}", quote::line(line));
        }
    }
    if !finding.next_step.trim().is_empty() {
        let _ = write!(message, "\nNext: {}", quote::line(&finding.next_step));
    }
    message
}

fn cause(finding: &Finding) -> String {
    let place = headline::place_line(finding);
    let message = quote::line(&finding.message);
    if place.is_empty() { message } else { format!("{place}: {message}") }
}

/// The path from the root of the repository on. Standard input is no file of any repository.
fn in_repository(file: &str, workspace: Option<&Path>) -> Option<String> {
    if file.starts_with('<') {
        return None;
    }
    let path = PathBuf::from(file);
    let absolute = std::path::absolute(&path).ok()?;
    let inside = workspace.and_then(|root| absolute.strip_prefix(root).ok()).map(Path::to_owned);
    let shown = inside.unwrap_or(path);
    let shown = shown.strip_prefix(".").unwrap_or(&shown);
    Some(shown.display().to_string())
}

/// The file and line that the first diagnostic of a manifest begins with (`gate.yaml:3:7: …`).
fn place_in(error: &str) -> Option<Origin> {
    let (place, _) = error.lines().next()?.split_once(": ")?;
    let mut parts = place.rsplitn(3, ':');
    let (_column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    Some(Origin { file: file.to_owned(), line: line.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{in_repository, place_in};

    #[test]
    fn paths_begin_at_the_root_of_the_repository() {
        let here = std::env::current_dir().unwrap();
        let above = here.parent().unwrap();
        let name = here.file_name().unwrap().to_str().unwrap();
        assert_eq!(in_repository("./a/gate.yaml", Some(above)), Some(format!("{name}/a/gate.yaml")));
        assert_eq!(in_repository("./gate.yaml", None), Some("gate.yaml".to_owned()));
        assert_eq!(in_repository("gate.yaml", Some(Path::new("elsewhere"))), Some("gate.yaml".to_owned()));
        assert_eq!(in_repository("<stdin>", None), None);
    }

    #[test]
    fn a_diagnostic_says_where() {
        let origin = place_in("a:b/gate.yaml:3:7: this is wrong\n  3 | x").unwrap();
        assert_eq!((origin.file.as_str(), origin.line), ("a:b/gate.yaml", 3));
        assert!(place_in("error: no").is_none());
    }
}
