//! Reading a recording, line by line, from anything that can be read.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::line::{AnsweredAt, Entry, FORMAT, Header, Line, LogEntry, MetricsEntry};
use crate::gate::model::Arm;

/// A line longer than this is refused: no LIST of a real cluster comes near, and memory is not without end.
const LONGEST_LINE: u64 = 256 * 1024 * 1024;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened or read.
    #[error("cannot read the recording {}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("{} is empty: a recording begins with a line `{{\"crashgateRecording\":1,…}}`", .path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The first line is not that of a recording.
    #[error("{} is not a recording: its first line should be `{{\"crashgateRecording\":1,…}}` ({reason})", .path.display())]
    NoHeader {
        /// The file.
        path: PathBuf,
        /// What is wrong with the line.
        reason: String,
    },
    /// A format that this version cannot read.
    #[error("{} has recording format {found}; this crashgate reads format {FORMAT}: use a newer one", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u64,
    },
    /// A line that cannot be read, and is not the last.
    #[error("{}, line {number}: {reason}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line's number, from 1.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
}

/// A recording that is read line by line.
#[derive(Debug)]
pub struct Reader<R> {
    path: PathBuf,
    input: BufReader<R>,
    header: Header,
    line_number: u64,
    last_ms: u64,
    torn: bool,
    buffer: Vec<u8>,
}

impl Reader<File> {
    /// Opens a recording and reads its header.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or is no recording.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let file = File::open(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
        Self::new(path, file)
    }
}

impl<R: Read> Reader<R> {
    /// Reads the header of a recording; `path` is what errors name.
    ///
    /// # Errors
    ///
    /// Where the input cannot be read or is no recording.
    pub fn new(path: &Path, input: R) -> Result<Self, ReadError> {
        let path = path.to_owned();
        let mut input = BufReader::with_capacity(1 << 16, input);
        let mut buffer = Vec::new();
        read_line(&mut input, &mut buffer).map_err(|source| ReadError::Io { path: path.clone(), source })?;
        if buffer.is_empty() {
            return Err(ReadError::Empty { path });
        }
        let header = parse_header(&path, &buffer)?;
        Ok(Self { path, input, header, line_number: 1, last_ms: 0, torn: false, buffer })
    }

    /// The first line.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// True once a torn last line was met: the recorder was killed while it wrote, and what came before is whole.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    ///
    /// Where the input cannot be read, or a line that is not the last cannot be parsed or goes back in time.
    pub fn next_line(&mut self) -> Result<Option<Line>, ReadError> {
        loop {
            let whole = read_line(&mut self.input, &mut self.buffer)
                .map_err(|source| ReadError::Io { path: self.path.clone(), source })?;
            if self.buffer.is_empty() {
                return Ok(None);
            }
            self.line_number += 1;
            if self.buffer.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match parse_line(&self.buffer) {
                Ok(line) if line.at_ms < self.last_ms => {
                    return Err(self.line_error(format!(
                        "its time {} ms is before the {} ms of an earlier line",
                        line.at_ms, self.last_ms
                    )));
                }
                Ok(line) => {
                    self.last_ms = line.at_ms;
                    return Ok(Some(line));
                }
                Err(reason) if whole => return Err(self.line_error(reason)),
                // Without its line end it is the last one, and the recorder was killed in the middle of it.
                Err(_) => {
                    self.torn = true;
                    return Ok(None);
                }
            }
        }
    }

    fn line_error(&self, reason: String) -> ReadError {
        ReadError::Line { path: self.path.clone(), number: self.line_number, reason }
    }
}

/// Reads one line into `buffer`, which stays empty at the end of the input. True where the line has its line end.
fn read_line<R: Read>(input: &mut BufReader<R>, buffer: &mut Vec<u8>) -> io::Result<bool> {
    buffer.clear();
    input.by_ref().take(LONGEST_LINE).read_until(b'\n', buffer)?;
    if buffer.len() as u64 == LONGEST_LINE && buffer.last() != Some(&b'\n') {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than 256 MiB"));
    }
    Ok(buffer.last() == Some(&b'\n'))
}

fn parse_header(path: &Path, line: &[u8]) -> Result<Header, ReadError> {
    #[derive(Deserialize)]
    struct Format {
        #[serde(rename = "crashgateRecording")]
        format: u64,
    }
    let no_header = |reason: String| ReadError::NoHeader { path: path.to_owned(), reason };
    // The format's number first: another format may have another header.
    let Format { format } = serde_json::from_slice(line).map_err(|error| no_header(error.to_string()))?;
    if format != FORMAT {
        return Err(ReadError::Format { path: path.to_owned(), found: format });
    }
    serde_json::from_slice(line).map_err(|error| no_header(error.to_string()))
}

