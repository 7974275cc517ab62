//! The log of a created container, told as the log endpoint tells it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use jiff::{SignedDuration, Timestamp};

use super::output::{Record, Written};
use crate::sandbox::collection::Object;
use crate::sandbox::log_options::{LogOptions, Since};
use crate::sandbox::shared::Shared;

/// No piece of a log that is followed is bigger.
const PIECE: usize = 64 * 1024;

/// A log that is read, and how far it was.
struct Reading {
    shared: Arc<Shared>,
    key: (String, String),
    ask: LogOptions,
    since: Option<Timestamp>,
    next: usize,
    /// The last record told ended a line.
    at_line_start: bool,
    /// The recording's start, and what is added to its times.
    start: Timestamp,
    shift: SignedDuration,
    follow: bool,
}

/// The body of an answer about the log.
pub(in crate::sandbox) fn log(
    shared: &Arc<Shared>,
    pod: &Object,
    container: &str,
    written: &Written,
    ask: &LogOptions,
    follow: bool,
) -> Body {
    let since = match ask.since {
        None => None,
        // The API server hands whole seconds on to the kubelet.
        Some(Since::Time(time)) => Timestamp::from_second(time.as_second()).ok(),
        Some(Since::Ago(ago)) => Timestamp::now().checked_sub(ago).ok(),
    };
    let look = shared.look();
    let mut reading = Reading {
        shared: Arc::clone(shared),
        key: (pod.uid().to_owned(), container.to_owned()),
        ask: ask.clone(),
        since,
        next: 0,
        at_line_start: true,
        start: look.timeline.header.started_at,
        shift: shared.clock.shift(),
        follow,
    };
    if let Some(tail) = ask.tail {
        let there = written.records.partition_point(|record| record.at_ms <= look.now_ms);
        reading.next = there.saturating_sub(tail);
    }
    if let Some(limit) = ask.limit {
        let mut text = Vec::new();
        while let Some(piece) = reading.piece(written, look.now_ms) {
            text.extend_from_slice(&piece);
        }
        text.truncate(limit);
        return Body::from(text);
    }
    Body::from_stream(stream::unfold(reading, |mut reading| async move {
        let piece = reading.next_piece().await?;
        Some((Ok::<_, Infallible>(piece), reading))
    }))
}

impl Reading {
    async fn next_piece(&mut self) -> Option<Bytes> {
        let shared = Arc::clone(&self.shared);
        let mut news = shared.state.listen();
        loop {
            news.mark_unchanged();
            let look = shared.look();
            // A pod that is gone has no log.
            let written = Arc::clone(look.timeline.written.get(&self.key)?);
            if let Some(piece) = self.piece(&written, look.now_ms) {
                return Some(piece);
            }
            let is_over = written.ends_ms.is_some_and(|ends| ends <= look.now_ms);
            if !self.follow || is_over || shared.stop.is_cancelled() {
                return None;
            }
            let next = written.records.get(self.next).map(|record| record.at_ms);
            let wake = [next, written.ends_ms].into_iter().flatten().min().and_then(|at| shared.clock.instant_of(at));
            let sleep = async {
                match wake {
                    Some(wake) => tokio::time::sleep_until(wake).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = sleep => {}
                _ = news.changed() => {}
                () = shared.stop.cancelled() => {}
            }
        }
    }

    /// What is there and was not told yet, as far as it fits into a piece.
    fn piece(&mut self, written: &Written, now_ms: u64) -> Option<Bytes> {
        let mut piece = Vec::new();
        while let Some(record) = written.records.get(self.next).filter(|record| record.at_ms <= now_ms) {
            if piece.len() >= PIECE {
                break;
            }
            self.next += 1;
            let time = self.time_of(record);
            // Every record is asked for its time, and only a line's begin shows it.
            let begins_line = std::mem::replace(&mut self.at_line_start, record.bytes.ends_with(b"\n"));
            if self.since.is_some_and(|since| time < since) {
                continue;
            }
            if self.ask.timestamps && begins_line {
                piece.extend_from_slice(format!("{time:.9} ").as_bytes());
            }
            piece.extend_from_slice(&record.bytes);
        }
        (!piece.is_empty()).then(|| piece.into())
    }

    fn time_of(&self, record: &Record) -> Timestamp {
        let millis = SignedDuration::from_millis(i64::try_from(record.at_ms).unwrap_or(i64::MAX));
        let offset = millis + SignedDuration::from_nanos(i64::from(record.nanos)) + self.shift;
        self.start.checked_add(offset).unwrap_or(self.start)
    }
}
