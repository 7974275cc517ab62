//! Watches: opened, cut into lines, and every line that cannot be trusted named.

use std::time::Duration;

use http_body_util::BodyExt;
use kube::client::Body;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;
use tracing::debug;

use super::body::{BIGGEST_ERROR, collect, is_json};
use crate::cluster::api::{Collection, with_query};
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::api::{Failure, FailureKind, of_connection, of_foreign_body, of_watch_error};
use crate::cluster::api::{LONGEST_LINE, Lines};
use crate::recording::line::Entry;

impl Connection {
    /// Opens a watch that goes on from `version` and that the server ends after `lasting`.
    ///
    /// # Errors
    ///
    /// Where the server does not begin it.
    pub async fn watch(
        &self,
        collection: &Collection,
        version: &str,
        lasting: Duration,
        meter: &RequestCounter,
    ) -> Result<Watch<'_>, Failure> {
        let path = collection.path();
        let seconds = lasting.as_secs().max(1).to_string();
        let mut query = vec![
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", version),
            ("timeoutSeconds", &seconds),
        ];
        query.extend(collection.selector.as_deref().map(|selector| ("labelSelector", selector)));
        let deadline = Instant::now() + self.request_timeout;
        let opened = match self.send(&with_query(&path, &query), "application/json", meter).await {
            Ok(response) if is_json(&response) => Ok(response),
            Ok(response) => {
                let status = response.status();
                Err(match collect(response.into_body(), BIGGEST_ERROR, deadline, self.request_timeout).await {
                    Ok(body) => of_foreign_body(status, &body),
                    Err(kind) => kind,
                })
            }
            Err(kind) => Err(kind),
        };
        let request = format!("WATCH {collection}");
        match opened {
            Ok(response) => {
                debug!(watch = %collection, version, "watch opened");
                self.tell(|| Entry::Opened { path: path.clone(), version: version.to_owned() });
                Ok(Watch {
                    connection: self,
                    request,
                    path,
                    body: response.into_body(),
                    lines: Lines::new(LONGEST_LINE),
                })
            }
            Err(kind) => {
                debug!(watch = %collection, version, error = %kind, "watch not opened");
                self.tell_failure(&path, &kind);
                Err(Failure { request, kind })
            }
        }
    }
}

/// A line of a watch.
#[derive(Debug)]
pub struct WatchLine {
    /// `ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`.
    pub kind: String,
    /// The object.
    pub object: Box<RawValue>,
}

/// A watch that is open.
#[derive(Debug)]
pub struct Watch<'a> {
    connection: &'a Connection,
    request: String,
    path: String,
    body: Body,
    lines: Lines,
}

impl Watch<'_> {
    /// The next line; `None` where the server ended the watch in good order. May be dropped and called again: nothing
    /// is lost.
    ///
    /// # Errors
    ///
    /// Where the stream breaks, a line cannot be read, or the server sends an error. The watch is of no use then.
    pub async fn next(&mut self) -> Result<Option<WatchLine>, Failure> {
        let answer = self.next_line().await;
        match &answer {
            Ok(Some(line)) => self.connection.tell(|| Entry::Event {
                path: self.path.clone(),
                kind: line.kind.clone(),
                object: line.object.clone(),
            }),
            Ok(None) => {
                debug!(watch = self.path, "watch closed by the server");
                self.connection.tell(|| Entry::Closed { path: self.path.clone() });
            }
            Err(kind @ FailureKind::Expired(_)) => {
                debug!(watch = self.path, error = %kind, "watch expired");
                self.connection.tell_failure(&self.path, kind);
            }
            Err(kind) => {
                debug!(watch = self.path, error = %kind, "watch broken");
                self.connection.tell_failure(&self.path, kind);
            }
        }
        answer.map_err(|kind| Failure { request: self.request.clone(), kind })
    }

    async fn next_line(&mut self) -> Result<Option<WatchLine>, FailureKind> {
        #[derive(Deserialize)]
        struct Line {
            #[serde(rename = "type")]
            kind: String,
            object: Box<RawValue>,
        }
        loop {
            let line = self.lines.next_line().map_err(|error| FailureKind::Undecodable(error.to_string()))?;
            if let Some(line) = line {
                let Line { kind, object } = serde_json::from_slice(&line)
                    .map_err(|error| FailureKind::Undecodable(format!("a line of the watch: {error}")))?;
                return match kind.as_str() {
                    "ERROR" => Err(of_watch_error(object.get())),
                    "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" => Ok(Some(WatchLine { kind, object })),
                    _ => Err(FailureKind::Undecodable(format!("a line of the watch has the type `{kind}`"))),
                };
            }
            match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.lines.push(data);
                    }
                }
                Some(Err(error)) => return Err(of_connection(&error)),
                None if self.lines.is_torn() => {
                    let what = "the stream ended in the middle of a line".to_owned();
                    return Err(FailureKind::Unreachable { what, hopeless: false });
                }
                None => return Ok(None),
            }
        }
    }
}
