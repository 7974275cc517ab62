//! What a gate says that has not become healthy when its time is over.

use std::time::Duration;

use super::assessment::Assessment;
use super::attribution::Owner;
use super::rollout::RolloutStatus;
use super::shortfall::Shortfall;
use super::{attribution, hints};
use crate::gate::model::{Detail, Source, Trouble, Workload, WorkloadKind, WorkloadRef};
use crate::gate::result::{Cause, Code, Evidence, EvidenceKind, Place, Verdict};
use crate::gate::spec::{Pin, Plan};
use crate::gate::state::ClusterState;

/// The verdict at the end of the wait, and every cause that stands then. Never healthy.
#[must_use]
pub fn at_the_end(
    state: &ClusterState,
    plan: &Plan,
    assessment: &Assessment<'_>,
    now: Duration,
) -> (Verdict, Vec<Cause>) {
    if let Some((source, trouble)) = state.sources.unfit(&assessment.needs) {
        let mut causes = vec![observation_cause(source, trouble, now)];
        causes.extend(assessment.causes.iter().cloned());
        return (Verdict::Inconclusive, causes);
    }
    let mut causes = assessment.causes.clone();
    if assessment.attribution.groups.is_empty() && assessment.attribution.unattributed.is_empty() {
        // That nothing came in the whole wait period can only say who saw the whole of it.
        let gap = state.sources.longest_gap();
        if gap > plan.delay * 2 {
            causes.push(unseen(gap, now));
            return (Verdict::Inconclusive, causes);
        }
        causes.push(nothing_matched(state, plan, now));
        return (Verdict::NothingMatched, causes);
    }
    if let Some(hooks) = &assessment.hooks_alone
        && assessment.statuses.iter().all(|standing| !matches!(standing, RolloutStatus::Short(_)))
    {
        causes.push(only_hooks(hooks, plan, now));
        return (Verdict::NothingMatched, causes);
    }
    causes.extend(unready(state, plan, assessment, now));
    causes.extend(shortfalls(assessment, plan, now));
    causes.extend(disruptions(assessment, now));
    // The worst of the standing causes is the verdict: the app's fault, then the platform's. What only keeps the
    // version from being wanted (scaled to zero, paused) explains pods that are not ready, and so goes before them.
    let has = |verdict: Verdict| causes.iter().any(|cause| cause.code.row().verdict == verdict);
    let order = [Verdict::Failed, Verdict::Platform, Verdict::NothingMatched, Verdict::Inconclusive, Verdict::TimedOut];
    if let Some(verdict) = order.into_iter().find(|verdict| has(*verdict)) {
        return (verdict, causes);
    }
    causes.push(never_stable(plan, now));
    (Verdict::TimedOut, causes)
}

/// A cause that tells of the view of the cluster.
#[must_use]
pub fn observation_cause(source: Source, trouble: Option<&Trouble>, now: Duration) -> Cause {
    let Some(trouble) = trouble else {
        let message = format!("the {source} of the namespace could not be listed");
        return Cause::new(Code::StaleData, Place::default(), message, now);
    };
    let code = trouble.kind.code();
    Cause::new(code, Place::default(), trouble.message.clone(), now)
}

fn unseen(gap: Duration, now: Duration) -> Cause {
    let message = format!(
        "no pod of this version was seen, but the cluster could not be observed for {:.1} s of the wait period, so one may have come and gone",
        gap.as_secs_f64()
    );
    Cause::new(Code::StaleData, Place::default(), message, now)
}

/// The cause of a gate whose pass could not be confirmed.
#[must_use]
pub fn unconfirmed(now: Duration) -> Cause {
    let message = "everything was ready for long enough, but the confirming read was not answered in time";
    Cause::new(Code::StaleData, Place::default(), message.to_owned(), now)
}

/// The cause of a gate whose smoke run was never over.
#[must_use]
pub fn unsmoked(now: Duration) -> Cause {
    let message = "everything was ready for long enough, but the smoke run could not be followed to its end in time";
    Cause::new(Code::SmokeNotRun, Place::default(), message.to_owned(), now)
}

