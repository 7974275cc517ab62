//! The runtime of a command that judges.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use super::output::Halt;

/// Runs a future to its end. What it leaves behind holds nobody up.
///
/// # Errors
/// Its own, and where there can be no runtime.
pub(super) fn in_runtime<T>(future: impl Future<Output = Result<T, Halt>>) -> Result<T, Halt> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Halt::System(format!("error: cannot start: {error}")))?;
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(future)));
    // A request that hangs must not hold up the end of a run that is decided, nor of one that failed.
    runtime.shutdown_background();
    ended.unwrap_or_else(|panic| resume_unwind(panic))
}
