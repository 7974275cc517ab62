//! Who listens to which source. Gates that ask for the same collection share one source.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use tokio_util::task::AbortOnDropHandle;

use super::inbox::Subscriber;
use super::source::{ProbeSchedule, Shared, SourceHandle, SourceTask, Subscribers, broadcast};
use crate::cluster::api::Collection;
use crate::cluster::api::RequestCounter;
use crate::gate::Fact;
use crate::gate::model::{Trouble, TroubleKind};

/// All sources of a session. They end when this is dropped.
#[derive(Debug)]
pub struct Subscriptions {
    shared: Shared,
    started: bool,
    sources: HashMap<Collection, Entry>,
    tasks: Vec<AbortOnDropHandle<()>>,
}

#[derive(Debug)]
struct Entry {
    subscribers: Subscribers,
    handle: SourceHandle,
    /// Until the session starts.
    waiting: Option<SourceTask>,
}

impl Subscriptions {
    /// No source yet.
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        Self { shared, started: false, sources: HashMap::new(), tasks: Vec::new() }
    }

    /// Sends what is learnt of a collection to `to`. The requests of a source are counted for its first subscriber.
    /// Gives the handle of the source.
    pub fn subscribe(
        &mut self,
        collection: Collection,
        schedule: ProbeSchedule,
        leads: bool,
        meter: &RequestCounter,
        to: Subscriber,
    ) -> SourceHandle {
        if let Some(entry) = self.sources.get_mut(&collection) {
            let mut subscribers = entry.subscribers.lock().unwrap_or_else(PoisonError::into_inner);
            let is_alive = entry.waiting.is_some() || !subscribers.is_empty();
            if is_alive {
                subscribers.push(to);
                match &mut entry.waiting {
                    Some(task) => task.hurry(schedule, leads),
                    // It has told the others what there is; the new one must hear it too.
                    None => entry.handle.relist(),
                }
                return entry.handle.clone();
            }
        }
        let subscribers: Subscribers = Arc::new(Mutex::new(vec![to]));
        let handle = SourceHandle::default();
        let task = SourceTask::new(
            collection.clone(),
            self.shared.clone(),
            meter.clone(),
            leads,
            schedule,
            Arc::clone(&subscribers),
            handle.clone(),
        );
        let mut entry = Entry { subscribers, handle: handle.clone(), waiting: Some(task) };
        if self.started {
            self.tasks.extend(spawn(&collection, &mut entry));
        }
        self.sources.insert(collection, entry);
        handle
    }

    /// Starts all sources that were subscribed to; later ones start at once.
    pub fn start(&mut self) {
        self.started = true;
        for (collection, entry) in &mut self.sources {
            self.tasks.extend(spawn(collection, entry));
        }
    }
}

fn spawn(collection: &Collection, entry: &mut Entry) -> Option<AbortOnDropHandle<()>> {
    let task = entry.waiting.take()?;
    let source = collection.source;
    let subscribers = Arc::clone(&entry.subscribers);
    Some(AbortOnDropHandle::new(tokio::spawn(async move {
        if AssertUnwindSafe(task.run()).catch_unwind().await.is_err() {
            let message = format!("reading {source} failed inside crashgate; please report it");
            let trouble = Trouble { kind: TroubleKind::Stale, message, hopeless: true };
            broadcast(&subscribers, Fact::Lost { source, trouble });
        }
        // Nobody waits for more of it.
        subscribers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    })))
}
