//! The report as Markdown, and with what only GitHub draws as its job summary.
//!
//! Both are made by one pen. GitHub throws a summary of more than 1 MiB away as a whole, so a report is drawn with less
//! and less of the proof until it fits; it is never cut in the middle.

use std::time::Duration;

use super::check::WHAT_E_IS;
use super::layout::Tone;
use super::model::{Evidence, Finding, GateRun};
use super::run_log::{GateLog, ReportInput};
use super::{block, fold, headline, progress, timeline, words};
use crate::gate::result::EvidenceKind;
use crate::gate::result::Verdict;
use crate::safe;
use crate::text::{SafeText, Untrusted};

mod escape;
mod gantt;

use escape::{prose, rich};

/// The largest report that GitHub takes, less a little for its own bookkeeping.
pub const LARGEST: usize = 1024 * 1024 - 1024;

/// Changes of a pod template that are shown.
const CHANGES: usize = 20;

/// Who will draw the Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Anybody.
    Plain,
    /// GitHub: alerts, pictures made by mermaid.
    Github,
}

/// How much is shown. The first one that fits is taken.
struct Detail {
    findings: usize,
    proof_lines: usize,
    pods: usize,
    events: usize,
    picture: bool,
    gates: usize,
}

const fn detail(
    findings: usize,
    proof_lines: usize,
    pods: usize,
    events: usize,
    picture: bool,
    gates: usize,
) -> Detail {
    Detail { findings, proof_lines, pods, events, picture, gates }
}

const DETAILS: [Detail; 7] = [
    detail(20, 400, 100, 200, true, usize::MAX),
    detail(20, 100, 100, 100, true, usize::MAX),
    detail(10, 40, 50, 40, true, usize::MAX),
    detail(5, 20, 20, 20, false, usize::MAX),
    detail(2, 10, 5, 0, false, 200),
    detail(1, 4, 0, 0, false, 100),
    detail(1, 0, 0, 0, false, 20),
];

/// The report, in at most so many bytes where that can be done.
#[must_use]
pub fn render(document: &ReportInput<'_>, flavour: Flavour, largest: usize) -> SafeText {
    let mut text = SafeText::EMPTY;
    for detail in &DETAILS {
        text = drawn(document, flavour, detail);
        if text.len() <= largest {
            break;
        }
    }
    text
}

fn drawn(document: &ReportInput<'_>, flavour: Flavour, detail: &Detail) -> SafeText {
    let mut out = SafeText::EMPTY;
    let verdict = document.verdict();
    let several = document.run.gates.len() > 1;
    if document.error.is_some() || several {
        let of = if several { safe!(": {}", headline::run(document.run)) } else { SafeText::EMPTY };
        out.push(&safe!("## {} crashgate: {}{}\n\n", sign(verdict), headline::title_within(verdict), of));
    }
    if let Some(error) = document.error {
        out.push(&safe!("{}\n\n", headline::meaning(verdict)));
        out.push(&fenced(&error.text.block(600), ""));
    }
    if several {
        out.push(&overview(document, detail));
    }
    for (run, log) in document.worst_first().into_iter().take(detail.gates) {
        out.push(&gate(run, log, flavour, detail, several));
    }
    let left_out = document.run.gates.len().saturating_sub(detail.gates);
    if left_out > 0 {
        out.push(&safe!("And {}, in the JSON result.\n\n", words::count(left_out, "more gate")));
    }
    out.push(&safe!("<sub>{}</sub>\n", prose(&footer(document))));
    out
}

/// A sign that GitHub and people alike read; the words beside it say the same.
const fn sign(verdict: Verdict) -> &'static str {
    match headline::tone(verdict) {
        Tone::Good => "✅",
        Tone::Careful => "⚠️",
        _ => "❌",
    }
}

fn footer(document: &ReportInput<'_>) -> SafeText {
    let target = progress::known_target(&document.run.target);
    safe!(
        "crashgate {} · began {}, took {}{}",
        env!("CARGO_PKG_VERSION"),
        words::moment(document.run.started_at),
        words::duration(document.run.duration),
        target.map(|target| safe!(" · {}", target)).unwrap_or_default(),
    )
}

