//! The API over HTTP: one endpoint, by GET or POST.

use std::time::Duration;

use axum::extract::{Form, FromRequest, Request};
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;

use super::PREFIX;
use super::store::{Told, milliseconds, refused};
use crate::sandbox::shared::Shared;
use crate::sandbox::status::json_response;

/// The endpoint of instant queries.
const QUERY: &str = "/api/v1/query";

/// True for the path of an instant query.
pub(in crate::sandbox) fn is_query(path: &str) -> bool {
    path.strip_prefix(PREFIX).unwrap_or(path).trim_end_matches('/') == QUERY
}

/// Nothing has been scraped for so long.
#[derive(Debug, Clone, Copy)]
pub(in crate::sandbox) struct Behind(pub Duration);

/// Answers an instant query.
pub(in crate::sandbox) async fn answer(shared: &Shared, request: Request) -> Response {
    let behind = request.extensions().get::<Behind>().map_or(Duration::ZERO, |behind| behind.0);
    let is_known = matches!(*request.method(), Method::GET | Method::POST);
    let told = match Form::<Vec<(String, String)>>::from_request(request, &()).await {
        Ok(Form(parameters)) if is_known => look_up(shared, &parameters, behind),
        Ok(_) => refused(405, "bad_data", "the API is asked by GET or POST"),
        Err(error) => refused(400, "bad_data", &format!("error parsing form values: {}", error.body_text())),
    };
    let mut response = json_response(StatusCode::from_u16(told.0).unwrap_or(StatusCode::BAD_GATEWAY), &told.1);
    // The clock of the source is that of the playback: samples are as old as they were.
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now(shared));
    if let Some(date) = date.ok().and_then(|date| HeaderValue::from_str(&date).ok()) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

fn look_up(shared: &Shared, parameters: &[(String, String)], behind: Duration) -> Told {
    let parameter = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let look = shared.look();
    let shift = i64::try_from(shared.clock.shift().as_millis()).unwrap_or(i64::MAX);
    let start = look.timeline.header.started_at.as_millisecond();
    let elapsed = i64::try_from(look.now_ms).unwrap_or(i64::MAX);
    let behind = i64::try_from(behind.as_millis()).unwrap_or(i64::MAX);
    let now = start.saturating_add(elapsed).saturating_sub(behind);
    let mut at = now;
    if let Some(time) = parameter("time").filter(|time| !time.is_empty()) {
        let Some(asked) = instant(time) else {
            let why = format!("invalid parameter \"time\": cannot parse {time:?} to a valid timestamp");
            return refused(400, "bad_data", &why);
        };
        // What is still to come is not there yet.
        at = asked.saturating_sub(shift).min(now);
    }
    look.timeline.metrics.answer(parameter("query").unwrap_or_default(), at, look.now_ms, shift)
}

/// A time as the API takes it: seconds since 1970, or RFC 3339. In milliseconds since 1970.
fn instant(text: &str) -> Option<i64> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite()).map(milliseconds);
    seconds.or_else(|| text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond))
}

/// The present time of the playback.
fn now(shared: &Shared) -> Timestamp {
    let look = shared.look();
    let elapsed = Duration::from_millis(look.now_ms);
    let recorded = look.timeline.header.started_at.checked_add(elapsed);
    recorded.and_then(|now| now.checked_add(shared.clock.shift())).unwrap_or_else(|_| Timestamp::now())
}
