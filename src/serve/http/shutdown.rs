//! How the server ends, in three steps.

use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// How far the end of the server has come. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Not ready any more, nobody waits, every answer closes its connection. New connections are still taken: a Service
    /// goes on sending them for a moment.
    pub stopping: CancellationToken,
    /// No new connections, and no new requests on those that are there.
    pub closing: CancellationToken,
    /// What is still open is cut off.
    pub over: CancellationToken,
}

impl Shutdown {
    /// Ends the server: at once no longer ready, closed after `drain`, cut off after `grace`. Returns when that has come.
    pub async fn run(&self, drain: Duration, grace: Duration) {
        let begun = Instant::now();
        self.stopping.cancel();
        sleep(drain.min(grace)).await;
        self.closing.cancel();
        sleep_until(begun + grace).await;
        self.over.cancel();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Shutdown;

    #[tokio::test(start_paused = true)]
    async fn it_ends_in_three_steps_and_never_later_than_the_grace() {
        for (drain, grace, closed) in [(5, 20, 5), (30, 20, 20), (0, 0, 0)] {
            let shutdown = Shutdown::default();
            let begun = tokio::time::Instant::now();
            let run = shutdown.run(Duration::from_secs(drain), Duration::from_secs(grace));
            let (stopping, closing) = (shutdown.stopping.clone(), shutdown.closing.clone());
            let watch = async move {
                stopping.cancelled().await;
                let stopped = begun.elapsed();
                closing.cancelled().await;
                (stopped, begun.elapsed())
            };
            let ((), seen) = tokio::join!(run, watch);
            assert_eq!((seen.0.as_secs(), seen.1.as_secs()), (0, closed));
            assert_eq!(begun.elapsed().as_secs(), grace);
            assert!(shutdown.over.is_cancelled());
        }
    }
}
