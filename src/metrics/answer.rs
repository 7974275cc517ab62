//! What a source of metrics answered, before anybody has read it.

use bytes::Bytes;

/// An answer, whatever it is.
pub(super) struct Answer {
    pub status: u16,
    /// The `Date` of the response, in milliseconds since 1970.
    pub date_ms: Option<i64>,
    pub content_type: String,
    /// The response is compressed, which was not asked for.
    pub is_encoded: bool,
    /// Where a redirect leads.
    pub location: Option<String>,
    pub body: Bytes,
}
