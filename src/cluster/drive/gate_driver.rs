//! The task of one gate: facts in, time on, questions answered, events out, evidence at the end.

use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::confirm::{Paid, Question, confirm, read_owner};
use super::decider::Machine;
use super::smoke::Smoke;
use crate::cluster::api::Budget;
use crate::cluster::api::Collection;
use crate::cluster::api::evidence;
use crate::cluster::api::{Connection, RequestCounter};
use crate::cluster::signals::{Stop, stopped};
use crate::cluster::watch::Link;
use crate::cluster::watch::Subscriptions;
use crate::cluster::watch::{Observed, Pace, Reins};
use crate::gate::memory::Needs;
use crate::gate::model::{Object, Source, Workload, WorkloadKind};
use crate::gate::result::{GateEvent, Outcome, Verdict};
use crate::gate::spec::Pin;
use crate::gate::{Fact, Want};

/// A gate that has not ended so long after its last moment is ended.
const BACKSTOP: Duration = Duration::from_secs(30);

/// What changed in one gate.
pub(in crate::cluster) struct Told {
    /// Its place in the manifest.
    pub place: usize,
    /// When, since the session began, and what.
    pub events: Vec<(Duration, GateEvent)>,
}

/// The task of one gate.
pub(in crate::cluster) struct Judge<M> {
    pub place: usize,
    pub machine: M,
    pub start: Instant,
    pub connection: Arc<Connection>,
    pub subscriptions: Arc<Mutex<Subscriptions>>,
    pub meter: RequestCounter,
    pub stop: Stop,
    pub told: mpsc::UnboundedSender<Told>,
    /// Facts about everything but the pods.
    pub inbox: mpsc::UnboundedReceiver<Observed>,
    /// Facts about the pods; another channel where a pinned workload changes its selector.
    pub pods_inbox: mpsc::UnboundedReceiver<Observed>,
    /// Which pods; `None` until the pinned workload is known.
    pub pods: Option<Collection>,
    /// The reins of every source.
    pub reins: HashMap<Source, Reins>,
    /// The sources that have said anything so far.
    pub heard: HashSet<Source>,
    pub budget: Arc<Budget>,
    pub link: Arc<Link>,
    pub last: Duration,
}

/// A smoke run takes no longer than this beyond its own time; the gate itself gives up before.
const SMOKE_BACKSTOP: Duration = Duration::from_mins(2);

type Confirmation<'a> = BoxFuture<'a, Fact>;

impl<M: Machine> Judge<M> {
    /// Judges to the end.
    pub async fn run(mut self) -> Option<Outcome> {
        let mut smoke = None;
        self.arrange();
        let interrupted = self.decide(&mut smoke).await;
        self.leave();
        // Whatever ended the gate, the pod of its smoke run must not stay.
        if let Some(mut smoke) = smoke {
            smoke.call_off();
            smoke.over().await;
        }
        if !interrupted {
            self.collect_evidence().await;
        }
        self.machine.conclude();
        self.tell();
        self.machine.outcome().cloned()
    }

