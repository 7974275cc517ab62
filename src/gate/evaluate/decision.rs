//! From what is known to a verdict: the stability window, the confirming read, the workloads that carried the version,
//! and the end of the wait. The order of the questions in [`DecisionState::ruling`] is the decision.

use std::time::Duration;

use super::assessment::Assessment;
use super::displaced::Carriers;
use super::events::EventEmitter;
use super::live::{Changes, LiveAssessment};
use super::metrics::{Judgement, judgement, report};
use super::phase::{Change, Phase};
use super::{ranking, timeout};
use crate::gate::diagnose::rbac;
use crate::gate::model::Source;
use crate::gate::result::{Cause, CheckReport, Code, GateEvent, Place, Verdict};
use crate::gate::spec::Plan;
use crate::gate::state::{ClusterState, MetricsState};

/// How long a confirming read may take beyond the time that it is asked for at.
pub const CONFIRM_LIMIT: Duration = Duration::from_secs(10);

/// How long a gate waits for a cluster that has not answered once.
/// Longer than one request may take that is never answered, so that a second one can be.
pub const NEVER_REACHED_LIMIT: Duration = Duration::from_secs(12);

/// A verdict, all the causes that stood when it was reached, and the assessment that it rests on.
#[derive(Debug)]
pub struct Ruling<'a> {
    /// The verdict.
    pub verdict: Verdict,
    /// The causes.
    pub causes: Vec<Cause>,
    /// What was known, assessed from scratch.
    pub assessment: Assessment<'a>,
}

/// What a gate remembers on its way to a decision.
#[derive(Debug, Clone, Default)]
pub struct DecisionState {
    phase: Phase,
    carriers: Carriers,
    tickets: u64,
    sight: Sight,
    metrics: MetricsProof,
}

/// How far the metrics are in the window that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum MetricsProof {
    /// They were not looked at since the pods were stable for long enough.
    #[default]
    Unasked,
    /// They were, and prove too little.
    Open,
    /// They are good, or may pass.
    Done,
}

/// What could be seen when the wait period ended.
///
/// A gate that is blind at that moment cannot say that the app was not healthy in time, nor that it was: it waits
/// [`CONFIRM_LIMIT`] for its sight, and then what it sees first counts as seen in time. That is no gift to the app: all
/// that a pass needs (a whole stability window, the confirming read) is still to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Sight {
    /// Nothing was amiss.
    #[default]
    Clear,
    /// The wait period ended unseen.
    Blind,
    /// It did, and sight came back at this moment.
    Restored(Duration),
}

/// How long a smoke run may take beyond its own time: to be created, read to its end and deleted.
const SMOKE_LIMIT: Duration = Duration::from_secs(90);

/// All that a decision rests on.
#[derive(Clone, Copy)]
pub struct DecisionInput<'a> {
    /// What follows from all that is known.
    pub live: &'a LiveAssessment,
    /// What changed since the last decision.
    pub changes: &'a Changes,
    /// All that is known.
    pub state: &'a ClusterState,
    /// The plan.
    pub plan: &'a Plan,
    /// The time since the gate began.
    pub now: Duration,
    /// True where what is known was confirmed by a fresh read at this very moment.
    pub confirmed: bool,
    /// What is known of the metrics.
    pub metrics: &'a MetricsState,
    /// True where something of them is new.
    pub measured: bool,
}

