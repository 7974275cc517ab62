//! The pods of a selection as the gate sees them: a table, or JSON.

use jiff::Timestamp;
use serde::Serialize;

use super::feed::{JsonPodRef, owner, shown};
use super::layout::{Tone, padded, painted, width};
use super::printer::Look;
use super::words;
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
    let head = ["POD", "OWNER", "PHASE", "READY", "RESTARTS", "STATE"].map(SafeText::from);
    let rows: Vec<[SafeText; 6]> = pods.iter().map(|sight| row(sight, layout)).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| rows.iter().chain([&head]).map(|row| width(&row[column])).max().unwrap_or(0))
        .collect();
    let mut text = SafeText::EMPTY;
    if !pods.is_empty() {
        text.push(&laid_out(&head, &widths));
    }
    for (sight, row) in pods.iter().zip(&rows) {
        text.push(&laid_out(row, &widths));
        for finding in &sight.findings {
            text.push(&finding_line(finding, layout));
        }
    }
    text
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
