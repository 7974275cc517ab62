//! The verdict block: what broke, where, the proof, and what to do next, on one screen.

use super::fold::{self, Limits};
use super::headline;
use super::layout::{self, Line, Tone, glued, wrap, wrap_within};
use super::model::{Evidence, Finding, GateRun, Outcome, Run};
use super::printer::Look;
use super::progress;
use super::words;
use crate::gate::result::EvidenceKind;
use crate::gate::result::Verdict;
use crate::safe;
use crate::text::{SafeText, Untrusted};

mod checks;
mod pods;

/// A block has at most so many lines: what a screen shows at once.
const LINES: usize = 25;

/// So many lines of the next step are shown in any case, and as many as its last command needs.
const LEAST_OF_NEXT: usize = 4;

/// How much of each part a block shows. The first shape that fits is taken.
struct Shape {
    /// Lines of the log, from its head and from its tail.
    log: Limits,
    /// Lines of each other piece of proof.
    proof: usize,
    /// Pieces of proof.
    pieces: usize,
    /// Lines of the message, and of the next step.
    message: usize,
    /// Findings after the first.
    others: usize,
    /// Rows of the table of pods.
    pods: usize,
    /// Warnings.
    warnings: usize,
    /// Checks of the metrics.
    checks: usize,
    /// Changes of a pod template.
    changes: usize,
}

const fn shape(
    log: (usize, usize),
    [proof, pieces, message, others, pods, warnings, checks, changes]: [usize; 8],
) -> Shape {
    Shape { log: Limits { head: log.0, tail: log.1 }, proof, pieces, message, others, pods, warnings, checks, changes }
}

impl Shape {
    /// True where nothing is left out.
    const fn is_whole(&self) -> bool {
        self.proof == ALL
    }
}

/// From generous to tight. The proof of the root cause gives way last.
const SHAPES: [Shape; 8] = [
    shape((2, 8), [3, 6, 6, 6, 6, 6, 8, 6]),
    shape((2, 8), [3, 4, 6, 4, 4, 4, 6, 5]),
    shape((1, 7), [2, 4, 5, 3, 0, 3, 5, 4]),
    shape((1, 5), [2, 3, 4, 2, 0, 2, 4, 3]),
    shape((1, 4), [1, 3, 4, 1, 0, 1, 3, 2]),
    shape((0, 4), [1, 2, 3, 1, 0, 1, 2, 1]),
    shape((0, 3), [1, 1, 2, 0, 0, 0, 1, 0]),
    shape((0, 2), [1, 1, 2, 0, 0, 0, 0, 0]),
];

/// How much of each part is shown where all of it is asked for. Only the API's own bounds on logs hold.
const WHOLE: Shape = shape((0, ALL), [ALL; 8]);
/// More than there ever is, and far from where sums run over.
const ALL: usize = 1_000_000;

/// The verdict blocks of a run, and with several gates a line that sums them up; ends with a newline. `whole` shows all
/// of the proof, however long.
pub(super) fn render(run: &Run, look: Look, whole: bool) -> SafeText {
    let columns = layout::columns(look);
    let mut lines = Vec::new();
    for gate in &run.gates {
        if !lines.is_empty() {
            lines.push(Line::empty());
        }
        lines.extend(block(gate, columns, whole));
    }
    if run.gates.len() > 1 {
        lines.push(Line::empty());
        lines.push(summary(run));
    }
    lines.iter().map(|line| safe!("{}\n", line.render(look.colour))).collect()
}

fn block(gate: &GateRun, columns: usize, whole: bool) -> Vec<Line> {
    if whole {
        return shaped(gate, &WHOLE, columns);
    }
    let mut lines = Vec::new();
    for shape in &SHAPES {
        lines = shaped(gate, shape, columns);
        if lines.len() <= LINES {
            break;
        }
    }
    lines
}

fn shaped(gate: &GateRun, shape: &Shape, columns: usize) -> Vec<Line> {
    let outcome = &gate.outcome;
    let mut lines = headline(gate, columns);
    let serving = outcome.background.serving_words();
    if !serving.is_empty() {
        lines.extend(indented(&serving, columns));
    }
    if let Some((first, others)) = outcome.findings.split_first() {
        lines.push(Line::empty());
        lines.extend(leading(first, shape, columns));
        if shape.is_whole() {
            for finding in others {
                lines.push(Line::empty());
                lines.extend(leading(finding, shape, columns));
            }
        } else {
            lines.extend(others_lines(others, shape.others, columns));
        }
    } else if outcome.verdict == Verdict::Healthy {
        lines.extend(indented(&headline::passed(gate), columns));
    }
    lines.extend(changes(outcome, shape.changes, columns));
    lines.extend(checks::checks(outcome, shape.checks, columns));
    if outcome.verdict != Verdict::Healthy {
        lines.extend(pods::pods(outcome, shape.pods, columns));
    }
    lines.extend(warnings(outcome, shape.warnings, columns));
    lines
}