impl<'a> DecisionInput<'a> {
    /// What is known, assessed from scratch: once, when it decides.
    #[must_use]
    pub fn assessment(&self) -> Assessment<'a> {
        Assessment::from_scratch(self.state, self.plan, self.now, self.live.first_seen())
    }

    /// How every check of the metrics stands, where there are any. `ready` are the pods that each must have seen.
    fn checks(&self, ready: &[&str]) -> Vec<CheckReport> {
        let DecisionInput { plan, now, metrics: state, .. } = *self;
        plan.metrics.as_ref().map_or_else(Vec::new, |metrics| {
            report::reports(report::Context { metrics, state, delay: plan.delay, ready, now })
        })
    }

    /// What the metrics decide now.
    fn judgement(&self) -> Judgement {
        let Some(metrics) = self.plan.metrics.as_ref().filter(|metrics| !metrics.dry) else { return Judgement::Good };
        let assessment = self.assessment();
        judgement::judge(metrics, &self.checks(&assessment.ready_pods()), self.now)
    }

    /// What the metrics end the gate with, whatever the pods do.
    fn ended_by_metrics(&self) -> Option<Ruling<'a>> {
        let metrics = self.plan.metrics.as_ref().filter(|metrics| self.measured && !metrics.dry)?;
        match judgement::judge(metrics, &self.checks(&[]), self.now) {
            Judgement::Ended(verdict, causes) => Some(self.ruling_for_all(verdict, causes)),
            Judgement::Good | Judgement::Open(_) => None,
        }
    }

    /// When the metrics have been watched for as long as they are at most. Where no pod ever was ready there is nothing to
    /// watch.
    fn watched_until(&self) -> Option<Duration> {
        watched_until(self.plan, self.metrics)
    }

    fn ruling(&self, verdict: Verdict) -> Ruling<'a> {
        let assessment = self.assessment();
        Ruling { verdict, causes: assessment.causes.clone(), assessment }
    }

    /// A ruling for this cause above all.
    fn ruling_for(&self, verdict: Verdict, cause: Cause) -> Ruling<'a> {
        let mut ruling = self.ruling(verdict);
        ruling.causes.insert(0, cause);
        ruling
    }

    /// A ruling for these causes above all.
    fn ruling_for_all(&self, verdict: Verdict, causes: Vec<Cause>) -> Ruling<'a> {
        let mut ruling = self.ruling(verdict);
        ruling.causes.splice(0..0, causes);
        ruling
    }

    /// The ruling, where the assessment from scratch bears it out. Nothing passes or fails on a count alone.
    fn borne_out(&self, verdict: Verdict) -> Option<Ruling<'a>> {
        let ruling = self.ruling(verdict);
        let counts_at = |cause: &Cause| cause.counts_at(self.plan);
        let is_so = match verdict {
            Verdict::Healthy => ruling.assessment.all_well(),
            _ => ranking::decisive(&ruling.causes, counts_at, self.now) == Some(verdict),
        };
        debug_assert!(is_so, "the live assessment says {verdict:?}, and that from scratch does not");
        is_so.then_some(ruling)
    }
}

