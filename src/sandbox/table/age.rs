//! Ages, in kubectl's short spelling.

use jiff::Timestamp;
use serde_json::Value;

/// How long ago a time was: `5m30s`; `<unknown>` where there is none.
pub(super) fn since(time: Option<&Value>, now: Timestamp) -> Value {
    let time = time.and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    time.map_or_else(|| "<unknown>".into(), |time| between(time, now).into())
}

/// The span between two times.
pub(super) fn between(from: Timestamp, to: Timestamp) -> String {
    spelled(to.duration_since(from).as_secs())
}

/// Two units at most, the more the nearer: `42s`, `5m30s`, `25m`, `3h5m`, `2d4h`, `90d`, `3y20d`.
fn spelled(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let two = |large: i64, large_name: &str, small: i64, small_name: &str| match small {
        0 => format!("{large}{large_name}"),
        _ => format!("{large}{large_name}{small}{small_name}"),
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => two(seconds / MINUTE, "m", seconds % MINUTE, "s"),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => two(seconds / HOUR, "h", seconds % HOUR / MINUTE, "m"),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => two(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
        _ if seconds < 2 * YEAR => format!("{}d", seconds / DAY),
        _ if seconds < 8 * YEAR => two(seconds / YEAR, "y", seconds % YEAR / DAY, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::spelled;

    #[test]
    fn ages_are_short() {
        let told = [-5, -1, 0, 119, 120, 330, 600, 3 * 3600 + 300, 9 * 3600, 2 * 86_400, 9 * 86_400, 800 * 86_400]
            .map(spelled);
        assert_eq!(told, ["<invalid>", "0s", "0s", "119s", "2m", "5m30s", "10m", "3h5m", "9h", "2d", "9d", "2y70d"]);
    }
}
