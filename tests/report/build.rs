//! Findings, outcomes and runs, made by hand, and a printer that keeps what it was given.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crashgate::cluster::api::Target;
use crashgate::cluster::drive::{GateRun, Run, Sink as _};
use crashgate::gate::model::Role;
use crashgate::gate::result::{
    Background, Code, Evidence, EvidenceKind, Finding, GateEvent, Notice, Outcome, Place, PodState, PodSummary, Proved,
    Verdict, Warning,
};
use crashgate::gate::spec::Plan;
use crashgate::report::human::Human;
use crashgate::report::model::{self, Border, View};
use crashgate::report::printer::{Look, Printer};
use crashgate::text::Redaction;

pub(super) fn finding(code: Code, message: &str) -> Finding {
    Finding {
        code,
        place: Place::default(),
        message: message.to_owned(),
        exit_status: None,
        restarts: None,
        next_step: code.row().next_step.to_owned(),
        also: Vec::new(),
        log: None,
        evidence: Vec::new(),
    }
}

/// Says where a finding was and what proves it.
pub(super) trait With: Sized {
    fn in_pod(self, pod: &str, node: Option<&str>) -> Self;
    fn in_container(self, role: Role, container: &str) -> Self;
    fn of(self, workload: &str) -> Self;
    fn also(self, pods: &[&str]) -> Self;
    fn next(self, step: &str) -> Self;
    fn proof(self, kind: EvidenceKind, text: &str) -> Self;
}

impl With for Finding {
    fn in_pod(mut self, pod: &str, node: Option<&str>) -> Self {
        self.place.pod = Some(pod.to_owned());
        self.place.node = node.map(str::to_owned);
        self
    }

    fn in_container(mut self, role: Role, container: &str) -> Self {
        self.place.role = Some(role);
        self.place.container = Some(container.to_owned());
        self
    }

    fn of(mut self, workload: &str) -> Self {
        self.place.workload = Some(workload.to_owned());
        self
    }

    fn also(mut self, pods: &[&str]) -> Self {
        self.also = pods.iter().map(|pod| (*pod).to_owned()).collect();
        self
    }

    fn next(mut self, step: &str) -> Self {
        step.clone_into(&mut self.next_step);
        self
    }

    fn proof(mut self, kind: EvidenceKind, text: &str) -> Self {
        self.evidence.push(Evidence { kind, text: text.to_owned() });
        self
    }
}

/// A state that is told in these words: one that stands for itself, or trouble.
pub(super) fn state(words: &str) -> PodState {
    match words {
        "ready" => PodState::Ready,
        "running, not ready" => PodState::NotReady,
        "waiting for a node" => PodState::Unscheduled { reason: None },
        _ => PodState::Disturbed(words.to_owned()),
    }
}

pub(super) fn pod(name: &str, state: &str, ready: bool, restarts: u32, node: Option<&str>) -> PodSummary {
    PodSummary {
        name: name.to_owned(),
        phase: "Running".to_owned(),
        state: self::state(state),
        ready,
        restarts,
        node: node.map(str::to_owned),
    }
}

pub(super) fn warning(code: Notice, message: &str) -> Warning {
    Warning { code: code.into(), message: message.to_owned() }
}

pub(super) fn outcome(verdict: Verdict, millis: u64, findings: Vec<Finding>) -> Outcome {
    Outcome {
        verdict,
        decided_after: Duration::from_millis(millis),
        findings,
        pods: Vec::new(),
        warnings: Vec::new(),
        ready: 0,
        wanted: Some(2),
        checks: Vec::new(),
        background: Background::default(),
        proved: Proved::default(),
    }
}

pub(super) fn gate(app: &str, version: &str, namespace: &str, outcome: Outcome) -> GateRun {
    GateRun { plan: Plan::new(app, version, namespace), outcome, requests: 9 }
}

pub(super) fn run(gates: Vec<GateRun>) -> Run {
    Run {
        started_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        duration: Duration::from_millis(4490),
        target: Target {
            server: "https://10.0.0.1:6443".to_owned(),
            version: "v1.35.6".to_owned(),
            context: "shop".to_owned(),
            config: "~/.kube/config".to_owned(),
            rehearsal: None,
        },
        gates,
    }
}

/// A stream that can be read afterwards.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A printer, its stdout and its stderr.
pub(super) fn printer() -> (Printer, Kept, Kept) {
    let (stdout, stderr) = (Kept::default(), Kept::default());
    (Printer::to(Box::new(stdout.clone()), Box::new(stderr.clone())), stdout, stderr)
}

/// The view as the gate's own sink, which masks secrets.
pub fn sink<V: View>(view: V) -> Border<V> {
    Border { view, redaction: Redaction::On }
}

/// The run as reports are told of it.
pub(super) fn shown(run: &Run) -> model::Run {
    model::Run::of(run, Redaction::On)
}

/// The event as reports are told of it.
pub(super) fn heard(event: &GateEvent) -> model::Event {
    model::Event::of(event, Redaction::On)
}

/// The result of a run.
pub(super) fn json(run: &Run) -> String {
    crashgate::report::json::render(&shown(run)).to_string()
}

/// What a person sees on stdout of a run's end.
pub(super) fn verdict_of(run: &Run, columns: usize) -> String {
    let (printer, stdout, _) = printer();
    sink(Human::new(printer.with_look(Look { columns, ..Look::PLAIN }))).end(run);
    stdout.text()
}
