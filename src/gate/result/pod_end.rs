//! How the run of one pod ended.

use std::time::Duration;

use super::catalogue::Code;
use super::cause::Cause;
use super::finding::{Finding, Place};
use super::verdict::Verdict;
use crate::gate::model::Ended;

/// The name of the container that is run.
pub const CONTAINER: &str = "run";

/// How the run of a pod ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PodEnd {
    /// Its container ended by itself, well or not.
    Exited(Ended),
    /// It could not be run, or not be seen to its end.
    Unrun {
        /// What that means.
        verdict: Verdict,
        /// Why, the root cause first. Empty for an interruption only.
        findings: Vec<Finding>,
    },
}

/// The end of a run that cannot be told for sure.
#[must_use]
pub fn unseen(code: Code, message: String) -> PodEnd {
    let finding = Cause::new(code, Place::default(), message, Duration::ZERO).into_finding();
    PodEnd::Unrun { verdict: code.row().verdict, findings: vec![finding] }
}
