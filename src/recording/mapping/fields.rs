//! What objects of every kind have in common: how their fields are read, and what is said where one is missing.

use crate::gate::model::{Condition, ControllerRef, ResourceVersion, WorkloadKind};
use crate::recording::wire;

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

/// Reads JSON as what the API calls `what`.
pub(super) fn parse<'a, T: serde::Deserialize<'a>>(json: &'a str, what: &'static str) -> Result<T, MapError> {
    serde_json::from_str(json).map_err(|error| MapError::Shape { what, reason: error.to_string() })
}

/// Returns a field that every object of its kind has.
pub(super) fn required<T>(value: Option<T>, what: &'static str, field: &str) -> Result<T, MapError> {
    value.ok_or_else(|| MapError::Shape { what, reason: format!("it has no `{field}`") })
}

/// Returns a resource version, or none where there is no text.
pub(super) fn version(text: Option<&str>) -> ResourceVersion {
    text.map(ResourceVersion::parse).unwrap_or_default()
}

/// Returns the owner that controls the object.
pub(super) fn controller(references: Option<Vec<wire::OwnerReference>>) -> Option<ControllerRef> {
    references?.into_iter().find(|reference| reference.controller == Some(true)).map(|reference| ControllerRef {
        api_version: reference.api_version.clone().unwrap_or_default(),
        kind: kind_of(reference.kind, reference.api_version.as_deref()),
        name: reference.name,
        uid: reference.uid,
    })
}

/// The kind of an owner, as kubectl tells kinds of one name apart: a custom resource may well be called `StatefulSet`, and
/// is then `StatefulSet.apps.kruise.io`. The groups of Kubernetes' own workloads have no dot. Another project than Argo may
/// well have its Rollout.
fn kind_of(kind: String, api_version: Option<&str>) -> String {
    let group = api_version.and_then(|version| version.split_once('/')).map(|(group, _)| group);
    let Some(known) = WorkloadKind::from_kind(&kind) else {
        let is_custom = group.is_some_and(|group| group.contains('.'));
        return if kind == "CronJob" && is_custom { format!("{kind}.{}", group.unwrap_or_default()) } else { kind };
    };
    match group {
        Some(group) if group != known.group() && (group.contains('.') || known.is_custom()) => {
            format!("{kind}.{group}")
        }
        _ => kind,
    }
}

/// Returns the condition of this type.
pub(super) fn condition(conditions: Option<&[wire::Condition]>, kind: &str) -> Option<Condition> {
    conditions?.iter().find(|condition| condition.kind == kind).map(|condition| Condition {
        status: condition.status == "True",
        since: condition.last_transition_time.clone(),
        reason: condition.reason.clone().filter(|reason| !reason.is_empty()),
        message: condition.message.clone().filter(|message| !message.is_empty()),
    })
}
