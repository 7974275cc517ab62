//! The course of a gate from its begin to its decision: the stability window, the confirming read, the workloads that
//! carried the version, and the end of the wait. The order of the questions in [`Course::decision`] is the decision.

use std::collections::BTreeMap;
use std::time::Duration;

use super::assessment::Assessment;
use super::attribution::Owner;
use super::events::EventEmitter;
use super::stability::{Change, Window};
use super::version::Said;
use super::{attribution, ranking, timeout, version};
use crate::gate::diagnose::rbac;
use crate::gate::model::{Source, WorkloadKind};
use crate::gate::result::{Cause, Code, Evidence, EvidenceKind, GateEvent, Place, Verdict};
use crate::gate::spec::Plan;
use crate::gate::state::ClusterState;

/// How long a confirming read may take beyond the time that it is asked for at.
pub const CONFIRM_LIMIT: Duration = Duration::from_secs(10);

/// How long a gate waits for a cluster that has not answered once.
/// Longer than one request may take that is never answered, so that a second one can be.
pub const NEVER_REACHED_LIMIT: Duration = Duration::from_secs(12);

/// A verdict and all the causes that stood when it was reached.
pub type Decision = (Verdict, Vec<Cause>);

/// Where a gate stands in its course.
#[derive(Debug, Default)]
pub struct Course {
    window: Window,
    /// Workloads whose template carried the gated version at some time, by UID: kind and name.
    carried: BTreeMap<String, (WorkloadKind, String)>,
    /// The ticket of the confirming read that was asked for. Withdrawn whenever the window changes, so that an answer is
    /// always about the window that is open.
    asked: Option<u64>,
    smoke: Smoke,
    tickets: u64,
    sight: Sight,
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

/// How far the smoke run of the open window is. It is worth nothing for another window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Smoke {
    #[default]
    NotAsked,
    Asked(u64),
    Passed,
}

/// How long a smoke run may take beyond its own time: to be created, read to its end and deleted.
const SMOKE_LIMIT: Duration = Duration::from_secs(90);

/// A moment that is judged.
pub struct DecisionInput<'a> {
    /// What follows from all that is known.
    pub assessment: &'a Assessment<'a>,
    /// All that is known.
    pub state: &'a ClusterState,
    /// The plan.
    pub plan: &'a Plan,
    /// The time since the gate began.
    pub now: Duration,
    /// True where what is known was confirmed by a fresh read at this very moment.
    pub confirmed: bool,
}

impl Course {
    /// The decision that this moment allows, if it allows one.
    pub fn decision(&mut self, input: &DecisionInput<'_>, emitter: &mut EventEmitter) -> Option<Decision> {
        let DecisionInput { assessment, state, plan, now, .. } = *input;
        if let Some(decision) = unobservable(input) {
            return Some(decision);
        }
        if let Some(cause) = self.displaced(input) {
            return Some((Verdict::Superseded, with(cause, assessment)));
        }
        self.remember_carriers(assessment);
        match ranking::decisive(&assessment.causes, |cause| cause.counts_at(plan), now) {
            Some(Verdict::Failed) => return Some((Verdict::Failed, assessment.causes.clone())),
            // What the platform withholds does not matter where enough is ready without it (`minReady`).
            Some(Verdict::Platform) if !assessment.all_well() => {
                return Some((Verdict::Platform, assessment.causes.clone()));
            }
            _ => {}
        }
        let is_fresh = state.sources.are_fresh(&assessment.needs);
        if is_fresh && self.sight == Sight::Blind {
            self.sight = Sight::Restored(now);
        }
        if assessment.all_well() && !is_fresh {
            self.window.lost_sight();
            self.asked = None;
        } else if assessment.all_well() {
            self.keep_window(input, emitter);
            if self.is_stable(input) {
                if plan.smoke.is_some() && self.smoke != Smoke::Passed {
                    self.ask_smoke(emitter, now);
                } else if input.confirmed {
                    return Some((Verdict::Healthy, assessment.causes.clone()));
                } else {
                    self.ask(emitter, now);
                }
            }
        } else {
            // Also where one source is lost: what the others tell all the same is true.
            (self.asked, self.smoke) = (None, Smoke::NotAsked);
            if self.window.unwell() {
                let why = assessment.lacking().unwrap_or_else(|| "the gate is not met yet".to_owned());
                emitter.push(now, GateEvent::WindowBroken { why });
            }
        }
        if !self.is_over(input) {
            return None;
        }
        // All was well for long enough, and the read that would prove it never came back: that is the cluster's silence,
        // and no flaw of the app.
        if self.asked.is_some() {
            return Some((Verdict::Inconclusive, with(timeout::unconfirmed(now), assessment)));
        }
        if matches!(self.smoke, Smoke::Asked(_)) {
            return Some((Verdict::Inconclusive, with(timeout::unsmoked(now), assessment)));
        }
        if !is_fresh && now < plan.wait_period.saturating_add(CONFIRM_LIMIT) {
            self.sight = Sight::Blind;
            return None;
        }
        Some(timeout::at_the_end(state, plan, assessment, now))
    }