    /// Feeds the gate until it has decided. True where it was ended from outside.
    async fn decide(&mut self, smoke: &mut Option<Smoke>) -> bool {
        let connection = Arc::clone(&self.connection);
        let meter = self.meter.clone();
        let plan = self.machine.plan().clone();
        let smoke_time = plan.smoke.as_ref().map_or(Duration::ZERO, |smoke| smoke.timeout + SMOKE_BACKSTOP);
        let backstop = self.start + plan.wait_period + plan.stable_for + smoke_time + BACKSTOP;
        let patience = connection.request_timeout;
        let mut confirmation: Option<(u64, Option<Confirmation<'_>>)> = None;
        let mut stop = self.stop.clone();
        loop {
            self.tell();
            self.arrange();
            if self.machine.outcome().is_some() {
                return false;
            }
            let want = self.machine.want();
            if let Some(running) = smoke.as_mut().filter(|running| want != Want::Smoke { ticket: running.ticket }) {
                running.call_off();
            }
            match want {
                Want::Nothing => confirmation = None,
                Want::Smoke { ticket } => {
                    confirmation = None;
                    // One that was called off goes first: two pods at once are one too many.
                    if let (None, Some(order)) = (&smoke, &plan.smoke) {
                        *smoke = Some(Smoke::begin(ticket, &connection, &plan.namespace, order, &meter));
                    }
                }
                Want::Confirmation { owners, ticket } => {
                    if confirmation.as_ref().is_none_or(|(asked, _)| *asked != ticket) {
                        let question = Question {
                            namespace: plan.namespace.clone(),
                            pods: self.pods.clone(),
                            owners,
                            kinds: self.unproven_kinds(),
                            delay: plan.delay,
                        };
                        let (connection, link, budget, meter) =
                            (&connection, Arc::clone(&self.link), Arc::clone(&self.budget), &meter);
                        let answer = Box::pin(async move {
                            let paid = Paid { link: &link, budget: &budget, meter };
                            confirm(connection, question, &paid, patience).await
                        });
                        confirmation = Some((ticket, Some(answer)));
                    }
                }
            }
            // A time that is past already is taken as soon as possible, and not in a loop without end.
            let wake_at = self.machine.wake_at().map(|at| self.start + at.max(self.last + Duration::from_millis(1)));
            tokio::select! {
                verdict = stopped(&mut stop) => {
                    let now = self.now();
                    self.machine.end(now, verdict);
                    return true;
                }
                Some(observed) = self.inbox.recv() => self.observe(observed).await,
                Some(observed) = self.pods_inbox.recv() => self.observe(observed).await,
                answer = smoked(smoke) => {
                    let over = smoke.take();
                    if over.is_some_and(|over| !over.is_called_off()) {
                        let now = self.now();
                        self.machine.observe(now, answer);
                    }
                }
                answer = answered(&mut confirmation) => {
                    if let Some((_, answer)) = &mut confirmation {
                        *answer = None;
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
                        read_anew.extend(followed.filter(|source| self.machine.needs().include(*source)));
                    }
                    let now = self.now();
                    self.machine.observe(now, answer);
                    if self.machine.outcome().is_none() {
                        for reins in read_anew.iter().filter_map(|source| self.reins.get(source)) {
                            reins.relist();
                        }
                    }
                }
                () = sleep_until(wake_at.unwrap_or(backstop).min(backstop)) => {
                    let now = self.now();
                    self.machine.advance(now);
                    if Instant::now() >= backstop && self.machine.outcome().is_none() {
                        self.machine.end(now, Verdict::Inconclusive);
                    }
                }
            }
        }
    }

    /// Says which sources are needed, and when the read that confirms a pass will be.
    ///
    /// While nothing is known of the gated version every kind is needed; but a source waits a moment after its LIST to
    /// hear of it, and is told so only when all sources have been heard of: the kinds that own nothing here are then
    /// never watched at all.
    fn arrange(&self) {
        let needs = self.machine.needs();
        let all_heard = self.reins.keys().all(|source| self.heard.contains(source));
        for (source, reins) in self.votable() {
            let vote = match needs {
                Needs::All => all_heard.then_some(true),
                Needs::These(_) => Some(needs.include(*source)),
            };
            reins.vote(self.place, vote);
        }
        let kinds = WorkloadKind::ALL.into_iter().filter(|kind| self.is_readable(*kind)).count();
        let cost = u32::try_from(kinds).unwrap_or(u32::MAX).saturating_add(1);
        self.budget.book(self.place, self.machine.confirms_at().map(|at| (self.start + at, cost)));
    }

    /// Needs nothing any more.
    fn leave(&self) {
        for (_, reins) in self.votable() {
            reins.vote(self.place, Some(false));
        }
        self.budget.book(self.place, None);
    }

    /// The sources that a gate may do without. Pods and events every gate follows to its end.
    fn votable(&self) -> impl Iterator<Item = (&Source, &Reins)> {
        self.reins.iter().filter(|(source, _)| matches!(source, Source::Workloads(_)))
    }

    fn is_readable(&self, kind: WorkloadKind) -> bool {
        self.reins.get(&Source::Workloads(kind)).is_some_and(Reins::is_readable)
    }

    /// The kinds whose state nobody has asked for within `delay`: a workload of the gate's labels may have come that no
    /// watch has told of.
    fn unproven_kinds(&self) -> Vec<(WorkloadKind, Reins)> {
        let delay = self.machine.plan().delay;
        let reins = |kind: WorkloadKind| Some((kind, self.reins.get(&Source::Workloads(kind))?.clone()));
        WorkloadKind::ALL.into_iter().filter_map(reins).filter(|(_, reins)| reins.wants_proof(delay)).collect()
    }

    /// Takes in a fact, and learns from it which pods a pinned gate is about.
    async fn observe(&mut self, observed: Observed) {
        if let Fact::Listed { source, .. } | Fact::Denied { source, .. } | Fact::Lost { source, .. } = &observed.fact {
            self.heard.insert(*source);
        }
        let Some(pin) = self.machine.plan().workload.clone() else {
            self.pass_on(observed.at, observed.fact);
            return;
        };
        match &observed.fact {
            Fact::Listed { source, objects } if *source == Source::Workloads(pin.kind) => {
                let workload = objects.iter().find_map(|object| pinned(&pin, object)).cloned();
                let absent = workload.is_none() && self.pods.is_none();
                self.pass_on(observed.at, observed.fact);
                if let Some(workload) = workload {
                    self.follow(&workload);
                } else if absent {
                    // A workload that is not there has no pods.
                    self.pass_on(observed.at, Fact::Listed { source: Source::Pods, objects: Vec::new() });
                }
            }
            Fact::Seen(object) => {
                let workload = pinned(&pin, object).cloned();
                self.pass_on(observed.at, observed.fact);
                if let Some(workload) = workload {
                    self.follow(&workload);
                }
            }
            Fact::Denied { source, .. } if *source == Source::Workloads(pin.kind) && self.pods.is_none() => {
                self.pass_on(observed.at, observed.fact);
                self.read_pinned(&pin).await;
            }
            _ => self.pass_on(observed.at, observed.fact),
        }
    }

    /// Reads the pinned workload by its name: a Role may allow that where it does not allow the list.
    async fn read_pinned(&mut self, pin: &Pin) {
        let patience = self.connection.request_timeout;
        let namespace = self.machine.plan().namespace.clone();
        let deadline = Instant::now() + patience;
        let read = read_owner(&self.connection, &namespace, pin.kind, &pin.name, deadline, patience, &self.meter).await;
        if let Ok(Some(workload)) = read {
            self.follow(&workload);
            self.pass_on(Instant::now(), Fact::Seen(Box::new(Object::Workload(workload))));
        }
    }

    /// Subscribes to the pods of a pinned workload, where its selector is not the one followed already.
    fn follow(&mut self, workload: &Workload) {
        let plan = self.machine.plan();
        let pods = pods_of(&plan.namespace, workload);
        if self.pods.as_ref() == Some(&pods) {
            return;
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let pace = pace_of_pods(plan.delay);
        let reins = self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner).subscribe(
            pods.clone(),
            pace,
            true,
            &self.meter,
            sender,
        );
        self.reins.insert(Source::Pods, reins);
        self.pods_inbox = receiver;
        self.pods = Some(pods);
    }

    fn pass_on(&mut self, at: Instant, fact: Fact) {
        // Two channels may be a little out of step; the gate's time never goes back.
        self.last = self.last.max(at.saturating_duration_since(self.start));
        self.tell();
        let is_list_of_pods = matches!(fact, Fact::Listed { source: Source::Pods, .. });
        self.machine.observe(self.last, fact);
        // What a list of the pods shows for the first time is seldom news of the pods alone.
        if self.tell() && is_list_of_pods {
            let needed = self.reins.iter().filter(|(source, _)| self.machine.needs().include(**source));
            needed.for_each(|(_, reins)| reins.hurry());
        }
    }

    fn now(&mut self) -> Duration {
        self.last = self.last.max(self.start.elapsed());
        self.last
    }

    /// Tells what changed. True where anything did.
    fn tell(&mut self) -> bool {
        let events = self.machine.take_events();
        let is_news = !events.is_empty();
        if is_news {
            // Nobody listens where the session was dropped.
            let _ = self.told.send(Told { place: self.place, events });
        }
        is_news
    }

    /// Collects evidence for what was found, at most [`evidence::PATIENCE`] long.
    async fn collect_evidence(&mut self) {
        let mut stop = self.stop.clone();
        tokio::select! {
            _ = stopped(&mut stop) => {}
            () = self.collect() => {}
        }
    }

    async fn collect(&mut self) {
        let deadline = Instant::now() + evidence::PATIENCE;
        let findings = self.findings();
        let namespace = self.machine.plan().namespace.clone();
        let connection = Arc::clone(&self.connection);
        let (mut facts, (nodes, unread)) = futures::future::join(
            evidence::last_events(&connection, &namespace, &findings, &self.meter, deadline),
            evidence::nodes(&connection, &findings, &self.meter, deadline),
        )
        .await;
        facts.extend(nodes);
        while let Ok(observed) = self.inbox.try_recv() {
            self.pass_on(observed.at, observed.fact);
        }
        for fact in facts {
            self.pass_on(Instant::now(), fact);
        }
        // From here on nothing is observed, so the places of the findings stay.
        for (place, line) in unread {
            self.machine.attach(place, vec![line]);
        }
        let findings = self.findings();
        for (place, found) in evidence::logs(&connection, &namespace, &findings, &self.meter, deadline).await {
            self.machine.attach(place, vec![found]);
        }
    }

    fn findings(&self) -> Vec<crate::gate::result::Finding> {
        self.machine.outcome().map(|outcome| outcome.findings.clone()).unwrap_or_default()
    }
}

async fn smoked(smoke: &mut Option<Smoke>) -> Fact {
    match smoke {
        Some(smoke) => smoke.over().await,
        None => pending().await,
    }
}

async fn answered(confirmation: &mut Option<(u64, Option<Confirmation<'_>>)>) -> Fact {
    match confirmation {
        Some((_, Some(answer))) => answer.await,
        _ => pending().await,
    }
}

fn pinned<'a>(pin: &Pin, object: &'a Object) -> Option<&'a Workload> {
    match object {
        Object::Workload(workload) if workload.kind == pin.kind && workload.name == pin.name => Some(workload),
        _ => None,
    }
}

/// The pods that a workload can own. Its `matchLabels`; where it selects by expressions only, its template's labels; a
/// workload without either gets the whole namespace, for the gate goes by owners in the end.
fn pods_of(namespace: &str, workload: &Workload) -> Collection {
    let labels = if workload.match_labels.is_empty() { &workload.template.labels } else { &workload.match_labels };
    if labels.is_empty() {
        return Collection::whole(Source::Pods, namespace);
    }
    let selector = labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",");
    Collection::selected(Source::Pods, namespace, selector)
}

/// After so many watches in a row that broke early a source is listed only. Each of them costs a request or two.
pub(in crate::cluster) const MOST_BREAKS: u32 = 3;

/// Pods prove themselves after each `delay` of silence.
pub(in crate::cluster) fn pace_of_pods(delay: Duration) -> Pace {
    Pace { quiet: delay, first: delay, last_look: None, poll: delay, settled: delay / 2, most_breaks: MOST_BREAKS }
}
