//! Bodies that do not come as they should.

use std::io;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Buf, Bytes};
use futures::{StreamExt, stream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::outage::Restarts;

/// What becomes of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bend {
    /// After so many bytes the connection is closed.
    Cut(usize),
    /// After so many bytes nothing more comes.
    Freeze(usize),
    /// After so many bytes it ends in good order.
    Truncate(usize),
    /// So many bytes a second.
    Slow(usize),
}

/// The slow pieces of a body come so often.
const BEAT: Duration = Duration::from_millis(100);

struct Bent {
    body: BodyDataStream,
    bend: Bend,
    left: usize,
    rest: Bytes,
    stop: CancellationToken,
}

/// The body, bent.
pub(super) fn bent(body: Body, bend: Bend, stop: CancellationToken) -> Body {
    let left = match bend {
        Bend::Cut(after) | Bend::Freeze(after) | Bend::Truncate(after) => after,
        Bend::Slow(_) => usize::MAX,
    };
    let pieces = Bent { body: body.into_data_stream(), bend, left, rest: Bytes::new(), stop };
    Body::from_stream(stream::unfold(Some(pieces), |pieces| async move {
        let mut pieces = pieces?;
        let item = pieces.next().await?;
        let goes_on = item.is_ok();
        Some((item, goes_on.then_some(pieces)))
    }))
}

impl Bent {
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        while self.rest.is_empty() && self.left > 0 {
            match self.body.next().await {
                Some(Ok(chunk)) => self.rest = chunk,
                Some(Err(error)) => return Some(Err(io::Error::other(error))),
                None => break,
            }
        }
        if let Bend::Slow(bytes_per_second) = self.bend {
            if self.rest.is_empty() {
                return None;
            }
            let piece = (bytes_per_second / 10).clamp(1, self.rest.len());
            // Where a beat holds less than a byte, a byte takes longer.
            sleep(if bytes_per_second < 10 { Duration::from_secs(1) / small(bytes_per_second) } else { BEAT }).await;
            return Some(Ok(self.rest.split_to(piece)));
        }
        if self.rest.is_empty() || self.left == 0 {
            return match self.bend {
                Bend::Truncate(_) | Bend::Slow(_) => None,
                Bend::Cut(_) => Some(Err(closed())),
                Bend::Freeze(_) => {
                    self.stop.cancelled().await;
                    None
                }
            };
        }
        let piece = self.rest.split_to(self.left.min(self.rest.remaining()));
        self.left -= piece.len();
        Some(Ok(piece))
    }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX).max(1)
}

/// What a client sees of a connection that is closed in the middle.
pub(super) fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "the connection was closed by a fault of the script")
}

/// The body, until the server is restarted.
pub(super) fn until_restart(body: Body, restarts: Restarts) -> Body {
    let state = Some((body.into_data_stream(), restarts));
    Body::from_stream(stream::unfold(state, |state| async move {
        let (mut body, mut restarts) = state?;
        tokio::select! {
            biased;
            () = restarts.begins() => Some((Err(closed()), None)),
            chunk = body.next() => Some((chunk?.map_err(io::Error::other), Some((body, restarts)))),
        }
    }))
}
