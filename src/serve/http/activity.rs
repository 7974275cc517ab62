//! What one connection does at this moment, and until when it may: a client that says nothing, speaks slowly or does not
//! listen holds a connection for so long and no longer.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::limits::Limits;

/// What one connection does.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    /// Its end has come nearer.
    nearer: Notify,
    /// It is to make room for another one.
    evicted: Notify,
}

#[derive(Debug)]
struct State {
    doing: Doing,
    /// Since when the client takes nothing of what is there for it.
    stalled: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// Nothing: the answer before was given.
    Idle(Instant),
    /// A head is being read, or is to come.
    Head(Instant),
    /// A request is being answered.
    Busy,
}

/// Why a connection ends that could go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It is unused.
    Idle,
    /// The client is too slow.
    Slow,
}

impl Activity {
    /// A new connection: a head is to come.
    pub(super) fn begin() -> Arc<Self> {
        let state = State { doing: Doing::Head(Instant::now()), stalled: None };
        Arc::new(Self { state: Mutex::new(state), nearer: Notify::new(), evicted: Notify::new() })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn received(&self) {
        let mut state = self.lock();
        if matches!(state.doing, Doing::Idle(_)) {
            state.doing = Doing::Head(Instant::now());
            drop(state);
            self.nearer.notify_one();
        }
    }

    /// A request is being answered.
    pub(super) fn busy(&self) {
        self.lock().doing = Doing::Busy;
    }

    /// The answer was given.
    fn answered(&self) {
        self.lock().doing = Doing::Idle(Instant::now());
        self.nearer.notify_one();
    }

    fn stalls(&self, is_stalled: bool) {
        let mut state = self.lock();
        if !is_stalled {
            state.stalled = None;
        } else if state.stalled.is_none() {
            state.stalled = Some(Instant::now());
            drop(state);
            self.nearer.notify_one();
        }
    }

    /// Since when it is unused; `None` where it is used.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        match self.lock().doing {
            Doing::Idle(since) => Some(since),
            Doing::Head(_) | Doing::Busy => None,
        }
    }

    /// Asks it to make room, if it is unused when it hears that.
    pub(super) fn evict(&self) {
        self.evicted.notify_one();
    }

    fn end(&self, limits: &Limits) -> (Option<Instant>, Ending) {
        let state = self.lock();
        let stalled = state.stalled.map(|since| since + limits.write_stall);
        let (end, why) = match state.doing {
            Doing::Idle(since) => (Some(since + limits.idle), Ending::Idle),
            Doing::Head(since) => (Some(since + limits.head_time), Ending::Slow),
            Doing::Busy => (None, Ending::Slow),
        };
        match (stalled, end) {
            (Some(stalled), Some(end)) if end <= stalled => (Some(end), why),
            (Some(stalled), _) => (Some(stalled), Ending::Slow),
            (None, end) => (end, why),
        }
    }

    /// Waits until it has to end.
    pub(super) async fn ends(&self, limits: &Limits) -> Ending {
        /// Longer than any limit: nothing has to end now.
        const NEVER: Duration = Duration::from_hours(24);
        loop {
            let (end, why) = self.end(limits);
            if end.is_some_and(|end| end <= Instant::now()) {
                return why;
            }
            tokio::select! {
                () = sleep_until(end.unwrap_or_else(|| Instant::now() + NEVER)) => {}
                () = self.nearer.notified() => {}
                () = self.evicted.notified() => {
                    if self.idle_since().is_some() {
                        return Ending::Idle;
                    }
                }
            }
        }
    }
}

/// A stream whose use is noted.
pub(super) struct Noted<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> Noted<S> {
    pub(super) const fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.activity.received();
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.activity.stalls(polled.is_pending());
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.activity.stalls(polled.is_pending());
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The body of an answer: once it is given or given up, the connection is unused.
pub(super) struct Answered {
    body: axum::body::Body,
    done: Done,
}

struct Done {
    activity: Arc<Activity>,
    /// Tells whoever waits for a connection that is unused.
    idle: Arc<Notify>,
}

impl Drop for Done {
    fn drop(&mut self) {
        self.activity.answered();
        self.idle.notify_one();
    }
}

impl Answered {
    pub(super) const fn new(body: axum::body::Body, activity: Arc<Activity>, idle: Arc<Notify>) -> Self {
        Self { body, done: Done { activity, idle } }
    }
}

impl Body for Answered {
    type Data = bytes::Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let _ = &self.done;
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance};

    use super::{Activity, Ending};
    use crate::serve::http::limits::Limits;

    async fn ended(activity: &Activity) -> (Ending, u64) {
        let begun = Instant::now();
        let ending = activity.ends(&Limits::default()).await;
        (ending, begun.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_trickles_in_has_no_more_time_than_one_that_does_not_come() {
        let activity = Activity::begin();
        assert_eq!(ended(&activity).await, (Ending::Slow, 10));

        let activity = Activity::begin();
        activity.busy();
        activity.answered();
        let trickle = async {
            for _ in 0..20 {
                tokio::time::sleep(Duration::from_secs(3)).await;
                activity.received();
            }
        };
        tokio::select! {
            ended = ended(&activity) => assert_eq!(ended, (Ending::Slow, 13), "10 s from its first byte"),
            () = trickle => panic!("it goes on"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_unused_connection_has_two_minutes_and_a_used_one_has_its_answer() {
        let activity = Activity::begin();
        activity.busy();
        let (end, _) = activity.end(&Limits::default());
        assert_eq!(end, None, "the answer has bounds of its own");
        activity.answered();
        assert_eq!(ended(&activity).await, (Ending::Idle, 120));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_cut_off_and_one_that_takes_a_little_is_not() {
        let activity = Activity::begin();
        activity.busy();
        activity.stalls(true);
        advance(Duration::from_secs(20)).await;
        activity.stalls(false);
        activity.stalls(true);
        assert_eq!(ended(&activity).await, (Ending::Slow, 30));
    }

    #[tokio::test(start_paused = true)]
    async fn room_is_made_by_the_unused_alone() {
        let activity = Activity::begin();
        activity.busy();
        activity.evict();
        let answered = async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            activity.answered();
            tokio::time::sleep(Duration::from_secs(5)).await;
            activity.evict();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            ended = ended(&activity) => assert_eq!(ended, (Ending::Idle, 10)),
            () = answered => {}
        }
    }
}
