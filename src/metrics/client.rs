//! The client of one gate: asks a source of metrics one question at a time for each check and arm.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::answer::Answer;
use super::credentials::{Credentials, Sent};
use super::endpoint::Endpoint;

use super::source_error::SourceError;
use super::{exchange, failure, query, transport};
use crate::cluster::api::connection::Tap;
use crate::cluster::api::{ProxyVariables, RequestCounter};
use crate::gate::model::{Arm, Measurement, MetricQuestion};
use crate::gate::spec::{Check, MetricsSource, PodLabels};
use crate::recording::line::{AnsweredAt, Entry, MetricsEntry};
use crate::recording::mapping::metrics::measurement;

/// How long a question may take until its answer is there as a whole.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the source of metrics of one gate.
pub struct MetricsClient {
    client: kube::Client,
    endpoint: Endpoint,
    credentials: Arc<Credentials>,
    patience: Duration,
    requests: RequestCounter,
    tap: Option<(Tap, String)>,
    /// Whose turn it is for each check and arm.
    asking: Mutex<HashMap<(String, Arm), Turn>>,
}

/// Held by the question that is being answered.
type Turn = Arc<tokio::sync::Mutex<()>>;

impl fmt::Debug for MetricsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetricsClient").field("endpoint", &self.endpoint.shown).finish_non_exhaustive()
    }
}

/// What came of a request, before anybody has read it.
#[derive(Default)]
struct Told {
    status: Option<u16>,
    date_ms: Option<i64>,
    body: Option<Box<RawValue>>,
    error: Option<String>,
}

impl MetricsClient {
    /// Prepares a client; relative paths of files begin at `folder`, and proxies are those of the environment. Nothing is
    /// asked yet, but every file is read once. It must be called within a runtime of tokio.
    ///
    /// # Errors
    ///
    /// Where the source cannot be asked as it is described: a usage error.
    pub fn new(source: &MetricsSource, folder: &Path) -> Result<Self, SourceError> {
        Self::with_proxies(source, folder, &ProxyVariables::read(|name| std::env::var(name).ok()))
    }

    /// Prepares a client with these proxies.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn with_proxies(source: &MetricsSource, folder: &Path, proxies: &ProxyVariables) -> Result<Self, SourceError> {
        let endpoint = Endpoint::parse(&source.url)?;
        let credentials = Arc::new(Credentials::new(source, folder)?);
        let client = transport::client(source, &endpoint, folder, proxies)?;
        Ok(Self {
            client,
            endpoint,
            credentials,
            patience: PATIENCE,
            requests: RequestCounter::default(),
            tap: None,
            asking: Mutex::default(),
        })
    }

    /// Lets something hear of every answer, as one of the gate of this app.
    #[must_use]
    pub fn with_tap(mut self, tap: Tap, app: &str) -> Self {
        self.tap = Some((tap, app.to_owned()));
        self
    }

    /// Gives a question this time instead of [`PATIENCE`].
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Requests made so far.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.count()
    }

    /// Asks a question of a check, about pods in a namespace, and tells what came of it. It ends within [`PATIENCE`]. While
    /// a question about the same check and arm is being answered, the next one waits.
    pub async fn measure(
        &self,
        check: &Check,
        labels: &PodLabels,
        namespace: &str,
        question: &MetricQuestion,
    ) -> Measurement {
        self.ask((&question.check, question.arm), namespace, query::text(check, labels, namespace, question)).await
    }

    /// Asks about every pod of the namespace, so far back, as [`Self::measure`] asks about some.
    pub async fn preview(&self, check: &Check, labels: &PodLabels, namespace: &str, window: Duration) -> Measurement {
        let query = query::of_every_pod(check, labels, namespace, window);
        self.ask((&check.name, Arm::Canary), namespace, query).await
    }

    async fn ask(&self, about: (&str, Arm), namespace: &str, query: String) -> Measurement {
        let deadline = Instant::now() + self.patience;
        let told = timeout_at(deadline, self.ask_in_turn(about, &query)).await.unwrap_or_else(|_| Told {
            error: Some(self.failed(&format!(
                "no whole answer within {} s; is the source overloaded, or does a firewall drop the connection?",
                self.patience.as_secs_f64()
            ))),
            ..Told::default()
        });
        let mut entry = MetricsEntry {
            app: self.tap.as_ref().map(|(_, app)| app.clone()),
            namespace: Some(namespace.to_owned()),
            arm: about.1,
            check: about.0.to_owned(),
            query: Some(query),
            answered_at: told.date_ms.map_or(AnsweredAt::Untold, AnsweredAt::Told),
            status: told.status.filter(|status| *status != 200),
            error: told.error,
            body: told.body,
        };
        let mut measured = measurement(&entry, 0);
        if let (Err(trouble), None) = (&mut measured.answer, &entry.error) {
            trouble.message = self.failed(&trouble.message);
            entry.error = Some(trouble.message.clone());
        }
        if let Some((tap, _)) = &self.tap {
            let mut tap = tap.lock().unwrap_or_else(PoisonError::into_inner);
            tap(Instant::now(), &Entry::Metrics(Box::new(entry)));
        }
        measured
    }

    async fn ask_in_turn(&self, (check, arm): (&str, Arm), query: &str) -> Told {
        let turn = {
            let mut asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(asking.entry((check.to_owned(), arm)).or_default())
        };
        let _turn = turn.lock().await;
        let failed = |words: String| Told { error: Some(self.failed(&words)), ..Told::default() };
        let sent = match self.credentials.sent().await {
            Ok(sent) => sent,
            Err(words) => return failed(words),
        };
        self.requests.add(1);
        let headers = sent.headers.clone();
        match exchange::ask(&self.client, &self.endpoint, headers, query, self.patience).await {
            Ok(answer) => self.told(&answer, &sent),
            Err(words) => failed(words),
        }
    }

    /// What an answer holds: the JSON of the API, or words about what it is instead.
    fn told(&self, answer: &Answer, sent: &Sent) -> Told {
        let mut told = Told { status: Some(answer.status), date_ms: answer.date_ms, ..Told::default() };
        let text = String::from_utf8_lossy(&answer.body);
        // A proxy that asks who we are may answer in anybody's shape.
        if !matches!(answer.status, 401 | 403 | 407) {
            told.body = api_answer(&text, sent);
        }
        if told.body.is_none() {
            let words = failure::of_answer(answer, &sent.mask(&text), &self.credentials.words());
            told.error = Some(self.failed(&words));
            // Only the API itself can say that it does not understand a query. A gateway has other reasons for a 400.
            told.status = told.status.filter(|status| !matches!(status, 400 | 422));
        }
        told
    }

    /// The operation and what became of it.
    fn failed(&self, words: &str) -> String {
        format!("POST {}: {words}", self.endpoint.shown)
    }
}

/// The body, where it has the API's shape. An error's words are cleared of the credentials that the source may quote.
fn api_answer(text: &str, sent: &Sent) -> Option<Box<RawValue>> {
    #[derive(serde::Deserialize)]
    struct Shape {
        status: String,
    }
    let Shape { status } = serde_json::from_str(text).ok()?;
    if status == "success" {
        return RawValue::from_string(sent.mask_credentials(text)).ok();
    }
    let Ok(Value::Object(mut fields)) = serde_json::from_str(text) else { return None };
    for said in fields.values_mut() {
        if let Value::String(said) = said {
            *said = sent.mask(said);
        }
    }
    RawValue::from_string(Value::Object(fields).to_string()).ok()
}