impl DecisionState {
    /// The ruling that this input allows, if it allows one.
    pub fn ruling<'a>(&mut self, input: &DecisionInput<'a>, emitter: &mut EventEmitter) -> Option<Ruling<'a>> {
        let DecisionInput { live, changes, state, plan, now, .. } = *input;
        if let Some(ruling) = unobservable(input) {
            return Some(ruling);
        }
        if let Some(cause) = self.carriers.displaced(changes, state, plan, now) {
            return Some(input.ruling_for(Verdict::Superseded, cause));
        }
        self.carriers.note(changes, live, state);
        self.phase.note(changes);
        let all_well = live.all_well(plan);
        // What crashed explains the errors that it made, and so comes before them.
        let decisive = live.decisive(now);
        if decisive != Some(Verdict::Failed) {
            let ruling = input.ended_by_metrics();
            if ruling.is_some() {
                return ruling;
            }
        }
        // What the platform withholds does not matter where enough is ready without it (`minReady`).
        if let Some(verdict) = decisive.filter(|verdict| *verdict == Verdict::Failed || !all_well) {
            let ruling = input.borne_out(verdict);
            if ruling.is_some() {
                return ruling;
            }
        }
        let is_fresh = state.sources.are_fresh(live.needs());
        if is_fresh && self.sight == Sight::Blind {
            self.sight = Sight::Restored(now);
        }
        if all_well && !is_fresh {
            self.phase.lose_sight();
        } else if all_well {
            self.keep_window(input, emitter);
            if self.is_stable(input) {
                let ruling = self.wait_for_metrics(input).or_else(|| self.prove(input, emitter));
                if ruling.is_some() {
                    return ruling;
                }
            } else {
                self.metrics = MetricsProof::Unasked;
            }
        } else if self.phase.unwell() {
            // Also where one source is lost: what the others tell all the same is true.
            let why = live.lacking(state, plan).unwrap_or_else(|| "the gate is not met yet".to_owned());
            emitter.push(now, GateEvent::WindowBroken { why });
        }
        self.end(input, is_fresh)
    }

    /// Looks at the metrics where all has been well for long enough: when something of them is new, when they have been
    /// watched for long enough, and once more when the pass is confirmed, for what was good may have grown old. The ruling
    /// that they demand, if they demand one.
    fn wait_for_metrics<'a>(&mut self, input: &DecisionInput<'a>) -> Option<Ruling<'a>> {
        let is_over = input.watched_until().is_none_or(|until| input.now >= until);
        let is_asked = self.phase.ticket().is_some() || self.phase.smoke_ticket().is_some();
        let is_news = input.measured || (is_over && self.metrics == MetricsProof::Open);
        if !(input.confirmed || self.metrics == MetricsProof::Unasked || (is_news && !is_asked)) {
            return None;
        }
        self.metrics = match input.judgement() {
            Judgement::Ended(verdict, causes) => return Some(input.ruling_for_all(verdict, causes)),
            Judgement::Good => MetricsProof::Done,
            Judgement::Open(_) if !is_over => MetricsProof::Open,
            Judgement::Open(open) => match judgement::at_the_end(&open) {
                None => MetricsProof::Done,
                Some(verdict) => {
                    let mut causes: Vec<Cause> = open.into_iter().map(|open| open.cause).collect();
                    // What can be known comes before what cannot: the first one leads.
                    causes.sort_by_key(|cause| cause.code);
                    return Some(input.ruling_for_all(verdict, causes));
                }
            },
        };
        None
    }

    /// What is still to be proven where all has been well for long enough: the smoke run, then the fresh read.
    fn prove<'a>(&mut self, input: &DecisionInput<'a>, emitter: &mut EventEmitter) -> Option<Ruling<'a>> {
        let DecisionInput { plan, now, .. } = *input;
        if self.metrics != MetricsProof::Done {
            return None;
        }
        let needs_smoke = plan.smoke.is_some() && !self.phase.is_smoked();
        if !needs_smoke && input.confirmed {
            return input.borne_out(Verdict::Healthy);
        }
        if self.phase.ask(self.tickets + 1, needs_smoke) {
            self.tickets += 1;
            emitter.push(now, if needs_smoke { GateEvent::Smoking } else { GateEvent::Confirming });
        }
        None
    }

    /// How a gate ends whose time is up.
    fn end<'a>(&mut self, input: &DecisionInput<'a>, is_fresh: bool) -> Option<Ruling<'a>> {
        let DecisionInput { state, plan, now, .. } = *input;
        if !self.is_over(input) {
            return None;
        }
        // All was well for long enough, and the read that would prove it never came back: that is the cluster's silence,
        // and no flaw of the app.
        if self.phase.ticket().is_some() {
            return Some(input.ruling_for(Verdict::Inconclusive, timeout::unconfirmed(now)));
        }
        if self.phase.smoke_ticket().is_some() {
            return Some(input.ruling_for(Verdict::Inconclusive, timeout::unsmoked(now)));
        }
        if !is_fresh && now < plan.wait_period.saturating_add(CONFIRM_LIMIT) {
            self.sight = Sight::Blind;
            return None;
        }
        let assessment = input.assessment();
        let (verdict, causes) = timeout::at_the_end(state, plan, &assessment, now);
        Some(Ruling { verdict, causes, assessment })
    }

    /// The ticket of the question that is open.
    #[must_use]
    pub const fn ticket(&self) -> Option<u64> {
        self.phase.ticket()
    }

    /// Takes the open question off. Returns true if there was one.
    pub fn take_question(&mut self) -> bool {
        self.phase.take_question()
    }

    /// The ticket of the smoke run that is asked for.
    #[must_use]
    pub const fn smoke_ticket(&self) -> Option<u64> {
        self.phase.smoke_ticket()
    }

    /// Takes the smoke run off that was asked for. Returns true if there was one.
    pub fn take_smoke(&mut self, passed: bool) -> bool {
        self.phase.take_smoke(passed)
    }

    /// The moments at which there is something to decide whatever is observed.
    pub fn deadlines(&self, plan: &Plan, metrics: &MetricsState) -> impl Iterator<Item = Duration> {
        let sight = (self.sight == Sight::Blind).then(|| plan.wait_period.saturating_add(CONFIRM_LIMIT));
        let watched = watched_until(plan, metrics);
        let limit = self.limit(plan, watched);
        [Some(plan.wait_period), self.stable_at(plan), limit, sight, watched].into_iter().flatten()
    }

    /// When the window that is open will have been open for long enough.
    #[must_use]
    pub fn stable_at(&self, plan: &Plan) -> Option<Duration> {
        self.phase.window().map(|window| window.since.saturating_add(plan.stable_for))
    }

    /// True where the window that is open began in time.
    fn is_open_in_time(&self, plan: &Plan) -> bool {
        let latest = if let Sight::Restored(at) = self.sight { at } else { plan.wait_period };
        self.phase.window().is_some_and(|window| window.since <= latest.max(plan.wait_period))
    }

    fn keep_window(&mut self, input: &DecisionInput<'_>, emitter: &mut EventEmitter) {
        let DecisionInput { live, plan, now, .. } = *input;
        match self.phase.well(now, live) {
            Change::None => return,
            Change::Opened => {}
            Change::Restarted { why } => emitter.push(now, GateEvent::WindowBroken { why }),
        }
        emitter.push(now, GateEvent::WindowOpened { until: now.saturating_add(plan.stable_for) });
    }

    /// True where all has been well for long enough. What is finished has nothing left to be stable.
    fn is_stable(&self, input: &DecisionInput<'_>) -> bool {
        let DecisionInput { live, plan, now, .. } = *input;
        let stable_for = if live.all_done(plan) { Duration::ZERO } else { plan.stable_for };
        let is_long = self.phase.window().is_some_and(|window| now >= window.since.saturating_add(stable_for));
        is_long && self.is_open_in_time(plan)
    }

    /// True where the time is up: the wait period is over and no window that began in it is still open, or such a
    /// window could not be brought to its end in time.
    fn is_over(&self, input: &DecisionInput<'_>) -> bool {
        let DecisionInput { plan, now, .. } = *input;
        let over = now >= plan.wait_period && !self.is_open_in_time(plan);
        over || self.limit(plan, input.watched_until()).is_some_and(|limit| now >= limit)
    }

    /// The latest moment for a window that is open: its end, or that of the metrics' time, and the time that a confirming
    /// read may take.
    fn limit(&self, plan: &Plan, watched_until: Option<Duration>) -> Option<Duration> {
        let end = self.stable_at(plan)?;
        let smoke = plan.smoke.as_ref().map_or(Duration::ZERO, |smoke| smoke.timeout.saturating_add(SMOKE_LIMIT));
        // However late a window was opened, the gate keeps to the end that it promises.
        let last = plan.wait_period.saturating_add(plan.stable_for);
        let end = end.clamp(plan.wait_period, last).max(watched_until.unwrap_or_default());
        Some(end.saturating_add(smoke).saturating_add(CONFIRM_LIMIT))
    }
}