fn headline(gate: &GateRun, columns: usize) -> Vec<Line> {
    let verdict = gate.outcome.verdict;
    let sign = if verdict == Verdict::Healthy { "✔" } else { "✘" };
    let first = safe!("{} {}:", sign, headline::title_aloud(verdict));
    let text = safe!(
        "{} {}, after {} {}",
        first,
        headline::gate(gate),
        glued(&words::duration(gate.outcome.decided_after)),
        glued(&safe!("(exit code {})", verdict.exit_code())),
    );
    let mut lines = wrap(&text, "", "  ", columns).into_iter();
    let front = lines.next().map(|line| Line::toned(line, first.len(), headline::tone(verdict)));
    front.into_iter().chain(lines.map(Line::plain)).collect()
}

/// The root cause: its place, its words, its proof, the next step.
fn leading(finding: &Finding, shape: &Shape, columns: usize) -> Vec<Line> {
    let mut lines = place_lines(finding, columns);
    lines.extend(limited(wrap(&finding.message.line(), "  ", "  ", columns), shape.message).map(Line::plain));
    let proof = proof(&finding.evidence, shape, columns);
    if !proof.is_empty() {
        lines.push(Line::empty());
        lines.extend(proof);
    }
    if !finding.next_step.is_blank() {
        lines.push(Line::empty());
        let step = wrap(&finding.next_step.line(), "  Next: ", "        ", columns);
        let commands = step.iter().rposition(|line| line.contains('`')).map_or(0, |last| last + 1);
        let mut step = limited(step, shape.message.max(LEAST_OF_NEXT).max(commands));
        lines.extend(step.next().map(|line| Line::toned(line, "  Next:".len(), Tone::Next)));
        lines.extend(step.map(Line::plain));
    }
    lines
}

/// The code, and where it was seen.
fn place_lines(finding: &Finding, columns: usize) -> Vec<Line> {
    let parts: Vec<SafeText> = headline::place(finding)
        .iter()
        .filter_map(|(kind, name)| match *kind {
            // A workload says itself what it is, and a pod is found without it.
            "workload" => finding.pod.is_none().then(|| glued(name)),
            kind => Some(glued(&safe!("{} {}", kind, name))),
        })
        .collect();
    let code = finding.code.name();
    let text = if parts.is_empty() { code.into() } else { safe!("{}: {}", code, SafeText::joined(parts, ", ")) };
    let mut wrapped = wrap(&text, "", "  ", columns).into_iter();
    let mut lines: Vec<Line> =
        wrapped.next().map(|line| Line::toned(line, code.len(), Tone::Code)).into_iter().collect();
    lines.extend(wrapped.map(Line::plain));
    if !finding.also.is_empty() {
        lines.extend(indented(&also(&finding.also), columns));
    }
    lines
}

/// The other pods with the same cause; a few by name.
pub(super) fn also(pods: &[Untrusted]) -> SafeText {
    const NAMED: usize = 3;
    let named = SafeText::joined(pods.iter().take(NAMED).map(Untrusted::line), ", ");
    let what = words::count(pods.len(), "other pod");
    match pods.len().saturating_sub(NAMED) {
        0 => safe!("The same in {}: {}", what, named),
        rest => safe!("The same in {}: {} and {} more", what, named, rest),
    }
}

fn proof(evidence: &[Evidence], shape: &Shape, columns: usize) -> Vec<Line> {
    let labels: Vec<&str> = evidence.iter().map(|piece| label(piece.kind)).collect();
    let label_columns = labels.iter().map(|label| label.len()).max().unwrap_or(0);
    let room = columns.saturating_sub(label_columns + 5);
    let mut lines = Vec::new();
    for (piece, label) in evidence.iter().zip(&labels).take(shape.pieces) {
        let limits = match piece.kind {
            EvidenceKind::Log => shape.log,
            _ => Limits { head: 0, tail: shape.proof },
        };
        // A log keeps its lines, cut where they are long; words of the cluster are wrapped.
        let longest = if shape.is_whole() {
            ALL
        } else if piece.kind == EvidenceKind::Log {
            room * 2
        } else {
            (room * 4).max(400)
        };
        let lines_of_piece = piece.text.block(longest);
        let text = if shape.is_whole() { lines_of_piece } else { fold::excerpt(&lines_of_piece, limits) };
        let wrapped: Vec<SafeText> = text.iter().flat_map(|line| wrap_within(line, room)).collect();
        for (place, line) in wrapped.iter().enumerate() {
            let shown = if place == 0 { *label } else { "" };
            let text = safe!("  {:label_columns$} │ {}", shown, line);
            let front = text.len() - line.len();
            lines.push(Line::toned(text.trimmed_end(), front, Tone::Dim));
        }
    }
    lines
}

