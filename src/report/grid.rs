//! A grid of settings and past deployments, as people read it on a terminal: what differs, and what it comes to.

use super::headline;
use super::layout::{Tone, columns, padded, painted, width, wrap};
use super::printer::Look;
use super::words;
use crate::manifest::Setting;
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};
use crate::trial::grid::{Cell, Grid, Row, Sums, Unjudged};
use crate::trial::truth::Truth;

/// What stands between two columns.
const GAP: usize = 2;

/// How the grid is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// What the terminal can show.
    pub look: Look,
    /// Gates that every setting decides alike are shown too.
    pub whole: bool,
    /// Whether secrets are masked in reasons.
    pub redaction: Redaction,
}

/// The grid as text; ends with a newline.
#[must_use]
pub fn text(grid: &Grid, layout: Layout) -> SafeText {
    let shown: Vec<&Row> = grid.rows.iter().filter(|row| layout.whole || row.is_telling()).collect();
    let mut text = safe!("{}\n", head(grid, shown.len(), layout));
    if !shown.is_empty() {
        text.push(&"\n".into());
        text.push(&cells(grid, &shown, layout));
    }
    text.push(&"\n".into());
    text.push(&sums(grid, layout.look));
    let notes = notes(grid, &shown, layout);
    if !notes.is_empty() {
        text.push(&"\n".into());
        text.extend(notes.into_iter().map(|line| safe!("{}\n", line)));
    }
    text
}

/// How many gates and settings there are, and what is shown of them.
fn head(grid: &Grid, shown: usize, layout: Layout) -> SafeText {
    let rows = grid.rows.len();
    let settings = match axes(grid).as_slice() {
        [] => SafeText::EMPTY,
        _ => safe!(", {}", words::count(grid.settings.len(), "setting")),
    };
    let head = safe!("{} of {}{}", words::count(rows, "gate"), recordings(grid), settings);
    if layout.whole || shown == rows {
        safe!("{}:", head)
    } else if shown == 0 {
        safe!("{}; nothing differs or is known to be wrong (-v shows all)", head)
    } else {
        safe!("{}; {} where something differs or is wrong (-v shows all):", head, shown)
    }
}

fn recordings(grid: &Grid) -> SafeText {
    let mut names: Vec<&str> = grid.rows.iter().map(|row| row.recording.as_str()).collect();
    names.dedup();
    words::count(names.len(), "recording")
}

/// The keys that are tried.
fn axes(grid: &Grid) -> Vec<&str> {
    grid.settings.first().map(|setting| setting.values().map(|(path, _)| path).collect()).unwrap_or_default()
}

fn value(setting: &Setting, axis: usize) -> SafeText {
    setting.values().nth(axis).map_or(SafeText::EMPTY, |(_, value)| Untrusted::name(value).line())
}

/// What a row is called: its recording, and as much more as tells it from the others of that recording.
#[must_use]
pub fn name(grid: &Grid, row: &Row) -> SafeText {
    let own = |text: &str| Untrusted::name(text).line();
    let same: Vec<&Row> = grid.rows.iter().filter(|other| other.recording == row.recording).collect();
    if same.len() == 1 {
        own(&row.recording)
    } else if same.iter().all(|other| other.app == row.app) {
        safe!("{} {}", own(&row.recording), own(&row.version))
    } else {
        safe!("{} {} {}", own(&row.recording), own(&row.app), own(&row.version))
    }
}

/// The cell in a few words: `failed 4.5 s`.
#[must_use]
pub fn words_of(cell: &Cell) -> SafeText {
    match cell {
        Cell::Judged(judgement) => safe!("{} {}", judgement.verdict, words::duration(judgement.decided_after)),
        Cell::Refused(_) => "does not fit".into(),
    }
}

/// What stands out about a cell, in one sign.
fn mark(row: &Row, cell: &Cell) -> &'static str {
    if row.wrong(cell).is_some() {
        "✘ "
    } else if row.is_changed(cell) {
        "* "
    } else {
        "  "
    }
}

fn tone(row: &Row, cell: &Cell) -> Option<Tone> {
    if row.wrong(cell).is_some() {
        return Some(Tone::Bad);
    }
    let verdict = cell.verdict()?;
    Some(if row.is_changed(cell) {
        Tone::Careful
    } else {
        return (headline::tone(verdict) == Tone::Good).then_some(Tone::Dim);
    })
}

