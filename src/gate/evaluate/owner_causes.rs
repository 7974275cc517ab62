//! What keeps an owner from having its pods: creations that are refused, a Job that failed.

use std::time::Duration;

use super::argo_rollout;
use super::attribution::{GroupHead, Owner};
use crate::gate::diagnose::{admission, exit_code};
use crate::gate::memory::EventIndex;
use crate::gate::model::{ContainerState, Detail, Ended, JobEnd, Workload, message};
use crate::gate::result::{Cause, Code, Evidence, EvidenceKind, FirstSeen, LogWanted, Place};
use crate::gate::state::PodHistory;

/// The refusal of the API server to create the group's pods, while some of those wanted are `missing`.
pub fn creation(
    head: GroupHead<'_>,
    missing: bool,
    namespace: &str,
    event_index: &EventIndex,
    now: Duration,
    first_seen: &mut FirstSeen,
) -> Option<Cause> {
    let Owner::Workload(workload) = head.owner else { return None };
    let said = if missing { refusal(workload, head.replica_set, event_index) } else { None };
    let Some(said) = said else {
        first_seen.forget_own();
        return None;
    };
    let essence = message::essence(said);
    let code = admission::cause_of(said);
    let name = head.name();
    let reading = admission::read(said, namespace);
    let message = format!("{name} cannot create its pods: {}", reading.words);
    let place = Place { workload: Some(name), ..Place::default() };
    let mut cause = Cause::new(code, place, message, first_seen.of(None, code, now));
    essence.clone_into(&mut cause.essence);
    if let Some(advice) = reading.advice {
        cause.next_step = advice;
    }
    cause.evidence.push(Evidence { kind: EvidenceKind::Status, text: said.to_owned() });
    Some(cause)
}

/// What the controller says about its failed creations: a `ReplicaSet` in a condition, every kind in events. An event
/// stands until a later one tells of a success.
fn refusal<'a>(
    workload: &'a Workload,
    replica_set: Option<&'a Workload>,
    event_index: &'a EventIndex,
) -> Option<&'a str> {
    let creator = replica_set.unwrap_or(workload);
    let condition = match &creator.detail {
        Detail::ReplicaSet { replica_failure, .. } | Detail::Deployment { replica_failure, .. } => {
            replica_failure.as_ref()
        }
        _ => None,
    };
    if let Some(message) = condition.and_then(|condition| condition.message.as_deref()) {
        return Some(message);
    }
    let failed = event_index.newest(&creator.uid, "FailedCreate")?;
    let succeeded_later =
        event_index.newest(&creator.uid, "SuccessfulCreate").is_some_and(|success| success.order > failed.order);
    (!succeeded_later).then_some(failed.message.as_str())
}

/// The end that its controller put to an update.
pub fn abort(head: GroupHead<'_>, namespace: &str, now: Duration, first_seen: &mut FirstSeen) -> Option<Cause> {
    let Owner::Workload(workload) = head.owner else { return None };
    let rollout = argo_rollout::of(workload)?;
    let why = argo_rollout::abort(head, workload)?;
    let place = Place { workload: Some(head.name()), ..Place::default() };
    let mut cause = Cause::new(Code::RolloutAborted, place, why, first_seen.of(None, Code::RolloutAborted, now));
    if let Some(message) = rollout.message.as_ref().filter(|message| !says(&cause.message, message)) {
        cause.evidence.push(Evidence { kind: EvidenceKind::Status, text: message.clone() });
    }
    let failed = rollout.analyses.iter().filter(|run| run.phase != "Successful" && run.phase != "Running");
    cause.evidence.extend(failed.map(|run| {
        let message = run.message.as_deref().unwrap_or("it gives no reason");
        Evidence { kind: EvidenceKind::Status, text: format!("analysis run {} {}: {message}", run.name, run.phase) }
    }));
    cause.next_step = format!(
        "Read why, fix it, and deploy again. The whole story: `kubectl describe rollout -n {namespace} {}`",
        workload.name
    );
    Some(cause)
}

/// True where a sentence holds what the controller says, its reason in front aside.
fn says(sentence: &str, message: &str) -> bool {
    sentence.contains(message.split_once(": ").map_or(message, |(_, rest)| rest))
}

/// A Job's failure, with the last pod that failed in it.
pub fn job_failure<'a>(
    head: GroupHead<'_>,
    pods: impl Iterator<Item = &'a PodHistory>,
    namespace: &str,
    now: Duration,
    first_seen: &mut FirstSeen,
) -> Option<Cause> {
    let Owner::Workload(job) = head.owner else { return None };
    let Detail::Job { end: Some(JobEnd::Failed { reason, message }), .. } = &job.detail else { return None };
    let name = head.name();
    let reason = reason.as_deref().unwrap_or("it gives no reason");
    let mut text = format!("{name} failed: {reason}");
    if let Some(message) = message {
        text = format!("{text} ({message})");
    }
    let mut place = Place { workload: Some(name), ..Place::default() };
    let since = first_seen.of(None, Code::JobFailed, now);
    let last = pods.filter_map(failed_end).max_by(|one, other| {
        let when =
            |(history, _, ended): &(&PodHistory, &str, &Ended)| (ended.finished_at.clone(), history.pod.name.clone());
        when(one).cmp(&when(other))
    });
    let Some((history, container, ended)) = last else {
        return Some(Cause::new(Code::JobFailed, place, text, since));
    };
    text = format!("{text}; container {container} of its last pod ended with {}", exit_code::in_words(ended));
    let role = history.pod.containers.iter().find(|candidate| candidate.name == container).map(|found| found.role);
    place =
        Place { container: Some(container.to_owned()), role, workload: place.workload, ..Place::of_pod(&history.pod) };
    let restarts = history.pod.containers.iter().find(|candidate| candidate.name == container);
    let restarts = restarts.and_then(|found| found.status.as_ref()).map_or(0, |status| status.restart_count);
    let mut cause = Cause::new(Code::JobFailed, place, text, since);
    cause.exit_status = Some(ended.exit_code);
    cause.restarts = Some(restarts);
    cause.log = Some(LogWanted {
        pod: history.pod.name.clone(),
        container: container.to_owned(),
        attempt: restarts,
        previous: false,
    });
    cause.next_step = format!(
        "Fix the error in the last log lines, and create the Job again. The whole log: `kubectl logs -n {namespace} {} -c {container}`",
        history.pod.name
    );
    Some(cause)
}

fn failed_end(history: &PodHistory) -> Option<(&PodHistory, &str, &Ended)> {
    history.pod.containers.iter().find_map(|container| {
        let status = container.status.as_ref()?;
        match &status.state {
            ContainerState::Terminated(ended) if ended.exit_code != 0 => {
                Some((history, container.name.as_str(), ended))
            }
            _ => status
                .last
                .as_ref()
                .filter(|last| last.exit_code != 0)
                .map(|last| (history, container.name.as_str(), last)),
        }
    })
}
