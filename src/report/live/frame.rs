//! One frame of the live view: picture, screen and time in, lines out. Pure.

use std::time::Duration;

use super::super::check::Check;
use super::super::layout::{Tone, wrap_within};
use super::super::model::PodGlance;
use super::super::words;
use super::bar::bar;
use super::live_state::{GateState, LiveState};
use super::row::{Row, cut_front};
use crate::gate::result::{CheckStanding, Verdict};
use crate::safe;
use crate::text::SafeText;

/// What there is to draw on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Columns of a line.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// Colour is wanted.
    pub colour: bool,
}

/// From so many columns on a heading is a word, where it is a sign else.
const ROOMY: usize = 96;
/// Below so many columns the name of a pod loses its front.
const NARROW: usize = 72;
/// Past this many columns lines are hard to read.
const WIDEST: usize = 120;
/// Columns of a name on a narrow screen.
const SHORT_NAME: usize = 18;
/// Columns of a name at most.
const LONG_NAME: usize = 44;
/// Lines about what is waited for.
const WAITS: usize = 3;
/// Lines about the checks of the metrics.
const CHECKS: usize = 4;
/// Lines of news.
const NEWS: usize = 3;

/// A line of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Its text, with colours where they are wanted.
    pub text: SafeText,
    /// How many columns it takes.
    pub columns: usize,
}

/// The lines of the frame at `at` since the run began: none wider than the screen, and fewer than it has rows.
#[must_use]
pub fn frame(picture: &LiveState, screen: Screen, at: Duration) -> Vec<Drawn> {
    // The last column stays free: some terminals wrap as soon as it is written to.
    let columns = screen.columns.saturating_sub(1).min(WIDEST);
    let rows = screen.rows.saturating_sub(1);
    let share = rows / picture.gates.len().max(1);
    let now = picture.started_at.checked_add(at).unwrap_or(picture.started_at);
    let mut lines = Vec::new();
    for gate in &picture.gates {
        lines.push(Row::default());
        lines.extend(rows_of(gate, columns, share.saturating_sub(1), at, now));
    }
    lines.truncate(rows);
    lines
        .iter()
        .map(|line| Drawn { text: line.render(columns, screen.colour), columns: line.width().min(columns) })
        .collect()
}

/// One gate, in at most so many rows.
fn rows_of(gate: &GateState, columns: usize, rows: usize, at: Duration, now: jiff::Timestamp) -> Vec<Row> {
    let mut head = vec![headline(gate, columns, at)];
    head.extend(bars(gate, columns, at));
    let mut tail = checks(gate, columns);
    tail.extend(waits(gate, columns));
    let news = news(gate, if rows > 16 { NEWS } else { 1 });
    if !news.is_empty() {
        tail.push(Row::default());
        tail.extend(news);
    }
    // The pods take what is left, and the tail gives way before the last of them does.
    let least = gate.pods.len().min(3) + 2;
    while !tail.is_empty() && head.len() + least + tail.len() > rows {
        tail.pop();
    }
    let room = rows.saturating_sub(head.len() + tail.len());
    head.extend(pods(gate, columns, room, now));
    head.extend(tail);
    head
}

/// Who, how far, for how long.
fn headline(gate: &GateState, columns: usize, at: Duration) -> Row {
    const SPIN: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
    let (mark, tone) = match gate.decided {
        Some((Verdict::Healthy, _)) => ("✔", Tone::Good),
        Some(_) => ("✘", Tone::Bad),
        None => {
            let turn = usize::try_from(at.as_millis() / 125).unwrap_or(0);
            (SPIN[turn % SPIN.len()], Tone::Next)
        }
    };
    let clock = clock(gate.decided.map_or(at, |(_, decided)| decided));
    let row = Row::default().toned(mark, tone).plain(" ").toned(gate.name.clone(), Tone::Code);
    let row = if columns < NARROW { row } else { row.plain(safe!(" in {}", gate.namespace)) };
    let said = match gate.decided {
        Some((Verdict::Healthy, _)) => SafeText::from("healthy"),
        Some((verdict, _)) => safe!("{}, collecting the proof", verdict),
        None if gate.confirming => "confirming with one more read".into(),
        None if gate.smoking => "the smoke run is on".into(),
        None if gate.pods.is_empty() => "waiting for the first pod".into(),
        None => match gate.wanted {
            Some(wanted) => safe!("{} of {} ready", gate.ready, wanted),
            None => safe!("{} ready", gate.ready),
        },
    };
    let row = row.plain("  ").plain(said);
    let place = columns.saturating_sub(clock.len());
    if row.width() + 2 > place { row } else { row.to(place).toned(clock, Tone::Dim) }
}