fn overview(document: &ReportInput<'_>, detail: &Detail) -> SafeText {
    let mut out = SafeText::from("| Gate | Verdict | After | Cause |\n|---|---|---|---|\n");
    for (gate, _) in document.worst_first().into_iter().take(detail.gates.min(200)) {
        let outcome = &gate.outcome;
        out.push(&safe!(
            "| {} | {} {} | {} | {} |\n",
            prose(&headline::gate(gate)),
            sign(outcome.verdict),
            headline::title(outcome.verdict),
            words::duration(outcome.decided_after),
            outcome.findings.first().map(|finding| prose(&progress::cause(finding))).unwrap_or_default(),
        ));
    }
    out.push(&"\n".into());
    out
}

fn gate(gate: &GateRun, log: Option<&GateLog>, flavour: Flavour, detail: &Detail, several: bool) -> SafeText {
    let outcome = &gate.outcome;
    let verdict = outcome.verdict;
    let mut out = safe!(
        "{} {} {}: {}\n\n{} Decided after {} (exit code {}). {}\n\n",
        if several { "###" } else { "##" },
        sign(verdict),
        headline::title(verdict),
        prose(&headline::gate(gate)),
        headline::meaning(verdict),
        words::duration(outcome.decided_after),
        verdict.exit_code(),
        prose(&headline::readiness(gate)),
    );
    if let Some((first, others)) = outcome.findings.split_first() {
        out.push(&cause(first, flavour, detail, true));
        for finding in others.iter().take(detail.findings - 1) {
            out.push(&cause(finding, flavour, detail, false));
        }
        let left_out = others.len().saturating_sub(detail.findings - 1);
        if left_out > 0 {
            out.push(&safe!("And {}, in the JSON result.\n\n", words::count(left_out, "more cause")));
        }
    }
    for changes in &outcome.background.changes {
        out.push(&safe!("**{}**\n\n", prose(&changes.title(outcome.background.changes.len() == 1))));
        for line in changes.lines(CHANGES) {
            out.push(&safe!("- {}\n", prose(&line)));
        }
        out.push(&"\n".into());
    }
    for kind in progress::warning_kinds(&outcome.warnings) {
        out.push(&safe!("- **Warning:** {}\n", rich(&kind.words())));
    }
    if !outcome.warnings.is_empty() {
        out.push(&"\n".into());
    }
    out.push(&checks(gate));
    out.push(&pods(gate, detail));
    if let Some(log) = log {
        if flavour == Flavour::Github && detail.picture {
            out.push(&gantt::chart(&timeline::of(log, outcome)));
        }
        out.push(&events(log, detail));
    }
    out
}

fn cause(finding: &Finding, flavour: Flavour, detail: &Detail, leads: bool) -> SafeText {
    let place = headline::place(finding);
    let place = place.iter().map(|(kind, name)| safe!("{} <code>{}</code>", kind, prose(name)));
    let place = SafeText::joined(place, ", ");
    let mut lines =
        vec![if place.is_empty() { safe!("**{}**", finding.code) } else { safe!("**{}** · {}", finding.code, place) }];
    if !finding.also.is_empty() {
        lines.extend([SafeText::EMPTY, safe!("{}.", prose(&block::also(&finding.also)))]);
    }
    lines.extend([SafeText::EMPTY, rich(&finding.message.line())]);
    if leads && !finding.next_step.is_blank() {
        lines.extend([SafeText::EMPTY, safe!("**Next:** {}", rich(&finding.next_step.line()))]);
    }
    let mut out = match finding.code.row().verdict {
        _ if flavour != Flavour::Github || !leads => SafeText::EMPTY,
        Verdict::Failed | Verdict::Platform | Verdict::TimedOut | Verdict::NothingMatched => "> [!CAUTION]\n".into(),
        _ => "> [!WARNING]\n".into(),
    };
    for line in lines {
        out.push(&safe!("{}\n", safe!("> {}", line).trimmed_end()));
    }
    out.push(&"\n".into());
    if detail.proof_lines > 0 {
        out.extend(finding.evidence.iter().map(|piece| proof(piece, detail, leads)));
    }
    out
}

