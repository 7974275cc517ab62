//! How a recording follows the collections that a verdict rests on: where its silence says that nothing happens, and where
//! it says nothing at all.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::gate::Fact;
use crate::gate::model::{Source, Trouble, TroubleKind};

/// A collection whose watch broke off is lost where it was not listed again so long after: as in a live run.
const BRIDGED: Duration = Duration::from_secs(2);

/// A live run that may not watch lists the workloads less often than the pods: once in so many times `delay`.
const TURN: u32 = 8;

/// API servers send each watch a bookmark about once a minute: where not one line of any kind came for longer than that,
/// nobody was recording.
const ASLEEP: Duration = Duration::from_secs(90);

/// How the recording follows one collection.
#[derive(Debug)]
enum State {
    /// It was listed, and a watch tells what changes: silence is fresh.
    Watched,
    /// It may be listed but not watched: each LIST is good for a while.
    Polled { until: Duration },
    /// Its watch or a request broke off, and nothing has followed that up yet.
    Broken { until: Duration, trouble: Trouble },
    /// It was lost. Where only its watch broke off, that brings it back where it goes on; else only a LIST does.
    Lost { resumable: bool },
}

/// How the recording follows the pods and the workloads.
#[derive(Debug)]
pub(super) struct Follow {
    states: BTreeMap<Source, State>,
    /// What may not be watched.
    refused: BTreeSet<Source>,
    /// What was listed in part only, and when that has to be said.
    narrowed: BTreeMap<Source, (Duration, Trouble)>,
    last_line: Duration,
    /// How long a LIST is good for where watching is refused.
    delay: Duration,
}

impl Follow {
    /// Nothing is followed yet. `delay` is the gate's: how old a proof may be.
    pub fn new(delay: Duration) -> Self {
        Self {
            states: BTreeMap::new(),
            refused: BTreeSet::new(),
            narrowed: BTreeMap::new(),
            last_line: Duration::ZERO,
            delay,
        }
    }

    /// A line of any kind came.
    pub fn heard(&mut self, now: Duration) {
        self.last_line = now;
    }

    /// A LIST that speaks of all that the gate asks for was answered.
    pub fn listed(&mut self, source: Source, now: Duration) {
        if !matches!(source, Source::Pods | Source::Workloads(_)) {
            return;
        }
        self.narrowed.remove(&source);
        let turn = if source == Source::Pods { self.delay } else { self.delay.saturating_mul(TURN) };
        let polled = State::Polled { until: now.saturating_add(turn).saturating_add(BRIDGED) };
        let state = if self.refused.contains(&source) { polled } else { State::Watched };
        self.states.insert(source, state);
    }

    /// A LIST was answered that speaks of a part only, which is not what the gate asks for.
    pub fn listed_in_part(&mut self, source: Source, now: Duration, words: String) {
        if !self.knows(source) {
            self.narrowed.entry(source).or_insert((now.saturating_add(BRIDGED), stale(words)));
        }
    }

    /// A watch goes on from where the collection was told. Returns true if that brings back what was lost.
    pub fn opened(&mut self, source: Source) -> bool {
        let Some(state) = self.states.get_mut(&source) else { return false };
        let was_lost = matches!(state, State::Lost { .. });
        if matches!(state, State::Lost { resumable: false }) {
            return false;
        }
        *state = State::Watched;
        self.refused.remove(&source);
        was_lost
    }

    /// Returns true if the collection was listed at some time.
    pub fn knows(&self, source: Source) -> bool {
        self.states.contains_key(&source)
    }

    /// Returns true if what the recording has shown of the collection is how things are, silence or not.
    pub fn is_fresh(&self, source: Source) -> bool {
        matches!(self.states.get(&source), Some(State::Watched | State::Polled { .. }))
    }

    /// Returns true if a watch tells what changes in the collection.
    pub fn is_watched(&self, source: Source) -> bool {
        matches!(self.states.get(&source), Some(State::Watched))
    }

    /// The watch of a listed collection ended, or a request about it failed.
    pub fn broke(&mut self, source: Source, now: Duration, status: Option<u16>, words: String) {
        if status == Some(403) {
            self.refused.insert(source);
        }
        let kind = match status {
            Some(401) => TroubleKind::Unauthorized,
            _ => TroubleKind::Stale,
        };
        // What broke first stays the reason, and its time runs on.
        if self.is_fresh(source) {
            let trouble = Trouble { kind, message: words, hopeless: false };
            self.states.insert(source, State::Broken { until: now.saturating_add(BRIDGED), trouble });
        }
    }

    /// The collection cannot be trusted any more, and the gate knows.
    pub fn lost(&mut self, source: Source) {
        if let Some(state) = self.states.get_mut(&source) {
            *state = State::Lost { resumable: false };
        }
    }

    /// When something will be lost next if nothing comes before.
    pub fn next_lapse(&self) -> Option<Duration> {
        let each = self.states.values().filter_map(|state| match state {
            State::Watched => Some(self.last_line.saturating_add(ASLEEP)),
            State::Polled { until } | State::Broken { until, .. } => Some(*until),
            State::Lost { .. } => None,
        });
        each.chain(self.narrowed.values().map(|(at, _)| *at)).min()
    }

    /// What is lost by now, for want of a line that would have kept it fresh.
    pub fn lapse(&mut self, now: Duration) -> Vec<Fact> {
        let asleep = now >= self.last_line.saturating_add(ASLEEP);
        let mut lost = Vec::new();
        self.narrowed.retain(|source, (at, trouble)| {
            if *at <= now {
                lost.push(Fact::Lost { source: *source, trouble: trouble.clone() });
            }
            *at > now
        });
        for (source, state) in &mut self.states {
            let (resumable, trouble) = match state {
                State::Broken { until, trouble } if *until <= now => (true, trouble.clone()),
                State::Polled { until } if *until <= now => {
                    let words =
                        format!("the {source} may not be watched, and the recording does not list them again in time");
                    (true, stale(words))
                }
                State::Watched if asleep => {
                    let words =
                        format!("the recording has not a single line for {} s: nobody was recording", ASLEEP.as_secs());
                    (false, stale(words))
                }
                _ => continue,
            };
            *state = State::Lost { resumable };
            lost.push(Fact::Lost { source: *source, trouble });
        }
        lost
    }
}

fn stale(message: String) -> Trouble {
    Trouble { kind: TroubleKind::Stale, message, hopeless: false }
}
