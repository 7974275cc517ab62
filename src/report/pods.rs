//! The pods of a selection as the gate sees them: a table, or JSON.

use jiff::Timestamp;
use serde::Serialize;

use super::feed::{JsonPodRef, owner, shown};
use super::layout::{Tone, padded, painted, width};
use super::printer::Look;
use super::{names, words};
use crate::feed::event::PodRef;
use crate::feed::owner::Owner;
use crate::gate::result::Finding;
use crate::gate::{Sight, Standing};
use crate::safe;
use crate::text::{Redaction, SafeText, Untrusted};

/// The answer to whether every pod is running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllRunning {
    /// Every pod that is to keep running does, and there is at least one.
    Yes,
    /// Some do not.
    No,
    /// There is none that is to keep running: that proves nothing.
    Nothing,
}

impl AllRunning {
    /// The answer for these pods. Pods that have completed what they were made for speak neither for nor against it.
    #[must_use]
    pub fn of(pods: &[Sight]) -> Self {
        let count = |standing| pods.iter().filter(|sight| sight.standing == standing).count();
        match (count(Standing::NotRunning), count(Standing::Running)) {
            (0, 0) => Self::Nothing,
            (0, _) => Self::Yes,
            _ => Self::No,
        }
    }
}

/// How the table is laid out.
#[derive(Debug, Clone, Copy)]
pub struct Layout {
    /// The namespace stands before each pod.
    pub namespaces: bool,
    /// What the terminal can show.
    pub look: Look,
    /// Whether secrets are masked.
    pub redaction: Redaction,
}

/// The pods as a table, each finding in a line below its pod.
#[must_use]
pub fn table(pods: &[Sight], layout: Layout) -> SafeText {
    Rows::new(pods, layout).table(pods)
}

/// The rows of a table to which rows are added while it is watched. Its columns stay as wide as they began.
#[derive(Debug)]
pub struct Rows {
    layout: Layout,
    widths: Vec<usize>,
}

/// The heads of the columns.
const HEADS: [&str; 6] = ["POD", "OWNER", "PHASE", "READY", "RESTARTS", "STATE"];

impl Rows {
    /// Rows that are as wide as these pods need.
    #[must_use]
    pub fn new(pods: &[Sight], layout: Layout) -> Self {
        let rows: Vec<[SafeText; 6]> = pods.iter().map(|sight| row(sight, layout)).collect();
        let widest = |column: usize| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0);
        let widths = HEADS.iter().enumerate().map(|(column, head)| width(head).max(widest(column))).collect();
        Self { layout, widths }
    }

    /// The heads of the columns and the rows of these pods; nothing where there are none.
    #[must_use]
    pub fn table(&self, pods: &[Sight]) -> SafeText {
        let head = (!pods.is_empty()).then(|| laid_out(&HEADS.map(SafeText::from), &self.widths));
        head.into_iter().chain(pods.iter().map(|sight| self.row(sight))).collect()
    }

    /// The row of a pod, each finding in a line below it.
    #[must_use]
    pub fn row(&self, sight: &Sight) -> SafeText {
        let findings = sight.findings.iter().map(|finding| finding_line(finding, self.layout));
        std::iter::once(laid_out(&row(sight, self.layout), &self.widths)).chain(findings).collect()
    }

    /// The row of a pod that is gone, as it was seen last.
    #[must_use]
    pub fn gone(&self, sight: &Sight) -> SafeText {
        let mut row = row(sight, self.layout);
        row[5] = "deleted".into();
        laid_out(&row, &self.widths)
    }
}

fn row(sight: &Sight, layout: Layout) -> [SafeText; 6] {
    let pod = &sight.pod;
    [
        pod_name(sight, layout),
        owner(Owner::of(pod).as_ref()),
        pod.phase.map_or_else(|| "?".into(), |phase| safe!("{}", phase)),
        safe!("{}/{}", sight.glance.containers_ready, sight.glance.containers),
        safe!("{}", sight.glance.restarts),
        layout.redaction.text(&sight.glance.state.to_string()).line(),
    ]
}

fn pod_name(sight: &Sight, layout: Layout) -> SafeText {
    let name = Untrusted::name(&sight.pod.name).line();
    if layout.namespaces { safe!("{}/{}", Untrusted::name(&sight.pod.namespace).line(), name) } else { name }
}

fn laid_out(row: &[SafeText], widths: &[usize]) -> SafeText {
    let line: SafeText = row.iter().zip(widths).map(|(cell, wide)| padded(cell, wide + 2)).collect();
    safe!("{}\n", line.trimmed_end())
}

fn finding_line(finding: &Finding, layout: Layout) -> SafeText {
    let message = layout.redaction.text(&finding.message).line();
    safe!("  {}: {}\n", painted(finding.code.name(), Tone::Code, layout.look.colour), message)
}

