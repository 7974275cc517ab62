//! Words that reports share: durations, counts, times since the beginning.

use std::time::Duration;

use crate::gate::model::Number;
use crate::gate::result::{Latency, figures};
use crate::safe;
use crate::text::SafeText;

/// A duration as it is read: `0.4 s`, `12 s`, `1 m 05 s`, `2 h 03 m`. Tenths only where they matter.
#[must_use]
pub fn duration(duration: Duration) -> SafeText {
    let tenths = (duration.as_millis() + 50) / 100;
    let seconds = (duration.as_millis() + 500) / 1000;
    if tenths < 100 && !tenths.is_multiple_of(10) {
        safe!("{}.{} s", tenths / 10, tenths % 10)
    } else if seconds < 60 {
        safe!("{} s", seconds)
    } else if seconds < 3600 {
        match seconds % 60 {
            0 => safe!("{} m", seconds / 60),
            rest => safe!("{} m {:02} s", seconds / 60, rest),
        }
    } else {
        let minutes = seconds / 60;
        match minutes % 60 {
            0 => safe!("{} h", minutes / 60),
            rest => safe!("{} h {:02} m", minutes / 60, rest),
        }
    }
}

/// A time since the run began: `+4.5s`, `+1m05.0s`. Always with a tenth, so that neighbours can be compared.
#[must_use]
pub fn since(at: Duration) -> SafeText {
    let tenths = (at.as_millis() + 50) / 100;
    let (minutes, rest) = (tenths / 600, tenths % 600);
    if minutes == 0 {
        safe!("+{}.{}s", rest / 10, rest % 10)
    } else {
        safe!("+{}m{:02}.{}s", minutes, rest / 10, rest % 10)
    }
}

/// A moment by the calendar: `2026-01-02 03:04:05 UTC`.
#[must_use]
pub fn moment(at: jiff::Timestamp) -> SafeText {
    SafeText::rearranged(at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A moment as XML and JSON have it: `2026-01-02T03:04:05Z`.
#[must_use]
pub fn timestamp(at: jiff::Timestamp) -> SafeText {
    SafeText::rearranged(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// The time of day: `03:04:05Z`.
#[must_use]
pub fn clock(at: jiff::Timestamp) -> SafeText {
    SafeText::rearranged(at.strftime("%H:%M:%SZ").to_string())
}

/// A moment to the millisecond, in RFC 3339.
#[must_use]
pub fn exact(at: jiff::Timestamp) -> SafeText {
    SafeText::rearranged(format!("{at:.3}"))
}

/// A count with its noun: `1 pod`, `3 pods`.
#[must_use]
pub fn count(count: usize, noun: &'static str) -> SafeText {
    if count == 1 { safe!("1 {}", noun) } else { safe!("{} {}s", count, noun) }
}

/// How many pods are ready of those wanted, where that is known.
#[must_use]
pub fn ready(ready: u32, wanted: Option<u32>) -> SafeText {
    match wanted {
        Some(1) => safe!("{} of 1 pod ready", ready),
        Some(wanted) => safe!("{} of {} pods ready", ready, wanted),
        None if ready == 1 => "1 pod ready, how many are wanted is not known".into(),
        None => safe!("{} pods ready, how many are wanted is not known", ready),
    }
}

/// A whole number with commas: `11,873`.
#[must_use]
pub fn number(number: u64) -> SafeText {
    SafeText::rearranged(figures::count(number))
}

/// A measured share as a percentage that does not read like a limit that it is not equal to.
#[must_use]
pub fn percent_beside(share: f64, limit: Option<f64>) -> SafeText {
    SafeText::rearranged(figures::percent_beside(share, limit))
}

/// A limit as a percentage, as it was written.
#[must_use]
pub fn exact_percent(limit: f64) -> SafeText {
    SafeText::rearranged(figures::exact_percent(limit))
}

/// A value of a query.
#[must_use]
pub fn value(value: Number) -> SafeText {
    SafeText::rearranged(figures::value(value))
}

/// E itself, from its natural logarithm.
#[must_use]
pub fn evidence(ln_e: Number) -> SafeText {
    SafeText::rearranged(figures::evidence(ln_e))
}

/// The E that is proof, from its natural logarithm.
#[must_use]
pub fn enough_evidence(ln_threshold: Number) -> SafeText {
    SafeText::rearranged(figures::enough_evidence(ln_threshold))
}

/// A bound of a histogram with its unit: `500 ms`.
#[must_use]
pub fn latency(latency: Latency) -> SafeText {
    SafeText::rearranged(latency.to_string())
}

/// A moment of the clock of the source of metrics: `02:14:30 UTC`.
#[must_use]
pub fn source_clock(at_ms: i64) -> SafeText {
    SafeText::rearranged(figures::clock(at_ms))
}

/// How many requests there are in a second, or in a minute where they are few.
#[must_use]
pub fn rate(per_second: f64) -> SafeText {
    let two_digits = |rate: f64| SafeText::rearranged(figures::two_digits(rate));
    if per_second >= 1.0 {
        safe!("{}/s", two_digits(per_second))
    } else {
        safe!("{}/min", two_digits(per_second * 60.0))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{count, duration, ready, since};

    #[test]
    fn durations_read_well_at_every_size() {
        let said = |millis| duration(Duration::from_millis(millis));
        assert_eq!(said(0), "0 s");
        assert_eq!(said(449), "0.4 s");
        assert_eq!(said(4470), "4.5 s");
        assert_eq!(said(9_960), "10 s");
        assert_eq!(said(38_249), "38 s");
        assert_eq!(said(59_700), "1 m");
        assert_eq!(said(65_000), "1 m 05 s");
        assert_eq!(said(7_380_000), "2 h 03 m");
    }

    #[test]
    fn times_since_the_beginning_line_up() {
        assert_eq!(since(Duration::from_millis(4_470)), "+4.5s");
        assert_eq!(since(Duration::from_secs(65)), "+1m05.0s");
    }

    #[test]
    fn counts_know_the_plural() {
        assert_eq!((count(1, "pod"), count(0, "pod")), ("1 pod".into(), "0 pods".into()));
        assert_eq!(ready(0, Some(1)), "0 of 1 pod ready");
        assert_eq!(ready(2, Some(3)), "2 of 3 pods ready");
    }
}
