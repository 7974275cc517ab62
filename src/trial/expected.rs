//! A table of what is right: for each recording the gates to judge, and the exit codes that a sound gate gives.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::truth::Truth;
use crate::gate::result::Verdict;
use crate::manifest::Key;

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ExpectedError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A line of it is wrong.
    #[error("{}:{line}: {reason}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line's number, from 1.
        line: usize,
        /// What is wrong with it, and what to write.
        reason: String,
    },
}

/// The table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    stories: Vec<Story>,
}

/// One gate of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Story {
    /// The recording's name, without `.ndjson`.
    pub(super) recording: String,
    /// The app.
    pub(super) app: String,
    /// The version.
    pub(super) version: String,
    /// The flags that it is judged with, where nothing else is tried.
    pub(super) flags: Vec<(Key, String)>,
    /// What it was.
    pub(super) truth: Truth,
}

impl Expected {
    /// Reads the table: a row a line, its columns divided by tabs: recording, app, version, the exit codes that are right,
    /// the code of the first finding (not looked at here), and flags. Lines that begin with `#` are remarks. Where a
    /// gate has several rows, the flags of the first hold; if they disagree on whether it passes, it depends.
    ///
    /// # Errors
    ///
    /// Where it cannot be read, or a line is wrong.
    pub fn load(path: &Path) -> Result<Self, ExpectedError> {
        let text = fs::read_to_string(path).map_err(|source| ExpectedError::Io { path: path.to_owned(), source })?;
        Self::read(&text).map_err(|(line, reason)| ExpectedError::Line { path: path.to_owned(), line, reason })
    }

    fn read(text: &str) -> Result<Self, (usize, String)> {
        let mut stories: Vec<Story> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let story = story(line).map_err(|reason| (index + 1, reason))?;
            let same = |other: &&mut Story| {
                (&other.recording, &other.app, &other.version) == (&story.recording, &story.app, &story.version)
            };
            match stories.iter_mut().find(same) {
                Some(known) if known.truth != story.truth => known.truth = Truth::Depends,
                Some(_) => {}
                None => stories.push(story),
            }
        }
        Ok(Self { stories })
    }

    /// What a gate was, where the table has it.
    pub(super) fn truth(&self, recording: &str, app: &str, version: &str) -> Option<Truth> {
        let story = self
            .stories
            .iter()
            .find(|story| story.recording == recording && story.app == app && story.version == version)?;
        Some(story.truth)
    }

    /// The gates of a recording.
    pub(super) fn of<'e>(&'e self, recording: &'e str) -> impl Iterator<Item = &'e Story> {
        self.stories.iter().filter(move |story| story.recording == recording)
    }
}

fn story(line: &str) -> Result<Story, String> {
    let columns: Vec<&str> = line.split('\t').map(str::trim).collect();
    let (recording, app, version, codes, flags) = match columns[..] {
        [recording, app, version, codes] | [recording, app, version, codes, _] => (recording, app, version, codes, ""),
        [recording, app, version, codes, _, flags] => (recording, app, version, codes, flags),
        _ => {
            return Err("a row has four to six columns with tabs between them: recording, app, version, exit codes, \
                        first finding, flags"
                .to_owned());
        }
    };
    let recording = recording.strip_suffix(".ndjson").unwrap_or(recording);
    if [recording, app, version].contains(&"") {
        return Err("the recording, the app or the version is missing".to_owned());
    }
    let story = |truth, flags| Story {
        recording: recording.to_owned(),
        app: app.to_owned(),
        version: version.to_owned(),
        flags,
        truth,
    };
    Ok(story(truth(codes)?, self::flags(flags)?))
}

fn truth(codes: &str) -> Result<Truth, String> {
    let mut passes = Vec::new();
    for code in codes.split(['|', ',']) {
        let known = code
            .trim()
            .parse::<u8>()
            .ok()
            .filter(|code| Verdict::ALL.iter().any(|verdict| verdict.exit_code() == *code));
        let Some(code) = known else {
            return Err(format!("`{code}` is not an exit code of a gate; write them as in `1` or `3|4`"));
        };
        passes.push(code == Verdict::Healthy.exit_code());
    }
    Ok(match (passes.contains(&true), passes.contains(&false)) {
        (true, false) => Truth::Good,
        (false, _) => Truth::Bad,
        (true, true) => Truth::Depends,
    })
}

fn flags(text: &str) -> Result<Vec<(Key, String)>, String> {
    let mut words = text.split_whitespace();
    let mut flags = Vec::new();
    while let Some(word) = words.next() {
        let Some(key) = Key::ALL.into_iter().find(|key| [key.flag(), key.flag_alias()].contains(&Some(word))) else {
            return Err(format!("`{word}` is no flag of a gate"));
        };
        let Some(value) = words.next() else { return Err(format!("`{word}` has no value")) };
        flags.push((key, value.to_owned()));
    }
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use super::{Expected, Key, Truth};

    #[test]
    fn rows_of_one_gate_that_disagree_depend_and_the_first_has_the_flags() {
        let text = "# a remark\none\tweb\tv1\t1\t^CrashLoop$\t--wait-period 25s\none\tweb\tv1\t0\t-\t--max-restarts 1\n\
                    two.ndjson\tweb\tv2\t3|4\ntwo\tweb\tv1\t0\t-\t\n";
        let expected = Expected::read(text).unwrap();
        let said: Vec<_> =
            expected.stories.iter().map(|story| (&*story.recording, &*story.version, story.truth)).collect();
        assert_eq!(said, [("one", "v1", Truth::Depends), ("two", "v2", Truth::Bad), ("two", "v1", Truth::Good)]);
        assert_eq!(expected.stories[0].flags, [(Key::WaitPeriod, "25s".to_owned())]);
        assert_eq!(expected.of("two").count(), 2);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (row, part) in [
            ("one web v1 0", "tabs between them"),
            ("one\tweb\t\t0", "the version is missing"),
            ("one\tweb\tv1\tbad", "`bad` is not an exit code"),
            ("one\tweb\tv1\t99", "`99` is not an exit code"),
            ("one\tweb\tv1\t0\t-\t--colour red", "`--colour` is no flag"),
            ("one\tweb\tv1\t0\t-\t--delay", "`--delay` has no value"),
        ] {
            let (line, reason) = Expected::read(&format!("# first\n{row}\n")).unwrap_err();
            assert!(line == 2 && reason.contains(part), "{row}: {line} {reason}");
        }
    }
}
