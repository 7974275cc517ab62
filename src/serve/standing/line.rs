//! The gates of one call, one revision after another: rounds, vigils and looks, driven over the hub.

use std::future::pending;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, info};

use super::rules::{Course, Doing, Step, Terms, Told};
use super::telling::{Ledger, Log, Outlet};
use super::watcher::{Hearing, Watcher};
use crate::cluster::drive::{
    AskMetrics, Emitted, Expecting, GateRun, Hub, Joined, Joining, LateGate, Run, metrics_sources,
};
use crate::cluster::signals;
use crate::gate::model::Workload;
use crate::gate::result::{GateEvent, Outcome, Verdict};
use crate::gate::spec::{Pin, Plan, Revision};
use crate::gate::{SeenWorkload, WorkloadSight};
use crate::manifest::Blueprint;
use crate::report::model;
use crate::serve::call::Call;
use crate::serve::view::GateView;
use crate::text::{Redaction, Untrusted};

/// How often it is said anew for how long a gate has been pending.
const WORDS_AGE: Duration = Duration::from_secs(5);

/// What is said where crashgate itself failed.
const BROKE: &str = "crashgate itself failed while it judged this gate, so nothing is proven";

/// What all gates share.
pub struct Surroundings {
    /// Where gates are judged.
    pub hub: Arc<Hub>,
    /// Whether secrets are masked.
    pub redaction: Redaction,
    /// In a rehearsal the URL of the sandbox, which stands for every source of metrics.
    pub rehearsed: Option<String>,
}

/// What is asked for.
#[derive(Clone)]
pub struct Order {
    /// The call.
    pub call: Arc<Call>,
    /// Its workload.
    pub pin: Pin,
    /// Its plan.
    pub plan: Arc<Blueprint>,
}

/// The gates of one call.
pub struct Line {
    /// What is asked for.
    pub order: Order,
    /// What all gates share.
    pub around: Arc<Surroundings>,
    /// Who keeps the gates.
    pub ledger: Arc<dyn Ledger>,
}

impl Line {
    /// Judges for as long as it is not dropped, or until nothing more will come of it.
    pub async fn run(self, mut view: GateView, mut outlet: Outlet) {
        let mut not_before = Duration::ZERO;
        loop {
            let began = Instant::now();
            let mut gate = StandingGate::new(&self, view.clone(), outlet.clone(), began, not_before);
            let run = AssertUnwindSafe(gate.run()).catch_unwind().await;
            match run {
                Ok(End::Over) => return,
                Ok(End::Follow) => {}
                // Whatever it knew is not looked after any more: it may not stand.
                Err(_) => {
                    gate.broke();
                    return;
                }
            }
            let delay = gate.unseen().delay;
            let pending = GateView::begun(view.id.clone(), Arc::clone(&view.call));
            let Some((next, to)) = self.ledger.follow(pending) else { return };
            // Revisions that follow each other fast are judged one after another all the same, but in no haste.
            not_before = delay.saturating_sub(began.elapsed());
            (view, outlet) = (next, to);
        }
    }
}

/// How a gate ends.
enum End {
    /// Nothing more will come of it.
    Over,
    /// The gate of another revision follows.
    Follow,
}

/// What is going on.
struct Driving {
    joined: Option<Joined>,
    told: Hearing,
    /// When it began, since the gate did.
    began: Duration,
    started_at: jiff::Timestamp,
}

/// The gate of one revision.
struct StandingGate<'l> {
    line: &'l Line,
    course: Course,
    view: GateView,
    outlet: Outlet,
    began: Instant,
    log: Log,
    /// The plan, once it is known.
    plan: Option<Plan>,
    metrics: Option<Arc<dyn AskMetrics>>,
    /// The workload as it was seen last.
    seen: Option<Arc<SeenWorkload>>,
    told: Told,
    driving: Driving,
    /// What the newest outcome says.
    finding: Option<String>,
    /// Since when a vigil has seen that all is well.
    well_since: Option<Duration>,
}

