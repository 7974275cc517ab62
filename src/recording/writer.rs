//! Writing a recording, line by line: a run that is killed leaves a file that can be read up to its last whole line.
//!
//! No secret goes in: of objects only the fields of an allow-list ([`clean`]), known shapes of secrets in messages and logs
//! are masked, and `Secret` objects are never read in the first place.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use super::clean::{self, Cleaner};
use super::line::{AnsweredAt, Entry, Header, LogEntry, MetricsEntry};
use crate::text::redact;

/// Why a recording cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The system does not take it.
    #[error("cannot write the recording {}: {source}", .path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is as long as it may be.
    #[error("the recording {} has reached its --record-limit; what came after is left out", .path.display())]
    Limit {
        /// The file.
        path: PathBuf,
    },
}

/// A recording that is being written.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    /// `None` once the limit was reached or a write failed.
    file: Option<File>,
    room: u64,
    /// How many bytes of whole lines the file holds.
    written: u64,
    last_ms: u64,
    failure: Option<WriteError>,
    cleaner: Cleaner,
}

impl Writer {
    /// Creates the file, so that a bad path is known before the wait. At most `limit` bytes are written in all.
    ///
    /// # Errors
    ///
    /// Where the file cannot be created.
    pub fn create(path: &Path, limit: u64) -> Result<Self, WriteError> {
        let file = File::create(path).map_err(|source| WriteError::System { path: path.to_owned(), source })?;
        Ok(Self {
            path: path.to_owned(),
            file: Some(file),
            room: limit,
            written: 0,
            last_ms: 0,
            failure: None,
            cleaner: Cleaner::default(),
        })
    }

    /// Writes the first line.
    pub fn begin(&mut self, header: &Header) {
        match serde_json::to_value(header) {
            Ok(header) => self.write(&header),
            Err(error) => self.failure = Some(WriteError::System { path: self.path.clone(), source: error.into() }),
        }
    }

    /// Writes one piece of traffic, seen `at` that time since the recording began.
    pub fn traffic(&mut self, at: Duration, entry: &Entry) {
        let line = match entry {
            Entry::List { path, selector: None, body } => {
                json!({"list": {"path": path, "body": self.cleaner.object(body)}})
            }
            Entry::List { path, selector, body } => {
                json!({"list": {"path": path, "query": {"labelSelector": selector}, "body": self.cleaner.object(body)}})
            }
            Entry::Event { path, kind, object } => {
                json!({"event": {"path": path, "type": kind, "object": self.cleaner.object(object)}})
            }
            Entry::Get { path, body } => json!({"get": {"path": path, "body": self.cleaner.object(body)}}),
            Entry::Log(log) => json!({"log": clean_log(log)}),
            Entry::Fail { path, status, error } => {
                let error = error.as_deref().map(clean::text);
                json!({"fail": {"path": path, "status": status, "error": error}})
            }
            Entry::Metrics(entry) => json!({"metrics": self.metrics(entry)}),
            Entry::Opened { path, version } => json!({"opened": {"path": path, "resourceVersion": version}}),
            Entry::Closed { path } => json!({"closed": {"path": path}}),
            Entry::Note(note) => json!({"note": clean::text(note)}),
            Entry::Gate(gate) => {
                json!({"gate": clean::texts(serde_json::from_str(gate.get()).unwrap_or(Value::Null))})
            }
            Entry::Unknown => return,
        };
        self.line(at, line);
    }

    /// Writes what the gate itself has to say: its plan, findings, verdict. Readers of the traffic pass over it.
    pub fn gate(&mut self, at: Duration, words: &Value) {
        // Whatever the run shows elsewhere: a recording is always masked.
        self.line(at, json!({"gate": clean::texts(words.clone())}));
    }

    /// Why the recording is not whole, where it is not.
    #[must_use]
    pub fn failure(&self) -> Option<&WriteError> {
        self.failure.as_ref()
    }

    fn metrics(&self, entry: &MetricsEntry) -> Value {
        let MetricsEntry { app, namespace, arm, check, query, answered_at, status, error, body } = entry;
        let mut line = json!({"arm": arm.name(), "check": check});
        let fields = [
            ("app", app.as_deref().map(Value::from)),
            ("namespace", namespace.as_deref().map(Value::from)),
            ("query", query.as_deref().map(|query| clean::text(query).into())),
            (
                "answeredAt",
                match answered_at {
                    AnsweredAt::Told(at_ms) => Some((*at_ms).into()),
                    AnsweredAt::Untold => Some(Value::Null),
                    AnsweredAt::Recorded => None,
                },
            ),
            ("status", status.map(Value::from)),
            ("error", error.as_deref().map(|error| clean::text(error).into())),
            ("body", body.as_deref().map(|body| self.cleaner.metrics(body))),
        ];
        for (key, value) in fields {
            if let Some(value) = value {
                line[key] = value;
            }
        }
        line
    }