fn parse_line(line: &[u8]) -> Result<Line, String> {
    #[derive(Deserialize)]
    struct Raw {
        t: u64,
        list: Option<ListBody>,
        event: Option<PathObject>,
        get: Option<PathBody>,
        log: Option<LogEntry>,
        fail: Option<PathFail>,
        metrics: Option<MetricsLine>,
        opened: Option<PathVersion>,
        closed: Option<PathOnly>,
        note: Option<String>,
        gate: Option<Box<RawValue>>,
    }
    #[derive(Deserialize)]
    struct ListBody {
        path: String,
        query: Option<Query>,
        body: Box<RawValue>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Query {
        label_selector: Option<String>,
        field_selector: Option<String>,
    }
    #[derive(Deserialize)]
    struct PathBody {
        path: String,
        body: Box<RawValue>,
    }
    #[derive(Deserialize)]
    struct PathObject {
        path: String,
        #[serde(rename = "type")]
        kind: String,
        object: Box<RawValue>,
    }
    #[derive(Deserialize)]
    struct PathFail {
        path: String,
        status: Option<u16>,
        error: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct PathVersion {
        path: String,
        resource_version: String,
    }
    #[derive(Deserialize)]
    struct PathOnly {
        path: String,
    }
    let raw: Raw = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let entry = if let Some(ListBody { path, query, body }) = raw.list {
        // Whatever narrowed it, what is not in the answer may be there all the same.
        let selector = query.and_then(|query| match (query.label_selector, query.field_selector) {
            (Some(labels), Some(fields)) => Some(format!("{labels} and {fields}")),
            (labels, fields) => labels.or(fields.map(|fields| format!("fields {fields}"))),
        });
        Entry::List { path, selector: selector.filter(|text| !text.trim().is_empty()), body }
    } else if let Some(PathObject { path, kind, object }) = raw.event {
        Entry::Event { path, kind, object }
    } else if let Some(PathBody { path, body }) = raw.get {
        Entry::Get { path, body }
    } else if let Some(log) = raw.log {
        Entry::Log(log)
    } else if let Some(PathFail { path, status, error }) = raw.fail {
        Entry::Fail { path, status, error }
    } else if let Some(line) = raw.metrics {
        line.entry()
    } else if let Some(PathVersion { path, resource_version: version }) = raw.opened {
        Entry::Opened { path, version }
    } else if let Some(PathOnly { path }) = raw.closed {
        Entry::Closed { path }
    } else if let Some(note) = raw.note {
        Entry::Note(note)
    } else if let Some(gate) = raw.gate {
        Entry::Gate(gate)
    } else {
        Entry::Unknown
    };
    Ok(Line { at_ms: raw.t, entry })
}

/// A line `metrics`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetricsLine {
    app: Option<String>,
    namespace: Option<String>,
    arm: String,
    check: String,
    query: Option<String>,
    #[serde(default = "recorded", deserialize_with = "told")]
    answered_at: AnsweredAt,
    status: Option<u16>,
    error: Option<String>,
    body: Option<Box<RawValue>>,
}

impl MetricsLine {
    /// An arm that this version does not know is a kind of line that it does not know.
    fn entry(self) -> Entry {
        let Self { app, namespace, arm, check, query, answered_at, status, error, body } = self;
        let Some(arm) = Arm::ALL.into_iter().find(|known| known.name() == arm) else { return Entry::Unknown };
        let entry = MetricsEntry { app, namespace, arm, check, query, answered_at, status, error, body };
        Entry::Metrics(Box::new(entry))
    }
}

const fn recorded() -> AnsweredAt {
    AnsweredAt::Recorded
}

fn told<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<AnsweredAt, D::Error> {
    Ok(Option::deserialize(deserializer)?.map_or(AnsweredAt::Untold, AnsweredAt::Told))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{ReadError, Reader};
    use crate::recording::line::Entry;

    const HEADER: &str = r#"{"crashgateRecording":1,"startedAt":"2026-11-21T03:09:56.902Z","new":"key"}"#;

    fn open(text: &str) -> Result<Reader<&[u8]>, ReadError> {
        Reader::new(Path::new("test.ndjson"), text.as_bytes())
    }

    #[test]
    fn a_torn_last_line_is_told_and_the_rest_stands() {
        let text = format!("{HEADER}\n{{\"t\":1,\"note\":\"a\"}}\n{{\"t\":2,\"no");
        let mut reader = open(&text).unwrap();
        assert!(matches!(reader.next_line().unwrap().unwrap().entry, Entry::Note(note) if note == "a"));
        assert!(reader.next_line().unwrap().is_none());
        assert!(reader.is_torn());
    }

    #[test]
    fn a_whole_last_line_needs_no_line_end() {
        let text = format!("{HEADER}\n{{\"t\":1,\"note\":\"a\"}}");
        let mut reader = open(&text).unwrap();
        assert!(reader.next_line().unwrap().is_some());
        assert!(reader.next_line().unwrap().is_none());
        assert!(!reader.is_torn());
    }

    #[test]
    fn a_broken_line_before_the_last_is_an_error_with_its_number() {
        let text = format!("{HEADER}\n\n{{\"t\":1,\"no\n{{\"t\":2,\"note\":\"b\"}}\n");
        let error = open(&text).unwrap().next_line().unwrap_err();
        assert!(error.to_string().starts_with("test.ndjson, line 3: "), "{error}");
    }

    #[test]
    fn time_never_goes_back() {
        let text = format!("{HEADER}\n{{\"t\":5,\"note\":\"a\"}}\n{{\"t\":4,\"note\":\"b\"}}\n");
        let mut reader = open(&text).unwrap();
        reader.next_line().unwrap();
        let error = reader.next_line().unwrap_err();
        assert!(error.to_string().contains("4 ms is before the 5 ms"), "{error}");
    }

    #[test]
    fn unknown_kinds_are_passed_over() {
        let text = format!("{HEADER}\n{{\"t\":1,\"hologram\":{{}}}}\n");
        let line = open(&text).unwrap().next_line().unwrap().unwrap();
        assert!(matches!(line.entry, Entry::Unknown));
    }

    #[test]
    fn what_is_no_recording_is_refused_in_words() {
        assert!(matches!(open(""), Err(ReadError::Empty { .. })));
        assert!(matches!(open("hello\n"), Err(ReadError::NoHeader { .. })));
        assert!(matches!(open("\u{0}\u{1}\n"), Err(ReadError::NoHeader { .. })));
        assert!(matches!(open("{\"crashgateRecording\":2}\n"), Err(ReadError::Format { found: 2, .. })));
    }
}
