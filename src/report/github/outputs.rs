//! Outputs of the step: `verdict`, `exit-code`, `cause` and `report`.

use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;

use crate::report::quote;
use crate::report::story::Document;

/// The lines for the runner's file. `report` has a line for every file that was written.
/// `exit_code` is that of the process.
pub(super) fn of(document: &Document<'_>, reports: &[PathBuf], exit_code: u8) -> String {
    let verdict = document.verdict();
    let reports: Vec<String> = reports.iter().map(|path| quote::name(&path.display().to_string())).collect();
    let values = [
        ("verdict", verdict.name().to_owned()),
        ("exit-code", exit_code.to_string()),
        ("cause", document.cause()),
        ("report", reports.join("\n")),
    ];
    let delimiter = delimiter();
    values.iter().fold(String::new(), |mut out, (name, value)| {
        let _ = writeln!(out, "{name}<<{delimiter}\n{value}\n{delimiter}");
        out
    })
}

/// A line that no value has: the keys of the standard library's hasher are random in every process.
fn delimiter() -> String {
    let random = |salt: u8| RandomState::new().hash_one(salt);
    format!("crashgate-{:016x}{:016x}", random(1), random(2))
}

#[cfg(test)]
mod tests {
    use super::delimiter;

    #[test]
    fn delimiters_differ() {
        assert_ne!(delimiter(), delimiter());
    }
}
