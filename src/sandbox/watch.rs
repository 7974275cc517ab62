//! WATCH: what changes, as the recording's time passes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::accept::Shape;
use super::collection::{Change, Collection, Object, What};
use super::kind::{Kind, Resource};
use super::options::AtEnd;
use super::partial_object::metadata_only;
use super::path::Target;
use super::query::{Filter, Parameters};
use super::shared::Shared;
use super::status::{Refusal, typed_response};
use super::table;

/// How often a watch that allows them gets a bookmark. A real server takes about a minute, which a recording of a
/// minute would hardly show.
const BOOKMARK_EVERY: Duration = Duration::from_secs(5);

/// How long a watch without `timeoutSeconds` lasts: a real server takes half an hour to an hour.
const LONGEST: Duration = Duration::from_mins(30);

/// Answers a WATCH.
pub(super) fn answer(
    shared: &Arc<Shared>,
    target: &Target,
    parameters: &Parameters,
    shape: Shape,
) -> Result<Response, Refusal> {
    let look = shared.look();
    let collection = look.timeline.collection(&target.resource).ok_or_else(Refusal::no_resource)?;
    let filter = parameters.filter(target.namespace.as_deref())?;
    let timeout = parameters.seconds("timeoutSeconds")?.filter(|timeout| !timeout.is_zero()).unwrap_or(LONGEST);
    let version = parameters.number("resourceVersion")?.filter(|version| *version > 0);
    let wants_bookmarks = parameters.flag("allowWatchBookmarks");
    let wants_state = parameters.optional_flag("sendInitialEvents");
    if wants_state.is_some() && parameters.text("resourceVersionMatch") != Some("NotOlderThan") {
        return Err(Refusal::invalid(
            "sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless resourceVersionMatch is set to NotOlderThan",
        ));
    }
    let now = Instant::now();
    let mut watch = Watch {
        shared: Arc::clone(shared),
        resource: target.resource.clone(),
        filter,
        shape,
        include: parameters.text("includeObject").map(str::to_owned),
        next: 0,
        has_columns: false,
        pending: Vec::new(),
        ends: now + timeout.min(LONGEST),
        bookmark: wants_bookmarks.then(|| now + BOOKMARK_EVERY),
        is_over: false,
        news: shared.state.listen(),
    };
    watch.begin(collection, look.now_ms, version, wants_state, wants_bookmarks);
    let body = stream::unfold(watch, |mut watch| async move {
        let chunk = watch.next_chunk().await?;
        Some((Ok::<_, Infallible>(chunk), watch))
    });
    Ok(typed_response(StatusCode::OK, "application/json", Body::from_stream(body)))
}

struct Watch {
    shared: Arc<Shared>,
    resource: Resource,
    filter: Filter,
    shape: Shape,
    include: Option<String>,
    /// The place of the next change in the collection.
    next: usize,
    /// A table's columns are told once.
    has_columns: bool,
    /// Lines that are written but not sent.
    pending: Vec<u8>,
    ends: Instant,
    /// When the next bookmark is due, where they are wanted.
    bookmark: Option<Instant>,
    is_over: bool,
    /// Hears of pods that are created or deleted.
    news: tokio::sync::watch::Receiver<u64>,
}

impl Watch {
    /// Takes up its place in the collection's history and tells what has to be told at once.
    fn begin(
        &mut self,
        collection: &Collection,
        now_ms: u64,
        version: Option<u64>,
        wants_state: Option<bool>,
        wants_bookmarks: bool,
    ) {
        let now = collection.at(now_ms);
        // Without a version a watch tells the present state first; with one, only where that is asked for.
        if wants_state.unwrap_or(version.is_none()) {
            self.next = now.next;
            for object in now.objects.values() {
                if self.filter.takes(object) {
                    self.tell(&collection.kind, "ADDED", object);
                }
            }
            if wants_state == Some(true) && wants_bookmarks {
                self.tell_bookmark(collection, true);
            }
            return;
        }
        match version {
            None => self.next = now.next,
            Some(version) if version >= collection.first_version => self.next = collection.next_after(version),
            Some(version) => {
                let refusal =
                    Refusal::expired(format!("too old resource version: {version} ({})", collection.first_version));
                self.write("ERROR", &refusal.to_value());
                self.is_over = true;
            }
        }
    }

