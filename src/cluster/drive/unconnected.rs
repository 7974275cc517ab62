//! A run that ends before it begins, because the credentials could not be had or a signal came.

use std::time::Duration;

use super::run_report::{GateRun, Run};
use crate::cluster::api::ConnectError;
use crate::cluster::api::Target;
use crate::gate::model::{Source, Trouble, TroubleKind};
use crate::gate::result::Verdict;
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
