//! The result as JSON: a contract. Fields are added, never changed or taken away.
//!
//! `manifests/result.schema.json` is made from these types. Values are what the cluster said, masked, with what would
//! act on a terminal made visible, for `jq -r` prints a value as it is.

mod background;
mod check;
mod contract;
mod convert;
pub mod grid;
pub mod pod_run;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use self::contract::{ClusterJson, ResultJson, SCHEMA};
use super::model::{Event, Plan, Run, Target, View};
use super::printer::Printer;
use super::run_log::Mistake;
use crate::text::SafeText;

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

fn text_of(result: &impl serde::Serialize) -> SafeText {
    SafeText::json(result, true)
}

/// The language of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// JSON.
    Json,
    /// The same document in YAML.
    Yaml,
}

impl Syntax {
    /// Returns a document of JSON in this language.
    #[must_use]
    pub fn of(self, json: SafeText) -> SafeText {
        match self {
            Self::Json => json,
            Self::Yaml => json.json_as_yaml(),
        }
    }
}

/// A sink that prints the result on stdout when the run is over.
pub struct Json {
    printer: Printer,
    syntax: Syntax,
}

impl Json {
    /// A sink that prints to this printer.
    #[must_use]
    pub fn new(printer: Printer) -> Self {
        Self::written_in(Syntax::Json, printer)
    }

    /// The same in another language.
    #[must_use]
    pub fn written_in(syntax: Syntax, printer: Printer) -> Self {
        Self { printer, syntax }
    }
}

impl View for Json {
    fn begin(&mut self, _target: &Target, _plans: &[Plan]) {}

    fn event(&mut self, _gate: usize, _at: std::time::Duration, _event: &Event) {}

    fn idle(&mut self, _at: std::time::Duration) {}

    fn end(&mut self, run: &Run) {
        let exit_code = self.printer.exit_code_of(run.verdict());
        self.printer.result(&self.syntax.of(ended(run, exit_code)));
    }
}
