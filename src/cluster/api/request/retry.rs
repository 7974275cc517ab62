//! Asking again for what a moment may mend.

use tokio::time::Instant;

use crate::cluster::api::Backoff;
use crate::cluster::api::Failure;

/// Tries of one read that is not a source's.
const TRIES: u32 = 3;

/// Asks up to three times for what a moment may mend, until `deadline` at the latest.
///
/// # Errors
///
/// The last failure.
pub async fn with_retries<T, F>(deadline: Instant, mut ask: impl FnMut() -> F) -> Result<T, Failure>
where
    F: Future<Output = Result<T, Failure>>,
{
    let mut backoff = Backoff::default();
    loop {
        let failure = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        let wait = backoff.after_failure(failure.kind.retry_after());
        if !failure.kind.is_passing() || backoff.failures() >= TRIES || Instant::now() + wait >= deadline {
            return Err(failure);
        }
        tokio::time::sleep(wait).await;
    }
}
