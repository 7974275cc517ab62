//! What reports are told: the gate's own types with every text of somebody else taken in as [`Untrusted`].
//!
//! The border between the gate and the report. The gate and the cluster keep what others say as they said it; here it is
//! masked, once for a run and not once for a sink, and from here on only what was escaped can be shown. Sinks know no
//! other types: the conversion cannot be forgotten.

use std::time::Duration;

use super::background::{Background, Proved};
use super::check::Check;
use super::state_kind::State;
use crate::cluster::{api, drive};
use crate::gate;
use crate::gate::model::Source;
use crate::gate::model::{Phase, Role};
use crate::gate::result::Code;
use crate::gate::result::EvidenceKind;
use crate::gate::result::Verdict;
use crate::gate::result::WarningCode;
use crate::text::{Redaction, SafePart, Untrusted};

// Words of these are crashgate's own, or the API's constants.
impl SafePart for Code {}
impl SafePart for Phase {}
impl SafePart for Source {}
impl SafePart for Verdict {}
impl SafePart for WarningCode {}

fn name(name: &str) -> Untrusted {
    Untrusted::name(name)
}

fn names<'a>(all: impl IntoIterator<Item = &'a String>) -> Vec<Untrusted> {
    all.into_iter().map(|name| Untrusted::name(name)).collect()
}

fn known(name: Option<&String>) -> Option<Untrusted> {
    name.map(|name| Untrusted::name(name))
}

/// Which cluster is asked. See [`api::Target`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of api::Target")]
pub struct Target {
    pub server: Untrusted,
    pub version: Untrusted,
    pub context: Untrusted,
    pub config: Untrusted,
    pub rehearsal: Option<Untrusted>,
}

impl Target {
    /// Takes in which cluster is asked.
    #[must_use]
    pub fn of(target: &api::Target, redaction: Redaction) -> Self {
        Self {
            server: redaction.text(&target.server),
            version: redaction.text(&target.version),
            context: redaction.text(&target.context),
            config: redaction.text(&target.config),
            rehearsal: target.rehearsal.as_deref().map(|recording| redaction.text(recording)),
        }
    }
}

/// What is judged, as far as it is shown. See [`gate::spec::Plan`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The app.
    pub app: Untrusted,
    /// The version that is to come up.
    pub version: Untrusted,
    /// Where.
    pub namespace: Untrusted,
    /// The label selector of its pods.
    pub selector: Untrusted,
    /// The workload that it is pinned to, as `deployment/checkout`.
    pub workload: Option<Untrusted>,
    /// How long it may take to become healthy.
    pub wait_period: Duration,
    /// How long it must stay so.
    pub stable_for: Duration,
}

impl Plan {
    /// Takes in what is judged.
    #[must_use]
    pub fn of(plan: &gate::spec::Plan) -> Self {
        Self {
            app: name(&plan.app),
            version: name(&plan.version),
            namespace: name(&plan.namespace),
            selector: name(&plan.selector.to_string()),
            workload: plan.workload.as_ref().map(|pin| name(&pin.to_string())),
            wait_period: plan.wait_period,
            stable_for: plan.stable_for,
        }
    }
}

/// A cause, its place and its proof. See [`gate::result::Finding`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::Finding and its Place")]
pub struct Finding {
    pub code: Code,
    pub pod: Option<Untrusted>,
    pub container: Option<Untrusted>,
    pub role: Option<Role>,
    pub node: Option<Untrusted>,
    pub workload: Option<Untrusted>,
    pub check: Option<Untrusted>,
    pub message: Untrusted,
    pub exit_status: Option<i32>,
    pub restarts: Option<u32>,
    pub next_step: Untrusted,
    pub also: Vec<Untrusted>,
    pub evidence: Vec<Evidence>,
}

impl Finding {
    /// Takes in a cause.
    #[must_use]
    pub fn of(finding: &gate::result::Finding, redaction: Redaction) -> Self {
        let place = &finding.place;
        let evidence =
            |piece: &gate::result::Evidence| Evidence { kind: piece.kind, text: redaction.text(&piece.text) };
        Self {
            code: finding.code,
            pod: known(place.pod.as_ref()),
            container: known(place.container.as_ref()),
            role: place.role,
            node: known(place.node.as_ref()),
            workload: known(place.workload.as_ref()),
            check: known(place.check.as_ref()),
            message: redaction.text(&finding.message),
            exit_status: finding.exit_status,
            restarts: finding.restarts,
            next_step: redaction.text(&finding.next_step),
            also: names(&finding.also),
            evidence: finding.evidence.iter().map(evidence).collect(),
        }
    }