fn proof(piece: &Evidence, detail: &Detail, leads: bool) -> SafeText {
    let all = headline::proof(piece);
    let limits = fold::Limits { head: detail.proof_lines / 4, tail: detail.proof_lines - detail.proof_lines / 4 };
    let lines = fold::excerpt(&all, limits);
    if lines.is_empty() {
        return SafeText::EMPTY;
    }
    let is_log = piece.kind == EvidenceKind::Log;
    // The last words of the root cause are what people came for; all else is a click away.
    let open = if leads && is_log { " open" } else { "" };
    let what =
        if is_log { "The last log lines of the container".into() } else { headline::capital(block::label(piece.kind)) };
    let fenced = fenced(&lines, if is_log { "text" } else { "" });
    safe!("<details{}><summary>{}</summary>\n\n{}</details>\n\n", open, what, fenced)
}

/// The lines in a fence that none of them can close.
fn fenced(lines: &[SafeText], language: &'static str) -> SafeText {
    let longest = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len).max().unwrap_or(0);
    let fence = SafeText::rearranged("`".repeat(longest.max(2) + 1));
    let lines: SafeText = lines.iter().map(|line| safe!("{}\n", line)).collect();
    safe!("{}{}\n{}{}\n\n", fence, language, lines, fence)
}

/// The checks of the metrics; a manifest names few.
fn checks(gate: &GateRun) -> SafeText {
    let checks = &gate.outcome.checks;
    if checks.is_empty() {
        return SafeText::EMPTY;
    }
    let mut out =
        SafeText::from("| Check | Result | Canary | Stable | Limits | Evidence |\n|---|---|---|---|---|---|\n");
    for check in checks {
        let lacking = check.lacking.as_ref().map(|lacking| safe!(": {}", rich(&lacking.line()))).unwrap_or_default();
        let cells = [Some(check.canary_short()), check.stable_short(), Some(check.limits()), check.evidence()];
        let cells = SafeText::joined(cells.map(|cell| prose(&cell.unwrap_or_default())), " | ");
        let sign = match check.sign() {
            "✔" => "✅",
            "✘" => "❌",
            _ => "⚠️",
        };
        let result = safe!("{} {}{}", sign, check.standing_words(), lacking);
        out.push(&safe!("| {} | {} | {} |\n", prose(&check.name.line()), result, cells));
    }
    out.push(&"\n".into());
    if checks.iter().any(|check| check.evidence().is_some()) {
        out.push(&safe!("<sub>{}</sub>\n\n", WHAT_E_IS));
    }
    out
}

fn pods(gate: &GateRun, detail: &Detail) -> SafeText {
    let outcome = &gate.outcome;
    if outcome.pods.is_empty() || detail.pods == 0 {
        return SafeText::EMPTY;
    }
    let mut pods: Vec<_> = outcome.pods.iter().collect();
    pods.sort_by_key(|pod| pod.ready);
    let mut out = SafeText::from("| Pod | State | Ready | Restarts | Node |\n|---|---|---|---:|---|\n");
    for pod in pods.iter().take(detail.pods) {
        out.push(&safe!(
            "| <code>{}</code> | {} | {} | {} | {} |\n",
            prose(&pod.name.line()),
            prose(&pod.state.line()),
            if pod.ready { "yes" } else { "no" },
            pod.restarts,
            prose(&pod.node.as_ref().map(Untrusted::line).unwrap_or_default()),
        ));
    }
    out.push(&"\n".into());
    let left_out = pods.len().saturating_sub(detail.pods);
    if left_out > 0 {
        let ready = pods.iter().skip(detail.pods).filter(|pod| pod.ready).count();
        out.push(&safe!("And {}, {} of them ready.\n\n", words::count(left_out, "more pod"), ready));
    }
    out
}

/// What happened, line by line; of a long log the end.
fn events(log: &GateLog, detail: &Detail) -> SafeText {
    if log.events.is_empty() || detail.events == 0 {
        return SafeText::EMPTY;
    }
    let line = |(at, event): &(Duration, _)| safe!("{:>9}  {}", words::since(*at), progress::event_line(event));
    let skipped = log.events.len().saturating_sub(detail.events);
    let mut lines = Vec::new();
    if skipped > 0 {
        lines.push(safe!("… {} before", words::count(skipped, "line")));
    }
    lines.extend(log.events[skipped..].iter().map(line));
    let fenced = fenced(&lines, "text");
    safe!("<details><summary>What happened, step by step</summary>\n\n{}</details>\n\n", fenced)
}
