//! The gate itself: a state machine over observations, with time passed in.
//!
//! Whatever is decided is decided at a moment: when a fact is observed, or when a deadline passes. [`Gate::advance`]
//! visits every deadline up to the time given, one by one, so that it makes no difference how often it is called.

mod metrics;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::gate::Fact;
use crate::gate::evaluate::decision::NEVER_REACHED_LIMIT;
use crate::gate::evaluate::metrics::stable_arm;
use crate::gate::evaluate::{
    Assessment, Attribution, DecisionInput, DecisionState, EventEmitter, LiveAssessment, PODS, Remark, Remarks, Ruling,
    evidence, hints, outcome, witnesses,
};
use crate::gate::memory::Needs;
use crate::gate::model::{ControllerRef, Object, Phase, Pod, Source, Trouble, TroubleKind, Workload, WorkloadKind};
use crate::gate::result::{Cause, Code, Evidence, EvidenceKind, GateEvent, Outcome, Place, SmokePassed, Verdict};
use crate::gate::spec::Plan;
use crate::gate::state::{ClusterState, MetricsState, PodHistory};

/// What the gate wants from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// Nothing but observations and time.
    Nothing,
    /// A quorum LIST of the pods, a fresh read of each of these owners, and a LIST of every kind of workload whose state
    /// was not proven within the plan's `delay` (a workload of these labels can have come while its kind was not
    /// followed, or while its watch was silent), answered with [`Fact::Confirmed`]; where that fails, with
    /// [`Fact::Lost`] of the source that failed, and the gate asks again once it is restored.
    Confirmation {
        /// Kind and name of each.
        owners: Vec<(WorkloadKind, String)>,
        /// Counts the questions: an answer to an older one is useless.
        ticket: u64,
    },
    /// The smoke run of the plan, answered with [`Fact::Smoked`]. Where the gate wants something else before that, the
    /// run is of no use any more.
    Smoke {
        /// Counts the questions, as with a confirmation.
        ticket: u64,
    },
}

/// One gate: a state machine over observations, with time passed in.
#[derive(Debug, Clone)]
pub struct Gate {
    plan: Plan,
    state: ClusterState,
    now: Duration,
    /// What follows from the state, kept up with it.
    live: LiveAssessment,
    decision: DecisionState,
    warnings: Remarks,
    metrics: MetricsState,
    /// Something of the metrics is new since they were judged.
    measured: bool,
    /// The smoke run that passed last.
    smoked: Option<SmokePassed>,
    outcome: Option<Outcome>,
    emitter: EventEmitter,
    /// How often it was judged since the last check.
    unchecked: usize,
}

