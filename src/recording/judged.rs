//! What a recording keeps of the gates that were recorded: their plans and how they ended. It is the last line of a
//! recording that `check --record` wrote to its end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::gate::result::Verdict;
use crate::gate::spec::{ManifestTemplate, Plan};
use crate::manifest::{Text, written};

/// A last line longer than this is none that a recorder wrote: it holds a result and the evidence of its findings.
const LONGEST: u64 = 64 * 1024 * 1024;

/// A gate as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The app.
    pub app: String,
    /// The version.
    pub version: String,
    /// The namespace.
    pub namespace: String,
    /// How it ended.
    pub verdict: Verdict,
    /// How long after its beginning.
    pub decided_after: Duration,
    /// Its plan as a gate document.
    pub document: String,
    /// The template that its workload manifest asked for.
    pub template: Option<ManifestTemplate>,
    /// It judged metrics, which the document does not have.
    pub has_metrics: bool,
    /// The recording tells its numbers. One that was made before they were kept names the gate alone.
    pub is_whole: bool,
}

impl Judged {
    /// Its plan as a text that can be loaded.
    #[must_use]
    pub fn text(&self, recording: &Path) -> Text {
        Text { name: format!("{}, last line", recording.display()), content: self.document.clone() }
    }
}

/// What a plan is kept as.
#[derive(Debug, Serialize, Deserialize)]
struct KeptPlan {
    gate: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template: Option<KeptTemplate>,
    #[serde(default)]
    metrics: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeptTemplate {
    images: std::collections::BTreeMap<String, String>,
    version_label: bool,
}

/// Returns what is recorded of the plans, in the order of the gates: the value of `plans` in a line `gate`.
#[must_use]
pub fn plans<'p>(plans: impl Iterator<Item = &'p Plan>) -> Value {
    let kept = plans.map(|plan| KeptPlan {
        gate: written(plan),
        template: plan
            .template
            .as_ref()
            .map(|template| KeptTemplate { images: template.images.clone(), version_label: template.version_label }),
        metrics: plan.metrics.is_some(),
    });
    json!(kept.collect::<Vec<_>>())
}

/// Returns the gates that a recording says were judged while it was made; none where it does not say.
///
/// # Errors
///
/// Where the file cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<Judged>> {
    let mut file = File::open(path)?;
    // A pipe can be read but once.
    if !file.metadata()?.is_file() {
        return Ok(Vec::new());
    }
    Ok(last_line(&mut file)?.map(|line| of(&line)).unwrap_or_default())
}

/// The last line that is not blank.
fn last_line<F: Read + Seek>(file: &mut F) -> io::Result<Option<Vec<u8>>> {
    const STEP: u64 = 64 * 1024;
    let mut start = file.seek(SeekFrom::End(0))?;
    let mut tail: Vec<u8> = Vec::new();
    while start > 0 && tail.len() as u64 <= LONGEST {
        let step = STEP.min(start);
        start -= step;
        file.seek(SeekFrom::Start(start))?;
        let mut part = Vec::new();
        file.by_ref().take(step).read_to_end(&mut part)?;
        part.append(&mut tail);
        tail = part;
        let end = tail.trim_ascii_end().len();
        if let Some(before) = tail[..end].iter().rposition(|byte| *byte == b'\n') {
            return Ok(Some(tail[before + 1..end].to_vec()));
        }
    }
    Ok(None)
}

fn of(line: &[u8]) -> Vec<Judged> {
    #[derive(Deserialize)]
    struct Line {
        gate: Words,
    }
    #[derive(Deserialize)]
    struct Words {
        #[serde(default)]
        gates: Vec<Gate>,
        #[serde(default)]
        plans: Vec<KeptPlan>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Gate {
        app: String,
        version: String,
        namespace: String,
        #[serde(default)]
        selector: String,
        workload: Option<String>,
        exit_code: u8,
        decided_after_ms: u64,
        #[serde(default)]
        checks: Vec<serde::de::IgnoredAny>,
    }
    let Ok(Line { gate: Words { gates, plans } }) = serde_json::from_slice(line) else { return Vec::new() };
    let mut plans: Vec<Option<KeptPlan>> = plans.into_iter().map(Some).collect();
    plans.resize_with(gates.len(), || None);
    let judged = gates.into_iter().zip(plans).filter_map(|(gate, kept)| {
        let verdict = Verdict::ALL.into_iter().find(|verdict| verdict.exit_code() == gate.exit_code)?;
        let is_whole = kept.is_some();
        let kept = kept.unwrap_or_else(|| {
            let mut document = json!({"app": gate.app, "version": gate.version, "namespace": gate.namespace});
            match gate.workload {
                Some(workload) => document["workload"] = json!(workload),
                None if !gate.selector.is_empty() => document["selector"] = json!(gate.selector),
                None => {}
            }
            KeptPlan { gate: document, template: None, metrics: !gate.checks.is_empty() }
        });
        Some(Judged {
            app: gate.app,
            version: gate.version,
            namespace: gate.namespace,
            verdict,
            decided_after: Duration::from_millis(gate.decided_after_ms),
            document: kept.gate.to_string(),
            template: kept
                .template
                .map(|template| ManifestTemplate { images: template.images, version_label: template.version_label }),
            has_metrics: kept.metrics,
            is_whole,
        })
    });
    judged.collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::{last_line, of};
    use crate::gate::result::Verdict;

    fn last(text: &str) -> Option<String> {
        last_line(&mut Cursor::new(text.as_bytes())).unwrap().map(|line| String::from_utf8(line).unwrap())
    }

    #[test]
    fn the_last_line_is_found_however_long_it_is_and_whatever_follows() {
        assert_eq!(last("one\ntwo\n\n \n").as_deref(), Some("two"));
        assert_eq!(last("one\ntwo").as_deref(), Some("two"));
        let long = "x".repeat(200_000);
        assert_eq!(last(&format!("one\n{long}\n")), Some(long));
        assert_eq!(last("only a header\n"), None);
        assert_eq!(last(""), None);
    }

    #[test]
    fn a_recording_from_before_plans_were_kept_names_its_gate() {
        let line = r#"{"gate":{"verdict":"failed","gates":[{"app":"web","version":"v2","namespace":"shop",
            "selector":"app=web,version=v2","verdict":"failed","exitCode":1,"decidedAfterMs":4470}]},"t":5000}"#;
        let judged = of(line.as_bytes());
        let [gate] = &judged[..] else { panic!("{judged:?}") };
        assert_eq!((gate.verdict, gate.is_whole), (Verdict::Failed, false));
        assert_eq!(gate.document, r#"{"app":"web","namespace":"shop","selector":"app=web,version=v2","version":"v2"}"#);
        for other in
            ["", "{}", r#"{"gate":5}"#, r#"{"note":"recording ended","t":1}"#, r#"{"gate":{"gates":[{"app":1}]}}"#]
        {
            assert_eq!(of(other.as_bytes()), [], "{other}");
        }
    }
}
