//! Does the API server answer? Asked again and again, for those who want to know without asking themselves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::sleep;

use super::connection::Connection;

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(15);

/// Whether the API server answered when it was asked last.
#[derive(Debug, Default)]
pub struct Reachable(Mutex<Option<String>>);

impl Reachable {
    /// Why it did not; `None` where it did.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks for its version again and again, for ever.
    pub async fn follow(self: Arc<Self>, connection: Arc<Connection>) {
        loop {
            sleep(EVERY).await;
            let failure = connection.version().await.err().map(|failure| failure.to_string());
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failure;
        }
    }
}
