//! A bar that fills as time passes.

use std::time::Duration;

use crate::text::SafeText;

/// The filled and the empty part of a bar of so many columns.
pub(super) fn bar(passed: Duration, whole: Duration, columns: usize) -> (SafeText, SafeText) {
    let filled = if whole.is_zero() {
        columns
    } else {
        let share = (passed.as_secs_f64() / whole.as_secs_f64()).clamp(0.0, 1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a screen's columns, between none and all of them"
        )]
        let filled = (share * columns as f64) as usize;
        filled.min(columns)
    };
    (SafeText::rearranged("━".repeat(filled)), SafeText::rearranged("─".repeat(columns - filled)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::bar;

    #[test]
    fn a_bar_is_full_at_the_end_and_never_more() {
        let of = |passed| bar(Duration::from_secs(passed), Duration::from_secs(10), 4);
        assert_eq!(of(0), ("".into(), "────".into()));
        assert_eq!(of(5), ("━━".into(), "──".into()));
        assert_eq!(of(99), ("━━━━".into(), "".into()));
        assert_eq!(bar(Duration::ZERO, Duration::ZERO, 2).0, "━━");
    }
}
