//! `--record`: the traffic of a run, written as it happens.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::time::Instant;

use super::complain::complain;
use super::overwriting;
use crate::cluster::api::Connection;
use crate::recording::line::{Entry, FORMAT, Header};
use crate::recording::writer::{WriteError, Writer};
use crate::report::output_file::make_folders_above;
use crate::report::printer::Printer;
use crate::safe;
use crate::text::{Redaction, Untrusted};

/// The flags of a command whose traffic can be recorded.
#[derive(Debug, clap::Args)]
pub(super) struct RecordFlags {
    /// Record the API traffic of this run, without secrets, into this file
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Stop recording after this many MiB
    #[arg(long, value_name = "MIB", default_value_t = 256, requires = "record")]
    record_limit: u64,
}

/// The recording of a run, where one was asked for.
pub(super) struct Recorder {
    writer: Option<Arc<Mutex<Writer>>>,
    began: Instant,
}

/// What a recording is about.
pub(super) struct About<'a> {
    /// The namespace that is looked at, empty for all of them.
    pub(super) namespace: &'a str,
    /// What was looked at.
    pub(super) title: String,
    /// The subcommand that wrote it.
    pub(super) command: &'a str,
}

impl RecordFlags {
    /// The recording's file.
    pub(super) fn path(&self) -> Option<&Path> {
        self.record.as_deref()
    }
}

impl Recorder {
    /// Creates the file, so that one that cannot be written is told before anything is asked.
    ///
    /// # Errors
    ///
    /// A sentence about a file that cannot be written, or must not be because the command reads it (`inputs`).
    pub(super) fn create(flags: &RecordFlags, inputs: &[&Path], printer: &Printer) -> Result<Self, String> {
        if let Some(path) = &flags.record {
            let file = OpenOptions::new().append(true).open(path).ok();
            if printer.stream_behind(path, file.as_ref()).is_some() {
                return Err("cannot record to stdout or stderr, which carry the result; name a file".to_owned());
            }
            overwriting::refuse("the recording", path, inputs)?;
            make_folders_above(path)
                .map_err(|error| format!("cannot write the recording {}: {error}", Untrusted::path(path).line()))?;
        }
        let create = |path: &Path| Writer::create(path, flags.record_limit.saturating_mul(1024 * 1024));
        let writer = flags.record.as_deref().map(create).transpose();
        let writer = writer.map_err(|error| error.to_string())?;
        Ok(Self { writer: writer.map(|writer| Arc::new(Mutex::new(writer))), began: Instant::now() })
    }

    /// The connection with this recorder at its tap. The recording begins now.
    pub(super) fn listen_on(&mut self, connection: Connection, about: About<'_>) -> Arc<Connection> {
        let Some(writer) = self.writer.clone() else { return Arc::new(connection) };
        self.began = Instant::now();
        let began = self.began;
        writer.lock().unwrap_or_else(PoisonError::into_inner).begin(&Header {
            format: FORMAT,
            started_at: jiff::Timestamp::now(),
            server_version: connection.target().version.clone(),
            namespace: about.namespace.to_owned(),
            recorder: concat!("crashgate ", env!("CARGO_PKG_VERSION")).to_owned(),
            title: about.title,
            description: format!("recorded by crashgate {} --record", about.command),
        });
        let tap = move |at: Instant, entry: &Entry| {
            writer.lock().unwrap_or_else(PoisonError::into_inner).traffic(at.saturating_duration_since(began), entry);
        };
        Arc::new(connection.with_tap(Arc::new(Mutex::new(tap))))
    }

    /// Writes the last words of the run, and warns where something could not be written.
    pub(super) fn finish(&self, words: impl FnOnce() -> Value, printer: &mut Printer) {
        let Some(writer) = &self.writer else { return };
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.gate(self.began.elapsed(), &words());
        if let Some(failure) = writer.failure() {
            match failure {
                WriteError::Limit { .. } => complain(printer, Redaction::On, &format!("warning: {failure}")),
                WriteError::System { path, source } => {
                    printer.could_not_write(&safe!("the recording {}", Untrusted::path(path).line()), source);
                }
            }
        }
    }
}
