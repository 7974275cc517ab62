//! Workloads, with their templates and the ends of Jobs.

use std::hash::{DefaultHasher, Hasher};

use serde_json::Value;
use serde_json::value::RawValue;

use super::fields::{MapError, condition, controller, parse, required, version};
use super::pod::role_of_init;
use super::template_parts::template_parts;
use super::value_hash::{POD_SPEC_DIGEST, hash_value};
use crate::gate::model::{Detail, JobEnd, Role, Template, TemplateContainer, TemplateParts, Workload, WorkloadKind};
use crate::recording::wire;

/// One of the workloads that every API server has.
pub(super) fn workload(kind: WorkloadKind, raw: wire::Workload) -> Result<Workload, MapError> {
    let what = kind.kind();
    let spec = raw.spec;
    let status = raw.status;
    let status = status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_deref());
    let revision = raw.metadata.annotations.as_ref().and_then(wire::Annotations::revision);
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
        WorkloadKind::Rollout | WorkloadKind::CloneSet | WorkloadKind::Canary => (None, None, None),
    };
    let on_delete = spec.update_strategy.as_ref().and_then(|strategy| strategy.kind.as_deref()) == Some("OnDelete");
    let detail = match kind {
        WorkloadKind::Deployment => Detail::Deployment {
            paused: spec.paused == Some(true),
            progressing: condition(conditions, "Progressing"),
            replica_failure: condition(conditions, "ReplicaFailure").filter(|condition| condition.status),
        },
        WorkloadKind::ReplicaSet => Detail::ReplicaSet {
            // The API leaves the field out where it is 0.
            ready: status.map(|status| status.ready_replicas.unwrap_or(0)),
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
        WorkloadKind::Rollout | WorkloadKind::CloneSet | WorkloadKind::Canary => {
            let reason = "it is read as another kind".to_owned();
            return Err(MapError::Shape { what, reason });
        }
    };
    let raw_template = required(spec.template, what, "spec.template")?;
    let mut template = template(&raw_template, what)?;
    if kind == WorkloadKind::ReplicaSet {
        template.parts = template_parts(&parse(raw_template.get(), what)?);
    }
    Ok(Workload {
        kind,
        revision: revision.and_then(|text| text.parse().ok()),
        name: required(raw.metadata.name, what, "metadata.name")?,
        uid: required(raw.metadata.uid, what, "metadata.uid")?,
        namespace: raw.metadata.namespace.unwrap_or_default(),
        hook: raw.metadata.annotations.as_ref().is_some_and(wire::Annotations::is_hook),
        resource_version: version(raw.metadata.resource_version.as_deref()),
        controller: controller(raw.metadata.owner_references),
        created: raw.metadata.creation_timestamp,
        deleting: raw.metadata.deletion_timestamp.is_some(),
        generation: raw.metadata.generation,
        observed_generation: status.and_then(|status| status.observed_generation),
        template,
        match_labels: spec.selector.and_then(|selector| selector.match_labels).unwrap_or_default(),
        desired,
        updated,
        available,
        referrer: None,
        min_ready_seconds: spec.min_ready_seconds.unwrap_or(0),
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

pub(super) fn template(raw: &RawValue, what: &'static str) -> Result<Template, MapError> {
    let parts: wire::Template = parse(raw.get(), what)?;
    let whole: Value = parse(raw.get(), what)?;
    let spec = parts.spec;
    let containers = spec.into_iter().flat_map(|spec| {
        let init = spec.init_containers.unwrap_or_default().into_iter().map(|raw| (role_of_init(&raw), raw));
        init.chain(spec.containers.unwrap_or_default().into_iter().map(|raw| (Role::App, raw)))
    });
    let containers =
        containers.map(|(role, raw)| TemplateContainer { name: raw.name, role, image: raw.image.unwrap_or_default() });
    let metadata = parts.metadata;
    let annotations = metadata.as_ref().and_then(|metadata| metadata.annotations.as_ref());
    Ok(Template {
        containers: containers.collect(),
        main_container: annotations.and_then(|annotations| annotations.main_container.clone()),
        labels: metadata.and_then(|metadata| metadata.labels).unwrap_or_default(),
        fingerprint: fingerprint(&whole),
        promoted_fingerprint: promoted_fingerprint(&whole),
        parts: TemplateParts::default(),
    })
}

/// A fingerprint of the pod spec, see [`hash_pod_spec`].
fn promoted_fingerprint(template: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash_pod_spec(template, &mut hasher);
    hasher.finish()
}

/// Hashes the pod spec of a template, in which every text has lost the ending `-primary` that Flagger gives to its copies.
/// Where a recording has not kept the whole of it, its digest stands for that.
pub(in crate::recording) fn hash_pod_spec(template: &Value, hasher: &mut impl Hasher) {
    let digest = &template["metadata"]["annotations"][POD_SPEC_DIGEST];
    let spec = if digest.is_null() { &template["spec"] } else { digest };
    hash_value(spec, &|text| text.strip_suffix("-primary").unwrap_or(text), hasher);
}

/// A fingerprint of the template, see [`hash_template`].
fn fingerprint(template: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash_template(template, &mut hasher);
    hasher.finish()
}

/// Hashes a template but for what a controller adds to a `ReplicaSet`'s copy of it: the label `pod-template-hash` of a
/// Deployment (which compares the two in the same way), `rollouts-pod-template-hash` of a Rollout.
pub(in crate::recording) fn hash_template(template: &Value, hasher: &mut impl Hasher) {
    let mut template = template.clone();
    if let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("creationTimestamp");
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.remove("pod-template-hash");
            labels.remove("rollouts-pod-template-hash");
        }
    }
    hash_value(&template, &|text| text, hasher);
}
