//! What is asked: which gates, with which settings, and what is known of them.

use super::expected::Expected;
use super::truth::{Glob, Truth};
use crate::gate::result::Verdict;
use crate::manifest::{Overrides, Setting, Source};

/// What is asked of the recordings.
pub struct Asked<'a> {
    /// The gates, where files have them. They must not have to be read twice.
    pub sources: Vec<Source>,
    /// What flags lay over every gate.
    pub flags: Overrides,
    /// What is laid over that, in each column; at least one.
    pub settings: Vec<Setting>,
    /// Which gates there are and which of them pass, where a table says so.
    pub expected: Option<Expected>,
    /// The recordings of bad deployments.
    pub bad: Vec<Glob>,
    /// The recordings of good deployments.
    pub good: Vec<Glob>,
    /// Reads an environment variable for the files.
    pub env: &'a (dyn Fn(&str) -> Option<String> + Sync),
}

impl Asked<'_> {
    /// What a gate was in truth: what was said on the command line, else what the table says, else how it ended when it
    /// was recorded.
    pub(super) fn truth(&self, recording: &str, app: &str, version: &str, recorded: Option<Verdict>) -> Option<Truth> {
        let whole = format!("{recording}/{app}/{version}");
        let is_one_of = |globs: &[Glob]| globs.iter().any(|glob| glob.matches(recording) || glob.matches(&whole));
        match (is_one_of(&self.bad), is_one_of(&self.good)) {
            (true, true) => Some(Truth::Depends),
            (true, false) => Some(Truth::Bad),
            (false, true) => Some(Truth::Good),
            (false, false) => {
                let table = self.expected.as_ref().and_then(|expected| expected.truth(recording, app, version));
                table.or_else(|| recorded.and_then(Truth::of))
            }
        }
    }
}
