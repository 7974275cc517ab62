//! The gates that are known, by call and by name, and when somebody asked for them last.

use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

use crate::gate::result::Verdict;
use crate::manifest::Blueprint;
use crate::serve::call::{Call, Mode};
use crate::serve::standing::Outlet;
use crate::serve::view::{GateId, GateView};

/// So many gates of earlier revisions are kept of one call.
const PAST: usize = 8;

/// Where there is no room, a gate that has ended gives way once nobody asked for it in this time: whoever still asks does so
/// at least this often.
const UNASKED: Duration = Duration::from_mins(2);

/// What makes two calls the same: all that they say, and the plan as it was read.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Key {
    call: Arc<Call>,
    plan: Arc<Blueprint>,
}

impl Key {
    pub(super) fn new(call: Arc<Call>, plan: Arc<Blueprint>) -> Self {
        Self { call, plan }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.call.hash(state);
    }
}

/// The gates of one call.
struct Line {
    newest: GateId,
    /// Those of earlier revisions, the oldest first.
    past: VecDeque<GateId>,
    callers: watch::Sender<GateView>,
    called: Instant,
    task: AbortOnDropHandle<()>,
}

/// A gate.
struct Entry {
    key: Key,
    outlet: Outlet,
    looked: Instant,
}

impl Entry {
    /// Whoever waits for it asks for it.
    fn is_waited_for(&self) -> bool {
        self.outlet.looks.receiver_count() > 0
    }
}

/// The gates that are known.
#[derive(Default)]
pub(super) struct Book {
    lines: HashMap<Key, Line>,
    gates: HashMap<GateId, Entry>,
}

/// Where the views of a gate go; `callers` hear of it where they heard of the one before.
pub(super) fn outlet(view: &GateView, callers: Option<&watch::Sender<GateView>>) -> Outlet {
    let sender = || watch::channel(view.clone()).0;
    Outlet { callers: callers.cloned().unwrap_or_else(sender), looks: sender(), onlookers: sender() }
}

impl Book {
    /// Joins the gate of this call, where there is one that may still be told.
    pub(super) fn join(&mut self, key: &Key) -> Option<watch::Receiver<GateView>> {
        let line = self.lines.get_mut(key)?;
        // Nothing more will come of it: what it says is about another revision than the one that is there now.
        if line.task.is_finished() {
            let line = self.lines.remove(key)?;
            self.drop_past(line.past);
            return None;
        }
        line.called = Instant::now();
        Some(line.callers.subscribe())
    }

    /// Takes in the gates of a call that begin.
    pub(super) fn begin(&mut self, key: Key, id: GateId, outlet: Outlet, task: AbortOnDropHandle<()>) {
        let callers = outlet.callers.clone();
        let line = Line { newest: id.clone(), past: VecDeque::new(), callers, called: Instant::now(), task };
        self.gates.insert(id, Entry { key: key.clone(), outlet, looked: Instant::now() });
        self.lines.insert(key, line);
    }

    /// The gate of the next revision of a call begins. `None` where the call is forgotten.
    pub(super) fn follow(&mut self, key: &Key, view: &GateView) -> Option<Outlet> {
        let line = self.lines.get_mut(key)?;
        let outlet = outlet(view, Some(&line.callers));
        outlet.callers.send_replace(view.clone());
        let before = std::mem::replace(&mut line.newest, view.id.clone());
        line.past.push_back(before);
        let oldest = if line.past.len() > PAST { line.past.pop_front() } else { None };
        self.gates.insert(view.id.clone(), Entry { key: key.clone(), outlet: outlet.clone(), looked: Instant::now() });
        if let Some(oldest) = oldest {
            self.gates.remove(&oldest);
        }
        Some(outlet)
    }

    pub(super) fn look(&mut self, id: &GateId) -> Option<watch::Receiver<GateView>> {
        let entry = self.gates.get_mut(id)?;
        entry.looked = Instant::now();
        if let Some(line) = self.lines.get_mut(&entry.key).filter(|line| line.newest == *id) {
            line.called = Instant::now();
        }
        Some(entry.outlet.looks.subscribe())
    }

    pub(super) fn watch(&self, id: &GateId) -> Option<watch::Receiver<GateView>> {
        Some(self.gates.get(id)?.outlet.onlookers.subscribe())
    }

    pub(super) fn forget(&mut self, id: &GateId) -> bool {
        let Some(entry) = self.gates.remove(id) else { return false };
        if self.lines.get(&entry.key).is_some_and(|line| line.newest == *id) {
            self.lines.remove(&entry.key);
        }
        true
    }

    pub(super) fn all(&self) -> Vec<GateView> {
        self.gates.values().map(|entry| entry.outlet.looks.borrow().clone()).collect()
    }

    pub(super) fn clear(&mut self) {
        self.lines.clear();
        self.gates.clear();
    }

    /// Makes room for the gates of one more call, where there may be so many. False where all are still asked for.
    pub(super) fn make_room(&mut self, most: usize) -> bool {
        if self.lines.len() < most {
            return true;
        }
        self.note_waiting();
        let has_ended = |line: &Line| line.task.is_finished() || is_final(&line.callers.borrow());
        let unasked = self.lines.iter().filter(|(_, line)| has_ended(line) && line.called.elapsed() >= UNASKED);
        let Some(key) = unasked.min_by_key(|(_, line)| line.called).map(|(key, _)| key.clone()) else { return false };
        self.drop_line(&key);
        true
    }

    /// Forgets what nobody asked for in this time.
    pub(super) fn forget_unasked(&mut self, after: Duration) {
        self.note_waiting();
        let unasked: Vec<Key> =
            self.lines.iter().filter(|(_, line)| line.called.elapsed() >= after).map(|(key, _)| key.clone()).collect();
        for key in unasked {
            self.drop_newest(&key);
        }
        // What is left is of earlier revisions, or of calls that are forgotten.
        let newest: std::collections::HashSet<GateId> = self.lines.values().map(|line| line.newest.clone()).collect();
        self.gates.retain(|id, entry| newest.contains(id) || entry.looked.elapsed() < after);
        for line in self.lines.values_mut() {
            line.past.retain(|id| self.gates.contains_key(id));
        }
    }

    /// Whoever waits for an answer is asking until he leaves.
    fn note_waiting(&mut self) {
        for entry in self.gates.values_mut() {
            if entry.is_waited_for() {
                entry.looked = Instant::now();
            }
        }
        for line in self.lines.values_mut() {
            let looked = self.gates.get(&line.newest).map(|entry| entry.looked);
            if line.callers.receiver_count() > 0 {
                line.called = Instant::now();
            } else if let Some(looked) = looked {
                line.called = line.called.max(looked);
            }
        }
    }

    /// Ends the gates of a call. Those of earlier revisions that somebody asks for by name are kept.
    fn drop_newest(&mut self, key: &Key) {
        if let Some(line) = self.lines.remove(key) {
            self.gates.remove(&line.newest);
        }
    }

    /// Ends the gates of a call and forgets all of them.
    fn drop_line(&mut self, key: &Key) {
        if let Some(line) = self.lines.remove(key) {
            self.gates.remove(&line.newest);
            self.drop_past(line.past);
        }
    }

    fn drop_past(&mut self, past: VecDeque<GateId>) {
        for id in past {
            self.gates.remove(&id);
        }
    }
}

/// True where no later round changes the verdict.
fn is_final(view: &GateView) -> bool {
    match view.verdict {
        Some(Verdict::Failed | Verdict::Superseded) => true,
        Some(_) => view.call.mode == Mode::Once,
        None => false,
    }
}
