//! Pods.

use std::collections::BTreeMap;

use serde_json::Value;

use super::fields::{MapError, condition, controller, required, version};
use crate::gate::model::{
    Condition, Container, ContainerState, ContainerStatus, Ended, InPlaceUpdate, Phase, Pod, PodResize, Probe, Probes,
    Resize, RestartPolicy, RestartRule, Role,
};
use crate::recording::wire;

pub(super) fn pod(raw: wire::Pod) -> Result<Pod, MapError> {
    let status = raw.status;
    let conditions = status.as_ref().and_then(|status| status.conditions.as_deref());
    let condition = |kind| condition(conditions, kind);
    let statuses = |init| {
        let status = status.as_ref()?;
        if init { status.init_container_statuses.as_deref() } else { status.container_statuses.as_deref() }
    };
    let annotations = raw.metadata.annotations.as_ref();
    let in_place = annotations.and_then(|annotations| in_place(annotations.in_place_update.as_deref()?));
    let init = raw.spec.init_containers.unwrap_or_default();
    let app = required(raw.spec.containers, "a pod", "spec.containers")?;
    let containers = init
        .into_iter()
        .map(|raw| {
            let role = role_of_init(&raw);
            container(raw, role, statuses(true), in_place.as_ref())
        })
        .chain(app.into_iter().map(|raw| container(raw, Role::App, statuses(false), in_place.as_ref())))
        .collect::<Result<_, _>>()?;
    let name = required(raw.metadata.name, "a pod", "metadata.name")?;
    Ok(Pod {
        namespace: raw.metadata.namespace.unwrap_or_default(),
        uid: required(raw.metadata.uid, "a pod", "metadata.uid")?,
        resource_version: version(raw.metadata.resource_version.as_deref()),
        labels: raw.metadata.labels.unwrap_or_default(),
        controller: controller(raw.metadata.owner_references),
        created: raw.metadata.creation_timestamp,
        deleting: raw.metadata.deletion_timestamp.is_some(),
        hook: annotations.is_some_and(wire::Annotations::is_hook),
        main_container: annotations.and_then(|annotations| annotations.main_container.clone()),
        phase: status.as_ref().and_then(|status| status.phase.as_deref()).and_then(phase),
        reason: status.as_ref().and_then(|status| status.reason.clone()),
        message: status.as_ref().and_then(|status| status.message.clone()),
        node: raw.spec.node_name,
        restart_policy: restart_policy(raw.spec.restart_policy.as_deref()).unwrap_or(RestartPolicy::Always),
        ready: condition("Ready"),
        in_place_ready: condition("InPlaceUpdateReady"),
        scheduled: condition("PodScheduled"),
        disruption: condition("DisruptionTarget"),
        sandbox_ready: condition("PodReadyToStartContainers"),
        resize: resize_of(condition("PodResizePending").as_ref(), condition("PodResizeInProgress").as_ref()),
        claims: raw.spec.volumes.unwrap_or_default().into_iter().filter_map(|volume| claim(&name, volume)).collect(),
        name,
        containers,
    })
}

/// What `OpenKruise` writes about an update in place, as JSON in an annotation.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct InPlaceState {
    revision: Option<String>,
    update_timestamp: Option<String>,
    last_container_statuses: Option<BTreeMap<String, InPlaceContainer>>,
}

#[derive(serde::Deserialize)]
struct InPlaceContainer {
    #[serde(rename = "imageID")]
    image_id: Option<String>,
}

/// Reads that annotation. Anybody may write it: what cannot be read excuses nothing.
fn in_place(annotation: &str) -> Option<InPlaceState> {
    serde_json::from_str(annotation).ok()
}

/// The part of a container under `initContainers`: a native sidecar asks to be restarted whatever happens.
pub(super) fn role_of_init(raw: &wire::Container) -> Role {
    if raw.restart_policy.as_deref() == Some("Always") { Role::Sidecar } else { Role::Init }
}

/// A resize that is pending or failed goes before one that is under way: nothing is restarted for it.
fn resize_of(pending: Option<&Condition>, in_progress: Option<&Condition>) -> PodResize {
    let in_progress = in_progress.filter(|condition| condition.status);
    if pending.is_some_and(|condition| condition.status) {
        return PodResize::Stuck;
    }
    match in_progress {
        Some(condition) if condition.reason.as_deref() == Some("Error") => PodResize::Stuck,
        Some(_) => PodResize::InProgress,
        None => PodResize::Settled,
    }
}

