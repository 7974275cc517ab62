//! Annotations: the causes, at the line of the manifest. The runner keeps ten of a level and loses the others without a
//! word, so the most important come first and the last one says how many there are.

use std::path::{Path, PathBuf};

use super::command;
use crate::gate::result::EvidenceKind;
use crate::gate::result::Verdict;
use crate::manifest::Origin;
use crate::report::model::{Finding, GateRun};
use crate::report::run_log::ReportInput;
use crate::report::{headline, progress, words};
use crate::safe;
use crate::text::{SafeText, Untrusted};

/// What the runner keeps of each level and step.
const MOST: usize = 10;
/// Lines of a log that an annotation shows.
const LOG_LINES: usize = 5;

struct Annotation {
    title: SafeText,
    origin: Option<Origin>,
    message: SafeText,
}

pub(super) fn of(document: &ReportInput<'_>, workspace: Option<&Path>) -> Vec<SafeText> {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    if let Some(error) = document.error {
        let message = SafeText::joined(error.text.block(600), "\n");
        let title = safe!("crashgate: {}", headline::title_within(error.verdict));
        errors.push(Annotation { title, origin: error.origin.clone(), message });
    }
    let gates = document.worst_first();
    // The root cause of every gate comes before the second cause of any.
    for (gate, log) in &gates {
        let verdict = gate.outcome.verdict;
        if verdict == Verdict::Healthy {
            continue;
        }
        let origin = log.and_then(|log| log.origin.clone());
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
    for (gate, log) in &gates {
        let origin = || log.and_then(|log| log.origin.clone());
        for finding in gate.outcome.findings.iter().skip(1) {
            let title = safe!("{}: also {}", progress::app(&gate.plan), finding.code);
            warnings.push(Annotation { title, origin: origin(), message: cause(finding) });
        }
    }
    for (gate, log) in &gates {
        for warning in &gate.outcome.warnings {
            let title = safe!("{}: {}", progress::app(&gate.plan), warning.code);
            let origin = log.and_then(|log| log.origin.clone());
            warnings.push(Annotation { title, origin, message: warning.message.line() });
        }
    }
    let mut lines = level("error", errors, workspace);
    lines.extend(level("warning", warnings, workspace));
    lines
}

fn level(name: &'static str, mut annotations: Vec<Annotation>, workspace: Option<&Path>) -> Vec<SafeText> {
    let left_out = annotations.len().saturating_sub(MOST);
    annotations.truncate(MOST);
    if let Some(last) = annotations.last_mut().filter(|_| left_out > 0) {
        let more = words::count(left_out, if name == "error" { "more error" } else { "more warning" });
        last.message.push(&safe!("\nAnd {}: see the job summary.", more));
    }
    annotations.into_iter().map(|annotation| annotation.line(name, workspace)).collect()
}

impl Annotation {
    fn line(&self, level: &'static str, workspace: Option<&Path>) -> SafeText {
        let mut properties = Vec::new();
        if let Some(origin) = &self.origin
            && let Some(file) = in_repository(&origin.file, workspace)
        {
            properties.push(("file", Untrusted::name(&file).line()));
            properties.push(("line", safe!("{}", origin.line)));
        }
        properties.push(("title", self.title.clone()));
        command::with(level, &properties, &self.message)
    }
}

fn title(gate: &GateRun) -> SafeText {
    let verdict = headline::title_within(gate.outcome.verdict);
    match gate.outcome.findings.first() {
        Some(finding) => safe!("{}: {} ({})", progress::app(&gate.plan), verdict, finding.code),
        None => safe!("{}: {}", progress::app(&gate.plan), verdict),
    }
}

fn leading(gate: &GateRun) -> SafeText {
    let Some(finding) = gate.outcome.findings.first() else {
        return headline::meaning(gate.outcome.verdict).into();
    };
    let mut message = cause(finding);
    if let Some(log) = finding.evidence.iter().find(|piece| piece.kind == EvidenceKind::Log) {
        let lines = headline::proof(log);
        for line in &lines[lines.len().saturating_sub(LOG_LINES)..] {
            message.push(&safe!("\n  {}", line));
        }
    }
    if !finding.next_step.is_blank() {
        message.push(&safe!("\nNext: {}", finding.next_step.line()));
    }
    message
}

fn cause(finding: &Finding) -> SafeText {
    let place = headline::place_line(finding);
    let message = finding.message.line();
    if place.is_empty() { message } else { safe!("{}: {}", place, message) }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::in_repository;

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
}