/// When the metrics have been watched for as long as they are at most, once a pod was ready.
fn watched_until(plan: &Plan, state: &MetricsState) -> Option<Duration> {
    let metrics = plan.metrics.as_ref().filter(|metrics| !metrics.dry)?;
    Some(state.first_ready()?.saturating_add(metrics.watch_for))
}

/// The end of a gate that cannot see: pods that may not be listed, trouble that no waiting mends, a cluster that never
/// answered.
fn unobservable<'a>(input: &DecisionInput<'a>) -> Option<Ruling<'a>> {
    let DecisionInput { live, state, now, .. } = *input;
    let alone = |cause| Ruling { verdict: Verdict::Inconclusive, causes: vec![cause], assessment: input.assessment() };
    if let Some(message) = state.sources.pods_denied() {
        let mut cause =
            Cause::new(Code::Forbidden, Place::default(), format!("pods may not be listed: {message}"), now);
        cause.next_step = format!("Add this rule to the Role: `{}`", rbac::rule_for(&[Source::Pods]));
        return Some(alone(cause));
    }
    if let Some((source, trouble)) = state.sources.hopeless() {
        let cause = timeout::observation_cause(source, Some(trouble), now);
        return Some(input.ruling_for(Verdict::Inconclusive, cause));
    }
    if !state.sources.reached() && now >= NEVER_REACHED_LIMIT {
        let (source, trouble) = state.sources.unfit(live.needs())?;
        return Some(alone(timeout::observation_cause(source, trouble, now)));
    }
    None
}
