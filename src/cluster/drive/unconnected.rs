//! A run that ends before it begins: the credentials could not be had, a signal came, there is nothing to gate.

use std::time::Duration;

use super::run_report::{GateRun, Run};
use crate::cluster::api::ConnectError;
use crate::cluster::api::Target;
use crate::gate::Release;
use crate::gate::model::{Source, Trouble, TroubleKind};
use crate::gate::result::{Background, Code, Finding, Outcome, Place, Proved, Verdict};
use crate::gate::spec::Plan;
use crate::gate::{Fact, Gate};

/// The run of these plans that the error ended.
#[must_use]
pub fn run(plans: Vec<Plan>, error: &ConnectError) -> Run {
    let kind = match error {
        ConnectError::Unidentified(failure) => failure.trouble().kind,
        _ => TroubleKind::Unauthorized,
    };
    let trouble = Trouble { kind, message: error.to_string(), hopeless: true };
    of(plans, |gate| gate.observe(Duration::ZERO, Fact::Lost { source: Source::Pods, trouble: trouble.clone() }))
}

/// The run of these plans that a signal ended before there was a connection.
#[must_use]
pub fn ended(plans: Vec<Plan>, verdict: Verdict) -> Run {
    of(plans, |gate| gate.end(Duration::ZERO, verdict))
}

/// The run of a gate that stands for a whole namespace, of which this much could not be observed.
#[must_use]
pub fn lost(plan: Plan, trouble: &Trouble, target: &Target, after: Duration) -> Run {
    let run = of(vec![plan], |gate| {
        gate.observe(Duration::ZERO, Fact::Lost { source: Source::Pods, trouble: trouble.clone() });
    });
    begun(run, target, after)
}

/// The run of a gate that stands for a whole namespace in which nothing can be gated.
#[must_use]
pub fn nothing(plan: Plan, release: &Release, target: &Target, after: Duration) -> Run {
    let namespace = &plan.namespace;
    let left_out: Vec<String> =
        release.left_out.iter().map(|left_out| format!("{} ({})", left_out.name, left_out.why)).collect();
    let message = if left_out.is_empty() {
        format!("namespace {namespace} has no workload at all")
    } else {
        format!("namespace {namespace} has nothing that can be gated: {}", left_out.join(", "))
    };
    let next_step =
        format!("Compare the namespace and the cluster with those of the deploy: `kubectl get all -n {namespace}`");
    let finding = finding(Code::NothingMatched, message, next_step);
    concluded(plan, Verdict::NothingMatched, finding, target, after)
}

/// The run of a gate that stands for a whole namespace that never came to rest: these workloads came or changed last.
#[must_use]
pub fn restless(plan: Plan, names: &[String], target: &Target, after: Duration) -> Run {
    let message = format!(
        "namespace {} went on changing while its workloads were gated: {} came or changed last, and nothing is known of them",
        plan.namespace,
        names.join(", ")
    );
    let finding = finding(Code::StaleData, message, "Run the gate again once the deploy is over.".to_owned());
    concluded(plan, Verdict::Inconclusive, finding, target, after)
}

fn finding(code: Code, message: String, next_step: String) -> Finding {
    Finding {
        code,
        place: Place::default(),
        message,
        exit_status: None,
        restarts: None,
        next_step,
        also: Vec::new(),
        log: None,
        evidence: Vec::new(),
    }
}

/// The run of a gate that ended with this finding after that time.
fn concluded(plan: Plan, verdict: Verdict, finding: Finding, target: &Target, after: Duration) -> Run {
    let outcome = Outcome {
        verdict,
        decided_after: after,
        findings: vec![finding],
        pods: Vec::new(),
        warnings: Vec::new(),
        ready: 0,
        wanted: None,
        checks: Vec::new(),
        background: Background::default(),
        proved: Proved::default(),
    };
    let gates = vec![GateRun { plan, outcome, requests: 0 }];
    begun(Run { started_at: jiff::Timestamp::now(), duration: after, target: Target::default(), gates }, target, after)
}

/// The same run, against a cluster that is known.
fn begun(mut run: Run, target: &Target, after: Duration) -> Run {
    run.target = target.clone();
    run.duration = after;
    if let Ok(before) = run.started_at.checked_sub(jiff::SignedDuration::try_from(after).unwrap_or_default()) {
        run.started_at = before;
    }
    for gate in &mut run.gates {
        gate.outcome.decided_after = after;
    }
    run
}

fn of(plans: Vec<Plan>, mut end: impl FnMut(&mut Gate)) -> Run {
    let gates = plans.into_iter().filter_map(|plan| {
        let mut gate = Gate::new(plan.clone());
        end(&mut gate);
        let outcome = gate.outcome()?.clone();
        Some(GateRun { plan, outcome, requests: 0 })
    });
    Run {
        started_at: jiff::Timestamp::now(),
        duration: Duration::ZERO,
        target: Target::default(),
        gates: gates.collect(),
    }
}
