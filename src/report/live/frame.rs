//! One frame of the live view: picture, screen and time in, lines out. Pure.

use std::time::Duration;

use super::super::layout::{Tone, wrap};
use super::super::{quote, words};
use super::bar::bar;
use super::picture::{GatePicture, Picture};
use super::row::{Row, cut_front};
use crate::gate::result::{PodGlance, Verdict};

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
/// Lines of news.
const NEWS: usize = 3;

/// A line of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Its text, with colours where they are wanted.
    pub text: String,
    /// How many columns it takes.
    pub columns: usize,
}

/// The lines of the frame at `at` since the run began: none wider than the screen, and fewer than it has rows.
#[must_use]
pub fn frame(picture: &Picture, screen: Screen, at: Duration) -> Vec<Drawn> {
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
fn rows_of(gate: &GatePicture, columns: usize, rows: usize, at: Duration, now: jiff::Timestamp) -> Vec<Row> {
    let mut head = vec![headline(gate, columns, at)];
    head.extend(bars(gate, columns, at));
    let mut tail = waits(gate, columns);
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
fn headline(gate: &GatePicture, columns: usize, at: Duration) -> Row {
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
    let row = if columns < NARROW { row } else { row.plain(format!(" in {}", gate.namespace)) };
    let said = match gate.decided {
        Some((Verdict::Healthy, _)) => "healthy".to_owned(),
        Some((verdict, _)) => format!("{verdict}, collecting the proof"),
        None if gate.confirming => "confirming with one more read".to_owned(),
        None if gate.smoking => "the smoke run is on".to_owned(),
        None if gate.pods.is_empty() => "waiting for the first pod".to_owned(),
        None => match gate.wanted {
            Some(wanted) => format!("{} of {wanted} ready", gate.ready),
            None => format!("{} ready", gate.ready),
        },
    };
    let row = row.plain("  ").plain(said);
    let place = columns.saturating_sub(clock.len());
    if row.width() + 2 > place { row } else { row.to(place).toned(clock, Tone::Dim) }
}

/// The two bars: the time to get ready, and the time to stay so.
fn bars(gate: &GatePicture, columns: usize, at: Duration) -> Vec<Row> {
    let at = gate.decided.map_or(at, |(_, decided)| decided);
    let (waited, wait_words) = match gate.window_since {
        Some(since) => (since, format!("ready after {}", words::duration(since))),
        None => (at, format!("{} of {}", seconds(at.min(gate.wait_period)), words::duration(gate.wait_period))),
    };
    let mut texts = vec![("get ready", waited, gate.wait_period, wait_words, Tone::Next)];
    if !gate.stable_for.is_zero() {
        let stayed = gate.window_since.map_or(Duration::ZERO, |since| at.saturating_sub(since));
        let whole = words::duration(gate.stable_for);
        let said = match gate.window_since {
            Some(_) => format!("{} of {whole}", seconds(stayed.min(gate.stable_for))),
            None => format!("then for {whole}"),
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
                .plain(format!("  {label:<12}"))
                .toned(full, tone)
                .toned(empty, Tone::Dim)
                .plain(format!("  {said:>widest$}"))
        })
        .collect()
}

/// The table of pods in at most so many rows, the blank line above it included.
fn pods(gate: &GatePicture, columns: usize, rows: usize, now: jiff::Timestamp) -> Vec<Row> {
    let mut pods: Vec<&PodGlance> = gate.pods.values().collect();
    let Some(room) = rows.checked_sub(3).filter(|_| !pods.is_empty()) else { return Vec::new() };
    // One row more where no row is needed for the rest.
    let shown = if pods.len() <= room + 1 { pods.len() } else { room };
    if shown < pods.len() {
        pods.sort_by_key(|pod| (!pod.troubled, pod.ready, pod.pod.clone()));
    }
    let (kept, left) = pods.split_at(shown);
    let roomy = columns >= ROOMY;
    let names: Vec<String> = kept
        .iter()
        .map(|pod| cut_front(&quote::name(&pod.pod), if columns < NARROW { SHORT_NAME } else { LONG_NAME }))
        .collect();
    let name_columns = names.iter().map(|name| super::super::layout::width(name)).max().unwrap_or(0).max(3);
    let (restarts, restarts_columns) = if roomy { ("restarts", 8) } else { ("↻", 2) };
    let (up, up_columns) = if columns < NARROW { ("up", 3) } else { ("ready", 5) };
    let mut out = vec![
        Row::default(),
        Row::default().toned(
            format!(
                "    {:<name_columns$}  {up:>up_columns$}  {restarts:>restarts_columns$}  {:>5}  state",
                "pod", "age"
            ),
            Tone::Dim,
        ),
    ];
    for (pod, name) in kept.iter().zip(&names) {
        let (mark, tone) = mark(pod);
        let ready = format!("{}/{}", pod.containers_ready, pod.containers);
        let numbers = format!(
            "  {ready:>up_columns$}  {:>restarts_columns$}  {:>5}  ",
            pod.restarts,
            pod.created.as_deref().and_then(|created| age(created, now)).unwrap_or_else(|| "?".to_owned())
        );
        out.push(
            Row::default()
                .plain("  ")
                .toned(mark, tone)
                .plain(format!(" {name}"))
                .to(4 + name_columns)
                .plain(numbers)
                .plain(quote::line(&pod.state)),
        );
    }
    if !left.is_empty() {
        let ready = left.iter().filter(|pod| pod.ready).count();
        let more = words::count(left.len(), "more pod");
        out.push(Row::default().toned(format!("    and {more}, {ready} of them ready"), Tone::Dim));
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

/// What the pods wait for, each thing once.
fn waits(gate: &GatePicture, columns: usize) -> Vec<Row> {
    const LABEL: &str = "  waits for   ";
    if gate.decided.is_some() {
        return Vec::new();
    }
    let mut waits: Vec<(String, usize)> = Vec::new();
    for wait in gate.pods.values().filter_map(|pod| pod.waits_for.as_deref()) {
        let wait = quote::line(wait);
        match waits.iter_mut().find(|(known, _)| *known == wait) {
            Some((_, pods)) => *pods += 1,
            None => waits.push((wait, 1)),
        }
    }
    let mut rows = Vec::new();
    for (place, (wait, pods)) in waits.iter().take(WAITS).enumerate() {
        let text = if *pods > 1 { format!("({pods} pods) {wait}") } else { wait.clone() };
        let lines = wrap(&text, "", "", columns.saturating_sub(LABEL.len()));
        for (line_place, line) in lines.iter().take(2).enumerate() {
            let cut = if line_place == 1 && lines.len() > 2 { " …" } else { "" };
            let front = if place == 0 && line_place == 0 { LABEL } else { "              " };
            rows.push(Row::default().toned(front, Tone::Dim).plain(format!("{line}{cut}")));
        }
    }
    if !rows.is_empty() {
        rows.insert(0, Row::default());
    }
    rows
}

/// What happened last.
fn news(gate: &GatePicture, most: usize) -> Vec<Row> {
    let from = gate.news.len().saturating_sub(most);
    gate.news
        .iter()
        .skip(from)
        .map(|news| {
            Row::default()
                .toned(format!("  {:<10}", words::since(news.at)), Tone::Dim)
                .toned(news.line.clone(), news.tone)
        })
        .collect()
}

/// A time that runs, in whole seconds, so that it does not dance: `12s`, `1m05s`.
fn clock(at: Duration) -> String {
    match at.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds => format!("{}m{:02}s", seconds / 60, seconds % 60),
    }
}

/// As [`words::duration`], in whole seconds.
fn seconds(duration: Duration) -> String {
    words::duration(Duration::from_secs(duration.as_secs()))
}

/// How old a pod is, short: `3s`, `2m05s`, `4h12m`, `9d`. `None` where the stamp makes no sense.
fn age(created: &str, now: jiff::Timestamp) -> Option<String> {
    let created: jiff::Timestamp = created.parse().ok()?;
    // The server's clock may be a little ahead of this one.
    let seconds = now.as_second().saturating_sub(created.as_second()).max(0);
    Some(match seconds {
        0..60 => format!("{seconds}s"),
        60..600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        600..3600 => format!("{}m", seconds / 60),
        3600..36_000 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        36_000..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    })
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn ages_are_short_and_never_negative() {
        let now = "2026-01-02T03:04:05Z".parse().ok();
        let of = |created: &str| now.and_then(|now| age(created, now));
        let table = [
            ("2026-01-02T03:04:02Z", Some("3s")),
            ("2026-01-02T03:02:00Z", Some("2m05s")),
            ("2026-01-02T02:44:05Z", Some("20m")),
            ("2026-01-01T23:00:00Z", Some("4h04m")),
            ("2026-01-01T15:00:00Z", Some("12h")),
            ("2025-12-24T00:00:00Z", Some("9d")),
            ("2026-01-02T03:05:00Z", Some("0s")),
            ("soon", None),
        ];
        for (created, said) in table {
            assert_eq!(of(created).as_deref(), said, "{created}");
        }
    }
}