/// The claim of a volume. That of an ephemeral volume is named `POD-VOLUME`.
fn claim(pod: &str, volume: wire::Volume) -> Option<String> {
    let of_its_own = volume.ephemeral.map(|_| format!("{pod}-{}", volume.name));
    volume.persistent_volume_claim.map(|claim| claim.claim_name).or(of_its_own)
}

fn phase(text: &str) -> Option<Phase> {
    match text {
        "Pending" => Some(Phase::Pending),
        "Running" => Some(Phase::Running),
        "Succeeded" => Some(Phase::Succeeded),
        "Failed" => Some(Phase::Failed),
        "Unknown" => Some(Phase::Unknown),
        _ => None,
    }
}

fn restart_policy(text: Option<&str>) -> Option<RestartPolicy> {
    match text {
        Some("Always") => Some(RestartPolicy::Always),
        Some("OnFailure") => Some(RestartPolicy::OnFailure),
        Some("Never") => Some(RestartPolicy::Never),
        _ => None,
    }
}

fn container(
    raw: wire::Container,
    role: Role,
    statuses: Option<&[wire::ContainerStatus]>,
    update: Option<&InPlaceState>,
) -> Result<Container, MapError> {
    let status = statuses.and_then(|statuses| statuses.iter().find(|status| status.name == raw.name));
    let in_place = update.and_then(|update| {
        let image_before = update.last_container_statuses.as_ref()?.get(&raw.name)?.image_id.as_ref();
        Some(InPlaceUpdate {
            revision: update.revision.clone().unwrap_or_default(),
            at: update.update_timestamp.clone(),
            is_to_come: image_before.is_some() && status.and_then(|status| status.image_id.as_ref()) == image_before,
        })
    });
    let resize = resize(&raw, status);
    let memory = raw.resources.as_ref().and_then(|resources| resources.limits.as_ref()?.get("memory"));
    let requests = raw.resources.as_ref().and_then(|resources| resources.requests.as_ref()).into_iter().flatten();
    let requests = requests.map(|(resource, amount)| (resource.clone(), plain(amount))).collect();
    Ok(Container {
        role,
        in_place,
        image: raw.image.unwrap_or_default(),
        restart_policy: restart_policy(raw.restart_policy.as_deref()),
        restart_rules: raw.restart_policy_rules.unwrap_or_default().into_iter().filter_map(restart_rule).collect(),
        memory_limit: memory.map(plain),
        requests,
        resize,
        probes: Probes {
            readiness: raw.readiness_probe.map(probe),
            liveness: raw.liveness_probe.map(probe),
            startup: raw.startup_probe.map(probe),
        },
        status: status.map(container_status).transpose()?,
        name: raw.name,
    })
}

/// What a resize of this container would restart it for; `None` where no resource's policy says so.
fn resize(raw: &wire::Container, status: Option<&wire::ContainerStatus>) -> Option<Resize> {
    let restarts = |resource: &&str| {
        let policies = raw.resize_policy.as_deref().unwrap_or_default();
        policies.iter().any(|policy| policy.resource_name == *resource && policy.restart_policy == "RestartContainer")
    };
    let restarting: Vec<&str> = ["cpu", "memory"].into_iter().filter(restarts).collect();
    if restarting.is_empty() {
        return None;
    }
    let amounts = |resources: Option<&wire::Resources>| {
        let lists = resources.map(|resources| [&resources.requests, &resources.limits]);
        let of = |list: &Option<BTreeMap<String, Value>>| {
            let of_one = |resource: &&str| list.as_ref().and_then(|list| list.get(*resource)).map(canonical);
            restarting.iter().map(of_one).collect::<Vec<_>>()
        };
        lists.map(|[requests, limits]| format!("{:?} {:?}", of(requests), of(limits)))
    };
    let asked = amounts(raw.resources.as_ref())?;
    // A status that does not say what the container has got says nothing of a resize either.
    let given = amounts(status.and_then(|status| status.resources.as_ref()));
    Some(Resize { applied: given.is_none_or(|given| given == asked), asked })
}