/// A word for a kind of proof.
pub(super) const fn label(kind: EvidenceKind) -> &'static str {
    match kind {
        EvidenceKind::Log => "log",
        EvidenceKind::TerminationMessage => "message",
        EvidenceKind::Event => "event",
        EvidenceKind::Probe => "probe",
        EvidenceKind::Node => "node",
        EvidenceKind::Status => "status",
        EvidenceKind::Missing => "missing",
    }
}

/// The findings after the first, a line each.
fn others_lines(others: &[Finding], most: usize, columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if others.is_empty() {
        return lines;
    }
    lines.push(Line::empty());
    for finding in others.iter().take(most) {
        let pods = match finding.also.len() {
            0 => SafeText::EMPTY,
            others => safe!(" and {}", words::count(others, "other pod")),
        };
        let text = safe!("Also {}{}: {}", progress::cause(finding), pods, finding.message.line());
        lines.push(Line::toned(one_line(&text, columns), "Also".len(), Tone::Code));
    }
    if let Some(rest) = others.len().checked_sub(most).filter(|rest| *rest > 0) {
        let noun = if most == 0 { "other finding" } else { "more finding" };
        lines.push(Line::plain(safe!("Also {}, in the JSON result", words::count(rest, noun))));
    }
    lines
}

/// What was changed in the pod templates.
fn changes(outcome: &Outcome, most: usize, columns: usize) -> Vec<Line> {
    let changes = &outcome.background.changes;
    let mut lines = Vec::new();
    for of_one in changes.iter().filter(|_| most > 0) {
        let title = of_one.title(changes.len() == 1);
        lines.extend([Line::empty(), Line::toned(safe!("{}:", title), title.len() + 1, Tone::Code)]);
        lines.extend(of_one.lines(most).iter().flat_map(|line| wrap(line, "  ", "    ", columns)).map(Line::plain));
    }
    lines
}

fn warnings(outcome: &Outcome, most: usize, columns: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if outcome.warnings.is_empty() {
        return lines;
    }
    if outcome.verdict != Verdict::Healthy {
        lines.push(Line::empty());
    }
    // Where nothing is to be left out, each is told.
    let told: Vec<(SafeText, usize)> = if most == ALL {
        outcome.warnings.iter().map(|warning| (progress::warning_words(warning), 1)).collect()
    } else {
        progress::warning_kinds(&outcome.warnings).iter().map(|kind| (kind.words(), 1 + kind.more.len())).collect()
    };
    for (words, _) in told.iter().take(most) {
        let mut wrapped = wrap(words, "Warning: ", "  ", columns).into_iter();
        lines.extend(wrapped.next().map(|line| Line::toned(line, "Warning:".len(), Tone::Careful)));
        lines.extend(wrapped.map(Line::plain));
    }
    let rest: usize = told.iter().skip(most).map(|(_, number)| number).sum();
    if rest > 0 {
        let noun = if most == 0 { "warning" } else { "more warning" };
        lines.push(Line::plain(safe!("{}, in the JSON result", words::count(rest, noun))));
    }
    lines
}

/// How many gates ended how.
fn summary(run: &Run) -> Line {
    let worst = run.verdict();
    let first = safe!("{}:", words::count(run.gates.len(), "gate"));
    let text = safe!("{} {}; exit code {}", first, headline::counts(run), worst.exit_code());
    Line::toned(text, first.len(), headline::tone(worst))
}

fn indented(text: &SafeText, columns: usize) -> Vec<Line> {
    wrap(text, "  ", "  ", columns).into_iter().map(Line::plain).collect()
}

/// At most so many of the lines; the last one says that there was more.
fn limited(mut lines: Vec<SafeText>, most: usize) -> impl Iterator<Item = SafeText> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            last.push(&" …".into());
        }
    }
    lines.into_iter()
}

/// The text on one line, its end left out where it is too long.
fn one_line(text: &SafeText, columns: usize) -> SafeText {
    let mut wrapped = wrap(text, "", "", columns.saturating_sub(2)).into_iter();
    let first = wrapped.next().unwrap_or_default();
    if wrapped.next().is_some() { safe!("{} …", first) } else { first }
}
