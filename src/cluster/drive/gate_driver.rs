//! The task of one gate: facts in, time on, questions answered, events out, evidence at the end.
//!
//! A gate that is slower than its cluster must not decide on less than what had arrived. So whatever wakes the task (a
//! deadline, an answer, a signal), what waits in the inbox comes first, each fact at the time at which it was learnt: the
//! gate visits the deadlines in between on its way, and sees at each of them all that had arrived by then.

use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::time::sleep_until;
use tracing::info;

use super::confirm::{Paid, Question, confirm};
use super::custom_owners::CustomOwners;
use super::decider::Decider;
use super::metrics_watch::MetricsWatch;
use super::rooms::Seat;
use super::services::Services;
use super::smoke::Smoke;
use super::withheld::Withheld;
use crate::cluster::api::{Collection, Failure, RequestCounter};
use crate::cluster::signals::stopped;
use crate::cluster::watch::{Inbox, SourceHandle};
use crate::gate::model::{Object, Source, Trouble, TroubleKind, Workload};
use crate::gate::result::{GateEvent, Notice, Outcome, Verdict, Warning};
use crate::gate::spec::{Pin, Plan};
use crate::gate::{Fact, Want};

/// The pinned workload as a read by its name answered it; `None` where it is not there.
pub(super) type PinnedRead = Result<Option<Box<Workload>>, Failure>;

/// A gate that has not ended so long after its last deadline is ended.
const BACKSTOP: Duration = Duration::from_secs(30);

/// A smoke run takes no longer than this beyond its own time; the gate itself gives up before.
const SMOKE_BACKSTOP: Duration = Duration::from_mins(2);

/// After so many facts other tasks get a turn: the sources that feed this gate, and other gates.
const AT_ONCE: usize = 32;

/// What changed in one gate.
#[derive(Debug)]
pub struct Emitted {
    /// Its place in the manifest.
    pub place: usize,
    /// Its plan, where that was not known before.
    pub plan: Option<Box<Plan>>,
    /// When, since the session began, and what.
    pub events: Vec<(Duration, GateEvent)>,
}

/// The task of one gate.
pub(in crate::cluster) struct GateDriver<D> {
    pub place: usize,
    pub gate: D,
    /// The session knows its plan.
    pub is_planned: bool,
    pub services: Services,
    pub requests: RequestCounter,
    pub emitted: mpsc::UnboundedSender<Emitted>,
    pub inbox: Inbox,
    /// Its place among all gates. Dropped after the inbox, for then it is known of what nobody hears any more.
    pub seat: Seat,
    /// Which pods; `None` until the pinned workload is known.
    pub pods: Option<Collection>,
    /// The target of the pinned Canary, once that is known.
    pub canary_target: Option<Pin>,
    /// The owners of kinds that the gate does not know.
    pub custom_owners: CustomOwners,
    /// What is asked of the source of metrics.
    pub metrics: MetricsWatch,
    /// How many pods the newest LIST of them showed: what the confirming read will cost.
    pub pods_listed: usize,
    /// The handles of the sources, by which it says what it needs of them.
    pub handles: HashMap<Source, SourceHandle>,
    /// What is said about the pods of others, where it is heard at all.
    pub withheld: Option<Withheld>,
    /// The sources that have said anything so far.
    pub heard: HashSet<Source>,
    /// Where the cluster is a recording: when it ends, and nothing more will come.
    pub recording_ends: Option<Duration>,
    /// The gate's time, since the session began.
    pub now: Duration,
    /// It was said that this gate is behind.
    pub warned_of_lag: bool,
    pub pending: Pending,
}