/// A quantity by its value: the status says `1Gi` where the spec said `1024Mi`. What is no quantity stays as it is.
fn canonical(value: &Value) -> String {
    let text = plain(value);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let value = number.parse::<f64>().ok().and_then(|number| {
        Some(match suffix {
            "" => number,
            "m" => number / 1e3,
            "k" => number * 1e3,
            "M" => number * 1e6,
            "G" => number * 1e9,
            "T" => number * 1e12,
            "Ki" => number * 1024.0,
            "Mi" => number * 1024.0 * 1024.0,
            "Gi" => number * 1024.0 * 1024.0 * 1024.0,
            "Ti" => number * 1024.0 * 1024.0 * 1024.0 * 1024.0,
            _ => return None,
        })
    });
    value.map_or(text, |value| value.to_string())
}

/// A rule that the kubelet could apply: one with exit codes and an operator that it knows.
fn restart_rule(raw: wire::RestartRule) -> Option<RestartRule> {
    let codes = raw.exit_codes?;
    let all_but = match codes.operator.as_deref() {
        Some("In") => false,
        Some("NotIn") => true,
        _ => return None,
    };
    let restarts = matches!(raw.action.as_deref(), Some("Restart" | "RestartAllContainers"));
    Some(RestartRule { restarts, all_but, exit_codes: codes.values.unwrap_or_default() })
}

/// A `restartCount` larger than the type holds is the largest that it holds; one below 0 is none.
fn restart_count(raw: i64) -> Result<u32, MapError> {
    if raw < 0 {
        return Err(MapError::Shape { what: "a pod", reason: format!("its restartCount is {raw}") });
    }
    Ok(u32::try_from(raw).unwrap_or(u32::MAX))
}

/// A quantity or port: text as it is, numbers as text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn probe(raw: wire::Probe) -> Probe {
    let asks = if let Some(http) = raw.http_get {
        let scheme = if http.scheme.as_deref() == Some("HTTPS") { " over HTTPS" } else { "" };
        format!("GET {} on port {}{scheme}", http.path.as_deref().unwrap_or("/"), plain(&http.port))
    } else if let Some(tcp) = raw.tcp_socket {
        format!("a TCP connection to port {}", plain(&tcp.port))
    } else if let Some(grpc) = raw.grpc {
        format!("a gRPC health check on port {}", plain(&grpc.port))
    } else if let Some(exec) = raw.exec {
        format!("the command `{}`", exec.command.unwrap_or_default().join(" "))
    } else {
        "an unknown kind of check".to_owned()
    };
    // The API server fills these in; the numbers are its documented defaults.
    Probe {
        asks,
        initial_delay_seconds: raw.initial_delay_seconds.unwrap_or(0),
        period_seconds: raw.period_seconds.unwrap_or(10),
        timeout_seconds: raw.timeout_seconds.unwrap_or(1),
        failure_threshold: raw.failure_threshold.unwrap_or(3),
    }
}

fn container_status(raw: &wire::ContainerStatus) -> Result<ContainerStatus, MapError> {
    let state = match &raw.state {
        Some(wire::State { terminated: Some(terminated), .. }) => ContainerState::Terminated(ended(terminated)),
        Some(wire::State { waiting: Some(waiting), .. }) => {
            ContainerState::Waiting { reason: waiting.reason.clone(), message: waiting.message.clone() }
        }
        Some(wire::State { running: Some(_), .. }) => ContainerState::Running,
        _ => ContainerState::Unknown,
    };
    Ok(ContainerStatus {
        ready: required(raw.ready, "a pod", "containerStatuses[].ready")?,
        started: raw.started,
        restart_count: restart_count(raw.restart_count)?,
        container_id: raw.container_id.clone().filter(|id| !id.is_empty()),
        state,
        last: raw.last_state.as_ref().and_then(|last| last.terminated.as_ref()).map(ended),
    })
}

fn ended(raw: &wire::Terminated) -> Ended {
    Ended {
        exit_code: raw.exit_code,
        signal: raw.signal,
        reason: raw.reason.clone(),
        message: raw.message.clone(),
        container_id: raw.container_id.clone().filter(|id| !id.is_empty()),
        started_at: raw.started_at.clone(),
        finished_at: raw.finished_at.clone(),
        ran_seconds: seconds_between(raw.started_at.as_deref(), raw.finished_at.as_deref()),
    }
}

/// The time between two stamps of the same clock; `None` where one is absent or they make no sense (a container that
/// never started has a start in 1970).
fn seconds_between(from: Option<&str>, to: Option<&str>) -> Option<u64> {
    let parse = |text: &str| text.parse::<jiff::Timestamp>().ok().filter(|stamp| stamp.as_second() > 0);
    u64::try_from(parse(to?)?.as_second() - parse(from?)?.as_second()).ok()
}
