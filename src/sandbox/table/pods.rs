//! The table of pods. READY, STATUS and RESTARTS are computed as the API server does for kubectl.

use jiff::Timestamp;
use serde_json::Value;

use super::layout::Layout;
use super::{age, cells};

pub(super) const LAYOUT: Layout = Layout {
    columns: &[
        ("Name", "string", false),
        ("Ready", "string", false),
        ("Status", "string", false),
        ("Restarts", "string", false),
        ("Age", "string", false),
        ("IP", "string", true),
        ("Node", "string", true),
        ("Nominated Node", "string", true),
        ("Readiness Gates", "string", true),
    ],
    row,
};

fn row(pod: &Value, now: Timestamp) -> Vec<Value> {
    let Summary { ready, containers, status, restarts, last_restart } = summary(pod);
    let restarts = match last_restart {
        Some(time) if restarts > 0 => format!("{restarts} ({} ago)", age::between(time, now)),
        _ => restarts.to_string(),
    };
    vec![
        cells::name(pod),
        format!("{ready}/{containers}").into(),
        status.into(),
        restarts.into(),
        age::since(pod.pointer("/metadata/creationTimestamp"), now),
        cells::or_none(pod, "/status/podIP"),
        cells::or_none(pod, "/spec/nodeName"),
        cells::or_none(pod, "/status/nominatedNodeName"),
        readiness_gates(pod).into(),
    ]
}

/// What the columns say.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    ready: usize,
    containers: usize,
    status: String,
    restarts: i64,
    last_restart: Option<Timestamp>,
}

fn summary(pod: &Value) -> Summary {
    let phase = cells::text(pod, "/status/phase").unwrap_or("Unknown");
    let mut status = cells::text(pod, "/status/reason").unwrap_or(phase).to_owned();
    let gate = cells::items(pod, "/status/conditions")
        .iter()
        .find(|condition| condition["type"] == "PodScheduled" && condition["reason"] == "SchedulingGated");
    if gate.is_some() {
        "SchedulingGated".clone_into(&mut status);
    }
    let sidecars: Vec<&str> = cells::items(pod, "/spec/initContainers")
        .iter()
        .filter(|container| container["restartPolicy"] == "Always")
        .filter_map(|container| cells::text(container, "/name"))
        .collect();
    let is_sidecar = |container: &Value| cells::text(container, "/name").is_some_and(|name| sidecars.contains(&name));
    let init = cells::items(pod, "/status/initContainerStatuses");
    let app = cells::items(pod, "/status/containerStatuses");

    let blocking = init.iter().enumerate().find_map(|(place, container)| {
        let is_done = container.pointer("/state/terminated").is_some_and(|end| cells::number(end, "/exitCode") == 0);
        let is_up = is_sidecar(container) && is_started(container) && container.pointer("/state/terminated").is_none();
        let place = || format!("{place}/{}", cells::items(pod, "/spec/initContainers").len());
        (!is_done && !is_up).then(|| init_status(container).unwrap_or_else(place))
    });
    let counts_as_initialized = blocking.is_none() || cells::condition(pod, "Initialized") == Some("True");
    let mut ready =
        init.iter().filter(|container| is_sidecar(container) && is_started(container) && is_ready(container)).count();
    if let Some(blocking) = &blocking {
        status = format!("Init:{blocking}");
    }
    let counted: Vec<&Value> = if counts_as_initialized {
        init.iter().filter(|container| is_sidecar(container)).chain(app).collect()
    } else {
        init.iter().collect()
    };
    if counts_as_initialized {
        // The first container has the last word.
        for container in app.iter().rev() {
            if let Some(told) = app_status(container) {
                status = told;
            }
        }
        let runs = app.iter().any(|container| is_ready(container) && container.pointer("/state/running").is_some());
        ready +=
            app.iter().filter(|container| is_ready(container) && container.pointer("/state/running").is_some()).count();
        if status == "Completed" && runs {
            let is_ready = cells::condition(pod, "Ready") == Some("True");
            (if is_ready { "Running" } else { "NotReady" }).clone_into(&mut status);
        }
    }
    if pod.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null()) {
        if cells::text(pod, "/status/reason") == Some("NodeLost") {
            "Unknown".clone_into(&mut status);
        } else if !matches!(phase, "Succeeded" | "Failed") {
            "Terminating".clone_into(&mut status);
        }
    }
    Summary {
        ready,
        containers: cells::items(pod, "/spec/containers").len() + sidecars.len(),
        status,
        restarts: counted
            .iter()
            .fold(0, |sum: i64, container| sum.saturating_add(cells::number(container, "/restartCount"))),
        last_restart: counted.iter().filter_map(|container| last_end(container)).max(),
    }
}

