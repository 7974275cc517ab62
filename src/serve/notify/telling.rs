//! What receivers are told, in each of the forms.

use bytes::Bytes;

/// What is told once.
#[derive(Clone)]
pub(super) struct Telling {
    /// The result, as `-o json` prints it.
    pub result: Bytes,
    /// The form of Slack.
    pub slack: Bytes,
}
