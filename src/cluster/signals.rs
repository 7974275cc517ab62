//! Signals: the first one ends the gates with what is known so far, the second one ends the process.

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::gate::result::Verdict;

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

/// Listens to SIGINT, SIGTERM, SIGHUP and SIGQUIT (to Ctrl-C alone where there are no such signals). The process ends at
/// once at the second one. Where SIGHUP or SIGQUIT is ignored from the start, as under `nohup`, it stays so.
///
/// # Errors
///
/// Where the system does not let us listen.
pub fn on_signals() -> std::io::Result<Stop> {
    let (sender, stop) = watch::channel(None);
    #[cfg(unix)]
    {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = unless_ignored(SignalKind::hangup())?;
        let mut quit = unless_ignored(SignalKind::quit())?;
        tokio::spawn(async move {
            loop {
                let verdict = tokio::select! {
                    _ = interrupt.recv() => Verdict::Interrupted,
                    _ = terminate.recv() => Verdict::Terminated,
                    () = came(&mut hangup) => Verdict::HungUp,
                    () = came(&mut quit) => Verdict::Quit,
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

/// The signal, unless whoever started the process had it ignored. Linux tells so in `/proc`; elsewhere it is listened to.
#[cfg(unix)]
fn unless_ignored(kind: SignalKind) -> std::io::Result<Option<Signal>> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if is_ignored(&status, kind.as_raw_value()) { Ok(None) } else { signal(kind).map(Some) }
}

/// Reads `SigIgn:` of a process's status: a mask in hexadecimal whose lowest bit is signal 1.
#[cfg(unix)]
fn is_ignored(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(unix)]
async fn came(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

fn again_or_end(sender: &watch::Sender<Option<Verdict>>, verdict: Verdict) {
    if sender.borrow().is_some() {
        std::process::exit(i32::from(verdict.exit_code()));
    }
    sender.send_replace(Some(verdict));
}

#[cfg(all(test, unix))]
mod tests {
    use super::is_ignored;

    #[test]
    fn what_the_system_says_of_ignored_signals_is_read() {
        let status = "Name:\tx\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000000005\n";
        assert!(is_ignored(status, 1) && !is_ignored(status, 2) && is_ignored(status, 3));
        assert!(!is_ignored("", 1));
    }
}
