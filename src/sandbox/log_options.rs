//! What is asked of a log: as many lines, bytes, times as a client wants.

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::query::Parameters;
use super::status::Refusal;

/// What is asked of a log.
#[derive(Debug, Clone, Default)]
pub(super) struct LogOptions {
    /// Only so many of the last lines.
    pub tail: Option<usize>,
    /// Only so many bytes.
    pub limit: Option<usize>,
    /// Each line with its time in front.
    pub timestamps: bool,
    /// Only lines that are not older.
    pub since: Option<Since>,
}

/// From when on lines are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Since {
    /// So long before now.
    Ago(Duration),
    /// A time, in playback's time.
    Time(Timestamp),
}

impl LogOptions {
    /// Reads what is asked for out of a request's query.
    pub fn read(parameters: &Parameters) -> Result<Self, Refusal> {
        let size = |name: &str| -> Result<Option<usize>, Refusal> {
            Ok(parameters.number(name)?.map(|number| usize::try_from(number).unwrap_or(usize::MAX)))
        };
        let since_time = parameters.text("sinceTime").map(|text| {
            text.parse()
                .map(Since::Time)
                .map_err(|_| Refusal::bad_request(format!("sinceTime: `{text}` is no RFC 3339 time")))
        });
        let since = parameters.seconds("sinceSeconds")?.map(Since::Ago);
        Ok(Self {
            // kubectl's -1 for "all" never arrives: it leaves the parameter out.
            tail: size("tailLines")?,
            limit: size("limitBytes")?,
            timestamps: parameters.flag("timestamps"),
            since: since.or(since_time.transpose()?),
        })
    }

    /// The part of a log that is asked for.
    pub fn of(&self, log: &Bytes, started: Option<Timestamp>, by: SignedDuration) -> Bytes {
        if self.tail.is_none() && self.limit.is_none() && !self.timestamps && self.since.is_none() {
            return log.clone();
        }
        let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
        let from = match self.since {
            None => None,
            Some(Since::Time(time)) => Some(time),
            Some(Since::Ago(ago)) => Timestamp::now().checked_sub(ago).ok(),
        };
        let mut time = started;
        let mut taken: Vec<(Option<Timestamp>, &[u8])> = Vec::with_capacity(lines.len());
        for line in lines {
            time = leading_time(line).or(time);
            let told = time.and_then(|time| time.checked_add(by).ok());
            // What has no time may be new.
            if from.is_none_or(|from| told.is_none_or(|told| told >= from)) {
                taken.push((told, line));
            }
        }
        let skipped = self.tail.map_or(0, |tail| taken.len().saturating_sub(tail));
        let mut text = Vec::new();
        for (told, line) in &taken[skipped..] {
            if let (true, Some(told)) = (self.timestamps, told) {
                text.extend_from_slice(format!("{told:.9} ").as_bytes());
            }
            text.extend_from_slice(line);
        }
        text.truncate(self.limit.unwrap_or(usize::MAX));
        text.into()
    }
}

/// The runtime's time of a line was not recorded. Many programs write their own in front, which is near it.
fn leading_time(line: &[u8]) -> Option<Timestamp> {
    let word = line.split(u8::is_ascii_whitespace).next()?;
    std::str::from_utf8(word).ok().filter(|word| word.len() >= 20)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use jiff::SignedDuration;

    use super::LogOptions;

    const LOG: &str = "2026-11-21T03:09:58Z one\ntwo\n2026-11-21T03:10:00Z three\n";

    fn part(ask: &LogOptions) -> String {
        let by = SignedDuration::from_secs(10);
        String::from_utf8(ask.of(&Bytes::from(LOG), None, by).to_vec()).unwrap()
    }

    #[test]
    fn the_last_lines_and_the_first_bytes_are_taken() {
        assert_eq!(part(&LogOptions::default()), LOG);
        assert_eq!(part(&LogOptions { tail: Some(1), ..LogOptions::default() }), "2026-11-21T03:10:00Z three\n");
        assert_eq!(part(&LogOptions { tail: Some(2), limit: Some(3), ..LogOptions::default() }), "two");
        assert_eq!(part(&LogOptions { tail: Some(0), ..LogOptions::default() }), "");
    }

    #[test]
    fn a_line_without_a_time_has_that_of_the_line_before() {
        let told = part(&LogOptions { timestamps: true, tail: Some(2), ..LogOptions::default() });
        assert_eq!(
            told,
            "2026-11-21T03:10:08.000000000Z two\n2026-11-21T03:10:10.000000000Z 2026-11-21T03:10:00Z three\n"
        );
    }
}
