//! Signals: the first one ends the gates with what is known so far, the second one ends the process.

use tokio::sync::watch;

use crate::gate::verdict::Verdict;

/// Tells gates to end, and with which verdict. `None` until then.
pub type Stop = watch::Receiver<Option<Verdict>>;

/// A stop that never comes.
#[must_use]
pub fn never() -> Stop {
    watch::channel(None).1
}

/// Waits for the stop; for ever where none can come any more.
pub async fn stopped(stop: &mut Stop) -> Verdict {
    loop {
        if let Some(verdict) = *stop.borrow_and_update() {
            return verdict;
        }
        if stop.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Listens to SIGINT and SIGTERM (to Ctrl-C alone where there are no such signals). The process ends at once at the
/// second one.
///
/// # Errors
///
/// Where the system does not let us listen.
pub fn on_signals() -> std::io::Result<Stop> {
    let (sender, stop) = watch::channel(None);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::spawn(async move {
            loop {
                let verdict = tokio::select! {
                    _ = interrupt.recv() => Verdict::Interrupted,
                    _ = terminate.recv() => Verdict::Terminated,
                };
                again_or_end(&sender, verdict);
            }
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            again_or_end(&sender, Verdict::Interrupted);
        }
    });
    Ok(stop)
}

fn again_or_end(sender: &watch::Sender<Option<Verdict>>, verdict: Verdict) {
    if sender.borrow().is_some() {
        std::process::exit(i32::from(verdict.exit_code()));
    }
    sender.send_replace(Some(verdict));
}
