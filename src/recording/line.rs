//! The lines of a recording, format 1: what one line of wire traffic says. Live traffic is spoken of in the same terms.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::gate::model::Arm;

/// The number of the format that this crate reads and writes.
pub const FORMAT: u64 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// The format's number, always [`FORMAT`] in a header that was read.
    #[serde(rename = "crashgateRecording")]
    pub format: u64,
    /// When the recording began (RFC 3339).
    pub started_at: jiff::Timestamp,
    /// The API server's version, as `v1.35.6`.
    #[serde(default)]
    pub server_version: String,
    /// The namespace that was recorded.
    #[serde(default)]
    pub namespace: String,
    /// What made it, where that lists again what it watches: `crashgate` and its version. Its silence alone is then no
    /// proof that nothing happened.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub recorder: String,
    /// A short name.
    #[serde(default)]
    pub title: String,
    /// What happens in it.
    #[serde(default)]
    pub description: String,
}

/// Any line but the first.
#[derive(Debug)]
pub struct Line {
    /// Milliseconds since the recording began; never less than on the line before.
    pub at_ms: u64,
    /// What happened.
    pub entry: Entry,
}

/// What one line says.
#[derive(Debug)]
pub enum Entry {
    /// The answer of a LIST.
    List {
        /// The request's path, without the query.
        path: String,
        /// The `labelSelector` that it was asked with: what is not in the answer may be there all the same.
        selector: Option<String>,
        /// The answer, whole.
        body: Box<RawValue>,
    },
    /// A line of a watch.
    Event {
        /// The request's path, without the query.
        path: String,
        /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.
        kind: String,
        /// The object.
        object: Box<RawValue>,
    },
    /// The answer of a GET of one object.
    Get {
        /// The request's path.
        path: String,
        /// The object.
        body: Box<RawValue>,
    },
    /// An answer of the log endpoint.
    Log(LogEntry),
    /// A request that failed.
    Fail {
        /// The request's path.
        path: String,
        /// The HTTP status, where there was an answer.
        status: Option<u16>,
        /// What happened, where there was none.
        error: Option<String>,
    },
    /// What came of a question to the source of metrics.
    Metrics(Box<MetricsEntry>),
    /// A watch was opened, from the version up to which the collection was told: silence is proof again.
    Opened {
        /// The request's path, without the query.
        path: String,
        /// The version that it goes on from.
        version: String,
    },
    /// A watch ended.
    Closed {
        /// The request's path.
        path: String,
    },
    /// A remark.
    Note(String),
    /// The gate's own words (`--record`): readers of the traffic pass over them.
    Gate(Box<RawValue>),
    /// A kind of line that this version does not know.
    Unknown,
}

/// An answer of the log endpoint, success or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// The pod's name.
    pub pod: String,
    /// The container's name.
    pub container: String,
    /// The log of the attempt before the newest one was asked for.
    pub previous: bool,
    /// The newest `restartCount` seen when the answer came.
    #[serde(default)]
    pub restart_count: u32,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The answer as text.
    pub body: String,
    /// The answer's bytes in base64, where they are not valid UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
}

/// What came of a question to the source of metrics: an answer, or why there was none.
#[derive(Debug, Clone)]
pub struct MetricsEntry {
    /// The app of the gate that asked; `None` speaks to every gate that has a check of this name.
    pub app: Option<String>,
    /// The namespace of the gate that asked; likewise.
    pub namespace: Option<String>,
    /// Whose pods were asked about.
    pub arm: Arm,
    /// The name of the check.
    pub check: String,
    /// The query, as it was sent.
    pub query: Option<String>,
    /// When it was answered by the clock of the source.
    pub answered_at: AnsweredAt,
    /// The HTTP status, where it is worth telling.
    pub status: Option<u16>,
    /// Why there is no answer that can be used, in words.
    pub error: Option<String>,
    /// The answer of the API, whole.
    pub body: Option<Box<RawValue>>,
}

/// When a question was answered, by the clock of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnsweredAt {
    /// Milliseconds since 1970, as the `Date` of the response told them.
    Told(i64),
    /// The response did not tell it (`null`).
    Untold,
    /// The line does not tell it: it is when the line was recorded.
    Recorded,
}