impl Gate {
    /// A gate that begins now: all times are since this moment.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self {
            metrics: MetricsState::new(&plan),
            measured: false,
            plan,
            state: ClusterState::default(),
            now: Duration::ZERO,
            live: LiveAssessment::default(),
            decision: DecisionState::default(),
            warnings: Remarks::default(),
            smoked: None,
            outcome: None,
            emitter: EventEmitter::default(),
            unchecked: 0,
        }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes in one fact, observed `at` that time since the gate began. After the decision, facts can make the findings
    /// more telling (an event that names the probe), but never change the verdict.
    pub fn observe(&mut self, at: Duration, fact: Fact) {
        self.observe_all([(at, fact)]);
    }

    /// Takes in several facts in their order, each observed at its time: what a driver finds waiting for it. Whatever
    /// comes due between two of them is decided then, by what was known then. Objects that were told of at the same
    /// moment are all taken in before they are judged, once; nothing is lost by that, for the history of a pod keeps its
    /// crashes and lost readiness. A time before that of an earlier fact counts as that one's.
    pub fn observe_all(&mut self, facts: impl IntoIterator<Item = (Duration, Fact)>) {
        let mut news = false;
        for (at, fact) in facts {
            if at > self.now {
                self.settle(&mut news);
                self.advance(at);
            }
            // Only what is there is looked at together. What is asked, or can be seen, is judged fact by fact.
            let is_alone = match &fact {
                Fact::Seen(_) | Fact::Gone { .. } => false,
                Fact::Listed { source, .. } => !self.state.sources.is_fresh(*source),
                _ => true,
            };
            if is_alone {
                self.settle(&mut news);
            }
            if self.outcome.is_some() {
                self.sharpen(fact);
                continue;
            }
            news |= self.take(fact);
            if is_alone {
                self.settle(&mut news);
            }
        }
        self.settle(&mut news);
    }

    /// Judges what was taken in and not judged yet.
    fn settle(&mut self, news: &mut bool) {
        if std::mem::take(news) && self.outcome.is_none() {
            self.judge(false);
        }
    }

    /// Takes in a fact. Returns true if it changed anything that is to be judged.
    fn take(&mut self, fact: Fact) -> bool {
        match fact {
            Fact::Listed { source, objects } if self.state.is_outdated(&objects) => self.lose(source, outdated(source)),
            Fact::Listed { source, objects } => {
                if self.state.sources.listed(source, self.now) {
                    self.emitter.push(self.now, GateEvent::Recovered { source });
                }
                // The first list of a source is news even where it is empty: it makes the view complete.
                self.state.replace_all(source, objects, &self.plan, self.now);
                true
            }
            Fact::Seen(object) => self.state.apply(*object, &self.plan, self.now),
            Fact::Gone { source, uid } => self.state.remove(source, &uid),
            Fact::Lost { source, trouble } => self.lose(source, trouble),
            Fact::Resumed { source } => {
                if self.state.sources.resumed(source) {
                    self.emitter.push(self.now, GateEvent::Recovered { source });
                }
                true
            }
            Fact::Rested { source } => {
                self.state.sources.rested(source);
                // It was followed for a moment after the last look said that nobody needs it: that look stands.
                self.live.needs().include(source)
            }
            Fact::Denied { source, message } => {
                let news = self.state.sources.denied(source, message);
                // That a custom resource may not be read matters to those alone who have any of it.
                let is_custom = matches!(source, Source::Workloads(kind) if kind.is_custom());
                if news && source != Source::Pods && !is_custom {
                    let warning = self.warnings.deny(source);
                    self.emitter.push(self.now, GateEvent::Warned(warning));
                }
                news
            }
            Fact::OwnerRead(owner) => self.state.apply_custom_owner(owner.uid.clone(), Ok(*owner)),
            Fact::OwnerUnread { uid, why } => self.state.apply_custom_owner(uid, Err(why)),
            Fact::Noticed(warning) => {
                self.warn(warning.into());
                false
            }
            Fact::Confirmed { pods, owners, kinds } => {
                if self.decision.take_question() {
                    let is_proof = self.take_answer(pods, owners, &kinds);
                    self.judge(is_proof);
                }
                false
            }
            Fact::Smoked(run) => {
                let objection = run.objection(self.now);
                if self.decision.take_smoke(objection.is_none()) {
                    if let Some((verdict, causes)) = objection {
                        self.end_with(verdict, causes);
                    } else {
                        self.smoked = self.plan.smoke.as_ref().map(|order| run.passed(order));
                        self.judge(false);
                    }
                }
                false
            }
            Fact::StableListed(pods) => {
                self.metrics.stable_listed(stable_arm::stable_pods(&pods, &self.state, &self.plan));
                false
            }
            Fact::Measured(measurement) => {
                self.measured |= self.measure(&measurement);
                self.measured
            }
            Fact::RecordingEnded => {
                self.recording_ended();
                false
            }
        }
    }

    /// Lets time pass: decides what is due by `now`.
    pub fn advance(&mut self, now: Duration) {
        while let Some(due) = self.wake_at().filter(|due| *due <= now) {
            self.now = due;
            self.judge(false);
        }
        self.now = self.now.max(now);
    }

    /// When [`Gate::advance`] will matter next, if nothing is observed before: always later than the last look.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        if self.outcome.is_some() {
            return None;
        }
        let never_reached = (!self.state.sources.reached()).then_some(NEVER_REACHED_LIMIT);
        let causes = self.live.next_due(self.now);
        let own = never_reached
            .into_iter()
            .chain(self.decision.deadlines(&self.plan, &self.metrics))
            .filter(|at| *at > self.now);
        own.chain(causes).min()
    }

    /// What the gate wants from outside now.
    #[must_use]
    pub fn want(&self) -> Want {
        if let Some(ticket) = self.decision.smoke_ticket().filter(|_| self.outcome.is_none()) {
            return Want::Smoke { ticket };
        }
        match self.decision.ticket().filter(|_| self.outcome.is_none()) {
            Some(ticket) => {
                let witnesses = self.live.witnesses(&self.state, &self.plan);
                let mut owners: Vec<_> = witnesses.map(|one| (one.kind, one.name.clone())).collect();
                owners.sort();
                owners.dedup();
                Want::Confirmation { owners, ticket }
            }
            None => Want::Nothing,
        }
    }

    /// The owners of unknown kinds that own pods of the gated version: what is known of them has to be read.
    #[must_use]
    pub fn custom_owners(&self) -> Vec<ControllerRef> {
        self.live.custom_owners(&self.state, &self.plan)
    }

    /// The kinds of workloads that must be followed now.
    #[must_use]
    pub fn needs(&self) -> &Needs {
        self.live.needs()
    }

    /// When the gate will want its pass confirmed, where all stays as it is.
    #[must_use]
    pub fn confirms_at(&self) -> Option<Duration> {
        self.decision.stable_at(&self.plan).filter(|_| self.outcome.is_none())
    }

    /// How it ended, once it did.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Ends the gate from outside with what it knows so far: a signal, or a panic elsewhere. A decided gate stays as it
    /// is.
    pub fn end(&mut self, now: Duration, verdict: Verdict) {
        self.advance(now);
        if self.outcome.is_none() {
            self.end_with(verdict, Vec::new());
        }
    }

    /// Adds proof to the finding at `place` of the outcome, once there is one.
    pub fn attach(&mut self, place: usize, evidence: Vec<Evidence>) {
        if let Some(finding) = self.outcome.as_mut().and_then(|outcome| outcome.findings.get_mut(place)) {
            for piece in &evidence {
                if piece.kind == EvidenceKind::Log {
                    evidence::read_log(finding, &piece.text, &self.state);
                }
            }
            finding.evidence.extend(evidence);
        }
    }

    /// Adds the proof that was observed on the way (events of this run, the node) to the findings, once nothing more
    /// will be observed or attached. To be called once.
    pub fn conclude(&mut self) {
        if let Some(outcome) = &mut self.outcome {
            evidence::complete(outcome, &self.state);
        }
    }

    /// What changed since this was last asked, oldest first, each with its time since the gate began.
    pub fn take_events(&mut self) -> Vec<(Duration, GateEvent)> {
        self.emitter.take()
    }

    /// True where everything is ready and all that says so is fresh, at this moment. That is no pass: a pass needs a whole
    /// stability window and its confirming read.
    #[must_use]
    pub fn is_well(&self) -> bool {
        let is_seen = self.outcome.is_none() && self.state.is_evaluated();
        is_seen && self.live.all_well(&self.plan) && self.state.sources.are_fresh(self.live.needs())
    }

    /// True where all that a verdict rests on is fresh at this moment, whatever it says.
    #[must_use]
    pub fn is_sighted(&self) -> bool {
        self.outcome.is_none() && self.state.is_evaluated() && self.state.sources.are_fresh(self.live.needs())
    }

    /// What the gate is still waiting for, in words; `None` where all is well or decided.
    #[must_use]
    pub fn lacking(&self) -> Option<String> {
        if self.outcome.is_some() { None } else { self.live.lacking(&self.state, &self.plan) }
    }

    /// What exists near to what the gate asks for, each in a sentence.
    #[must_use]
    pub fn near(&self) -> Vec<String> {
        hints::hints(&self.state, &self.plan)
    }

    /// How often a pod was evaluated so far: the work that the facts caused, whatever the machine.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.live.placements()
    }

    /// Holds what was evaluated fact by fact against an evaluation of everything from scratch: for tests.
    ///
    /// # Errors
    ///
    /// Where the two differ, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.outcome.is_some() || !self.state.is_evaluated() {
            return Ok(());
        }
        self.live.check(&self.assessment(), &self.state, &self.plan)
    }

    /// What is known, assessed from scratch.
    fn assessment(&self) -> Assessment<'_> {
        Assessment::from_scratch(&self.state, &self.plan, self.now, self.live.first_seen())
    }

    /// Judges what is known now, and decides where that is enough.
    fn judge(&mut self, confirmed: bool) {
        let delta = self.state.take_delta();
        let (state, plan, now) = (&self.state, &self.plan, self.now);
        let changes = self.live.update(delta, state, plan, now);
        let shown: Vec<&PodHistory> = changes.shown.iter().filter_map(|uid| state.pods.get(uid)).collect();
        self.emitter.note(&self.live, &changes, &shown, state, plan, now);
        if plan.metrics.is_some() && self.live.progress(plan).is_some_and(|(ready, _)| ready > 0) {
            self.metrics.note_ready(now);
        }
        let (metrics, measured) = (&self.metrics, std::mem::take(&mut self.measured));
        let input =
            DecisionInput { live: &self.live, changes: &changes, state, plan, now, confirmed, metrics, measured };
        let ruling = self.decision.ruling(&input, &mut self.emitter);
        for remark in shown.into_iter().filter_map(left_out) {
            warn(&mut self.warnings, &mut self.emitter, now, remark);
        }
        match ruling {
            Some(ruling) => {
                let warnings = std::mem::take(&mut self.warnings);
                let mut outcome = close(ruling, warnings, state, plan, metrics, now, &mut self.emitter);
                outcome.proved.smoke = self.smoked.take().filter(|_| outcome.verdict == Verdict::Healthy);
                self.outcome = Some(outcome);
            }
            None if cfg!(debug_assertions) => self.check_now_and_then(),
            None => {}
        }
    }

    /// Checks often enough that a fault is seen soon, and so seldom that the cost of a fact does not grow by it.
    fn check_now_and_then(&mut self) {
        const CHEAP: usize = 50;
        self.unchecked += 1;
        if self.unchecked * CHEAP >= self.state.pods.len() {
            self.unchecked = 0;
            let checked = self.check();
            assert!(checked.is_ok(), "evaluated fact by fact and from scratch: {checked:?}");
        }
    }

    /// Ends the gate with this verdict, for these causes and those that stand.
    fn end_with(&mut self, verdict: Verdict, mut causes: Vec<Cause>) {
        let warnings = std::mem::take(&mut self.warnings);
        let (state, plan, now) = (&self.state, &self.plan, self.now);
        let assessment = Assessment::from_scratch(state, plan, now, self.live.first_seen());
        causes.extend(assessment.causes.iter().cloned());
        let ruling = Ruling { verdict, causes, assessment };
        self.outcome = Some(close(ruling, warnings, state, plan, &self.metrics, now, &mut self.emitter));
    }

    fn lose(&mut self, source: Source, trouble: Trouble) -> bool {
        if self.state.sources.lost(source, trouble.clone(), self.now) {
            self.emitter.push(self.now, GateEvent::Trouble { source, message: trouble.message });
        }
        true
    }

    /// Takes in the answer of the confirming read. An owner that was asked for and is not in it was not found, nor was a
    /// workload of a kind that was listed. Returns false for an answer that is older than what is known already: it
    /// proves nothing, and takes nothing back.
    fn take_answer(&mut self, pods: Vec<Pod>, owners: Vec<Workload>, kinds: &[WorkloadKind]) -> bool {
        let pods: Vec<Object> = pods.into_iter().map(|object| Object::Pod(object.into())).collect();
        let outdated_owner = |owner: &&Workload| self.state.is_outdated_workload(owner);
        let mut past: BTreeSet<Source> =
            owners.iter().filter(outdated_owner).map(|owner| Source::Workloads(owner.kind)).collect();
        if self.state.is_outdated(&pods) {
            past.insert(Source::Pods);
        }
        if !past.is_empty() {
            for source in past {
                self.lose(source, outdated(source));
            }
            return false;
        }
        for kind in kinds {
            let of_kind = owners
                .iter()
                .filter(|owner| owner.kind == *kind)
                .cloned()
                .map(|object| Object::Workload(object.into()))
                .collect();
            self.state.replace_all(Source::Workloads(*kind), of_kind, &self.plan, self.now);
        }
        let attribution = Attribution::of(&self.state, &self.plan);
        let witnesses = attribution.groups.iter().flat_map(|group| witnesses::of(group.head(), &self.state));
        let asked: Vec<_> = witnesses.map(|one| (one.kind, one.uid.clone())).collect();
        for (kind, uid) in asked {
            if !owners.iter().any(|owner| owner.uid == uid) {
                self.state.remove(Source::Workloads(kind), &uid);
            }
        }
        for owner in owners {
            self.state.apply(Object::Workload(owner.into()), &self.plan, self.now);
        }
        self.state.replace_all(Source::Pods, pods, &self.plan, self.now);
        true
    }

    fn recording_ended(&mut self) {
        let still = self.lacking().or_else(|| self.unproven()).map_or_else(
            || "everything was ready, but not for long enough".to_owned(),
            |why| format!("still waiting: {why}"),
        );
        let message =
            format!("the recording ended after {:.1} s, before the gate could decide; {still}", self.now.as_secs_f64());
        let ended = Cause::new(Code::RecordingEnded, Place::default(), message, self.now);
        self.end_with(Verdict::Inconclusive, vec![ended]);
    }

    /// Lets what is heard after the decision make a finding more telling: the kubelet's event that names the probe can
    /// come a moment after the crash. The verdict stays.
    fn sharpen(&mut self, fact: Fact) {
        let events = match fact {
            Fact::Seen(object) => vec![*object],
            Fact::Listed { source: Source::Events, objects } => objects,
            _ => return,
        };
        for object in events {
            if matches!(object, Object::Event(_) | Object::Node(_)) {
                self.state.apply(object, &self.plan, self.now);
            }
        }
        // Nothing is evaluated any more.
        drop(self.state.take_delta());
        if let Some(outcome) = &mut self.outcome {
            outcome::sharpen(outcome, &self.state);
        }
    }

    fn warn(&mut self, remark: Remark) {
        warn(&mut self.warnings, &mut self.emitter, self.now, remark);
    }
}

