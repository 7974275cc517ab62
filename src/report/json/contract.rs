//! The types of the contract. Fields are added, never changed or taken away.

use schemars::JsonSchema;
use serde::Serialize;

use super::check::CheckJson;
use crate::gate::result::NOTICES;
use crate::text::SafeText;

/// The number of this format.
pub(super) const SCHEMA: u32 = 1;

/// How a run of crashgate ended, and why.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "The result of crashgate")]
pub(super) struct ResultJson {
    /// The number of this format. It changes only if a field changes its meaning.
    #[schemars(extend("const" = 1))]
    pub(super) schema: u32,
    /// The verdict of the worst gate.
    pub(super) verdict: VerdictJson,
    /// The exit code of the process.
    pub(super) exit_code: u8,
    /// When the run began, in RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub(super) started_at: String,
    /// How long the run took, in milliseconds.
    pub(super) duration_ms: u64,
    /// Which cluster was asked. Empty where none was.
    pub(super) cluster: ClusterJson,
    /// Every gate, in the order of the manifest. Empty where the arguments or the manifest were wrong.
    pub(super) gates: Vec<GateJson>,
    /// What was wrong with the arguments or the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<SafeText>,
}

/// How a gate ended.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum VerdictJson {
    Healthy,
    Failed,
    Usage,
    TimedOut,
    NothingMatched,
    Platform,
    Superseded,
    Inconclusive,
    Interrupted,
}

/// A cluster.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterJson {
    /// The API server's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server: Option<SafeText>,
    /// The API server's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<SafeText>,
    /// The kubeconfig context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) context: Option<SafeText>,
    /// The recording that was played back. Where it is there, no real cluster was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rehearsal: Option<SafeText>,
}

/// One gate.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct GateJson {
    /// The app's name.
    pub(super) app: SafeText,
    /// The version that was to come up.
    pub(super) version: SafeText,
    /// The namespace of its pods.
    pub(super) namespace: SafeText,
    /// The label selector of its pods.
    pub(super) selector: SafeText,
    /// The workload that the gate is pinned to, as `deployment/checkout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workload: Option<SafeText>,
    /// How the gate ended.
    pub(super) verdict: VerdictJson,
    /// The exit code that this gate alone would have.
    pub(super) exit_code: u8,
    /// How long after its beginning the gate decided, in milliseconds.
    pub(super) decided_after_ms: u64,
    /// Pods that were ready at the end.
    pub(super) ready_pods: u32,
    /// Pods that were wanted at the end, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) wanted_pods: Option<u32>,
    /// The causes, the root cause first.
    pub(super) findings: Vec<FindingJson>,
    /// The pods of this version.
    pub(super) pods: Vec<PodJson>,
    /// What was tolerated or could not be read.
    pub(super) warnings: Vec<WarningJson>,
    /// The checks of the metrics, in the order of the manifest. Absent where it asks for none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) checks: Vec<CheckJson>,
    /// Who still serves where the version did not come up, workload by workload. Absent where that is not known, or where
    /// the version's own pods alone are ready.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) serving: Vec<ServingJson>,
    /// What differs between the pod template of this version and the one before it, where the version did not come up and
    /// both are known, workload by workload.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) template_changes: Vec<TemplateChangesJson>,
    /// The smoke run that passed. Absent where none was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) smoke: Option<SmokeJson>,
    /// Requests made to the API server.
    pub(super) requests: u64,
}

/// Who serves of a workload whose newest version did not come up.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServingJson {
    /// The workload, as `deployment/checkout`.
    pub(super) workload: SafeText,
    /// Its older revisions with ready pods, that with most of them first. Empty where no pod of any revision is ready.
    pub(super) older: Vec<OlderRevisionJson>,
}