/// The two bars: the time to get ready, and the time to stay so.
fn bars(gate: &GateState, columns: usize, at: Duration) -> Vec<Row> {
    let at = gate.decided.map_or(at, |(_, decided)| decided);
    let (waited, wait_words) = match gate.window_since {
        Some(since) => (since, safe!("ready after {}", words::duration(since))),
        None => (at, safe!("{} of {}", seconds(at.min(gate.wait_period)), words::duration(gate.wait_period))),
    };
    let mut texts = vec![("get ready", waited, gate.wait_period, wait_words, Tone::Next)];
    if !gate.stable_for.is_zero() {
        let stayed = gate.window_since.map_or(Duration::ZERO, |since| at.saturating_sub(since));
        let whole = words::duration(gate.stable_for);
        let said = match gate.window_since {
            Some(_) => safe!("{} of {}", seconds(stayed.min(gate.stable_for)), whole),
            None => safe!("then for {}", whole),
        };
        texts.push(("stay ready", stayed, gate.stable_for, said, Tone::Good));
    }
    let widest = texts.iter().map(|(_, _, _, said, _)| said.len()).max().unwrap_or(0);
    texts
        .into_iter()
        .map(|(label, passed, whole, said, tone)| {
            let room = columns.saturating_sub(2 + 12 + 2 + widest);
            let (full, empty) = bar(passed, whole, room);
            Row::default()
                .plain(safe!("  {:<12}", label))
                .toned(full, tone)
                .toned(empty, Tone::Dim)
                .plain(safe!("  {:>widest$}", said))
        })
        .collect()
}

/// The table of pods in at most so many rows, the blank line above it included.
fn pods(gate: &GateState, columns: usize, rows: usize, now: jiff::Timestamp) -> Vec<Row> {
    let mut pods: Vec<&PodGlance> = gate.pods.values().collect();
    let Some(room) = rows.checked_sub(3).filter(|_| !pods.is_empty()) else { return Vec::new() };
    // One row more where no row is needed for the rest.
    let shown = if pods.len() <= room + 1 { pods.len() } else { room };
    if shown < pods.len() {
        pods.sort_by_key(|pod| (!pod.troubled, pod.ready, pod.pod.clone()));
    }
    let (kept, left) = pods.split_at(shown);
    let roomy = columns >= ROOMY;
    let names: Vec<SafeText> = kept
        .iter()
        .map(|pod| cut_front(&pod.pod.line(), if columns < NARROW { SHORT_NAME } else { LONG_NAME }))
        .collect();
    let name_columns = names.iter().map(|name| super::super::layout::width(name)).max().unwrap_or(0).max(3);
    let (restarts, restarts_columns) = if roomy { ("restarts", 8) } else { ("↻", 2) };
    let (up, up_columns) = if columns < NARROW { ("up", 3) } else { ("ready", 5) };
    let mut out = vec![
        Row::default(),
        Row::default().toned(
            safe!(
                "    {:<name_columns$}  {:>up_columns$}  {:>restarts_columns$}  {:>5}  state",
                "pod",
                up,
                restarts,
                "age",
            ),
            Tone::Dim,
        ),
    ];
    for (pod, name) in kept.iter().zip(&names) {
        let (mark, tone) = mark(pod);
        let ready = safe!("{}/{}", pod.containers_ready, pod.containers);
        let numbers = safe!(
            "  {:>up_columns$}  {:>restarts_columns$}  {:>5}  ",
            ready,
            pod.restarts,
            pod.created.map_or_else(|| "?".into(), |created| age(created, now)),
        );
        out.push(
            Row::default()
                .plain("  ")
                .toned(mark, tone)
                .plain(safe!(" {}", name))
                .to(4 + name_columns)
                .plain(numbers)
                .plain(pod.state.line()),
        );
    }
    if !left.is_empty() {
        let ready = left.iter().filter(|pod| pod.ready).count();
        let more = words::count(left.len(), "more pod");
        out.push(Row::default().toned(safe!("    and {}, {} of them ready", more, ready), Tone::Dim));
    }
    out
}

/// The sign of a pod, to be told apart without colour too.
const fn mark(pod: &PodGlance) -> (&'static str, Tone) {
    if pod.troubled {
        ("✘", Tone::Bad)
    } else if pod.ready {
        ("●", Tone::Good)
    } else {
        ("○", Tone::Careful)
    }
}

