//! Durations on the command line, in the grammar of the manifest: a number with a unit, or zero.

use std::time::Duration;

/// Longer than anybody waits or records.
const LONGEST: Duration = Duration::from_hours(24 * 366);

/// Reads `30s`, `2m`, `1m 30s` or `0`.
///
/// # Errors
///
/// A sentence that says what to write instead.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let is_number = text.chars().all(|c| c.is_ascii_digit() || c == '.') && text.parse::<f64>().is_ok();
    if is_number {
        return Err(format!("it has no unit; write `{text}s`"));
    }
    // The parser can overflow where a sum comes to the very largest number of seconds.
    let is_short = text.len() <= 60 && text.split(|c: char| !c.is_ascii_digit()).all(|digits| digits.len() <= 11);
    match is_short.then(|| humantime::parse_duration(text)) {
        Some(Ok(duration)) if duration <= LONGEST => Ok(duration),
        Some(Err(error)) if error != humantime::DurationError::NumberOverflow => {
            Err("write a number and a unit, as in `30s`, `2m` or `1m 30s`".to_owned())
        }
        _ => Err("that is longer than a year".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::duration;

    #[test]
    fn a_duration_has_a_unit_or_is_zero() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("14700ms"), Ok(Duration::from_millis(14_700)));
        assert_eq!(duration("0"), Ok(Duration::ZERO));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        assert_eq!(duration("10"), Err("it has no unit; write `10s`".to_owned()));
        assert_eq!(duration("2.5"), Err("it has no unit; write `2.5s`".to_owned()));
        for text in ["", "soon", "-3s", "s", "1h-", "."] {
            assert!(duration(text).unwrap_err().starts_with("write a number and a unit"), "{text}");
        }
        for text in ["2y", "18446744073709551615s", "99999999999d"] {
            assert_eq!(duration(text), Err("that is longer than a year".to_owned()), "{text}");
        }
    }
}
