//! What others said, fit to be shown: secrets masked first, the rest made inert.
//!
//! One run has one answer to whether secrets are masked, whatever the sink: [`reveal_secrets`] is the door for
//! `--no-redact`, and whoever forgets to ask here masks. Recordings do not ask: they are always masked.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::text::{inert, mask};

/// True once secrets are to be shown. Set at most once, before anything is shown.
static REVEALED: AtomicBool = AtomicBool::new(false);

/// Shows secrets from now on, for the whole process.
pub fn reveal_secrets() {
    REVEALED.store(true, Ordering::Relaxed);
}

/// The text without its secrets, unless they are to be shown.
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    if REVEALED.load(Ordering::Relaxed) { Cow::Borrowed(text) } else { mask::text(text) }
}

/// One line of what a pod, a node or the API server said.
#[must_use]
pub fn line(text: &str) -> String {
    inert::line(&masked(text)).into_owned()
}

/// A name. Names are no place for secrets, and a masked one could not be looked up.
#[must_use]
pub fn name(text: &str) -> String {
    inert::line(text).into_owned()
}

/// The lines of what somebody said, each at most so many columns long.
#[must_use]
pub fn block(text: &str, columns: usize) -> Vec<String> {
    inert::block(&masked(text), columns)
}