/// How far the checks of the metrics are, those that are not good first.
fn checks(gate: &GateState, columns: usize) -> Vec<Row> {
    if gate.checks.is_empty() {
        return Vec::new();
    }
    let mut checks: Vec<&Check> = gate.checks.iter().collect();
    checks.sort_by_key(|check| check.standing == CheckStanding::Good);
    // One row more where no row is needed for the rest.
    let shown = if checks.len() <= CHECKS + 1 { checks.len() } else { CHECKS };
    let mut rows = vec![Row::default()];
    for (place, check) in checks.iter().take(shown).enumerate() {
        let tone = match check.standing {
            CheckStanding::Good => Tone::Good,
            CheckStanding::OverLimit | CheckStanding::Worse | CheckStanding::Invalid => Tone::Bad,
            _ => Tone::Careful,
        };
        let front = if place == 0 { "  metrics     " } else { "              " };
        let text = safe!("{}: {}", check.name.line(), check.progress());
        // What is good needs no second line.
        let most = if check.standing == CheckStanding::Good { 1 } else { 2 };
        let lines = wrap_within(&text, columns.saturating_sub(front.len() + 2));
        for (number, line) in lines.iter().take(most).enumerate() {
            let row = Row::default().toned(if number == 0 { front } else { "              " }, Tone::Dim);
            let row = if number == 0 { row.toned(check.sign(), tone).plain(" ") } else { row.plain("  ") };
            let cut = if number + 1 == most && lines.len() > most { " …" } else { "" };
            rows.push(row.plain(safe!("{}{}", line, cut)));
        }
    }
    let left = &checks[shown..];
    if !left.is_empty() {
        let good = left.iter().filter(|check| check.standing == CheckStanding::Good).count();
        let more = words::count(left.len(), "more check");
        rows.push(Row::default().toned(safe!("              and {}, {} of them good", more, good), Tone::Dim));
    }
    rows
}

/// What the pods wait for, each thing once.
fn waits(gate: &GateState, columns: usize) -> Vec<Row> {
    const LABEL: &str = "  waits for   ";
    if gate.decided.is_some() {
        return Vec::new();
    }
    let mut waits: Vec<(SafeText, usize)> = Vec::new();
    for wait in gate.pods.values().filter_map(|pod| pod.waits_for.as_ref()) {
        let wait = wait.line();
        match waits.iter_mut().find(|(known, _)| *known == wait) {
            Some((_, pods)) => *pods += 1,
            None => waits.push((wait, 1)),
        }
    }
    let mut rows = Vec::new();
    for (place, (wait, pods)) in waits.iter().take(WAITS).enumerate() {
        let text = if *pods > 1 { safe!("({} pods) {}", pods, wait) } else { wait.clone() };
        let lines = wrap_within(&text, columns.saturating_sub(LABEL.len()));
        for (line_place, line) in lines.iter().take(2).enumerate() {
            let cut = if line_place == 1 && lines.len() > 2 { " …" } else { "" };
            let front = if place == 0 && line_place == 0 { LABEL } else { "              " };
            rows.push(Row::default().toned(front, Tone::Dim).plain(safe!("{}{}", line, cut)));
        }
    }
    if !rows.is_empty() {
        rows.insert(0, Row::default());
    }
    rows
}

/// What happened last.
fn news(gate: &GateState, most: usize) -> Vec<Row> {
    let from = gate.news.len().saturating_sub(most);
    gate.news
        .iter()
        .skip(from)
        .map(|news| {
            Row::default()
                .toned(safe!("  {:<10}", words::since(news.at)), Tone::Dim)
                .toned(news.line.clone(), news.tone)
        })
        .collect()
}

/// A time that runs, in whole seconds, so that it does not dance: `12s`, `1m05s`.
fn clock(at: Duration) -> SafeText {
    match at.as_secs() {
        seconds @ 0..60 => safe!("{}s", seconds),
        seconds => safe!("{}m{:02}s", seconds / 60, seconds % 60),
    }
}

/// As [`words::duration`], in whole seconds.
fn seconds(duration: Duration) -> SafeText {
    words::duration(Duration::from_secs(duration.as_secs()))
}

/// How old a pod is, short: `3s`, `2m05s`, `4h12m`, `9d`.
fn age(created: jiff::Timestamp, now: jiff::Timestamp) -> SafeText {
    // The server's clock may be a little ahead of this one.
    let seconds = now.as_second().saturating_sub(created.as_second()).max(0);
    match seconds.unsigned_abs() {
        seconds @ 0..60 => safe!("{}s", seconds),
        seconds @ 60..600 => safe!("{}m{:02}s", seconds / 60, seconds % 60),
        seconds @ 600..3600 => safe!("{}m", seconds / 60),
        seconds @ 3600..36_000 => safe!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        seconds @ 36_000..86_400 => safe!("{}h", seconds / 3600),
        seconds => safe!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn ages_are_short_and_never_negative() {
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        let of = |created: &str| age(created.parse().unwrap(), now);
        let table = [
            ("2026-01-02T03:04:02Z", "3s"),
            ("2026-01-02T03:02:00Z", "2m05s"),
            ("2026-01-02T02:44:05Z", "20m"),
            ("2026-01-01T23:00:00Z", "4h04m"),
            ("2026-01-01T15:00:00Z", "12h"),
            ("2025-12-24T00:00:00Z", "9d"),
            ("2026-01-02T03:05:00Z", "0s"),
        ];
        for (created, said) in table {
            assert_eq!(of(created), said, "{created}");
        }
    }
}
