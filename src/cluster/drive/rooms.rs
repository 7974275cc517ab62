//! Where the gates of a hub are: a room for each namespace, a seat for each gate.
//!
//! A room is there as long as anybody is in it. Whatever was kept for a gate is given back with its seat, however the gate
//! ends; with the last seat of a room all that is followed in it ends.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use super::services::{Selecting, Services};
use crate::cluster::api::{Budget, Connection};
use crate::cluster::signals::Stop;
use crate::cluster::watch::sleep::{Clock, TICK};
use crate::cluster::watch::{Link, Reach, Shared, SourceHandle, Subscriptions};

/// How many requests a hub may make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HubLimits {
    /// So many at once in one namespace.
    pub namespace_burst: u32,
    /// So many in a second in one namespace, once those are used up.
    pub namespace_per_second: f64,
    /// So many at once in all namespaces together.
    pub burst: u32,
    /// So many in a second in all namespaces together, once those are used up.
    pub per_second: f64,
}

impl Default for HubLimits {
    /// In a namespace what eight gates begin with, and what twenty gates with a `delay` of ten seconds earn: twenty that pass
    /// in the same second are confirmed at once. In all fifty a second: fifty namespaces that are followed anew, with some
    /// fifteen requests each, are so within a quarter of a minute.
    fn default() -> Self {
        Self { namespace_burst: 128, namespace_per_second: 4.0, burst: 100, per_second: 50.0 }
    }
}

/// The rooms of a hub.
#[derive(Debug)]
pub(super) struct Rooms {
    pub connection: Arc<Connection>,
    kind: Kind,
    /// What all rooms pay from.
    bucket: Option<Arc<Budget>>,
    reach: Arc<Reach>,
    state: Mutex<State>,
    /// Counts how often the machine was found to have been asleep.
    slept: watch::Sender<u64>,
}

/// What a hub is for.
#[derive(Debug)]
enum Kind {
    /// Gates that come and go, a room for each namespace.
    Service(HubLimits),
    /// Gates that all begin together, in one room with this budget.
    Session(Arc<Budget>),
}

#[derive(Debug, Default)]
struct State {
    rooms: HashMap<String, Room>,
    /// The `delay` of each gate that is there.
    delays: BTreeMap<usize, Duration>,
    next_seat: usize,
    /// Finds out that the machine was asleep, while any gate is there.
    clock: Option<AbortOnDropHandle<()>>,
}

/// What the gates of a namespace share.
#[derive(Debug)]
struct Room {
    budget: Arc<Budget>,
    link: Arc<Link>,
    subscriptions: Arc<Mutex<Subscriptions>>,
    seats: usize,
}

impl Rooms {
    /// Rooms for gates that come and go, one for each namespace.
    pub fn of_service(connection: Arc<Connection>, limits: HubLimits) -> Self {
        let bucket = Arc::new(Budget::bucket(limits.burst, limits.per_second));
        Self::new(connection, Kind::Service(limits), Some(bucket))
    }

    /// One room for gates that all begin together, with this budget.
    pub fn of_session(connection: Arc<Connection>, budget: Arc<Budget>) -> Self {
        Self::new(connection, Kind::Session(budget), None)
    }

    fn new(connection: Arc<Connection>, kind: Kind, bucket: Option<Arc<Budget>>) -> Self {
        Self { connection, kind, bucket, reach: Arc::default(), state: Mutex::default(), slept: watch::Sender::new(0) }
    }

    /// How many sources are followed.
    pub fn sources(&self) -> usize {
        self.lock().rooms.values().map(|room| lock(&room.subscriptions).len()).sum()
    }

    /// Starts the sources of a session.
    pub fn start(&self) {
        for room in self.lock().rooms.values() {
            lock(&room.subscriptions).start();
        }
    }

