//! The table at the end, and the line that sums it up.

use std::fmt::Write as _;

use super::report::{Outcome, Report};

/// How wide the last column may grow.
const WHY: usize = 100;

/// All reports as a table, in the order given.
pub fn table(reports: &[Report]) -> String {
    let head = ["STORY", "EXPECTED", "SAID", "SECONDS", "RESULT", "WHY"].map(str::to_owned);
    let rows = reports.iter().map(|report| {
        let why = report.outcome.why();
        let cut: String = why.chars().take(WHY).collect();
        let why = if cut == why { cut } else { format!("{cut}…") };
        let seconds = format!("{:.1}", report.seconds);
        let result = report.outcome.word().to_owned();
        [report.name.to_owned(), report.expected.clone(), report.said.clone(), seconds, result, why]
    });
    let rows: Vec<[String; 6]> = [head].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..6).map(width).collect();
    let mut table = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

/// `N passed, N failed, N skipped`, and interrupted ones where there are any.
pub fn summary(reports: &[Report]) -> String {
    let count = |is: fn(&Outcome) -> bool| reports.iter().filter(|report| is(&report.outcome)).count();
    let interrupted = count(|outcome| matches!(outcome, Outcome::Interrupted));
    let rest = if interrupted > 0 { format!(", {interrupted} interrupted") } else { String::new() };
    format!(
        "{} passed, {} failed, {} skipped{rest}",
        count(|outcome| matches!(outcome, Outcome::Passed)),
        count(|outcome| matches!(outcome, Outcome::Failed(_))),
        count(|outcome| matches!(outcome, Outcome::Skipped(_))),
    )
}
