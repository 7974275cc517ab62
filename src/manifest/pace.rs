//! How long a rollout of a workload may well take, and after which time its pods have shown that they stay up, by what its own spec
//! says: probes, `minReadySeconds`, strategy, deadline.

use std::time::Duration;

use serde_json::Value;

use crate::gate::model::WorkloadKind;

/// Scheduling, and pulling the images.
const BEFORE_START: u64 = 60;
/// A container without probes is ready as soon as it runs.
const START: u64 = 5;
/// Both ends of what is proposed.
const SHORTEST_WAIT: u64 = 60;
const LONGEST_WAIT: u64 = 30 * 60;
const SHORTEST_STABLE: u64 = 30;
const LONGEST_STABLE: u64 = 5 * 60;
/// What the API server fills in where nobody named a deadline.
const DEFAULT_DEADLINE: u64 = 600;

/// Times for the gate of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pace {
    /// How long it may take to become healthy.
    pub wait: Duration,
    /// Why so long.
    pub why_wait: String,
    /// How long it must stay so.
    pub stable: Duration,
    /// Why so long.
    pub why_stable: String,
}

impl Pace {
    /// The times of a workload as the API has it.
    pub fn of(kind: WorkloadKind, raw: &Value) -> Self {
        let spec = &raw["spec"];
        let min_ready = number(&spec["minReadySeconds"]);
        let ready = each_container(spec).map(ready_after).max().unwrap_or(START);
        let wave = ready.saturating_add(min_ready).saturating_add(START);
        let (pods, step) = (pods(kind, raw), step(kind, raw));
        let waves = pods.div_ceil(step).max(1);
        let mut wait = BEFORE_START.saturating_add(waves.saturating_mul(wave));
        let mut why_wait = match waves {
            1 => format!("60 s to schedule and pull, {wave} s to become ready"),
            _ if step == 1 => format!("60 s to schedule and pull, then {pods} pods one by one, {wave} s each"),
            _ => format!("60 s to schedule and pull, then {waves} waves of up to {step} pods, {wave} s each"),
        };
        if kind == WorkloadKind::Job {
            let deadline = number(&spec["activeDeadlineSeconds"]);
            wait = if deadline > 0 { BEFORE_START.saturating_add(deadline) } else { 10 * 60 };
            why_wait = match deadline {
                0 => "the longest that the Job may take; it has no activeDeadlineSeconds".to_owned(),
                _ => "60 s to schedule and pull, and the Job's activeDeadlineSeconds".to_owned(),
            };
        }
        let deadline = number(&spec["progressDeadlineSeconds"]);
        if deadline != DEFAULT_DEADLINE && deadline > wait && kind != WorkloadKind::Job {
            wait = deadline;
            "its progressDeadlineSeconds".clone_into(&mut why_wait);
        }
        let killed = each_container(spec).filter_map(killed_after).max().unwrap_or(0);
        let stable = killed.max(min_ready);
        let why_stable = match stable {
            _ if stable <= SHORTEST_STABLE => "how long it must stay so without a break".to_owned(),
            _ if killed >= min_ready => "long enough for the liveness probe to kill what hangs".to_owned(),
            _ => "its minReadySeconds".to_owned(),
        };
        let (wait, stable) = (rounded(wait, 30), rounded(stable, 10));
        Self {
            wait: Duration::from_secs(wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)),
            why_wait,
            stable: Duration::from_secs(stable.clamp(SHORTEST_STABLE, LONGEST_STABLE)),
            why_stable,
        }
    }
}

fn each_container(spec: &Value) -> impl Iterator<Item = &Value> {
    spec["template"]["spec"]["containers"].as_array().into_iter().flatten()
}

/// How long a container may take to become ready: as long as its startup probe lets it, or else as its readiness probe asks
/// for at least.
fn ready_after(container: &Value) -> u64 {
    let (startup, readiness) = (&container["startupProbe"], &container["readinessProbe"]);
    let starting = if startup.is_object() { spent(startup) } else { 0 };
    let asking = if readiness.is_object() {
        number(&readiness["initialDelaySeconds"]).saturating_add(or(&readiness["periodSeconds"], 10))
    } else {
        0
    };
    starting.saturating_add(asking).max(START)
}

/// When a container that hangs from its start on is killed by its liveness probe.
fn killed_after(container: &Value) -> Option<u64> {
    let liveness = &container["livenessProbe"];
    liveness.is_object().then(|| spent(liveness).saturating_add(or(&liveness["timeoutSeconds"], 1)))
}

/// After which time a probe that always fails has failed for good.
fn spent(probe: &Value) -> u64 {
    let tries = or(&probe["periodSeconds"], 10).saturating_mul(or(&probe["failureThreshold"], 3));
    number(&probe["initialDelaySeconds"]).saturating_add(tries)
}

/// How many pods are made anew.
fn pods(kind: WorkloadKind, raw: &Value) -> u64 {
    match kind {
        WorkloadKind::DaemonSet => number(&raw["status"]["desiredNumberScheduled"]),
        WorkloadKind::Job => 1,
        _ => or(&raw["spec"]["replicas"], 1),
    }
}

