//! What waits for one reader (a gate, a feed): the facts of all its sources in the order in which they arrived.
//!
//! The reader asks for a moment ([`Inbox::moment`]) and reads all that had arrived by then: what arrives later is never
//! stamped with an earlier time, so that a decision at that moment never rests on less than what had arrived.
//!
//! A source never waits for a slow reader: it feeds others too, and a watch that is not read is closed by the API server.
//! Instead the number of objects that may wait is bounded. What comes beyond the bound is dropped, the reader is told
//! that the source is lost ([`Fact::Lost`]), and hears nothing more of its objects until a LIST shows all of them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::gate::Fact;
use crate::gate::model::{Source, Trouble, TroubleKind};

/// So many objects may wait for one reader: what a cluster with 200 changes a second tells in 100 s. One LIST may go
/// beyond that.
pub const MOST_WAITING: usize = 20_000;

/// A fact, and when it was learnt.
#[derive(Debug, Clone)]
pub struct Observed {
    /// On our monotonic clock.
    pub at: Instant,
    /// What was learnt.
    pub fact: Fact,
}

/// The reader's end.
#[derive(Debug)]
pub struct Inbox(Arc<Shared>);

/// A source's end.
#[derive(Debug)]
pub struct Subscriber {
    shared: Arc<Shared>,
    id: u64,
}

#[derive(Debug)]
struct Shared {
    most: usize,
    state: Mutex<State>,
    /// Something waits, or nothing will come any more.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<(u64, Observed)>,
    /// How many objects wait.
    objects: usize,
    /// Who may still send, by number.
    subscribers: HashMap<u64, Subscription>,
    next_id: u64,
    closed: bool,
}

#[derive(Debug)]
struct Subscription {
    source: Source,
    gap: Gap,
}

/// Whether facts of a source were dropped that no LIST has made up for yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    /// The reader does not know yet that it must have the source listed again.
    Unreported,
    Reported,
}

impl Inbox {
    /// An empty inbox for at most so many objects (see [`MOST_WAITING`]).
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Shared { most, state: Mutex::default(), changed: Notify::new() }))
    }

    /// Returns an end by which a source sends to this inbox.
    #[must_use]
    pub fn subscriber(&self, source: Source) -> Subscriber {
        let mut state = self.0.lock();
        let id = state.next_id;
        state.next_id += 1;
        state.subscribers.insert(id, Subscription { source, gap: Gap::None });
        Subscriber { shared: Arc::clone(&self.0), id }
    }

    /// Hears nothing more of a source, nor of what waits from it.
    pub fn unsubscribe(&self, source: Source) {
        let mut state = self.0.lock();
        state.subscribers.retain(|_, subscription| subscription.source != source);
        let State { waiting, subscribers, .. } = &mut *state;
        waiting.retain(|(id, _)| subscribers.contains_key(id));
        state.objects = state.waiting.iter().map(|(_, observed)| objects_in(&observed.fact)).sum();
    }

    /// Waits until something waits. Returns false if nothing does and nothing ever will.
    pub async fn arrived(&self) -> bool {
        // However much arrives, other tasks get their turns.
        tokio::task::consume_budget().await;
        loop {
            let changed = self.0.changed.notified();
            {
                let state = self.0.lock();
                if !state.waiting.is_empty() {
                    return true;
                }
                if state.subscribers.is_empty() {
                    return false;
                }
            }
            changed.await;
        }
    }

    /// Returns this moment. What arrives later is stamped with this time or a later one.
    #[must_use]
    pub fn moment(&self) -> Instant {
        // Stamps are made while the lock is held.
        let _state = self.0.lock();
        Instant::now()
    }

    /// Takes the oldest fact that had arrived by then.
    #[must_use]
    pub fn next(&self, until: Instant) -> Option<Observed> {
        let mut state = self.0.lock();
        let (_, observed) = state.waiting.pop_front_if(|(_, observed)| observed.at <= until)?;
        state.objects -= objects_in(&observed.fact);
        Some(observed)
    }

    /// Returns how long the oldest fact has been waiting at that moment.
    #[must_use]
    pub fn lag(&self, until: Instant) -> Duration {
        let state = self.0.lock();
        state.waiting.front().map_or(Duration::ZERO, |(_, oldest)| until.saturating_duration_since(oldest.at))
    }

    /// Returns the sources of which facts were dropped since this was last asked: they must be listed again.
    #[must_use]
    pub fn incomplete(&self) -> Vec<Source> {
        let mut state = self.0.lock();
        let unreported = state.subscribers.values_mut().filter(|subscription| subscription.gap == Gap::Unreported);
        let report = |subscription: &mut Subscription| {
            subscription.gap = Gap::Reported;
            subscription.source
        };
        unreported.map(report).collect()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closed = true;
        state.waiting.clear();
    }
}