/// The rows with a column for each setting; where these do not fit side by side, with a list of settings below each gate.
fn cells(grid: &Grid, shown: &[&Row], layout: Layout) -> SafeText {
    let front = front(grid, shown);
    let columns_of: Vec<Column> = (0..grid.settings.len()).map(|column| verdicts(grid, shown, column)).collect();
    let wide = |column: &Column| column.heads.iter().chain(&column.cells).map(|cell| width(cell)).max().unwrap_or(0);
    let all: Vec<(&Column, usize)> =
        front.iter().chain(&columns_of).map(|column| (column, wide(column) + GAP)).collect();
    if all.iter().map(|(_, wide)| wide).sum::<usize>() > columns(layout.look) + GAP {
        return lists(grid, shown, layout);
    }
    let heads = (0..axes(grid).len().max(1))
        .map(|line| ended(&all.iter().map(|(column, wide)| padded(&column.heads[line], *wide)).collect()));
    let rows = shown.iter().enumerate().map(|(line, row)| {
        let lead = all.iter().take(front.len()).map(|(column, wide)| padded(&column.cells[line], *wide));
        let own = all.iter().skip(front.len()).zip(&row.cells).map(|((column, wide), cell)| {
            let told = padded(&column.cells[line], *wide);
            tone(row, cell).map_or_else(|| told.clone(), |tone| painted(&told, tone, layout.look.colour))
        });
        ended(&lead.chain(own).collect())
    });
    heads.chain(rows).collect()
}

/// One column of the table: a head for each key that is tried, and a cell for each row.
struct Column {
    heads: Vec<SafeText>,
    cells: Vec<SafeText>,
}

/// The columns that stand before those of the settings.
fn front(grid: &Grid, shown: &[&Row]) -> Vec<Column> {
    let axes: Vec<SafeText> = axes(grid).into_iter().map(|axis| Untrusted::name(axis).line()).collect();
    let lines = axes.len().max(1);
    let names = if axes.is_empty() { vec!["RECORDING".into()] } else { axes };
    let below = |head: &'static str| {
        let mut heads = vec![SafeText::EMPTY; lines - 1];
        heads.push(head.into());
        heads
    };
    let mut front = vec![Column { heads: names, cells: shown.iter().map(|row| name(grid, row)).collect() }];
    if shown.iter().any(|row| row.truth.is_some()) {
        let truth = |row: &&Row| row.truth.map_or("?", Truth::name).into();
        front.push(Column { heads: below("TRUTH"), cells: shown.iter().map(truth).collect() });
    }
    if shown.iter().any(|row| row.recorded.is_some()) {
        let recorded = |row: &&Row| {
            let told = row.recorded.map(|one| safe!("{} {}", one.verdict, words::duration(one.decided_after)));
            told.unwrap_or_default()
        };
        front.push(Column { heads: below("RECORDED"), cells: shown.iter().map(recorded).collect() });
    }
    front
}

/// The column of a setting.
fn verdicts(grid: &Grid, shown: &[&Row], column: usize) -> Column {
    let setting = &grid.settings[column];
    let mut heads: Vec<SafeText> = (0..axes(grid).len()).map(|axis| safe!("  {}", value(setting, axis))).collect();
    if heads.is_empty() {
        heads.push("  VERDICT".into());
    }
    let cell = |row: &&Row| {
        let told = row.cells.get(column).map(|cell| safe!("{}{}", mark(row, cell), words_of(cell)));
        told.unwrap_or_default()
    };
    Column { heads, cells: shown.iter().map(cell).collect() }
}

fn ended(line: &SafeText) -> SafeText {
    safe!("{}\n", line.trimmed_end())
}

/// Below each gate the settings that end alike.
fn lists(grid: &Grid, shown: &[&Row], layout: Layout) -> SafeText {
    let mut text = SafeText::EMPTY;
    for row in shown {
        let recorded = row.recorded.map(|recorded| safe!(" (recorded: {})", recorded.verdict));
        let truth = row.truth.map(|truth| safe!(" {}", truth.name()));
        text.push(&safe!("{}{}{}\n", name(grid, row), truth.unwrap_or_default(), recorded.unwrap_or_default()));
        let mut alike: Vec<(&Cell, Vec<&Setting>)> = Vec::new();
        for (cell, setting) in row.cells.iter().zip(&grid.settings) {
            match alike.iter_mut().find(|(known, _)| words_of(known) == words_of(cell)) {
                Some((_, settings)) => settings.push(setting),
                None => alike.push((cell, vec![setting])),
            }
        }
        for (cell, settings) in alike {
            let told = safe!("  {}{}", mark(row, cell), words_of(cell));
            let settings = SafeText::joined(alike_settings(grid, &settings), "; ");
            let lines = wrap(&settings, "", "", columns(layout.look).saturating_sub(28));
            for (number, line) in lines.iter().enumerate() {
                let lead = if number == 0 { padded(&told, 28) } else { padded(&SafeText::EMPTY, 28) };
                text.push(&ended(&safe!("{}{}", lead, line)));
            }
        }
    }
    text
}