    /// The ticket of the question that is open.
    #[must_use]
    pub fn ticket(&self) -> Option<u64> {
        self.asked
    }

    /// Takes the open question off. True where there was one.
    pub fn take_question(&mut self) -> bool {
        self.asked.take().is_some()
    }

    /// The ticket of the smoke run that is asked for.
    #[must_use]
    pub fn smoke_ticket(&self) -> Option<u64> {
        if let Smoke::Asked(ticket) = self.smoke { Some(ticket) } else { None }
    }

    /// Takes the smoke run off that was asked for. True where there was one.
    pub fn take_smoke(&mut self) -> bool {
        let was_asked = self.smoke_ticket().is_some();
        if was_asked {
            self.smoke = Smoke::NotAsked;
        }
        was_asked
    }

    /// The smoke run that was taken off passed.
    pub fn smoke_passed(&mut self) {
        self.smoke = Smoke::Passed;
    }

    /// The moments at which the course itself has something to decide.
    pub fn deadlines(&self, plan: &Plan) -> impl Iterator<Item = Duration> {
        let sight = (self.sight == Sight::Blind).then(|| plan.wait_period.saturating_add(CONFIRM_LIMIT));
        [Some(plan.wait_period), self.stable_at(plan), self.limit(plan), sight].into_iter().flatten()
    }

    /// When the window that is open will have been open for long enough.
    #[must_use]
    pub fn stable_at(&self, plan: &Plan) -> Option<Duration> {
        self.window.since().map(|since| since.saturating_add(plan.stable_for))
    }

    /// True where the window that is open began in time.
    fn is_open_in_time(&self, plan: &Plan) -> bool {
        let latest = if let Sight::Restored(at) = self.sight { at } else { plan.wait_period };
        self.window.since().is_some_and(|since| since <= latest.max(plan.wait_period))
    }

    fn keep_window(&mut self, input: &DecisionInput<'_>, emitter: &mut EventEmitter) {
        let DecisionInput { assessment, plan, now, .. } = *input;
        let change = self.window.well(now, &assessment.attribution, plan);
        if change == Change::None {
            return;
        }
        (self.asked, self.smoke) = (None, Smoke::NotAsked);
        if let Change::Restarted { why } = change {
            emitter.push(now, GateEvent::WindowBroken { why });
        }
        emitter.push(now, GateEvent::WindowOpened { until: now.saturating_add(plan.stable_for) });
    }

    /// True where all has been well for long enough. What is finished has nothing left to be stable.
    fn is_stable(&self, input: &DecisionInput<'_>) -> bool {
        let DecisionInput { assessment, plan, now, .. } = *input;
        let stable_for = if assessment.all_done() { Duration::ZERO } else { plan.stable_for };
        let is_long = self.window.since().is_some_and(|since| now >= since.saturating_add(stable_for));
        is_long && self.is_open_in_time(plan)
    }

    fn ask(&mut self, emitter: &mut EventEmitter, now: Duration) {
        if self.asked.is_none() {
            self.tickets += 1;
            self.asked = Some(self.tickets);
            emitter.push(now, GateEvent::Confirming);
        }
    }

    fn ask_smoke(&mut self, emitter: &mut EventEmitter, now: Duration) {
        if self.smoke == Smoke::NotAsked {
            self.tickets += 1;
            self.smoke = Smoke::Asked(self.tickets);
            emitter.push(now, GateEvent::Smoking);
        }
    }

    /// True where the time is up: the wait period is over and no window that began in it is still open, or such a
    /// window could not be brought to its end in time.
    fn is_over(&self, input: &DecisionInput<'_>) -> bool {
        let DecisionInput { plan, now, .. } = *input;
        let over = now >= plan.wait_period && !self.is_open_in_time(plan);
        over || self.limit(plan).is_some_and(|limit| now >= limit)
    }

    /// The latest moment for a window that is open: its end, and the time that a confirming read may take.
    fn limit(&self, plan: &Plan) -> Option<Duration> {
        let end = self.window.since()?.saturating_add(plan.stable_for);
        let smoke = plan.smoke.as_ref().map_or(Duration::ZERO, |smoke| smoke.timeout.saturating_add(SMOKE_LIMIT));
        // However late a window was opened, the gate keeps to the end that it promises.
        let last = plan.wait_period.saturating_add(plan.stable_for);
        Some(end.clamp(plan.wait_period, last).saturating_add(smoke).saturating_add(CONFIRM_LIMIT))
    }

