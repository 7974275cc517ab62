//! The pods of a selection as the gate sees them: a table, or JSON.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use super::feed::{JsonPodRef, owner, shown};
use super::layout::{Tone, painted, width};
use super::printer::Look;
use super::{quote, words};
use crate::feed::event::PodRef;
use crate::feed::owner::Owner;
use crate::gate::result::Finding;
use crate::gate::{Sight, Standing};

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
}

/// The pods as a table, each finding in a line below its pod.
#[must_use]
pub fn table(pods: &[Sight], layout: Layout) -> String {
    let head = ["POD", "OWNER", "PHASE", "READY", "RESTARTS", "STATE"].map(str::to_owned);
    let rows: Vec<[String; 6]> = pods.iter().map(|sight| row(sight, layout.namespaces)).collect();
    let widths: Vec<usize> = (0..head.len())
        .map(|column| rows.iter().chain([&head]).map(|row| width(&row[column])).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    if !pods.is_empty() {
        text.push_str(&laid_out(&head, &widths));
    }
    for (sight, row) in pods.iter().zip(&rows) {
        text.push_str(&laid_out(row, &widths));
        for finding in &sight.findings {
            text.push_str(&finding_line(finding, layout.look.colour));
        }
    }
    text
}

fn row(sight: &Sight, namespaces: bool) -> [String; 6] {
    let pod = &sight.pod;
    let name = quote::name(&pod.name);
    [
        if namespaces { format!("{}/{name}", quote::name(&pod.namespace)) } else { name },
        owner(Owner::of(pod).as_ref()),
        pod.phase.map_or_else(|| "?".to_owned(), |phase| phase.to_string()),
        format!("{}/{}", sight.glance.containers_ready, sight.glance.containers),
        sight.glance.restarts.to_string(),
        quote::line(&sight.glance.state),
    ]
}

fn laid_out(row: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    for (cell, wide) in row.iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(wide.saturating_sub(width(cell)) + 2));
    }
    format!("{}\n", line.trim_end())
}

fn finding_line(finding: &Finding, colour: bool) -> String {
    format!("  {}: {}\n", painted(finding.code.name(), Tone::Code, colour), quote::line(&finding.message))
}

/// The answer in words, with those that are not running. `place` is where was looked: `namespace shop`.
#[must_use]
pub fn answer(pods: &[Sight], place: &str, layout: Layout) -> String {
    let completed = pods.iter().filter(|sight| sight.standing == Standing::Completed).count();
    let rest = match completed {
        0 => String::new(),
        _ => format!("; {} completed", words::count(completed, "pod")),
    };
    let against: Vec<&Sight> = pods.iter().filter(|sight| sight.standing == Standing::NotRunning).collect();
    let running = pods.len() - completed - against.len();
    let place = quote::name(place);
    let colour = layout.look.colour;
    match AllRunning::of(pods) {
        AllRunning::Yes => {
            let mark = painted("✔ YES", Tone::Good, colour);
            format!("{mark}: {} in {place}, running and ready{rest}\n", all_of(running))
        }
        AllRunning::Nothing => {
            let mark = painted("✘ NOTHING MATCHED", Tone::Careful, colour);
            format!("{mark}: no pod in {place} is there to be running{rest}\n")
        }
        AllRunning::No => {
            let mark = painted("✘ NO", Tone::Bad, colour);
            let (not, all) = (against.len(), running + against.len());
            let mut text =
                format!("{mark}: not running and ready in {place}: {not} of {}{rest}\n", words::count(all, "pod"));
            for sight in against {
                let [name, ..] = row(sight, layout.namespaces);
                // A `String` takes everything.
                let _ = writeln!(text, "  {name}: {}", quote::line(&why_not(sight)));
            }
            text
        }
    }
}

fn all_of(count: usize) -> String {
    if count == 1 { "the 1 pod".to_owned() } else { format!("all {count} pods") }
}

fn why_not(sight: &Sight) -> String {
    match sight.findings.first() {
        Some(finding) => format!("{}: {}", finding.code, finding.message),
        None => sight.glance.state.clone(),
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonPods {
    schema: u32,
    at: String,
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
    state: String,
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
    container: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_status: Option<i32>,
    message: String,
    next_step: String,
}

/// The pods as one JSON object. `answer` is given where the question was asked.
#[must_use]
pub fn json(pods: &[Sight], answer: Option<AllRunning>, exit_code: u8) -> String {
    let all_running = answer.map(|answer| match answer {
        AllRunning::Yes => "yes",
        AllRunning::No => "no",
        AllRunning::Nothing => "nothing",
    });
    let at = format!("{:.3}", Timestamp::now());
    let pods = pods.iter().map(json_pod).collect();
    let mut text =
        serde_json::to_string_pretty(&JsonPods { schema: 1, at, all_running, exit_code, pods }).unwrap_or_default();
    text.push('\n');
    text
}

fn json_pod(sight: &Sight) -> JsonPod {
    JsonPod {
        pod: JsonPodRef::of(&PodRef::of(&sight.pod)),
        state: quote::line(&sight.glance.state),
        standing: match sight.standing {
            Standing::Running => "running",
            Standing::Completed => "completed",
            Standing::NotRunning => "not-running",
        },
        ready: sight.glance.ready,
        restarts: sight.glance.restarts,
        findings: sight.findings.iter().map(json_finding).collect(),
    }
}

fn json_finding(finding: &Finding) -> JsonFinding {
    JsonFinding {
        code: finding.code.name(),
        container: finding.place.container.as_deref().map(shown),
        role: finding.place.role.map(crate::gate::model::Role::name),
        exit_status: finding.exit_status,
        message: quote::line(&finding.message),
        next_step: quote::line(&finding.next_step),
    }
}
