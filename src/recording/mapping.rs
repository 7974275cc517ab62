//! From the API's JSON to observations: the one mapping, for live traffic and for recordings.
//!
//! An object that lacks what every object of its kind has (a UID, a restart count) is refused, not filled up with
//! defaults: a default could be taken for a fact.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire;
use crate::gate::observation::{ClusterEvent, Fact, Node, Object, Source};
use crate::gate::pod::{
    Condition, Container, ContainerState, ContainerStatus, ControllerRef, Ended, Phase, Pod, Probe, Probes,
    RestartPolicy, Role,
};
use crate::gate::workload::{Detail, JobEnd, Template, Workload, WorkloadKind};

/// Why a piece of JSON is no observation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    /// It does not have the shape that the API gives it.
    #[error("cannot read {what} of the API server's answer: {reason}")]
    Shape {
        /// Which kind of object.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A watch line ERROR: the server ended the watch.
    #[error("the API server ended the watch: {message} (code {code})")]
    WatchError {
        /// The status code; 410 where the resource version has expired.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// A kind of watch line that does not exist.
    #[error("a watch line of unknown type {0:?}")]
    LineKind(String),
}

/// The collection that a request path reads and its namespace (`None`: all of them, or cluster-scoped); `None` for
/// paths that the gate does not read.
#[must_use]
pub fn source_of(path: &str) -> Option<(Source, Option<&str>)> {
    let rest = path.strip_prefix("/api/v1/").or_else(|| path.strip_prefix("/apis/apps/v1/"));
    let rest = rest.or_else(|| path.strip_prefix("/apis/batch/v1/"))?;
    let (namespace, resource) = match rest.strip_prefix("namespaces/") {
        Some(scoped) => {
            let (namespace, resource) = scoped.split_once('/')?;
            (Some(namespace), resource)
        }
        None => (None, rest),
    };
    let all = WorkloadKind::ALL.into_iter().map(Source::Workloads).chain([Source::Pods, Source::Events, Source::Nodes]);
    all.into_iter().find(|source| source.resource() == resource).map(|source| (source, namespace))
}

/// The answer of a LIST as one fact.
///
/// # Errors
///
/// Where the answer, or one of its items, does not have the API's shape.
pub fn list(source: Source, body: &RawValue) -> Result<Fact, MapError> {
    let objects = items(body)?.into_iter().map(|item| object(source, item)).collect::<Result<_, _>>()?;
    Ok(Fact::Listed { source, objects })
}

/// The items of a LIST's answer.
///
/// # Errors
///
/// Where there are none. A list without `items` is no empty list: a Status or a proxy's answer has none either.
pub fn items(body: &RawValue) -> Result<Vec<&RawValue>, MapError> {
    let list: wire::List<'_> = parse(body.get(), "the list")?;
    list.items.ok_or(MapError::Shape { what: "the list", reason: "it has no `items`".to_owned() })
}

/// One line of a watch as a fact; `None` for a bookmark, which says only that the watch is alive.
///
/// # Errors
///
/// Where the object does not have the API's shape, or the line is an ERROR.
pub fn event(source: Source, kind: &str, body: &RawValue) -> Result<Option<Fact>, MapError> {
    match kind {
        "ADDED" | "MODIFIED" => Ok(Some(Fact::Seen(Box::new(object(source, body)?)))),
        "DELETED" => {
            #[derive(serde::Deserialize)]
            struct Deleted {
                metadata: wire::Meta,
            }
            let deleted: Deleted = parse(body.get(), "a deleted object")?;
            Ok(Some(Fact::Gone { source, uid: required(deleted.metadata.uid, "a deleted object", "metadata.uid")? }))
        }
        "BOOKMARK" => Ok(None),
        "ERROR" => {
            let status: wire::Status = parse(body.get(), "the error of a watch")?;
            let words = status.message.or(status.reason).unwrap_or_else(|| "it gave no reason".to_owned());
            Err(MapError::WatchError { code: status.code.unwrap_or(0), message: words })
        }
        other => Err(MapError::LineKind(other.to_owned())),
    }
}

/// One object of a collection.
///
/// # Errors
///
/// Where it does not have the API's shape.
pub fn object(source: Source, body: &RawValue) -> Result<Object, MapError> {
    let json = body.get();
    match source {
        Source::Pods => pod(parse(json, "a pod")?).map(Object::Pod),
        Source::Events => cluster_event(parse(json, "an event")?).map(Object::Event),
        Source::Nodes => node(parse(json, "a node")?).map(Object::Node),
        Source::Workloads(kind) => workload(kind, parse(json, kind.kind())?).map(Object::Workload),
    }
}

fn parse<'a, T: serde::Deserialize<'a>>(json: &'a str, what: &'static str) -> Result<T, MapError> {
    serde_json::from_str(json).map_err(|error| MapError::Shape { what, reason: error.to_string() })
}

fn required<T>(value: Option<T>, what: &'static str, field: &str) -> Result<T, MapError> {
    value.ok_or_else(|| MapError::Shape { what, reason: format!("it has no `{field}`") })
}

fn controller(references: Option<Vec<wire::OwnerReference>>) -> Option<ControllerRef> {
    references?.into_iter().find(|reference| reference.controller == Some(true)).map(|reference| ControllerRef {
        kind: reference.kind,
        name: reference.name,
        uid: reference.uid,
    })
}

fn condition(conditions: Option<&[wire::Condition]>, kind: &str) -> Option<Condition> {
    conditions?.iter().find(|condition| condition.kind == kind).map(|condition| Condition {
        status: condition.status == "True",
        since: condition.last_transition_time.clone(),
        reason: condition.reason.clone().filter(|reason| !reason.is_empty()),
        message: condition.message.clone().filter(|message| !message.is_empty()),
    })
}

fn pod(raw: wire::Pod) -> Result<Pod, MapError> {
    let status = raw.status;
    let conditions = status.as_ref().and_then(|status| status.conditions.as_deref());
    let condition = |kind| condition(conditions, kind);
    let statuses = |init| {
        let status = status.as_ref()?;
        if init { status.init_container_statuses.as_deref() } else { status.container_statuses.as_deref() }
    };
    let init = raw.spec.init_containers.unwrap_or_default();
    let app = required(raw.spec.containers, "a pod", "spec.containers")?;
    let containers = init
        .into_iter()
        .map(|raw| {
            let role = if raw.restart_policy.as_deref() == Some("Always") { Role::Sidecar } else { Role::Init };
            container(raw, role, statuses(true))
        })
        .chain(app.into_iter().map(|raw| container(raw, Role::App, statuses(false))))
        .collect::<Result<_, _>>()?;
    Ok(Pod {
        name: required(raw.metadata.name, "a pod", "metadata.name")?,
        uid: required(raw.metadata.uid, "a pod", "metadata.uid")?,
        labels: raw.metadata.labels.unwrap_or_default(),
        controller: controller(raw.metadata.owner_references),
        deleting: raw.metadata.deletion_timestamp.is_some(),
        phase: status.as_ref().and_then(|status| status.phase.as_deref()).and_then(phase),
        reason: status.as_ref().and_then(|status| status.reason.clone()),
        message: status.as_ref().and_then(|status| status.message.clone()),
        node: raw.spec.node_name,
        restart_policy: restart_policy(raw.spec.restart_policy.as_deref()).unwrap_or(RestartPolicy::Always),
        ready: condition("Ready"),
        scheduled: condition("PodScheduled"),
        disruption: condition("DisruptionTarget"),
        sandbox_ready: condition("PodReadyToStartContainers"),
        resizing: condition("PodResizeInProgress").is_some_and(|condition| condition.status),
        containers,
    })
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
) -> Result<Container, MapError> {
    let status = statuses.and_then(|statuses| statuses.iter().find(|status| status.name == raw.name));
    let resize_restarts = resize_restarts(&raw, status);
    let memory = raw.resources.as_ref().and_then(|resources| resources.limits.as_ref()?.get("memory"));
    Ok(Container {
        role,
        image: raw.image.unwrap_or_default(),
        restart_policy: restart_policy(raw.restart_policy.as_deref()),
        memory_limit: memory.map(plain),
        resize_restarts,
        probes: Probes {
            readiness: raw.readiness_probe.map(probe),
            liveness: raw.liveness_probe.map(probe),
            startup: raw.startup_probe.map(probe),
        },
        status: status.map(container_status).transpose()?,
        name: raw.name,
    })
}

/// True where the running container does not have the resources that its spec asks for, and a resize policy says that
/// the change of one of them restarts it.
fn resize_restarts(raw: &wire::Container, status: Option<&wire::ContainerStatus>) -> bool {
    let (Some(asked), Some(given)) = (&raw.resources, status.and_then(|status| status.resources.as_ref())) else {
        return false;
    };
    let restarting = |resource: &str| {
        raw.resize_policy
            .as_deref()
            .unwrap_or_default()
            .iter()
            .any(|policy| policy.resource_name == resource && policy.restart_policy == "RestartContainer")
    };
    let amount = |resources: &wire::Resources, resource: &str| {
        let of = |list: &Option<BTreeMap<String, Value>>| list.as_ref().and_then(|list| list.get(resource).cloned());
        (of(&resources.requests), of(&resources.limits))
    };
    ["cpu", "memory"]
        .into_iter()
        .any(|resource| restarting(resource) && amount(asked, resource) != amount(given, resource))
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
        restart_count: raw.restart_count,
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

fn workload(kind: WorkloadKind, raw: wire::Workload) -> Result<Workload, MapError> {
    let what = kind.kind();
    let spec = raw.spec;
    let status = raw.status;
    let status = status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_deref());
    let revision = raw.metadata.annotations.as_ref().and_then(|annotations| annotations.revision.as_deref());
    let (desired, updated, available) = match kind {
        WorkloadKind::DaemonSet => (
            status.and_then(|status| status.desired_number_scheduled),
            status.and_then(|status| status.updated_number_scheduled),
            status.and_then(|status| status.number_available),
        ),
        // The API server fills `replicas` in; a Job asks for completions, 1 where it says nothing.
        WorkloadKind::Job => (Some(spec.completions.or(spec.parallelism).unwrap_or(1)), None, None),
        WorkloadKind::Deployment | WorkloadKind::ReplicaSet | WorkloadKind::StatefulSet => (
            spec.replicas,
            status.and_then(|status| status.updated_replicas),
            status.and_then(|status| status.available_replicas),
        ),
    };
    let on_delete = spec.update_strategy.as_ref().and_then(|strategy| strategy.kind.as_deref()) == Some("OnDelete");
    let detail = match kind {
        WorkloadKind::Deployment => Detail::Deployment {
            paused: spec.paused == Some(true),
            progressing: condition(conditions, "Progressing"),
            replica_failure: condition(conditions, "ReplicaFailure").filter(|condition| condition.status),
        },
        WorkloadKind::ReplicaSet => Detail::ReplicaSet {
            replica_failure: condition(conditions, "ReplicaFailure").filter(|condition| condition.status),
        },
        WorkloadKind::StatefulSet => Detail::StatefulSet {
            update_revision: status.and_then(|status| status.update_revision.clone()).filter(|text| !text.is_empty()),
            current_revision: status.and_then(|status| status.current_revision.clone()).filter(|text| !text.is_empty()),
            partition: spec.update_strategy.and_then(|strategy| strategy.rolling_update?.partition).unwrap_or(0),
            first_ordinal: spec.ordinals.and_then(|ordinals| ordinals.start).unwrap_or(0),
            on_delete,
            ordered_ready: spec.pod_management_policy.as_deref() != Some("Parallel"),
        },
        WorkloadKind::DaemonSet => Detail::DaemonSet {
            on_delete,
            template_generation: raw.metadata.annotations.as_ref().and_then(|all| all.template_generation.clone()),
        },
        WorkloadKind::Job => Detail::Job {
            end: job_end(conditions),
            suspended: spec.suspend == Some(true),
            failed: status.and_then(|status| status.failed).unwrap_or(0),
            succeeded: status.and_then(|status| status.succeeded).unwrap_or(0),
        },
    };
    Ok(Workload {
        kind,
        revision: revision.and_then(|text| text.parse().ok()),
        name: required(raw.metadata.name, what, "metadata.name")?,
        uid: required(raw.metadata.uid, what, "metadata.uid")?,
        controller: controller(raw.metadata.owner_references),
        deleting: raw.metadata.deletion_timestamp.is_some(),
        generation: raw.metadata.generation,
        observed_generation: status.and_then(|status| status.observed_generation),
        template: template(&required(spec.template, what, "spec.template")?, what)?,
        match_labels: spec.selector.and_then(|selector| selector.match_labels).unwrap_or_default(),
        desired,
        updated,
        available,
        detail,
    })
}

/// `Complete` and `Failed` end a Job; `SuccessCriteriaMet` and `FailureTarget` come before them and end nothing yet.
fn job_end(conditions: Option<&[wire::Condition]>) -> Option<JobEnd> {
    let is_true = |kind| condition(conditions, kind).filter(|condition| condition.status);
    if let Some(failed) = is_true("Failed") {
        return Some(JobEnd::Failed { reason: failed.reason, message: failed.message });
    }
    is_true("Complete").map(|_| JobEnd::Complete)
}

fn template(raw: &RawValue, what: &'static str) -> Result<Template, MapError> {
    let parts: wire::Template = parse(raw.get(), what)?;
    let spec = parts.spec;
    let containers = spec.into_iter().flat_map(|spec| {
        spec.init_containers.unwrap_or_default().into_iter().chain(spec.containers.unwrap_or_default())
    });
    Ok(Template {
        labels: parts.metadata.and_then(|metadata| metadata.labels).unwrap_or_default(),
        images: containers.filter_map(|container| container.image).collect(),
        fingerprint: fingerprint(parse_value(raw.get(), what)?),
    })
}

fn parse_value<T: DeserializeOwned>(json: &str, what: &'static str) -> Result<T, MapError> {
    parse(json, what)
}

/// A fingerprint of the template but for what the Deployment controller adds to a `ReplicaSet`'s copy of it: the label
/// `pod-template-hash` (the controller compares the two in the same way).
fn fingerprint(mut template: Value) -> u64 {
    if let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("creationTimestamp");
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.remove("pod-template-hash");
        }
    }
    let mut hasher = DefaultHasher::new();
    hash_value(&template, &mut hasher);
    hasher.finish()
}

