//! The report as one page of HTML: no script, no request, everything in it.
//!
//! Read by eye, by ear, on paper and in the dark. Text is escaped as XML is, which HTML reads alike.

use std::fmt::Write as _;
use std::time::Duration;

use super::story::{Document, GateStory, Mistake};
use super::{block, headline, progress, quote, timeline, words, xml};
use crate::cluster::drive::GateRun;
use crate::gate::result::{Evidence, EvidenceKind, Finding, Verdict};

mod chart;
mod pods;

const STYLE: &str = include_str!("html/style.css");

/// Lines of a piece of proof, and of the story; of more the end is shown.
const MOST_LINES: usize = 5000;

/// The page.
#[must_use]
pub fn render(document: &Document<'_>) -> String {
    let title = format!("{}: {}", headline::title(document.verdict()), headline::run(document.run));
    let mut out = String::with_capacity(32 * 1024);
    out.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // Nothing is ever loaded; whatever slipped through the escapes could not be either.
    out.push_str(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n",
    );
    out.push_str("<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n");
    let _ = writeln!(
        out,
        "<title>{} · crashgate</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>",
        xml::text(&title)
    );
    if let Some(error) = document.error {
        unjudged(&mut out, error);
    }
    if document.run.gates.len() > 1 {
        overview(&mut out, document);
    }
    let level = if document.run.gates.len() > 1 { 2 } else { 1 };
    for (place, (gate, story)) in document.worst_first().into_iter().enumerate() {
        draw_gate(&mut out, place, gate, story, level);
    }
    let _ = writeln!(out, "</main>\n<footer class=\"foot\">{}</footer>\n</body>\n</html>", footer(document));
    out
}

fn footer(document: &Document<'_>) -> String {
    let run = document.run;
    let mut parts = vec![
        format!("crashgate {}", env!("CARGO_PKG_VERSION")),
        format!("began {}", run.started_at.strftime("%Y-%m-%d %H:%M:%S UTC")),
        format!("took {}", words::duration(run.duration)),
    ];
    if !run.target.server.is_empty() || run.target.rehearsal.is_some() {
        parts.push(xml::text(&progress::target_line(&run.target)));
    }
    parts.join(" · ")
}

/// How a verdict looks: its class, and a sign that is no matter of colour.
const fn look(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Healthy => ("good", "M13 23l7 7 12-14"),
        Verdict::Superseded
        | Verdict::Inconclusive
        | Verdict::Interrupted
        | Verdict::Terminated
        | Verdict::HungUp
        | Verdict::Quit => ("careful", "M22 11v14M22 31v1"),
        _ => ("bad", "M14 14l16 16M30 14L14 30"),
    }
}

fn banner(out: &mut String, verdict: Verdict, level: usize, title: &str, said: &str, chips: &[(&str, String)]) {
    let (class, sign) = look(verdict);
    let _ = writeln!(
        out,
        "<div class=\"banner {class}\"><svg class=\"sign\" viewBox=\"0 0 44 44\" aria-hidden=\"true\" fill=\"none\" \
         stroke=\"currentColor\" stroke-width=\"4\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\
         <circle cx=\"22\" cy=\"22\" r=\"20\" stroke-width=\"3\"/><path d=\"{sign}\"/></svg><div>\
         <p class=\"verdict\">{}</p><h{level} class=\"title\">{}</h{level}><p class=\"said\">{}</p>",
        headline::title(verdict),
        xml::text(title),
        xml::text(said),
    );
    if !chips.is_empty() {
        out.push_str("<dl class=\"chips\">");
        for (name, value) in chips {
            let _ = write!(out, "<div><dt>{name}</dt><dd>{}</dd></div>", xml::text(value));
        }
        out.push_str("</dl>");
    }
    out.push_str("</div></div>\n");
}

