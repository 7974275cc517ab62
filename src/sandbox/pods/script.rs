//! The script's file: YAML in, lives out.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use crate::sandbox::faults::matches;
use crate::sandbox::script_error;
use crate::sandbox::span::Span;

/// Why a script of pods cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PodScriptError {
    /// The file cannot be read.
    #[error("cannot read the pod script {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is no YAML, or has keys that a script has not.
    #[error("cannot read the pod script: {0}; its form is `pods: [{{image: \"shop/*\", lasts: 2s, exitCode: 0}}]`")]
    Shape(String),
    /// An entry makes no sense.
    #[error("cannot use the pod script: entry {place} (`{image}`) {reason}")]
    Entry {
        /// Its place, from 1.
        place: usize,
        /// Its image.
        image: String,
        /// What is wrong, and what to write.
        reason: String,
    },
}

/// A script that was read: what becomes of pods, by their image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodScript {
    lives: Vec<(String, Fate)>,
}

/// What becomes of a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is not created.
    Refused(String),
    /// No node takes it.
    Unschedulable(String),
    /// Its image cannot be pulled.
    NoImage(String),
    /// Its container cannot be created.
    NoConfig(String),
    /// It runs.
    Runs(Course),
}

/// The life of a container that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Course {
    /// How long after the pod's creation it starts, in milliseconds.
    pub after_ms: u64,
    /// How long it runs; `None`: for ever.
    pub lasts_ms: Option<u64>,
    /// How long it takes to end where its pod is deleted.
    pub stops_ms: u64,
    /// `exitCode` of its end.
    pub exit_code: i32,
    /// `reason` of its end.
    pub reason: Option<String>,
    /// `message` of its end.
    pub message: Option<String>,
    /// What it writes, by the milliseconds since its start.
    pub writes: Vec<(u64, Bytes)>,
}

impl PodScript {
    /// Reads a script's file.
    ///
    /// # Errors
    ///
    /// Where it cannot be read or makes no sense.
    pub fn load(path: &Path) -> Result<Self, PodScriptError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| PodScriptError::Read { path: path.to_owned(), source })?;
        text.parse()
    }

    /// What becomes of a pod with this image.
    pub(super) fn fate_of(&self, image: &str) -> Fate {
        let known = self.lives.iter().find(|(pattern, _)| matches(pattern, image));
        known.map_or_else(|| Fate::NoImage(not_found(image)), |(_, fate)| fate.clone())
    }
}

/// What a kubelet says of an image that its registry does not have.
fn not_found(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve image: {image}: not found"
    )
}

impl std::str::FromStr for PodScript {
    type Err = PodScriptError;