fn nothing_matched(state: &ClusterState, plan: &Plan, now: Duration) -> Cause {
    let absent = plan.workload.as_ref().filter(|pin| is_absent(pin, state));
    let asked = match &plan.workload {
        Some(pin) if absent.is_some() => format!("{pin} does not exist"),
        Some(pin) => format!("no pod of {pin} at version {} appeared", plan.version),
        // Pods of older revisions and of other versions may well have the labels.
        None if !hints::carriers(state, plan).is_empty() => {
            format!(
                "no workload with the labels {} appeared at version {}, nor any pod of one",
                plan.selector, plan.version
            )
        }
        None => format!("no pod and no workload with the labels {} appeared", plan.selector),
    };
    let hints = hints::hints(state, plan);
    let message = format!("{asked} in namespace {}; {}", plan.namespace, hints.join("; "));
    let mut cause = Cause::new(Code::NothingMatched, Place::default(), message, now);
    if let Some(pin) = absent {
        cause.next_step = format!(
            "Compare the name, the namespace and the cluster with those of the deploy: `kubectl get {} -n {}`",
            pin.kind, plan.namespace
        );
        return cause;
    }
    let look = match &plan.workload {
        Some(pin) => format!("`kubectl get {pin} -n {} -o wide`", plan.namespace),
        None => format!("`kubectl get pods -n {} --show-labels`", plan.namespace),
    };
    cause.next_step = format!("Compare the labels, the namespace and the cluster with those of the deploy: {look}");
    cause
}

/// True where the list of its kind is known, and the workload is not in it.
fn is_absent(pin: &Pin, state: &ClusterState) -> bool {
    state.sources.is_fresh(Source::Workloads(pin.kind))
        && !state.workloads().any(|workload| attribution::is_pinned(workload, pin))
}

/// The cause of a gate that saw nothing but the hooks of a deploy tool.
fn only_hooks(hooks: &str, plan: &Plan, now: Duration) -> Cause {
    let message = format!(
        "no workload of the app appeared in namespace {}: only {hooks} has the labels {}, and a hook (`helm.sh/hook`, `argocd.argoproj.io/hook`) does not stand for the app",
        plan.namespace, plan.selector
    );
    let mut cause = Cause::new(Code::NothingMatched, Place::default(), message, now);
    cause.next_step = format!(
        "Check whether the deploy continued after its hook: `kubectl get all -n {} -l '{}'`. To gate the hook itself, pin it, as in `workload: job/migrate`",
        plan.namespace, plan.selector
    );
    cause
}

fn unready(state: &ClusterState, plan: &Plan, assessment: &Assessment<'_>, now: Duration) -> Vec<Cause> {
    assessment
        .attribution
        .pods()
        // A Job's pods need not be ready, and a pod that has ended is told of by its end.
        .filter(|history| history.pod.controller.as_ref().is_none_or(|owner| owner.kind != "Job"))
        // Readiness that comes and goes is why no window was filled, though all may be ready at this very moment.
        .filter(|history| !history.pod.is_ready() || history.flaps())
        .map(|history| history.not_ready(state.around(history, plan, now)))
        .collect()
}

/// What to do about an owner that wants no pod of the version, with its own name to paste. `None` where the catalogue
/// says it better.
fn advice(code: Code, owner: &Owner<'_>, plan: &Plan) -> Option<String> {
    let Owner::Workload(workload) = owner else { return None };
    let (namespace, name) = (&plan.namespace, format!("{}/{}", workload.kind, workload.name));
    match (code, &workload.detail) {
        (Code::Paused, Detail::Job { .. }) => {
            Some(format!("Resume it: `kubectl patch -n {namespace} {name} -p '{{\"spec\":{{\"suspend\":false}}}}'`"))
        }
        (Code::Paused, Detail::Rollout(rollout)) if !rollout.paused => Some(format!(
            "Let it go on: `kubectl argo rollouts promote -n {namespace} {}`; to pass at a step, gate with `until: step`",
            workload.name
        )),
        (Code::Paused, Detail::Rollout(_)) => {
            Some(format!("Set `spec.paused: false`: `kubectl argo rollouts promote -n {namespace} {}`", workload.name))
        }
        (Code::Paused, Detail::CloneSet(_)) => {
            Some(format!("Set `spec.updateStrategy.paused: false`: `kubectl edit -n {namespace} {name}`"))
        }
        (Code::ScaledToZero, _) if let Some(rollout) = borrower(workload) => {
            Some(format!("Gate the Rollout in its place: `--workload {rollout}`"))
        }
        (Code::RolloutAborted | Code::ScaledToZero, _) if is_target_of_canary(workload) => Some(format!(
            "Look at the analysis: `kubectl describe canary -n {namespace} {}`",
            workload.referrer.as_ref().map_or("", |canary| &canary.name)
        )),
        (Code::Paused, _) if is_target_of_canary(workload) => {
            Some("Flagger waits for a confirming webhook: open that gate, or gate with `until: step`.".to_owned())
        }
        (Code::Paused, _) => Some(format!("Resume the rollout: `kubectl rollout resume -n {namespace} {name}`")),
        (Code::ScaledToZero, Detail::DaemonSet { .. }) => {
            Some(format!("Correct its `nodeSelector` or label a node: `kubectl describe -n {namespace} {name}`"))
        }
        (Code::ScaledToZero, _) => Some(format!(
            "Scale it up: `kubectl scale -n {namespace} {name} --replicas=1`; do not gate a workload that is meant to have no replicas."
        )),
        (
            Code::UpdateBlocked,
            Detail::StatefulSet { on_delete: true, .. } | Detail::DaemonSet { on_delete: true, .. },
        ) => Some(format!(
            "Delete its pods of the old revision. To list them: `kubectl get pods -n {namespace} -L controller-revision-hash`"
        )),
        _ => None,
    }
}