fn unjudged(out: &mut String, mistake: Mistake<'_>) {
    out.push_str("<section class=\"gate\">\n");
    let verdict = mistake.verdict;
    banner(out, verdict, 1, "Nothing was judged", headline::meaning(verdict), &[]);
    out.push_str("<div class=\"card\"><h2 class=\"card-title\">What is wrong</h2>");
    block_of(out, &quote::block(mistake.text, 2000), "What is wrong");
    out.push_str("</div></section>\n");
}

fn overview(out: &mut String, document: &Document<'_>) {
    out.push_str("<section class=\"gate\">\n");
    let verdict = document.verdict();
    let said = format!("{} The worst gate decides: exit code {}.", headline::meaning(verdict), verdict.exit_code());
    banner(out, verdict, 1, &headline::run(document.run), &said, &[]);
    out.push_str("<div class=\"card\"><table class=\"gates\"><thead><tr><th scope=\"col\">Gate</th><th scope=\"col\">Verdict</th><th scope=\"col\">After</th><th scope=\"col\">Cause</th></tr></thead><tbody>\n");
    for (place, (gate, _)) in document.worst_first().into_iter().enumerate() {
        let cause = gate.outcome.findings.first().map_or_else(String::new, progress::cause);
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\"><a href=\"#gate-{place}\">{}</a></th>\
             <td><b class=\"{}\">{}</b></td><td>{}</td><td class=\"why\">{}</td></tr>",
            xml::text(&headline::gate(gate)),
            look(gate.outcome.verdict).0,
            headline::title(gate.outcome.verdict),
            words::duration(gate.outcome.decided_after),
            xml::text(&cause),
        );
    }
    out.push_str("</tbody></table></div></section>\n");
}

fn draw_gate(out: &mut String, place: usize, gate: &GateRun, story: Option<&GateStory>, level: usize) {
    let (plan, outcome) = (&gate.plan, &gate.outcome);
    let _ = writeln!(out, "<section class=\"gate\" id=\"gate-{place}\">");
    let pods = match &plan.workload {
        Some(pin) => pin.to_string(),
        None => plan.selector.to_string(),
    };
    let chips = [
        ("decided after", words::duration(outcome.decided_after)),
        ("exit code", outcome.verdict.exit_code().to_string()),
        ("pods with", quote::name(&pods)),
        ("wait period", words::duration(plan.wait_period)),
        ("stable for", words::duration(plan.stable_for)),
    ];
    let said = format!("{} {}", headline::meaning(outcome.verdict), headline::readiness(gate));
    banner(out, outcome.verdict, level, &headline::gate(gate), &said, &chips);
    if let Some((first, others)) = outcome.findings.split_first() {
        card(out, level, "Cause");
        draw_cause(out, first, level, true);
        out.push_str("</div>\n");
        if !others.is_empty() {
            card(out, level, "Also");
            for finding in others {
                draw_cause(out, finding, level, false);
            }
            out.push_str("</div>\n");
        }
    }
    if !outcome.warnings.is_empty() {
        card(out, level, "Warnings");
        out.push_str("<ul class=\"warnings\">");
        for kind in progress::warning_kinds(&outcome.warnings) {
            let _ = write!(out, "<li>{}", rich(&kind.words()));
            if !kind.more.is_empty() {
                let lines: Vec<String> = kind.more.iter().map(|warning| progress::warning_words(warning)).collect();
                out.push_str("<details><summary>The others</summary>");
                block_of(out, &lines, "The others");
                out.push_str("</details>");
            }
            out.push_str("</li>");
        }
        out.push_str("</ul></div>\n");
    }
    if let Some(story) = story {
        let timeline = timeline::of(story, outcome);
        if !timeline.lanes.is_empty() {
            card(out, level, "Pods over time");
            pods::draw(out, &timeline);
            out.push_str("</div>\n");
        }
        draw_events(out, story, level);
    }
    out.push_str("</section>\n");
}

fn card(out: &mut String, level: usize, title: &str) {
    let level = level + 1;
    // The look of a card's title does not hang on its rank.
    let _ = writeln!(out, "<div class=\"card\"><h{level} class=\"card-title\">{title}</h{level}>");
}

