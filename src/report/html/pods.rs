//! The table of pods: what each is, and what it did when.

use maud::{Markup, html};

use super::chart::{Chart, class};
use crate::report::timeline::{Lane, Mark, MarkKind, State, Timeline};
use crate::report::words;
use crate::text::SafeText;

/// So many pods are shown at once. They are in the order of their troubles, and the others are a click away.
const AT_ONCE: usize = 40;

pub(super) fn pods(timeline: &Timeline) -> Markup {
    let chart = Chart::of(timeline);
    let (first, others) = timeline.lanes.split_at(timeline.lanes.len().min(AT_ONCE));
    let ready = others.iter().filter(|lane| lane.summary.as_ref().is_some_and(|summary| summary.ready)).count();
    html! {
        (table(&chart, timeline, first, "Pods over time"))
        @if !others.is_empty() {
            details {
                summary { (words::count(others.len(), "more pod")) ", " (ready) " of them ready" }
                (table(&chart, timeline, others, "More pods over time"))
            }
        }
        (legend(timeline))
        (notes(&timeline.marks))
    }
}

/// On narrow screens its rows are no rows of a table any more, but for the roles that say so.
fn table(chart: &Chart, timeline: &Timeline, lanes: &[Lane], name: &'static str) -> Markup {
    html! {
        table.pods role="table" aria-label=(name) {
            thead role="rowgroup" {
                tr role="row" {
                    th scope="col" role="columnheader" { "Pod" }
                    th scope="col" role="columnheader" { "State" }
                    th.count scope="col" role="columnheader" { "Restarts" }
                    th.when scope="col" role="columnheader" { (chart.axis(timeline)) }
                }
            }
            tbody role="rowgroup" { "\n" @for lane in lanes { (row(chart, timeline, lane)) } }
        } "\n"
    }
}

fn row(chart: &Chart, timeline: &Timeline, lane: &Lane) -> Markup {
    let node = lane.summary.as_ref().and_then(|summary| summary.node.as_ref());
    let (kind, state) = if let Some(summary) = &lane.summary {
        let kind = lane.spans.last().map_or(State::Waiting, |span| span.kind);
        (if summary.ready { State::Ready } else { kind }, summary.state.line())
    } else {
        let gone = lane.marks.iter().rev().find(|mark| mark.kind == MarkKind::Gone);
        (State::Leaving, gone.map_or_else(|| "gone".into(), |mark| mark.words.clone()))
    };
    let restarts = lane.summary.as_ref().map(|summary| summary.restarts);
    html! {
        tr role="row" {
            th.pod scope="row" role="rowheader" {
                (lane.pod)
                @if let Some(node) = node { span.node { "on " (node.line()) } }
            }
            td.what role="cell" {
                span.state { span class={ "dot " (class(kind)) } {} span { (state) } }
            }
            td.count.one[restarts == Some(1)] role="cell" {
                @match restarts { Some(restarts) => (restarts), None => "–" }
            }
            td.when role="cell" { (chart.lane(timeline, lane)) }
        } "\n"
    }
}

/// What the bars and marks of this picture mean; what is not in it is not explained.
fn legend(timeline: &Timeline) -> Markup {
    let has_state = |state| timeline.lanes.iter().any(|lane| lane.spans.iter().any(|span| span.kind == state));
    let has_mark = |kind| timeline.lanes.iter().flat_map(|lane| &lane.marks).any(|mark: &Mark| mark.kind == kind);
    html! {
        ul.legend {
            @for state in State::ALL {
                @if has_state(state) { li { (Chart::sample(state)) (state.name()) } }
            }
            @for kind in MarkKind::ALL {
                @if has_mark(kind) { li { (Chart::sample_mark(kind)) (kind.name()) } }
            }
            @for broken in [false, true] {
                @if let Some(window) = timeline.windows.iter().find(|window| window.broken.is_some() == broken) {
                    @let (sample, name) = Chart::sample_window(window);
                    li { (sample) (name) }
                }
            }
            li { (Chart::sample_end()) @if timeline.is_over { "the end of the gate" } @else { "now" } }
        }
    }
}

/// What concerns no single pod.
fn notes(marks: &[Mark]) -> Markup {
    const MOST: usize = 20;
    let line = |mark: &Mark| -> SafeText { crate::safe!("{} {}", words::since(mark.at), mark.words) };
    html! {
        @if !marks.is_empty() { ul.warnings.notes { @for mark in marks.iter().take(MOST) { li { (line(mark)) } } } }
    }
}
