//! One look at a pod, outside of any gate: what it is doing, what keeps it from running, and whether it runs.

use std::sync::Arc;
use std::time::Duration;

use crate::gate::diagnose::pod_causes;
use crate::gate::evaluate::ranking;
use crate::gate::memory::EventIndex;
use crate::gate::model::{ClusterEvent, ContainerState, Phase, Pod, RestartPolicy, Role};
use crate::gate::result::{Cause, Finding, FirstSeen, Place, PodGlance, Verdict};
use crate::gate::spec::Plan;
use crate::gate::state::{PodHistory, RuleContext, pod_summary};

/// What has been heard of pods, by which they are looked at.
#[derive(Debug, Default)]
pub struct Eyes {
    event_index: EventIndex,
}

/// A pod as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sight {
    /// The pod.
    pub pod: Pod,
    /// The pod at one glance. Its `state` is hostile text.
    pub glance: PodGlance,
    /// What keeps it from running, the root cause first.
    pub findings: Vec<Finding>,
    /// Whether it runs.
    pub standing: Standing,
}

/// Whether a pod runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Its phase is Running, every container of it that is to keep running does, and it is Ready. The phase alone is no
    /// proof: a pod in a crash loop is Running too.
    Running,
    /// It ran to its end with success, and was meant to: a pod of a Job, or one without an owner that nobody restarts.
    Completed,
    /// Anything else: starting, in trouble, failed, evicted, on its way out.
    NotRunning,
}

impl Eyes {
    /// Takes in what was said about a pod.
    pub fn hear(&mut self, event: &ClusterEvent) {
        self.event_index.observe(event);
    }

    /// Looks at a pod as a gate does that tolerates no crash.
    #[must_use]
    pub fn look(&self, pod: Pod) -> Sight {
        let standing = standing(&pod);
        let plan = Plan::new("", "", &pod.namespace);
        let around = RuleContext { event_index: &self.event_index, plan: &plan, node_ready: None, now: Duration::ZERO };
        let history = PodHistory::new(pod.into(), around);
        let mut findings: Vec<Finding> = Vec::new();
        if standing == Standing::NotRunning {
            // A crash that is mended is history, not a cause.
            let stands = |place: &Place| place.container.as_ref().is_none_or(|name| !is_up(&history.pod, name));
            let causes = history.causes().iter().filter(|cause| stands(&cause.place)).cloned();
            findings = ranking::rank(causes.collect(), Verdict::Failed);
            let may_come = matches!(history.pod.phase, Some(Phase::Pending | Phase::Running) | None);
            if findings.is_empty() && history.disturbed().is_none() {
                let mut first_seen = FirstSeen::default();
                let failed = pod_causes::failed(&history.pod, &plan, Duration::ZERO, &mut first_seen);
                findings.extend(failed.map(Cause::into_finding));
            }
            if findings.is_empty() && may_come && !history.is_left_out() {
                findings.push(history.not_ready(around).into_finding());
            }
        }
        let glance = pod_summary::glance(&history);
        Sight { pod: Arc::unwrap_or_clone(history.pod), glance, findings, standing }
    }
}

fn is_up(pod: &Pod, name: &str) -> bool {
    let container = pod.containers.iter().find(|container| container.name == name);
    container.and_then(|container| container.status.as_ref()).is_some_and(|status| status.ready)
}

fn standing(pod: &Pod) -> Standing {
    let keeps_on = |role: Role| role != Role::Init;
    let all_run = pod
        .containers
        .iter()
        .filter(|container| keeps_on(container.role))
        .all(|container| container.status.as_ref().is_some_and(|status| status.state == ContainerState::Running));
    let meant_to_end = match &pod.controller {
        Some(owner) => owner.kind == "Job",
        None => pod.restart_policy != RestartPolicy::Always,
    };
    match pod.phase {
        _ if pod.deleting => Standing::NotRunning,
        Some(Phase::Running) if pod.is_ready() && all_run => Standing::Running,
        Some(Phase::Succeeded) if meant_to_end => Standing::Completed,
        _ => Standing::NotRunning,
    }
}