/// The answer in words, with those that are not running. `place` is where was looked: `namespace shop`.
#[must_use]
pub fn answer(pods: &[Sight], place: &str, layout: Layout) -> SafeText {
    let completed = pods.iter().filter(|sight| sight.standing == Standing::Completed).count();
    let rest = match completed {
        0 => SafeText::EMPTY,
        _ => safe!("; {} completed", words::count(completed, "pod")),
    };
    let against: Vec<&Sight> = pods.iter().filter(|sight| sight.standing == Standing::NotRunning).collect();
    let running = pods.len() - completed - against.len();
    let place = Untrusted::name(place).line();
    let colour = layout.look.colour;
    match AllRunning::of(pods) {
        AllRunning::Yes => {
            let mark = painted("✔ YES", Tone::Good, colour);
            safe!("{}: {} in {}, running and ready{}\n", mark, all_of(running), place, rest)
        }
        AllRunning::Nothing => {
            let mark = painted("✘ NOTHING MATCHED", Tone::Careful, colour);
            safe!("{}: no pod in {} is there to be running{}\n", mark, place, rest)
        }
        AllRunning::No => {
            let mark = painted("✘ NO", Tone::Bad, colour);
            let (not, all) = (against.len(), running + against.len());
            let all = words::count(all, "pod");
            let lines =
                against.iter().map(|sight| safe!("  {}: {}\n", pod_name(sight, layout), why_not(sight, layout)));
            let lines: SafeText = lines.collect();
            safe!("{}: not running and ready in {}: {} of {}{}\n{}", mark, place, not, all, rest, lines)
        }
    }
}

fn all_of(count: usize) -> SafeText {
    if count == 1 { "the 1 pod".into() } else { safe!("all {} pods", count) }
}

fn why_not(sight: &Sight, layout: Layout) -> SafeText {
    let said = |text: &str| layout.redaction.text(text).line();
    match sight.findings.first() {
        Some(finding) => safe!("{}: {}", finding.code, said(&finding.message)),
        None => said(&sight.glance.state.to_string()),
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonPods {
    schema: u32,
    at: SafeText,
    #[serde(skip_serializing_if = "Option::is_none")]
    all_running: Option<&'static str>,
    exit_code: u8,
    pods: Vec<JsonPod>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonPod {
    #[serde(flatten)]
    pod: JsonPodRef,
    state: SafeText,
    standing: &'static str,
    ready: bool,
    restarts: u32,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    findings: Vec<JsonFinding>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonFinding {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<SafeText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_status: Option<i32>,
    message: SafeText,
    next_step: SafeText,
}

/// The pods as one JSON object. `answer` is given where the question was asked.
#[must_use]
pub fn json(pods: &[Sight], answer: Option<AllRunning>, exit_code: u8, redaction: Redaction) -> SafeText {
    let all_running = answer.map(|answer| match answer {
        AllRunning::Yes => "yes",
        AllRunning::No => "no",
        AllRunning::Nothing => "nothing",
    });
    let at = words::exact(Timestamp::now());
    let pods = pods.iter().map(|sight| json_pod(sight, redaction)).collect();
    SafeText::json(&JsonPods { schema: 1, at, all_running, exit_code, pods }, true)
}

/// One pod as one line of JSON, with its newline.
#[must_use]
pub fn json_line(sight: &Sight, is_deleted: bool, redaction: Redaction) -> SafeText {
    SafeText::json(&JsonPod { deleted: is_deleted, ..json_pod(sight, redaction) }, false)
}

/// The pods as kubectl names them, one a line.
#[must_use]
pub fn names(pods: &[Sight]) -> SafeText {
    pods.iter().map(|sight| safe!("{}\n", names::pod(&Untrusted::name(&sight.pod.name)))).collect()
}

/// Those of them that are not running, as kubectl names them.
#[must_use]
pub fn names_of_those_not_running(pods: &[Sight]) -> SafeText {
    let against: Vec<Sight> = pods.iter().filter(|sight| sight.standing == Standing::NotRunning).cloned().collect();
    names(&against)
}

fn json_pod(sight: &Sight, redaction: Redaction) -> JsonPod {
    JsonPod {
        pod: JsonPodRef::of(&PodRef::of(&sight.pod)),
        state: redaction.text(&sight.glance.state.to_string()).line(),
        standing: match sight.standing {
            Standing::Running => "running",
            Standing::Completed => "completed",
            Standing::NotRunning => "not-running",
        },
        ready: sight.glance.ready,
        restarts: sight.glance.restarts,
        deleted: false,
        findings: sight.findings.iter().map(|finding| json_finding(finding, redaction)).collect(),
    }
}

fn json_finding(finding: &Finding, redaction: Redaction) -> JsonFinding {
    JsonFinding {
        code: finding.code.name(),
        container: finding.place.container.as_deref().map(shown),
        role: finding.place.role.map(crate::gate::model::Role::name),
        exit_status: finding.exit_status,
        message: redaction.text(&finding.message).line(),
        next_step: redaction.text(&finding.next_step).line(),
    }
}