fn warn(warnings: &mut Remarks, emitter: &mut EventEmitter, now: Duration, remark: Remark) {
    let warning = remark.warning.clone();
    if warnings.add(remark) {
        emitter.push(now, GateEvent::Warned(warning));
    }
}

/// The outcome of a gate that ended with this ruling.
fn close(
    ruling: Ruling<'_>,
    warnings: Remarks,
    state: &ClusterState,
    plan: &Plan,
    metrics: &MetricsState,
    now: Duration,
    emitter: &mut EventEmitter,
) -> Outcome {
    emitter.push(now, GateEvent::Decided { verdict: ruling.verdict });
    outcome::outcome(ruling, state, plan, metrics, now, warnings)
}

/// What is told of a pod that is left out: that the platform took it away or is taking it away, or that it ended and
/// nobody knows why. It is soon gone, and a pass must tell of it.
fn left_out(history: &PodHistory) -> Option<Remark> {
    if !history.is_left_out() {
        return None;
    }
    let pod = &history.pod;
    let (code, why) = if let Some(why) = history.disturbed() {
        (Code::PodDisrupted, why)
    } else {
        let unexplained = pod.phase == Some(Phase::Failed) && !pod.deleting && history.failure().is_none();
        let reason = pod.reason.as_ref().map_or_else(String::new, |reason| format!(" ({reason})"));
        (Code::PodFailed, unexplained.then(|| format!("replaced after it ended in phase Failed{reason}"))?)
    };
    let one = format!("pod {} was {why}; it was left out", pod.name);
    Some(Remark::of_pod(code, &pod.name, one, format!("{PODS} were {why}; they were left out")))
}

fn outdated(source: Source) -> Trouble {
    let message = format!("the {source} were answered older than they had been shown before");
    Trouble { kind: TroubleKind::Stale, message, hopeless: false }
}
