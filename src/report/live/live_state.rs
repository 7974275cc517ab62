//! What the live view knows: the gates and their pods as the events told them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::super::check::{Check, Standings};
use super::super::layout::Tone;
use super::super::model::{Event, Plan, PodGlance};
use super::super::progress;
use crate::gate::result::{CheckStanding, Verdict};
use crate::text::{SafeText, Untrusted};

/// So much news is remembered.
const NEWS: usize = 8;

/// All that is shown.
#[derive(Debug, Clone)]
pub struct LiveState {
    /// When the run began, by this machine's clock.
    pub(super) started_at: jiff::Timestamp,
    pub(super) gates: Vec<GateState>,
}

/// One gate.
#[derive(Debug, Clone)]
pub(super) struct GateState {
    /// The app and its version.
    pub name: SafeText,
    pub namespace: SafeText,
    pub wait_period: Duration,
    pub stable_for: Duration,
    /// By name, which does not make rows jump.
    pub pods: BTreeMap<Untrusted, PodGlance>,
    pub ready: u32,
    pub wanted: Option<u32>,
    /// When the stability window opened, while it is open.
    pub window_since: Option<Duration>,
    pub confirming: bool,
    /// Its smoke run is on, or over.
    pub smoking: bool,
    pub decided: Option<(Verdict, Duration)>,
    /// The checks of the metrics, in the order of their first look.
    pub checks: Vec<Check>,
    standings: Standings,
    pub news: VecDeque<News>,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub(super) struct News {
    pub at: Duration,
    /// One line.
    pub line: SafeText,
    pub tone: Tone,
}

impl LiveState {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(started_at: jiff::Timestamp, plans: &[Plan]) -> Self {
        let gates = plans.iter().map(|plan| GateState {
            name: progress::app(plan),
            namespace: plan.namespace.line(),
            wait_period: plan.wait_period,
            stable_for: plan.stable_for,
            pods: BTreeMap::new(),
            ready: 0,
            wanted: None,
            window_since: None,
            confirming: false,
            smoking: false,
            decided: None,
            checks: Vec::new(),
            standings: Standings::default(),
            news: VecDeque::new(),
        });
        Self { started_at, gates: gates.collect() }
    }

    /// Takes in what happened in the gate at this place.
    pub fn learn(&mut self, gate: usize, at: Duration, event: &Event) {
        if let Some(gate) = self.gates.get_mut(gate) {
            gate.learn(at, event);
        }
    }
}

impl GateState {
    fn learn(&mut self, at: Duration, event: &Event) {
        match event {
            Event::PodGlance(glance) => {
                self.pods.insert(glance.pod.clone(), glance.clone());
            }
            Event::PodGone { pod, .. } => {
                self.pods.remove(pod);
            }
            Event::Progress { ready, wanted } => (self.ready, self.wanted) = (*ready, *wanted),
            Event::WindowOpened { .. } => self.window_since = Some(at),
            Event::WindowBroken { .. } => {
                (self.window_since, self.confirming, self.smoking) = (None, false, false);
            }
            Event::Smoking => self.smoking = true,
            Event::Confirming => self.confirming = true,
            Event::Decided { verdict } => self.decided = Some((*verdict, at)),
            Event::Measured(check) => match self.checks.iter_mut().find(|known| known.name == check.name) {
                Some(known) => known.clone_from(check),
                None => self.checks.push((**check).clone()),
            },
            // What pods do is told by glances.
            Event::PodAppeared { .. }
            | Event::PodState { .. }
            | Event::Crash { .. }
            | Event::Cause { .. }
            | Event::Trouble { .. }
            | Event::Recovered { .. }
            | Event::Warned(_) => {}
        }
        let tone = match event {
            Event::Crash { .. } => Tone::Bad,
            Event::Cause { .. }
            | Event::PodGone { .. }
            | Event::WindowBroken { .. }
            | Event::Trouble { .. }
            | Event::Warned(_) => Tone::Careful,
            Event::Recovered { .. } => Tone::Good,
            Event::Measured(check) => match check.standing {
                _ if !self.standings.changed(check) => return,
                CheckStanding::OverLimit | CheckStanding::Worse | CheckStanding::Invalid => Tone::Bad,
                CheckStanding::Ambiguous | CheckStanding::Unreachable => Tone::Careful,
                // Told in the line of the check itself.
                CheckStanding::Good | CheckStanding::Undecided | CheckStanding::NoData => return,
            },
            _ => return,
        };
        let line = progress::event_line(event);
        if self.news.back().is_some_and(|last| last.line == line) {
            return;
        }
        self.news.push_back(News { at, line, tone });
        if self.news.len() > NEWS {
            self.news.pop_front();
        }
    }
}
