//! What changes, sent to those who look on. Looking on is no call, and never in anybody's way: there are so many followers and
//! no more, and one that does not read is let go.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue};
use serde::Serialize;
use tokio::sync::mpsc::{self, Sender};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at};

use super::list::{self, Asked};
use super::look;
use super::state::{HEARTBEAT, Page, Sight};
use crate::gate::result::Verdict;
use crate::serve::{GateId, GateView};
use crate::text::SafeText;

/// How often the list is looked at, and how often one gate is told of at most.
const EVERY: Duration = Duration::from_secs(1);
/// So many events may wait for one who reads slowly.
const WAITING: usize = 8;

/// Changes of the list.
#[derive(Serialize)]
struct ListChange<'a> {
    /// The rows that are new or otherwise, the one that changed last first.
    rows: Vec<Row<'a>>,
    /// The rows that are gone.
    gone: Vec<&'a str>,
    counts: &'a str,
    /// What is said to those who hear the page.
    said: &'a str,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    html: &'a str,
}

/// A gate has changed.
#[derive(Serialize)]
struct GateChange<'a> {
    said: &'a str,
}

/// Follows the list.
pub(super) fn of_list(page: Page, sight: Sight, asked: Asked) -> Response {
    let stopping = page.stopping.clone();
    let followers = std::sync::Arc::clone(&page.followers);
    answer(&followers, stopping, move |sender| async move {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut beats = heartbeats();
        let mut known: Option<Known> = None;
        loop {
            let sent = tokio::select! {
                _ = ticks.tick() => {
                    let gates = page.seen(&sight, &asked);
                    let (event, now) = changes(&gates, &asked, known.as_ref());
                    known = Some(now);
                    event.is_none_or(|event| send(&sender, event))
                }
                _ = beats.tick() => beat(&sender),
                () = sender.closed() => false,
            };
            if !sent {
                return;
            }
        }
    })
}

/// What a follower was told of the list.
struct Known {
    rows: BTreeMap<GateId, String>,
    verdicts: BTreeMap<GateId, Option<Verdict>>,
    counts: SafeText,
}

/// What is to be told, and what is known then.
fn changes(gates: &[GateView], asked: &Asked, known: Option<&Known>) -> (Option<Event>, Known) {
    let shown = list::part(gates, asked);
    let rows: BTreeMap<GateId, String> =
        shown.iter().map(|view| (view.id.clone(), list::row(view).into_string())).collect();
    let verdicts = shown.iter().map(|view| (view.id.clone(), view.verdict)).collect();
    let now = Known { rows, verdicts, counts: list::counts(gates) };
    // What changed between the page and the first look is told as well: who reads it compares.
    let is_new = |id: &GateId| known.is_none_or(|known| known.rows.get(id) != now.rows.get(id));
    let changed: Vec<&GateView> = shown.iter().filter(|view| is_new(&view.id)).collect();
    let gone: Vec<&str> = known
        .iter()
        .flat_map(|known| known.rows.keys())
        .filter(|id| !now.rows.contains_key(*id))
        .map(GateId::as_str)
        .collect();
    let counts_differ = known.is_none_or(|known| known.counts != now.counts);
    if changed.is_empty() && gone.is_empty() && !counts_differ {
        return (None, now);
    }
    let said = known.map_or(SafeText::EMPTY, |known| {
        let turned = |view: &&&GateView| known.verdicts.get(&view.id) != Some(&view.verdict) && view.verdict.is_some();
        let turned: Vec<&&GateView> = changed.iter().filter(turned).collect();
        // More than a few at once are noise.
        if turned.len() > 5 {
            now.counts.clone()
        } else {
            SafeText::joined(turned.iter().map(|view| look::told(view)), ". ")
        }
    });
    let rows =
        changed.iter().filter_map(|view| Some(Row { id: view.id.as_str(), html: now.rows.get(&view.id)? })).collect();
    let change = ListChange { rows, gone, counts: &now.counts, said: &said };
    let event = event("list", &change);
    (Some(event), now)
}

/// Follows one gate.
pub(super) fn of_gate(page: &Page, mut gate: watch::Receiver<GateView>) -> Response {
    answer(&page.followers, page.stopping.clone(), move |sender| async move {
        let mut beats = heartbeats();
        let mut verdict = gate.borrow_and_update().verdict;
        // It may have changed since the page was made.
        let mut sent = send(&sender, event("gate", &GateChange { said: "" }));
        while sent {
            sent = tokio::select! {
                changed = gate.changed() => {
                    if changed.is_err() {
                        let _ = send(&sender, event("gone", &GateChange { said: "This gate was forgotten" }));
                        return;
                    }
                    let view = gate.borrow_and_update().clone();
                    let said = if view.verdict == verdict { SafeText::EMPTY } else { look::told(&view) };
                    verdict = view.verdict;
                    let sent = send(&sender, event("gate", &GateChange { said: &said }));
                    // What comes meanwhile is told together.
                    tokio::time::sleep(EVERY).await;
                    sent
                }
                _ = beats.tick() => beat(&sender),
                () = sender.closed() => false,
            };
        }
    })
}

/// Sends what `follow` tells for as long as somebody reads, or says that no more followers are taken: a browser does not come
/// back after 204.
fn answer<F, W>(
    followers: &std::sync::Arc<tokio::sync::Semaphore>,
    stopping: tokio_util::sync::CancellationToken,
    follow: F,
) -> Response
where
    F: FnOnce(Sender<Event>) -> W,
    W: Future<Output = ()> + Send + 'static,
{
    let Ok(permit) = std::sync::Arc::clone(followers).try_acquire_owned() else {
        return StatusCode::NO_CONTENT.into_response();
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    let follow = follow(sender);
    tokio::spawn(async move {
        let _permit = permit;
        tokio::select! {
            () = follow => {}
            () = stopping.cancelled() => {}
        }
    });
    let events = stream::unfold(receiver, |mut receiver| async {
        let event = receiver.recv().await?;
        Some((Ok::<_, Infallible>(event), receiver))
    });
    let mut response = Sse::new(events).into_response();
    // A proxy that gathers what it passes on would hold events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// An event of this name. Its data is one line: JSON writes line ends as escapes.
fn event(name: &'static str, data: &impl Serialize) -> Event {
    Event::default().event(name).data(SafeText::json(data, false).trim_end())
}

/// Returns false where nobody reads any more, or too slowly.
fn send(sender: &Sender<Event>, event: Event) -> bool {
    sender.try_send(event).is_ok()
}

fn beat(sender: &Sender<Event>) -> bool {
    send(sender, Event::default().comment(""))
}

fn heartbeats() -> tokio::time::Interval {
    interval_at(Instant::now() + HEARTBEAT, HEARTBEAT)
}
