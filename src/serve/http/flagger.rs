//! Flagger's hooks. It takes any status up to 202 for yes and shows the body of others as the reason; 429 and 5xx lose that
//! reason, and a redirect is followed (pkg/controller/webhook.go and go-retryablehttp). So a hook is answered with 200, 202,
//! 4xx, and one line of plain words.

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use tokio::sync::watch;
use tracing::info;

use super::access::Right;
use super::analyses;
use super::auth::Caller;
use super::body::{self, Hook};
use super::refusal::{Refusal, Unserved, text};
use super::rest::named;
use super::service::Service;
use super::told::{About, told};
use crate::gate::model::WorkloadKind;
use crate::gate::result::Verdict;
use crate::gate::spec::Pin;
use crate::manifest::asked;
use crate::safe;
use crate::serve::{Call, GateView, Mode, Refused};
use crate::text::{Redaction, SafeText, Untrusted};

/// The phases of a canary in which a rollback can be asked for.
const ROLLED_BACK_IN: [&str; 3] = ["Progressing", "Waiting", "WaitingPromotion"];

/// The phases in which no pod of the new revision is judged: the hook comes before they are there, or after all is over.
const NOT_JUDGED_IN: [&str; 8] =
    ["Initializing", "Initialized", "Waiting", "Succeeded", "Failed", "Terminating", "Terminated", "Finalising"];

/// A hook as it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// The name of the plan, which stands in the path.
    pub plan: String,
    /// The name of the canary: one that an object can have.
    pub canary: String,
    /// Its namespace.
    pub namespace: String,
    /// The canary's phase.
    pub phase: Option<String>,
    /// The workload that the hook's `metadata` names.
    pub workload: Option<Pin>,
    /// What tells revisions apart. Opaque.
    pub checksum: Option<String>,
    /// All of the hook's `metadata`.
    pub metadata: body::Metadata,
}

/// pre-rollout and rollout: is it healthy?
pub(super) async fn check(
    service: &Service,
    caller: &Caller,
    plan: &str,
    sent: &[u8],
    wait: Duration,
) -> Result<Response, Unserved> {
    let hook = read(service, caller, Right::Check, plan, sent).await?;
    if let Some(words) = hook.not_judged() {
        return Ok(text(StatusCode::CONFLICT, &words));
    }
    let mut gate = join(service, hook)?;
    let view = service.waits.until_told(&mut gate, Some(About::Now), wait).await;
    Ok(answer(&view, StatusCode::TOO_EARLY))
}

/// confirm-traffic-increase and confirm-promotion: may it go on?
pub(super) async fn hold(service: &Service, caller: &Caller, plan: &str, sent: &[u8]) -> Result<Response, Unserved> {
    let hook = read(service, caller, Right::Hold, plan, sent).await?;
    if let Some(words) = hook.not_judged() {
        return Ok(text(StatusCode::CONFLICT, &words));
    }
    let gate = join(service, hook)?;
    let view = gate.borrow().clone();
    Ok(answer(&view, StatusCode::CONFLICT))
}

/// rollback: must it be rolled back? Whatever is not a proven failure of what runs now is a no.
pub(super) async fn rollback(
    service: &Service,
    caller: &Caller,
    plan: &str,
    sent: &[u8],
) -> Result<Response, Unserved> {
    let hook = read(service, caller, Right::Rollback, plan, sent).await?;
    let phase = hook.phase.as_deref().unwrap_or_default();
    if !ROLLED_BACK_IN.contains(&phase) {
        let words = safe!(
            "nothing is rolled back in phase {}: only in Progressing, Waiting and WaitingPromotion",
            if phase.is_empty() { "unknown".into() } else { Untrusted::name(phase).line() }
        );
        return Ok(text(StatusCode::CONFLICT, &words));
    }
    let gate = join(service, hook)?;
    let view = gate.borrow().clone();
    let now = told(&view, About::Now);
    if now.verdict == Some(Verdict::Failed) && view.verdict == Some(Verdict::Failed) && view.is_current {
        // A rollback cannot be taken back, and a watch can be silent for a while when it should not be.
        if service.gates.confirm(&view).await {
            return Ok(text(StatusCode::OK, &safe!("failed, roll back: {}", now.why)));
        }
        let words = "no rollback yet: what failed could not be confirmed to be what the workload has now; ask again";
        return Ok(text(StatusCode::CONFLICT, &words.into()));
    }
    let words = match now.verdict {
        None => safe!("no rollback, the gate is pending: {}", now.why),
        Some(verdict) => safe!("no rollback, the gate is {}: {}", verdict, now.why),
    };
    Ok(text(StatusCode::CONFLICT, &words))
}