    /// The next lines; `None` at the end.
    async fn next_chunk(&mut self) -> Option<Bytes> {
        let shared = Arc::clone(&self.shared);
        loop {
            self.news.mark_unchanged();
            let look = shared.look();
            let collection = look.timeline.collection(&self.resource)?;
            if !self.is_over {
                self.catch_up(collection, look.now_ms);
            }
            if !self.pending.is_empty() {
                return Some(std::mem::take(&mut self.pending).into());
            }
            if self.is_over {
                return None;
            }
            self.wait(collection).await;
        }
    }

    /// Tells everything that is due.
    fn catch_up(&mut self, collection: &Collection, now_ms: u64) {
        while let Some(change) = collection.changes.get(self.next).filter(|change| change.at_ms <= now_ms) {
            self.next += 1;
            self.tell_change(&collection.kind, change);
        }
        let now = Instant::now();
        let ends = now >= self.ends;
        if self.bookmark.is_some_and(|due| now >= due || ends) {
            self.tell_bookmark(collection, false);
            self.bookmark = Some(now + BOOKMARK_EVERY);
        }
        self.is_over = ends || self.shared.is_over() || self.shared.stop.is_cancelled();
    }

    /// Sleeps until something may be due.
    async fn wait(&mut self, collection: &Collection) {
        let clock = &self.shared.clock;
        let change = collection.changes.get(self.next).and_then(|change| clock.instant_of(change.at_ms));
        let refusal = (self.shared.at_end == AtEnd::Refuse).then(|| clock.instant_of(clock.end_ms() + 1)).flatten();
        let wake = [change, self.bookmark, refusal].into_iter().flatten().fold(self.ends, Instant::min);
        let starts = async {
            // Where playback runs already there is nothing to wait for.
            if clock.instant_of(0).is_none() { clock.wait_for_start().await } else { std::future::pending().await }
        };
        tokio::select! {
            () = tokio::time::sleep_until(wake) => {}
            () = self.shared.stop.cancelled() => {}
            () = starts => {}
            _ = self.news.changed() => {}
        }
    }

    /// What a change means to this watch: an object that comes to match is news, one that no longer does is gone.
    fn tell_change(&mut self, kind: &Kind, change: &Change) {
        let was_match = change.before.as_ref().is_some_and(|before| self.filter.takes(before));
        let is_match = self.filter.takes(&change.object);
        match change.what {
            What::Deleted if was_match || is_match => self.tell(kind, "DELETED", &change.object),
            What::Deleted => {}
            What::Added | What::Modified => match (was_match, is_match, &change.before) {
                (false, true, _) => self.tell(kind, "ADDED", &change.object),
                (true, true, _) => self.tell(kind, "MODIFIED", &change.object),
                // The last state that matched, under the version that took it away.
                (true, false, Some(before)) => self.tell(kind, "DELETED", &before.with_version(change.version)),
                _ => {}
            },
        }
    }

    fn tell(&mut self, kind: &Kind, event: &str, object: &Object) {
        let value = object.told(self.shared.clock.shift());
        let value = match self.shape {
            Shape::Whole => value,
            Shape::Metadata => metadata_only(&value),
            Shape::Table(version) => {
                let metadata = json!({"resourceVersion": value.pointer("/metadata/resourceVersion")});
                self.rows(kind, version, &[value], &metadata)
            }
        };
        self.write(event, &value);
    }

    fn tell_bookmark(&mut self, collection: &Collection, ends_initial_events: bool) {
        let mut metadata =
            json!({"resourceVersion": collection.version_at(self.next).to_string(), "creationTimestamp": null});
        if ends_initial_events {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let kind = &collection.kind;
        let value = match self.shape {
            Shape::Whole => json!({"kind": kind.name, "apiVersion": kind.resource.api_version(), "metadata": metadata}),
            Shape::Metadata => metadata_only(&json!({"metadata": metadata})),
            Shape::Table(version) => self.rows(kind, version, &[], &metadata),
        };
        self.write("BOOKMARK", &value);
    }

    fn rows(&mut self, kind: &Kind, version: &str, values: &[Value], metadata: &Value) -> Value {
        let with_columns = !std::mem::replace(&mut self.has_columns, true);
        table::table(kind, version, values, self.include.as_deref(), metadata, with_columns)
    }

    fn write(&mut self, event: &str, object: &Value) {
        let line = json!({"type": event, "object": object});
        self.pending.extend_from_slice(line.to_string().as_bytes());
        self.pending.push(b'\n');
    }
}
