//! Gates that stand as a test says.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashgate::cluster::drive::{GateRun, Run};
use crashgate::gate::model::WorkloadKind;
use crashgate::gate::result::{GateEvent, PodGlance, PodState, Verdict};
use crashgate::gate::spec::{Pin, Plan};
use crashgate::recording::{reader::Reader, replay};
use crashgate::report::model::{self, Event, Target};
use crashgate::report::run_log::RunLog;
use crashgate::serve::{Call, GateId, GateView, Gates, Mode, Refused};
use crashgate::text::Redaction;
use futures::future::BoxFuture;
use tokio::sync::watch;

use crate::recording::replay::rows;

/// Gates that stand as a test says, and change when it says so.
#[derive(Default)]
pub struct FakeGates {
    gates: Mutex<BTreeMap<GateId, watch::Sender<GateView>>>,
}

impl FakeGates {
    pub fn with(views: impl IntoIterator<Item = GateView>) -> Arc<Self> {
        let gates = Self::default();
        views.into_iter().for_each(|view| gates.put(view));
        Arc::new(gates)
    }

    /// Puts a gate in, or in the place of the one of its id.
    pub fn put(&self, view: GateView) {
        let mut gates = self.gates.lock().unwrap();
        match gates.get(&view.id) {
            Some(known) => drop(known.send_replace(view)),
            None => drop(gates.insert(view.id.clone(), watch::channel(view).0)),
        }
    }

    /// Changes a gate.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut GateView)) {
        self.gates.lock().unwrap()[&GateId::of(id)].send_modify(change);
    }
}

impl Gates for FakeGates {
    fn call(&self, _: Call) -> Result<watch::Receiver<GateView>, Refused> {
        Err(Refused::Ending)
    }

    fn look(&self, id: &GateId) -> Option<watch::Receiver<GateView>> {
        self.watch(id)
    }

    fn watch(&self, id: &GateId) -> Option<watch::Receiver<GateView>> {
        self.gates.lock().unwrap().get(id).map(watch::Sender::subscribe)
    }

    fn confirm<'a>(&'a self, _: &'a GateView) -> BoxFuture<'a, bool> {
        Box::pin(async { false })
    }

    fn forget(&self, id: &GateId) -> bool {
        self.gates.lock().unwrap().remove(id).is_some()
    }

    fn all(&self) -> Vec<GateView> {
        let mut all: Vec<GateView> = self.gates.lock().unwrap().values().map(|gate| gate.borrow().clone()).collect();
        all.sort_by_key(|view| std::cmp::Reverse(view.changed));
        all
    }
}

/// Half past three on a day in November, and so many seconds.
pub fn moment(seconds: i64) -> jiff::Timestamp {
    "2026-11-22T03:30:00Z".parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_secs(seconds)
}

/// A gate of this id that is pending.
pub fn pending(id: &str, plan: &str, namespace: &str, workload: &str) -> GateView {
    let call = Call {
        plan: plan.to_owned(),
        namespace: namespace.to_owned(),
        workload: Some(Pin { kind: WorkloadKind::Deployment, name: workload.to_owned() }),
        revision: None,
        run: None,
        mode: Mode::Standing,
    };
    let mut log = RunLog::default();
    let judged = model::Plan::of(&Plan::new(workload, "v2", namespace));
    log.begin(&Target::default(), &[judged]);
    GateView {
        id: GateId::of(id),
        call: Arc::new(call),
        revision: Some("7d9c6f5b48".to_owned()),
        judged: None,
        verdict: None,
        is_current: true,
        why: Redaction::On.text("1 of 2 pods is ready"),
        began: moment(0),
        changed: moment(0),
        run: None,
        log: Arc::new(Mutex::new(log)),
        heard: 0,
    }
}

/// The same with this verdict.
pub fn decided(id: &str, plan: &str, verdict: Verdict, why: &str) -> GateView {
    let mut view = pending(id, plan, "shop", plan);
    view.verdict = Some(verdict);
    view.why = Redaction::On.text(why);
    view
}

/// The same with a round that ended as this recording did.
pub fn recorded(mut view: GateView, recording: &str) -> GateView {
    let row = rows().into_iter().find(|row| row.recording == recording).unwrap();
    let mut reader = Reader::open(Path::new(&format!("tests/recordings/{recording}.ndjson"))).unwrap();
    let started_at = reader.header().started_at;
    let mut log = RunLog::default();
    log.begin(&Target::default(), &[model::Plan::of(&row.plan)]);
    let mut tell = |gate: usize, at, event: &_| log.hear(gate, at, &Event::of(event, Redaction::On));
    let outcome = replay::replay(&mut reader, vec![row.plan.clone()], &mut tell).unwrap().remove(0);
    let duration = outcome.decided_after;
    let gates = vec![GateRun { plan: row.plan, outcome, requests: 0 }];
    let run = Run { started_at, duration, target: crashgate::cluster::api::Target::default(), gates };
    view.verdict = Some(run.verdict());
    view.log = Arc::new(Mutex::new(log));
    view.run = Some(Arc::new(model::Run::of(&run, Redaction::On)));
    view
}

/// A pod of a pending gate is heard of.
pub fn hear(view: &mut GateView, second: u64, pod: &str, state: PodState) {
    let at = Duration::from_secs(second);
    let ready = matches!(state, PodState::Ready);
    let glance = PodGlance {
        pod: pod.to_owned(),
        state: state.clone(),
        ready,
        troubled: false,
        containers_ready: u32::from(ready),
        containers: 1,
        restarts: 0,
        created: None,
        waits_for: None,
    };
    let mut log = view.log.lock().unwrap();
    log.hear(0, at, &Event::of(&GateEvent::PodState { pod: pod.to_owned(), state }, Redaction::On));
    log.hear(0, at, &Event::of(&GateEvent::PodGlance(Box::new(glance)), Redaction::On));
    drop(log);
    view.heard += 2;
}
