//! Reading the body of an answer, within limits of size and time.

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use tokio::time::{Instant, timeout};

use crate::cluster::api::{FailureKind, of_connection, of_foreign_body};
use std::time::Duration;

/// A page bigger than this is refused.
pub(super) const BIGGEST_BODY: usize = 256 * 1024 * 1024;

/// As much of an error's body is read.
pub(super) const BIGGEST_ERROR: usize = 64 * 1024;

pub(super) async fn collect(
    mut body: Body,
    limit: usize,
    deadline: Instant,
    patience: Duration,
) -> Result<Bytes, FailureKind> {
    let whole = async {
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| of_connection(&error))?;
            if let Some(data) = frame.data_ref() {
                if bytes.len() + data.len() > limit {
                    return Err(FailureKind::Undecodable(format!("it is larger than {limit} bytes")));
                }
                bytes.extend_from_slice(data);
            }
        }
        Ok(bytes.freeze())
    };
    let left = deadline.saturating_duration_since(Instant::now());
    timeout(left, whole).await.unwrap_or(Err(FailureKind::TimedOut(patience)))
}

pub(super) fn content_type(response: &Response<Body>) -> String {
    let value = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_ascii_lowercase()
}

/// The API server always names its type. Without a name the body decides.
pub(super) fn is_json(response: &Response<Body>) -> bool {
    let content_type = content_type(response);
    content_type.is_empty() || content_type.contains("json")
}

pub(super) fn unreadable(body: &[u8], error: &serde_json::Error) -> FailureKind {
    if starts_like_an_object(body) {
        FailureKind::Undecodable(error.to_string())
    } else {
        of_foreign_body(StatusCode::OK, body)
    }
}

pub(super) fn starts_like_an_object(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'{')
}