/// event: written to the log.
pub(super) async fn event(service: &Service, caller: &Caller, plan: &str, sent: &[u8]) -> Result<Response, Unserved> {
    let hook = read(service, caller, Right::Event, plan, sent).await?;
    let said = |name| hook.metadata.0.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let line = |text: &str| Redaction::On.text(text).line();
    info!(
        plan = %line(&hook.plan), canary = %line(&hook.canary), namespace = %line(&hook.namespace),
        phase = %line(hook.phase.as_deref().unwrap_or_default()), kind = %line(said("eventType")),
        "Flagger says: {}", line(said("eventMessage")),
    );
    Ok(text(StatusCode::ACCEPTED, &"taken".into()))
}

/// 200 for a gate that passed, this status for a pending one, and 409 for any other verdict.
fn answer(view: &GateView, pending: StatusCode) -> Response {
    let now = told(view, About::Now);
    match now.verdict {
        Some(Verdict::Healthy) => text(StatusCode::OK, &safe!("healthy: {}", now.why)),
        Some(verdict) => text(StatusCode::CONFLICT, &safe!("{}: {}", verdict, now.why)),
        None => text(pending, &safe!("pending: {}", now.why)),
    }
}

async fn read(
    service: &Service,
    caller: &Caller,
    right: Right,
    plan: &str,
    sent: &[u8],
) -> Result<Understood, Unserved> {
    let hook = understood(plan, sent).map_err(|words| Refusal::bad_request(&words))?;
    service.admit(caller, right, Some(&hook.namespace), Some(&hook.plan)).await?;
    Ok(hook)
}

/// Understands the body of a hook that is sent to this plan.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn understood(plan: &str, sent: &[u8]) -> Result<Understood, String> {
    let Hook { name, namespace, phase, checksum, metadata } = body::parse(sent)?;
    let metadata = metadata.unwrap_or_default();
    let workload = metadata.text("workload")?;
    let workload = workload.map(|workload| asked::workload("metadata.workload", workload)).transpose()?;
    // The canary's name is that of an object, as the workload's is.
    let canary = asked::workload("name", &format!("deployment/{name}"))?.name;
    Ok(Understood {
        plan: named("plan", plan.to_owned())?,
        canary,
        namespace: asked::namespace("namespace", &namespace)?,
        phase,
        workload,
        checksum: checksum.filter(|checksum| !checksum.is_empty()),
        metadata,
    })
}

impl Understood {
    /// What is wrong with asking at this hook, where there is no gate to be had at it.
    fn not_judged(&self) -> Option<SafeText> {
        let phase = NOT_JUDGED_IN.into_iter().find(|phase| Some(*phase) == self.phase.as_deref())?;
        let hint = match phase {
            "Initialized" | "Waiting" => {
                "confirm-rollout is asked before the canary has any pods; use pre-rollout or rollout for check, and \
                 confirm-traffic-increase or confirm-promotion for hold"
            }
            "Initializing" => "the canary's primary is still being made; use pre-rollout or rollout for check",
            _ => {
                "the analysis is over, or a new one has not begun (confirm-rollout, post-rollout); use pre-rollout or \
                 rollout for check, and confirm-traffic-increase or confirm-promotion for hold"
            }
        };
        Some(safe!("nothing can be judged in phase {}: {}", phase, hint))
    }
}

/// Joins the gate of a hook: that of its workload, and where that has failed in an analysis before this one, the gate of this
/// one.
fn join(service: &Service, hook: Understood) -> Result<watch::Receiver<GateView>, Refused> {
    let checksum = hook.checksum.clone();
    let (call, gate) = join_workload(service, hook)?;
    let Some(checksum) = checksum else { return Ok(gate) };
    let view = gate.borrow().clone();
    if service.analyses.is_about(&view, &checksum, &*service.gates) {
        return Ok(gate);
    }
    service.gates.call(Call { run: Some(analyses::run_of(&checksum)), ..call })
}

/// Joins the gate of a hook's workload: of that in its metadata, else of the plan's own, else of the Deployment that is called
/// as the canary is, for that is what most canaries target.
fn join_workload(service: &Service, hook: Understood) -> Result<(Call, watch::Receiver<GateView>), Refused> {
    let Understood { plan, canary, namespace, workload, .. } = hook;
    let call = Call { plan, namespace, workload, revision: None, run: None, mode: Mode::Standing };
    let join = |call: Call| service.gates.call(call.clone()).map(|gate| (call, gate));
    if call.workload.is_some() {
        return join(call);
    }
    match join(call.clone()) {
        Err(Refused::NotOfThePlan(why)) => {
            let workload = Some(Pin { kind: WorkloadKind::Deployment, name: canary });
            match join(Call { workload, ..call }) {
                // What is wrong is not the workload that was missing.
                Err(Refused::NotOfThePlan(_)) => Err(Refused::NotOfThePlan(why)),
                answer => answer,
            }
        }
        answer => answer,
    }
}
