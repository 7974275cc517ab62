//! Where every request comes in: it is counted, and then goes through what disturbs it to the server.

use std::sync::{Arc, PoisonError};

use axum::extract::Request;
use axum::response::Response;

use super::faults::{self, Closed};
use super::options::Begin;
use super::requests;
use super::shared::Shared;

/// Takes a request in, and gives its answer or the end of its connection.
pub(super) async fn handle(shared: Arc<Shared>, request: Request) -> Result<Response, Closed> {
    if shared.begin == Begin::AtFirstRequest {
        shared.clock.start();
    }
    shared.requests.lock().unwrap_or_else(PoisonError::into_inner).push(requests::Request {
        method: requests::shortened(request.method().as_str()),
        path: requests::shortened(request.uri().path()),
        query: requests::shortened(request.uri().query().unwrap_or_default()),
        at_ms: shared.clock.now_ms(),
    });
    faults::disturbed(shared, request).await
}
