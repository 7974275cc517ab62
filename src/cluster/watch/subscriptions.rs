//! Who listens to which source. Gates that ask for the same collection share one source, and the last of them that goes
//! ends it.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use tokio_util::task::AbortOnDropHandle;

use super::audience::{Audience, Terms};
use super::inbox::Subscriber;
use super::source::{Shared, SourceHandle, SourceTask};
use crate::cluster::api::Collection;
use crate::cluster::api::RequestCounter;
use crate::gate::Fact;
use crate::gate::model::{Trouble, TroubleKind};

/// All sources of a session, or of one namespace of a hub. They end when this is dropped.
#[derive(Debug)]
pub struct Subscriptions {
    shared: Shared,
    started: bool,
    mirrors: bool,
    sources: HashMap<Collection, Entry>,
}

#[derive(Debug)]
struct Entry {
    audience: Audience,
    handle: SourceHandle,
    /// Until the session starts.
    waiting: Option<SourceTask>,
    task: Option<AbortOnDropHandle<()>>,
}

impl Subscriptions {
    /// No source yet. Who subscribes to one later waits for its next list, which is asked for at once.
    #[must_use]
    pub fn new(shared: Shared) -> Self {
        Self { shared, started: false, mirrors: false, sources: HashMap::new() }
    }

    /// The same, where the sources hold what they were told: who subscribes to one later is told of it without a request, as
    /// far as the source is trusted.
    #[must_use]
    pub fn mirroring(shared: Shared) -> Self {
        Self { mirrors: true, ..Self::new(shared) }
    }

    /// Sends what is learnt of a collection to `to`. The requests of a source are counted for its first subscriber.
    /// Gives the handle of the source.
    pub fn subscribe(
        &mut self,
        collection: Collection,
        terms: Terms,
        meter: &RequestCounter,
        to: Subscriber,
    ) -> SourceHandle {
        self.sweep();
        if let Some(entry) = self.sources.get(&collection) {
            let is_served = entry.audience.join(to, terms);
            // It has told the others what there is; the new one must hear it too.
            if !is_served && entry.waiting.is_none() {
                entry.handle.relist();
            }
            return entry.handle.clone();
        }
        let audience = Audience::new(collection.source, self.mirrors);
        let _ = audience.join(to, terms);
        let handle = SourceHandle::default();
        let task =
            SourceTask::new(collection.clone(), self.shared.clone(), meter.clone(), audience.clone(), handle.clone());
        let mut entry = Entry { audience, handle: handle.clone(), waiting: Some(task), task: None };
        if self.started {
            entry.spawn(&collection);
        }
        self.sources.insert(collection, entry);
        handle
    }

    /// Starts all sources that were subscribed to; later ones start at once.
    pub fn start(&mut self) {
        self.started = true;
        for (collection, entry) in &mut self.sources {
            entry.spawn(collection);
        }
    }

    /// Ends the sources of which nobody hears any more.
    pub fn sweep(&mut self) {
        let link = &self.shared.link;
        self.sources.retain(|collection, entry| {
            let is_heard = !entry.audience.is_empty();
            if !is_heard {
                link.forget(collection);
            }
            is_heard
        });
    }

    /// How many sources are followed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// True where no source is followed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }
}

impl Entry {
    fn spawn(&mut self, collection: &Collection) {
        let Some(task) = self.waiting.take() else { return };
        let source = collection.source;
        let audience = self.audience.clone();
        self.task = Some(AbortOnDropHandle::new(tokio::spawn(async move {
            if AssertUnwindSafe(task.run()).catch_unwind().await.is_err() {
                let message = format!("reading {source} failed inside crashgate; please report it");
                let trouble = Trouble { kind: TroubleKind::Stale, message, hopeless: true };
                audience.tell(Fact::Lost { source, trouble });
            }
            // Nobody waits for more of it.
            audience.end();
        })));
    }
}