    /// Gives a gate its seat in the room of its namespace.
    pub fn seat(self: &Arc<Self>, namespace: &str, delay: Duration, begun: Instant, stop: Stop) -> (Services, Seat) {
        let is_service = matches!(self.kind, Kind::Service(_));
        let name = if is_service { namespace } else { "" };
        let mut state = self.lock();
        let number = state.next_seat;
        state.next_seat += 1;
        state.delays.insert(number, delay);
        if state.clock.is_none() {
            state.clock = Some(AbortOnDropHandle::new(tokio::spawn(watch_the_clock(Arc::downgrade(self)))));
        }
        let room = state.rooms.entry(name.to_owned()).or_insert_with(|| self.room());
        room.seats += 1;
        if is_service {
            room.budget.join(number, delay);
        }
        let services = Services {
            start: begun,
            connection: Arc::clone(&self.connection),
            subscriptions: Arc::clone(&room.subscriptions),
            budget: Arc::clone(&room.budget),
            link: Arc::clone(&room.link),
            selecting: if is_service { Selecting::Here } else { Selecting::ByServer },
            stop,
        };
        drop(state);
        let budget = Arc::clone(&services.budget);
        let seat = Seat { rooms: Arc::clone(self), room: name.to_owned(), number, budget, handles: Vec::new() };
        (services, seat)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is one insertion or removal.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn room(&self) -> Room {
        let (budget, starts) = match &self.kind {
            Kind::Service(limits) => {
                let bucket = self.bucket.clone();
                (Arc::new(Budget::shared(limits.namespace_burst, limits.namespace_per_second, bucket)), true)
            }
            Kind::Session(budget) => (Arc::clone(budget), false),
        };
        let link = Arc::new(Link::reaching(Arc::clone(&budget), Arc::clone(&self.reach)));
        let mut subscriptions = Subscriptions::mirroring(Shared {
            connection: Arc::clone(&self.connection),
            budget: Arc::clone(&budget),
            link: Arc::clone(&link),
            sleeps: self.slept.subscribe(),
            doubts_refusals: true,
        });
        if starts {
            subscriptions.start();
        }
        Room { budget, link, subscriptions: Arc::new(Mutex::new(subscriptions)), seats: 0 }
    }

    /// The machine was asleep for so long: nothing is believed that was known before, and its time has earned requests.
    fn slept(&self, asleep: Duration) {
        for room in self.lock().rooms.values() {
            room.budget.slept(asleep);
        }
        self.bucket.iter().for_each(|bucket| bucket.slept(asleep));
        self.slept.send_modify(|count| *count += 1);
    }
}

/// Finds out that the machine was asleep for longer than the shortest `delay` of all gates.
async fn watch_the_clock(rooms: Weak<Rooms>) {
    let mut clock = Clock::new();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(rooms) = rooms.upgrade() else { return };
        let tolerance = rooms.lock().delays.values().min().copied().unwrap_or(TICK);
        if let Some(asleep) = clock.was_asleep(tolerance) {
            rooms.slept(asleep);
        }
    }
}

/// The place of a gate among all that are there. However the gate ends, everything that was kept for it is given back.
#[derive(Debug)]
pub(in crate::cluster) struct Seat {
    rooms: Arc<Rooms>,
    room: String,
    /// Unlike that of every other gate.
    pub number: usize,
    budget: Arc<Budget>,
    /// The sources of which it has a say.
    pub handles: Vec<SourceHandle>,
}

impl Drop for Seat {
    /// To be dropped after the inbox of the gate: what nobody hears of any more is ended.
    fn drop(&mut self) {
        for handle in &self.handles {
            handle.leave(self.number);
        }
        self.budget.leave(self.number);
        let mut state = self.rooms.lock();
        state.delays.remove(&self.number);
        let ended = match state.rooms.get_mut(&self.room) {
            Some(room) if room.seats > 1 => {
                room.seats -= 1;
                lock(&room.subscriptions).sweep();
                None
            }
            _ => state.rooms.remove(&self.room),
        };
        let clock = if state.delays.is_empty() { state.clock.take() } else { None };
        drop(state);
        drop((ended, clock));
    }
}

fn lock(subscriptions: &Mutex<Subscriptions>) -> MutexGuard<'_, Subscriptions> {
    // A source that is half subscribed to is heard of all the same.
    subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
}
