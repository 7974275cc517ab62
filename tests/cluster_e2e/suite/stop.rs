//! Ctrl-C and its kin: the first asks for an orderly end, the second ends at once.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// The exit code of a suite that was interrupted.
pub const INTERRUPTED: i32 = 130;

/// Whether the suite is to end.
#[derive(Clone, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// One that is set by the first signal.
    pub fn on_signals() -> Self {
        let stop = Self::default();
        let told = stop.clone();
        thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                signal().await;
                println!(
                    "\ninterrupted: what was made is removed now; once more ends at once and leaves it to --clean"
                );
                told.set();
                signal().await;
                std::process::exit(INTERRUPTED);
            });
        });
        stop
    }

    pub fn set(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    pub fn is_set(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for so long between two looks at something, or until the suite is to end.
    pub fn pause(&self, duration: Duration) {
        let guard = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self.0.1.wait_timeout_while(guard, duration, |is_set| !*is_set);
    }
}

#[cfg(unix)]
async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut hangup)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}

#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}