    fn from_str(text: &str) -> Result<Self, PodScriptError> {
        let script: Script =
            serde_yaml::from_str(text).map_err(|error| PodScriptError::Shape(script_error::shape(&error)))?;
        let lives = script.pods.into_iter().enumerate().map(|(place, entry)| {
            let image = entry.image.clone();
            let fate =
                entry.fate().map_err(|reason| PodScriptError::Entry { place: place + 1, image: image.clone(), reason });
            Ok((image, fate?))
        });
        Ok(Self { lives: lives.collect::<Result<_, _>>()? })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    pods: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Entry {
    image: String,
    after: Option<Span>,
    lasts: Option<String>,
    stops: Option<Span>,
    exit_code: Option<i32>,
    reason: Option<String>,
    message: Option<String>,
    log: Option<Vec<Piece>>,
    refused: Option<String>,
    unschedulable: Option<String>,
    pull_error: Option<String>,
    config_error: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Piece {
    at: Option<Span>,
    text: Option<String>,
    base64: Option<k8s_openapi::ByteString>,
    bytes: Option<usize>,
}

impl Entry {
    fn fate(self) -> Result<Fate, String> {
        let runs = self.after.is_some()
            || self.lasts.is_some()
            || self.stops.is_some()
            || self.exit_code.is_some()
            || self.reason.is_some()
            || self.message.is_some()
            || self.log.is_some();
        let hindrances = [
            self.refused.map(Fate::Refused),
            self.unschedulable.map(Fate::Unschedulable),
            self.pull_error.map(Fate::NoImage),
            self.config_error.map(Fate::NoConfig),
        ];
        let mut hindrances: Vec<Fate> = hindrances.into_iter().flatten().collect();
        match (hindrances.pop(), hindrances.is_empty(), runs) {
            (Some(fate), true, false) => return Ok(fate),
            (Some(_), false, _) => return Err("has several reasons not to run: leave one".to_owned()),
            (Some(_), true, true) => return Err("does not run, so it neither writes nor ends: remove that".to_owned()),
            (None, _, _) => {}
        }
        let lasts_ms = match self.lasts.as_deref() {
            None | Some("0") => Some(0),
            Some("forever") => None,
            Some(text) => {
                let lasts = humantime::parse_duration(text);
                let lasts = lasts.map_err(|error| format!("lasts `{text}` ({error}): write 3s or forever"))?;
                Some(Span(lasts).ms())
            }
        };
        let writes = self.log.unwrap_or_default().into_iter().map(Piece::write).collect::<Result<Vec<_>, _>>()?;
        if !writes.is_sorted_by_key(|(at_ms, _)| *at_ms) {
            return Err("writes its log in no order: sort it by `at`".to_owned());
        }
        Ok(Fate::Runs(Course {
            after_ms: self.after.map_or(0, Span::ms),
            lasts_ms,
            stops_ms: self.stops.map_or(0, Span::ms),
            exit_code: self.exit_code.unwrap_or(0),
            reason: self.reason,
            message: self.message,
            writes,
        }))
    }
}

impl Piece {
    fn write(self) -> Result<(u64, Bytes), String> {
        let bytes = match (self.text, self.base64, self.bytes) {
            (Some(text), None, None) => text.into_bytes().into(),
            (None, Some(bytes), None) => bytes.0.into(),
            (None, None, Some(count)) => numbered(count),
            _ => return Err("has a log entry that needs one of `text`, `base64` and `bytes`".to_owned()),
        };
        Ok((self.at.unwrap_or(Span(Duration::ZERO)).ms(), bytes))
    }
}

/// So many bytes of lines that tell their number: what is lost or doubled shows.
fn numbered(count: usize) -> Bytes {
    let mut text = String::with_capacity(count + 64);
    let mut line = 0_u64;
    while text.len() < count {
        // A `String` takes everything.
        let _ = writeln!(text, "line {line:>8} of the output, and some more words to fill it");
        line += 1;
    }
    text.truncate(count);
    text.into()
}

#[cfg(test)]
mod tests {
    use super::{Fate, PodScript};

    #[test]
    fn the_first_image_that_fits_tells_the_life() {
        let script: PodScript = "pods:\n- {image: 'a:*', exitCode: 3, log: [{text: \"x\\n\"}, {at: 1s, base64: /wA=}]}\n- {image: 'a:1', refused: no}\n- {image: 'b*', lasts: forever}\n".parse().unwrap();
        let Fate::Runs(course) = script.fate_of("a:1") else { panic!() };
        assert_eq!((course.exit_code, course.lasts_ms), (3, Some(0)));
        assert_eq!(course.writes, [(0, "x\n".into()), (1000, vec![255, 0].into())]);
        assert!(matches!(script.fate_of("b"), Fate::Runs(course) if course.lasts_ms.is_none()));
        assert!(matches!(script.fate_of("c"), Fate::NoImage(said) if said.contains("not found")));
    }

    #[test]
    fn mistakes_are_named() {
        for (entry, words) in [
            ("image: a, refused: no, pullError: no", "several reasons"),
            ("image: a, refused: no, exitCode: 1", "neither writes nor ends"),
            ("image: a, lasts: soon", "3s or forever"),
            ("image: a, log: [{at: 1s}]", "needs one of"),
            ("image: a, log: [{at: 1s, text: b}, {text: a}]", "sort it"),
            ("image: a, exit: 3", "exit"),
            ("exitCode: 3", "image"),
        ] {
            let error = format!("pods:\n- {{{entry}}}\n").parse::<PodScript>().unwrap_err().to_string();
            assert!(error.contains(words) && error.contains("pod script"), "{entry}: {error}");
            assert!(!error.contains("error:") && !error.contains('\n'), "one line with one prefix: {error}");
        }
    }
}
