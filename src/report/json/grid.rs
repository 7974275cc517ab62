//! A grid of settings and past deployments as JSON: a contract, as the result of a gate is.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::contract::{SCHEMA, VerdictJson};
use super::{convert, schema_of, text_of};
use crate::gate::result::Verdict;
use crate::manifest::Setting;
use crate::text::{Redaction, SafeText, Untrusted};
use crate::trial::grid::{Cell, Grid, Row, Sums, Wrong};
use crate::trial::truth::Truth;

/// What several settings decide about past deployments.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "The grid of crashgate replay")]
struct GridJson {
    /// The number of this format. It changes only if a field changes its meaning.
    #[schemars(extend("const" = 1))]
    schema: u32,
    /// The exit code of the process: 0 where every recording was judged, else 2.
    exit_code: u8,
    /// The settings that were tried, in the order of `cells` and `sums`.
    settings: Vec<SettingJson>,
    /// Every gate of every recording.
    rows: Vec<RowJson>,
    /// What each setting comes to.
    sums: Vec<SumsJson>,
    /// The recordings that could not be judged.
    unjudged: Vec<UnjudgedJson>,
    /// What was wrong with the arguments or the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<SafeText>,
}

/// One value for each key that is tried, as `--try` has it.
#[derive(Debug, Serialize, JsonSchema)]
struct SettingJson(BTreeMap<String, SafeText>);

/// One gate of one recording.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RowJson {
    /// The recording.
    recording: SafeText,
    /// The app's name.
    app: SafeText,
    /// The version.
    version: SafeText,
    /// The namespace of its pods.
    namespace: SafeText,
    /// What the deployment was, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    truth: Option<TruthJson>,
    /// How the gate ended when it was recorded, where the recording tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<RecordedJson>,
    /// How it ends with each setting.
    cells: Vec<CellJson>,
}

/// What a deployment was: `bad` must not pass, `good` should, and for others it depends on the setting.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum TruthJson {
    Bad,
    Good,
    Depends,
}

/// How a gate ended when it was recorded.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RecordedJson {
    /// Its verdict.
    verdict: VerdictJson,
    /// How long after its beginning, in milliseconds.
    decided_after_ms: u64,
}

/// How a gate ends with one setting.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct CellJson {
    /// Its verdict; absent where the setting does not fit the gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<VerdictJson>,
    /// The exit code that the gate would have.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
    /// How long after the beginning of the recording it is decided, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_after_ms: Option<u64>,
    /// The cause that leads, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    /// True where the verdict is not the recorded one or, where none was recorded, not that of the first setting.
    changed: bool,
    /// What is wrong, as far as the truth is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    wrong: Option<WrongJson>,
    /// Why the setting does not fit the gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<SafeText>,
}

/// What is wrong with a verdict.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum WrongJson {
    /// A bad deployment passed.
    FalsePass,
    /// A good deployment was refused.
    FalseNo,
}

/// What one setting comes to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SumsJson {
    /// Bad deployments that were judged.
    bad: usize,
    /// Bad deployments that passed.
    bad_passed: usize,
    /// Good deployments that were judged.
    good: usize,
    /// Good deployments that were refused.
    good_refused: usize,
    /// Gates that ended inconclusive.
    inconclusive: usize,
    /// Of those, the ones whose recording ends before the setting can decide.
    cut_short: usize,
    /// Gates whose verdict is changed.
    changed: usize,
    /// How many gates ended how.
    verdicts: BTreeMap<&'static str, usize>,
    /// The median time to a no, in milliseconds: over the bad deployments, or over all gates where no truth is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    median_no_ms: Option<u64>,
    /// The longest time to such a no, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    slowest_no_ms: Option<u64>,
    /// The median time to a pass, in milliseconds: over the good deployments, or over all gates where no truth is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    median_pass_ms: Option<u64>,
}

