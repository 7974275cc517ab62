//! What a group lacks, and what that is called at the end of the wait.

use crate::gate::result::Code;

/// What a group lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortfall {
    /// What it is called where it is still lacking at the end of the wait.
    pub code: Code,
    /// What is lacking, in words.
    pub why: String,
}

impl Shortfall {
    /// What is lacking, in words, and what it is called at the end.
    #[must_use]
    pub fn new(code: Code, why: impl Into<String>) -> Self {
        Self { code, why: why.into() }
    }

    /// What is only waited for.
    #[must_use]
    pub fn waiting(why: impl Into<String>) -> Self {
        Self::new(Code::NotReady, why)
    }
}
