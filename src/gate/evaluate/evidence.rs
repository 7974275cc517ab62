//! The proof that is completed once nothing more is observed: events of this run, the node, what the log gives away.

use super::attribution::name_of;
use super::revision::newest_replica_set;
use crate::gate::diagnose::container_start;
use crate::gate::model::{WorkloadKind, message};
use crate::gate::result::{Code, Evidence, EvidenceKind, Finding, Outcome};
use crate::gate::state::ClusterState;

/// Adds what was said about the pod, its owner and its workload to each finding, and the state of the node where it
/// matters.
pub fn complete(outcome: &mut Outcome, state: &ClusterState) {
    for finding in &mut outcome.findings {
        let lines = events(finding, state);
        if !lines.is_empty() {
            finding.evidence.push(Evidence { kind: EvidenceKind::Event, text: lines.join("\n") });
        }
        if finding.concerns_its_node()
            && let Some(text) = node(finding, state)
        {
            finding.evidence.push(Evidence { kind: EvidenceKind::Node, text });
        }
    }
}

/// Takes what a log, once it is there, says of the cause into the finding.
pub fn read_log(finding: &mut Finding, log: &str, state: &ClusterState) {
    if finding.code != Code::CrashLoop || !container_start::says_wrong_format(log) {
        return;
    }
    let node = finding.place.node.as_ref().and_then(|name| state.nodes.get(name));
    let meaning = container_start::wrong_format(node.and_then(|node| node.architecture.as_deref()));
    finding.message = format!("{} (`exec format error`): {meaning}", finding.message);
    let image = finding.place.pod_uid.as_ref().and_then(|uid| {
        let pod = &state.pods.get(uid)?.pod;
        let of = pod.containers.iter().find(|container| Some(&container.name) == finding.place.container.as_ref())?;
        Some(of.image.clone())
    });
    finding.next_step =
        container_start::wrong_format_advice(image.as_deref().unwrap_or("the image"), finding.place.node.as_deref());
}

/// The events of the finding's pod, and of those that own it, which are not told already.
fn events(finding: &Finding, state: &ClusterState) -> Vec<String> {
    let told = |message: &str| is_echo(message) || is_told(finding, message.trim());
    let place = &finding.place;
    let mut lines = Vec::new();
    let mut of = |uid: &str, since: Option<&str>, container: Option<&str>, object: Option<String>| {
        for line in state.event_log.about(uid, since, container, told) {
            lines.push(object.as_ref().map_or_else(|| line.clone(), |object| format!("{object}: {line}")));
        }
    };
    let history = place.pod_uid.as_ref().and_then(|uid| state.pods.get(uid));
    if let Some(uid) = &place.pod_uid {
        of(uid, None, place.container.as_deref(), None);
    }
    let named = || state.workloads().find(|workload| Some(name_of(workload)) == place.workload);
    let owner = match history {
        Some(history) => history.pod.controller.as_ref().and_then(|owner| state.workload(&owner.uid)),
        None => named().map(|top| newest_replica_set(top, state.workloads()).unwrap_or(top)),
    };
    // A ReplicaSet is made for a version, any other owner outlives it: what was said before that is of another run.
    let since = match (owner, history) {
        (Some(owner), Some(history)) if owner.kind != WorkloadKind::ReplicaSet => history.pod.created.as_deref(),
        (Some(owner), _) => owner.created.as_deref(),
        (None, _) => None,
    };
    let mut above = owner;
    let mut steps = 0;
    while let Some(workload) = above.filter(|_| steps < 3) {
        of(&workload.uid, since, None, Some(name_of(workload)));
        above = workload.controller.as_ref().and_then(|owner| state.workload(&owner.uid));
        steps += 1;
    }
    lines
}

/// True where the finding says so already: in its message or its proof, whole or in other wrappings.
fn is_told(finding: &Finding, message: &str) -> bool {
    const SAYS_SOMETHING: usize = 20;
    let essence = message::essence(message);
    let core = container_start::without_layers(essence);
    let has = |text: &str| text.contains(essence) || text.contains(core);
    has(&finding.message)
        || finding.evidence.iter().any(|piece| {
            let text = piece.text.trim();
            has(text) || (text.len() > SAYS_SOMETHING && message.contains(text))
        })
}

/// True for words of the kubelet that only repeat a state which every finding tells better.
fn is_echo(message: &str) -> bool {
    let only_a_reason = message.strip_prefix("Error: ").is_some_and(|rest| rest.chars().all(char::is_alphanumeric));
    only_a_reason || message.starts_with("Back-off ")
}

/// What is known of the finding's node.
fn node(finding: &Finding, state: &ClusterState) -> Option<String> {
    let name = finding.place.node.as_ref()?;
    let node = state.nodes.get(name)?;
    Some(if node.troubles.is_empty() && finding.code == Code::NodeNotReady {
        format!("{name} is Ready again by now")
    } else if node.troubles.is_empty() {
        format!("{name} reports no problem")
    } else {
        format!("{name}: {}", node.troubles.join("; "))
    })
}
