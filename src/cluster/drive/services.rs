//! What the gates of a session, or of one namespace of a hub, share.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::cluster::api::{Budget, Collection, Connection, RequestCounter};
use crate::cluster::signals::Stop;
use crate::cluster::watch::{Link, ProbeSchedule, SourceHandle, Subscriber, Subscriptions, Terms};
use crate::gate::model::{Selector, Source};

/// Who selects the pods of a gate among those of its namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cluster) enum Selecting {
    /// The API server, by a watch for each selector: one who asks for a few gates does not read a whole namespace.
    ByServer,
    /// The hub, from one watch of all pods of the namespace: what many gates need is read once.
    Here,
}

/// What the gates of a session, or of one namespace of a hub, share.
#[derive(Clone)]
pub(in crate::cluster) struct Services {
    /// When the gate began, or the session: its times are since then.
    pub start: Instant,
    pub connection: Arc<Connection>,
    pub subscriptions: Arc<Mutex<Subscriptions>>,
    pub budget: Arc<Budget>,
    pub link: Arc<Link>,
    pub selecting: Selecting,
    pub stop: Stop,
}

impl Services {
    /// Lets `to` hear of these pods.
    pub fn follow_pods(
        &self,
        pods: &Collection,
        schedule: ProbeSchedule,
        meter: &RequestCounter,
        to: Subscriber,
    ) -> SourceHandle {
        let part: Option<Selector> = match self.selecting {
            Selecting::Here => pods.selector.as_ref().and_then(|selector| selector.parse().ok()),
            Selecting::ByServer => None,
        };
        // What cannot be read as a selector here is left to the API server.
        let followed = if part.is_some() { Collection::whole(Source::Pods, &pods.namespace) } else { pods.clone() };
        let terms = Terms { schedule, leads: true, must_be_new: false, part };
        let mut subscriptions = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner);
        subscriptions.subscribe(followed, terms, meter, to)
    }
}
