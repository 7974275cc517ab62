//! Those who hear of a source: what each of them asks of it, what part of it is theirs, and what is told to one who comes
//! later.
//!
//! A source of a hub keeps what it was told ([`Mirror`]). As long as it is trusted, who joins is handed all of it in the
//! moment in which they are counted in: nothing is asked of the API server, no change is missed, and none is told twice. Where
//! it is not trusted, they hear what the others hear.
//!
//! A gate that hears of a part of the pods is told what a watch with its selector would tell: a pod whose labels do not
//! match any more is gone, and one whose labels begin to match is there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::inbox::Subscriber;
use super::mirror::{Change, Mirror};
use super::probe::{ProbeSchedule, ProbeWindow};
use crate::gate::Fact;
use crate::gate::model::{Object, Selector, Source, Trouble};
use crate::gate::result::Warning;

/// A list that was answered so long ago is as good as a watch that tells what changes.
const JUST_LISTED: Duration = Duration::from_secs(1);

/// What one who hears of a source asks of it.
#[derive(Debug, Clone)]
pub struct Terms {
    /// When it must prove itself.
    pub schedule: ProbeSchedule,
    /// Others wait for this source while nobody answers.
    pub leads: bool,
    /// What is handed to this one at the begin must be as things are now: its plan may be made from it. Where nothing tells what
    /// changes (lists alone do, or the source rests), the source is listed for it.
    pub must_be_new: bool,
    /// The part of the pods that is told of; `None` for all that the source has.
    pub part: Option<Selector>,
}

impl Terms {
    /// Those of one who waits for this source alone.
    #[must_use]
    pub const fn leading(schedule: ProbeSchedule) -> Self {
        Self { schedule, leads: true, must_be_new: true, part: None }
    }
}

/// Those who hear of a source.
#[derive(Debug, Clone)]
pub struct Audience(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    state: Mutex<State>,
    /// Changes whenever somebody comes or goes.
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct State {
    listeners: Vec<Listener>,
    /// What was told so far; `None` where nobody is to be told of it later.
    mirror: Option<Mirror>,
    standing: Standing,
    /// When the last list was told.
    listed: Option<Instant>,
    /// A watch tells what changes.
    is_watched: bool,
    /// What was said about the way in which the source is read, and still holds.
    notices: Vec<Warning>,
}

#[derive(Debug)]
struct Listener {
    to: Subscriber,
    terms: Terms,
    /// It was told of all that there is at some time.
    was_listed: bool,
}

/// How far a source can be trusted.
#[derive(Debug)]
enum Standing {
    Unheard,
    Trusted,
    Lost(Trouble),
    Rested,
    Denied(String),
}

/// What all listeners together ask of a source.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The quickest of their schedules.
    pub schedule: ProbeSchedule,
    /// Others wait for this source.
    pub leads: bool,
}

impl Audience {
    /// Nobody hears of the source yet. Where it `mirrors`, who comes later is told what it holds.
    #[must_use]
    pub fn new(source: Source, mirrors: bool) -> Self {
        let state = State {
            listeners: Vec::new(),
            mirror: mirrors.then(Mirror::default),
            standing: Standing::Unheard,
            listed: None,
            is_watched: false,
            notices: Vec::new(),
        };
        Self(Arc::new(Inner { source, state: Mutex::new(state), changed: watch::Sender::new(()) }))
    }

    /// Lets somebody hear of the source, and tells them what there is. Returns false if the source must be listed for that.
    #[must_use]
    pub fn join(&self, to: Subscriber, terms: Terms) -> bool {
        let mut state = self.lock();
        let mut listener = Listener { to, terms, was_listed: false };
        let is_served = state.welcome(self.0.source, &mut listener);
        state.listeners.push(listener);
        drop(state);
        self.0.changed.send_replace(());
        is_served
    }

    /// Tells a fact to all who listen.
    pub fn tell(&self, mut fact: Fact) {
        let mut state = self.lock();
        let State { listeners, mirror, standing, listed, notices, .. } = &mut *state;
        let change = mirror.as_mut().map_or(Change::None, |mirror| mirror.take(&mut fact));
        match &fact {
            Fact::Listed { .. } => (*standing, *listed) = (Standing::Trusted, Some(Instant::now())),
            Fact::Resumed { .. } => *standing = Standing::Trusted,
            Fact::Lost { trouble, .. } => *standing = Standing::Lost(trouble.clone()),
            Fact::Rested { .. } => *standing = Standing::Rested,
            Fact::Denied { message, .. } => *standing = Standing::Denied(message.clone()),
            Fact::Noticed(warning) => notices.push(warning.clone()),
            _ => {}
        }
        let before = listeners.len();
        let Some(mut last) = listeners.pop() else { return };
        listeners.retain_mut(|listener| listener.hear(&fact, &change, mirror.as_ref()));
        // The last of them gets the fact itself: a list can be large.
        let is_heard = match last.terms.part {
            None if last.was_listed || !matches!(fact, Fact::Resumed { .. }) => {
                last.was_listed |= matches!(fact, Fact::Listed { .. });
                last.to.send(fact)
            }
            _ => last.hear(&fact, &change, mirror.as_ref()),
        };
        if is_heard {
            listeners.push(last);
        }
        if listeners.len() < before {
            drop(state);
            self.0.changed.send_replace(());
        }
    }

