//! The report as one page of HTML: no script, no request, everything in it.
//!
//! Read by eye, by ear, on paper and in the dark. Made by templates that escape whatever is put into them.

use std::time::Duration;

use maud::{Markup, PreEscaped, html};

use super::layout::Tone;
use super::model::{Evidence, Finding, GateRun, Warning};
use super::run_log::{GateLog, Mistake, ReportInput};
use super::{block, headline, progress, timeline, words};
use crate::gate::result::EvidenceKind;
use crate::gate::result::Verdict;
use crate::safe;
use crate::text::SafeText;

mod chart;
mod check_chart;
mod checks;
pub mod grid;
mod parts;
mod pods;

use parts::{heading, rich};

/// The style of every page.
pub const STYLE: &str = include_str!("html/style.css");
/// Nothing is ever loaded; whatever slipped through the escapes could not be either.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// Lines of a piece of proof, and of the log; of more the end is shown.
const MOST_LINES: usize = 5000;
/// Changes of a pod template that are shown.
const MOST_CHANGES: usize = 100;

/// The page.
#[must_use]
pub fn render(document: &ReportInput<'_>) -> SafeText {
    let several = document.run.gates.len() > 1;
    let page = html! {
        (PreEscaped("<!doctype html>\n"))
        html lang="en" { "\n"
            head { "\n"
                meta charset="utf-8"; "\n"
                meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
                meta http-equiv="Content-Security-Policy" content=(POLICY); "\n"
                meta name="referrer" content="no-referrer"; "\n"
                link rel="icon" href="data:,"; "\n"
                title { (headline::title(document.verdict())) ": " (headline::run(document.run)) " · crashgate" } "\n"
                style { "\n" (PreEscaped(STYLE)) } "\n"
            } "\n"
            body { "\n"
                main { "\n"
                    @if let Some(mistake) = document.error { (unjudged(mistake)) }
                    @if several { (overview(document)) }
                    @for (index, (run, log)) in document.worst_first().into_iter().enumerate() {
                        (gate(index, run, log, document.run.started_at, if several { 2 } else { 1 }))
                    }
                } "\n"
                footer.foot { (footer(document)) } "\n"
            } "\n"
        } "\n"
    };
    SafeText::rearranged(page.into_string())
}

fn footer(document: &ReportInput<'_>) -> SafeText {
    let run = document.run;
    let mut parts = vec![
        safe!("crashgate {}", env!("CARGO_PKG_VERSION")),
        safe!("began {}", words::moment(run.started_at)),
        safe!("took {}", words::duration(run.duration)),
    ];
    parts.extend(progress::known_target(&run.target));
    SafeText::joined(parts, " · ")
}

/// How a verdict looks: its class, and a sign that is no matter of colour.
#[must_use]
pub const fn look(verdict: Verdict) -> (&'static str, &'static str) {
    match headline::tone(verdict) {
        Tone::Good => ("good", "M13 23l7 7 12-14"),
        Tone::Careful => ("careful", "M22 11v14M22 31v1"),
        _ => ("bad", "M14 14l16 16M30 14L14 30"),
    }
}

