//! The objects of progressive delivery: a Rollout of Argo Rollouts, a `CloneSet` of `OpenKruise`, a Canary of Flagger.
//!
//! They are custom resources: whatever their schema does not forbid may be missing or of another type than their controllers
//! write. What cannot be read as it is meant is absent, and an absent field proves nothing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::fields::{MapError, condition, controller, parse, required, version};
use super::workload::template;
use crate::gate::model::{
    AnalysisStatus, CanaryPhase, CanaryStatus, CloneSetStatus, Detail, ObservedGeneration, RolloutPhase, RolloutState,
    Step, Template, Workload, WorkloadKind, WorkloadRef,
};
use crate::recording::wire::{Annotations, Condition, LabelSelector, Meta};

#[derive(Deserialize)]
struct Custom<S, T> {
    metadata: Meta,
    spec: Option<S>,
    status: Option<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RolloutSpec {
    replicas: Option<u32>,
    selector: Option<LabelSelector>,
    template: Option<Box<RawValue>>,
    workload_ref: Option<Reference>,
    paused: Option<bool>,
    min_ready_seconds: Option<u32>,
    strategy: Option<Strategy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reference {
    api_version: Option<String>,
    kind: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Strategy {
    canary: Option<CanaryStrategy>,
    blue_green: Option<Value>,
}

#[derive(Deserialize)]
struct CanaryStrategy {
    steps: Option<Vec<Value>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RolloutStatus {
    observed_generation: Value,
    workload_observed_generation: Value,
    current_pod_hash: Option<String>,
    #[serde(rename = "stableRS")]
    stable_hash: Option<String>,
    phase: Option<String>,
    message: Option<String>,
    abort: Option<bool>,
    controller_pause: Option<bool>,
    pause_conditions: Option<Vec<Pause>>,
    current_step_index: Option<u32>,
    updated_replicas: Option<u32>,
    available_replicas: Option<u32>,
    conditions: Option<Vec<Condition>>,
    canary: Option<Analyses>,
    blue_green: Option<Analyses>,
}

#[derive(Deserialize)]
struct Pause {
    reason: Option<String>,
}

/// What both strategies tell of their analyses, and the canary of its weights.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analyses {
    current_step_analysis_run_status: Option<Analysis>,
    current_background_analysis_run_status: Option<Analysis>,
    pre_promotion_analysis_run_status: Option<Analysis>,
    post_promotion_analysis_run_status: Option<Analysis>,
    weights: Option<Weights>,
}

#[derive(Deserialize)]
struct Analysis {
    name: Option<String>,
    status: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Weights {
    canary: Option<Weight>,
}

#[derive(Deserialize)]
struct Weight {
    weight: Option<u32>,
}

/// A Rollout.
pub(super) fn rollout(json: &str) -> Result<Workload, MapError> {
    const WHAT: &str = "Rollout";
    let raw: Custom<RolloutSpec, RolloutStatus> = parse(json, WHAT)?;
    let spec = required(raw.spec, WHAT, "spec")?;
    let status = raw.status.unwrap_or_default();
    let annotations = raw.metadata.annotations.as_ref();
    let strategy = spec.strategy.as_ref();
    let steps = strategy.and_then(|strategy| strategy.canary.as_ref()?.steps.as_ref());
    let is_false = |kind| condition(status.conditions.as_deref(), kind).filter(|condition| !condition.status);
    let is_true = |kind| condition(status.conditions.as_deref(), kind).filter(|condition| condition.status);
    let weights = status.canary.as_ref().and_then(|canary| canary.weights.as_ref()?.canary.as_ref()?.weight);
    let generation = annotations.and_then(|annotations| annotations.workload_generation.as_deref()?.parse().ok());
    let observed = observed(&status.observed_generation);
    let state = RolloutState {
        workload_ref: spec.workload_ref.as_ref().and_then(workload_ref),
        has_workload_ref: spec.workload_ref.is_some(),
        paused: spec.paused == Some(true),
        blue_green: strategy.is_some_and(|strategy| strategy.blue_green.is_some()),
        steps: steps.into_iter().flatten().map(step).collect(),
        observed,
        workload_observed: self::observed(&status.workload_observed_generation),
        workload_generation: generation,
        pod_hash: text(status.current_pod_hash),
        stable_hash: text(status.stable_hash),
        phase: text(status.phase).map(|phase| RolloutPhase::of(&phase)),
        message: text(status.message),
        aborted: status.abort == Some(true),
        controller_pause: status.controller_pause == Some(true),
        pauses: status.pause_conditions.into_iter().flatten().filter_map(|pause| pause.reason).collect(),
        step: status.current_step_index,
        routed_weight: weights,
        stopped: is_false("Progressing")
            .map(|stopped| (stopped.reason.unwrap_or_default(), stopped.message.unwrap_or_default())),
        invalid_spec: is_true("InvalidSpec").map(|invalid| invalid.message.unwrap_or_default()),
        analyses: status.canary.into_iter().chain(status.blue_green).flat_map(analyses).collect(),
    };
    let template = match &spec.template {
        Some(raw) if !state.has_workload_ref => template(raw, WHAT)?,
        _ => Template::default(),
    };
    let mut workload = workload(WorkloadKind::Rollout, raw.metadata, template, Detail::Rollout(Box::new(state)))?;
    workload.match_labels = labels(spec.selector);
    workload.observed_generation = if let ObservedGeneration::Is(number) = observed { Some(number) } else { None };
    // Argo Rollouts takes one where the field is absent.
    workload.desired = Some(spec.replicas.unwrap_or(1));
    workload.updated = status.updated_replicas;
    workload.available = status.available_replicas;
    workload.min_ready_seconds = spec.min_ready_seconds.unwrap_or(0);
    Ok(workload)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CloneSetSpec {
    replicas: Option<u32>,
    selector: Option<LabelSelector>,
    template: Option<Box<RawValue>>,
    min_ready_seconds: Option<u32>,
    update_strategy: Option<UpdateStrategy>,
}

#[derive(Deserialize)]
struct UpdateStrategy {
    #[serde(rename = "type")]
    kind: Option<String>,
    partition: Option<Value>,
    paused: Option<bool>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CloneSetCounts {
    observed_generation: Option<i64>,
    updated_replicas: Option<u32>,
    updated_available_replicas: Option<u32>,
    expected_updated_replicas: Option<u32>,
    update_revision: Option<String>,
    current_revision: Option<String>,
}

/// A `CloneSet`.
pub(super) fn clone_set(json: &str) -> Result<Workload, MapError> {
    const WHAT: &str = "CloneSet";
    let raw: Custom<CloneSetSpec, CloneSetCounts> = parse(json, WHAT)?;
    let spec = required(raw.spec, WHAT, "spec")?;
    let status = raw.status.unwrap_or_default();
    let strategy = spec.update_strategy.as_ref();
    let partition = strategy.and_then(|strategy| strategy.partition.as_ref());
    let computed = partition.map_or(0, |partition| partition_of(partition, spec.replicas.unwrap_or(0)));
    // The controller's own arithmetic, once it has done it.
    let counted = spec.replicas.zip(status.expected_updated_replicas).map(|(all, updated)| all.saturating_sub(updated));
    let state = CloneSetStatus {
        update_revision: text(status.update_revision),
        current_revision: text(status.current_revision),
        partition: counted.unwrap_or(computed),
        paused: strategy.is_some_and(|strategy| strategy.paused == Some(true)),
        on_delete: strategy.and_then(|strategy| strategy.kind.as_deref()) == Some("OnDelete"),
    };
    let template = template(&required(spec.template, WHAT, "spec.template")?, WHAT)?;
    let mut workload = workload(WorkloadKind::CloneSet, raw.metadata, template, Detail::CloneSet(state))?;
    workload.match_labels = labels(spec.selector);
    workload.observed_generation = status.observed_generation;
    workload.desired = spec.replicas;
    workload.updated = status.updated_replicas;
    workload.available = status.updated_available_replicas;
    workload.min_ready_seconds = spec.min_ready_seconds.unwrap_or(0);
    Ok(workload)
}

/// How many pods a partition keeps at the old revision. A percentage counts a fraction of a pod as a whole one; less than
/// 100 % never keeps all of them.
fn partition_of(partition: &Value, replicas: u32) -> u32 {
    if let Some(count) = partition.as_u64() {
        return u32::try_from(count).unwrap_or(u32::MAX).min(replicas);
    }
    let percent = partition.as_str().and_then(|text| text.trim().strip_suffix('%')?.parse::<u32>().ok());
    let Some(percent) = percent else {
        return partition
            .as_str()
            .and_then(|text| text.trim().parse().ok())
            .map_or(0, |count: u32| count.min(replicas));
    };
    let kept = u32::try_from((u64::from(replicas) * u64::from(percent.min(100))).div_ceil(100)).unwrap_or(replicas);
    if percent < 100 { kept.min(replicas.saturating_sub(1)) } else { kept }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CanarySpec {
    target_ref: Option<Reference>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct CanaryCounts {
    phase: Option<String>,
    canary_weight: Option<u32>,
    last_transition_time: Option<String>,
    conditions: Option<Vec<Condition>>,
}

/// A Canary.
pub(super) fn canary(json: &str) -> Result<Workload, MapError> {
    const WHAT: &str = "Canary";
    let raw: Custom<CanarySpec, CanaryCounts> = parse(json, WHAT)?;
    let spec = required(raw.spec, WHAT, "spec")?;
    let status = raw.status.unwrap_or_default();
    let state = CanaryStatus {
        target: spec.target_ref.as_ref().and_then(workload_ref),
        phase: text(status.phase).map(|phase| CanaryPhase::of(&phase)),
        weight: status.canary_weight,
        message: condition(status.conditions.as_deref(), "Promoted").and_then(|promoted| promoted.message),
        since: text(status.last_transition_time),
    };
    workload(WorkloadKind::Canary, raw.metadata, Template::default(), Detail::Canary(state))
}

/// What every workload has.
fn workload(kind: WorkloadKind, metadata: Meta, template: Template, detail: Detail) -> Result<Workload, MapError> {
    let what = kind.kind();
    Ok(Workload {
        kind,
        revision: None,
        name: required(metadata.name, what, "metadata.name")?,
        uid: required(metadata.uid, what, "metadata.uid")?,
        namespace: metadata.namespace.unwrap_or_default(),
        hook: metadata.annotations.as_ref().is_some_and(Annotations::is_hook),
        resource_version: version(metadata.resource_version.as_deref()),
        controller: controller(metadata.owner_references),
        created: metadata.creation_timestamp,
        deleting: metadata.deletion_timestamp.is_some(),
        generation: metadata.generation,
        observed_generation: None,
        template,
        match_labels: BTreeMap::new(),
        desired: None,
        updated: None,
        available: None,
        min_ready_seconds: 0,
        referrer: None,
        detail,
    })
}

fn labels(selector: Option<LabelSelector>) -> BTreeMap<String, String> {
    selector.and_then(|selector| selector.match_labels).unwrap_or_default()
}

/// A reference to another workload, where it is of a kind that the gate reads.
fn workload_ref(raw: &Reference) -> Option<WorkloadRef> {
    let kind = WorkloadKind::from_kind(raw.kind.as_deref()?)?;
    let group = raw.api_version.as_deref().map_or("", |version| version.split_once('/').map_or("", |(group, _)| group));
    (group == kind.group()).then_some(())?;
    Some(WorkloadRef { kind, name: text(raw.name.clone())? })
}

fn analyses(raw: Analyses) -> impl Iterator<Item = AnalysisStatus> {
    let all = [
        raw.current_step_analysis_run_status,
        raw.current_background_analysis_run_status,
        raw.pre_promotion_analysis_run_status,
        raw.post_promotion_analysis_run_status,
    ];
    all.into_iter().flatten().map(|run| AnalysisStatus {
        name: run.name.unwrap_or_default(),
        phase: run.status.unwrap_or_default(),
        message: text(run.message),
    })
}

/// A step, by the one key that it has.
fn step(raw: &Value) -> Step {
    let weight = raw.get("setWeight").and_then(Value::as_u64).and_then(|weight| u32::try_from(weight).ok());
    match (weight, raw.get("pause")) {
        (Some(weight), _) => Step::SetWeight(weight),
        (None, Some(pause)) => Step::Pause(match pause.get("duration") {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(seconds)) => Some(format!("{seconds}s")),
            _ => None,
        }),
        (None, None) => Step::Other,
    }
}

/// A generation as Argo Rollouts writes it: in a string.
fn observed(raw: &Value) -> ObservedGeneration {
    let number = match raw {
        Value::Null => return ObservedGeneration::Never,
        Value::String(text) if text.is_empty() => return ObservedGeneration::Never,
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    number.map_or(ObservedGeneration::NotANumber, ObservedGeneration::Is)
}

/// A text that says something.
fn text(raw: Option<String>) -> Option<String> {
    raw.filter(|text| !text.is_empty())
}
