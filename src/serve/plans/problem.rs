//! What is wrong with a file of the folder, in words.

use std::fmt;

/// What is wrong with a file of the folder, or with the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanProblem {
    /// The file's name, without the folder; empty where the folder as a whole is meant.
    pub file: String,
    /// What is wrong and what to do about it, on one line.
    pub words: String,
    /// The plan goes on as it was last without mistakes.
    pub serves_on: bool,
}

impl fmt::Display for PlanProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            f.write_str("the folder of plans: ")?;
        } else {
            write!(f, "{}: ", self.file)?;
        }
        f.write_str(&self.words)?;
        if self.serves_on { f.write_str("; the plan goes on as it was before") } else { Ok(()) }
    }
}