impl Subscriber {
    /// Sends a fact, stamped with this moment. Returns false if nobody reads it.
    #[must_use]
    pub fn send(&self, fact: Fact) -> bool {
        let mut state = self.shared.lock();
        let most = self.shared.most;
        if state.closed {
            return false;
        }
        let is_full = state.objects >= most;
        let Some(subscription) = state.subscribers.get_mut(&self.id) else { return false };
        let is_list = matches!(fact, Fact::Listed { .. });
        let tells_of_objects = is_list || matches!(fact, Fact::Seen(_) | Fact::Gone { .. });
        let has_gap = subscription.gap != Gap::None;
        if has_gap && (matches!(fact, Fact::Resumed { .. }) || (tells_of_objects && !is_list)) {
            // Only a LIST shows what was dropped: a watch that is open again does not.
            return true;
        }
        let fact = if tells_of_objects && is_full {
            // It is asked for again, once the reader has made room.
            subscription.gap = Gap::Unreported;
            if has_gap {
                return true;
            }
            dropped(subscription.source, most)
        } else {
            if is_list {
                subscription.gap = Gap::None;
            }
            fact
        };
        state.objects += objects_in(&fact);
        state.waiting.push_back((self.id, Observed { at: Instant::now(), fact }));
        drop(state);
        self.shared.changed.notify_one();
        true
    }

    /// Returns true if nobody reads what is sent.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let state = self.shared.lock();
        state.closed || !state.subscribers.contains_key(&self.id)
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.shared.lock().subscribers.remove(&self.id);
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that changes the state can panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How much room a fact takes.
fn objects_in(fact: &Fact) -> usize {
    match fact {
        Fact::Listed { objects, .. } => objects.len().max(1),
        _ => 1,
    }
}

fn dropped(source: Source, most: usize) -> Fact {
    let message = format!(
        "changes of the {source} arrived faster than this machine could judge them; more than {most} waited, so newer ones were dropped and the {source} are listed again"
    );
    Fact::Lost { source, trouble: Trouble { kind: TroubleKind::Stale, message, hopeless: false } }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Inbox, Observed, Subscriber};
    use crate::gate::Fact;
    use crate::gate::model::Source;

    fn gone(subscriber: &Subscriber, uid: &str) {
        assert!(subscriber.send(Fact::Gone { source: Source::Pods, uid: uid.to_owned() }));
    }

    fn listed() -> Fact {
        Fact::Listed { source: Source::Pods, objects: Vec::new() }
    }

    fn words(observed: &Observed) -> String {
        match &observed.fact {
            Fact::Gone { uid, .. } => uid.clone(),
            Fact::Listed { .. } => "listed".to_owned(),
            Fact::Lost { source, .. } => format!("lost {source}"),
            Fact::Denied { source, .. } => format!("denied {source}"),
            other => panic!("{other:?}"),
        }
    }

