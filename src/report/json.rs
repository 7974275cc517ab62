//! The result as JSON: a contract. Fields are added, never changed or taken away.
//!
//! `manifests/result.schema.json` is made from these types. Values are what the cluster said, masked, with what would
//! act on a terminal made visible, for `jq -r` prints a value as it is.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use super::model::{Event, Evidence, Finding, GateRun, Plan, Pod, Run, Target, View, Warning};
use super::printer::Printer;
use super::run_log::Mistake;
use crate::gate::result::NOTICES;
use crate::gate::result::Verdict;
use crate::text::SafeText;

/// The number of this format.
const SCHEMA: u32 = 1;

/// How a run of crashgate ended, and why.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "The result of crashgate")]
struct ResultJson {
    /// The number of this format. It changes only if a field changes its meaning.
    #[schemars(extend("const" = 1))]
    schema: u32,
    /// The verdict of the worst gate.
    verdict: VerdictJson,
    /// The exit code of the process.
    exit_code: u8,
    /// When the run began, in RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    started_at: String,
    /// How long the run took, in milliseconds.
    duration_ms: u64,
    /// Which cluster was asked. Empty where none was.
    cluster: ClusterJson,
    /// Every gate, in the order of the manifest. Empty where the arguments or the manifest were wrong.
    gates: Vec<GateJson>,
    /// What was wrong with the arguments or the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<SafeText>,
}

/// How a gate ended.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum VerdictJson {
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
struct ClusterJson {
    /// The API server's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<SafeText>,
    /// The API server's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<SafeText>,
    /// The kubeconfig context.
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<SafeText>,
    /// The recording that was played back. Where it is there, no real cluster was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    rehearsal: Option<SafeText>,
}

/// One gate.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct GateJson {
    /// The app's name.
    app: SafeText,
    /// The version that was to come up.
    version: SafeText,
    /// The namespace of its pods.
    namespace: SafeText,
    /// The label selector of its pods.
    selector: SafeText,
    /// The workload that the gate is pinned to, as `deployment/checkout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<SafeText>,
    /// How the gate ended.
    verdict: VerdictJson,
    /// The exit code that this gate alone would have.
    exit_code: u8,
    /// How long after its beginning the gate decided, in milliseconds.
    decided_after_ms: u64,
    /// Pods that were ready at the end.
    ready_pods: u32,
    /// Pods that were wanted at the end, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted_pods: Option<u32>,
    /// The causes, the root cause first.
    findings: Vec<FindingJson>,
    /// The pods of this version.
    pods: Vec<PodJson>,
    /// What was tolerated or could not be read.
    warnings: Vec<WarningJson>,
    /// Requests made to the API server.
    requests: u64,
}

/// A cause, its place and its proof.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FindingJson {
    /// The stable name of the cause; `crashgate explain CODE` tells more.
    code: SafeText,
    /// Whose fault it is.
    fault: FaultJson,
    /// The workload where it was seen, as `deployment/checkout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<SafeText>,
    /// The pod where it was seen first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<SafeText>,
    /// Other pods with the same cause.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    also_pods: Vec<SafeText>,
    /// The container.
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<SafeText>,
    /// The container's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<RoleJson>,
    /// The pod's node.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<SafeText>,
    /// What happened.
    message: SafeText,
    /// The exit status of the container's newest end.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_status: Option<i32>,
    /// How often the container was restarted.
    #[serde(skip_serializing_if = "Option::is_none")]
    restarts: Option<u32>,
    /// What to do next.
    next_step: SafeText,
    /// The proof.
    evidence: Vec<EvidenceJson>,
}

/// Whose fault a cause is.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum FaultJson {
    App,
    Platform,
    Outcome,
    Observation,
}

/// The part that a container plays in its pod.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RoleJson {
    Init,
    Sidecar,
    App,
}

/// A piece of proof.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct EvidenceJson {
    /// What it is.
    kind: EvidenceKindJson,
    /// Its text, which may have several lines. Secrets are masked.
    text: SafeText,
}

/// The kinds of proof.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum EvidenceKindJson {
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
struct PodJson {
    /// Its name.
    name: SafeText,
    /// Its phase, as the API spells it; empty where the API says none.
    phase: SafeText,
    /// What it was doing, in a few words.
    state: SafeText,
    /// Its condition `Ready`.
    ready: bool,
    /// The restarts of all its containers together.
    restarts: u32,
    /// Its node, once it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<SafeText>,
}

/// Something to know that decided nothing.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct WarningJson {
    /// A stable name: that of a cause which decided nothing (as in `findings`), or one that only ever warns. New ones are
    /// added, none is renamed; `crashgate explain` lists them all.
    #[schemars(extend("examples" = warning_codes()))]
    code: SafeText,
    /// The words.
    message: SafeText,
}

/// Returns the codes that only ever warn.
fn warning_codes() -> Vec<&'static str> {
    NOTICES.iter().map(|row| row.name).collect()
}

mod convert;
pub mod pod_run;

/// The result of a run, the same wherever it goes; ends with a newline.
#[must_use]
pub fn render(run: &Run) -> SafeText {
    ended(run, run.verdict().exit_code())
}

/// The result of a run whose process ends with this exit code, which is not always that of the verdict: a result that
/// could not be written in full is no 0.
#[must_use]
pub fn ended(run: &Run, exit_code: u8) -> SafeText {
    text_of(&ResultJson { exit_code, ..convert::result(run) })
}

/// The result of a run that never began.
#[must_use]
pub fn unjudged(started_at: jiff::Timestamp, mistake: &Mistake) -> SafeText {
    text_of(&ResultJson {
        schema: SCHEMA,
        verdict: convert::verdict_of(mistake.verdict),
        exit_code: mistake.verdict.exit_code(),
        started_at: started_at.to_string(),
        duration_ms: 0,
        cluster: ClusterJson::default(),
        gates: Vec::new(),
        error: Some(mistake.text.visible()),
    })
}

/// The JSON Schema of the result, as `manifests/result.schema.json` has it.
#[must_use]
pub fn schema() -> String {
    schema_of::<ResultJson>()
}

fn schema_of<T: JsonSchema>() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize().with_transform(RecursiveTransform(never_null));
    let schema = settings.into_generator().into_root_schema_for::<T>();
    // A schema is a JSON value, and those can always be written.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// What is absent is left out of the result, and so no field is ever null.
fn never_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [kind] = types.as_slice() {
            let kind = kind.clone();
            schema.insert("type".to_owned(), kind);
        }
    }
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type") != Some(&Value::from("null")));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            schema.insert(key, value);
        }
    }
}

fn text_of(result: &impl Serialize) -> SafeText {
    SafeText::json(result, true)
}

/// A sink that prints the result on stdout when the run is over.
pub struct Json {
    printer: Printer,
}

impl Json {
    /// A sink that prints to this printer.
    #[must_use]
    pub fn new(printer: Printer) -> Self {
        Self { printer }
    }
}

impl View for Json {
    fn begin(&mut self, _target: &Target, _plans: &[Plan]) {}

    fn event(&mut self, _gate: usize, _at: std::time::Duration, _event: &Event) {}

    fn idle(&mut self, _at: std::time::Duration) {}

    fn end(&mut self, run: &Run) {
        let exit_code = self.printer.exit_code_of(run.verdict());
        self.printer.result(&ended(run, exit_code));
    }
}
