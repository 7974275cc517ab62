//! The script's file: YAML in, rules out, every mistake named.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::rule::{Fault, Rule, Verb};
use crate::sandbox::script_error;
use crate::sandbox::span::Span;

/// A body is cut after so many bytes where the rule does not say.
const CUT_AFTER: u64 = 20;

/// Why a fault script cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FaultsError {
    /// The file cannot be read.
    #[error("cannot read the fault script {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is no YAML, or has keys that a script has not.
    #[error("cannot read the fault script: {0}; its form is `faults: [{{at: 5s, verb: watch, fault: cut}}]`")]
    Shape(String),
    /// An entry makes no sense.
    #[error("cannot use the fault script: entry {place} (`{fault}`) {reason}")]
    Entry {
        /// Its place, from 1.
        place: usize,
        /// What it says that goes wrong.
        fault: String,
        /// What is wrong, and what to write.
        reason: String,
    },
}

/// A fault script that was read: what goes wrong when, and for which requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    pub(super) rules: Vec<Rule>,
}

impl Faults {
    /// Reads a script's file.
    ///
    /// # Errors
    ///
    /// Where it cannot be read or makes no sense.
    pub fn load(path: &Path) -> Result<Self, FaultsError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| FaultsError::Read { path: path.to_owned(), source })?;
        text.parse()
    }
}

impl std::str::FromStr for Faults {
    type Err = FaultsError;

