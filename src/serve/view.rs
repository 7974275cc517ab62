//! How a gate stands at one moment.

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::gate::result::Verdict;
use crate::gate::spec::Revision;
use crate::report::model::Run;
use crate::report::run_log::RunLog;
use crate::text::Untrusted;

use super::call::Call;

/// The name of a gate, unlike every other's, and not to be guessed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GateId(String);

impl GateId {
    /// Takes a text for an id: whether there is such a gate is another question.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a gate stands at one moment. Cheap to clone: what is large is shared.
#[derive(Debug, Clone)]
pub struct GateView {
    /// Its name.
    pub id: GateId,
    /// What was asked for.
    pub call: Arc<Call>,
    /// The revision that is judged, as its controller names it, once that is known.
    pub revision: Option<String>,
    /// The same revision, by which it can be recognised.
    pub judged: Option<Revision>,
    /// The verdict that stands; `None` while it is pending.
    pub verdict: Option<Verdict>,
    /// True where the cluster is seen to run the judged revision at this moment. A verdict that is not current is the truth about
    /// a revision, and no reason to act on what runs now.
    pub is_current: bool,
    /// Why, or what it waits for: one sentence.
    pub why: Untrusted,
    /// When it was first asked for.
    pub began: jiff::Timestamp,
    /// When its verdict came, or was taken back.
    pub changed: jiff::Timestamp,
    /// The newest round that came to an end, with its findings and evidence: what the reports are made from.
    pub run: Option<Arc<Run>>,
    /// What was heard of the present round so far, and of the one that ended last where nothing has happened since. Locked for
    /// moments only.
    pub log: Arc<Mutex<RunLog>>,
    /// Grows with each event in the log: whoever follows a gate learns by it that there is more to read.
    pub heard: u64,
}

impl GateView {
    /// A gate that begins now, and of which nothing is known.
    #[must_use]
    pub fn begun(id: GateId, call: Arc<Call>) -> Self {
        let now = jiff::Timestamp::now();
        Self {
            id,
            call,
            revision: None,
            judged: None,
            verdict: None,
            is_current: false,
            why: "judged from now on; nothing is known yet".into(),
            began: now,
            changed: now,
            run: None,
            log: Arc::default(),
            heard: 0,
        }
    }
}