    fn remember_carriers(&mut self, assessment: &Assessment<'_>) {
        for group in &assessment.attribution.groups {
            // Deploy tools delete their hooks as they like.
            if let Owner::Workload(workload) = group.owner
                && !workload.deleting
                && !workload.hook
                && !self.carried.contains_key(&workload.uid)
            {
                self.carried.insert(workload.uid.clone(), (workload.kind, workload.name.clone()));
            }
        }
    }

    /// A workload that carried the version and does not any more, or is not there any more. A version that was never
    /// seen is never displaced.
    fn displaced(&self, input: &DecisionInput<'_>) -> Option<Cause> {
        let DecisionInput { state, plan, now, .. } = *input;
        self.carried.iter().find_map(|(uid, (kind, name))| {
            let name = format!("{kind}/{name}");
            let place = Place { workload: Some(name.clone()), ..Place::default() };
            match state.workloads.get(uid) {
                Some(workload) if workload.deleting && !workload.is_complete_job() => {
                    Some(Cause::new(Code::WorkloadDeleted, place, format!("{name} is being deleted"), now))
                }
                None => Some(Cause::new(Code::WorkloadDeleted, place, format!("{name} was deleted"), now)),
                Some(workload) if !attribution::carries(workload, plan) => {
                    let message = format!("{name} now runs {}", now_runs(workload, plan));
                    let mut cause = Cause::new(Code::Superseded, place, message, now);
                    cause.next_step = format!(
                        "Nothing, if the newer deploy has its own gate. The rollouts since: `kubectl rollout history -n {} {name}`",
                        plan.namespace
                    );
                    cause.evidence.push(Evidence { kind: EvidenceKind::Status, text: template_words(workload) });
                    Some(cause)
                }
                Some(_) => None,
            }
        })
    }
}

/// The template of a workload, as far as it tells versions apart.
fn template_words(workload: &crate::gate::model::Workload) -> String {
    let labels = workload.template.labels.iter().map(|(key, value)| format!("{key}={value}"));
    let mut parts = vec![format!("template labels {}", labels.collect::<Vec<_>>().join(","))];
    parts.extend(workload.template.containers.iter().map(|container| format!("image {}", container.image)));
    parts.extend(workload.revision.map(|revision| format!("revision {revision}")));
    parts.join("; ")
}

/// What a workload runs in place of the gated version: the labels that the gate asks for, as they are now.
fn now_runs(workload: &crate::gate::model::Workload, plan: &Plan) -> String {
    match version::of_workload(workload, plan) {
        Said::Other(version) => return format!("{version} instead of {}", plan.version),
        Said::OtherTemplate(differences) => {
            return format!("another template than that of the manifest: {differences}");
        }
        Said::Gated | Said::Nothing(_) => {}
    }
    let labels = &workload.template.labels;
    let asked = plan.selector.requirements().iter().map(|requirement| &requirement.key);
    let labels: Vec<_> = asked.filter_map(|key| labels.get(key).map(|value| format!("{key}={value}"))).collect();
    if labels.is_empty() { "a template without the gate's labels".to_owned() } else { labels.join(",") }
}

/// The end of a gate that cannot see: pods that may not be listed, trouble that no waiting mends, a cluster that never
/// answered.
fn unobservable(input: &DecisionInput<'_>) -> Option<Decision> {
    let DecisionInput { assessment, state, now, .. } = *input;
    if let Some(message) = state.sources.pods_denied() {
        let mut cause =
            Cause::new(Code::Forbidden, Place::default(), format!("pods may not be listed: {message}"), now);
        cause.next_step = format!("Add this rule to the Role: {}", rbac::rule_for(&[Source::Pods]));
        return Some((Verdict::Inconclusive, vec![cause]));
    }
    if let Some((source, trouble)) = state.sources.hopeless() {
        return Some((Verdict::Inconclusive, with(timeout::observation_cause(source, Some(trouble), now), assessment)));
    }
    if !state.sources.reached() && now >= NEVER_REACHED_LIMIT {
        let (source, trouble) = state.sources.unfit(&assessment.needs)?;
        return Some((Verdict::Inconclusive, vec![timeout::observation_cause(source, trouble, now)]));
    }
    None
}

fn with(cause: Cause, assessment: &Assessment<'_>) -> Vec<Cause> {
    let mut causes = vec![cause];
    causes.extend(assessment.causes.iter().cloned());
    causes
}