    fn from_str(text: &str) -> Result<Self, FaultsError> {
        let script: Script =
            serde_yaml::from_str(text).map_err(|error| FaultsError::Shape(script_error::shape(&error)))?;
        let rules = script.faults.into_iter().enumerate().map(|(place, entry)| {
            let fault = entry.fault.clone();
            entry.rule().map_err(|reason| FaultsError::Entry { place: place + 1, fault, reason })
        });
        Ok(Self { rules: rules.collect::<Result<_, _>>()? })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    faults: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Entry {
    at: Option<Span>,
    r#for: Option<Span>,
    verb: Option<Verb>,
    path: Option<String>,
    request: Option<u64>,
    times: Option<u64>,
    fault: String,
    by: Option<Span>,
    lasts: Option<Span>,
    code: Option<u16>,
    retry_after: Option<Span>,
    message: Option<String>,
    after: Option<u64>,
    bytes_per_second: Option<u64>,
    size: Option<u64>,
}

impl Entry {
    fn rule(mut self) -> Result<Rule, String> {
        let at_ms = self.at.take().map_or(0, Span::ms);
        let until_ms = self.r#for.take().map_or(u64::MAX, |span| at_ms.saturating_add(span.ms()));
        let (verb, path, request, times) = (self.verb, self.path.take(), self.request, self.times);
        if request == Some(0) || times == Some(0) {
            return Err("counts from 1: write `request: 1` for the first one".to_owned());
        }
        if until_ms == at_ms {
            return Err("lasts no time: write a longer `for`".to_owned());
        }
        let fault = self.fault()?;
        self.is_empty()?;
        if fault == Fault::NotANumber && verb.is_some_and(|verb| verb != Verb::Query) {
            return Err("is about metrics: write `verb: query`".to_owned());
        }
        if fault.needs_watch() && verb.is_some_and(|verb| verb != Verb::Watch) {
            return Err("is about watches: write `verb: watch`".to_owned());
        }
        Ok(Rule { at_ms, until_ms, verb, path, request, times, fault })
    }

    /// Takes what the fault needs; what stays belongs to no key of it.
    fn fault(&mut self) -> Result<Fault, String> {
        let needs = |key: &str| format!("needs `{key}`");
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let some = |number: Option<u64>, key: &str| match number {
            None => Err(needs(key)),
            Some(0) => Err(format!("needs a `{key}` of 1 or more")),
            Some(number) => Ok(size(number)),
        };
        let name = self.fault.as_str();
        Ok(match name {
            "delay" => Fault::Delay(self.by.take().ok_or_else(|| needs("by: 3s"))?.0),
            "drop" => Fault::Drop,
            "stall" => Fault::Stall,
            "status" => {
                let code = self.code.take().filter(|code| (200..=599).contains(code));
                let code = code.ok_or_else(|| "needs a `code` from 200 to 599".to_owned())?;
                let message = self.message.take().unwrap_or_else(|| "a fault of the script".to_owned());
                Fault::Status { code, retry_after: self.retry_after.take().map(|span| span.0), message }
            }
            "expired" => Fault::Expired,
            "too-large-version" => Fault::TooLargeVersion,
            "login-page" => Fault::LoginPage,
            "cut" => Fault::Cut { after: size(self.after.take().unwrap_or(CUT_AFTER)) },
            "freeze" => Fault::Freeze { after: size(self.after.take().unwrap_or(CUT_AFTER)) },
            "truncate" => Fault::Truncate { after: size(self.after.take().unwrap_or(CUT_AFTER)) },
            "slow" => Fault::Slow { bytes_per_second: some(self.bytes_per_second.take(), "bytesPerSecond")? },
            "garbage" => Fault::Garbage,
            "pages" => Fault::Pages { size: some(self.size.take(), "size")? },
            "expire-tokens" => Fault::ExpireTokens,
            "behind" => Fault::Behind(self.by.take().ok_or_else(|| needs("by: 3s"))?.0),
            "gone" => Fault::Gone,
            "error" => Fault::Error,
            "skip" => Fault::Skip,
            "duplicate" => Fault::Duplicate,
            "reorder" => Fault::Reorder,
            "nan" => Fault::NotANumber,
            "restart" => Fault::Restart { lasts: self.lasts.take().ok_or_else(|| needs("lasts: 3s"))?.0 },
            _ => return Err(unknown(name)),
        })
    }

    fn is_empty(&self) -> Result<(), String> {
        let left = [
            ("by", self.by.is_some()),
            ("lasts", self.lasts.is_some()),
            ("code", self.code.is_some()),
            ("retryAfter", self.retry_after.is_some()),
            ("message", self.message.is_some()),
            ("after", self.after.is_some()),
            ("bytesPerSecond", self.bytes_per_second.is_some()),
            ("size", self.size.is_some()),
        ];
        match left.iter().find(|(_, is_left)| *is_left) {
            Some((key, _)) => Err(format!("has no use for `{key}`: remove it")),
            None => Ok(()),
        }
    }
}

fn unknown(name: &str) -> String {
    const KNOWN: [&str; 22] = [
        "delay",
        "drop",
        "stall",
        "status",
        "expired",
        "too-large-version",
        "login-page",
        "cut",
        "freeze",
        "truncate",
        "slow",
        "garbage",
        "pages",
        "expire-tokens",
        "behind",
        "gone",
        "error",
        "skip",
        "duplicate",
        "reorder",
        "restart",
        "nan",
    ];
    let near = KNOWN.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 2);
    match near {
        Some(near) => format!("is no fault: did you mean `{near}`?"),
        None => format!("is no fault; the faults are {}", KNOWN.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Faults;
    use crate::sandbox::faults::rule::{Fault, Verb};

    #[test]
    fn a_script_is_read() {
        let text = "faults:\n- {at: 1.5s, for: 3s, verb: list, path: '*/pods', fault: status, code: 503, retryAfter: 2s}\n- fault: restart\n  at: 20s\n  lasts: 4s\n- {fault: cut}\n";
        let faults: Faults = text.parse().unwrap();
        let [status, restart, cut] = &faults.rules[..] else { panic!("{faults:?}") };
        assert_eq!((status.at_ms, status.until_ms, status.verb), (1500, 4500, Some(Verb::List)));
        let retry_after = Some(Duration::from_secs(2));
        assert_eq!(status.fault, Fault::Status { code: 503, retry_after, message: "a fault of the script".to_owned() });
        assert_eq!(restart.fault, Fault::Restart { lasts: Duration::from_secs(4) });
        assert_eq!((cut.at_ms, cut.until_ms, &cut.fault), (0, u64::MAX, &Fault::Cut { after: 20 }));
    }

    #[test]
    fn mistakes_are_named() {
        for (entry, words) in [
            ("fault: dorp", "did you mean `drop`?"),
            ("fault: explode", "the faults are delay"),
            ("fault: delay", "needs `by: 3s`"),
            ("fault: drop, by: 3s", "no use for `by`"),
            ("fault: status", "needs a `code`"),
            ("fault: status, code: 99", "needs a `code`"),
            ("fault: slow, bytesPerSecond: 0", "1 or more"),
            ("fault: gone, verb: list", "is about watches"),
            ("fault: nan, verb: list", "is about metrics"),
            ("fault: drop, request: 0", "counts from 1"),
            ("fault: drop, for: 0s", "lasts no time"),
            ("fault: drop, at: soon", "not a duration"),
            ("fault: drop, wehn: 3s", "wehn"),
            ("fault: drop, verb: post", "post"),
            ("at: 3s", "fault"),
        ] {
            let error = format!("faults:\n- {{{entry}}}\n").parse::<Faults>().unwrap_err().to_string();
            assert!(error.contains(words), "{entry}: {error}");
            assert!(error.contains("the fault script"), "{entry}: {error}");
        }
        for text in ["", "faults: 3", "- fault: drop", "faults: [", "rules: []"] {
            let error = text.parse::<Faults>().unwrap_err().to_string();
            assert!(!error.contains("error:") && !error.contains('\n'), "one line with one prefix: {error}");
        }
    }
}
