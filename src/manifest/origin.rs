//! Where a gate comes from.

/// Where the document of a gate begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The path as it was given, or `<stdin>`.
    pub file: String,
    /// The line of its first key, from 1.
    pub line: usize,
}