/// What an init container that holds the pod up says of it; `None` where only its place tells.
fn init_status(container: &Value) -> Option<String> {
    if let Some(end) = container.pointer("/state/terminated") {
        return Some(ended(end));
    }
    cells::text(container, "/state/waiting/reason").filter(|reason| *reason != "PodInitializing").map(str::to_owned)
}

/// What an app container says of the pod; `None` while it runs.
fn app_status(container: &Value) -> Option<String> {
    if let Some(reason) = cells::text(container, "/state/waiting/reason") {
        return Some(reason.to_owned());
    }
    container.pointer("/state/terminated").map(ended)
}

/// How a container ended.
fn ended(end: &Value) -> String {
    match (cells::text(end, "/reason"), cells::number(end, "/signal")) {
        (Some(reason), _) => reason.to_owned(),
        (None, 0) => format!("ExitCode:{}", cells::number(end, "/exitCode")),
        (None, signal) => format!("Signal:{signal}"),
    }
}

fn is_ready(container: &Value) -> bool {
    container["ready"] == true
}

fn is_started(container: &Value) -> bool {
    container["started"] == true
}

fn last_end(container: &Value) -> Option<Timestamp> {
    cells::text(container, "/lastState/terminated/finishedAt")?.parse().ok()
}

fn readiness_gates(pod: &Value) -> String {
    let gates = cells::items(pod, "/spec/readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let is_met = |gate: &&Value| {
        cells::text(gate, "/conditionType").and_then(|kind| cells::condition(pod, kind)) == Some("True")
    };
    format!("{}/{}", gates.iter().filter(is_met).count(), gates.len())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::summary;

    fn told(mut pod: Value) -> String {
        if pod.pointer("/spec/containers").is_none() {
            pod["spec"]["containers"] = json!([{"name": "app"}]);
        }
        let summary = summary(&pod);
        format!("{}/{} {} {}", summary.ready, summary.containers, summary.status, summary.restarts)
    }

    #[test]
    fn the_status_is_that_which_kubectl_shows() {
        let running = json!({"name": "app", "ready": true, "restartCount": 2, "state": {"running": {}}});
        let waiting =
            |reason: &str| json!({"name": "app", "state": {"waiting": {"reason": reason}}, "restartCount": 1});
        let ended = |end: Value| json!({"name": "app", "state": {"terminated": end}});
        let with = |status: Value| json!({"status": {"phase": "Running", "containerStatuses": [status]}});
        assert_eq!(told(json!({"status": {"phase": "Pending"}})), "0/1 Pending 0");
        assert_eq!(told(with(running.clone())), "1/1 Running 2");
        assert_eq!(told(with(waiting("CrashLoopBackOff"))), "0/1 CrashLoopBackOff 1");
        assert_eq!(told(with(ended(json!({"exitCode": 1, "reason": "Error"})))), "0/1 Error 0");
        assert_eq!(told(with(ended(json!({"exitCode": 3})))), "0/1 ExitCode:3 0");
        assert_eq!(told(with(ended(json!({"signal": 9})))), "0/1 Signal:9 0");
        let mut deleted = with(running);
        deleted["metadata"]["deletionTimestamp"] = "2026-11-21T03:09:57Z".into();
        assert_eq!(told(deleted.clone()), "1/1 Terminating 2");
        deleted["status"]["phase"] = "Succeeded".into();
        assert_eq!(told(deleted), "1/1 Succeeded 2", "its end has the last word");
        assert_eq!(told(json!({"status": {"phase": "Failed", "reason": "Evicted"}})), "0/1 Evicted 0");
    }

    #[test]
    fn init_containers_hold_the_status_until_they_are_done() {
        let pod = |init: Value, policy: Value| {
            json!({
                "spec": {"initContainers": [{"name": "migrate", "restartPolicy": policy}]},
                "status": {"phase": "Pending", "initContainerStatuses": [init],
                    "containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "PodInitializing"}}}]},
            })
        };
        let migrate = |state: Value| json!({"name": "migrate", "restartCount": 3, "state": state});
        assert_eq!(told(pod(migrate(json!({"running": {}})), Value::Null)), "0/1 Init:0/1 3");
        assert_eq!(
            told(pod(migrate(json!({"waiting": {"reason": "CrashLoopBackOff"}})), Value::Null)),
            "0/1 Init:CrashLoopBackOff 3"
        );
        assert_eq!(
            told(pod(migrate(json!({"terminated": {"exitCode": 1, "reason": "Error"}})), Value::Null)),
            "0/1 Init:Error 3"
        );
        assert_eq!(told(pod(migrate(json!({"terminated": {"exitCode": 0}})), Value::Null)), "0/1 PodInitializing 0");
        let sidecar =
            json!({"name": "migrate", "restartCount": 3, "started": true, "ready": true, "state": {"running": {}}});
        assert_eq!(told(pod(sidecar, "Always".into())), "1/2 PodInitializing 3");
    }
}
