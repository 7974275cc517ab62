//! Which gates stand: calls in, gates found or begun, and forgotten once nobody asks for them.
//!
//! What may live here: keys, names, limits, forgetting. What may not: judging ([`super::standing`]) and answering callers.

mod book;
mod ids;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::task::AbortOnDropHandle;

use self::book::{Book, Key};
use self::ids::Ids;
use super::call::Call;
use super::gates::{Gates, Refused};
use super::plans::Plans;
use super::standing::{Ledger, Line, Order, Outlet, Surroundings};
use super::view::{GateId, GateView};
use crate::cluster::drive::Hub;
use crate::cluster::drive::present_revision::present_revision;
use crate::cluster::signals::Stop;
use crate::text::Redaction;

/// So long a read may take that confirms which revision a workload has: Flagger waits 10 s for an answer where nothing else is said.
const CONFIRMED_WITHIN: Duration = Duration::from_secs(3);

/// How often it is looked who still asks.
const SWEEP: Duration = Duration::from_secs(15);

/// How gates are kept.
#[derive(Debug, Clone)]
pub struct Settings {
    /// So many may stand.
    pub most: usize,
    /// A gate that nobody asked for in this time is forgotten.
    pub forgotten_after: Duration,
    /// Whether secrets in what is told are masked.
    pub redaction: Redaction,
    /// In a rehearsal the URL of the sandbox, which stands for every source of metrics.
    pub rehearsed: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { most: 2_000, forgotten_after: Duration::from_mins(10), redaction: Redaction::On, rehearsed: None }
    }
}

/// Which gates stand. All of them end where this is dropped.
pub struct Registry {
    keeper: Arc<Keeper>,
    _sweeping: AbortOnDropHandle<()>,
}

struct Keeper {
    around: Arc<Surroundings>,
    plans: Arc<Plans>,
    settings: Settings,
    stop: Stop,
    ids: Ids,
    book: Mutex<Book>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("settings", &self.keeper.settings).finish_non_exhaustive()
    }
}

impl Registry {
    /// No gate stands yet. Needs a runtime. Once `stop` says so no gate begins any more; those that stand go on.
    ///
    /// # Errors
    /// Where the system gives no random numbers, without which names could be guessed.
    pub fn new(hub: Arc<Hub>, plans: Arc<Plans>, settings: Settings, stop: Stop) -> std::io::Result<Self> {
        let Settings { redaction, rehearsed, .. } = settings.clone();
        let keeper = Arc::new(Keeper {
            around: Arc::new(Surroundings { hub, redaction, rehearsed }),
            plans,
            settings,
            stop,
            ids: Ids::new()?,
            book: Mutex::default(),
        });
        let sweeping = AbortOnDropHandle::new(tokio::spawn(sweep(Arc::downgrade(&keeper))));
        Ok(Self { keeper, _sweeping: sweeping })
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.keeper.book().clear();
    }
}

/// Forgets what nobody asks for, again and again.
async fn sweep(keeper: Weak<Keeper>) {
    let mut ticks = interval(SWEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(keeper) = keeper.upgrade() else { return };
        keeper.book().forget_unasked(keeper.settings.forgotten_after);
    }
}

impl Keeper {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins the gates of a call.
    fn begin(self: &Arc<Self>, book: &mut Book, key: Key, order: Order) -> watch::Receiver<GateView> {
        let view = GateView::begun(self.ids.next(), Arc::clone(&order.call));
        let outlet = book::outlet(&view, None);
        let receiver = outlet.callers.subscribe();
        let ledger: Arc<dyn Ledger> = Arc::new(Following { keeper: Arc::downgrade(self), key: key.clone() });
        let line = Line { order, around: Arc::clone(&self.around), ledger };
        let task = AbortOnDropHandle::new(tokio::spawn(line.run(view.clone(), outlet.clone())));
        book.begin(key, view.id, outlet, task);
        receiver
    }
}

/// Begins the gate of the next revision of a call.
struct Following {
    keeper: Weak<Keeper>,
    key: Key,
}

impl Ledger for Following {
    fn follow(&self, view: GateView) -> Option<(GateView, Outlet)> {
        let keeper = self.keeper.upgrade()?;
        let view = GateView { id: keeper.ids.next(), ..view };
        let outlet = keeper.book().follow(&self.key, &view)?;
        Some((view, outlet))
    }
}

impl Gates for Registry {
    fn call(&self, mut call: Call) -> Result<watch::Receiver<GateView>, Refused> {
        let keeper = &self.keeper;
        if keeper.stop.borrow().is_some() {
            return Err(Refused::Ending);
        }
        let Some(plan) = keeper.plans.get(&call.plan) else {
            let near = keeper.plans.near(&call.plan);
            return Err(Refused::NoPlan { plan: call.plan, near });
        };
        let pin = plan.admit(&call.namespace, call.workload.as_ref()).map_err(Refused::NotOfThePlan)?;
        call.workload = Some(pin.clone());
        let call = Arc::new(call);
        let key = Key::new(Arc::clone(&call), Arc::clone(&plan));
        let mut book = keeper.book();
        if let Some(receiver) = book.join(&key) {
            return Ok(receiver);
        }
        if !book.make_room(keeper.settings.most) {
            return Err(Refused::Busy { most: keeper.settings.most });
        }
        Ok(keeper.begin(&mut book, key, Order { call, pin, plan }))
    }

    fn look(&self, id: &GateId) -> Option<watch::Receiver<GateView>> {
        self.keeper.book().look(id)
    }

    fn watch(&self, id: &GateId) -> Option<watch::Receiver<GateView>> {
        self.keeper.book().watch(id)
    }

    fn confirm<'a>(&'a self, view: &'a GateView) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let (Some(judged), Some(pin)) = (&view.judged, &view.call.workload) else { return false };
            let connection = self.keeper.around.hub.connection();
            let present = present_revision(connection, &view.call.namespace, pin, CONFIRMED_WITHIN).await;
            present.is_ok_and(|present| present.as_ref() == Some(judged))
        })
    }

    fn forget(&self, id: &GateId) -> bool {
        self.keeper.book().forget(id)
    }

    fn all(&self) -> Vec<GateView> {
        let mut all = self.keeper.book().all();
        all.sort_by(|one, other| (other.changed, &other.id).cmp(&(one.changed, &one.id)));
        all
    }
}