/// A recording that could not be judged.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct UnjudgedJson {
    /// The recording.
    recording: SafeText,
    /// Why not.
    why: SafeText,
}

/// The grid; ends with a newline.
#[must_use]
pub fn render(grid: &Grid, exit_code: u8, redaction: Redaction) -> SafeText {
    text_of(&GridJson {
        schema: SCHEMA,
        exit_code,
        settings: grid.settings.iter().map(setting).collect(),
        rows: grid.rows.iter().map(|one| row(one, redaction)).collect(),
        sums: grid.sums().iter().map(sums).collect(),
        unjudged: (grid.unjudged.iter())
            .map(|one| UnjudgedJson {
                recording: Untrusted::name(&one.recording).visible(),
                why: redaction.text(&one.why).visible(),
            })
            .collect(),
        error: None,
    })
}

/// The grid that never was, because the arguments or the manifest are wrong.
#[must_use]
pub fn unjudged(error: &Untrusted) -> SafeText {
    text_of(&GridJson {
        schema: SCHEMA,
        exit_code: Verdict::Usage.exit_code(),
        settings: Vec::new(),
        rows: Vec::new(),
        sums: Vec::new(),
        unjudged: Vec::new(),
        error: Some(error.visible()),
    })
}

/// The JSON Schema of the grid, as `manifests/grid.schema.json` has it.
#[must_use]
pub fn schema() -> String {
    schema_of::<GridJson>()
}

fn setting(setting: &Setting) -> SettingJson {
    let values = setting.values().map(|(path, value)| (path.to_owned(), Untrusted::name(value).visible()));
    SettingJson(values.collect())
}

fn row(row: &Row, redaction: Redaction) -> RowJson {
    let name = |text: &str| Untrusted::name(text).visible();
    RowJson {
        recording: name(&row.recording),
        app: name(&row.app),
        version: name(&row.version),
        namespace: name(&row.namespace),
        truth: row.truth.map(|truth| match truth {
            Truth::Bad => TruthJson::Bad,
            Truth::Good => TruthJson::Good,
            Truth::Depends => TruthJson::Depends,
        }),
        recorded: row.recorded.map(|recorded| RecordedJson {
            verdict: convert::verdict_of(recorded.verdict),
            decided_after_ms: convert::millis(recorded.decided_after),
        }),
        cells: row.cells.iter().map(|one| cell(row, one, redaction)).collect(),
    }
}

fn cell(row: &Row, cell: &Cell, redaction: Redaction) -> CellJson {
    let (judgement, error) = match cell {
        Cell::Judged(judgement) => (Some(judgement), None),
        Cell::Refused(why) => (None, Some(redaction.text(why).visible())),
    };
    CellJson {
        verdict: judgement.map(|judgement| convert::verdict_of(judgement.verdict)),
        exit_code: judgement.map(|judgement| judgement.verdict.exit_code()),
        decided_after_ms: judgement.map(|judgement| convert::millis(judgement.decided_after)),
        code: judgement.and_then(|judgement| judgement.code).map(crate::gate::result::Code::name),
        changed: row.is_changed(cell),
        wrong: row.wrong(cell).map(|wrong| match wrong {
            Wrong::FalsePass => WrongJson::FalsePass,
            Wrong::FalseNo => WrongJson::FalseNo,
        }),
        error,
    }
}

fn sums(sums: &Sums) -> SumsJson {
    let time = |time: Option<Duration>| time.map(convert::millis);
    SumsJson {
        bad: sums.bad,
        bad_passed: sums.bad_passed,
        good: sums.good,
        good_refused: sums.good_refused,
        inconclusive: sums.inconclusive,
        cut_short: sums.cut_short,
        changed: sums.changed,
        verdicts: sums.verdicts.clone(),
        median_no_ms: time(sums.median_no),
        slowest_no_ms: time(sums.slowest_no),
        median_pass_ms: time(sums.median_yes),
    }
}