impl<'l> StandingGate<'l> {
    fn new(line: &'l Line, view: GateView, outlet: Outlet, began: Instant, not_before: Duration) -> Self {
        let Order { call, plan, .. } = &line.order;
        let unseen = plan.unseen(&call.namespace, &line.order.pin);
        let terms = Terms {
            mode: call.mode,
            revision: call.revision.clone(),
            names_version: plan.names_version(),
            delay: unseen.delay,
            watch_for: unseen.metrics.map_or(Duration::ZERO, |metrics| metrics.watch_for),
        };
        let course = Course::new(terms, not_before);
        let log = Log::new(line.around.redaction);
        let idle = Driving {
            joined: None,
            told: tokio::sync::watch::channel(Told::default()).1,
            began: Duration::ZERO,
            started_at: view.began,
        };
        Self {
            line,
            course,
            view: GateView { log: log.shared(), ..view },
            outlet,
            began,
            log,
            plan: None,
            metrics: None,
            seen: None,
            told: Told::default(),
            driving: idle,
            finding: None,
            well_since: None,
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn namespace(&self) -> &'l str {
        &self.line.order.call.namespace
    }

    fn unseen(&self) -> Plan {
        self.line.order.plan.unseen(self.namespace(), &self.line.order.pin)
    }

    /// Judges until another gate has to, or nobody need judge any more.
    async fn run(&mut self) -> End {
        let mut step = Step::Turn(self.course.doing());
        loop {
            match step {
                Step::Stay => {}
                Step::Turn(Doing::Over) => {
                    self.driving.joined = None;
                    self.publish();
                    return End::Over;
                }
                Step::Turn(doing) => self.drive(doing),
                Step::Follow => {
                    self.driving.joined = None;
                    self.publish();
                    return End::Follow;
                }
            }
            self.publish();
            step = self.next().await;
        }
    }

    /// Waits until something happens.
    async fn next(&mut self) -> Step {
        let due = self.course.wake_at().map(|at| self.began + at);
        let words_due = self.course.verdict().is_none().then(|| Instant::now() + WORDS_AGE);
        let Driving { joined, told, .. } = &mut self.driving;
        tokio::select! {
            biased;
            Ok(()) = told.changed() => {
                self.told = told.borrow_and_update().clone();
                if let WorkloadSight::Seen(seen) = &self.told.sight {
                    self.seen = Some(Arc::clone(seen));
                }
                let before = self.course.verdict();
                let step = self.course.hear(self.began.elapsed(), &self.told);
                if before != self.course.verdict() && self.course.verdict() == Some(Verdict::Superseded) {
                    // No round has said so.
                    self.finding = None;
                }
                if self.course.doing() == Doing::Vigil && self.course.verdict() == Some(Verdict::Healthy) {
                    let now = self.began.elapsed();
                    self.well_since.get_or_insert(now);
                }
                step
            }
            news = heard(joined) => match news {
                Some(emitted) => {
                    self.hear(emitted);
                    Step::Stay
                }
                None => self.ended().await,
            },
            () = until(due) => self.course.advance(self.began.elapsed()),
            () = until(words_due) => Step::Stay,
        }
    }

    /// Begins what comes next.
    fn drive(&mut self, doing: Doing) {
        let now = self.now();
        // What went on before is over: nothing of it is heard any more.
        self.driving.joined = None;
        self.told = Told { sight: self.told.sight.clone(), ..Told::default() };
        self.well_since = None;
        let pin = &self.line.order.pin;
        let (watcher, told) = match doing {
            Doing::Awaiting => Watcher::round(self.awaiting(), pin),
            Doing::Judging => self.round(),
            Doing::Vigil => Watcher::vigil(self.plan.clone().unwrap_or_else(|| self.unseen()), pin),
            Doing::Looking | Doing::Over => Watcher::look(self.unseen(), pin),
        };
        if matches!(doing, Doing::Awaiting | Doing::Judging) {
            self.log.round(now);
        }
        debug!(gate = %self.view.id, ?doing, "standing gate goes on");
        let metrics = match self.metrics() {
            Ok(metrics) => metrics.filter(|_| matches!(doing, Doing::Judging | Doing::Vigil)),
            Err(error) => {
                info!(gate = %self.view.id, %error, "the source of metrics cannot be asked");
                None
            }
        };
        let joining = Joining { gate: watcher, metrics, recording_ends: None, stop: signals::never() };
        let joined = Some(self.line.around.hub.join(joining));
        self.driving = Driving { joined, told, began: now, started_at: jiff::Timestamp::now() };
    }

    /// A round of this gate.
    fn round(&mut self) -> (Watcher, Hearing) {
        let Order { call, pin, plan } = &self.line.order;
        let known = self.plan.clone().or_else(|| {
            let named = call.revision.as_ref().and(self.seen.as_ref());
            match named {
                Some(seen) if plan.names_version() => Some(Plan { revision: Some(seen.revision()), ..self.unseen() }),
                Some(seen) => {
                    let present = plan.present(&call.namespace, &seen.workload);
                    Some(Plan { revision: Some(seen.revision()), ..present })
                }
                None => plan.names_version().then(|| self.unseen()),
            }
        });
        if let Some(known) = known {
            self.plan = Some(known.clone());
            return Watcher::round(known, pin);
        }
        let making = Making { plan: Arc::clone(plan), namespace: call.namespace.clone() };
        Watcher::late(LateGate::new(self.unseen(), pin.clone(), Box::new(making)), pin)
    }

    /// The plan of a gate that waits for a revision: no workload has that of this plan, and so it passes nothing.
    fn awaiting(&self) -> Plan {
        Plan {
            revision: Some(Revision { uid: String::new(), fingerprint: 0 }),
            smoke: None,
            metrics: None,
            ..self.unseen()
        }
    }

    /// The source of the plan's metrics.
    fn metrics(&mut self) -> Result<Option<Arc<dyn AskMetrics>>, String> {
        if self.metrics.is_none() {
            let client = metrics_sources::client(&self.unseen(), self.line.around.rehearsed.as_deref());
            self.metrics = client.map_err(|error| error.to_string())?.map(|client| Arc::new(client) as Arc<_>);
        }
        Ok(self.metrics.clone())
    }

    /// Takes in what was emitted.
    fn hear(&mut self, emitted: Emitted) {
        if let Some(plan) = emitted.plan {
            self.course.planned(plan.revision.as_ref());
            self.plan = Some(*plan);
        }
        let plan = self.plan.clone().unwrap_or_else(|| self.unseen());
        let target = self.line.around.hub.connection().target();
        let is_vigil = self.course.doing() == Doing::Vigil;
        for (at, event) in emitted.events {
            let at = self.driving.began + at;
            let is_news = match event {
                GateEvent::Decided { .. } => true,
                // Its window has no end.
                GateEvent::WindowOpened { .. } if is_vigil => false,
                // It first learns all that its round knew.
                _ => !is_vigil || self.well_since.is_some_and(|since| at > since),
            };
            if is_news {
                self.log.hear(at, &event, target, &plan);
                self.view.heard += 1;
            }
        }
        self.view.log = self.log.shared();
    }

    /// What is going on has ended.
    async fn ended(&mut self) -> Step {
        let Some(joined) = self.driving.joined.take() else { return Step::Stay };
        let requests = joined.requests.clone();
        let outcome = joined.outcome().await;
        let verdict = outcome.as_ref().map(|outcome| outcome.verdict);
        self.told.is_well = false;
        match outcome {
            Some(outcome) => self.take_in(outcome, requests.count()),
            None => self.fail(),
        }
        self.course.ended(self.now(), verdict)
    }

    /// Takes in how a round or a vigil ended.
    fn take_in(&mut self, mut outcome: Outcome, requests: u64) {
        self.finding = Some(said(&outcome, &self.plan.clone().unwrap_or_else(|| self.unseen())));
        let of_round = self.driving.began.saturating_sub(self.log.zero());
        outcome.decided_after += of_round;
        let started_at = self.driving.started_at;
        let run = Run {
            started_at: started_at
                .checked_sub(jiff::SignedDuration::try_from(of_round).unwrap_or_default())
                .unwrap_or(started_at),
            duration: self.now().saturating_sub(self.log.zero()),
            target: self.line.around.hub.connection().target().clone(),
            gates: vec![GateRun { plan: self.plan.clone().unwrap_or_else(|| self.unseen()), outcome, requests }],
        };
        self.view.run = Some(Arc::new(model::Run::of(&run, self.line.around.redaction)));
    }

    /// crashgate itself failed in a round.
    fn fail(&mut self) {
        self.finding = Some(BROKE.to_owned());
        let log = self.log.shared();
        let log = log.lock().unwrap_or_else(PoisonError::into_inner);
        if !log.gates.is_empty() {
            self.view.run = Some(Arc::new(log.unfinished(self.driving.started_at, &BROKE.into())));
        }
    }

    /// crashgate itself failed outside of a round: nothing that was told may stand.
    fn broke(&mut self) {
        self.driving.joined = None;
        self.view.verdict = Some(Verdict::Inconclusive);
        self.view.is_current = false;
        self.view.why = BROKE.into();
        self.view.changed = jiff::Timestamp::now();
        self.outlet.publish(&self.view);
    }

    /// Tells how the gate stands, where that is news.
    fn publish(&mut self) {
        let verdict = self.course.verdict();
        let before = (self.view.verdict, self.view.is_current, self.view.revision.clone(), self.view.why.clone());
        if self.view.verdict != verdict {
            self.view.verdict = verdict;
            self.view.changed = jiff::Timestamp::now();
            let verdict = verdict.map_or("pending", Verdict::name);
            info!(gate = %self.view.id, verdict, revision = self.course.revision(), "standing gate changed");
        }
        self.view.is_current = self.course.is_current();
        self.view.revision = self.course.revision();
        self.view.judged = self.course.judged().cloned();
        self.view.why = self.why();
        let now = (self.view.verdict, self.view.is_current, self.view.revision.clone(), self.view.why.clone());
        let told = self.outlet.looks.borrow().heard;
        if before != now || told != self.view.heard {
            self.outlet.publish(&self.view);
        }
    }

    /// Why it stands as it does, in a sentence.
    fn why(&self) -> Untrusted {
        let redaction = self.line.around.redaction;
        match self.course.verdict() {
            Some(Verdict::Superseded) if self.finding.is_none() => redaction
                .text(&format!("{} now has another revision than the one that was judged", self.line.order.pin)),
            Some(_) => redaction.text(self.finding.as_deref().unwrap_or(BROKE)),
            None => {
                redaction.text(&format!("judged for {} s so far: {}", self.pending_for().as_secs(), self.waits_for()))
            }
        }
    }

    fn pending_for(&self) -> Duration {
        self.now().saturating_sub(self.course.since())
    }

    /// What a pending gate waits for.
    fn waits_for(&self) -> String {
        let Told { sight, is_well, is_sighted, is_unmeasured, lacking, .. } = &self.told;
        let pin = &self.line.order.pin;
        match self.course.doing() {
            Doing::Awaiting => {
                let asked = self.line.order.call.revision.as_deref().unwrap_or_default();
                let has = match sight {
                    WorkloadSight::Blind => "what it has is not seen yet".to_owned(),
                    WorkloadSight::Absent => "it is not there".to_owned(),
                    WorkloadSight::Seen(seen) => match &seen.name {
                        Some(name) => format!("it has {name}"),
                        None => "its controller has not named the one that it has".to_owned(),
                    },
                };
                format!("{pin} does not have revision {asked} yet; {has}")
            }
            Doing::Looking => "the next look begins in a moment".to_owned(),
            _ if *is_unmeasured => "its pods are well, and its metrics prove too little at this moment".to_owned(),
            _ if *is_well => "everything is ready, and has to stay so".to_owned(),
            _ if !is_sighted && lacking.is_none() => "the cluster is not fully seen yet".to_owned(),
            _ => lacking.clone().unwrap_or_else(|| "the cluster is not fully seen yet".to_owned()),
        }
    }
}

/// What an outcome says in a sentence.
fn said(outcome: &Outcome, plan: &Plan) -> String {
    if let Some(finding) = outcome.findings.first() {
        return finding.message.clone();
    }
    let ready = outcome.wanted.filter(|wanted| *wanted > 0 && outcome.ready > 0);
    match ready {
        Some(wanted) if outcome.verdict == Verdict::Healthy && !plan.stable_for.is_zero() => {
            let (ready, seconds) = (outcome.ready, plan.stable_for.as_secs_f64());
            let pods = if wanted == 1 { "pod" } else { "pods" };
            format!("{ready} of {wanted} {pods} ready, without a break for {seconds} s")
        }
        _ => outcome.verdict.meaning().to_owned(),
    }
}

/// Makes the plan of a round once the workload is seen.
struct Making {
    plan: Arc<Blueprint>,
    namespace: String,
}

impl Expecting for Making {
    fn plan(&mut self, workload: &Workload) -> Plan {
        self.plan.present(&self.namespace, workload)
    }

    fn absent(&mut self, _near: &[String]) {}
}

/// What is emitted next; `None` once what is going on has ended, and nothing, ever, where nothing goes on.
async fn heard(joined: &mut Option<Joined>) -> Option<Emitted> {
    match joined {
        Some(joined) => joined.emitted.recv().await,
        None => pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}
