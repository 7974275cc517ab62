//! The reader of the pod's log: opens it again for as long as the container runs, and until all of it was read.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::cluster::api::Backoff;
use crate::cluster::api::FailureKind;
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::run::LogResume;
use crate::cluster::watch::SourceHandle;
use crate::gate::result::CONTAINER;
use crate::gate::run::Stage;

/// A connection on which nothing came for so long is given up: it may be dead, and to open it again costs nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// A connection that is still open so long after the container's end is given up.
const AFTER_THE_END: Duration = Duration::from_secs(3);
/// Tries in a row that gave nothing, once the container has ended.
const TRIES: u32 = 6;

/// What became of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LogEnd {
    /// All of it was read.
    Whole,
    /// Some of it could not be read.
    Torn(String),
}

/// Whose log is read, and who wants it.
pub(super) struct Reader {
    pub connection: Arc<Connection>,
    pub namespace: String,
    pub pod: String,
    pub meter: RequestCounter,
    /// How far the container is.
    pub stage: watch::Receiver<Stage>,
    /// The container seems to have ended: asks for a look at the pod.
    pub look: SourceHandle,
    /// Takes what the container wrote.
    pub to: mpsc::Sender<Bytes>,
}

/// How a connection ended.
enum Closed {
    /// In good order.
    Whole,
    /// Nothing came on it any more.
    Silent,
    /// The node said something else in place of the log.
    Foreign(String),
    /// It broke, or never began.
    Broken(FailureKind),
    /// Nobody listens any more.
    Unheard,
}

impl Reader {
    /// Reads to the end. All is read when a connection that was opened after the container's end was closed in good order
    /// and gave nothing new: an API server that loses its node closes in good order too.
    pub(super) async fn read(mut self) -> LogEnd {
        let mut resume = LogResume::default();
        let mut backoff = Backoff::default();
        let mut in_vain = 0;
        loop {
            if self.stage.wait_for(|stage| *stage != Stage::Waiting).await.is_err() {
                return LogEnd::Torn("there was no time left to read it".to_owned());
            }
            let had_ended = *self.stage.borrow() == Stage::Ended;
            let before = resume.given();
            let closed = self.read_once(&mut resume, !had_ended).await;
            if resume.given() > before {
                (backoff, in_vain) = (Backoff::default(), 0);
                if had_ended {
                    continue;
                }
            }
            let why = match closed {
                Closed::Whole if had_ended && resume.has_gap() => {
                    return LogEnd::Torn("the node had discarded some of it before it could be read".to_owned());
                }
                Closed::Whole if had_ended => return LogEnd::Whole,
                Closed::Unheard => return LogEnd::Torn("there was no time left to read it".to_owned()),
                Closed::Whole | Closed::Silent => {
                    self.look.relist();
                    "the connection stayed silent".to_owned()
                }
                Closed::Foreign(words) => format!("the node said: {words}"),
                Closed::Broken(kind @ (FailureKind::Forbidden(_) | FailureKind::Unauthorized(_))) => {
                    return LogEnd::Torn(format!(
                        "{kind}; it needs the rule apiGroups: [\"\"], resources: [\"pods/log\"], verbs: [get]"
                    ));
                }
                Closed::Broken(kind @ FailureKind::NotFound(_)) => return LogEnd::Torn(kind.to_string()),
                Closed::Broken(kind) => kind.to_string(),
            };
            if had_ended {
                in_vain += 1;
                if in_vain >= TRIES {
                    return LogEnd::Torn(why);
                }
            }
            let wait = backoff.after_failure(None);
            tokio::select! {
                () = sleep(wait) => {}
                _ = self.stage.wait_for(|stage| *stage == Stage::Ended), if !had_ended => {}
            }
        }
    }

    async fn read_once(&self, resume: &mut LogResume, follow: bool) -> Closed {
        let mut stage = self.stage.clone();
        // What is left of a connection once the container has ended.
        let over = async move {
            if !follow || stage.wait_for(|stage| *stage == Stage::Ended).await.is_err() {
                std::future::pending::<()>().await;
            }
            sleep(AFTER_THE_END).await;
        };
        tokio::select! {
            closed = self.take(resume, follow) => closed,
            () = over => Closed::Silent,
        }
    }

    async fn take(&self, resume: &mut LogResume, follow: bool) -> Closed {
        let whose = (self.namespace.as_str(), self.pod.as_str(), CONTAINER);
        let since = resume.since();
        let opened = self.connection.open_log(whose, since.as_deref(), follow, SILENCE, &self.meter).await;
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(kind) => return Closed::Broken(kind),
        };
        resume.begin();
        loop {
            let deadline = Instant::now() + SILENCE;
            let chunk = tokio::select! {
                chunk = stream.next() => chunk,
                () = sleep_until(deadline) => return Closed::Silent,
            };
            let (answer, is_over) = match chunk {
                Ok(Some(chunk)) => {
                    let mut new = Vec::new();
                    let answer = resume.push(&chunk, &mut new);
                    // What was taken in counts as given out, so it must be, whatever comes next.
                    if !new.is_empty() && self.to.send(new.into()).await.is_err() {
                        return Closed::Unheard;
                    }
                    (answer, false)
                }
                Ok(None) => (resume.finish(), true),
                Err(kind) => return Closed::Broken(kind),
            };
            match answer {
                Err(words) => return Closed::Foreign(words.0),
                Ok(()) if is_over => return Closed::Whole,
                Ok(()) => {}
            }
        }
    }
}
