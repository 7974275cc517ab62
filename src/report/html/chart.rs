//! The pen of the timeline: bars and marks as SVG, whose horizontal measures are shares of the width, so that it fits
//! every screen and every sheet of paper.

use std::time::Duration;

use maud::{Markup, html};

use crate::report::timeline::{Lane, Mark, MarkKind, Span, State, Timeline, Window};
use crate::report::words;
use crate::safe;
use crate::text::SafeText;

/// The width of a chart on a page that is 360 px wide, and on one of at least 1100 px, in px.
const NARROW: f64 = 300.0;
const WIDE: f64 = 480.0;
/// The width of an average letter of a label, and the room before it, in px.
const LETTER: f64 = 6.4;
const INDENT: f64 = 6.0;

/// A chart with one scale for all its lanes.
pub(super) struct Chart {
    /// What the right edge stands for, in seconds.
    range: f64,
    ticks: Vec<(f64, SafeText)>,
}

impl Chart {
    pub(super) fn of(timeline: &Timeline) -> Self {
        // A little room behind the last moment, where its marks are drawn.
        let range = timeline.end.as_secs_f64().max(0.5) * 1.03;
        let step = step(range);
        let ticks = (0..=8).map(|place| f64::from(place) * step).take_while(|at| *at <= range * 0.97);
        Self { range, ticks: ticks.map(|at| (at, tick(at))).collect() }
    }

    fn share(&self, at: Duration) -> f64 {
        (at.as_secs_f64() / self.range * 100.0).clamp(0.0, 100.0)
    }

    /// The head of the column: the wait period, the times of stability, and the time.
    pub(super) fn axis(&self, timeline: &Timeline) -> Markup {
        let waited = timeline.windows.last().map_or(timeline.end, |window| window.from).min(timeline.wait_period);
        let wait = safe!("waited {} of {}", words::duration(waited), words::duration(timeline.wait_period));
        html! {
            svg.axis role="img" aria-label=(told(timeline)) {
                (self.bar("wait", Duration::ZERO, waited, (2, 14), Some(&wait)))
                (self.label(Duration::ZERO, waited, &wait))
                @if let Some((last, earlier)) = timeline.windows.split_last() {
                    @let (name, words) = look(last);
                    (self.bar(name, last.from, last.to, (2, 14), Some(&window_told(last))))
                    (self.label(last.from, last.to, &words.into()))
                    // Time of the wait that seemed to be over.
                    @for window in earlier {
                        (self.bar(look(window).0, window.from, window.to, (19, 5), Some(&window_told(window))))
                    }
                }
                @for (at, name) in &self.ticks {
                    @let x = percent(at / self.range * 100.0);
                    line.tick x1=(x) x2=(x) y1="28" y2="38" {}
                    text x=(x) y="52" text-anchor=(if *at == 0.0 { "start" } else { "middle" }) { (name) }
                }
                (self.now(timeline, "38"))
            }
        }
    }

    /// One pod over time.
    pub(super) fn lane(&self, timeline: &Timeline, lane: &Lane) -> Markup {
        html! {
            svg.lane role="img" aria-label=(lane.told()) {
                rect.track x="0" y="5" width="100%" height="14" rx="3" {}
                @for window in &timeline.windows {
                    @let class = if window.broken.is_some() { "veil broken" } else { "veil" };
                    (self.bar(class, window.from, window.to, (0, 24), None))
                }
                @for Span { from, to, kind, words } in &lane.spans {
                    @let title = safe!("{} {}", words::since(*from), words);
                    (self.bar(&format!("s-{}", class(*kind)), *from, *to, height(*kind), Some(&title)))
                }
                (self.now(timeline, "24"))
                @for mark in &lane.marks { (self.mark(mark)) }
            }
        }
    }

    /// The moment of the decision.
    fn now(&self, timeline: &Timeline, bottom: &'static str) -> Markup {
        let end = percent(self.share(timeline.end));
        html! { line.now x1=(end) x2=(end) y1="0" y2=(bottom) {} }
    }

    fn bar(&self, class: &str, from: Duration, to: Duration, place: (u8, u8), title: Option<&SafeText>) -> Markup {
        let (x, end) = (self.share(from), self.share(to));
        // What lasted only a moment is still seen.
        let width = (end - x).max(0.25);
        let (y, height) = place;
        html! {
            rect class=(class) x=(percent(x)) y=(y) width=(percent(width)) height=(height) rx="2" {
                @if let Some(title) = title { title { (title) } }
            }
        }
    }

