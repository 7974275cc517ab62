//! The report as Markdown, and with what only GitHub draws as its job summary.
//!
//! Both are made by one pen. GitHub throws a summary of more than 1 MiB away as a whole, so a report is drawn with less
//! and less of the proof until it fits; it is never cut in the middle.

use std::fmt::Write as _;
use std::time::Duration;

use super::story::{Document, GateStory};
use super::{block, fold, headline, progress, quote, timeline, words};
use crate::cluster::drive::GateRun;
use crate::gate::result::{Evidence, EvidenceKind, Finding, Verdict};

mod escape;
mod gantt;

use escape::{prose, rich};

/// The largest report that GitHub takes, less a little for its own bookkeeping.
pub const LARGEST: usize = 1024 * 1024 - 1024;

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
pub fn render(document: &Document<'_>, flavour: Flavour, largest: usize) -> String {
    let mut text = String::new();
    for detail in &DETAILS {
        text = drawn(document, flavour, detail);
        if text.len() <= largest {
            break;
        }
    }
    text
}

fn drawn(document: &Document<'_>, flavour: Flavour, detail: &Detail) -> String {
    let mut out = String::new();
    let verdict = document.verdict();
    let several = document.run.gates.len() > 1;
    if document.error.is_some() || several {
        let of = if several { format!(": {}", headline::run(document.run)) } else { String::new() };
        let _ = writeln!(out, "## {} crashgate: {}{of}\n", sign(verdict), headline::title(verdict).to_lowercase());
    }
    if let Some(error) = document.error {
        let _ = writeln!(out, "{}\n", headline::meaning(verdict));
        fenced(&mut out, &quote::block(error.text, 600), "");
    }
    if several {
        overview(&mut out, document, detail);
    }
    for (gate, story) in document.worst_first().into_iter().take(detail.gates) {
        draw_gate(&mut out, gate, story, flavour, detail, several);
    }
    let left_out = document.run.gates.len().saturating_sub(detail.gates);
    if left_out > 0 {
        let _ = writeln!(out, "And {}, in the JSON result.\n", words::count(left_out, "more gate"));
    }
    let _ = writeln!(out, "<sub>{}</sub>", prose(&footer(document)));
    out
}

/// A sign that GitHub and people alike read; the words beside it say the same.
const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "✅",
        Verdict::Superseded
        | Verdict::Inconclusive
        | Verdict::Interrupted
        | Verdict::Terminated
        | Verdict::HungUp
        | Verdict::Quit => "⚠️",
        _ => "❌",
    }
}

fn footer(document: &Document<'_>) -> String {
    let target = progress::target_line(&document.run.target);
    let began = document.run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC");
    let asked = if document.run.target.server.is_empty() && document.run.target.rehearsal.is_none() {
        String::new()
    } else {
        format!(" · {target}")
    };
    format!(
        "crashgate {} · began {began}, took {}{asked}",
        env!("CARGO_PKG_VERSION"),
        words::duration(document.run.duration)
    )
}

fn overview(out: &mut String, document: &Document<'_>, detail: &Detail) {
    out.push_str("| Gate | Verdict | After | Cause |\n|---|---|---|---|\n");
    for (gate, _) in document.worst_first().into_iter().take(detail.gates.min(200)) {
        let outcome = &gate.outcome;
        let cause = outcome.findings.first().map_or_else(String::new, progress::cause);
        let _ = writeln!(
            out,
            "| {} | {} {} | {} | {} |",
            prose(&headline::gate(gate)),
            sign(outcome.verdict),
            headline::title(outcome.verdict),
            words::duration(outcome.decided_after),
            prose(&cause),
        );
    }
    out.push('\n');
}

fn draw_gate(
    out: &mut String,
    gate: &GateRun,
    story: Option<&GateStory>,
    flavour: Flavour,
    detail: &Detail,
    several: bool,
) {
    let outcome = &gate.outcome;
    let verdict = outcome.verdict;
    let _ = writeln!(
        out,
        "{} {} {}: {}\n",
        if several { "###" } else { "##" },
        sign(verdict),
        headline::title(verdict),
        prose(&headline::gate(gate))
    );
    let _ = writeln!(
        out,
        "{} Decided after {} (exit code {}). {}\n",
        headline::meaning(verdict),
        words::duration(outcome.decided_after),
        verdict.exit_code(),
        prose(&headline::readiness(gate))
    );
    if let Some((first, others)) = outcome.findings.split_first() {
        draw_cause(out, first, flavour, detail, true);
        for finding in others.iter().take(detail.findings - 1) {
            draw_cause(out, finding, flavour, detail, false);
        }
        let left_out = others.len().saturating_sub(detail.findings - 1);
        if left_out > 0 {
            let _ = writeln!(out, "And {}, in the JSON result.\n", words::count(left_out, "more cause"));
        }
    }
    for kind in progress::warning_kinds(&outcome.warnings) {
        let _ = writeln!(out, "- **Warning:** {}", rich(&kind.words()));
    }
    if !outcome.warnings.is_empty() {
        out.push('\n');
    }
    draw_pods(out, gate, detail);
    if let Some(story) = story {
        if flavour == Flavour::Github && detail.picture {
            gantt::draw(out, &timeline::of(story, outcome));
        }
        draw_events(out, story, detail);
    }
}