/// A confirming read: its ticket, and the answer, which is gone once it has come: what it read of owners of unknown kinds, and
/// all else.
type Confirmation = (u64, Option<BoxFuture<'static, (Vec<Fact>, Fact)>>);

/// What the gate is waiting for from elsewhere.
#[derive(Default)]
pub(in crate::cluster) struct Pending {
    /// By its ticket; the answer is gone once it has come.
    confirmation: Option<Confirmation>,
    smoke: Option<Smoke>,
    pub(super) pinned: Option<BoxFuture<'static, PinnedRead>>,
}

/// What woke the task.
enum Woken {
    Stopped(Verdict),
    Arrived,
    Smoked(Fact),
    Confirmed(Vec<Fact>, Fact),
    Owner(Fact),
    Measured(Fact),
    Pinned(PinnedRead),
    Due,
}

impl<D: Decider> GateDriver<D> {
    /// Judges to the end.
    pub async fn run(mut self) -> Option<Outcome> {
        self.arrange();
        let interrupted = self.decide().await;
        if let Some(outcome) = self.gate.outcome() {
            let plan = self.gate.plan();
            let cause = outcome.findings.first().map(|finding| finding.code.name());
            let requests = self.requests.count();
            info!(
                app = plan.app, version = plan.version, namespace = plan.namespace,
                verdict = %outcome.verdict, cause, after = ?outcome.decided_after, requests, "gate decided"
            );
        }
        self.leave();
        // Whatever ended the gate, the pod of its smoke run must not stay.
        if let Some(mut smoke) = self.pending.smoke.take() {
            smoke.call_off();
            smoke.over().await;
        }
        if !interrupted {
            self.collect_evidence().await;
        }
        self.gate.conclude();
        self.emit();
        self.gate.outcome().cloned()
    }

    /// Feeds the gate until it has decided. Returns true if it was ended from outside.
    async fn decide(&mut self) -> bool {
        let plan = self.gate.plan().clone();
        let smoke_time = plan.smoke.as_ref().map_or(Duration::ZERO, |smoke| smoke.timeout + SMOKE_BACKSTOP);
        let watch_time = plan.metrics.as_ref().map_or(Duration::ZERO, |metrics| metrics.watch_for);
        let backstop = plan.wait_period + plan.stable_for.max(watch_time) + smoke_time + BACKSTOP;
        let start = self.services.start;
        let mut stop = self.services.stop.clone();
        loop {
            self.emit();
            self.arrange();
            if self.gate.outcome().is_some() {
                return false;
            }
            self.ask_for_what_it_wants();
            self.custom_owners.follow(self.gate.custom_owners());
            self.ask_for_metrics();
            // A time that is past already is taken as soon as possible, and not in a loop without end.
            let wake_at = self.wake_at().map(|at| at.max(self.now + Duration::from_millis(1)));
            let due = start + wake_at.unwrap_or(backstop).min(backstop);
            let woken = tokio::select! {
                verdict = stopped(&mut stop) => Woken::Stopped(verdict),
                true = self.inbox.arrived() => Woken::Arrived,
                answer = smoked(&mut self.pending.smoke) => Woken::Smoked(answer),
                (owners, answer) = confirmed(&mut self.pending.confirmation) => Woken::Confirmed(owners, answer),
                fact = self.custom_owners.next() => Woken::Owner(fact),
                fact = self.metrics.next() => Woken::Measured(fact),
                read = read(&mut self.pending.pinned) => Woken::Pinned(read),
                () = sleep_until(due) => Woken::Due,
            };
            let now = self.take_in().await;
            match woken {
                Woken::Stopped(verdict) => {
                    self.advance(now);
                    self.gate.end(now, verdict);
                    return true;
                }
                Woken::Arrived => {}
                Woken::Smoked(answer) => {
                    let over = self.pending.smoke.take();
                    if over.is_some_and(|over| !over.is_called_off() && self.wants_smoke(over.ticket)) {
                        self.observe(now, answer);
                    }
                }
                Woken::Confirmed(owners, answer) => self.answer(now, owners, answer),
                Woken::Owner(fact) | Woken::Measured(fact) => self.observe(now, fact),
                Woken::Pinned(read) => {
                    self.pending.pinned = None;
                    match read {
                        Ok(Some(workload)) => self.take_pinned(now, *workload),
                        Ok(None) => {}
                        // Whose pods to look for is not known, nor will it be.
                        Err(failure) => {
                            self.observe(now, Fact::Lost { source: Source::Pods, trouble: failure.trouble() });
                        }
                    }
                }
                Woken::Due => {
                    self.advance(now);
                    if now >= backstop && self.gate.outcome().is_none() {
                        self.gate.end(now, Verdict::Inconclusive);
                    }
                }
            }
        }
    }

    /// Begins what the gate wants, and calls off what it does not want any more.
    fn ask_for_what_it_wants(&mut self) {
        let want = self.gate.want();
        let Self { services, requests, pending, .. } = self;
        let plan = self.gate.plan();
        if let Some(running) = pending.smoke.as_mut().filter(|running| want != Want::Smoke { ticket: running.ticket }) {
            running.call_off();
        }
        match want {
            Want::Nothing => pending.confirmation = None,
            Want::Smoke { ticket } => {
                pending.confirmation = None;
                // One that was called off goes first: two pods at once are one too many.
                if let (None, Some(order)) = (&pending.smoke, &plan.smoke) {
                    pending.smoke = Some(Smoke::begin(ticket, &services.connection, &plan.namespace, order, requests));
                }
            }
            Want::Confirmation { owners, ticket } => {
                if pending.confirmation.as_ref().is_some_and(|(asked, _)| *asked == ticket) {
                    return;
                }
                let question = Question {
                    namespace: plan.namespace.clone(),
                    pods: self.pods.clone(),
                    owners,
                    kinds: self.unproven_kinds(),
                    delay: plan.delay,
                };
                let (services, requests) = (self.services.clone(), self.requests.clone());
                let (custom, reader) = (self.gate.custom_owners(), self.custom_owners.reader());
                let answer = Box::pin(async move {
                    let facts = match reader.read_all(&custom).await {
                        Ok(facts) => facts,
                        Err(message) => {
                            let trouble = Trouble { kind: TroubleKind::Unreachable, message, hopeless: false };
                            return (Vec::new(), Fact::Lost { source: Source::Pods, trouble });
                        }
                    };
                    let Services { connection, link, budget, .. } = &services;
                    let paid = Paid { link, budget, meter: &requests };
                    (facts, confirm(connection, question, &paid, connection.request_timeout).await)
                });
                self.pending.confirmation = Some((ticket, Some(answer)));
            }
        }
    }

    /// Takes in all that had arrived by now, each fact at its own time. Returns that moment: nothing that arrives later is
    /// stamped with an earlier one, so that the gate may now decide what was due until then.
    async fn take_in(&mut self) -> Duration {
        let until = self.inbox.moment();
        let lag = self.inbox.lag(until);
        if lag > self.gate.plan().delay {
            self.warn_of_lag(lag);
        }
        let mut taken = 0;
        while let Some(observed) = self.inbox.next(until) {
            self.take(observed);
            taken += 1;
            if taken % AT_ONCE == 0 {
                tokio::task::yield_now().await;
            }
        }
        for source in self.inbox.incomplete() {
            if let Some(handle) = self.handles.get(&source) {
                handle.relist();
            }
        }
        self.now = self.now.max(until.saturating_duration_since(self.services.start));
        self.now
    }

    /// Says once that the gate is behind, by more than the plan's `delay`.
    fn warn_of_lag(&mut self, lag: Duration) {
        if !std::mem::replace(&mut self.warned_of_lag, true) {
            let message = format!(
                "changes in the cluster are judged {} s after they arrived: this machine is too slow for so many. The verdict may come late, but it rests on all of them",
                lag.as_secs()
            );
            self.observe(self.now, Fact::Noticed(Warning { code: Notice::FellBehind.into(), message }));
        }
    }

    /// Gives the gate the answer of its confirming read, where it still asks that.
    fn answer(&mut self, now: Duration, owners: Vec<Fact>, answer: Fact) {
        let Some((ticket, running)) = &mut self.pending.confirmation else { return };
        *running = None;
        // What has arrived before the answer may have made it useless.
        if !matches!(self.gate.want(), Want::Confirmation { ticket: wanted, .. } if wanted == *ticket) {
            return;
        }
        for fact in owners {
            self.observe(now, fact);
        }
        let mut read_anew = match &answer {
            Fact::Lost { source, .. } => vec![*source],
            _ => Vec::new(),
        };
        // A LIST of it may be older than what a watch had told already, and has taken that back.
        if let Fact::Confirmed { kinds, owners, .. } = &answer {
            read_anew.push(Source::Pods);
            let read: HashSet<_> = kinds.iter().copied().chain(owners.iter().map(|owner| owner.kind)).collect();
            let followed = read.into_iter().map(Source::Workloads);
            read_anew.extend(followed.filter(|source| self.gate.needs().include(*source)));
        }
        self.observe(now, answer);
        if self.gate.outcome().is_none() {
            for handle in read_anew.iter().filter_map(|source| self.handles.get(source)) {
                handle.relist();
            }
        }
    }

    fn wants_smoke(&self, ticket: u64) -> bool {
        self.gate.want() == Want::Smoke { ticket }
    }

    /// When time matters next.
    fn wake_at(&self) -> Option<Duration> {
        let end = self.recording_ends.filter(|_| self.gate.outcome().is_none());
        let metrics = self.metrics_due();
        self.gate.wake_at().into_iter().chain(end).chain(self.looks_further_at()).chain(metrics).min()
    }

    /// Lets time pass in the gate.
    fn advance(&mut self, now: Duration) {
        if let Some(end) = self.recording_ends.take_if(|end| *end <= now) {
            self.gate.observe(end, Fact::RecordingEnded);
        }
        self.gate.advance(now);
    }

    /// Gives the gate a fact.
    pub(super) fn observe(&mut self, at: Duration, fact: Fact) {
        self.now = self.now.max(at);
        self.advance(self.now);
        self.emit();
        let (said, fact) = match &mut self.withheld {
            Some(withheld) => withheld.sift(fact),
            None => (Vec::new(), Some(fact)),
        };
        for event in said {
            self.gate.observe(self.now, Fact::Seen(Box::new(Object::Event(event))));
        }
        let Some(fact) = fact else { return };
        let is_list_of_pods = matches!(fact, Fact::Listed { source: Source::Pods, .. });
        self.gate.observe(self.now, fact);
        // What a list of the pods shows for the first time is seldom news of the pods alone.
        if self.emit() && is_list_of_pods {
            let needed = self.handles.iter().filter(|(source, _)| self.gate.needs().include(**source));
            needed.for_each(|(_, handle)| handle.hurry());
        }
    }

    /// Emits what changed. Returns true if anything did.
    fn emit(&mut self) -> bool {
        let newly_planned = !self.is_planned && self.gate.is_planned();
        if !self.is_planned && !newly_planned && self.gate.outcome().is_none() {
            return false;
        }
        let plan = newly_planned.then(|| Box::new(self.gate.plan().clone()));
        self.is_planned |= newly_planned;
        let events = self.gate.take_events();
        let is_news = !events.is_empty();
        if is_news || plan.is_some() {
            // Nobody listens where the session was dropped.
            let _ = self.emitted.send(Emitted { place: self.place, plan, events });
        }
        is_news
    }
}

async fn smoked(smoke: &mut Option<Smoke>) -> Fact {
    match smoke {
        Some(smoke) => smoke.over().await,
        None => pending().await,
    }
}

async fn confirmed(confirmation: &mut Option<Confirmation>) -> (Vec<Fact>, Fact) {
    match confirmation {
        Some((_, Some(answer))) => answer.await,
        _ => pending().await,
    }
}

async fn read(pinned: &mut Option<BoxFuture<'static, PinnedRead>>) -> PinnedRead {
    match pinned {
        Some(read) => read.await,
        None => pending().await,
    }
}