    fn all(inbox: &Inbox) -> Vec<String> {
        let until = inbox.moment();
        std::iter::from_fn(|| inbox.next(until)).map(|observed| words(&observed)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn what_had_arrived_by_a_moment_is_read_in_its_order_and_nothing_later() {
        let inbox = Inbox::new(10);
        let (pods, events) = (inbox.subscriber(Source::Pods), inbox.subscriber(Source::Events));
        gone(&pods, "a");
        tokio::time::advance(Duration::from_secs(1)).await;
        gone(&events, "b");
        gone(&pods, "c");
        assert!(inbox.arrived().await);
        let until = inbox.moment();
        assert_eq!(inbox.lag(until), Duration::from_secs(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        gone(&pods, "d");
        let by_then: Vec<String> = std::iter::from_fn(|| inbox.next(until)).map(|observed| words(&observed)).collect();
        assert_eq!(by_then, ["a", "b", "c"]);
        assert_eq!(all(&inbox), ["d"]);
        assert_eq!((inbox.lag(inbox.moment()), inbox.incomplete()), (Duration::ZERO, Vec::new()));
    }

    #[test]
    fn what_does_not_fit_is_dropped_and_said_and_only_a_list_makes_up_for_it() {
        let inbox = Inbox::new(2);
        let (pods, events) = (inbox.subscriber(Source::Pods), inbox.subscriber(Source::Events));
        for uid in ["a", "b", "c", "d"] {
            gone(&pods, uid);
        }
        assert_eq!(all(&inbox), ["a", "b", "lost pods"]);
        assert_eq!(inbox.incomplete(), [Source::Pods]);
        // There is room again, but one of them is missing.
        gone(&pods, "e");
        assert!(pods.send(Fact::Resumed { source: Source::Pods }));
        gone(&events, "f");
        assert_eq!(all(&inbox), ["f"], "another source is not touched");
        assert_eq!(inbox.incomplete(), [], "it is asked for once");
        assert!(pods.send(listed()));
        gone(&pods, "g");
        assert_eq!(all(&inbox), ["listed", "g"]);
    }

    #[test]
    fn a_list_that_does_not_fit_either_is_asked_for_once_more() {
        let inbox = Inbox::new(2);
        let (pods, events) = (inbox.subscriber(Source::Pods), inbox.subscriber(Source::Events));
        for uid in ["a", "b", "c"] {
            gone(&pods, uid);
        }
        assert_eq!((all(&inbox).len(), inbox.incomplete()), (3, vec![Source::Pods]));
        gone(&events, "d");
        gone(&events, "e");
        assert!(pods.send(listed()));
        assert_eq!(all(&inbox), ["d", "e"]);
        assert_eq!(inbox.incomplete(), [Source::Pods]);
    }

    #[test]
    fn what_says_that_a_source_cannot_be_read_always_fits() {
        let inbox = Inbox::new(1);
        let pods = inbox.subscriber(Source::Pods);
        gone(&pods, "a");
        assert!(pods.send(Fact::Denied { source: Source::Pods, message: "no".to_owned() }));
        assert_eq!(all(&inbox), ["a", "denied pods"]);
        assert_eq!(inbox.incomplete(), []);
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_that_is_not_wanted_any_more_is_not_heard_and_knows_it() {
        let inbox = Inbox::new(1);
        let (old, events) = (inbox.subscriber(Source::Pods), inbox.subscriber(Source::Events));
        gone(&old, "a");
        inbox.unsubscribe(Source::Pods);
        let new = inbox.subscriber(Source::Pods);
        assert!(old.is_closed() && !old.send(listed()) && !new.is_closed());
        gone(&new, "b");
        assert_eq!(all(&inbox), ["b"], "what the old one had sent takes no room");
        drop((old, new, events));
        assert!(!inbox.arrived().await, "nothing will come");
    }

    #[test]
    fn a_reader_that_is_gone_is_told_nothing() {
        let inbox = Inbox::new(1);
        let pods = inbox.subscriber(Source::Pods);
        drop(inbox);
        assert!(pods.is_closed() && !pods.send(listed()));
    }
}
