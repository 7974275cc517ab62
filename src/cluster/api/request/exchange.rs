//! One exchange with the API server: a request, and the head of its answer.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use kube::client::Body;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;
use tracing::debug;

use super::body::{BIGGEST_ERROR, collect, content_type};
use crate::cluster::api::connection::{Access, Renewal};
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::api::{FailureKind, of_connection, of_status};

/// One request as it is made.
pub(super) struct Call<'a> {
    pub method: Method,
    pub path_and_query: &'a str,
    pub accept: &'a str,
    /// JSON; empty where there is none.
    pub body: Bytes,
    /// How long the head of the answer may take.
    pub patience: Duration,
}

impl Connection {
    /// One request, up to the head of a good answer.
    pub(super) async fn send(
        &self,
        path_and_query: &str,
        accept: &str,
        meter: &RequestCounter,
    ) -> Result<Response<Body>, FailureKind> {
        let patience = self.request_timeout;
        let call = Call { method: Method::GET, path_and_query, accept, body: Bytes::new(), patience };
        self.exchange(&call, meter).await
    }

    /// One request of any kind. Where the credentials ran out they are read again, and the request is made once more: only
    /// here is it known which client was refused, and what was refused had no effect.
    pub(super) async fn exchange(
        &self,
        call: &Call<'_>,
        meter: &RequestCounter,
    ) -> Result<Response<Body>, FailureKind> {
        let mut access = self.access();
        let ends_soon = access.credential.renew_at.is_some_and(|at| at <= jiff::Timestamp::now());
        if ends_soon && self.renew(access.generation, Renewal::Expiring, call.patience).await {
            access = self.access();
        }
        let generation = access.generation;
        match self.exchange_with(access, call, meter).await {
            Err(FailureKind::Unauthorized(_)) if self.renew(generation, Renewal::Refused, call.patience).await => {
                self.exchange_with(self.access(), call, meter).await
            }
            answer => answer,
        }
    }

    async fn exchange_with(
        &self,
        Access { client, credential, .. }: Access,
        call: &Call<'_>,
        meter: &RequestCounter,
    ) -> Result<Response<Body>, FailureKind> {
        const NAME: &str = concat!("crashgate/", env!("CARGO_PKG_VERSION"));
        let Call { method, path_and_query, accept, body, patience } = call;
        let deadline = Instant::now() + *patience;
        let mut request =
            Request::builder().method(method).uri(*path_and_query).header(ACCEPT, *accept).header(USER_AGENT, NAME);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(bearer) = credential.bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        let request = request
            .body(if body.is_empty() { Body::empty() } else { Body::from(body.clone()) })
            .map_err(|error| FailureKind::Undecodable(format!("the request cannot be made: {error}")))?;
        self.total.add(1);
        meter.add(1);
        // In a task of its own: whatever of the client library blocks the thread, the time limit must hold all the same.
        let sent = AbortOnDropHandle::new(tokio::spawn(async move { client.send(request).await }));
        let begun = Instant::now();
        debug!(%method, path = path_and_query, "request sent");
        let answered = match timeout_at(deadline, sent).await {
            Err(_) => Err(FailureKind::TimedOut(*patience)),
            Ok(Err(_)) => {
                let what = "the request ended before its answer".to_owned();
                Err(FailureKind::Unreachable { what, hopeless: false })
            }
            Ok(Ok(Err(error))) => Err(of_connection(&error)),
            Ok(Ok(Ok(response))) => Ok(response),
        };
        let took = begun.elapsed();
        match &answered {
            Ok(response) => {
                debug!(%method, path = path_and_query, status = response.status().as_u16(), ?took, "request answered");
            }
            Err(kind) => debug!(%method, path = path_and_query, error = %kind, ?took, "request failed"),
        }
        let response = answered?;
        if matches!(response.status(), StatusCode::OK | StatusCode::CREATED | StatusCode::ACCEPTED) {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let content_type = content_type(&response);
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        // The status says enough where the body does not come.
        let body = collect(response.into_body(), BIGGEST_ERROR, deadline, self.request_timeout).await;
        Err(of_status(status, retry_after, &body.unwrap_or_default(), &content_type))
    }
}