/// An older revision of a workload.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OlderRevisionJson {
    /// Its version, where that has a name other than the gated one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<SafeText>,
    /// The name of its `ReplicaSet`, of its controller revision, or of the workload that is its copy.
    pub(super) name: SafeText,
    /// Its pods that are ready.
    pub(super) ready_pods: u32,
}

/// What differs between two pod templates of a workload.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TemplateChangesJson {
    /// The workload, as `deployment/checkout`.
    pub(super) workload: SafeText,
    /// The older revision.
    pub(super) from: OlderRevisionJson,
    /// The changes, the more telling first.
    pub(super) changes: Vec<TemplateChangeJson>,
}

/// A part of a pod template that is not what it was.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TemplateChangeJson {
    /// The container. Absent for a part of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) container: Option<SafeText>,
    /// What it is: `image`, `env LOG_LEVEL`, `limits.memory`.
    pub(super) part: SafeText,
    /// How it changed.
    pub(super) how: ChangedJson,
    /// What it was, where that may be shown: values of environment variables, commands and arguments never are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<SafeText>,
    /// What it is, where that may be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<SafeText>,
}

/// How a part of a template changed.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ChangedJson {
    Added,
    Removed,
    Changed,
}

/// A smoke run that passed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SmokeJson {
    /// Its image.
    pub(super) image: SafeText,
    /// How long its container ran, in seconds, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ran_seconds: Option<u64>,
}

/// A cause, its place and its proof.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct FindingJson {
    /// The stable name of the cause; `crashgate explain CODE` tells more.
    pub(super) code: SafeText,
    /// Whose fault it is.
    pub(super) fault: FaultJson,
    /// The workload where it was seen, as `deployment/checkout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workload: Option<SafeText>,
    /// The pod where it was seen first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pod: Option<SafeText>,
    /// Other pods with the same cause.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) also_pods: Vec<SafeText>,
    /// The container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) container: Option<SafeText>,
    /// The container's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<RoleJson>,
    /// The pod's node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) node: Option<SafeText>,
    /// The check of the metrics, by its name in the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) check: Option<SafeText>,
    /// What happened.
    pub(super) message: SafeText,
    /// The exit status of the container's newest end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exit_status: Option<i32>,
    /// How often the container was restarted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) restarts: Option<u32>,
    /// What to do next.
    pub(super) next_step: SafeText,
    /// The proof.
    pub(super) evidence: Vec<EvidenceJson>,
}

/// Whose fault a cause is.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FaultJson {
    App,
    Platform,
    Outcome,
    Observation,
}

/// The part that a container plays in its pod.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RoleJson {
    Init,
    Sidecar,
    App,
}

/// A piece of proof.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EvidenceJson {
    /// What it is.
    pub(super) kind: EvidenceKindJson,
    /// Its text, which may have several lines. Secrets are masked.
    pub(super) text: SafeText,
}

/// The kinds of proof.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum EvidenceKindJson {
    Log,
    TerminationMessage,
    Event,
    Probe,
    Node,
    Status,
    Missing,
}

/// A pod.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct PodJson {
    /// Its name.
    pub(super) name: SafeText,
    /// Its phase, as the API spells it; empty where the API says none.
    pub(super) phase: SafeText,
    /// What it was doing, in a few words.
    pub(super) state: SafeText,
    /// Its condition `Ready`.
    pub(super) ready: bool,
    /// The restarts of all its containers together.
    pub(super) restarts: u32,
    /// Its node, once it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) node: Option<SafeText>,
}

/// Something to know that decided nothing.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WarningJson {
    /// A stable name: that of a cause which decided nothing (as in `findings`), or one that only ever warns. New ones are
    /// added, none is renamed; `crashgate explain` lists them all.
    #[schemars(extend("examples" = warning_codes()))]
    pub(super) code: SafeText,
    /// The words.
    pub(super) message: SafeText,
}

/// Returns the codes that only ever warn.
fn warning_codes() -> Vec<&'static str> {
    NOTICES.iter().map(|row| row.name).collect()
}
