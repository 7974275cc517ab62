//! The pen of the timeline: bars and marks as SVG, whose horizontal measures are shares of the width, so that it fits
//! every screen and every sheet of paper.

use std::fmt::Write as _;
use std::time::Duration;

use super::pods::class;
use crate::report::timeline::{Lane, Mark, MarkKind, Span, State, Timeline, Window};
use crate::report::{words, xml};

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
    ticks: Vec<(f64, String)>,
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
    pub(super) fn axis(&self, out: &mut String, timeline: &Timeline) {
        let _ = write!(out, "<svg class=\"axis\" role=\"img\" aria-label=\"{}\">", xml::attribute(&told(timeline)));
        let waited = timeline.windows.last().map_or(timeline.end, |window| window.from).min(timeline.wait_period);
        let wait = format!("waited {} of {}", words::duration(waited), words::duration(timeline.wait_period));
        self.bar(out, "wait", Duration::ZERO, waited, (2, 14), &wait);
        self.label(out, Duration::ZERO, waited, &wait);
        if let Some((last, earlier)) = timeline.windows.split_last() {
            let (name, words) = look(last);
            self.bar(out, name, last.from, last.to, (2, 14), &window_told(last));
            self.label(out, last.from, last.to, words);
            // Time of the wait that seemed to be over.
            for window in earlier {
                self.bar(out, look(window).0, window.from, window.to, (19, 5), &window_told(window));
            }
        }
        for (at, name) in &self.ticks {
            let x = at / self.range * 100.0;
            let anchor = if *at == 0.0 { "start" } else { "middle" };
            let _ = write!(
                out,
                "<line class=\"tick\" x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"28\" y2=\"38\"/>\
                 <text x=\"{x:.2}%\" y=\"52\" text-anchor=\"{anchor}\">{name}</text>"
            );
        }
        let end = self.share(timeline.end);
        let _ = write!(out, "<line class=\"now\" x1=\"{end:.2}%\" x2=\"{end:.2}%\" y1=\"0\" y2=\"38\"/></svg>");
    }

    /// One pod over time.
    pub(super) fn lane(&self, out: &mut String, timeline: &Timeline, lane: &Lane) {
        let _ = write!(
            out,
            "<svg class=\"lane\" role=\"img\" aria-label=\"{}\"><rect class=\"track\" x=\"0\" y=\"5\" width=\"100%\" height=\"14\" rx=\"3\"/>",
            xml::attribute(&lane.told())
        );
        for window in &timeline.windows {
            let name = if window.broken.is_some() { "veil broken" } else { "veil" };
            self.bar(out, name, window.from, window.to, (0, 24), "");
        }
        for Span { from, to, kind, words } in &lane.spans {
            let name = format!("s-{}", class(*kind));
            self.bar(out, &name, *from, *to, height(*kind), &format!("{} {words}", words::since(*from)));
        }
        let end = self.share(timeline.end);
        let _ = write!(out, "<line class=\"now\" x1=\"{end:.2}%\" x2=\"{end:.2}%\" y1=\"0\" y2=\"24\"/>");
        for mark in &lane.marks {
            self.mark(out, mark);
        }
        out.push_str("</svg>");
    }

    fn bar(&self, out: &mut String, class: &str, from: Duration, to: Duration, place: (u8, u8), title: &str) {
        let (x, end) = (self.share(from), self.share(to));
        // What lasted only a moment is still seen.
        let width = (end - x).max(0.25);
        let (y, height) = place;
        let title = if title.is_empty() { String::new() } else { format!("<title>{}</title>", xml::text(title)) };
        let _ = write!(
            out,
            "<rect class=\"{class}\" x=\"{x:.2}%\" y=\"{y}\" width=\"{width:.2}%\" height=\"{height}\" rx=\"2\">{title}</rect>"
        );
    }

    /// Words in a bar, where there is room for them: on every screen, or on wide ones only.
    fn label(&self, out: &mut String, from: Duration, to: Duration, words: &str) {
        let (x, end) = (self.share(from), self.share(to));
        let width = |chart: f64| (end - x) / 100.0 * chart;
        let needed = LETTER * f64::from(u32::try_from(words.chars().count()).unwrap_or(u32::MAX)) + 2.0 * INDENT;
        let class = if width(NARROW) >= needed {
            "label"
        } else if width(WIDE) >= needed {
            "label roomy"
        } else {
            return;
        };
        let _ =
            write!(out, "<text class=\"{class}\" x=\"{x:.2}%\" dx=\"{INDENT}\" y=\"13\">{}</text>", xml::text(words));
    }

    fn mark(&self, out: &mut String, mark: &Mark) {
        let _ = write!(
            out,
            "<svg x=\"{:.2}%\" y=\"12\" overflow=\"visible\"><g>{}<title>{} {}</title></g></svg>",
            self.share(mark.at),
            shape(mark.kind),
            words::since(mark.at),
            xml::text(&mark.words)
        );
    }

    /// A piece of a bar, for the legend.
    pub(super) fn sample(state: State) -> String {
        let (y, height) = height(state);
        format!(
            "<svg aria-hidden=\"true\"><rect class=\"s-{}\" x=\"0\" y=\"{}\" width=\"18\" height=\"{height}\" rx=\"2\"/></svg>",
            class(state),
            y - 4
        )
    }

    /// A time of stability, for the legend, and what it is called.
    pub(super) fn sample_window(window: &Window) -> (String, &'static str) {
        let (class, words) = look(window);
        let rect = format!("<rect class=\"{class}\" x=\".5\" y=\"2\" width=\"17\" height=\"11\" rx=\"2\"/>");
        (format!("<svg aria-hidden=\"true\">{rect}</svg>"), words)
    }

    /// The moment of the decision, for the legend.
    pub(super) fn sample_end() -> &'static str {
        "<svg aria-hidden=\"true\"><line class=\"now\" x1=\"9\" x2=\"9\" y1=\"0\" y2=\"16\"/></svg>"
    }

    /// A mark, for the legend.
    pub(super) fn sample_mark(kind: MarkKind) -> String {
        format!("<svg aria-hidden=\"true\"><g transform=\"translate(9 8)\">{}</g></svg>", shape(kind))
    }
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
const fn shape(kind: MarkKind) -> &'static str {
    match kind {
        MarkKind::Crash => "<circle class=\"m-crash\" r=\"7.5\"/><path class=\"m-cross\" d=\"M-3-3l6 6M3-3l-6 6\"/>",
        MarkKind::Ready => "<path class=\"m-ready\" d=\"M0-7l6 10h-12z\"/>",
        MarkKind::Note => "<path class=\"m-note\" d=\"M0-6l6 6-6 6-6-6z\"/>",
        MarkKind::Gone => "<rect class=\"m-gone\" x=\"-2\" y=\"-8\" width=\"4\" height=\"16\" rx=\"1\"/>",
    }
}

