//! One request to a source of metrics, and the whole of its answer.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderName, LOCATION, USER_AGENT};
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use tokio::time::Instant;
use tracing::debug;

use super::answer::Answer;
use super::endpoint::{Endpoint, QUERY_PATH};
use super::failure;
use crate::cluster::api::with_query;

/// A longer answer is cut off: nothing that a gate can judge is as long.
const BIGGEST_ANSWER: usize = 8 * 1024 * 1024;

/// As much of an error's body is read.
const BIGGEST_ERROR: usize = 64 * 1024;

/// Sends a query. `patience` is how long the source may take for it.
///
/// # Errors
///
/// Where there is no whole answer, in words.
pub(super) async fn ask(
    client: &Client,
    endpoint: &Endpoint,
    credentials: HeaderMap,
    query: &str,
    patience: Duration,
) -> Result<Answer, String> {
    const NAME: &str = concat!("crashgate/", env!("CARGO_PKG_VERSION"));
    let timeout = format!("{}s", patience.as_secs().max(1));
    // Thanos would rather leave out a store than say that it is down. Prometheus passes over what it does not know.
    let form =
        with_query("", &[("query", query), ("timeout", &timeout), ("partial_response", "false"), ("dedup", "true")]);
    let mut request = Request::post(QUERY_PATH)
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(USER_AGENT, NAME)
        .body(Body::from(form.trim_start_matches('?').as_bytes().to_vec()))
        .map_err(|_| "the request cannot be made".to_owned())?;
    request.headers_mut().extend(credentials);
    let begun = Instant::now();
    debug!(method = "POST", url = endpoint.shown, "request sent");
    let response = client.send(request).await.map_err(|error| failure::of_connection(&error));
    match &response {
        Ok(response) => {
            let status = response.status().as_u16();
            debug!(method = "POST", url = endpoint.shown, status, took = ?begun.elapsed(), "request answered");
        }
        Err(error) => debug!(method = "POST", url = endpoint.shown, error, took = ?begun.elapsed(), "request failed"),
    }
    read(response?).await
}

async fn read(response: Response<Body>) -> Result<Answer, String> {
    let is_success = response.status().is_success();
    let mut answer = head(&response);
    let collected = if is_success {
        collect(response.into_body(), BIGGEST_ANSWER).await
    } else {
        // The status says enough where the body does not come.
        Ok(collect(response.into_body(), BIGGEST_ERROR).await.unwrap_or_default())
    };
    answer.body = collected?;
    Ok(answer)
}

/// What an answer says before its body.
fn head(response: &Response<Body>) -> Answer {
    let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
    let date = text(DATE).and_then(|date| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
    let is_encoded = text(CONTENT_ENCODING).is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"));
    Answer {
        status: response.status().as_u16(),
        date_ms: date.map(jiff::Timestamp::as_millisecond),
        content_type: text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase(),
        is_encoded,
        location: text(LOCATION).map(str::to_owned),
        body: Bytes::new(),
    }
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, String> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            format!("the answer broke off after {} bytes: {}", bytes.len(), failure::of_connection(&error))
        })?;
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > limit {
                let limit = limit / (1024 * 1024);
                return Err(format!("the answer is larger than {limit} MiB; narrow the selector by another label"));
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes.freeze())
}