/// Hashes a value whatever the order of its keys.
fn hash_value(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Object(map) => {
            map.len().hash(hasher);
            for (key, value) in map.iter().collect::<BTreeMap<_, _>>() {
                key.hash(hasher);
                hash_value(value, hasher);
            }
        }
        Value::Array(items) => {
            items.len().hash(hasher);
            for item in items {
                hash_value(item, hasher);
            }
        }
        scalar => scalar.to_string().hash(hasher),
    }
}

fn cluster_event(raw: wire::Event) -> Result<ClusterEvent, MapError> {
    let series = raw.series.as_ref();
    let last_seen = raw
        .last_timestamp
        .or_else(|| series.and_then(|series| series.last_observed_time.clone()))
        .or(raw.observed_at)
        .or(raw.metadata.creation_timestamp);
    Ok(ClusterEvent {
        uid: required(raw.metadata.uid, "an event", "metadata.uid")?,
        object_kind: raw.involved_object.kind.unwrap_or_default(),
        object_name: raw.involved_object.name.unwrap_or_default(),
        object_uid: raw.involved_object.uid.unwrap_or_default(),
        container: raw.involved_object.field_path.as_deref().and_then(container_of_field_path),
        reason: raw.reason.unwrap_or_default(),
        message: raw.message.unwrap_or_default(),
        warning: raw.kind.as_deref() == Some("Warning"),
        count: raw.count.or_else(|| series.and_then(|series| series.count)).unwrap_or(1),
        last_seen,
    })
}

/// The name in `spec.containers{app}` or `spec.initContainers{migrate}`.
fn container_of_field_path(path: &str) -> Option<String> {
    let (_, rest) = path.split_once('{')?;
    Some(rest.strip_suffix('}')?.to_owned())
}

fn node(raw: wire::Node) -> Result<Node, MapError> {
    let conditions = raw.status.as_ref().and_then(|status| status.conditions.as_deref());
    let ready = condition(conditions, "Ready");
    Ok(Node {
        name: required(raw.metadata.name, "a node", "metadata.name")?,
        uid: required(raw.metadata.uid, "a node", "metadata.uid")?,
        ready: ready.as_ref().map(|condition| condition.status),
        message: ready.and_then(|condition| condition.message.or(condition.reason)),
    })
}