    /// A cause of crashgate's own, about no object.
    pub(super) fn bare(code: Code, message: Untrusted, next_step: &'static str) -> Self {
        Self {
            code,
            pod: None,
            container: None,
            role: None,
            node: None,
            workload: None,
            check: None,
            message,
            exit_status: None,
            restarts: None,
            next_step: next_step.into(),
            also: Vec::new(),
            evidence: Vec::new(),
        }
    }
}

/// A piece of proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// Its text; may have several lines.
    pub text: Untrusted,
}

/// A pod. See [`gate::result::PodSummary`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::PodSummary")]
pub struct Pod {
    pub name: Untrusted,
    pub phase: Untrusted,
    pub state: Untrusted,
    pub ready: bool,
    pub restarts: u32,
    pub node: Option<Untrusted>,
}

impl Pod {
    fn of(pod: &gate::result::PodSummary, redaction: Redaction) -> Self {
        Self {
            name: name(&pod.name),
            phase: name(&pod.phase),
            state: redaction.text(&pod.state.to_string()),
            ready: pod.ready,
            restarts: pod.restarts,
            node: known(pod.node.as_ref()),
        }
    }
}

/// Something to know that decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Its stable name.
    pub code: WarningCode,
    /// The words.
    pub message: Untrusted,
}

impl Warning {
    fn of(warning: &gate::result::Warning, redaction: Redaction) -> Self {
        Self { code: warning.code, message: redaction.text(&warning.message) }
    }
}

/// How a gate ended. See [`gate::result::Outcome`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::Outcome")]
pub struct Outcome {
    pub verdict: Verdict,
    pub decided_after: Duration,
    pub findings: Vec<Finding>,
    pub pods: Vec<Pod>,
    pub warnings: Vec<Warning>,
    pub ready: u32,
    pub wanted: Option<u32>,
    pub checks: Vec<Check>,
    pub background: Background,
    pub proved: Proved,
}

impl Outcome {
    fn of(outcome: &gate::result::Outcome, redaction: Redaction) -> Self {
        Self {
            verdict: outcome.verdict,
            decided_after: outcome.decided_after,
            findings: outcome.findings.iter().map(|finding| Finding::of(finding, redaction)).collect(),
            pods: outcome.pods.iter().map(|pod| Pod::of(pod, redaction)).collect(),
            warnings: outcome.warnings.iter().map(|warning| Warning::of(warning, redaction)).collect(),
            ready: outcome.ready,
            wanted: outcome.wanted,
            checks: outcome.checks.iter().map(|check| Check::of(check, redaction)).collect(),
            background: Background::of(&outcome.background, redaction),
            proved: Proved::of(&outcome.proved),
        }
    }
}

/// One gate of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateRun {
    /// What was judged.
    pub plan: Plan,
    /// How it ended.
    pub outcome: Outcome,
    /// Requests made to the API server for it.
    pub requests: u64,
}

/// A whole run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// When it began.
    pub started_at: jiff::Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// Which cluster was asked.
    pub target: Target,
    /// Every gate, in the order of the manifest.
    pub gates: Vec<GateRun>,
}

impl Run {
    /// Takes in a run that has ended.
    #[must_use]
    pub fn of(run: &drive::Run, redaction: Redaction) -> Self {
        let gate = |gate: &drive::GateRun| GateRun {
            plan: Plan::of(&gate.plan),
            outcome: Outcome::of(&gate.outcome, redaction),
            requests: gate.requests,
        };
        Self {
            started_at: run.started_at,
            duration: run.duration,
            target: Target::of(&run.target, redaction),
            gates: run.gates.iter().map(gate).collect(),
        }
    }

    /// The verdict of the whole run: that of its worst gate. A run without gates proves nothing.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        Verdict::worst(self.gates.iter().map(|gate| gate.outcome.verdict)).unwrap_or(Verdict::Usage)
    }
}

/// A pod at one glance. See [`gate::result::PodGlance`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::PodGlance")]
pub struct PodGlance {
    pub pod: Untrusted,
    pub state: Untrusted,
    pub ready: bool,
    pub troubled: bool,
    pub containers_ready: u32,
    pub containers: u32,
    pub restarts: u32,
    pub created: Option<jiff::Timestamp>,
    pub waits_for: Option<Untrusted>,
}

impl PodGlance {
    pub(super) fn of(glance: &gate::result::PodGlance, redaction: Redaction) -> Self {
        Self {
            pod: name(&glance.pod),
            state: redaction.text(&glance.state.to_string()),
            ready: glance.ready,
            troubled: glance.troubled,
            containers_ready: glance.containers_ready,
            containers: glance.containers,
            restarts: glance.restarts,
            created: glance.created.as_deref().and_then(|created| created.parse().ok()),
            waits_for: glance.waits_for.as_deref().map(|wait| redaction.text(wait)),
        }
    }
}