fn draw_cause(out: &mut String, finding: &Finding, level: usize, leads: bool) {
    let level = level + 2;
    let _ = write!(out, "<article class=\"cause\"><h{level} class=\"code\">{}</h{level}>", finding.code);
    let place: Vec<String> = headline::place(finding)
        .iter()
        .map(|(kind, name)| format!("{kind} <b class=\"mono\">{}</b>", xml::text(name)))
        .collect();
    if !place.is_empty() {
        let _ = write!(out, "<p class=\"place\">{}</p>", place.join(" · "));
    }
    if !finding.also.is_empty() {
        let _ = write!(out, "<p class=\"place\">{}</p>", xml::text(&block::also(&finding.also)));
    }
    let _ = write!(out, "<p class=\"message\">{}</p>", rich(&quote::line(&finding.message)));
    for piece in &finding.evidence {
        draw_proof(out, piece, leads);
    }
    if !finding.next_step.trim().is_empty() {
        let _ = write!(out, "<p class=\"next\"><b>Next:</b> {}</p>", rich(&quote::line(&finding.next_step)));
    }
    out.push_str("</article>\n");
}

fn draw_proof(out: &mut String, piece: &Evidence, leads: bool) {
    let lines = headline::proof(piece);
    if lines.is_empty() {
        return;
    }
    let is_log = piece.kind == EvidenceKind::Log;
    let name = if is_log { "The last log lines of the container" } else { block::label(piece.kind) };
    let open = if leads { " open" } else { "" };
    let mut letters = name.chars();
    let name: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let _ = write!(out, "<details{open}><summary>{name}</summary>");
    block_of(out, &lines, &name);
    out.push_str("</details>");
}

/// Lines as they are. Where they are more than fit, the keyboard can scroll them.
fn block_of(out: &mut String, lines: &[String], name: &str) {
    let skipped = lines.len().saturating_sub(MOST_LINES);
    let _ = write!(out, "<pre tabindex=\"0\" role=\"group\" aria-label=\"{}\">", xml::attribute(name));
    if skipped > 0 {
        let _ = writeln!(out, "… {} before", words::count(skipped, "line"));
    }
    for line in &lines[skipped..] {
        out.push_str(&xml::text(line));
        out.push('\n');
    }
    out.push_str("</pre>");
}

fn draw_events(out: &mut String, story: &GateStory, level: usize) {
    if story.events.is_empty() {
        return;
    }
    let line = |(at, event): &(Duration, _)| format!("{:>9}  {}", words::since(*at), progress::event_line(event));
    let lines: Vec<String> = story.events.iter().map(line).collect();
    card(out, level, "What happened");
    let _ = write!(out, "<details><summary>{}, step by step</summary>", words::count(lines.len(), "line"));
    block_of(out, &lines, "What happened");
    out.push_str("</details></div>\n");
}

/// The text with what stands in backticks as code. A command that ends it is told apart, for it is there to be copied.
fn rich(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::new();
    for (place, part) in parts.iter().enumerate() {
        let is_code = place % 2 == 1;
        if is_code && place + 1 < parts.len() {
            let ends_it = place + 2 == parts.len() && matches!(parts[place + 1].trim(), "" | ".");
            let class = if ends_it && part.contains(' ') { " class=\"command\"" } else { "" };
            let _ = write!(out, "<code{class}>{}</code>", words_of(part));
        } else {
            let _ = write!(out, "{}{}", if is_code { "`" } else { "" }, xml::text(part));
        }
    }
    out
}

/// Code whose words stay whole where lines are broken: a name or a flag that is torn at its hyphen is misread.
fn words_of(code: &str) -> String {
    let words: Vec<String> = code.split(' ').map(|word| format!("<span>{}</span>", xml::text(word))).collect();
    if words.len() == 1 { xml::text(code) } else { words.join(" ") }
}
