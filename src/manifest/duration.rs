//! Durations of a manifest: `10s`, `2m`, `1m 30s`.

use std::time::Duration;

use super::diagnostics::{Message, quoted};

/// The longest duration that a gate may be given.
pub(super) const LONGEST: Duration = Duration::from_hours(24);

/// Whether a key may be zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zero {
    /// Zero has a meaning.
    Allowed,
    /// Zero would make the gate blind.
    Refused,
}

/// Reads a duration. `name` is the key or flag that holds it.
///
/// # Errors
/// A text that is not a duration or names no unit, a negative one, one over 24 h, and zero where that is refused.
pub(super) fn parse(name: &str, text: &str, zero: Zero) -> Result<Duration, Message> {
    let text = text.trim();
    let shown = quoted(text);
    if let Some(positive) = text.strip_prefix('-') {
        return Err(Message::new(
            format!("`{name}` is {shown}, and no duration can be negative"),
            if parse(name, positive, zero).is_ok() {
                format!("write `{positive}`")
            } else {
                format!("write {}", examples(zero))
            },
        ));
    }
    if is_number(text) {
        // Kept as written (`0.5` is `0.5s`); where even that is no good, the examples say more.
        let with_unit = format!("{text}s");
        return if parse(name, &with_unit, zero).is_ok() {
            Err(Message::new(format!("`{name}` is {shown}, which names no unit"), format!("write `{with_unit}`")))
        } else {
            Err(Message::new(format!("`{name}` is {shown}, which names no unit"), format!("write {}", examples(zero))))
        };
    }
    let duration = (!is_monstrous(text)).then(|| humantime::parse_duration(text));
    match duration {
        Some(Ok(Duration::ZERO)) if zero == Zero::Refused => Err(Message::new(
            format!("`{name}` is {shown}, and zero leaves no time to see anything"),
            format!("write {}", examples(zero)),
        )),
        Some(Ok(duration)) if duration > LONGEST => Err(too_long(name, &shown)),
        Some(Ok(duration)) => Ok(duration),
        None | Some(Err(humantime::DurationError::NumberOverflow)) => Err(too_long(name, &shown)),
        Some(Err(_)) => Err(Message::new(
            format!("`{name}` is {shown}, which is not a duration"),
            format!("write {}", examples(zero)),
        )),
    }
}

/// Shows a duration as a manifest would write it.
pub(super) fn format(duration: Duration) -> humantime::FormattedDuration {
    humantime::format_duration(duration)
}

fn too_long(name: &str, shown: &str) -> Message {
    Message::new(format!("`{name}` is {shown}, and a gate waits for 24h at most"), "write a shorter time, as in `30m`")
}

const fn examples(zero: Zero) -> &'static str {
    match zero {
        Zero::Allowed => "a number and a unit, as in `30s`, `2m` or `1m 30s`, or `0s` for none",
        Zero::Refused => "a number and a unit, as in `30s`, `2m` or `1m 30s`",
    }
}

fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// True for texts that no honest duration needs. The crate that reads durations can overflow, and panic, where a sum
/// comes to exactly the largest number of seconds; what passes here stays far below that.
fn is_monstrous(text: &str) -> bool {
    text.len() > 60 || text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 11)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Zero, parse};

    fn refused(text: &str) -> (String, String) {
        let message = parse("delay", text, Zero::Refused).unwrap_err();
        (message.sentence, message.remedy)
    }

    #[test]
    fn honest_durations_are_read() {
        for (text, millis) in [
            ("10s", 10_000),
            ("1m 30s", 90_000),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("2 minutes", 120_000),
            ("1.5h", 5_400_000),
            ("24h", 86_400_000),
            ("1day", 86_400_000),
        ] {
            assert_eq!(parse("delay", text, Zero::Refused), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn a_missing_unit_is_told_with_the_unit() {
        assert_eq!(refused("60"), ("`delay` is `60`, which names no unit".to_owned(), "write `60s`".to_owned()));
        assert_eq!(refused("1.5").1, "write `1.5s`");
        assert!(refused("0").1.contains("as in `30s`"));
    }

    #[test]
    fn negative_durations_are_refused() {
        assert_eq!(
            refused("-1s"),
            ("`delay` is `-1s`, and no duration can be negative".to_owned(), "write `1s`".to_owned())
        );
        assert!(refused("-60").0.contains("negative"));
        assert!(refused("-").0.contains("negative"));
    }

    #[test]
    fn zero_is_refused_where_it_blinds_the_gate() {
        assert!(refused("0s").0.contains("zero"));
        assert!(refused("0ms").0.contains("zero"));
        assert_eq!(parse("stableFor", "0s", Zero::Allowed), Ok(Duration::ZERO));
    }

    #[test]
    fn a_day_is_the_longest() {
        for text in ["25h", "1month", "24h 1ns", "99999999999999999999s", "18446744073709551615s1000ms"] {
            assert!(refused(text).0.contains("24h at most"), "{text}: {}", refused(text).0);
        }
        let endless = "1s ".repeat(100);
        assert!(refused(&endless).0.contains("24h at most"));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "s", "ten seconds", "10 parsecs", "1..5s", "1e3s", "0x10", "P1D", "１０s"] {
            assert!(refused(text).0.contains("not a duration"), "{text}: {}", refused(text).0);
        }
    }
}
