//! The table of pods: what each is, and what it did when.

use std::fmt::Write as _;

use super::chart::Chart;
use crate::report::timeline::{Lane, Mark, MarkKind, State, Timeline};
use crate::report::{quote, words, xml};

/// So many pods are shown at once. They are in the order of their troubles, and the others are a click away.
const AT_ONCE: usize = 40;

pub(super) fn draw(out: &mut String, timeline: &Timeline) {
    let chart = Chart::of(timeline);
    let (first, others) = timeline.lanes.split_at(timeline.lanes.len().min(AT_ONCE));
    table(out, &chart, timeline, first, "Pods over time");
    if !others.is_empty() {
        let ready = others.iter().filter(|lane| lane.summary.as_ref().is_some_and(|summary| summary.ready)).count();
        let _ = write!(
            out,
            "<details><summary>{}, {ready} of them ready</summary>",
            words::count(others.len(), "more pod")
        );
        table(out, &chart, timeline, others, "More pods over time");
        out.push_str("</details>");
    }
    legend(out, timeline);
    notes(out, &timeline.marks);
}

fn table(out: &mut String, chart: &Chart, timeline: &Timeline, lanes: &[Lane], name: &str) {
    // On narrow screens rows are no rows of a table any more, but for the roles that say so.
    let _ = write!(
        out,
        "<table class=\"pods\" role=\"table\" aria-label=\"{name}\"><thead role=\"rowgroup\"><tr role=\"row\">\
         <th scope=\"col\" role=\"columnheader\">Pod</th><th scope=\"col\" role=\"columnheader\">State</th>\
         <th scope=\"col\" role=\"columnheader\" class=\"count\">Restarts</th>\
         <th scope=\"col\" role=\"columnheader\" class=\"when\">"
    );
    chart.axis(out, timeline);
    out.push_str("</th></tr></thead><tbody role=\"rowgroup\">\n");
    for lane in lanes {
        row(out, chart, timeline, lane);
    }
    out.push_str("</tbody></table>\n");
}

fn row(out: &mut String, chart: &Chart, timeline: &Timeline, lane: &Lane) {
    let node = lane.summary.as_ref().and_then(|summary| summary.node.as_deref());
    let node = node
        .map_or_else(String::new, |node| format!("<span class=\"node\">on {}</span>", xml::text(&quote::name(node))));
    let (kind, state) = if let Some(summary) = &lane.summary {
        let kind = lane.spans.last().map_or(State::Waiting, |span| span.kind);
        (if summary.ready { State::Ready } else { kind }, quote::line(&summary.state))
    } else {
        let gone = lane.marks.iter().rev().find(|mark| mark.kind == MarkKind::Gone);
        (State::Leaving, gone.map_or_else(|| "gone".to_owned(), |mark| mark.words.clone()))
    };
    let restarts = lane.summary.as_ref().map(|summary| summary.restarts);
    let _ = write!(
        out,
        "<tr role=\"row\"><th scope=\"row\" role=\"rowheader\" class=\"pod\">{}{node}</th>\
         <td role=\"cell\" class=\"what\"><span class=\"state\"><span class=\"dot {}\"></span><span>{}</span></span></td>\
         <td role=\"cell\" class=\"count{}\">{}</td><td role=\"cell\" class=\"when\">",
        xml::text(&lane.pod),
        class(kind),
        xml::text(&state),
        if restarts == Some(1) { " one" } else { "" },
        restarts.map_or_else(|| "–".to_owned(), |restarts| restarts.to_string()),
    );
    chart.lane(out, timeline, lane);
    out.push_str("</td></tr>\n");
}

pub(super) const fn class(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Starting => "starting",
        State::Ready => "ready",
        State::Trouble => "trouble",
        State::Leaving => "leaving",
    }
}

/// What the bars and marks of this picture mean; what is not in it is not explained.
fn legend(out: &mut String, timeline: &Timeline) {
    out.push_str("<ul class=\"legend\">");
    for state in State::ALL {
        if timeline.lanes.iter().any(|lane| lane.spans.iter().any(|span| span.kind == state)) {
            let _ = write!(out, "<li>{}{}</li>", Chart::sample(state), state.name());
        }
    }
    for kind in MarkKind::ALL {
        if timeline.lanes.iter().flat_map(|lane| &lane.marks).any(|mark| mark.kind == kind) {
            let _ = write!(out, "<li>{}{}</li>", Chart::sample_mark(kind), kind.name());
        }
    }
    for broken in [false, true] {
        if let Some(window) = timeline.windows.iter().find(|window| window.broken.is_some() == broken) {
            let (sample, words) = Chart::sample_window(window);
            let _ = write!(out, "<li>{sample}{words}</li>");
        }
    }
    let _ = write!(out, "<li>{}the end of the gate</li></ul>", Chart::sample_end());
}

/// What concerns no single pod.
fn notes(out: &mut String, marks: &[Mark]) {
    const MOST: usize = 20;
    if marks.is_empty() {
        return;
    }
    out.push_str("<ul class=\"warnings notes\">");
    for mark in marks.iter().take(MOST) {
        let _ = write!(out, "<li>{} {}</li>", words::since(mark.at), xml::text(&mark.words));
    }
    out.push_str("</ul>");
}
