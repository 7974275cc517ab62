//! A fence around what somebody else writes: the runner obeys no command inside of it.

use std::hash::{BuildHasher, RandomState};

use crate::safe;
use crate::text::SafeText;

/// The two lines that stand before and after. Nobody can guess the word that ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    word: SafeText,
}

impl Fence {
    /// A fence with a word of its own.
    #[must_use]
    pub fn new() -> Self {
        let half = || RandomState::new().hash_one(0_u8);
        Self { word: safe!("{:016x}{:016x}", half(), half()) }
    }

    /// The line that begins it.
    #[must_use]
    pub fn begin(&self) -> SafeText {
        safe!("{}\n", super::command::plain("stop-commands", &self.word))
    }

    /// The line that ends it.
    #[must_use]
    pub fn end(&self) -> SafeText {
        safe!("{}\n", super::command::plain(&self.word, &SafeText::EMPTY))
    }
}

impl Default for Fence {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::Fence;

    #[test]
    fn each_fence_ends_with_its_own_word() {
        let (one, other) = (Fence::new(), Fence::new());
        assert_ne!(one, other);
        let word = one.begin().trim_end().strip_prefix("::stop-commands::").unwrap().to_owned();
        assert_eq!(word.len(), 32);
        assert_eq!(*one.end(), *format!("::{word}::\n"));
    }
}
