//! Does the API server answer? Asked again and again, for those who want to know without asking themselves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use super::connection::Connection;
use super::failure::Failure;

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(15);
/// How often it is asked before it has answered once.
const AT_FIRST: Duration = Duration::from_secs(1);

/// Whether the API server answered when it was asked last.
#[derive(Debug, Default)]
pub struct Reachable {
    failure: Mutex<Option<String>>,
    has_answered: AtomicBool,
}

impl Reachable {
    /// An API server that is there: a recording.
    #[must_use]
    pub fn at_once() -> Self {
        Self { failure: Mutex::default(), has_answered: AtomicBool::new(true) }
    }

    /// Whether it has answered at least once.
    #[must_use]
    pub fn has_answered(&self) -> bool {
        self.has_answered.load(Ordering::Acquire)
    }

    /// Why it did not answer when it was asked last; `None` where it did, or was not asked yet.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks for its version again and again, for ever.
    pub async fn follow(self: Arc<Self>, connection: Arc<Connection>) {
        let mut is_told = false;
        while !self.has_answered() {
            let failure = connection.learn_version().await.err();
            if failure.as_ref().is_none_or(is_an_answer) {
                self.has_answered.store(true, Ordering::Release);
                tracing::info!("the API server answers");
                break;
            }
            if let Some(error) = failure.as_ref().filter(|_| !is_told) {
                is_told = true;
                tracing::warn!(%error, "the API server cannot be reached yet, and is asked again");
            }
            self.keep(failure.as_ref());
            sleep(AT_FIRST).await;
        }
        self.keep(None);
        loop {
            sleep(EVERY).await;
            self.keep(connection.version().await.err().as_ref());
        }
    }

    fn keep(&self, failure: Option<&Failure>) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = failure.map(ToString::to_string);
    }
}

/// It is there, but may not say its version to everybody: what it lets us read, each gate finds out.
fn is_an_answer(failure: &Failure) -> bool {
    !failure.kind.is_unreachable() && failure.kind.status().is_some_and(|status| status < 500)
}
