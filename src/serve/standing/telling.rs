//! What is told of a standing gate: its view, and the log of what was heard.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::cluster::api::Target;
use crate::gate::result::GateEvent;
use crate::gate::spec::Plan;
use crate::report::model::{self, Event};
use crate::report::run_log::RunLog;
use crate::serve::view::GateView;
use crate::text::Redaction;

/// So many events are kept of a gate: there may be a thousand gates, and each stands for days.
const KEPT: usize = 400;

/// Where the views of one gate go.
#[derive(Debug, Clone)]
pub struct Outlet {
    /// Those who made its call, and hear of the gate of the next revision too.
    pub callers: watch::Sender<GateView>,
    /// Those who ask for this very gate.
    pub looks: watch::Sender<GateView>,
    /// Those who look on, and for whom no gate stands.
    pub onlookers: watch::Sender<GateView>,
}

impl Outlet {
    pub(super) fn publish(&self, view: &GateView) {
        for sender in [&self.callers, &self.looks, &self.onlookers] {
            sender.send_replace(view.clone());
        }
    }
}

/// Who keeps the gates of a call.
pub trait Ledger: Send + Sync + 'static {
    /// The gate of another revision begins: gives it a name, and returns where its views go. `None` where nobody asks for it
    /// any more.
    fn follow(&self, view: GateView) -> Option<(GateView, Outlet)>;
}

/// The log of a round, and of the vigil after it.
#[derive(Debug)]
pub(super) struct Log {
    heard: Arc<Mutex<RunLog>>,
    redaction: Redaction,
    /// When its round began, since the gate did.
    zero: Duration,
    /// Nothing was heard of the present round yet: the log is that of the one before.
    is_old: bool,
}

impl Log {
    pub(super) fn new(redaction: Redaction) -> Self {
        Self { heard: Arc::new(Mutex::new(RunLog::of_the_newest(KEPT))), redaction, zero: Duration::ZERO, is_old: true }
    }

    pub(super) fn shared(&self) -> Arc<Mutex<RunLog>> {
        Arc::clone(&self.heard)
    }

    /// Another round begins. What was heard of the one before is kept until something is heard of it.
    pub(super) fn round(&mut self, now: Duration) {
        (self.zero, self.is_old) = (now, true);
    }

    /// When the round of this log began, since the gate did.
    pub(super) const fn zero(&self) -> Duration {
        self.zero
    }

    /// Takes in an event, `at` that time since the gate began.
    pub(super) fn hear(&mut self, at: Duration, event: &GateEvent, target: &Target, plan: &Plan) {
        if std::mem::replace(&mut self.is_old, false) {
            let mut log = RunLog::of_the_newest(KEPT);
            log.begin(&model::Target::of(target, self.redaction), &[model::Plan::of(plan)]);
            self.heard = Arc::new(Mutex::new(log));
        }
        let event = Event::of(event, self.redaction);
        let mut log = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        log.hear(0, at.saturating_sub(self.zero), &event);
    }
}
