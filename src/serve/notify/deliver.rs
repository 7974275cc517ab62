//! One receiver's queue, sent one after another.

use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use tokio::sync::mpsc::Receiver;
use tokio::time::{sleep, timeout};

use super::signature::Secret;
use super::target::{Form, Target};
use super::telling::Telling;
use crate::serve::telemetry::{Metrics, Notified};
use crate::text::Redaction;

/// How often one is tried.
const TRIES: u32 = 3;
/// Of an answer so much is read: a connection is used again only once its answer is over.
const LONGEST_ANSWER: usize = 64 * 1024;

/// How long a receiver may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For one try.
    pub answer: Duration,
    /// Before the second try; four times as long before the third.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { answer: Duration::from_secs(10), pause: Duration::from_secs(1) }
    }
}

/// What sends to one receiver.
pub(super) struct Worker {
    pub target: Arc<Target>,
    pub client: Client,
    pub secret: Option<Secret>,
    pub patience: Patience,
    pub metrics: Metrics,
}

/// Why a try came to nothing.
struct Failed {
    words: String,
    /// Another try may go better.
    passes: bool,
}

impl Worker {
    /// Sends until there is nobody any more who tells.
    pub(super) async fn run(self, mut queue: Receiver<Telling>) {
        while let Some(telling) = queue.recv().await {
            let sent = self.send(&telling).await;
            self.metrics.notified(if sent { Notified::Sent } else { Notified::Failed });
        }
    }

    async fn send(&self, telling: &Telling) -> bool {
        let mut pause = self.patience.pause;
        for number in 1..=TRIES {
            let receiver = self.target.shown();
            let Err(failed) = self.once(telling).await else { return true };
            let why = Redaction::On.text(&failed.words).line();
            if !failed.passes || number == TRIES {
                tracing::warn!(%receiver, %why, tries = number, "notification failed");
                return false;
            }
            tracing::debug!(%receiver, %why, tries = number, "notification is tried again");
            sleep(pause).await;
            pause *= 4;
        }
        false
    }

    async fn once(&self, telling: &Telling) -> Result<(), Failed> {
        let answer = timeout(self.patience.answer, self.exchange(telling)).await;
        let slow =
            || Failed { words: format!("no answer within {} s", self.patience.answer.as_secs_f64()), passes: true };
        let status = answer.unwrap_or_else(|_| Err(slow()))?;
        if status.is_success() {
            return Ok(());
        }
        let passes =
            status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
        Err(Failed { words: format!("it answered {status}"), passes })
    }

    async fn exchange(&self, telling: &Telling) -> Result<StatusCode, Failed> {
        const NAME: &str = concat!("crashgate/", env!("CARGO_PKG_VERSION"));
        let body = match self.target.form {
            Form::Result => &telling.result,
            Form::Slack => &telling.slack,
        };
        let timestamp = jiff::Timestamp::now().as_second().to_string();
        let mut request = Request::post(&self.target.path)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, NAME)
            .header("x-crashgate-timestamp", &timestamp);
        if let Some(secret) = &self.secret {
            request = request.header("x-crashgate-signature", secret.sign(&timestamp, body));
        }
        let request = request
            .body(Body::from(body.to_vec()))
            .map_err(|_| Failed { words: "the request cannot be made".to_owned(), passes: false })?;
        let response =
            self.client.send(request).await.map_err(|error| Failed { words: in_words(&error), passes: true })?;
        let status = response.status();
        let mut body = response.into_body();
        let mut read = 0;
        while let Some(Ok(frame)) = body.frame().await {
            read += frame.data_ref().map_or(0, bytes::Bytes::len);
            if read > LONGEST_ANSWER {
                break;
            }
        }
        Ok(status)
    }
}

/// The innermost of what went wrong, which names neither path nor query.
fn in_words(error: &kube::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    format!("it cannot be reached: {innermost}")
}
