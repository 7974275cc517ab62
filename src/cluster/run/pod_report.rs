//! How the run of one pod ended, and where its output goes.

use std::time::Duration;

use crate::gate::result::PodEnd;

/// How the run of one pod ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodReport {
    /// The pod's name.
    pub pod: String,
    /// Its end.
    pub end: PodEnd,
    /// The container was seen to run.
    pub started: bool,
    /// Why some of the output may be missing; `None` where all of it was read.
    pub torn: Option<String>,
    /// What should be known beside that: a pod that could not be deleted.
    pub warnings: Vec<String>,
    /// How long it took.
    pub duration: Duration,
    /// Requests made for it.
    pub requests: u64,
}

/// Where the output of one pod goes while it runs.
pub trait PodOutput: Send {
    /// What the container wrote, byte for byte.
    fn wrote(&mut self, bytes: &[u8]);
    /// Something about the run itself, in words that may hold hostile text.
    fn said(&mut self, words: &str);
}
