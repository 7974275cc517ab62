//! Stamps of the cluster's clocks, as the server wrote them. Compared with one another only, never with a clock of ours.

/// True where one stamp is earlier than another. Within one second the API's two precisions cannot be told apart, and
/// neither is earlier.
#[must_use]
pub fn is_earlier(one: &str, other: &str) -> bool {
    const WHOLE_SECONDS: usize = "2026-01-01T00:00:00".len();
    one.get(..WHOLE_SECONDS) < other.get(..WHOLE_SECONDS)
}

/// The seconds since 1970 of a stamp as the API writes it (`2026-01-01T00:00:00Z`, in UTC); `None` for anything else.
#[must_use]
pub fn epoch_seconds(stamp: &str) -> Option<i64> {
    let number = |from: usize, to: usize| stamp.get(from..to)?.parse::<i64>().ok();
    let separators = [(4, '-'), (7, '-'), (10, 'T'), (13, ':'), (16, ':')];
    let is_stamp = separators.iter().all(|(at, char)| stamp.get(*at..).is_some_and(|rest| rest.starts_with(*char)));
    if !is_stamp || !stamp.ends_with('Z') {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    // Days since 1970 in the Gregorian calendar, with years that begin in March so that a leap day is the last one.
    let from_march = (month + 9) % 12;
    let year = if month <= 2 { year - 1 } else { year };
    let era_days = 365 * year + year / 4 - year / 100 + year / 400;
    let days = era_days + (153 * from_march + 2) / 5 + day - 1 - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::epoch_seconds;

    #[test]
    fn stamps_are_counted_from_1970() {
        for (stamp, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T23:59:59Z", 951_868_799),
            ("2000-03-01T00:00:00Z", 951_868_800),
            ("2026-11-21T03:09:56Z", 1_795_230_596),
            ("2026-11-21T03:09:56.902Z", 1_795_230_596),
        ] {
            assert_eq!(epoch_seconds(stamp), Some(seconds), "{stamp}");
        }
        for stamp in ["", "2026-11-21", "2026-11-21T03:09:56+02:00", "yesterday", "2026-11-21 03:09:56Z"] {
            assert_eq!(epoch_seconds(stamp), None, "{stamp}");
        }
    }
}
