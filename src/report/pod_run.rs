//! What `crashgate run` shows: the container's output on stdout in one of four forms, its own words on stderr.

use crate::gate::result::{Finding, PodEnd, Verdict};

use super::ci::is_ci;
use super::github::Fence;
use super::model;
use super::output_lines::OutputLines;
use super::printer::Printer;
use crate::cluster::run::{OutputTail, PodOutput, PodReport};
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// The exit code where the pod could not be run, or not be seen to its end.
pub const NOT_RUN: u8 = 125;

/// So much output is kept for the JSON result, and for evidence; of more, the end.
pub const KEPT: usize = 16 * 1024 * 1024;

/// How stdout shows what the container writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Byte for byte.
    Raw,
    /// As text: secrets masked, and nothing in it acts on a terminal or a CI system.
    Inert,
    /// The same, between two lines that keep GitHub's runner from obeying it, should it learn a new command.
    Fenced,
    /// Not at all: it stands in the JSON result.
    Json,
}

impl Form {
    /// The form that suits where stdout leads: files and programs get the bytes, people and the logs of CI systems text.
    #[must_use]
    pub fn suited(stdout_is_terminal: bool, env: &dyn Fn(&str) -> Option<String>) -> Self {
        if env("GITHUB_ACTIONS").as_deref() == Some("true") {
            Self::Fenced
        } else if stdout_is_terminal || is_ci(env) {
            Self::Inert
        } else {
            Self::Raw
        }
    }
}

/// Shows a run while it lasts, and keeps the end of its output.
pub struct Show {
    printer: Printer,
    form: Form,
    fence: Option<Fence>,
    /// Cuts the output into what can be shown, for the forms that are text.
    lines: OutputLines,
    /// The last byte shown did not end a line.
    is_in_line: bool,
    kept: OutputTail,
    redaction: Redaction,
}

impl Show {
    /// A view on this printer.
    #[must_use]
    pub fn new(printer: Printer, form: Form, redaction: Redaction) -> Self {
        let lines = OutputLines::new(redaction);
        Self { printer, form, fence: None, lines, is_in_line: false, kept: OutputTail::new(KEPT), redaction }
    }

    /// Nothing more comes: the last line is shown, and the fence closed.
    pub fn finish(&mut self) {
        let rest = self.lines.rest();
        self.show(&rest);
        if let Some(fence) = self.fence.take() {
            let line_end = if self.is_in_line { "\n" } else { "" };
            self.printer.result(&safe!("{}{}", line_end, fence.end()));
        }
    }

    /// The output, as far as it was kept.
    #[must_use]
    pub fn kept(&self) -> &OutputTail {
        &self.kept
    }

    fn show(&mut self, text: &Untrusted) {
        let text = text.whole();
        if !text.is_empty() {
            self.is_in_line = !text.ends_with('\n');
            self.printer.result(&text);
        }
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        // A fence that stays open would silence the rest of the job.
        self.finish();
    }
}

impl PodOutput for Show {
    fn wrote(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.kept.take(bytes);
        match self.form {
            Form::Json => {}
            Form::Raw => self.printer.result_bytes(bytes),
            Form::Inert | Form::Fenced => {
                if self.form == Form::Fenced && self.fence.is_none() {
                    let fence = Fence::new();
                    self.printer.result(&fence.begin());
                    self.fence = Some(fence);
                }
                let text = self.lines.take(bytes);
                self.show(&text);
            }
        }
    }

    fn said(&mut self, words: &str) {
        self.printer.mention(&self.redaction.text(words).line());
    }
}

/// The exit code of a run: the container's where it was seen to its end, with all of its output.
#[must_use]
pub fn exit_code(report: &PodReport) -> u8 {
    match &report.end {
        PodEnd::Exited(_) if report.torn.is_some() => NOT_RUN,
        // No other code may turn into 0.
        PodEnd::Exited(ended) => u8::try_from(ended.exit_code).unwrap_or(u8::MAX),
        PodEnd::Unrun {
            verdict: verdict @ (Verdict::Interrupted | Verdict::Terminated | Verdict::HungUp | Verdict::Quit),
            ..
        } => verdict.exit_code(),
        PodEnd::Unrun { .. } => NOT_RUN,
    }
}

/// What a run means.
#[must_use]
pub fn verdict(report: &PodReport) -> Verdict {
    match &report.end {
        PodEnd::Exited(_) if report.torn.is_some() => Verdict::Inconclusive,
        PodEnd::Exited(ended) if ended.exit_code == 0 => Verdict::Healthy,
        PodEnd::Exited(_) => Verdict::Failed,
        PodEnd::Unrun { verdict, .. } => *verdict,
    }
}

/// The lines on stderr at the end of a run.
#[must_use]
pub fn last_words(report: &PodReport, redaction: Redaction) -> Vec<SafeText> {
    /// Lines of one piece of evidence.
    const EVIDENCE: usize = 6;
    let mut lines = Vec::new();
    if let Some(why) = &report.torn {
        lines.push(safe!("StaleData: some of the output may be missing: {}", redaction.text(why).line()));
    }
    let findings: &[Finding] = match &report.end {
        PodEnd::Exited(_) => &[],
        PodEnd::Unrun { findings, .. } => findings,
    };
    for finding in findings.iter().map(|finding| model::Finding::of(finding, redaction)) {
        lines.push(safe!("{}: {}", finding.code, finding.message.line()));
        for evidence in &finding.evidence {
            let text = evidence.text.block(200);
            lines.extend(text.iter().take(EVIDENCE).map(|line| safe!("  {} │ {}", evidence.kind.name(), line)));
        }
        lines.push(safe!("  Next: {}", finding.next_step.line()));
    }
    lines.extend(report.warnings.iter().map(|warning| safe!("warning: {}", redaction.text(warning).line())));
    lines
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn stdout_gets_the_form_that_suits_it() {
        let form = |terminal, set: &'static str| {
            Form::suited(terminal, &|name: &str| (name == set).then(|| "true".to_owned()))
        };
        assert_eq!(form(false, ""), Form::Raw);
        assert_eq!(form(true, ""), Form::Inert);
        assert_eq!(form(false, "GITHUB_ACTIONS"), Form::Fenced);
        assert_eq!(form(false, "TF_BUILD"), Form::Inert);
        for system in ["GITLAB_CI", "CI", "JENKINS_URL", "BUILDKITE", "CIRCLECI", "TEAMCITY_VERSION"] {
            assert_eq!(form(false, system), Form::Inert, "{system}");
        }
    }
}