/// The settings in as few words as there are: only the keys that matter, where all of their other values end alike.
fn alike_settings(grid: &Grid, settings: &[&Setting]) -> Vec<SafeText> {
    let values_of = |settings: &mut dyn Iterator<Item = &Setting>, axis: usize| {
        let mut values: Vec<SafeText> = Vec::new();
        for setting in settings {
            let value = value(setting, axis);
            if !values.contains(&value) {
                values.push(value);
            }
        }
        values
    };
    let axes = axes(grid);
    let own: Vec<_> = (0..axes.len()).map(|axis| values_of(&mut settings.iter().copied(), axis)).collect();
    if own.iter().map(Vec::len).product::<usize>() != settings.len() {
        return settings.iter().map(|setting| shown_setting(setting)).collect();
    }
    let matter = axes.iter().zip(own).enumerate().filter_map(|(axis, (path, own))| {
        let all = values_of(&mut grid.settings.iter(), axis);
        (own.len() < all.len()).then(|| safe!("{}={}", Untrusted::name(path).line(), SafeText::joined(own, ",")))
    });
    let matter = SafeText::joined(matter, " ");
    vec![if matter.is_empty() { "every setting".into() } else { matter }]
}

/// A setting in one line: `stableFor=10s maxRestarts=0`.
#[must_use]
pub fn shown_setting(setting: &Setting) -> SafeText {
    Untrusted::name(&setting.to_string()).one_line()
}

/// The heads of the sums, and the cells of each setting.
#[must_use]
pub fn sum_table(grid: &Grid) -> (Vec<SafeText>, Vec<Vec<SafeText>>) {
    let sums = grid.sums();
    let knows_truth = grid.knows_truth();
    let mut heads: Vec<SafeText> = axes(grid).into_iter().map(|axis| Untrusted::name(axis).line()).collect();
    let mut verdicts: Vec<&'static str> = sums.iter().flat_map(|sums| sums.verdicts.keys().copied()).collect();
    verdicts.sort_unstable();
    verdicts.dedup();
    if knows_truth {
        heads.extend(["BAD PASSED", "GOOD REFUSED", "INCONCLUSIVE"].map(SafeText::from));
    } else {
        heads.extend(verdicts.iter().map(|verdict| SafeText::from(*verdict)));
    }
    if sums.iter().any(|sums| sums.changed > 0) {
        heads.push("CHANGED".into());
    }
    heads.extend(["MEDIAN NO", "SLOWEST NO", "MEDIAN PASS"].map(SafeText::from));
    let lines = sums.iter().zip(&grid.settings).map(|(own, setting)| {
        let mut line: Vec<SafeText> = (0..axes(grid).len()).map(|axis| value(setting, axis)).collect();
        if knows_truth {
            line.push(safe!("{} of {}", own.bad_passed, own.bad));
            line.push(safe!("{} of {}", own.good_refused, own.good));
            line.push(safe!("{}", own.inconclusive));
        } else {
            line.extend(verdicts.iter().map(|verdict| safe!("{}", own.verdicts.get(verdict).copied().unwrap_or(0))));
        }
        if heads.iter().any(|head| *head == "CHANGED") {
            line.push(safe!("{}", own.changed));
        }
        let time = |time: Option<std::time::Duration>| time.map_or_else(|| "-".into(), words::duration);
        line.extend([time(own.median_no), time(own.slowest_no), time(own.median_yes)]);
        line
    });
    let lines = lines.collect();
    (heads, lines)
}

