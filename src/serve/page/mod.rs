//! The page for people: the gates now and lately, and one page for each, kept up to date by server-sent events.
//!
//! Everything is rendered here and nothing is loaded from elsewhere; one small script swaps in what changed. Without it the page
//! is the same, and reloads itself.

mod events;
mod frame;
mod gate;
mod list;
mod look;
mod state;

use axum::Extension;
use axum::Router;
use axum::extract::{Path, Query, RawQuery, State};
use axum::response::Response;
use axum::routing::get;

pub use state::{FOLLOWERS, HEARTBEAT, Page, Sight};

/// The routes `GET /`, `GET /events`, `GET /gates/ID` and `GET /gates/ID/events`.
///
/// It takes a [`Page`], and a [`Sight`] in the extensions of each request: authenticate the request first (a browser can do
/// Basic), ask for the right to the page, and insert what this caller may see. Requests to `events` last for as long as
/// somebody looks: no limit of time may be laid over them, and the connection counts for that long. Links lead to
/// `/v1/gates/ID/report.*`.
pub fn router(page: Page) -> Router {
    Router::new()
        .route("/", get(list_page))
        .route("/events", get(list_events))
        .route("/gates/{id}", get(gate_page))
        .route("/gates/{id}/events", get(gate_events))
        .with_state(page)
}

fn sight(extension: Option<Extension<Sight>>) -> Sight {
    extension.map_or_else(|| Sight::of(|_| false), |Extension(sight)| sight)
}

async fn list_page(
    State(page): State<Page>,
    extension: Option<Extension<Sight>>,
    Query(asked): Query<list::Asked>,
) -> Response {
    let gates = page.seen(&sight(extension), &asked);
    frame::answer(|nonce| list::render(&gates, &asked, nonce))
}

async fn list_events(
    State(page): State<Page>,
    extension: Option<Extension<Sight>>,
    Query(asked): Query<list::Asked>,
) -> Response {
    events::of_list(page, sight(extension), asked)
}

async fn gate_page(
    State(page): State<Page>,
    extension: Option<Extension<Sight>>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(gate) = page.watch(&sight(extension), &id) else { return frame::not_found(gate::unknown) };
    let view = gate.borrow().clone();
    // What the script asks for.
    if query.as_deref() == Some("live") {
        return frame::part(&gate::live(&view));
    }
    frame::answer(|nonce| gate::render(&view, nonce))
}

async fn gate_events(
    State(page): State<Page>,
    extension: Option<Extension<Sight>>,
    Path(id): Path<String>,
) -> Response {
    match page.watch(&sight(extension), &id) {
        Some(gate) => events::of_gate(&page, gate),
        None => frame::not_found(gate::unknown),
    }
}
