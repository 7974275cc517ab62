//! Figures of metrics as people read them: counts, shares, values, evidence, moments.

use crate::gate::model::Number;

/// A whole number with commas: `11,873`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A measured share as a percentage, with two digits that count: `5.2%`, `0.04%`, and from 10% on one behind the point.
#[must_use]
pub fn percent(share: f64) -> String {
    rounded_percent(share, 2)
}

/// The same with as many digits as tell it from a limit that it is not equal to: 1.04% is over a limit of 1%, and must not
/// read like it.
#[must_use]
pub fn percent_beside(share: f64, limit: Option<f64>) -> String {
    /// More digits than a count of requests gives.
    const MOST: usize = 9;
    let other = limit.map(exact_percent);
    let texts = (2..=MOST).map(|digits| rounded_percent(share, digits));
    texts.clone().find(|text| other.as_ref() != Some(text)).unwrap_or_else(|| percent(share))
}

/// A limit as a percentage, as it was written: `12.5%`, `0.125%`.
#[must_use]
pub fn exact_percent(limit: f64) -> String {
    // Nine digits keep what people write, and lose what the binary fraction adds.
    format!("{}%", significant(limit * 100.0, 9))
}

fn rounded_percent(share: f64, digits: usize) -> String {
    let percent = share * 100.0;
    format!("{}%", significant(percent, if percent >= 10.0 { digits + 1 } else { digits }))
}

/// A value of a query, with six digits that count: `0.93`, `1234.5`, `0.000012`.
#[must_use]
pub fn value(value: Number) -> String {
    significant(value.0, 6)
}

/// A number of which two digits count: `1.4`, `95`.
#[must_use]
pub fn two_digits(number: f64) -> String {
    significant(number, 2)
}

/// A number in decimals with so many digits that count, and without idle zeros behind the point.
fn significant(number: f64, digits: usize) -> String {
    /// Past these powers of ten nobody counts zeros.
    const PLAIN: std::ops::RangeInclusive<i32> = -7..=14;
    if number == 0.0 || !number.is_finite() {
        return format!("{}", if number == 0.0 { 0.0 } else { number });
    }
    #[expect(clippy::cast_possible_truncation, reason = "a power of ten of a finite number fits")]
    let power = number.abs().log10().floor() as i32;
    if !PLAIN.contains(&power) {
        return format!("{:.*e}", digits.saturating_sub(1), number);
    }
    let behind = i32::try_from(digits).unwrap_or(i32::MAX).saturating_sub(1).saturating_sub(power).max(0);
    let text = format!("{number:.*}", usize::try_from(behind).unwrap_or(0));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// E itself, from its natural logarithm, as far as people want to know it: never more than it is.
#[must_use]
pub fn evidence(ln_e: Number) -> String {
    told_evidence(ln_e, f64::floor)
}

/// The E that is proof: never less than it is.
#[must_use]
pub fn enough_evidence(ln_threshold: Number) -> String {
    told_evidence(ln_threshold, f64::ceil)
}

fn told_evidence(ln_e: Number, round: fn(f64) -> f64) -> String {
    const MOST: f64 = 1_000_000.0;
    let e = ln_e.0.exp();
    // Most thresholds are whole numbers but for the last digit of their logarithms.
    let e = if (e - e.round()).abs() < 1e-6 * e { e.round() } else { e };
    if e >= MOST {
        "over 1,000,000".to_owned()
    } else if e < 10.0 {
        // Tenths are rounded as whole numbers are: away from what is not there.
        significant(round(e * 10.0) / 10.0, 2)
    } else {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 10 to MOST")]
        count(round(e) as u64)
    }
}

/// A moment of the source's clock, in milliseconds since 1970: `02:14:30 UTC`.
#[must_use]
pub fn clock(at_ms: i64) -> String {
    let second = at_ms.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02} UTC", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::{clock, count, enough_evidence, evidence, exact_percent, percent, percent_beside, value};
    use crate::gate::model::Number;

    #[test]
    fn shares_keep_the_digits_that_tell_them_from_nothing_and_from_their_limit() {
        let table = [
            (0.0, "0%"),
            (0.052_326, "5.2%"),
            (0.0004, "0.04%"),
            (0.000_000_5, "0.00005%"),
            (0.123_456, "12.3%"),
            (0.5, "50%"),
            (0.999_7, "100%"),
            (1.0, "100%"),
        ];
        for (share, said) in table {
            assert_eq!(percent(share), said, "{share}");
        }
        assert_eq!(percent_beside(0.0104, Some(0.01)), "1.04%");
        assert_eq!(percent_beside(0.010_000_9, Some(0.01)), "1.0001%");
        assert_eq!(percent_beside(0.01, Some(0.01)), "1%", "what is equal reads so");
        assert_eq!(percent_beside(0.052_326, Some(0.01)), "5.2%");
        assert_eq!(percent_beside(0.999_7, Some(1.0)), "99.97%");
    }

    #[test]
    fn limits_are_told_as_they_were_written() {
        for (limit, said) in [(0.125, "12.5%"), (0.001_25, "0.125%"), (0.07, "7%"), (0.01, "1%"), (0.000_1, "0.01%")] {
            assert_eq!(exact_percent(limit), said);
        }
    }

    #[test]
    fn values_evidence_and_moments_read_well() {
        for (number, said) in
            [(0.1 + 0.2, "0.3"), (1234.5, "1234.5"), (0.000_012, "0.000012"), (-0.0, "0"), (5e17, "5.00000e17")]
        {
            assert_eq!(value(Number(number)), said, "{number}");
        }
        for (e, said) in [(40.0, "40"), (494.7, "494"), (3.21, "3.2"), (0.000_2, "0"), (5e9, "over 1,000,000")] {
            assert_eq!(evidence(Number(f64::ln(e))), said, "{e}");
        }
        assert_eq!(evidence(Number(f64::NEG_INFINITY)), "0");
        let ln = Number(f64::ln(43.5));
        assert_eq!(
            (evidence(ln), enough_evidence(ln)),
            ("43".to_owned(), "44".to_owned()),
            "nearly enough does not read so"
        );
        assert_eq!((clock(8_070_000), clock(-1000)), ("02:14:30 UTC".to_owned(), "23:59:59 UTC".to_owned()));
        assert_eq!((count(999), count(11_873)), ("999".to_owned(), "11,873".to_owned()));
    }
}
