//! Whether the API server answers at all, known to all sources: while it does not, one source asks and the others wait.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

/// Nobody waits longer than this for another to find out.
const LONGEST_WAIT: Duration = Duration::from_mins(2);

/// The state of the link.
#[derive(Debug)]
pub struct Link {
    up: watch::Sender<bool>,
}

impl Default for Link {
    fn default() -> Self {
        Self { up: watch::Sender::new(true) }
    }
}

impl Link {
    /// A request got an answer, or did not.
    pub fn is(&self, up: bool) {
        self.up.send_if_modified(|was| std::mem::replace(was, up) != up);
    }

    /// Waits until there was an answer again.
    pub async fn wait_up(&self) {
        let mut state = self.up.subscribe();
        // Neither a timeout nor a link that is dropped keeps the caller from finding out itself.
        let _ = timeout(LONGEST_WAIT, state.wait_for(|up| *up)).await;
    }
}