/// Something that changed in the gate's eyes. See [`gate::result::GateEvent`], variant by variant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "those of gate::result::GateEvent")]
pub enum Event {
    PodAppeared { pod: Untrusted },
    PodState { pod: Untrusted, kind: State, state: Untrusted },
    PodGlance(PodGlance),
    PodGone { pod: Untrusted, why: Untrusted },
    Crash { pod: Untrusted, container: Untrusted, role: Role, how: Untrusted, crashes: u32, allowed: u32 },
    Cause { finding: Finding, counts_at: Option<Duration> },
    Progress { ready: u32, wanted: Option<u32> },
    WindowOpened { until: Duration },
    WindowBroken { why: Untrusted },
    Trouble { source: Source, message: Untrusted },
    Recovered { source: Source },
    Warned(Warning),
    Measured(Box<Check>),
    Smoking,
    Confirming,
    Decided { verdict: Verdict },
}

impl Event {
    /// Takes in an event.
    #[must_use]
    pub fn of(event: &gate::result::GateEvent, redaction: Redaction) -> Self {
        use gate::result::GateEvent;
        match event {
            GateEvent::PodAppeared { pod } => Self::PodAppeared { pod: name(pod) },
            GateEvent::PodState { pod, state } => {
                Self::PodState { pod: name(pod), kind: State::of(state), state: redaction.text(&state.to_string()) }
            }
            GateEvent::PodGlance(glance) => Self::PodGlance(PodGlance::of(glance, redaction)),
            GateEvent::PodGone { pod, why } => Self::PodGone { pod: name(pod), why: redaction.text(why) },
            GateEvent::Crash { pod, container, role, how, crashes, allowed } => Self::Crash {
                pod: name(pod),
                container: name(container),
                role: *role,
                how: redaction.text(how),
                crashes: *crashes,
                allowed: *allowed,
            },
            GateEvent::Cause { finding, counts_at } => {
                Self::Cause { finding: Finding::of(finding, redaction), counts_at: *counts_at }
            }
            GateEvent::Progress { ready, wanted } => Self::Progress { ready: *ready, wanted: *wanted },
            GateEvent::WindowOpened { until } => Self::WindowOpened { until: *until },
            GateEvent::WindowBroken { why } => Self::WindowBroken { why: redaction.text(why) },
            GateEvent::Trouble { source, message } => {
                Self::Trouble { source: *source, message: redaction.text(message) }
            }
            GateEvent::Recovered { source } => Self::Recovered { source: *source },
            GateEvent::Warned(warning) => Self::Warned(Warning::of(warning, redaction)),
            GateEvent::Measured(check) => Self::Measured(Box::new(Check::of(check, redaction))),
            GateEvent::Smoking => Self::Smoking,
            GateEvent::Confirming => Self::Confirming,
            GateEvent::Decided { verdict } => Self::Decided { verdict: *verdict },
        }
    }
}

/// A sink behind the border: it hears the same as a [`drive::Sink`], and every text of somebody else as [`Untrusted`].
pub trait View {
    /// The run begins.
    fn begin(&mut self, target: &Target, plans: &[Plan]);
    /// Something changed in the gate at this place of the manifest.
    fn event(&mut self, gate: usize, at: Duration, event: &Event);
    /// Time passed and nothing changed; `at` is the time since the run began.
    fn idle(&mut self, at: Duration);
    /// The run is over.
    fn end(&mut self, run: &Run);
}

/// The border itself: takes in what the gates say, once, and passes it on to a view.
#[derive(Debug)]
pub struct Border<V> {
    /// Who hears it.
    pub view: V,
    /// Whether secrets are masked.
    pub redaction: Redaction,
}

impl<V: View> drive::Sink for Border<V> {
    fn begin(&mut self, target: &api::Target, plans: &[gate::spec::Plan]) {
        let plans: Vec<Plan> = plans.iter().map(Plan::of).collect();
        self.view.begin(&Target::of(target, self.redaction), &plans);
    }

    fn event(&mut self, gate: usize, at: Duration, event: &gate::result::GateEvent) {
        self.view.event(gate, at, &Event::of(event, self.redaction));
    }

    fn idle(&mut self, at: Duration) {
        self.view.idle(at);
    }

    fn end(&mut self, run: &drive::Run) {
        self.view.end(&Run::of(run, self.redaction));
    }
}