/// The class of a time of stability, and its name.
const fn look(window: &Window) -> (&'static str, &'static str) {
    if window.broken.is_some() { ("window broken", "not stable") } else { ("window", "stability window") }
}

fn window_told(window: &Window) -> String {
    match &window.broken {
        Some(why) => format!("stable from {} to {}, broken: {why}", words::since(window.from), words::since(window.to)),
        None => format!(
            "stable from {}, for {}",
            words::since(window.from),
            words::duration(window.to.saturating_sub(window.from))
        ),
    }
}

/// The head of the picture in words.
fn told(timeline: &Timeline) -> String {
    let mut parts = vec![
        format!("Timeline of {}", words::duration(timeline.end)),
        format!("wait period {}", words::duration(timeline.wait_period)),
    ];
    parts.extend(timeline.windows.iter().rev().take(4).rev().map(window_told));
    parts.join("; ")
}

/// The distance of ticks, so that there are a handful of them at round times.
fn step(range: f64) -> f64 {
    const STEPS: [f64; 17] =
        [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21_600.0];
    STEPS.into_iter().find(|step| range / step <= 6.0).unwrap_or(86_400.0)
}

fn tick(at: f64) -> String {
    if at > 0.0 && at < 60.0 && at.fract() > 0.01 {
        format!("{at:.1} s")
    } else {
        words::duration(Duration::from_secs_f64(at))
    }
}
