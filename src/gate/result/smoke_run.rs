//! A smoke run that is over.

use super::catalogue::Code;
use super::pod_end::{PodEnd, unseen};

/// A smoke run that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmokeRun {
    /// The pod's name; empty where there was none.
    pub pod: String,
    /// Its end.
    pub end: PodEnd,
    /// The container was seen to run.
    pub started: bool,
    /// Why some of its output may be missing.
    pub torn: Option<String>,
    /// The last of what it wrote.
    pub output: String,
}

impl SmokeRun {
    /// A smoke run that cannot be, and why.
    #[must_use]
    pub fn impossible(why: &str) -> Self {
        let end = unseen(Code::SmokeNotRun, why.to_owned());
        Self { pod: String::new(), end, started: false, torn: None, output: String::new() }
    }
}