    /// Words in a bar, where there is room for them: on every screen, or on wide ones only.
    fn label(&self, from: Duration, to: Duration, words: &SafeText) -> Markup {
        let (x, end) = (self.share(from), self.share(to));
        let width = |chart: f64| (end - x) / 100.0 * chart;
        let needed = LETTER * f64::from(u32::try_from(words.chars().count()).unwrap_or(u32::MAX)) + 2.0 * INDENT;
        let class = [(NARROW, "label"), (WIDE, "label roomy")].into_iter().find(|(chart, _)| width(*chart) >= needed);
        html! {
            @if let Some((_, class)) = class {
                text class=(class) x=(percent(x)) dx=(INDENT) y="13" { (words) }
            }
        }
    }

    fn mark(&self, mark: &Mark) -> Markup {
        html! {
            svg x=(percent(self.share(mark.at))) y="12" overflow="visible" {
                g { (shape(mark.kind)) title { (words::since(mark.at)) " " (mark.words) } }
            }
        }
    }

    /// A piece of a bar, for the legend.
    pub(super) fn sample(state: State) -> Markup {
        let (y, height) = height(state);
        html! {
            svg aria-hidden="true" {
                rect class={ "s-" (class(state)) } x="0" y=(y - 4) width="18" height=(height) rx="2" {}
            }
        }
    }

    /// A time of stability, for the legend, and what it is called.
    pub(super) fn sample_window(window: &Window) -> (Markup, &'static str) {
        let (class, words) = look(window);
        let rect = html! { rect class=(class) x=".5" y="2" width="17" height="11" rx="2" {} };
        (html! { svg aria-hidden="true" { (rect) } }, words)
    }

    /// The moment of the decision, for the legend.
    pub(super) fn sample_end() -> Markup {
        html! { svg aria-hidden="true" { line.now x1="9" x2="9" y1="0" y2="16" {} } }
    }

    /// A mark, for the legend.
    pub(super) fn sample_mark(kind: MarkKind) -> Markup {
        html! { svg aria-hidden="true" { g transform="translate(9 8)" { (shape(kind)) } } }
    }
}

/// A share of the width, as SVG writes it.
fn percent(share: f64) -> String {
    format!("{share:.2}%")
}

/// Where a bar begins and how high it is: states differ by more than their colour.
const fn height(state: State) -> (u8, u8) {
    match state {
        State::Waiting | State::Leaving => (10, 4),
        State::Starting => (8, 8),
        State::Ready | State::Trouble => (5, 14),
    }
}

/// A mark around the point where it stands. Marks differ by more than their colour too.
fn shape(kind: MarkKind) -> Markup {
    match kind {
        MarkKind::Crash => html! { circle.m-crash r="7.5" {} path.m-cross d="M-3-3l6 6M3-3l-6 6" {} },
        MarkKind::Ready => html! { path.m-ready d="M0-7l6 10h-12z" {} },
        MarkKind::Note => html! { path.m-note d="M0-6l6 6-6 6-6-6z" {} },
        MarkKind::Gone => html! { rect.m-gone x="-2" y="-8" width="4" height="16" rx="1" {} },
    }
}

/// The class of a time of stability, and its name.
const fn look(window: &Window) -> (&'static str, &'static str) {
    if window.broken.is_some() { ("window broken", "not stable") } else { ("window", "stability window") }
}

fn window_told(window: &Window) -> SafeText {
    match &window.broken {
        Some(why) => safe!("stable from {} to {}, broken: {}", words::since(window.from), words::since(window.to), why),
        None => safe!(
            "stable from {}, for {}",
            words::since(window.from),
            words::duration(window.to.saturating_sub(window.from))
        ),
    }
}

/// The head of the picture in words.
fn told(timeline: &Timeline) -> SafeText {
    let mut parts = vec![
        safe!("Timeline of {}", words::duration(timeline.end)),
        safe!("wait period {}", words::duration(timeline.wait_period)),
    ];
    parts.extend(timeline.windows.iter().rev().take(4).rev().map(window_told));
    SafeText::joined(parts, "; ")
}

/// The distance of ticks, so that there are a handful of them at round times.
fn step(range: f64) -> f64 {
    const STEPS: [f64; 17] =
        [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21_600.0];
    STEPS.into_iter().find(|step| range / step <= 6.0).unwrap_or(86_400.0)
}

fn tick(at: f64) -> SafeText {
    if at > 0.0 && at < 60.0 && at.fract() > 0.01 {
        safe!("{:.1} s", at)
    } else {
        words::duration(Duration::from_secs_f64(at))
    }
}

/// Returns how the style sheet calls a state.
pub(super) const fn class(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Starting => "starting",
        State::Ready => "ready",
        State::Trouble => "trouble",
        State::Leaving => "leaving",
    }
}