fn banner(
    verdict: Verdict,
    level: u8,
    title: &SafeText,
    said: &SafeText,
    chips: &[(&'static str, SafeText)],
) -> Markup {
    let (class, sign) = look(verdict);
    html! {
        div class={ "banner " (class) } {
            svg.sign viewBox="0 0 44 44" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="4"
                stroke-linecap="round" stroke-linejoin="round" {
                circle cx="22" cy="22" r="20" stroke-width="3" {}
                path d=(sign) {}
            }
            div {
                p.verdict { (headline::title(verdict)) }
                (heading(level, "title", title))
                p.said { (said) }
                @if !chips.is_empty() {
                    dl.chips { @for (name, value) in chips { div { dt { (name) } dd { (value) } } } }
                }
            }
        } "\n"
    }
}

fn unjudged(mistake: &Mistake) -> Markup {
    let verdict = mistake.verdict;
    html! {
        section.gate { "\n"
            (banner(verdict, 1, &"Nothing was judged".into(), &headline::meaning(verdict).into(), &[]))
            div.card {
                h2.card-title { "What is wrong" }
                (lines(&mistake.text.block(2000), &"What is wrong".into()))
            }
        } "\n"
    }
}

fn overview(document: &ReportInput<'_>) -> Markup {
    let verdict = document.verdict();
    let said = safe!("{} The worst gate decides: exit code {}.", headline::meaning(verdict), verdict.exit_code());
    html! {
        section.gate { "\n"
            (banner(verdict, 1, &headline::run(document.run), &said, &[]))
            div.card { table.gates {
                thead { tr { @for name in ["Gate", "Verdict", "After", "Cause"] { th scope="col" { (name) } } } }
                tbody { "\n"
                    @for (index, (gate, _)) in document.worst_first().into_iter().enumerate() {
                        tr {
                            th scope="row" { a href={ "#gate-" (index) } { (headline::gate(gate)) } }
                            td { b class=(look(gate.outcome.verdict).0) { (headline::title(gate.outcome.verdict)) } }
                            td { (words::duration(gate.outcome.decided_after)) }
                            td.why { @if let Some(finding) = gate.outcome.findings.first() { (progress::cause(finding)) } }
                        } "\n"
                    }
                }
            } }
        } "\n"
    }
}

fn gate(index: usize, gate: &GateRun, log: Option<&GateLog>, started_at: jiff::Timestamp, level: u8) -> Markup {
    let (plan, outcome) = (&gate.plan, &gate.outcome);
    let chips = [
        ("decided after", words::duration(outcome.decided_after)),
        ("exit code", safe!("{}", outcome.verdict.exit_code())),
        ("pods with", plan.workload.as_ref().unwrap_or(&plan.selector).line()),
        ("wait period", words::duration(plan.wait_period)),
        ("stable for", words::duration(plan.stable_for)),
    ];
    let said = safe!("{} {}", headline::meaning(outcome.verdict), headline::readiness(gate));
    html! {
        section.gate id={ "gate-" (index) } { "\n"
            (banner(outcome.verdict, level, &headline::gate(gate), &said, &chips))
            (cards_of(gate, log, started_at, level))
        } "\n"
    }
}

/// What a page shows of a gate that has ended, below a banner of its own that has the first heading.
#[must_use]
pub fn cards(gate: &GateRun, log: Option<&GateLog>, started_at: jiff::Timestamp) -> SafeText {
    SafeText::rearranged(cards_of(gate, log, started_at, 1).into_string())
}

/// The same of a gate that goes on, of which so much was heard until now.
#[must_use]
pub fn cards_so_far(log: &GateLog, now: Duration) -> SafeText {
    let timeline = timeline::so_far(log, now);
    let cards = html! {
        @if !timeline.lanes.is_empty() { (card(1, "Pods over time", &pods::pods(&timeline))) }
        (events(log, 1))
    };
    SafeText::rearranged(cards.into_string())
}

fn cards_of(gate: &GateRun, log: Option<&GateLog>, started_at: jiff::Timestamp, level: u8) -> Markup {
    let outcome = &gate.outcome;
    let timeline = log.map(|log| timeline::of(log, outcome)).filter(|timeline| !timeline.lanes.is_empty());
    html! {
        @if let Some((first, others)) = outcome.findings.split_first() {
            (card(level, "Cause", &cause(first, level, true)))
            @if !others.is_empty() {
                (card(level, "Also", &html! { @for finding in others { (cause(finding, level, false)) } }))
            }
        }
        @for changes in &outcome.background.changes {
            (card_titled(level, &changes.title(outcome.background.changes.len() == 1), &html! {
                ul.warnings { @for line in changes.lines(MOST_CHANGES) { li { (line) } } }
            }))
        }
        @if !outcome.checks.is_empty() {
            (card(level, "Metrics", &checks::checks(gate, started_at, level + 2)))
        }
        @if !outcome.warnings.is_empty() { (card(level, "Warnings", &warnings(&outcome.warnings))) }
        @if let Some(timeline) = timeline { (card(level, "Pods over time", &pods::pods(&timeline))) }
        @if let Some(log) = log { (events(log, level)) }
    }
}

/// A part of a gate under a title, whose look does not hang on its rank.
fn card(level: u8, title: &'static str, content: &Markup) -> Markup {
    card_titled(level, &title.into(), content)
}

fn card_titled(level: u8, title: &SafeText, content: &Markup) -> Markup {
    html! { div.card { (heading(level + 1, "card-title", title)) "\n" (content) } "\n" }
}

fn warnings(warnings: &[Warning]) -> Markup {
    html! {
        ul.warnings {
            @for kind in progress::warning_kinds(warnings) {
                li {
                    (rich(&kind.words()))
                    @if !kind.more.is_empty() {
                        @let others: Vec<_> = kind.more.iter().map(|warning| progress::warning_words(warning)).collect();
                        details { summary { "The others" } (lines(&others, &"The others".into())) }
                    }
                }
            }
        }
    }
}

fn cause(finding: &Finding, level: u8, leads: bool) -> Markup {
    let place = headline::place(finding);
    html! {
        article.cause {
            (heading(level + 2, "code", &finding.code.name().into()))
            @if !place.is_empty() {
                p.place {
                    @for (index, (kind, name)) in place.iter().enumerate() {
                        @if index > 0 { " · " }
                        (kind) " " b.mono { (name) }
                    }
                }
            }
            @if !finding.also.is_empty() { p.place { (block::also(&finding.also)) } }
            p.message { (rich(&finding.message.line())) }
            @for piece in &finding.evidence { (proof(piece, leads)) }
            @if !finding.next_step.is_blank() { p.next { b { "Next:" } " " (rich(&finding.next_step.line())) } }
        } "\n"
    }
}

fn proof(piece: &Evidence, leads: bool) -> Markup {
    let proof = headline::proof(piece);
    let name = match piece.kind {
        EvidenceKind::Log => "The last log lines of the container".into(),
        kind => headline::capital(block::label(kind)),
    };
    html! {
        @if !proof.is_empty() { details open[leads] { summary { (name) } (lines(&proof, &name)) } }
    }
}

/// Lines as they are. Where they are more than fit, the keyboard can scroll them.
fn lines(lines: &[SafeText], name: &SafeText) -> Markup {
    let skipped = lines.len().saturating_sub(MOST_LINES);
    html! {
        pre tabindex="0" role="group" aria-label=(name) {
            @if skipped > 0 { "… " (words::count(skipped, "line")) " before\n" }
            @for line in &lines[skipped..] { (line) "\n" }
        }
    }
}

fn events(log: &GateLog, level: u8) -> Markup {
    let line = |(at, event): &(Duration, _)| safe!("{:>9}  {}", words::since(*at), progress::event_line(event));
    let told: Vec<SafeText> = log.events.iter().map(line).collect();
    let content = html! {
        details {
            summary { (words::count(told.len(), "line")) ", step by step" }
            (lines(&told, &"What happened".into()))
        }
    };
    html! { @if !told.is_empty() { (card(level, "What happened", &content)) } }
}
