//! A gate on its way to a plan: what the flags and a document say of it so far.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::gate::spec::{Plan, PodOrder};

use super::diagnostics::{Message, Place, Problems, Reported};
use super::expected::Expected;
use super::metrics::draft::MetricsDraft;

/// How long a smoke run may take of which nothing is said.
pub(super) const DEFAULT_TIMEOUT: Duration = Duration::from_mins(1);

/// A key that was read well, and where its value is, or the proof that what is wrong with it was reported. Flags have no
/// place.
pub(super) type Mention = Result<Option<Place>, Reported>;

/// What was said of one gate.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// The plan so far, with the default of all that was not said. What has no default is empty.
    pub plan: Plan,
    /// The key of the label that holds the app.
    pub app_label: String,
    /// The cluster that must be asked.
    pub expect: Expected,
    /// There is to be no smoke run, whatever else is said of it.
    pub without_smoke: bool,
    /// What is asked of metrics.
    pub metrics: MetricsDraft,
    /// Every key that was said, the keys of maps as `smoke.image`, those of lists of maps as `metrics.checks[0].max`.
    pub(super) mentions: BTreeMap<String, Mention>,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            plan: Plan::new("", "", ""),
            app_label: "app".to_owned(),
            expect: Expected::default(),
            without_smoke: false,
            metrics: MetricsDraft::default(),
            mentions: BTreeMap::new(),
        }
    }
}

/// Stores a value that could be read.
pub(super) fn put<T>(slot: &mut T, value: Result<T, Message>) -> Result<(), Message> {
    *slot = value?;
    Ok(())
}

impl Draft {
    /// Notes that a key was said. What was refused once stays so.
    pub(super) fn mention(&mut self, path: &str, mention: Mention) {
        if !matches!(self.mentions.get(path), Some(Err(_))) {
            self.mentions.insert(path.to_owned(), mention);
        }
    }

    /// Reports what is wrong with a key that was said, at its value.
    pub(super) fn report(&mut self, path: &str, message: Message, problems: &mut Problems) {
        let reported = problems.report(self.place(path), message);
        self.mention(path, Err(reported));
    }

    /// Where the value of a key is, if the document said it and nothing was wrong with it.
    pub(super) fn place(&self, path: &str) -> Option<Place> {
        self.mentions.get(path).and_then(|mention| mention.ok().flatten())
    }

    /// Returns true if nothing was wrong with what was said of a key, nor of any key below it.
    pub(super) fn is_sound(&self, path: &str) -> bool {
        let mut below = self.mentions.range(path.to_owned()..).take_while(|(other, _)| other.starts_with(path));
        below.all(|(_, mention)| mention.is_ok())
    }

    /// Returns true if the key was said, well or badly.
    pub(super) fn has(&self, path: &str) -> bool {
        self.mentions.contains_key(path)
    }

    /// The smoke run, of which something is said.
    pub(super) fn smoke(&mut self) -> &mut PodOrder {
        self.plan.smoke.get_or_insert_with(|| PodOrder { timeout: DEFAULT_TIMEOUT, ..PodOrder::new("") })
    }
}
