//! The list of gates, a part of it at a time.

use std::fmt::Write as _;

use maud::{Markup, html};
use serde::Deserialize;

use super::frame::{Nonce, Parts};
use super::look::{self, Look};
use crate::report::words;
use crate::serve::GateView;
use crate::text::SafeText;

/// How many gates stand on one page.
pub(super) const AT_ONCE: usize = 200;
/// How long the text of a filter may be that is looked at, in bytes.
const LONGEST: usize = 200;

/// What of the list is asked for. What makes no sense is passed over: a page is no API.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Asked {
    /// Words that must all be somewhere in a gate's plan, namespace, workload, revision or verdict.
    #[serde(default)]
    q: String,
    /// Which page, from 1.
    #[serde(default)]
    page: String,
}

impl Asked {
    fn words(&self) -> &str {
        let end = (0..=self.q.len().min(LONGEST)).rev().find(|end| self.q.is_char_boundary(*end));
        self.q[..end.unwrap_or(0)].trim()
    }

    /// The page, from 0.
    pub(super) fn page(&self) -> usize {
        self.page.trim().parse::<usize>().unwrap_or(1).saturating_sub(1)
    }

    /// Does this gate have all the words?
    pub(super) fn fits(&self, view: &GateView) -> bool {
        let words = self.words();
        if words.is_empty() {
            return true;
        }
        let mut text = format!("{} {} {}", view.call.plan, view.call.namespace, Look::of(view).word);
        if let Some(workload) = look::workload(view) {
            let _ = write!(text, " {workload}");
        }
        for part in view.revision.iter().chain(&view.call.run) {
            let _ = write!(text, " {part}");
        }
        let text = text.to_lowercase();
        words.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    fn query(&self, page: usize) -> String {
        let mut query = form_urlencoded(&[("q", self.words())]);
        if page > 0 {
            let _ = write!(query, "{}page={}", if query.is_empty() { "" } else { "&" }, page + 1);
        }
        query
    }

    /// The same at another page.
    fn href(&self, page: usize) -> String {
        let query = self.query(page);
        if query.is_empty() { "/".to_owned() } else { format!("/?{query}") }
    }
}

/// The pairs with a value as a query.
fn form_urlencoded(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (key, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = write!(out, "{}{key}=", if out.is_empty() { "" } else { "&" });
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// The gates of the page that is asked for, of all that fit.
pub(super) fn part<'v>(gates: &'v [GateView], asked: &Asked) -> &'v [GateView] {
    let from = asked.page().saturating_mul(AT_ONCE).min(gates.len());
    &gates[from..gates.len().min(from + AT_ONCE)]
}

/// The page.
pub(super) fn render(gates: &[GateView], asked: &Asked, _: &Nonce) -> Parts {
    let shown = part(gates, asked);
    let query = asked.query(asked.page());
    let main = html! {
        h1.title { "Gates" }
        form.filter role="search" action="/" {
            label for="q" { "Filter" }
            input #q type="search" name="q" value=(asked.words()) maxlength=(LONGEST) autocomplete="off" spellcheck="false"
                placeholder="plan, namespace, workload, verdict";
            button { "Apply" }
            @if !asked.words().is_empty() { a href="/" { "All gates" } }
        } "\n"
        p.counts #counts { (counts(gates)) } "\n"
        div.card.list {
            table.gates #gates {
                caption.unseen { "Gates, the one that changed last first" }
                thead { tr {
                    th scope="col" { "Plan" } th scope="col" { "Verdict" } th scope="col" { "Workload" }
                    th scope="col" { "Why" } th scope="col" { "Since" }
                } }
                tbody { "\n" @for view in shown { (row(view)) "\n" } }
            }
            @if shown.is_empty() { p.none { (none(gates, asked)) } }
        } "\n"
        (pages(gates.len(), asked))
    };
    let events = if query.is_empty() { "/events".to_owned() } else { format!("/events?{query}") };
    Parts { title: title(gates), events: Some(events), main }
}

fn title(gates: &[GateView]) -> SafeText {
    let bad = gates.iter().filter(|view| Look::of(view).class == "bad").count();
    if bad == 0 { "Gates".into() } else { crate::safe!("{} in trouble", words::count(bad, "gate")) }
}

fn none(gates: &[GateView], asked: &Asked) -> &'static str {
    if !gates.is_empty() {
        "This page has no gates any more."
    } else if asked.words().is_empty() {
        "No gate has been asked for yet. It stands here once a controller or a script calls."
    } else {
        "No gate fits this filter."
    }
}

/// How many gates there are of each verdict, the most urgent ones first.
pub(super) fn counts(gates: &[GateView]) -> SafeText {
    let mut counts: Vec<(Look, usize)> = Vec::new();
    for look in gates.iter().map(Look::of) {
        match counts.iter_mut().find(|(known, _)| *known == look) {
            Some((_, count)) => *count += 1,
            None => counts.push((look, 1)),
        }
    }
    let order = |class: &str| ["bad", "careful", "pending", "good"].iter().position(|known| *known == class);
    counts.sort_by_key(|(look, count)| (order(look.class), std::cmp::Reverse(*count)));
    let each = counts.into_iter().map(|(look, count)| crate::safe!("{} {}", count, look.word_within()));
    let mut said = words::count(gates.len(), "gate");
    for (place, one) in each.enumerate() {
        said.push(&(if place == 0 { ": " } else { ", " }).into());
        said.push(&one);
    }
    said
}

/// One gate.
pub(super) fn row(view: &GateView) -> Markup {
    let look = Look::of(view);
    html! {
        tr id={ "g-" (view.id) } {
            th scope="row" {
                a href={ "/gates/" (view.id) } { (look::name(&view.call.plan)) }
                @if let Some(run) = &view.call.run { span.sub { "run " (look::name(run)) } }
            }
            td.verdict-cell { b class={ "mark " (look.class) } { (look.sign()) (look.word) } @if look::is_past(view) { span.sub { "not running now" } } }
            td {
                @if let Some(workload) = look::workload(view) { (workload) }
                span.sub { "in " (look::name(&view.call.namespace)) @if let Some(revision) = &view.revision { " · " (look::name(revision)) } }
            }
            td.why { (view.why.line()) }
            td.since { time datetime=(words::timestamp(view.changed)) { (words::moment(view.changed)) } }
        }
    }
}

fn pages(count: usize, asked: &Asked) -> Markup {
    let last = count.div_ceil(AT_ONCE).max(1) - 1;
    let page = asked.page();
    html! {
        @if last > 0 {
            nav.pages aria-label="Pages" {
                @if page > 0 { a href=(asked.href(page.min(last + 1) - 1)) rel="prev" { "Newer" } }
                span { "Page " (page + 1) " of " (last + 1) }
                @if page < last { a href=(asked.href(page + 1)) rel="next" { "Older" } }
            }
        }
    }
}