fn sums(grid: &Grid, look: Look) -> SafeText {
    let (heads, lines) = sum_table(grid);
    let wide = |column: usize| {
        let cells = lines.iter().filter_map(|line| line.get(column)).chain(heads.get(column));
        cells.map(|cell| width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(wide).collect();
    let laid_out = |cells: &[SafeText], from: usize| -> SafeText {
        let cells = cells.iter().zip(&widths).skip(from);
        ended(&cells.map(|(cell, wide)| padded(cell, wide + GAP)).collect())
    };
    if widths.iter().map(|wide| wide + GAP).sum::<usize>() <= columns(look) + GAP {
        return [&heads].into_iter().chain(&lines).map(|cells| laid_out(cells, 0)).collect();
    }
    // The values of many keys leave no room beside them: each setting has a line of its own.
    let from = axes(grid).len();
    let settings = grid
        .settings
        .iter()
        .zip(&lines)
        .map(|(setting, cells)| safe!("{}\n  {}", shown_setting(setting), laid_out(cells, from)));
    safe!("  {}{}", laid_out(&heads, from), settings.collect::<SafeText>())
}

/// What the signs mean, and what is not known. `changed` is how a changed verdict is marked.
#[must_use]
pub fn remarks(grid: &Grid, shown: &[&Row], changed: &'static str, redaction: Redaction) -> Vec<SafeText> {
    let mut lines = Vec::new();
    let any = |is: &dyn Fn(&Row, &Cell) -> bool| shown.iter().any(|row| row.cells.iter().any(|cell| is(row, cell)));
    if any(&|row, cell| row.wrong(cell).is_none() && row.is_changed(cell)) {
        let against =
            match (shown.iter().any(|row| row.recorded.is_some()), shown.iter().all(|row| row.recorded.is_some())) {
                (_, true) => "not the verdict that was recorded",
                (true, false) => "not the verdict that was recorded, or not that of the first column where none was",
                (false, false) => "not the verdict of the first column",
            };
        lines.push(safe!("{} {}", changed, against));
    }
    let count = |of: fn(&Sums) -> usize| grid.sums().iter().map(of).sum::<usize>();
    match (count(|sums| sums.cut_short), count(|sums| sums.inconclusive)) {
        (0, _) => {}
        (short, all) if short == all => {
            lines.push("inconclusive: the recording ended before the setting could decide".into());
        }
        (short, all) => lines.push(safe!(
            "inconclusive: in {} of {}, the recording ended before the setting could decide",
            short,
            words::count(all, "case")
        )),
    }
    let depends = grid.rows.iter().filter(|row| row.truth == Some(Truth::Depends)).count();
    let unknown = grid.rows.iter().filter(|row| row.truth.is_none()).count();
    if !grid.knows_truth() {
        lines.push(
            "Nothing says which deployments were bad, so nothing is counted as wrong: name them with --bad and --good, or \
             give a table with --expected."
                .into(),
        );
    } else if depends + unknown > 0 {
        let mut parts = Vec::new();
        if depends > 0 {
            parts.push(safe!("{} where it depends on the setting", words::count(depends, "gate")));
        }
        if unknown > 0 {
            parts.push(safe!("{} of which nothing is known", words::count(unknown, "gate")));
        }
        lines.push(safe!("Counted neither as bad nor as good: {}.", SafeText::joined(parts, ", ")));
    }
    let mut reasons: Vec<(SafeText, SafeText)> = Vec::new();
    for row in shown {
        for (cell, setting) in row.cells.iter().zip(&grid.settings) {
            if let Cell::Refused(why) = cell {
                let why = redaction.text(why).line();
                if !reasons.iter().any(|(_, known)| *known == why) {
                    reasons.push((shown_setting(setting), why));
                }
            }
        }
    }
    lines.extend(reasons.into_iter().map(|(setting, why)| safe!("{} does not fit: {}", setting, why)));
    lines
}

/// The recordings that could not be judged, with the reason of each.
#[must_use]
pub fn unjudged(grid: &Grid, redaction: Redaction) -> Vec<SafeText> {
    let line =
        |one: &Unjudged| safe!("{}: {}", Untrusted::name(&one.recording).line(), redaction.text(&one.why).one_line());
    grid.unjudged.iter().map(line).collect()
}

fn notes(grid: &Grid, shown: &[&Row], layout: Layout) -> Vec<SafeText> {
    let mut lines = Vec::new();
    let is_wrong = |row: &&Row| row.cells.iter().any(|cell| row.wrong(cell).is_some());
    if shown.iter().any(is_wrong) {
        lines.push("✘ a bad deployment passed, or a good one was refused".into());
    }
    for remark in remarks(grid, shown, "*", layout.redaction) {
        lines.extend(wrap(&remark, "", "  ", columns(layout.look)));
    }
    let unjudged = unjudged(grid, layout.redaction);
    if !unjudged.is_empty() {
        lines.push(safe!("Not judged: {}", words::count(unjudged.len(), "recording")));
        for line in &unjudged {
            lines.extend(wrap(line, "  ", "    ", columns(layout.look)));
        }
    }
    lines
}
