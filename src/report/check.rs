//! A check of the metrics as reports know it: the words of others taken in as [`Untrusted`], the numbers as they are.

use crate::gate;
use crate::gate::result::{CheckStanding, Measured};
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// A check of the metrics. See [`gate::result::CheckReport`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::CheckReport")]
pub struct Check {
    pub name: Untrusted,
    pub standing: CheckStanding,
    pub measured: Measured,
    pub lacking: Option<Untrusted>,
    pub answers: u64,
}

impl Check {
    /// Takes in a check.
    #[must_use]
    pub fn of(check: &gate::result::CheckReport, redaction: Redaction) -> Self {
        Self {
            name: Untrusted::name(&check.name),
            standing: check.standing,
            measured: check.measured.clone(),
            lacking: check.lacking.as_deref().map(|why| redaction.text(why)),
            answers: check.answers,
        }
    }

    /// How it stands, in one line.
    #[must_use]
    pub fn line(&self) -> SafeText {
        match &self.lacking {
            Some(why) => safe!("check {}: {}: {}", self.name.line(), self.standing.name(), why.line()),
            None => safe!("check {}: {}", self.name.line(), self.standing.name()),
        }
    }
}
