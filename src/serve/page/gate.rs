//! The page of one gate.

use std::sync::PoisonError;

use maud::{Markup, PreEscaped, html};

use super::frame::{Nonce, Parts};
use super::look::{self, Look};
use crate::report::model::Event;
use crate::report::{html, words};
use crate::safe;
use crate::serve::{GateView, Mode};
use crate::text::SafeText;

/// The formats of a report, and what they are called.
const REPORTS: [(&str, &str); 4] = [("html", "HTML"), ("json", "JSON"), ("md", "Markdown"), ("xml", "JUnit")];

/// The page.
pub(super) fn render(view: &GateView, _: &Nonce) -> Parts {
    let main = html! {
        p.back { a href="/" { "All gates" } }
        (live(view))
    };
    Parts { title: title(view), events: Some(format!("/gates/{}/events", view.id)), main }
}

fn title(view: &GateView) -> SafeText {
    safe!("{}: {} in {}", Look::of(view).word, look::name(&view.call.plan), look::name(&view.call.namespace))
}

/// The part of the page that changes.
pub(super) fn live(view: &GateView) -> Markup {
    let look = Look::of(view);
    html! {
        section.gate #live data-title={ (title(view)) " · crashgate" } {
            (banner(view, look))
            @if view.run.is_some() {
                p.reports { "Report: " @for (place, (ending, name)) in REPORTS.into_iter().enumerate() {
                    @if place > 0 { " · " }
                    a href={ "/v1/gates/" (view.id) "/report." (ending) } { (name) }
                } }
            }
            (PreEscaped(cards(view).to_string()))
        }
    }
}

/// There is no such gate.
pub(super) fn unknown(_: &Nonce) -> Parts {
    let main = html! {
        h1.title { "No such gate" }
        p.said { "It was forgotten because nobody asked for it any more, it was never there, or you may not see it." }
        p.said { a href="/" { "All gates" } }
    };
    Parts { title: "No such gate".into(), events: None, main }
}

fn banner(view: &GateView, look: Look) -> Markup {
    let call = &view.call;
    let title = match look::workload(view) {
        Some(workload) => workload,
        None => look::name(&call.plan),
    };
    html! {
        div class={ "banner " (look.class) } {
            (look.sign())
            div {
                p.verdict { (look.word) }
                h1.title { (title) " in namespace " (look::name(&call.namespace)) }
                p.said { (view.why.line()) }
                @if look::is_past(view) { p.said { "This revision is not seen to run at this moment." } }
                dl.chips {
                    (chip("plan", &look::name(&call.plan)))
                    @if let Some(revision) = &view.revision { (chip("revision", &look::name(revision))) }
                    @if let Some(run) = &call.run { (chip("run", &look::name(run))) }
                    @if call.mode == Mode::Once { (chip("mode", &"once".into())) }
                    (chip("asked for since", &words::moment(view.began)))
                    (chip(if view.verdict.is_some() { "verdict since" } else { "pending since" }, &words::moment(view.changed)))
                }
            }
        } "\n"
    }
}

fn chip(name: &'static str, value: &SafeText) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

/// The findings of the round that ended last, and the pods over the time of the present one.
fn cards(view: &GateView) -> SafeText {
    let (log, latest) = {
        let log = view.log.lock().unwrap_or_else(PoisonError::into_inner);
        (log.gates.first().cloned(), log.latest)
    };
    // The log is that of the round that ended, until something is heard of another one.
    let has_ended =
        |log: &crate::report::run_log::GateLog| matches!(log.events.last(), Some((_, Event::Decided { .. })));
    let mut shown = SafeText::EMPTY;
    let ended = view.run.as_ref().and_then(|run| Some((run, run.gates.first()?)));
    match (ended, &log) {
        (Some((run, gate)), Some(log)) if has_ended(log) => {
            shown.push(&html::cards(gate, Some(log), run.started_at));
        }
        (ended, log) => {
            if let Some(log) = log {
                shown.push(&html::cards_so_far(log, latest));
            }
            if let Some((run, gate)) = ended.filter(|(_, gate)| Some(gate.outcome.verdict) == view.verdict) {
                shown.push(&html::cards(gate, None, run.started_at));
            }
        }
    }
    shown
}