    fn line(&mut self, at: Duration, mut line: Value) {
        // Sources are told side by side: a line is never earlier than the one before it.
        self.last_ms = self.last_ms.max(u64::try_from(at.as_millis()).unwrap_or(u64::MAX));
        if let Some(line) = line.as_object_mut() {
            line.insert("t".to_owned(), self.last_ms.into());
        }
        self.write(&line);
    }

    fn write(&mut self, line: &Value) {
        let Some(file) = &mut self.file else { return };
        let mut text = line.to_string();
        text.push('\n');
        if text.len() as u64 > self.room {
            self.failure = Some(WriteError::Limit { path: self.path.clone() });
            self.file = None;
            return;
        }
        self.room -= text.len() as u64;
        // One write a line, straight to the file: whatever ends the process, the lines before are there.
        if let Err(source) = file.write_all(text.as_bytes()) {
            // What fitted of the line is no line. A pipe has nothing to take back.
            let _ = file.set_len(self.written);
            self.failure = Some(WriteError::System { path: self.path.clone(), source });
            self.file = None;
            return;
        }
        self.written += text.len() as u64;
    }
}

fn clean_log(log: &LogEntry) -> LogEntry {
    // Bytes that are no text cannot be masked, so only the text goes in.
    LogEntry { body: redact::text(&log.body).into_owned(), body_base64: None, ..log.clone() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use serde_json::value::RawValue;

    use super::{Entry, Header, Writer};
    use crate::recording::line::LogEntry;
    use crate::recording::reader::Reader;

    fn header() -> Header {
        Header {
            format: 1,
            started_at: "2026-11-21T03:09:56.902Z".parse().unwrap(),
            server_version: "v1.35.6".to_owned(),
            namespace: "shop".to_owned(),
            recorder: String::new(),
            title: "t".to_owned(),
            description: String::new(),
        }
    }

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn what_is_written_reads_back_and_holds_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ndjson");
        let mut writer = Writer::create(&path, 1 << 20).unwrap();
        writer.begin(&header());
        let pod = r#"{"metadata":{"name":"a","managedFields":[{"x":1}],"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"hunter2"}},"spec":{"containers":[{"env":[{"name":"P","value":"hunter2"},{"name":"Q","valueFrom":{}}],"args":["--password=hunter2"]}]}}"#;
        let list = format!(r#"{{"metadata":{{"resourceVersion":"5"}},"items":[{pod}]}}"#);
        let path_of = "/api/v1/namespaces/shop/pods".to_owned();
        writer.traffic(
            Duration::from_millis(7),
            &Entry::List { path: path_of.clone(), selector: Some("app=a".to_owned()), body: raw(&list) },
        );
        writer.traffic(
            Duration::from_millis(3),
            &Entry::Event { path: path_of, kind: "ADDED".to_owned(), object: raw(pod) },
        );
        let log = LogEntry {
            pod: "a".to_owned(),
            container: "app".to_owned(),
            previous: false,
            restart_count: 0,
            status: 200,
            body: "password=hunter2\nready".to_owned(),
            body_base64: None,
        };
        writer.traffic(Duration::from_millis(9), &Entry::Log(log));
        writer.gate(Duration::from_millis(9), &serde_json::json!({"verdict": "healthy"}));
        assert!(writer.failure().is_none());

        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("hunter2") && !text.contains("managedFields"), "{text}");
        let mut reader = Reader::open(Path::new(&path)).unwrap();
        let times: Vec<u64> = std::iter::from_fn(|| reader.next_line().unwrap()).map(|line| line.at_ms).collect();
        assert_eq!(times, [7, 7, 9, 9], "time never goes back");
        assert!(!reader.is_torn());
    }

    #[test]
    fn the_limit_is_kept_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.ndjson");
        let mut writer = Writer::create(&path, 400).unwrap();
        writer.begin(&header());
        for _ in 0..100 {
            writer.traffic(Duration::ZERO, &Entry::Note("a remark of some length".to_owned()));
        }
        assert!(std::fs::metadata(&path).unwrap().len() <= 400);
        assert!(writer.failure().unwrap().to_string().contains("has reached its --record-limit"));
    }

    #[test]
    fn a_path_that_cannot_be_written_is_known_at_once() {
        let error = Writer::create(Path::new("/nonexistent/run.ndjson"), 400).unwrap_err();
        assert!(error.to_string().starts_with("cannot write the recording /nonexistent/run.ndjson"), "{error}");
    }
}
