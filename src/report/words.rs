//! Words that reports share: durations, counts, times since the beginning.

use std::time::Duration;

/// A duration as it is read: `0.4 s`, `12 s`, `1 m 05 s`, `2 h 03 m`. Tenths only where they matter.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let tenths = (duration.as_millis() + 50) / 100;
    let seconds = (duration.as_millis() + 500) / 1000;
    if tenths < 100 && !tenths.is_multiple_of(10) {
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else if seconds < 60 {
        format!("{seconds} s")
    } else if seconds < 3600 {
        match seconds % 60 {
            0 => format!("{} m", seconds / 60),
            rest => format!("{} m {rest:02} s", seconds / 60),
        }
    } else {
        let minutes = seconds / 60;
        match minutes % 60 {
            0 => format!("{} h", minutes / 60),
            rest => format!("{} h {rest:02} m", minutes / 60),
        }
    }
}

/// A time since the run began: `+4.5s`, `+1m05.0s`. Always with a tenth, so that neighbours can be compared.
#[must_use]
pub fn since(at: Duration) -> String {
    let tenths = (at.as_millis() + 50) / 100;
    let (minutes, rest) = (tenths / 600, tenths % 600);
    if minutes == 0 {
        format!("+{}.{}s", rest / 10, rest % 10)
    } else {
        format!("+{minutes}m{:02}.{}s", rest / 10, rest % 10)
    }
}

/// A count with its noun: `1 pod`, `3 pods`.
#[must_use]
pub fn count(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// How many pods are ready of those wanted, where that is known.
#[must_use]
pub fn ready(ready: u32, wanted: Option<u32>) -> String {
    match wanted {
        Some(1) => format!("{ready} of 1 pod ready"),
        Some(wanted) => format!("{ready} of {wanted} pods ready"),
        None if ready == 1 => "1 pod ready, how many are wanted is not known".to_owned(),
        None => format!("{ready} pods ready, how many are wanted is not known"),
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
        assert_eq!((count(1, "pod"), count(0, "pod")), ("1 pod".to_owned(), "0 pods".to_owned()));
        assert_eq!(ready(0, Some(1)), "0 of 1 pod ready");
        assert_eq!(ready(2, Some(3)), "2 of 3 pods ready");
    }
}
