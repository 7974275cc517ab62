//! How a kind is laid out as a table.

use jiff::Timestamp;
use serde_json::Value;

/// A column: its title, its type, and whether only `-o wide` shows it.
pub(super) type Column = (&'static str, &'static str, bool);

/// How a kind is shown.
pub(super) struct Layout {
    /// Its columns.
    pub columns: &'static [Column],
    /// The cells of an object at a moment.
    pub row: fn(&Value, Timestamp) -> Vec<Value>,
}
