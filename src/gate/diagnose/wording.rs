//! Words that several rules use.

/// `1 time`, `2 times`.
#[must_use]
pub fn times(count: u32) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}