    /// A watch tells what changes from now on, or does not any more.
    pub(super) fn is_watched(&self, is_watched: bool) {
        let mut state = self.lock();
        state.is_watched = is_watched;
        if is_watched {
            state.notices.clear();
        }
    }

    /// Returns true if nobody listens any more.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let mut state = self.lock();
        let before = state.listeners.len();
        state.listeners.retain(|listener| !listener.to.is_closed());
        let (is_empty, has_changed) = (state.listeners.is_empty(), state.listeners.len() < before);
        drop(state);
        if has_changed {
            self.0.changed.send_replace(());
        }
        is_empty
    }

    /// Nothing more will be told.
    pub(super) fn end(&self) {
        self.lock().listeners.clear();
    }

    /// What all listeners together ask; `None` where nobody listens.
    pub(super) fn asked(&self) -> Option<Asked> {
        let state = self.lock();
        let all = state.listeners.iter().map(|one| Asked { schedule: one.terms.schedule, leads: one.terms.leads });
        all.reduce(|one, other| Asked {
            schedule: one.schedule.quicker(other.schedule),
            leads: one.leads || other.leads,
        })
    }

    /// The looks at the source that its listeners still wait for.
    pub(super) fn looks(&self) -> Vec<ProbeWindow> {
        self.lock().listeners.iter().filter_map(|listener| listener.terms.schedule.last_window).collect()
    }

    /// Takes the looks that are due, and returns when the first of them must be over.
    pub(super) fn take_due_looks(&self, now: Instant) -> Option<Instant> {
        let mut state = self.lock();
        let due = |listener: &mut Listener| listener.terms.schedule.last_window.take_if(|look| look.from <= now);
        state.listeners.iter_mut().filter_map(due).map(|look| look.until).min()
    }

    /// Changes whenever somebody comes or goes.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.0.changed.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever panics while a fact is told leaves others without that fact at most: their source is lost with it.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Tells one who comes what there is, as far as it may be believed. Returns false if the source must be listed first.
    fn welcome(&self, source: Source, listener: &mut Listener) -> bool {
        let age = self.listed.map(|at| at.elapsed());
        let is_new = self.is_watched || age.is_some_and(|age| age <= JUST_LISTED);
        let is_young = age.is_some_and(|age| age <= listener.terms.schedule.quiet);
        let may_be_old = !listener.terms.must_be_new;
        let is_served = match &self.standing {
            // They hear what all hear.
            Standing::Unheard => true,
            Standing::Lost(trouble) => listener.send(Fact::Lost { source, trouble: trouble.clone() }),
            Standing::Denied(message) => listener.send(Fact::Denied { source, message: message.clone() }),
            Standing::Trusted => (is_new || may_be_old) && self.list(source, listener),
            Standing::Rested if is_young && may_be_old && self.list(source, listener) => {
                listener.send(Fact::Rested { source })
            }
            Standing::Rested => listener.terms.schedule.waits_for_need && listener.send(Fact::Rested { source }),
        };
        for warning in &self.notices {
            let _ = listener.send(Fact::Noticed(warning.clone()));
        }
        is_served
    }

    /// Tells one who comes of all that there is. Returns false if that is not kept.
    fn list(&self, source: Source, listener: &mut Listener) -> bool {
        let Some(mirror) = &self.mirror else { return false };
        let objects = listener.own(mirror.objects());
        listener.was_listed = true;
        listener.send(Fact::Listed { source, objects })
    }
}

impl Listener {
    fn send(&self, fact: Fact) -> bool {
        self.to.send(fact)
    }

    /// Tells this one its part of a fact. Returns false if nobody listens.
    fn hear(&mut self, fact: &Fact, change: &Change, mirror: Option<&Mirror>) -> bool {
        let was_own = || matches!(change, Change::Object(Some(before)) if self.is_own(before));
        let own = match (fact, mirror) {
            (Fact::Listed { source, objects }, _) => Fact::Listed { source: *source, objects: self.own(objects) },
            // It goes on from what this one was never told.
            (Fact::Resumed { source }, Some(mirror)) if !self.was_listed => {
                Fact::Listed { source: *source, objects: self.own(mirror.objects()) }
            }
            (Fact::Seen(object), _) if !self.is_own(object) => {
                if !was_own() {
                    return !self.to.is_closed();
                }
                Fact::Gone { source: Source::Pods, uid: object.uid().to_owned() }
            }
            (Fact::Gone { .. }, Some(_)) if self.terms.part.is_some() && !was_own() => return !self.to.is_closed(),
            _ => fact.clone(),
        };
        self.was_listed |= matches!(own, Fact::Listed { .. });
        self.to.send(own)
    }

    /// Those of the objects that are in its part.
    fn own<'a>(&self, objects: impl IntoIterator<Item = &'a Object>) -> Vec<Object> {
        objects.into_iter().filter(|object| self.is_own(object)).cloned().collect()
    }

    /// True where an object is in its part of the pods. Of other objects all are.
    fn is_own(&self, object: &Object) -> bool {
        match (&self.terms.part, object) {
            (Some(selector), Object::Pod(pod)) => selector.matches(&pod.labels),
            _ => true,
        }
    }
}
