//! GitLab CI: the dotenv report, and sections of the job log.
//!
//! GitLab reads a dotenv report of at most 5 KB and 20 variables, a line each, without quotes.

use std::time::{Duration, SystemTime};

use super::headline;
use super::model::{Event, Plan, Run, Target, View};
use super::printer::Printer;
use super::progress;
use super::run_log::ReportInput;
use crate::safe;
use crate::text::SafeText;

/// No value is longer, so that all of them together stay far below the limit.
const LONGEST: usize = 600;

/// The dotenv report: variables for the jobs that come after. `exit_code` is that of the process.
#[must_use]
pub fn dotenv(document: &ReportInput<'_>, exit_code: u8) -> SafeText {
    let verdict = document.verdict();
    let (code, message) = document.cause().unwrap_or_default();
    let values = [
        ("VERDICT", verdict.name().into()),
        ("EXIT_CODE", safe!("{}", exit_code)),
        ("CAUSE", code.into()),
        ("MESSAGE", message),
        ("SUMMARY", safe!("{}: {}", headline::title(verdict), headline::run(document.run))),
    ];
    values.iter().map(|(name, value)| safe!("CRASHGATE_{}={}\n", name, plain(value))).collect()
}

/// A value that no shell, no later `eval` and no dotenv reader takes for more than text.
fn plain(value: &SafeText) -> SafeText {
    let safe = |c: char| c.is_alphanumeric() || " .,:/()@+-_%=[]".contains(c);
    let mut plain = String::new();
    for c in value.chars() {
        let c = if safe(c) { c } else { '_' };
        if plain.len() + c.len_utf8() > LONGEST {
            break;
        }
        plain.push(c);
    }
    SafeText::rearranged(plain.trim())
}

/// The sink that folds the progress in the job log into a section.
pub struct Section {
    printer: Printer,
    open: bool,
}

impl Section {
    /// A sink that writes to this printer's stderr, as the progress does.
    #[must_use]
    pub fn new(printer: Printer) -> Self {
        Self { printer, open: false }
    }

    fn close(&mut self) {
        if std::mem::take(&mut self.open) {
            self.printer.say(&safe!("\x1b[0Ksection_end:{}:crashgate\r\x1b[0K", now()));
        }
    }
}

/// Seconds since 1970: what GitLab computes the duration of a section from.
fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl View for Section {
    fn begin(&mut self, _target: &Target, plans: &[Plan]) {
        self.open = true;
        self.printer.say(&safe!(
            "\x1b[0Ksection_start:{}:crashgate[collapsed=true]\r\x1b[0K{}",
            now(),
            progress::watched(plans),
        ));
    }

    fn event(&mut self, _gate: usize, _at: Duration, _event: &Event) {}

    fn idle(&mut self, _at: Duration) {}

    fn end(&mut self, _run: &Run) {
        self.close();
    }
}

/// What a panic says must not be folded away.
impl Drop for Section {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::{SafeText, plain};

    #[test]
    fn values_are_one_plain_line() {
        assert_eq!(plain(&"a\nb=\"$(id)\" `x` #y 'z'\\".into()), "a_b=__(id)_ _x_ _y _z__");
        assert!(plain(&SafeText::rearranged("ü".repeat(1000))).len() <= 600);
    }
}