fn draw_cause(out: &mut String, finding: &Finding, flavour: Flavour, detail: &Detail, leads: bool) {
    let mut lines = vec![format!("**{}**", finding.code)];
    let place: Vec<String> =
        headline::place(finding).iter().map(|(kind, name)| format!("{kind} <code>{}</code>", prose(name))).collect();
    if !place.is_empty() {
        lines[0].extend([" · ", &place.join(", ")]);
    }
    if !finding.also.is_empty() {
        lines.push(String::new());
        lines.push(prose(&block::also(&finding.also)) + ".");
    }
    lines.push(String::new());
    lines.push(rich(&quote::line(&finding.message)));
    if leads && !finding.next_step.trim().is_empty() {
        lines.push(String::new());
        lines.push(format!("**Next:** {}", rich(&quote::line(&finding.next_step))));
    }
    let alert = (flavour == Flavour::Github && leads).then(|| match finding.code.row().verdict {
        Verdict::Failed | Verdict::Platform | Verdict::TimedOut | Verdict::NothingMatched => "> [!CAUTION]",
        _ => "> [!WARNING]",
    });
    if let Some(alert) = alert {
        let _ = writeln!(out, "{alert}");
    }
    for line in lines {
        let _ = writeln!(out, "{}", format!("> {line}").trim_end());
    }
    out.push('\n');
    if detail.proof_lines == 0 {
        return;
    }
    for piece in &finding.evidence {
        draw_proof(out, piece, detail, leads);
    }
}

fn draw_proof(out: &mut String, piece: &Evidence, detail: &Detail, leads: bool) {
    let all = headline::proof(piece);
    let limits = fold::Limits { head: detail.proof_lines / 4, tail: detail.proof_lines - detail.proof_lines / 4 };
    let lines = fold::excerpt(&all, limits);
    if lines.is_empty() {
        return;
    }
    let is_log = piece.kind == EvidenceKind::Log;
    // The last words of the root cause are what people came for; all else is a click away.
    let open = if leads && is_log { " open" } else { "" };
    let what =
        if is_log { "The last log lines of the container".to_owned() } else { capital(block::label(piece.kind)) };
    let _ = writeln!(out, "<details{open}><summary>{what}</summary>\n");
    fenced(out, &lines, if is_log { "text" } else { "" });
    out.push_str("</details>\n\n");
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// The lines in a fence that none of them can close.
fn fenced(out: &mut String, lines: &[String], language: &str) {
    let longest = lines.iter().map(|line| longest_run(line)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}{language}");
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(out, "{fence}\n");
}

fn longest_run(line: &str) -> usize {
    line.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

fn draw_pods(out: &mut String, gate: &GateRun, detail: &Detail) {
    let outcome = &gate.outcome;
    if outcome.pods.is_empty() || detail.pods == 0 {
        return;
    }
    let mut pods: Vec<_> = outcome.pods.iter().collect();
    pods.sort_by_key(|pod| pod.ready);
    out.push_str("| Pod | State | Ready | Restarts | Node |\n|---|---|---|---:|---|\n");
    for pod in pods.iter().take(detail.pods) {
        let _ = writeln!(
            out,
            "| <code>{}</code> | {} | {} | {} | {} |",
            prose(&quote::name(&pod.name)),
            prose(&quote::line(&pod.state)),
            if pod.ready { "yes" } else { "no" },
            pod.restarts,
            prose(&pod.node.as_deref().map(quote::name).unwrap_or_default()),
        );
    }
    out.push('\n');
    let left_out = pods.len().saturating_sub(detail.pods);
    if left_out > 0 {
        let ready = pods.iter().skip(detail.pods).filter(|pod| pod.ready).count();
        let _ = writeln!(out, "And {}, {ready} of them ready.\n", words::count(left_out, "more pod"));
    }
}

/// What happened, line by line; of a long story the end.
fn draw_events(out: &mut String, story: &GateStory, detail: &Detail) {
    if story.events.is_empty() || detail.events == 0 {
        return;
    }
    let line = |(at, event): &(Duration, _)| format!("{:>9}  {}", words::since(*at), progress::event_line(event));
    let skipped = story.events.len().saturating_sub(detail.events);
    let mut lines = Vec::new();
    if skipped > 0 {
        lines.push(format!("… {} before", words::count(skipped, "line")));
    }
    lines.extend(story.events[skipped..].iter().map(line));
    out.push_str("<details><summary>What happened, step by step</summary>\n\n");
    fenced(out, &lines, "text");
    out.push_str("</details>\n\n");
}
