//! Outputs of the step: `verdict`, `exit-code`, `cause` and `report`.

use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;

use crate::report::run_log::ReportInput;
use crate::safe;
use crate::text::{SafeText, Untrusted};

/// The lines for the runner's file. `report` has a line for every file that was written.
/// `exit_code` is that of the process.
pub(super) fn of(document: &ReportInput<'_>, reports: &[PathBuf], exit_code: u8) -> SafeText {
    let verdict = document.verdict();
    let reports = reports.iter().map(|path| Untrusted::path(path).line());
    let values = [
        ("verdict", verdict.name().into()),
        ("exit-code", safe!("{}", exit_code)),
        ("cause", document.cause().map(|(code, message)| safe!("{}: {}", code, message)).unwrap_or_default()),
        ("report", SafeText::joined(reports, "\n")),
    ];
    let delimiter = delimiter();
    values.iter().map(|(name, value)| safe!("{}<<{}\n{}\n{}\n", name, delimiter, value, delimiter)).collect()
}

/// A line that no value has: the keys of the standard library's hasher are random in every process.
fn delimiter() -> SafeText {
    let random = |salt: u8| RandomState::new().hash_one(salt);
    safe!("crashgate-{:016x}{:016x}", random(1), random(2))
}

#[cfg(test)]
mod tests {
    use super::delimiter;

    #[test]
    fn delimiters_differ() {
        assert_ne!(delimiter(), delimiter());
    }
}
