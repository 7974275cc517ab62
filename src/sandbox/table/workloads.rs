//! The tables of workloads.

use jiff::Timestamp;
use serde_json::Value;

use super::layout::Layout;
use super::{age, cells};

pub(super) const DEPLOYMENTS: Layout = Layout {
    columns: &[
        ("Name", "string", false),
        ("Ready", "string", false),
        ("Up-to-date", "string", false),
        ("Available", "string", false),
        ("Age", "string", false),
        ("Containers", "string", true),
        ("Images", "string", true),
        ("Selector", "string", true),
    ],
    row: |object, now| {
        let mut row = vec![
            cells::name(object),
            ready_of(object, cells::number(object, "/spec/replicas")),
            cells::number(object, "/status/updatedReplicas").into(),
            cells::number(object, "/status/availableReplicas").into(),
        ];
        row.extend(age_and_wide(object, now));
        row.push(cells::selector(object));
        row
    },
};

pub(super) const REPLICA_SETS: Layout = Layout {
    columns: &[
        ("Name", "string", false),
        ("Desired", "integer", false),
        ("Current", "integer", false),
        ("Ready", "integer", false),
        ("Age", "string", false),
        ("Containers", "string", true),
        ("Images", "string", true),
        ("Selector", "string", true),
    ],
    row: |object, now| {
        let mut row = vec![
            cells::name(object),
            cells::number(object, "/spec/replicas").into(),
            cells::number(object, "/status/replicas").into(),
            cells::number(object, "/status/readyReplicas").into(),
        ];
        row.extend(age_and_wide(object, now));
        row.push(cells::selector(object));
        row
    },
};

pub(super) const STATEFUL_SETS: Layout = Layout {
    columns: &[
        ("Name", "string", false),
        ("Ready", "string", false),
        ("Age", "string", false),
        ("Containers", "string", true),
        ("Images", "string", true),
    ],
    row: |object, now| {
        let mut row = vec![cells::name(object), ready_of(object, cells::number(object, "/spec/replicas"))];
        row.extend(age_and_wide(object, now));
        row
    },
};

pub(super) const DAEMON_SETS: Layout = Layout {
    columns: &[
        ("Name", "string", false),
        ("Desired", "integer", false),
        ("Current", "integer", false),
        ("Ready", "integer", false),
        ("Up-to-date", "integer", false),
        ("Available", "integer", false),
        ("Node Selector", "string", false),
        ("Age", "string", false),
        ("Containers", "string", true),
        ("Images", "string", true),
        ("Selector", "string", true),
    ],
    row: |object, now| {
        let mut row = vec![
            cells::name(object),
            cells::number(object, "/status/desiredNumberScheduled").into(),
            cells::number(object, "/status/currentNumberScheduled").into(),
            cells::number(object, "/status/numberReady").into(),
            cells::number(object, "/status/updatedNumberScheduled").into(),
            cells::number(object, "/status/numberAvailable").into(),
            node_selector(object),
        ];
        row.extend(age_and_wide(object, now));
        row.push(cells::selector(object));
        row
    },
};

pub(super) const JOBS: Layout = Layout {
    columns: &[
        ("Name", "string", false),
        ("Status", "string", false),
        ("Completions", "string", false),
        ("Duration", "string", false),
        ("Age", "string", false),
        ("Containers", "string", true),
        ("Images", "string", true),
        ("Selector", "string", true),
    ],
    row: |object, now| {
        let mut row =
            vec![cells::name(object), job_status(object).into(), completions(object).into(), duration(object, now)];
        row.extend(age_and_wide(object, now));
        row.push(cells::selector(object));
        row
    },
};

fn ready_of(object: &Value, wanted: i64) -> Value {
    format!("{}/{wanted}", cells::number(object, "/status/readyReplicas")).into()
}

fn age_and_wide(object: &Value, now: Timestamp) -> [Value; 3] {
    [
        age::since(object.pointer("/metadata/creationTimestamp"), now),
        cells::of_containers(object, "name"),
        cells::of_containers(object, "image"),
    ]
}

fn node_selector(object: &Value) -> Value {
    let labels = object.pointer("/spec/template/spec/nodeSelector").and_then(Value::as_object);
    let terms: Vec<String> = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    if terms.is_empty() { "<none>".into() } else { terms.join(",").into() }
}

fn job_status(job: &Value) -> &'static str {
    let is = |kind: &str| cells::condition(job, kind) == Some("True");
    if is("Complete") {
        "Complete"
    } else if is("Failed") {
        "Failed"
    } else if job.pointer("/metadata/deletionTimestamp").is_some() {
        "Terminating"
    } else if is("Suspended") {
        "Suspended"
    } else if is("FailureTarget") {
        "FailureTarget"
    } else if is("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

fn completions(job: &Value) -> String {
    let done = cells::number(job, "/status/succeeded");
    let parallelism = cells::number(job, "/spec/parallelism");
    match job.pointer("/spec/completions").and_then(Value::as_i64) {
        Some(wanted) => format!("{done}/{wanted}"),
        None if parallelism > 1 => format!("{done}/1 of {parallelism}"),
        None => format!("{done}/1"),
    }
}

fn duration(job: &Value, now: Timestamp) -> Value {
    let time = |pointer: &str| cells::text(job, pointer).and_then(|text| text.parse::<Timestamp>().ok());
    let started = time("/status/startTime");
    started.map_or_else(
        || "".into(),
        |started| age::between(started, time("/status/completionTime").unwrap_or(now)).into(),
    )
}
