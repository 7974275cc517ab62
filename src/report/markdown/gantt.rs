//! The timeline as a picture that GitHub draws: a gantt chart in the language of mermaid.

use std::time::Duration;

use crate::report::timeline::{MarkKind, Span, State, Timeline};
use crate::report::words;
use crate::safe;
use crate::text::SafeText;

/// A picture of more pods than this says less, not more; and mermaid draws no more than 50,000 characters.
const PODS: usize = 12;
const SPANS: usize = 24;

pub(super) fn chart(timeline: &Timeline) -> SafeText {
    if timeline.lanes.iter().all(|lane| lane.spans.is_empty()) {
        return SafeText::EMPTY;
    }
    let hours = timeline.end >= Duration::from_hours(1);
    let mut out = safe!(
        "```mermaid\ngantt\n    dateFormat YYYY-MM-DD HH:mm:ss.SSS\n    axisFormat {}\n    tickInterval {}\n    section gate\n",
        if hours { "%H:%M:%S" } else { "%M:%S" },
        tick_interval(timeline.end),
    );
    let waited = timeline.windows.last().map_or(timeline.end, |window| window.from).min(timeline.wait_period);
    let wait = safe!("wait period of {}", words::duration(timeline.wait_period));
    out.push(&task(&wait, "done", Duration::ZERO, waited));
    for window in timeline.windows.iter().rev().take(4).rev() {
        let (name, tag) =
            if window.broken.is_some() { ("stability broke", "crit") } else { ("stability window", "active") };
        out.push(&task(&name.into(), tag, window.from, window.to));
    }
    for lane in timeline.lanes.iter().take(PODS) {
        out.push(&safe!("    section {}\n", plain(&lane.pod)));
        for Span { from, to, kind, words } in lane.spans.iter().rev().take(SPANS).rev() {
            let tag = match kind {
                State::Trouble => "crit",
                State::Ready => "active",
                State::Waiting | State::Starting | State::Leaving => "done",
            };
            out.push(&task(words, tag, *from, *to));
        }
        for mark in lane.marks.iter().filter(|mark| mark.kind == MarkKind::Crash).take(SPANS) {
            out.push(&task(&mark.words, "crit, milestone", mark.at, mark.at));
        }
    }
    out.push(&"```\n\n".into());
    if let Some(rest) = timeline.lanes.len().checked_sub(PODS).filter(|rest| *rest > 0) {
        out.push(&safe!("The picture leaves out {}.\n\n", words::count(rest, "pod")));
    }
    out
}

/// Ticks on whole seconds, and few enough that their labels do not touch: left to itself, mermaid puts several on one
/// second of a short run, all with the same label.
fn tick_interval(length: Duration) -> &'static str {
    const MOST: u64 = 8;
    let steps = [(1, "1second"), (5, "5second"), (10, "10second"), (30, "30second"), (60, "1minute"), (300, "5minute")];
    let longer = [(600, "10minute"), (1800, "30minute"), (3600, "1hour"), (10_800, "3hour")];
    let fitting = steps.into_iter().chain(longer).find(|(seconds, _)| length.as_secs() / seconds <= MOST);
    fitting.map_or("1day", |(_, name)| name)
}

fn task(name: &SafeText, tag: &'static str, from: Duration, to: Duration) -> SafeText {
    // A bar of no length is not drawn at all.
    let to = if tag.ends_with("milestone") { to } else { to.max(from + Duration::from_millis(50)) };
    safe!("    {} :{}, {}, {}\n", plain(name), tag, moment(from), moment(to))
}

/// A moment of a day that has 24 hours in every time zone, for the picture is drawn in the reader's.
fn moment(at: Duration) -> SafeText {
    let seconds = at.as_secs();
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let day = 1 + days.min(30);
    safe!("2000-01-{:02} {:02}:{:02}:{:02}.{:03}", day, hours, seconds / 60 % 60, seconds % 60, at.subsec_millis())
}

/// Words that mean nothing to mermaid. It has no escapes for half of what names may hold.
fn plain(text: &SafeText) -> SafeText {
    const LONGEST: usize = 60;
    let plain: String = text
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | '/' | '(' | ')') { c } else { ' ' })
        .take(LONGEST)
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    if words.is_empty() { "unnamed".into() } else { SafeText::rearranged(words.join(" ")) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{moment, plain};

    #[test]
    fn names_mean_nothing_to_mermaid() {
        assert_eq!(plain(&"app: CrashLoopBackOff; click x href \"y\"".into()), "app CrashLoopBackOff click x href y");
        assert_eq!(plain(&"%%{init}%%".into()), "init");
        assert_eq!(plain(&":;#".into()), "unnamed");
    }

    #[test]
    fn moments_are_of_one_day() {
        assert_eq!(moment(Duration::from_millis(65_040)), "2000-01-01 00:01:05.040");
        assert_eq!(moment(Duration::from_hours(25)), "2000-01-02 01:00:00.000");
    }
}
