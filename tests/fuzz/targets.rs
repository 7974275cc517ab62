//! What is fuzzed: each reader of what others wrote, over one input. Used by the tests, and by `fuzz/` with coverage.

use std::path::Path;

use crashgate::cluster::api::Lines;
use crashgate::gate::model::{Source, WorkloadKind};
use crashgate::manifest::{self, Overrides};
use crashgate::recording::line::Entry;
use crashgate::recording::mapping;
use crashgate::recording::reader::Reader;
use crashgate::serve::http::{flagger, rest};
use crashgate::text::{escape, redact};
use serde_json::Value;
use serde_json::value::RawValue;

/// A gate's manifest, and a fault script. `path` is a file to put it into.
pub fn manifest(input: &[u8], path: &Path) {
    std::fs::write(path, input).expect("a file that can be written");
    let flags = Overrides::default();
    if let Err(problems) = manifest::load(&[manifest::Source::File(path.to_owned())], &flags, &|_| None) {
        assert!(!problems.to_string().is_empty());
    }
    let _ = String::from_utf8_lossy(input).parse::<crashgate::sandbox::Faults>();
}

/// A recording.
pub fn recording(input: &[u8]) {
    if let Ok(mut reader) = Reader::new(Path::new("fuzz"), input) {
        while let Ok(Some(line)) = reader.next_line() {
            if let Entry::Metrics(entry) = line.entry {
                let _ = mapping::metrics::measurement(&entry, 0);
            }
        }
    }
}

/// The body of a watch, in pieces that no line keeps to.
pub fn watch(input: &[u8]) {
    #[derive(serde::Deserialize)]
    struct Line {
        r#type: String,
        object: Box<RawValue>,
    }
    let kinds = [WorkloadKind::Deployment, WorkloadKind::StatefulSet, WorkloadKind::Job].map(Source::Workloads);
    let mut lines = Lines::new(1 << 16);
    for piece in input.chunks(97) {
        lines.push(piece);
        while let Ok(Some(line)) = lines.next_line() {
            let Ok(Line { r#type, object }) = serde_json::from_slice(&line) else { continue };
            for source in [Source::Pods, Source::Events, Source::Nodes].into_iter().chain(kinds) {
                let _ = mapping::event(source, &r#type, &object);
            }
        }
    }
}

/// A log on its way to a terminal.
pub fn log(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let masked = redact::text(&text);
    let shown = escape::line(&masked);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\t'), "{shown:?}");
}

/// The body of a call of a gate.
pub fn call(input: &[u8]) {
    match rest::understood(input) {
        Ok(call) => {
            let sent = object(input);
            assert_eq!(sent["plan"], call.plan.as_str());
            assert_eq!(sent["namespace"].as_str().map(str::trim), Some(call.namespace.as_str()));
            assert_eq!(sent.get("revision").and_then(Value::as_str), call.revision.as_deref());
            assert_eq!(sent.get("run").and_then(Value::as_str), call.run.as_deref());
            assert_eq!(sent.get("workload").is_some_and(Value::is_string), call.workload.is_some());
            let known = ["plan", "namespace", "workload", "revision", "run", "mode"];
            assert!(sent.keys().all(|name| known.contains(&name.as_str())), "{sent:?}");
        }
        Err(words) => assert!(!words.is_empty()),
    }
}

/// The body of a hook of Flagger's. One that is understood can lead to a rollback: it says what it is taken for.
pub fn hook(input: &[u8]) {
    match flagger::understood("web", input) {
        Ok(hook) => {
            let sent = object(input);
            assert_eq!(sent["name"].as_str().map(str::trim), Some(hook.canary.as_str()));
            assert_eq!(sent["namespace"].as_str().map(str::trim), Some(hook.namespace.as_str()));
            assert_eq!(sent.get("phase").and_then(Value::as_str), hook.phase.as_deref());
            let metadata = sent.get("metadata").unwrap_or(&Value::Null);
            assert!(metadata.is_null() || metadata.is_object(), "{sent:?}");
            let workload = metadata.get("workload").unwrap_or(&Value::Null);
            let pinned = hook.workload.map(|pin| pin.name);
            match (workload.as_str(), pinned) {
                (None, None) => assert!(workload.is_null(), "{sent:?}"),
                (Some(text), Some(name)) => assert!(text.trim().ends_with(&format!("/{name}")), "{sent:?}"),
                other => panic!("{other:?}: {sent:?}"),
            }
        }
        Err(words) => assert!(!words.is_empty()),
    }
}

/// What was understood is one object in JSON, and nothing after it.
fn object(input: &[u8]) -> serde_json::Map<String, Value> {
    serde_json::from_slice(input).expect("what is understood is an object in JSON")
}