/// How many of them are made anew side by side.
fn step(kind: WorkloadKind, raw: &Value) -> u64 {
    let spec = &raw["spec"];
    let pods = pods(kind, raw);
    let step = match kind {
        WorkloadKind::Deployment if spec["strategy"]["type"] == "Recreate" => pods,
        WorkloadKind::Deployment | WorkloadKind::Rollout => {
            let rolling = if kind == WorkloadKind::Rollout {
                &spec["strategy"]["canary"]
            } else {
                &spec["strategy"]["rollingUpdate"]
            };
            let surge = share(&rolling["maxSurge"], pods, true).unwrap_or(pods.div_ceil(4));
            surge.saturating_add(share(&rolling["maxUnavailable"], pods, false).unwrap_or(pods / 4))
        }
        WorkloadKind::DaemonSet => {
            share(&spec["updateStrategy"]["rollingUpdate"]["maxUnavailable"], pods, true).unwrap_or(1)
        }
        WorkloadKind::StatefulSet => 1,
        WorkloadKind::CloneSet => {
            share(&spec["updateStrategy"]["maxUnavailable"], pods, true).unwrap_or(pods.div_ceil(5))
        }
        WorkloadKind::ReplicaSet | WorkloadKind::Job | WorkloadKind::Canary => pods,
    };
    step.max(1)
}

/// A count, or a share of all pods as in `25%`.
fn share(value: &Value, pods: u64, up: bool) -> Option<u64> {
    if let Some(count) = value.as_u64() {
        return Some(count.min(pods));
    }
    let percent: u64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    let share = pods.saturating_mul(percent.min(100));
    Some(if up { share.div_ceil(100) } else { share / 100 })
}

/// A number of seconds or pods; 0 where there is none that can be read.
fn number(value: &Value) -> u64 {
    // No spec of a real cluster comes near, and sums of them must fit.
    value.as_u64().unwrap_or(0).min(1_000_000)
}

fn or(value: &Value, default: u64) -> u64 {
    match number(value) {
        0 => default,
        number => number,
    }
}

/// Rounded up to a multiple.
fn rounded(seconds: u64, multiple: u64) -> u64 {
    seconds.div_ceil(multiple).saturating_mul(multiple)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Pace;
    use crate::gate::model::WorkloadKind;

    fn seconds(kind: WorkloadKind, raw: &Value) -> (u64, u64) {
        let pace = Pace::of(kind, raw);
        (pace.wait.as_secs(), pace.stable.as_secs())
    }

    fn deployment(more: &Value, container: &Value) -> Value {
        let mut spec = json!({"replicas": 3, "template": {"spec": {"containers": [container]}}});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"spec": spec})
    }

    #[test]
    fn a_workload_without_probes_gets_short_times() {
        assert_eq!(seconds(WorkloadKind::Deployment, &deployment(&json!({}), &json!({}))), (90, 30));
    }

    #[test]
    fn slow_starts_and_many_waves_get_longer_ones() {
        let readiness = json!({"readinessProbe": {"initialDelaySeconds": 20, "periodSeconds": 10}});
        assert_eq!(
            seconds(WorkloadKind::Deployment, &deployment(&json!({}), &readiness)),
            (180, 30),
            "3 waves of 35 s"
        );
        let recreate = json!({"strategy": {"type": "Recreate"}});
        assert_eq!(seconds(WorkloadKind::Deployment, &deployment(&recreate, &readiness)), (120, 30), "one wave");
        let all_at_once = json!({"strategy": {"rollingUpdate": {"maxSurge": "100%", "maxUnavailable": 0}}});
        assert_eq!(seconds(WorkloadKind::Deployment, &deployment(&all_at_once, &readiness)), (120, 30), "one wave");
        let startup = json!({"startupProbe": {"periodSeconds": 10, "failureThreshold": 30}});
        assert_eq!(seconds(WorkloadKind::StatefulSet, &deployment(&json!({}), &startup)), (990, 30), "3 times 305 s");
        let patient = json!({"minReadySeconds": 45});
        assert_eq!(seconds(WorkloadKind::Deployment, &deployment(&patient, &json!({}))), (240, 50));
    }

    #[test]
    fn what_hangs_is_killed_within_the_stability_window() {
        let liveness =
            json!({"livenessProbe": {"initialDelaySeconds": 30, "periodSeconds": 10, "failureThreshold": 3}});
        assert_eq!(seconds(WorkloadKind::Deployment, &deployment(&json!({}), &liveness)), (90, 70));
    }

    #[test]
    fn a_deadline_that_somebody_chose_is_a_floor_and_the_default_is_none() {
        let deadline = |seconds: u64| deployment(&json!({"progressDeadlineSeconds": seconds}), &json!({}));
        assert_eq!(seconds(WorkloadKind::Deployment, &deadline(300)), (300, 30));
        assert_eq!(seconds(WorkloadKind::Deployment, &deadline(600)), (90, 30));
        assert_eq!(seconds(WorkloadKind::Deployment, &deadline(30)), (90, 30));
    }

    #[test]
    fn a_job_may_take_as_long_as_it_says() {
        let job = |deadline: Value| json!({"spec": {"activeDeadlineSeconds": deadline}});
        assert_eq!(seconds(WorkloadKind::Job, &job(json!(120))).0, 180);
        assert_eq!(seconds(WorkloadKind::Job, &job(Value::Null)).0, 600);
    }

    #[test]
    fn nonsense_is_bounded() {
        let huge = json!({"readinessProbe": {"initialDelaySeconds": u64::MAX}, "livenessProbe": {"periodSeconds": -5, "failureThreshold": "x"}});
        let spec = json!({"replicas": u64::MAX, "minReadySeconds": u64::MAX, "strategy": {"rollingUpdate": {"maxSurge": "x%", "maxUnavailable": []}}});
        assert_eq!(seconds(WorkloadKind::Deployment, &deployment(&spec, &huge)), (1800, 300));
        assert_eq!(seconds(WorkloadKind::DaemonSet, &Value::Null), (90, 30));
    }
}
