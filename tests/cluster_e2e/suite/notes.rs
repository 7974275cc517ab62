//! What was done in a story, with times: the first part of every explanation.

use std::fmt::Write as _;
use std::time::Instant;

/// The notes of one story.
pub struct Notes {
    began: Instant,
    text: String,
}

impl Notes {
    pub fn new() -> Self {
        Self { began: Instant::now(), text: String::new() }
    }

    /// Notes a line, with the time since the story began.
    pub fn say(&mut self, line: &str) {
        let _ = writeln!(self.text, "+{:.1}s {line}", self.began.elapsed().as_secs_f64());
    }

    /// Notes text that belongs to the line before, without a time.
    pub fn quote(&mut self, text: &str) {
        for line in text.lines() {
            let _ = writeln!(self.text, "      {line}");
        }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}
