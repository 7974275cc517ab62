//! The result of `crashgate run` as JSON: a contract, as that of a gate is.

use schemars::JsonSchema;
use serde::Serialize;

use super::contract::{ClusterJson, FindingJson, SCHEMA, VerdictJson, WarningJson};
use super::{convert, schema_of, text_of};
use crate::cluster::api::Target;
use crate::cluster::run::{OutputTail, PodReport};
use crate::gate::result::Notice;
use crate::gate::result::PodEnd;
use crate::report::model::{self, Finding};
use crate::report::pod_run::{exit_code, verdict};
use crate::text::{Redaction, SafeText, Untrusted};

/// How the run of one pod ended.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "The result of crashgate run")]
struct PodRunJson {
    /// The number of this format. It changes only if a field changes its meaning.
    #[schemars(extend("const" = 1))]
    schema: u32,
    /// `healthy` where the container ended with 0, `failed` where it ended with another code; else what kept it from
    /// being run, or from being seen to its end.
    verdict: VerdictJson,
    /// The exit code of the process: the container's, 125 where it was not run or not seen to its end, 129, 130,
    /// 131 or 143 after a signal.
    exit_code: u8,
    /// The exit code of the container, where it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    container_exit_code: Option<i32>,
    /// Why the container ended, as Kubernetes says it: `Completed`, `Error`, `OOMKilled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<SafeText>,
    /// What the container wrote, the last 16 MiB of it. Secrets are masked, and what acts on a terminal is made visible.
    output: SafeText,
    /// How many bytes it wrote.
    output_bytes: u64,
    /// True where some of the output is not in `output`, or was not read at all.
    output_incomplete: bool,
    /// When the run began, in RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    started_at: String,
    /// How long the run took, in milliseconds.
    duration_ms: u64,
    /// Which cluster was asked. Empty where none was.
    cluster: ClusterJson,
    /// The pod's namespace.
    namespace: SafeText,
    /// The pod's name.
    pod: SafeText,
    /// The image.
    image: SafeText,
    /// Why it could not be run or seen to its end, the root cause first.
    findings: Vec<FindingJson>,
    /// What should be known beside that.
    warnings: Vec<WarningJson>,
    /// Requests made to the API server.
    requests: u64,
}

/// Where and what was run.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// When it began.
    pub started_at: jiff::Timestamp,
    /// The cluster.
    pub target: &'a Target,
    /// The pod's namespace.
    pub namespace: &'a str,
    /// The image.
    pub image: &'a str,
    /// Whether secrets are masked.
    pub redaction: Redaction,
}

/// The result of a run; ends with a newline.
#[must_use]
pub fn render(setting: Setting<'_>, report: &PodReport, output: &OutputTail) -> SafeText {
    let redaction = setting.redaction;
    let warning = |code: Notice, why: &String| {
        convert::warning(&model::Warning { code: code.into(), message: redaction.text(why) })
    };
    let (ended, findings) = match &report.end {
        PodEnd::Exited(ended) => (Some(ended), &[][..]),
        PodEnd::Unrun { findings, .. } => (None, &findings[..]),
    };
    let mut warnings: Vec<WarningJson> = Vec::new();
    warnings.extend(report.torn.as_ref().map(|why| warning(Notice::OutputIncomplete, why)));
    warnings.extend(report.warnings.iter().map(|why| warning(Notice::PodLeftBehind, why)));
    text_of(&PodRunJson {
        schema: SCHEMA,
        verdict: convert::verdict_of(verdict(report)),
        exit_code: exit_code(report),
        container_exit_code: ended.map(|ended| ended.exit_code),
        reason: ended.and_then(|ended| ended.reason.as_deref()).map(|reason| Untrusted::name(reason).visible()),
        output: redaction.text(&String::from_utf8_lossy(output.bytes())).visible(),
        output_bytes: output.total(),
        output_incomplete: report.torn.is_some() || output.total() > output.bytes().len() as u64,
        started_at: setting.started_at.to_string(),
        duration_ms: convert::millis(report.duration),
        cluster: convert::cluster(&model::Target::of(setting.target, redaction)),
        namespace: Untrusted::name(setting.namespace).visible(),
        pod: Untrusted::name(&report.pod).visible(),
        image: Untrusted::name(setting.image).visible(),
        findings: findings.iter().map(|finding| convert::finding(&Finding::of(finding, redaction))).collect(),
        warnings,
        requests: report.requests,
    })
}

/// The JSON Schema of the result, as `manifests/run.schema.json` has it.
#[must_use]
pub fn schema() -> String {
    schema_of::<PodRunJson>()
}
