//! What is served to those who look on: the page for people, and the figures for monitoring systems.

use std::sync::Arc;

use axum::extract::{Extension, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, body::Body};
use http::header::CONTENT_TYPE;

use super::Gates;
use super::http::Caller;
use super::page::{self, Page, Sight};
use super::telemetry::{Metrics, Now, OPEN_METRICS};

/// The routes `GET /`, `GET /events`, `GET /gates/ID`, `GET /gates/ID/events` and `GET /metrics`, for
/// [`Extras`](super::http::Extras): each request carries the [`Caller`] who may look on, and who sees the gates of their own
/// namespaces and plans. `now` tells what is so at the moment of the question; how many pages are followed is added.
pub fn routes<N>(gates: Arc<dyn Gates>, page: Page, metrics: Metrics, now: N) -> Router
where
    N: Fn() -> Now + Clone + Send + Sync + 'static,
{
    let following = page.clone();
    let figures = move || {
        let now = Now { followers: following.following(), ..now() };
        let text = metrics.text(&gates.all(), now);
        async move { ([(CONTENT_TYPE, OPEN_METRICS)], Body::from(text)).into_response() }
    };
    page::router(page).layer(from_fn(with_sight)).route("/metrics", get(figures))
}

/// Says what the caller may see. Nobody is known: nothing is seen.
async fn with_sight(caller: Option<Extension<Caller>>, mut request: Request, next: Next) -> Response {
    if let Some(Extension(caller)) = caller {
        request.extensions_mut().insert(Sight::of(move |call| caller.sees(&call.namespace, &call.plan)));
    }
    next.run(request).await
}