/// The Rollout that uses the template of this workload.
fn borrower(workload: &Workload) -> Option<&WorkloadRef> {
    workload.referrer.as_ref().filter(|referrer| referrer.kind == WorkloadKind::Rollout)
}

fn is_target_of_canary(workload: &Workload) -> bool {
    workload.referrer.as_ref().is_some_and(|referrer| referrer.kind == WorkloadKind::Canary)
}

fn shortfalls(assessment: &Assessment<'_>, plan: &Plan, now: Duration) -> Vec<Cause> {
    let is_kept_by_platform = assessment.causes.iter().any(|cause| cause.code.row().verdict == Verdict::Platform);
    let groups = assessment.attribution.groups.iter().zip(&assessment.statuses);
    let mut causes: Vec<Cause> = groups
        .filter_map(|(group, standing)| match standing {
            // A progress deadline that passed because of the cluster is not the app's fault.
            RolloutStatus::Short(Shortfall { code: Code::RolloutAborted, .. }) if is_kept_by_platform => None,
            RolloutStatus::Short(shortfall) => {
                let place = Place { workload: Some(group.name()), ..Place::default() };
                let mut cause = Cause::new(shortfall.code, place, shortfall.why.clone(), now);
                if let Some(advice) = advice(shortfall.code, &group.owner, plan) {
                    cause.next_step = advice;
                }
                Some(cause)
            }
            RolloutStatus::Done | RolloutStatus::Well => None,
        })
        .collect();
    if let Some(why) = &assessment.floor_shortfall {
        causes.push(Cause::new(Code::NotReady, Place::default(), why.clone(), now));
    }
    for (history, missing) in &assessment.attribution.unattributed {
        let owner = history.pod.controller.as_ref();
        let name = owner.map_or_else(String::new, |owner| format!("{} {}", owner.kind, owner.name));
        let pod = &history.pod.name;
        let message = if owner.is_some_and(|owner| owner.kind == missing.kind()) {
            format!("pod {pod} belongs to {name}, which does not exist")
        } else {
            format!("pod {pod} belongs to {name}, whose {} does not exist", missing.kind())
        };
        causes.push(Cause::new(Code::NotReady, Place::of_pod(&history.pod), message, now));
    }
    causes
}

/// Pods that were taken away by the platform, where their group has not got enough others in their place.
fn disruptions(assessment: &Assessment<'_>, now: Duration) -> Vec<Cause> {
    let groups = assessment.attribution.groups.iter().zip(&assessment.statuses);
    groups
        .filter(|(_, standing)| matches!(standing, RolloutStatus::Short(_)))
        .flat_map(|(group, _)| group.left_out.iter().filter_map(|history| Some((history, history.disturbed()?))))
        .map(|(history, why)| {
            let message = format!("pod {} was {why}, and nothing has taken its place", history.pod.name);
            let mut cause = Cause::new(Code::PodDisrupted, Place::of_pod(&history.pod), message, now);
            cause.essence = why;
            if let (Some(reason), Some(said)) = (&history.pod.reason, &history.pod.message) {
                cause.evidence.push(Evidence { kind: EvidenceKind::Status, text: format!("{reason}: {said}") });
            }
            cause
        })
        .collect()
}

fn never_stable(plan: &Plan, now: Duration) -> Cause {
    let message = format!(
        "everything became ready, but did not stay ready for {} s before the wait period ended",
        plan.stable_for.as_secs()
    );
    Cause::new(Code::ReadinessFlapping, Place::default(), message, now)
}
