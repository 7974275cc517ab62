//! What others said, fit to be shown: secrets masked first, the rest made inert.

use super::{inert, mask};

/// One line of what a pod, a node or the API server said.
#[must_use]
pub fn line(text: &str) -> String {
    inert::line(&mask::text(text)).into_owned()
}

/// A name. Names are no place for secrets, and a masked one could not be looked up.
#[must_use]
pub fn name(text: &str) -> String {
    inert::line(text).into_owned()
}

/// The lines of what somebody said, each at most so many columns long.
#[must_use]
pub fn block(text: &str, columns: usize) -> Vec<String> {
    inert::block(&mask::text(text), columns)
}
