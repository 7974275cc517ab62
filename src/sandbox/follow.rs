//! Following a log: what comes until the container ends, or the recording does.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, stream};
use jiff::Timestamp;
use tokio::time::Instant;

use super::collection::{Key, Object};
use super::log_history::{self, Instance, LogAnswer, State};
use super::log_options::LogOptions;
use super::shared::Shared;
use super::timeline::Timeline;

/// A log that is followed.
pub(super) struct Follow {
    shared: Arc<Shared>,
    pod: Key,
    container: String,
    /// The instance that is followed: its end is the log's.
    instance: Instance,
    /// The newest recorded text of the log, all of it.
    known: Bytes,
    /// What is to be sent.
    pending: Bytes,
    /// Every answer up to this moment is known.
    seen_ms: u64,
    ask: LogOptions,
    started: Option<Timestamp>,
}

impl Follow {
    #[expect(clippy::too_many_arguments, reason = "the parts of one request, told once")]
    pub fn new(
        shared: Arc<Shared>,
        pod: &Object,
        container: String,
        instance: Instance,
        known: Bytes,
        pending: Bytes,
        ask: &LogOptions,
        started: Option<Timestamp>,
    ) -> Self {
        let seen_ms = shared.clock.now_ms();
        // Tail, limit and age are about what was there when the request came.
        let ask = LogOptions { timestamps: ask.timestamps, ..LogOptions::default() };
        Self { shared, pod: pod.key(), container, instance, known, pending, seen_ms, ask, started }
    }

    /// The log's bytes, as they come.
    pub fn stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(Some(self), |follow| async move {
            let mut follow = follow?;
            loop {
                let chunk = std::mem::take(&mut follow.pending);
                if !chunk.is_empty() {
                    return Some((Ok(chunk), Some(follow)));
                }
                if follow.is_over() {
                    // The answer that was fetched after its end has the last words.
                    follow.catch_up(u64::MAX);
                    let chunk = std::mem::take(&mut follow.pending);
                    return (!chunk.is_empty()).then_some((Ok(chunk), None));
                }
                follow.wait().await;
                let now_ms = follow.shared.clock.now_ms();
                follow.catch_up(now_ms);
            }
        })
    }

    /// True once the container has ended or was replaced, the pod is gone, or the recording is over.
    fn is_over(&self) -> bool {
        let shared = &self.shared;
        let now_ms = shared.clock.now_ms();
        let timeline = shared.timeline();
        let pod = timeline.pods().and_then(|pods| pods.at(now_ms).objects.remove(&self.pod));
        shared.stop.is_cancelled()
            || now_ms > shared.clock.end_ms()
            || pod.is_none_or(|pod| log_history::instance(&pod.value, &self.container) != self.instance)
    }

    fn answers<'a>(&'a self, timeline: &'a Timeline) -> impl Iterator<Item = &'a LogAnswer> {
        let answers = timeline.logs.of(&self.pod.1, &self.container);
        answers.iter().filter(|answer| {
            !answer.previous
                && answer.status == 200
                && answer.instance.as_ref().is_some_and(|then| {
                    then.uid == self.instance.uid
                        && then.restarts == self.instance.restarts
                        && then.state != State::Unknown
                })
        })
    }

    /// Takes what newer answers have more.
    fn catch_up(&mut self, up_to_ms: u64) {
        let timeline = self.shared.timeline();
        let newest =
            self.answers(&timeline).filter(|answer| answer.at_ms > self.seen_ms && answer.at_ms <= up_to_ms).last();
        let Some(body) = newest.map(|answer| answer.body.clone()) else { return };
        let news = body.slice(overlap(&self.known, &body)..);
        self.seen_ms = up_to_ms;
        self.pending = self.ask.of(&news, self.started, self.shared.clock.shift());
        self.known = body;
    }

    /// Sleeps until there may be news.
    async fn wait(&self) {
        let (clock, timeline) = (&self.shared.clock, self.shared.timeline());
        let now_ms = clock.now_ms();
        let answer = self.answers(&timeline).map(|answer| answer.at_ms).find(|at_ms| *at_ms > now_ms);
        let change = timeline.pods().and_then(|pods| {
            pods.changes[pods.at(now_ms).next..]
                .iter()
                .find(|change| change.object.key() == self.pod)
                .map(|change| change.at_ms)
        });
        let next_ms = [answer, change].into_iter().flatten().fold(clock.end_ms().saturating_add(1), u64::min);
        let Some(wake): Option<Instant> = clock.instant_of(next_ms) else {
            tokio::select! { () = clock.wait_for_start() => {}, () = self.shared.stop.cancelled() => {} }
            return;
        };
        tokio::select! { () = tokio::time::sleep_until(wake) => {}, () = self.shared.stop.cancelled() => {} }
    }
}

/// How much of `new` is known already. The recorder kept the last lines of a log only, so `new` may begin later.
fn overlap(known: &[u8], new: &[u8]) -> usize {
    let starts =
        std::iter::once(0).chain(known.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1));
    starts.map(|start| &known[start..]).find(|rest| new.starts_with(rest)).map_or(0, <[u8]>::len)
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn what_is_known_is_not_told_again() {
        assert_eq!(overlap(b"", b"a\n"), 0);
        assert_eq!(overlap(b"a\n", b"a\nb\n"), 2);
        assert_eq!(overlap(b"a\nb\n", b"b\nc\n"), 2, "the window moved on");
        assert_eq!(overlap(b"a\n", b"x\n"), 0, "nothing in common: all of it is news");
        assert_eq!(overlap(b"a\npar", b"a\npartial\n"), 5);
    }
}
