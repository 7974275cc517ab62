//! A grid of settings and past deployments as one page of HTML: no script, no request, everything in it.

use maud::{Markup, PreEscaped, html};

use super::{POLICY, STYLE, look};
use crate::report::{grid as told, headline, words};
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};
use crate::trial::grid::{Cell, Grid, Row, Wrong};

const GRID_STYLE: &str = include_str!("grid.css");

/// The page.
#[must_use]
pub fn render(grid: &Grid, redaction: Redaction) -> SafeText {
    let (telling, others): (Vec<&Row>, Vec<&Row>) = grid.rows.iter().partition(|row| row.is_telling());
    let title = title(grid);
    let page = html! {
        (PreEscaped("<!doctype html>\n"))
        html lang="en" { "\n"
            head { "\n"
                meta charset="utf-8"; "\n"
                meta name="viewport" content="width=device-width, initial-scale=1"; "\n"
                meta http-equiv="Content-Security-Policy" content=(POLICY); "\n"
                meta name="referrer" content="no-referrer"; "\n"
                link rel="icon" href="data:,"; "\n"
                title { (title) " · crashgate" } "\n"
                style { "\n" (PreEscaped(STYLE)) (PreEscaped(GRID_STYLE)) } "\n"
            } "\n"
            body { "\n"
                main { "\n"
                    div.banner { div {
                        p.verdict { "Policy from incidents" }
                        h1.title { (title) }
                        p.said { (said(grid)) }
                    } } "\n"
                    div.card { h2.card-title { "What each setting comes to" } (sums(grid)) } "\n"
                    @if !telling.is_empty() {
                        div.card {
                            h2.card-title { "Where something differs or is wrong" }
                            (table(grid, &telling, "Gates that differ or are wrong"))
                            (legend(grid, &telling, redaction))
                        } "\n"
                    }
                    @if !others.is_empty() {
                        div.card {
                            h2.card-title { "Decided alike, and not known to be wrong" }
                            details {
                                summary { (words::count(others.len(), "gate")) }
                                (table(grid, &others, "Gates that are decided alike"))
                            }
                        } "\n"
                    }
                    @if !grid.unjudged.is_empty() {
                        div.card {
                            h2.card-title { "Not judged" }
                            ul.warnings { @for line in told::unjudged(grid, redaction) { li { (line) } } }
                        } "\n"
                    }
                } "\n"
                footer.foot { (safe!("crashgate {}", env!("CARGO_PKG_VERSION"))) } "\n"
            } "\n"
        } "\n"
    };
    SafeText::rearranged(page.into_string())
}

fn title(grid: &Grid) -> SafeText {
    let gates = words::count(grid.rows.len(), "past gate");
    safe!("{}, {}", gates, words::count(grid.settings.len(), "setting"))
}

fn said(grid: &Grid) -> SafeText {
    if !grid.knows_truth() {
        return "Nothing says which deployments were bad, so nothing is counted as wrong.".into();
    }
    let sums = grid.sums();
    let wrong = |column: usize| (sums[column].bad_passed, sums[column].good_refused);
    let Some(best) = (0..sums.len()).min_by_key(|column| wrong(*column)) else { return SafeText::EMPTY };
    if sums.len() == 1 || (0..sums.len()).all(|column| wrong(column) == wrong(best)) {
        let (passed, refused) = wrong(best);
        return safe!(
            "{} of {} bad deployments passed, {} of {} good ones were refused, whatever the setting.",
            passed,
            sums[best].bad,
            refused,
            sums[best].good
        );
    }
    safe!(
        "{} lets the fewest bad deployments pass: {} of {}. It refuses {} of {} good ones.",
        told::shown_setting(&grid.settings[best]),
        sums[best].bad_passed,
        sums[best].bad,
        sums[best].good_refused,
        sums[best].good
    )
}

/// A table that scrolls by itself where it is wider than the page; the keyboard reaches it.
fn scrolling(label: &'static str, table: &Markup) -> Markup {
    html! { div.wide tabindex="0" role="region" aria-label=(label) { (table) } }
}

fn sums(grid: &Grid) -> Markup {
    let (heads, lines) = told::sum_table(grid);
    let table = html! {
        table.grid {
            thead { tr { @for head in &heads { th scope="col" { (head) } } } }
            tbody { "\n"
                @for (line, sums) in lines.iter().zip(grid.sums()) {
                    tr {
                        @for (head, cell) in heads.iter().zip(line) {
                            @let is_wrong = (*head == "BAD PASSED" && sums.bad_passed > 0)
                                || (*head == "GOOD REFUSED" && sums.good_refused > 0);
                            td class=[is_wrong.then_some("wrong")] { (cell) }
                        }
                    } "\n"
                }
            }
        }
    };
    scrolling("What each setting comes to", &table)
}

fn table(grid: &Grid, rows: &[&Row], label: &'static str) -> Markup {
    let was_recorded = rows.iter().any(|row| row.recorded.is_some());
    let knows_truth = rows.iter().any(|row| row.truth.is_some());
    let table = html! {
        table.grid {
            thead {
                tr {
                    th scope="col" { "Recording" }
                    @if knows_truth { th scope="col" { "Truth" } }
                    @if was_recorded { th scope="col" { "Recorded" } }
                    @for setting in &grid.settings {
                        th scope="col" {
                            @if setting.values().count() == 0 { "Verdict" }
                            @for (path, value) in setting.values() {
                                span.axis-value { (Untrusted::name(path).line()) " " b { (Untrusted::name(value).line()) } } " "
                            }
                        }
                    }
                }
            }
            tbody { "\n"
                @for row in rows {
                    tr {
                        th scope="row" { (told::name(grid, row)) }
                        @if knows_truth { td class=[row.truth.map(crate::trial::truth::Truth::name)] {
                            (row.truth.map_or("not known", crate::trial::truth::Truth::name))
                        } }
                        @if was_recorded { td {
                            @if let Some(recorded) = row.recorded {
                                (headline::title(recorded.verdict)) " "
                                span.time { (words::duration(recorded.decided_after)) }
                            }
                        } }
                        @for cell in &row.cells { (self::cell(row, cell)) }
                    } "\n"
                }
            }
        }
    };
    scrolling(label, &table)
}

fn cell(row: &Row, cell: &Cell) -> Markup {
    let (class, note) = match row.wrong(cell) {
        Some(Wrong::FalsePass) => (Some("wrong"), Some("a bad one passed")),
        Some(Wrong::FalseNo) => (Some("wrong"), Some("a good one refused")),
        None if row.is_changed(cell) => (Some("changed"), Some("changed")),
        None => (None, None),
    };
    html! {
        td class=[class] {
            @match cell {
                Cell::Judged(judgement) => {
                    b class=(look(judgement.verdict).0) { (headline::title(judgement.verdict)) } " "
                    span.time { (words::duration(judgement.decided_after)) }
                    @if let Some(code) = judgement.code { " " span.cause-code { (code.name()) } }
                }
                Cell::Refused(_) => { "does not fit" }
            }
            @if let Some(note) = note { " " span.note { (note) } }
        }
    }
}

fn legend(grid: &Grid, rows: &[&Row], redaction: Redaction) -> Markup {
    html! {
        ul.remarks { @for line in told::remarks(grid, rows, "changed:", redaction) { li { (line) } } }
    }
}
