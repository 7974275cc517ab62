//! What is fuzzed: each reader of what others wrote, over one input. Used by the tests, and by `fuzz/` with coverage.

use std::path::Path;

use crashgate::cluster::api::Lines;
use crashgate::gate::model::{Source, WorkloadKind};
use crashgate::manifest::{self, Overrides};
use crashgate::recording::line::Entry;
use crashgate::recording::mapping;
use crashgate::recording::reader::Reader;
use crashgate::text::{escape, redact};
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
