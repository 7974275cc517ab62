//! A log that is followed.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt;
use kube::client::Body;
use tokio::time::Instant;

use super::body::{BIGGEST_ERROR, collect, content_type};
use super::exchange::Call;
use crate::cluster::api::{Collection, with_query};
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::api::{FailureKind, of_connection, of_foreign_body};

/// What a log request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRequest<'a> {
    /// The pod's namespace.
    pub namespace: &'a str,
    /// The pod.
    pub pod: &'a str,
    /// The container.
    pub container: &'a str,
    /// The attempt before the newest one.
    pub previous: bool,
    /// The newest `restartCount` that is known, for the recording.
    pub restarts: u32,
}

/// A log that is open.
#[derive(Debug)]
pub struct LogStream {
    body: Body,
}

impl Connection {
    /// Opens the log of a container, each line with its time. A node may begin its answer only when there is something to
    /// tell, so the begin may take `patience`.
    ///
    /// # Errors
    ///
    /// Where there is no log to be had.
    pub async fn open_log(
        &self,
        (namespace, pod, container): (&str, &str, &str),
        since: Option<&str>,
        follow: bool,
        patience: Duration,
        meter: &RequestCounter,
    ) -> Result<LogStream, FailureKind> {
        let path = Collection::log_path(namespace, pod);
        let mut query = vec![("container", container), ("timestamps", "true")];
        query.extend(follow.then_some(("follow", "true")));
        query.extend(since.map(|since| ("sinceTime", since)));
        let path = with_query(&path, &query);
        let call = Call { method: Method::GET, path_and_query: &path, accept: "*/*", body: Bytes::new(), patience };
        let response = self.exchange(&call, meter).await?;
        if content_type(&response).contains("html") {
            let (status, deadline) = (response.status(), Instant::now() + self.request_timeout);
            let body = collect(response.into_body(), BIGGEST_ERROR, deadline, self.request_timeout).await?;
            return Err(of_foreign_body(status, &body));
        }
        Ok(LogStream { body: response.into_body() })
    }
}

impl LogStream {
    /// What came next; `None` where the stream ended in good order.
    ///
    /// # Errors
    ///
    /// Where the connection broke.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FailureKind> {
        while let Some(frame) = self.body.frame().await {
            if let Ok(data) = frame.map_err(|error| of_connection(&error))?.into_data() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}
