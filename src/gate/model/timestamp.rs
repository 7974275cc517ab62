//! Stamps of the cluster's clocks, as the server wrote them. Compared with one another only, never with a clock of ours.

/// True where one stamp is earlier than another. Within one second the API's two precisions cannot be told apart, and
/// neither is earlier.
#[must_use]
pub fn is_earlier(one: &str, other: &str) -> bool {
    const WHOLE_SECONDS: usize = "2026-01-01T00:00:00".len();
    one.get(..WHOLE_SECONDS) < other.get(..WHOLE_SECONDS)
}
