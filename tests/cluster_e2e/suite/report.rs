//! How a story ended.

/// The end of one story.
pub struct Report {
    pub name: &'static str,
    pub expected: String,
    /// What crashgate said, in a few words; empty where it was not asked.
    pub said: String,
    pub seconds: f64,
    pub outcome: Outcome,
    /// All that explains a failure; empty otherwise.
    pub explanation: String,
}

/// What became of it.
pub enum Outcome {
    Passed,
    /// What was wrong.
    Failed(Vec<String>),
    /// Why it could not be played here.
    Skipped(String),
    /// The suite was to end.
    Interrupted,
}

impl Outcome {
    /// In a word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Failed(_) => "FAILED",
            Self::Skipped(_) => "skipped",
            Self::Interrupted => "interrupted",
        }
    }

    /// Why, in a line.
    pub fn why(&self) -> String {
        match self {
            Self::Passed => String::new(),
            Self::Failed(wrong) => super::text::line(&wrong.join("; ")),
            Self::Skipped(why) => super::text::line(why),
            Self::Interrupted => "the suite was interrupted".to_owned(),
        }
    }
}
